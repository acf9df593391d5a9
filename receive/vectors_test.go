package receive

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook/profile"
)

// golden is a delivery of profile/testdata/vectors.json.
type golden struct {
	Name, Profile, ID, Type, Time, Data, Body string
	Secrets                                   []string
	SentAt                                    int64
	Headers                                   []struct{ Name, Value string }
}

func (g *golden) header() http.Header {
	header := http.Header{}
	for _, h := range g.Headers {
		header.Set(h.Name, h.Value)
	}
	return header
}

func vectors(t testing.TB) []golden {
	t.Helper()
	text, err := os.ReadFile("../profile/testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []golden
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	if len(all) < 100 {
		t.Fatalf("%d vectors", len(all))
	}
	return all
}

func verifier(t testing.TB, c Config) *Verifier {
	t.Helper()
	v, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// schemes are those that a profile can be verified by.
func schemes(name string) []Scheme {
	if p, _ := profile.Named(name); p.Signature == nil {
		return []Scheme{StandardHeaders}
	}
	return []Scheme{StandardHeaders, ProfileHeader}
}

// TestVectors: every golden delivery verifies with each of its secrets that the
// scheme signs with, and is read as what was emitted.
func TestVectors(t *testing.T) {
	verified := map[string]map[Scheme]int{}
	for _, g := range vectors(t) {
		for _, scheme := range schemes(g.Profile) {
			for i, secret := range g.Secrets {
				v := verifier(t, Config{Secrets: []string{secret}, Profile: g.Profile, Scheme: scheme})
				m, err := v.verify(g.header(), []byte(g.Body), time.Unix(g.SentAt, 0))
				if scheme == ProfileHeader && i > 0 { // it has room for one signature
					if !errors.Is(err, ErrMismatch) {
						t.Errorf("%s: an older secret: %v", g.Name, err)
					}
					continue
				}
				if err != nil {
					t.Errorf("%s, scheme %d: %v", g.Name, scheme, err)
					continue
				}
				checkMessage(t, g, scheme, m)
			}
			if verified[g.Profile] == nil {
				verified[g.Profile] = map[Scheme]int{}
			}
			verified[g.Profile][scheme]++
		}
	}
	for _, name := range profile.Names() {
		for _, scheme := range schemes(name) {
			if verified[name][scheme] < 10 {
				t.Errorf("%s, scheme %d: %d vectors", name, scheme, verified[name][scheme])
			}
		}
	}
}

func checkMessage(t *testing.T, g golden, scheme Scheme, m Message) {
	t.Helper()
	p, _ := profile.Named(g.Profile)
	data, err := profile.Canonical([]byte(g.Data), p.Options())
	if err != nil {
		t.Fatal(err)
	}
	// What was emitted as {"object": {…}} is not wrapped again.
	if inner := `{"object":`; g.Profile == "etail-depot" && strings.HasSuffix(g.Name, "data named object") {
		data = data[len(inner) : len(data)-1]
	}
	if m.ID != g.ID || m.Type != g.Type || !bytes.Equal(m.Data, data) || string(m.Body) != g.Body {
		t.Errorf("%s: got %s %s\n%s\nwant %s", g.Name, m.ID, m.Type, m.Data, data)
	}
	at, err := time.Parse(time.RFC3339Nano, g.Time)
	if err != nil {
		t.Fatal(err)
	}
	if off := at.Sub(m.Time); off < 0 || off >= time.Second { // fractions are dropped
		t.Errorf("%s: time %s, want %s", g.Name, m.Time, g.Time)
	}
	if signed := m.Timestamp.Equal(time.Unix(g.SentAt, 0)); signed != (scheme == StandardHeaders) || !signed && !m.Timestamp.IsZero() {
		t.Errorf("%s, scheme %d: timestamp %s", g.Name, scheme, m.Timestamp)
	}
}

// TestTampered changes one bit of every byte that is signed, of one delivery of
// each profile.
func TestTampered(t *testing.T) {
	seen := map[string]bool{}
	for _, g := range vectors(t) {
		if seen[g.Profile] {
			continue
		}
		seen[g.Profile] = true
		other := golden{}
		for _, o := range vectors(t) {
			if o.Profile == g.Profile && o.ID != g.ID && len(o.Secrets) == 1 && o.Secrets[0] == g.Secrets[0] {
				other = o
			}
		}
		for _, scheme := range schemes(g.Profile) {
			v := verifier(t, Config{Secrets: []string{"another", g.Secrets[0]}, Profile: g.Profile, Scheme: scheme})
			refused := func(what string, header http.Header, body string, want ...error) {
				t.Helper()
				m, err := v.verify(header, []byte(body), time.Unix(g.SentAt, 0))
				for _, w := range want {
					if errors.Is(err, w) && m.ID == "" && m.Body == nil {
						return
					}
				}
				t.Errorf("%s, scheme %d, %s: %v", g.Name, scheme, what, err)
			}
			for i := range len(g.Body) {
				body := []byte(g.Body)
				body[i] ^= 1
				refused("body changed", g.header(), string(body), ErrMismatch)
			}
			refused("body cut", g.header(), g.Body[:len(g.Body)-1], ErrMismatch)
			refused("body longer", g.header(), g.Body+"\n", ErrMismatch)
			refused("no body", g.header(), "", ErrMismatch)
			refused("another body", g.header(), other.Body, ErrMismatch)
			v.tamperHeaders(g, other, refused)
		}
	}
}

// tamperHeaders changes, drops, doubles and swaps each header that counts.
func (v *Verifier) tamperHeaders(g, other golden, refused func(string, http.Header, string, ...error)) {
	for _, h := range g.Headers {
		if counts := strings.HasPrefix(h.Name, "webhook-"); counts == (v.own != nil) {
			continue
		}
		for i := range len(h.Value) {
			changed := []byte(h.Value)
			changed[i] ^= 1
			header := g.header()
			header.Set(h.Name, string(changed))
			refused(h.Name+" changed", header, g.Body, ErrMismatch, ErrMalformed, ErrStale, ErrFuture)
		}
		header := g.header()
		header.Del(h.Name)
		refused(h.Name+" gone", header, g.Body, ErrMissing)
		header.Set(h.Name, "")
		refused(h.Name+" empty", header, g.Body, ErrMissing)
		header.Set(h.Name, h.Value)
		header.Add(h.Name, h.Value)
		refused(h.Name+" twice", header, g.Body, ErrMalformed)
		header.Set(h.Name, h.Value)
		header.Add(h.Name, "")
		refused(h.Name+" twice, once empty", header, g.Body, ErrMalformed)
		if theirs := other.header().Get(h.Name); theirs != h.Value {
			header.Set(h.Name, theirs)
			refused(h.Name+" of another delivery", header, g.Body, ErrMismatch, ErrStale, ErrFuture)
		}
	}
}
