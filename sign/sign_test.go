package sign

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The vector that Standard Webhooks publishes with its libraries.
const (
	vectorSecret    = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	vectorID        = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	vectorTime      = 1614265330
	vectorBody      = `{"test": 2432232314}`
	vectorPublicKey = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
	vectorSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)

func TestStandardVector(t *testing.T) {
	at := time.Unix(vectorTime, 999_999_999) // fractions do not count
	if got := Standard([]string{vectorSecret}, vectorID, at, []byte(vectorBody)); got != vectorSignature {
		t.Errorf("got %s", got)
	}
	bare := strings.TrimPrefix(vectorSecret, SecretPrefix)
	if got := Standard([]string{vectorSecret, bare}, vectorID, at, []byte(vectorBody)); got != vectorSignature+" "+vectorSignature {
		t.Errorf("got %s", got)
	}
	if got := Standard(nil, vectorID, at, nil); got != "" {
		t.Errorf("no secret: %q", got)
	}
}

// The digests are those of Node's crypto.createHmac("sha256", secret).
func TestHex(t *testing.T) {
	for _, test := range []struct{ secret, body, want string }{
		{"your-webhook-secret", `{"a":1}`, "0eec7e0a2a492fdec3c2d1ff2ef88af7ffc53ee3581381f0f9c96a11d14d3393"},
		{"whsec_your_random_secret_string", "", "a8a0a57e57e8ec3bbd647753c8ed6e61cded9f8ed8bdb8c9688a8185f088acf2"},
		{strings.Repeat("k", 200), "é", "4ac1da9b7671be33666f827f6e8767a2a4ca572c73e86c37e494a53945a6c2e4"}, // longer than a block
	} {
		if got := Hex(test.secret, []byte(test.body)); got != test.want {
			t.Errorf("%s: %s, want %s", test.secret, got, test.want)
		}
	}
}

// Secrets that are not base64 are the key as they stand, prefix included.
func TestStandardKey(t *testing.T) {
	for secret, want := range map[string]string{
		"whsec_bmV3IHNlY3JldA==":          "new secret",
		"bmV3IHNlY3JldA==":                "new secret",
		"bmV3IHNlY3JldA":                  "bmV3IHNlY3JldA", // no padding
		"whsec_your_random_secret_string": "whsec_your_random_secret_string",
		"order-secret-123":                "order-secret-123",
		"whsec_":                          "whsec_",
		"bmV3\nIHNlY3JldA==":              "bmV3\nIHNlY3JldA==",
	} {
		if got := string(appendStandardKey(nil, secret)); got != want {
			t.Errorf("%q: %q, want %q", secret, got, want)
		}
	}
}

func TestNewSecret(t *testing.T) {
	a, b := NewSecret(), NewSecret()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(a, SecretPrefix))
	if a == b || err != nil || len(key) != 32 || !strings.HasPrefix(a, "whsec_") || CheckSecret(a) != nil {
		t.Errorf("%s, %s: %v", a, b, err)
	}
}

func TestCheckSecret(t *testing.T) {
	for secret, want := range map[string]error{
		"whsec_your_random_secret_string": nil,
		"order-secret-123":                nil,
		"your-webhook-secret":             nil,
		"with a space ~!":                 nil,
		"email-secret-456":                nil,
		"whsec_your_secret":               nil, // the shortest in the documents
		"1234567890":                      nil,
		"123456789":                       ErrSecretShort,
		"whsec_123456789":                 ErrSecretShort,
		"whsec_":                          ErrSecretShort,
		vectorPublicKey:                   ErrSecretKey,
		"whsk_" + vectorPublicKey[5:]:     ErrSecretKey,
		strings.Repeat("x", 256):          nil,
		"":                                ErrSecretEmpty,
		strings.Repeat("x", 257):          ErrSecretLong,
		" x":                              ErrSecretSpace,
		"x ":                              ErrSecretSpace,
		"x\n":                             ErrSecretCharset,
		"x\x7f":                           ErrSecretCharset,
		"sécret":                          ErrSecretCharset,
	} {
		if got := CheckSecret(secret); !errors.Is(got, want) {
			t.Errorf("%q: %v, want %v", secret, got, want)
		}
	}
}

func TestVerifyHex(t *testing.T) {
	body := []byte(`{"a":1}`)
	good := Hex("new", body)
	for _, test := range []struct {
		name      string
		secrets   []string
		body      string
		signature string
		want      error
	}{
		{"good", []string{"new"}, string(body), good, nil},
		{"upper case", []string{"new"}, string(body), strings.ToUpper(good), nil},
		{"older secret", []string{"newer", "new"}, string(body), good, nil},
		{"missing", []string{"new"}, string(body), "", ErrMissing},
		{"short", []string{"new"}, string(body), good[:62], ErrMalformed},
		{"long", []string{"new"}, string(body), good + "00", ErrMalformed},
		{"not hex", []string{"new"}, string(body), good[:62] + "zz", ErrMalformed},
		{"other secret", []string{"other"}, string(body), good, ErrMismatch},
		{"no secret", nil, string(body), good, ErrMismatch},
		{"empty secret", []string{""}, string(body), Hex("", body), ErrMismatch},
		{"public key", []string{"whpk_key"}, string(body), Hex("whpk_key", body), ErrMismatch},
		{"tampered body", []string{"new"}, `{"a":2}`, good, ErrMismatch},
		{"tampered signature", []string{"new"}, string(body), flip(good), ErrMismatch},
	} {
		if err := VerifyHex(test.secrets, []byte(test.body), test.signature); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
}

func TestVerifyStandard(t *testing.T) {
	const huge = "99999999999999999999"
	spoiled := "v1," + strings.Repeat("A", 43) + "="
	for _, test := range []struct {
		name, header, value string // what is changed; "" changes nothing
		after, tolerance    time.Duration
		want                error
	}{
		{name: "good"},
		{name: "at the tolerance", after: 5 * time.Minute},
		{name: "at the tolerance before", after: -5 * time.Minute},
		{name: "wide tolerance", after: time.Hour, tolerance: time.Hour},
		{name: "old", after: 5*time.Minute + time.Second, want: ErrStale},
		{name: "very old", after: 100 * 365 * 24 * time.Hour, want: ErrStale},
		{name: "narrow tolerance", after: 2 * time.Second, tolerance: time.Second, want: ErrStale},
		{name: "negative tolerance", after: time.Hour, tolerance: -1, want: ErrStale},
		{name: "early", after: -5*time.Minute - time.Second, want: ErrFuture},
		{name: "no id", header: HeaderID, want: ErrMissing},
		{name: "no timestamp", header: HeaderTimestamp, want: ErrMissing},
		{name: "no signature", header: HeaderSignature, want: ErrMissing},
		{name: "other id", header: HeaderID, value: "msg_2", want: ErrMismatch},
		{name: "other timestamp", header: HeaderTimestamp, value: strconv.Itoa(vectorTime + 1), want: ErrMismatch},
		{name: "same time, other spelling", header: HeaderTimestamp, value: "0" + strconv.Itoa(vectorTime), want: ErrMismatch},
		{name: "signed timestamp", header: HeaderTimestamp, value: "+" + strconv.Itoa(vectorTime), want: ErrMalformed},
		{name: "negative timestamp", header: HeaderTimestamp, value: "-1", want: ErrMalformed},
		{name: "timestamp in words", header: HeaderTimestamp, value: "2021-02-25", want: ErrMalformed},
		{name: "huge timestamp", header: HeaderTimestamp, value: huge, want: ErrMalformed},
		{name: "timestamp in ms", header: HeaderTimestamp, value: "253402300800", want: ErrMalformed},
		{name: "several signatures", header: HeaderSignature, value: spoiled + " v1a,xyz v1,broken " + vectorSignature},
		{name: "tampered signature", header: HeaderSignature, value: spoiled, want: ErrMismatch},
		{name: "no v1", header: HeaderSignature, value: "v2" + vectorSignature[2:], want: ErrMalformed},
		{name: "no version", header: HeaderSignature, value: vectorSignature[3:], want: ErrMalformed},
		{name: "short signature", header: HeaderSignature, value: "v1,AAAA", want: ErrMalformed},
		{name: "32 signatures", header: HeaderSignature, value: strings.Repeat(spoiled+" ", 31) + vectorSignature},
		{name: "33 signatures", header: HeaderSignature, value: strings.Repeat(spoiled+" ", 32) + vectorSignature, want: ErrMalformed},
	} {
		header := http.Header{}
		header.Set(HeaderID, vectorID)
		header.Set(HeaderTimestamp, strconv.Itoa(vectorTime))
		header.Set(HeaderSignature, vectorSignature)
		if test.header != "" {
			header.Set(test.header, test.value)
		}
		now := time.Unix(vectorTime, 0).Add(test.after)
		err := VerifyStandard([]string{"other", vectorSecret}, header, []byte(vectorBody), now, test.tolerance)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
		if err != nil && (strings.Contains(err.Error(), vectorSignature) || test.header != "" && test.value == "" && !strings.Contains(err.Error(), test.header)) {
			t.Errorf("%s: says %q", test.name, err)
		}
		if test.header != "" {
			header.Add(test.header, header.Get(test.header))
			if test.value == "" {
				header.Set(test.header, "value")
				header.Add(test.header, "value")
			}
			if err := VerifyStandard([]string{vectorSecret}, header, []byte(vectorBody), now, 0); !errors.Is(err, ErrMalformed) {
				t.Errorf("%s twice: %v", test.header, err)
			}
		}
	}
}

// What anyone could sign with signs nothing.
func TestVerifyStandardOpenSecrets(t *testing.T) {
	at := time.Unix(vectorTime, 0)
	_, public := NewKeyPair()
	for _, secret := range []string{"", public, "whpk_", "whpk_broken"} {
		header := http.Header{}
		header.Set(HeaderID, vectorID)
		header.Set(HeaderTimestamp, strconv.Itoa(vectorTime))
		header.Set(HeaderSignature, Standard([]string{secret}, vectorID, at, []byte(vectorBody)))
		if err := VerifyStandard([]string{secret}, header, []byte(vectorBody), at, 0); !errors.Is(err, ErrMismatch) {
			t.Errorf("%q: %v", secret, err)
		}
	}
}

// By how much the clocks are apart is what an operator needs to know.
func TestVerifyStandardSaysHowStale(t *testing.T) {
	header := http.Header{}
	header.Set(HeaderID, vectorID)
	header.Set(HeaderTimestamp, strconv.Itoa(vectorTime))
	header.Set(HeaderSignature, vectorSignature)
	for after, want := range map[time.Duration]string{
		10 * time.Minute:  "webhook-timestamp too old: by 10m0s, where 5m0s is let through",
		-10 * time.Minute: "webhook-timestamp in the future: by 10m0s, where 5m0s is let through",
	} {
		err := VerifyStandard([]string{vectorSecret}, header, []byte(vectorBody), time.Unix(vectorTime, 0).Add(after), 0)
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v", after, err)
		}
	}
}

func TestVerifyStandardTampered(t *testing.T) {
	now := time.Unix(vectorTime, 0)
	for _, secrets := range [][]string{{vectorSecret}, {"order-secret-123", vectorSecret}} {
		header := http.Header{}
		header.Set(HeaderID, vectorID)
		header.Set(HeaderTimestamp, strconv.Itoa(vectorTime))
		header.Set(HeaderSignature, Standard(secrets, vectorID, now, []byte(vectorBody)))
		for _, secret := range secrets { // a receiver knows one of them
			if err := VerifyStandard([]string{secret}, header, []byte(vectorBody), now, 0); err != nil {
				t.Errorf("%s: %v", secret, err)
			}
		}
		for i := range len(vectorBody) {
			body := []byte(vectorBody)
			body[i] ^= 1
			if err := VerifyStandard(secrets, header, body, now, 0); !errors.Is(err, ErrMismatch) {
				t.Errorf("byte %d changed: %v", i, err)
			}
		}
		for _, wrong := range [][]string{nil, {"other"}} {
			if err := VerifyStandard(wrong, header, []byte(vectorBody), now, 0); !errors.Is(err, ErrMismatch) {
				t.Errorf("secrets %v: %v", wrong, err)
			}
		}
	}
}

// flip changes the last hex digit.
func flip(signature string) string {
	last := "0"
	if strings.HasSuffix(signature, "0") {
		last = "1"
	}
	return signature[:len(signature)-1] + last
}

var benchBody = []byte(`{"id":"evt_01arykyc81000g40r40m30e209","data":"` + strings.Repeat("x", 450) + `"}`)

func BenchmarkHex(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Hex(vectorSecret, benchBody)
	}
}

func BenchmarkStandard(b *testing.B) {
	b.ReportAllocs()
	secrets, at := []string{vectorSecret}, time.Unix(vectorTime, 0)
	for b.Loop() {
		Standard(secrets, vectorID, at, benchBody)
	}
}
