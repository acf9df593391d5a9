package receive

import (
	"crypto/ed25519"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook/profile"
	"github.com/billhook/billhook/receive/receivetest"
	"github.com/billhook/billhook/sign"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func TestNewRefuses(t *testing.T) {
	private, public := sign.NewKeyPair()
	standard, _ := profile.Named("standard")
	for says, c := range map[string]Config{
		"want 1 to 16, have 0":            {},
		"Secrets[0]: secret is empty":     {Secrets: []string{""}},
		"Secrets[1]: secret is empty":     {Secrets: []string{secret, "whsec_"}},
		"ASCII":                           {Secrets: []string{secret + "\n"}},
		"private key":                     {Secrets: []string{private}},
		"not an Ed25519 key":              {Secrets: []string{"whpk_AAAA"}},
		"have 17":                         {Secrets: strings.Split(strings.Repeat("s", 17), "")},
		`no profile is named "shopify"`:   {Secrets: []string{secret}, Profile: "shopify"},
		"different profiles":              {Secrets: []string{secret}, Profile: "litestore", Custom: standard},
		"no header of its own":            {Secrets: []string{secret}, Scheme: ProfileHeader},
		"Scheme must be":                  {Secrets: []string{secret}, Scheme: 2},
		"for StandardHeaders only":        {Secrets: []string{public}, Profile: "litestore", Scheme: ProfileHeader},
		"AnyBody":                         {Secrets: []string{secret}, Profile: "litestore", Scheme: ProfileHeader, AnyBody: true},
		"Tolerance must not be negative":  {Secrets: []string{secret}, Tolerance: -1},
		"MaxBody must not be negative":    {Secrets: []string{secret}, MaxBody: -1},
		"there are commerce-engine, comm": {Secrets: []string{secret}, Profile: "x"},
	} {
		v, err := New(c)
		if v != nil || err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", says, err)
		}
	}
	v, err := New(Config{Secrets: []string{secret}})
	if err != nil || v.tolerance != 5*time.Minute || v.maxBody != 1<<20+64<<10 {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestTolerance(t *testing.T) {
	now := time.Unix(1767225600, 0)
	standard, _ := profile.Named("standard")
	v := verifier(t, Config{Secrets: []string{secret}})
	narrow := verifier(t, Config{Secrets: []string{secret}, Tolerance: time.Second})
	for _, test := range []struct {
		v    *Verifier
		age  time.Duration
		want error
		says string
	}{
		{v, 0, nil, ""},
		{v, 5 * time.Minute, nil, ""},
		{v, -5 * time.Minute, nil, ""},
		{v, 5*time.Minute + time.Second, ErrStale, "by 5m1s, where 5m0s is let through"},
		{v, -5*time.Minute - time.Second, ErrFuture, "by 5m1s, where 5m0s is let through"},
		{narrow, time.Second, nil, ""},
		{narrow, 2 * time.Second, ErrStale, "by 2s, where 1s is let through"},
		{narrow, -2 * time.Second, ErrFuture, "by 2s, where 1s is let through"},
	} {
		e := profile.Event{ID: "evt_1", Type: "order.paid", Time: now, Data: []byte(`{}`)}
		d := receivetest.Sign(standard, []string{secret}, e, now.Add(-test.age))
		_, err := test.v.verify(d.Header, d.Body, now)
		if !errors.Is(err, test.want) || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("signed %s ago: %v", test.age, err)
		}
	}
	// Verify goes by this machine's clock.
	d := receivetest.New("standard", secret, "order.paid", `{}`)
	if m, err := v.Verify(d.Header, d.Body); err != nil || m.ID != d.ID {
		t.Errorf("signed now: %v", err)
	}
	d = receivetest.Sign(standard, []string{secret}, profile.Event{ID: "evt_1", Type: "order.paid", Data: []byte(`{}`)}, time.Now().Add(-24*time.Hour))
	if _, err := v.Verify(d.Header, d.Body); !errors.Is(err, ErrStale) {
		t.Errorf("signed yesterday: %v", err)
	}
}

// TestNoDowngrade: leaving out the headers that count does not make others
// count, whichever are right.
func TestNoDowngrade(t *testing.T) {
	for _, scheme := range []Scheme{StandardHeaders, ProfileHeader} {
		v := verifier(t, Config{Secrets: []string{secret}, Profile: "litestore", Scheme: scheme})
		d := receivetest.New("litestore", secret, "order.updated", `{"orderId":"o_1"}`)
		if _, err := v.Verify(d.Header, d.Body); err != nil {
			t.Errorf("scheme %d, all headers: %v", scheme, err)
		}
		if scheme == StandardHeaders {
			d.Header.Del(sign.HeaderID)
			d.Header.Del(sign.HeaderTimestamp)
			d.Header.Del(sign.HeaderSignature)
		} else {
			d.Header.Del("x-litestore-signature")
		}
		if _, err := v.Verify(d.Header, d.Body); !errors.Is(err, ErrMissing) {
			t.Errorf("scheme %d, the others only: %v", scheme, err)
		}
	}
	// A platform's own header does not sign webhook-id, so it is not believed.
	v := verifier(t, Config{Secrets: []string{secret}, Profile: "litestore", Scheme: ProfileHeader})
	d := receivetest.New("litestore", secret, "order.updated", `{}`)
	d.Header.Set(sign.HeaderID, "evt_other")
	if m, err := v.Verify(d.Header, d.Body); err != nil || m.ID != d.ID {
		t.Errorf("id %q, want %q: %v", m.ID, d.ID, err)
	}
}

func TestSecretsRotate(t *testing.T) {
	now := time.Now()
	p, _ := profile.Named("etail-depot")
	e := profile.Event{ID: "evt_1", Type: "order.created", Time: now, Data: []byte(`{"id":"1"}`)}
	private, public := sign.NewKeyPair()
	key, err := sign.ParsePrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	sent := receivetest.Sign(p, []string{"new", "old"}, e, now)
	both := receivetest.Sign(p, []string{"new"}, e, now)
	asymmetric := sign.StandardEd25519([]ed25519.PrivateKey{key}, e.ID, now, both.Body)
	both.Header.Set(sign.HeaderSignature, both.Header.Get(sign.HeaderSignature)+" "+asymmetric)
	only := receivetest.Sign(p, []string{"new"}, e, now)
	only.Header.Set(sign.HeaderSignature, asymmetric)
	for _, test := range []struct {
		name    string
		d       *receivetest.Delivery
		secrets []string
		want    error
	}{
		{"the receiver has the new one", sent, []string{"new"}, nil},
		{"it has the old one still", sent, []string{"old"}, nil},
		{"it has both", sent, []string{"old", "new"}, nil},
		{"it has a third", sent, []string{"other", "another"}, ErrMismatch},
		{"moving to a key, the secret", both, []string{"new"}, nil},
		{"moving to a key, the key", both, []string{public}, nil},
		{"moved, the secret", only, []string{"new"}, ErrMismatch},
		{"moved, the key", only, []string{"new", public}, nil},
		{"the key does not open what a secret signed", sent, []string{public}, ErrMismatch},
	} {
		v := verifier(t, Config{Secrets: test.secrets, Profile: "etail-depot"})
		if m, err := v.Verify(test.d.Header, test.d.Body); !errors.Is(err, test.want) || err == nil && m.ID != e.ID {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// signed makes Standard Webhooks headers for any id and body.
func signed(id string, at time.Time, body string) http.Header {
	header := http.Header{}
	header.Set(sign.HeaderID, id)
	header.Set(sign.HeaderTimestamp, strconv.FormatInt(at.Unix(), 10))
	header.Set(sign.HeaderSignature, sign.Standard([]string{secret}, id, at, []byte(body)))
	return header
}

func TestEnvelope(t *testing.T) {
	now := time.Unix(1767225600, 0)
	for _, test := range []struct{ profile, body, lacks string }{
		{"standard", `{"id":"evt_1","type":"a","timestamp":"2026-01-01T00:00:00.000Z","data":null}`, ""},
		{"standard", `{"data":1,"x":{},"timestamp":"2026-01-01T00:00:00Z","type":"a","id":"evt_1"}`, ""},
		{"standard", `{"id":"evt_2","type":"a","timestamp":"2026-01-01T00:00:00.000Z","data":null}`, "its id is not that of webhook-id"},
		{"standard", `{"ID":"evt_1","type":"a","timestamp":"2026-01-01T00:00:00.000Z","data":null}`, `["id"]`},
		{"standard", `{"id":"evt_1","type":1,"timestamp":"yesterday"}`, `["type" "timestamp" "data"]`},
		{"standard", `{"id":"","type":"a","timestamp":null,"data":null}`, `["id" "timestamp"]`},
		{"standard", `{"id":"evt_1","event":"a","created_at":1767225600,"data":null}`, `["type" "timestamp"]`},
		{"standard", ``, "not a JSON object"},
		{"standard", `null`, `["id" "type" "timestamp" "data"]`},
		{"standard", `[]`, "not a JSON object"},
		{"standard", `{"id":"evt_1"`, "not a JSON object"},
		{"elective-commerce", `{"id":"evt_1","event":"a","created_at":1767225600,"data":{}}`, ""},
		{"elective-commerce", `{"id":"evt_1","event":"a","created_at":"2026-01-01T00:00:00Z","data":{}}`, `["created_at"]`},
		{"etail-depot", `{"id":"evt_1","type":"a","created":1767225600,"data":{"object":7}}`, ""},
		{"etail-depot", `{"id":"evt_1","type":"a","created":1767225600,"data":7}`, `["data"]`},
		{"etail-depot", `{"id":"evt_1","type":"a","created":1767225600,"data":{}}`, `["data"]`},
	} {
		v := verifier(t, Config{Secrets: []string{secret}, Profile: test.profile})
		m, err := v.verify(signed("evt_1", now, test.body), []byte(test.body), now)
		if test.lacks == "" {
			if err != nil || m.ID != "evt_1" || m.Type != "a" || !m.Time.Equal(now) || len(m.Data) == 0 {
				t.Errorf("%s: %+v, %v", test.body, m, err)
			}
			continue
		}
		if !errors.Is(err, ErrEnvelope) || !strings.Contains(err.Error(), test.lacks) || m.Body != nil {
			t.Errorf("%s: %v, want %s", test.body, err, test.lacks)
		}
	}
}

// TestAnyBody is about other senders of Standard Webhooks.
func TestAnyBody(t *testing.T) {
	now := time.Unix(1767225600, 0)
	v := verifier(t, Config{Secrets: []string{secret}, AnyBody: true})
	for _, test := range []struct{ body, eventType, data string }{
		{"", "", ""},
		{"plain text", "", ""},
		{`{"type":"user.created","timestamp":"2026-01-01T00:00:00Z","data":{"id":"u_1"}}`, "user.created", `{"id":"u_1"}`},
		{`{"id":"u_1","type":"user.created"}`, "user.created", ""}, // not the id of the message
	} {
		m, err := v.verify(signed("msg_1", now, test.body), []byte(test.body), now)
		if err != nil || m.ID != "msg_1" || m.Type != test.eventType || string(m.Data) != test.data || string(m.Body) != test.body || !m.Timestamp.Equal(now) {
			t.Errorf("%q: %+v, %v", test.body, m, err)
		}
	}
}

// TestAnotherCut: "id.time.body" is signed, so with a dot in the id the same
// signature holds for another id, time and body, cut at another dot.
func TestAnotherCut(t *testing.T) {
	now := time.Unix(1767225600, 0)
	p, _ := profile.Named("standard")
	d := receivetest.Sign(p, []string{secret}, profile.Event{ID: "evt_1.1900000000", Type: "a", Time: now, Data: []byte(`1`)}, now)
	later := time.Unix(1900000000, 0)
	header := d.Header.Clone()
	header.Set(sign.HeaderID, "evt_1")
	header.Set(sign.HeaderTimestamp, "1900000000")
	body := []byte("1767225600." + string(d.Body))
	if err := sign.VerifyStandard([]string{secret}, header, body, later, 0); err != nil {
		t.Fatalf("this is what the test is about: %v", err)
	}
	if _, err := verifier(t, Config{Secrets: []string{secret}}).verify(header, body, later); !errors.Is(err, ErrEnvelope) {
		t.Errorf("cut anew: %v", err)
	}
	if m, err := verifier(t, Config{Secrets: []string{secret}}).verify(d.Header, d.Body, now); err != nil || m.ID != d.ID {
		t.Errorf("as it was sent: %v", err)
	}
	// Without an envelope, ids with a dot are not let in to begin with.
	if _, err := verifier(t, Config{Secrets: []string{secret}, AnyBody: true}).verify(d.Header, d.Body, now); !errors.Is(err, ErrMalformed) {
		t.Errorf("any body, an id with a dot: %v", err)
	}
}

func TestCustomProfile(t *testing.T) {
	text, err := os.ReadFile("../profile/profiles/standard.json")
	if err != nil {
		t.Fatal(err)
	}
	custom := strings.NewReplacer(`"name": "standard"`, `"name": "toy-shop"`, `"envelope": [`, `"signature": {"header": "Toy-Signature", "encoding": "hex"}, "envelope": [
		{"name": "meta", "members": [{"name": "inner", "members": [{"name": "deep", "members": [{"name": "key", "value": "event.id"}, {"name": "kind", "value": "event.type"}]}]}, {"name": "payload", "value": "event.data", "wrap": "it"}]}], "unused": [`).Replace(string(text))
	begin, end := strings.Index(custom, `, "unused": [`), strings.Index(custom, `  "ids": {`)
	custom = custom[:begin] + ",\n" + custom[end:]
	file := filepath.Join(t.TempDir(), "toy-shop.json")
	if err := os.WriteFile(file, []byte(custom), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := profile.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	d := receivetest.Sign(p, []string{secret}, profile.Event{ID: "evt_1", Type: "toy.sold", Time: now, Data: []byte(`{"n":1}`)}, now)
	if want := `{"meta":{"inner":{"deep":{"key":"evt_1","kind":"toy.sold"}},"payload":{"it":{"n":1}}}}`; string(d.Body) != want {
		t.Fatalf("body %s", d.Body)
	}
	for _, scheme := range []Scheme{StandardHeaders, ProfileHeader} {
		v := verifier(t, Config{Secrets: []string{secret}, Custom: p, Scheme: scheme})
		m, err := v.Verify(d.Header, d.Body)
		if err != nil || m.ID != "evt_1" || m.Type != "toy.sold" || string(m.Data) != `{"n":1}` || !m.Time.IsZero() {
			t.Errorf("scheme %d: %+v, %v", scheme, m, err)
		}
	}
}

func TestBodyTooLarge(t *testing.T) {
	d := receivetest.New("standard", secret, "order.paid", `{"x":"`+strings.Repeat("x", 500)+`"}`)
	for _, less := range []int64{0, 1} {
		v := verifier(t, Config{Secrets: []string{secret}, MaxBody: int64(len(d.Body)) - less})
		want := map[int64]error{0: nil, 1: ErrTooLarge}[less]
		if _, err := v.Verify(d.Header, d.Body); !errors.Is(err, want) {
			t.Errorf("bounded %d bytes lower: %v", less, err)
		}
	}
}
