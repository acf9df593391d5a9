package receive

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook/profile"
	"github.com/billhook/billhook/sign"
)

// FuzzVerify wants, whatever comes: that nothing is let in but what the secret
// has signed, by a computation that shares no code; that every other error has
// a name; and that a Message is what stands in the body.
func FuzzVerify(f *testing.F) {
	seen := map[string]int{}
	for _, g := range vectors(f) {
		if seen[g.Profile]++; seen[g.Profile] > 3 {
			continue
		}
		p, _ := profile.Named(g.Profile)
		at := time.Unix(g.SentAt, 0)
		own := ""
		if p.Signature != nil {
			own = sign.Hex(secret, []byte(g.Body))
		}
		standard := sign.Standard([]string{secret}, g.ID, at, []byte(g.Body))
		f.Add(g.Profile, false, own, g.ID, g.SentAt, standard, g.Body)
		f.Add(g.Profile, true, own, g.ID, g.SentAt, standard, g.Body)
	}
	f.Add("etail-depot", true, sign.Hex(secret, []byte(`{"id":"a","data":{"object":{}}}`)), "", int64(0), "", `{"id":"a","data":{"object":{}}}`)
	f.Add("standard", false, "", "a", int64(5), sign.Standard([]string{secret}, "a", time.Unix(5, 0), []byte("{}")), "{}")
	names := []error{ErrMissing, ErrMalformed, ErrStale, ErrFuture, ErrMismatch, ErrTooLarge, ErrEnvelope}
	f.Fuzz(func(t *testing.T, name string, byOwn bool, own, id string, at int64, list, body string) {
		p, ok := profile.Named(name)
		if !ok || byOwn && p.Signature == nil {
			return
		}
		scheme := StandardHeaders
		if byOwn {
			scheme = ProfileHeader
		}
		header := signed(id, time.Unix(at, 0), "")
		header.Set(sign.HeaderSignature, list)
		if p.Signature != nil {
			header.Set(p.Signature.Header, own)
		}
		v := verifier(t, Config{Secrets: []string{secret}, Profile: name, Scheme: scheme, MaxBody: 1 << 16})
		m, err := v.verify(header, []byte(body), time.Unix(at, 0))
		if err != nil {
			if !slices.ContainsFunc(names, func(e error) bool { return errors.Is(err, e) }) || m.ID != "" || m.Body != nil {
				t.Fatalf("%v, %+v", err, m)
			}
			return
		}
		if !byOwn && !rightStandard(header, body) || byOwn && !strings.EqualFold(own, hex.EncodeToString(digest(secret, body))) {
			t.Fatalf("let in: %q %v", body, header)
		}
		if string(m.Body) != body || m.ID == "" || m.Type == "" || !json.Valid(m.Data) || !byOwn && m.ID != id || byOwn != m.Timestamp.IsZero() {
			t.Fatalf("%q %v became %+v", body, header, m)
		}
	})
}

func digest(key, text string) []byte {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(text))
	return h.Sum(nil)
}

func rightStandard(header http.Header, body string) bool {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return false
	}
	signed := header.Get("webhook-id") + "." + header.Get("webhook-timestamp") + "." + body
	want := "v1," + base64.StdEncoding.EncodeToString(digest(string(key), signed))
	list := strings.NewReplacer("\r", "", "\n", "").Replace(header.Get("webhook-signature")) // base64 reads over them
	return strings.Contains(list, want)
}
