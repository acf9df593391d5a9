package api

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/billhook/billhook"
)

// The key and thumbprint of RFC 8037, appendix A.3.
func TestThumbprint(t *testing.T) {
	raw, err := base64.RawURLEncoding.DecodeString("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
	if err != nil {
		t.Fatal(err)
	}
	if got := newJWK(ed25519.PublicKey(raw)); got.KeyID != "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" || base64.RawURLEncoding.EncodeToString(raw) != got.X {
		t.Errorf("%+v", got)
	}
}

// TestPublicKeys: everyone may read a store's public keys, and learns nothing
// else.
func TestPublicKeys(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	f.do(t, exchange{method: "POST", path: "/api/stores", body: `{"id":"shop"}`, status: 201})
	keys := func(store string) (x []string) {
		t.Helper()
		a := f.do(t, exchange{method: "GET", path: "/api/stores/" + store + "/jwks.json", header: map[string]string{"X-Api-Key": ""}, status: 200,
			lacks: []string{"webhook", "whsk_", "whsec_", `"d"`, "example.com"}})
		if got := a.Header().Get("Content-Type"); got != "application/jwk-set+json" {
			t.Errorf("content type %q", got)
		}
		if got := a.Header().Get("Cache-Control"); got != "public, max-age=300" {
			t.Errorf("cache control %q", got)
		}
		var set struct{ Keys []struct{ X string } }
		if err := json.Unmarshal(a.Body.Bytes(), &set); err != nil {
			t.Fatal(err)
		}
		for _, k := range set.Keys {
			x = append(x, k.X)
		}
		return x
	}
	there := map[string]string{"X-Store-Id": "shop"}
	created := f.do(t, exchange{method: "POST", path: "/api/webhooks", header: there, status: 201,
		body: `{"url":"https://example.com/hook","events":["*"],"ed25519":true,"overlapSignature":"new"}`,
		has:  []string{`"publicKey":"whpk_`, `"overlapSignature":"new"`, `"secret":"whsec_`}, lacks: []string{"whsk_"}})
	public, path := created.text("publicKey"), "/api/webhooks/"+created.text("id")
	raw, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(public, "whpk_"))
	if got := keys("shop"); len(got) != 1 || got[0] != base64.RawURLEncoding.EncodeToString(raw) {
		t.Errorf("the set has %v, the webhook %s", got, public)
	}
	if len(keys("default")) != 0 || len(keys("no-such-store")) != 0 {
		t.Error("another store's set has keys")
	}
	f.run(t, []exchange{
		{name: "get", method: "GET", path: path, header: there, status: 200, has: []string{public, `"overlapSignature":"new"`}, lacks: []string{"whsk_"}},
		{name: "list", method: "GET", path: "/api/webhooks", header: there, status: 200, has: []string{public}, lacks: []string{"whsk_", "whsec_"}},
		{name: "reveal", method: "GET", path: path + "/secret", header: there, status: 200, lacks: []string{"whsk_"}},
		{name: "the default", method: "PATCH", path: path, header: there, body: `{"overlapSignature":null}`, status: 200, has: []string{`"overlapSignature":"old"`}},
		{name: "rotate", method: "POST", path: path + "/rotate-secret", header: there, body: `{"overlapSignature":"new"}`, status: 200, has: []string{`"overlapSignature":"new"`, `"publicKey":"whpk_`}, lacks: []string{public}},
		{name: "neither", method: "PATCH", path: path, header: there, body: `{"overlapSignature":"both"}`, status: 422, has: []string{`"pointer":"/overlapSignature"`}},
		{name: "no answer", method: "PATCH", path: path, header: there, body: `{"ed25519":"yes"}`, status: 422, has: []string{`"pointer":"/ed25519"`}},
	})
	if got := keys("shop"); len(got) != 2 {
		t.Errorf("while a rotation overlaps the set has %v", got)
	}
	f.do(t, exchange{method: "PATCH", path: path, header: there, body: `{"ed25519":false}`, status: 200, has: []string{`"publicKey":null`}})
	if got := keys("shop"); len(got) != 0 {
		t.Errorf("without Ed25519 the set has %v", got)
	}
	f.do(t, exchange{method: "DELETE", path: "/api/stores/shop", status: 204})
}

// TestRevealSealedShut: a secret that cannot be opened is not shown as an empty
// one.
func TestRevealSealedShut(t *testing.T) {
	key := []billhook.SealKey{{ID: "old"}}
	ring, err := billhook.NewKeyring(func() ([]billhook.SealKey, error) { return key, nil })
	if err != nil {
		t.Fatal(err)
	}
	f := newFixture(t, billhook.Config{Keyring: ring}, Config{})
	id := f.register(t, `{"url":"https://example.com/hook","events":["*"]}`)
	f.restart(t, billhook.Config{})
	f.run(t, []exchange{
		{name: "reveal", method: "GET", path: "/api/webhooks/" + id + "/secret", status: 409, has: []string{`"code":"conflict"`, `\"old\"`}, lacks: []string{"v1:"}},
		{name: "get", method: "GET", path: "/api/webhooks/" + id, status: 200, lacks: []string{"v1:"}},
		{name: "rotate with an overlap", method: "POST", path: "/api/webhooks/" + id + "/rotate-secret", status: 409},
		{name: "rotate without", method: "POST", path: "/api/webhooks/" + id + "/rotate-secret", body: `{"gracePeriodSeconds":0}`, status: 200, has: []string{"whsec_"}},
		{name: "reveal again", method: "GET", path: "/api/webhooks/" + id + "/secret", status: 200, has: []string{"whsec_"}},
	})
}

// TestPublicKeysCostNothing: the set is made once, and anew when a key has come, has
// gone or has expired; ids that strangers make up leave nothing.
func TestPublicKeysCostNothing(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := newFixtureIn(t, dir, billhook.Config{}, Config{})
		s := f.handler.(*server)
		set := func(store string) []byte {
			t.Helper()
			body, err := s.keySet(store)
			if err != nil {
				t.Fatal(err)
			}
			return body
		}
		count := func() int { return strings.Count(string(set("default")), `"kid"`) }
		kept := func() (n int) {
			s.keySets.Range(func(_, _ any) bool { n++; return true })
			return n
		}
		var first billhook.Webhook
		for i := range 50 {
			w, err := f.client.Register(t.Context(), billhook.Registration{URL: "https://93.184.216.34/", Events: []string{"*"}, Ed25519: true})
			if err != nil {
				t.Fatal(err)
			}
			first = w
			if n := count(); n != i+1 {
				t.Fatalf("%d keys, want %d", n, i+1)
			}
		}
		if a, b := set("default"), set("default"); &a[0] != &b[0] {
			t.Error("the same set is made twice")
		}
		if n := testing.AllocsPerRun(100, func() { set("default") }); n > 2 {
			t.Errorf("%v allocations to find a set that is there", n)
		}
		for i := range 1000 {
			set(fmt.Sprintf("made-up-%d", i))
		}
		if n := kept(); n != 1 {
			t.Errorf("%d sets are kept", n)
		}
		if _, err := f.client.RotateSecret(t.Context(), "default", first.ID, billhook.Rotation{GracePeriod: time.Hour}); err != nil {
			t.Fatal(err)
		}
		if n := count(); n != 51 {
			t.Errorf("while a rotation overlaps there are %d keys", n)
		}
		time.Sleep(time.Hour)
		if n := count(); n != 50 {
			t.Errorf("once it is over there are %d keys", n)
		}
		all, err := f.client.List(t.Context(), "default", "", 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range all {
			if err := f.client.Delete(t.Context(), "default", w.ID); err != nil {
				t.Fatal(err)
			}
		}
		if n := count(); n != 0 || kept() != 0 {
			t.Errorf("of nothing there are %d keys, and %d sets are kept", n, kept())
		}
	})
}
