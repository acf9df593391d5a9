package receive

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook/profile"
)

// TestOwnProfiles: the golden deliveries of profiles that use all of the format verify,
// by their own header and by Standard Webhooks, and a signed time counts.
func TestOwnProfiles(t *testing.T) {
	text, err := os.ReadFile("../profile/testdata/own.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []struct {
		golden
		Profile json.RawMessage
		Secret  string
	}
	if err := json.Unmarshal(text, &all); err != nil || len(all) < 5 {
		t.Fatalf("%d vectors, %v", len(all), err)
	}
	for _, g := range all {
		p, err := profile.Parse(g.Profile)
		if err != nil {
			t.Fatal(err)
		}
		bare := p.Envelope[0].Name == ""
		for _, scheme := range []Scheme{StandardHeaders, ProfileHeader} {
			c := Config{Secrets: []string{g.Secret}, Custom: p, Scheme: scheme}
			if bare {
				if _, err := New(c); err == nil || !strings.Contains(err.Error(), "AnyBody") {
					t.Errorf("%s, scheme %d: a body without an envelope: %v", p.Name, scheme, err)
				}
				if scheme == ProfileHeader {
					continue
				}
				c.AnyBody = true
			}
			v := verifier(t, c)
			m, err := v.verify(g.header(), []byte(g.Body), time.Unix(g.SentAt, 0))
			timed := scheme == StandardHeaders || p.Signature.Layout().SignsTime()
			if err != nil || m.ID != g.ID || !bare && (m.Type != g.Type || string(m.Data) != g.Data || m.Time.Unix() != 1736611200) || timed != m.Timestamp.Equal(time.Unix(g.SentAt, 0)) {
				t.Errorf("%s, scheme %d: %+v, %v", p.Name, scheme, m, err)
			}
			if _, err := v.verify(g.header(), []byte(g.Body), time.Unix(g.SentAt, 0).Add(time.Hour)); timed != errors.Is(err, ErrStale) {
				t.Errorf("%s, scheme %d, an hour later: %v", p.Name, scheme, err)
			}
			if scheme == StandardHeaders {
				continue
			}
			refused := func(what string, header http.Header, want error) {
				if m, err := v.verify(header, []byte(g.Body), time.Unix(g.SentAt, 0)); !errors.Is(err, want) || m.ID != "" {
					t.Errorf("%s, %s: %v", p.Name, what, err)
				}
			}
			h := g.header()
			h.Add(p.Signature.Header, "x")
			refused("twice", h, ErrMalformed)
			h.Del(p.Signature.Header)
			refused("without", h, ErrMissing)
			if name := p.TimestampHeader(); timed && !p.Signature.Layout().TellsTime() {
				h = g.header()
				h.Add(name, h.Get(name))
				refused("two timestamps", h, ErrMalformed)
				h.Del(name)
				refused("no timestamp", h, ErrMissing)
			}
		}
	}
}
