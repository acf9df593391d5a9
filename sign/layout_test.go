package sign

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// The digests are those of Hex and Standard, which have vectors of others.
func TestLayoutSign(t *testing.T) {
	at, body := time.Unix(vectorTime, 0), []byte(vectorBody)
	plain := Hex(vectorSecret, body)
	for _, test := range []struct {
		layout Layout
		want   string
	}{
		{Layout{Encoding: "hex"}, plain},
		{Layout{Encoding: "upper-hex", Value: "{signature}", Signs: "{body}", Key: "text"}, strings.ToUpper(plain)},
		{Layout{Encoding: "hex", Value: "sha256={signature}"}, "sha256=" + plain},
		{Layout{Encoding: "hex", Value: "t={timestamp},v1={signature}"}, "t=1614265330,v1=" + plain},
		{Layout{Encoding: "base64", Value: "v1,{signature}", Signs: "{id}.{timestamp}.{body}", Key: "base64"}, vectorSignature},
		{Layout{Encoding: "hex", Signs: "{timestamp}.{body}.end"}, Hex(vectorSecret, []byte("1614265330."+vectorBody+".end"))},
	} {
		if member, err := test.layout.Check(); err != nil {
			t.Errorf("%+v: %s %v", test.layout, member, err)
		}
		got := test.layout.Sign(vectorSecret, vectorID, at, body)
		if got != test.want {
			t.Errorf("%+v: got %s, want %s", test.layout, got, test.want)
		}
		when, err := test.layout.Verify([]string{"", "another", vectorSecret}, Signed{got, vectorID, "1614265330"}, body, at.Add(time.Minute), 0)
		if timed := test.layout.SignsTime(); err != nil || timed != when.Equal(at) || !timed && !when.IsZero() {
			t.Errorf("%+v: at %s, %v", test.layout, when, err)
		}
	}
}

func TestLayoutRefuses(t *testing.T) {
	at, body := time.Unix(vectorTime, 0), []byte(vectorBody)
	l := Layout{Encoding: "hex", Value: "t={timestamp};v={signature}!", Signs: "{timestamp}.{id}.{body}"}
	good := l.Sign(vectorSecret, vectorID, at, body)
	upper := strings.Replace(good, good[15:79], strings.ToUpper(good[15:79]), 1)
	for _, test := range []struct {
		value, id string
		now       time.Time
		secret    string
		want      error
	}{
		{good, vectorID, at, vectorSecret, nil},
		{upper, vectorID, at, vectorSecret, nil},
		{"", vectorID, at, vectorSecret, ErrMissing},
		{good, "", at, vectorSecret, ErrMissing},
		{good, "evt_2", at, vectorSecret, ErrMismatch},
		{good, vectorID, at, "another", ErrMismatch},
		{good, vectorID, at, "", ErrMismatch},
		{good, vectorID, at.Add(time.Hour), vectorSecret, ErrStale},
		{good, vectorID, at.Add(-time.Hour), vectorSecret, ErrFuture},
		{good + " ", vectorID, at, vectorSecret, ErrMalformed},
		{strings.TrimSuffix(good, "!"), vectorID, at, vectorSecret, ErrMalformed},
		{strings.Replace(good, ";v=", ",v=", 1), vectorID, at, vectorSecret, ErrMalformed},
		{strings.Replace(good, "t=16", "t=-16", 1), vectorID, at, vectorSecret, ErrMalformed},
		{strings.Replace(good, "t=1614265330", "t=1614265330000", 1), vectorID, at, vectorSecret, ErrMalformed},
		{strings.Replace(good, "t=1614265330", "t=", 1), vectorID, at, vectorSecret, ErrMissing},
		{strings.Replace(good, good[20:22], "", 1), vectorID, at, vectorSecret, ErrMalformed},
	} {
		if _, err := l.Verify([]string{test.secret}, Signed{Value: test.value, ID: test.id}, body, test.now, time.Minute); !errors.Is(err, test.want) {
			t.Errorf("%q, id %q at %s with %q: %v, want %v", test.value, test.id, test.now, test.secret, err, test.want)
		}
	}
	public := PublicKeyPrefix + "abc"
	if _, err := (Layout{Encoding: "hex"}).Verify([]string{public}, Signed{Value: Hex(public, body)}, body, at, 0); !errors.Is(err, ErrMismatch) {
		t.Errorf("whoever knows a public key can sign: %v", err)
	}
	for _, bad := range []Layout{{}, {Encoding: "hex", Value: "x"}, {Encoding: "hex", Signs: "x"}, {Encoding: "hex", Key: "x"}, {Encoding: "hex", Signs: "{body}" + strings.Repeat("x", 130)}} {
		if _, err := bad.Check(); err == nil {
			t.Errorf("%+v is let through", bad)
		}
	}
}
