package api

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/billhook/billhook"
)

// limited runs a test in a bubble on an API with limits.
func limited(t *testing.T, key, store Rate, test func(t *testing.T, f *fixture)) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := newFixtureIn(t, dir, billhook.Config{}, Config{KeyRate: key, StoreRate: store})
		for _, id := range []string{"one", "two"} {
			if _, err := f.client.CreateStore(t.Context(), billhook.Store{ID: id}); err != nil {
				t.Fatal(err)
			}
		}
		test(t, f)
	})
}

// secretIn makes a key for everything in a store.
func (f *fixture) secretIn(t *testing.T, storeID string) string {
	t.Helper()
	_, secret, err := f.client.CreateKey(t.Context(), billhook.KeyRequest{StoreID: storeID, Name: "k", Permissions: []string{Everything}})
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// told wants an answer's status and its three fields, and with 429 Retry-After.
func (f *fixture) told(t *testing.T, x exchange, limit, remaining, reset, retryAfter string) {
	t.Helper()
	h := f.do(t, x).Header()
	for name, want := range map[string]string{
		"RateLimit-Limit": limit, "RateLimit-Remaining": remaining, "RateLimit-Reset": reset, "Retry-After": retryAfter,
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s %s: %s is %q, not %q", x.method, x.path, name, got, want)
		}
	}
}

func list(secret string, status int) exchange {
	return exchange{method: "GET", path: "/api/webhooks", header: map[string]string{"x-api-key": secret}, status: status}
}

func TestKeyRate(t *testing.T) {
	limited(t, Rate{PerSecond: 1, Burst: 2}, Rate{}, func(t *testing.T, f *fixture) {
		one, sister := f.secretIn(t, "one"), f.secretIn(t, "one")
		f.told(t, list(one, 200), "2", "1", "1", "")
		time.Sleep(time.Second / 2)
		f.told(t, list(one, 200), "2", "0", "2", "") // a second and a half
		refused := list(one, 429)
		refused.has = []string{`"code":"rate_limited"`, "the API key", "nothing was done"}
		f.told(t, refused, "2", "0", "2", "1")
		f.told(t, list(sister, 200), "2", "1", "1", "") // another key of the same store

		time.Sleep(time.Second) // as Retry-After says
		f.told(t, list(one, 200), "2", "0", "2", "")

		// What the key may not do counts too, and what nobody may does not.
		time.Sleep(time.Minute)
		elsewhere := list(one, 403)
		elsewhere.header["x-store-id"] = "two"
		f.told(t, elsewhere, "2", "1", "1", "")
		for range 5 {
			f.told(t, list("wrong", 401), "", "", "", "")
		}
		f.told(t, list(one, 200), "2", "0", "2", "")
		f.told(t, exchange{method: "GET", path: "/healthz", status: 200}, "", "", "", "")
	})
}

func TestStoreRate(t *testing.T) {
	limited(t, Rate{}, Rate{PerSecond: 2}, func(t *testing.T, f *fixture) {
		one, sister, other := f.secretIn(t, "one"), f.secretIn(t, "one"), f.secretIn(t, "two")
		f.told(t, list(one, 200), "2", "1", "1", "")
		f.told(t, list(sister, 200), "2", "0", "1", "")
		for _, secret := range []string{one, sister} {
			refused := list(secret, 429)
			refused.has = []string{`"code":"rate_limited"`, "the store"}
			f.told(t, refused, "2", "0", "1", "1")
		}
		f.told(t, list(other, 200), "2", "1", "1", "") // another store has its own

		// A key for all stores counts for the store that it names, by header or path,
		// but apart from the store's own keys: these have left nothing.
		root := func(path, storeID string, status int) exchange {
			return exchange{method: "GET", path: path, header: map[string]string{"x-store-id": storeID}, status: status}
		}
		f.told(t, root("/api/webhooks", "one", 200), "2", "1", "1", "")
		f.told(t, root("/api/stores/one", "", 200), "2", "0", "1", "")
		f.told(t, root("/api/webhooks", "one", 429), "2", "0", "1", "1")
		f.told(t, root("/api/stores/one", "", 429), "2", "0", "1", "1")
		f.told(t, root("/api/webhooks", "two", 200), "2", "1", "1", "")
		f.told(t, root("/api/stores", "one", 200), "", "", "", "") // about none

		// Nobody makes buckets for stores that are not there.
		f.told(t, root("/api/webhooks", "none", 404), "", "", "", "")
	})
}

// TestRevokeBesideFlood: whoever empties all the buckets of a store cannot keep
// the platform from taking the key away.
func TestRevokeBesideFlood(t *testing.T) {
	limited(t, Rate{}, Rate{PerSecond: 1}, func(t *testing.T, f *fixture) {
		secret := f.secretIn(t, "one")
		f.told(t, list(secret, 200), "1", "0", "1", "")
		f.told(t, list(secret, 429), "1", "0", "1", "1")
		root := func(method, path string, status int) exchange {
			return exchange{method: method, path: path, header: map[string]string{"x-store-id": "one"}, status: status}
		}
		f.told(t, root("GET", "/api/webhooks", 200), "1", "0", "1", "")
		f.told(t, root("GET", "/api/webhooks", 429), "1", "0", "1", "1") // by another key for all stores, say
		keys := f.do(t, root("GET", "/api/keys", 200)).data()
		f.told(t, root("DELETE", "/api/keys/"+keys[0]["id"].(string), 204), "", "", "", "")
		f.told(t, list(secret, 401), "", "", "", "")

		// A key of the store has no such way.
		manager := f.secretIn(t, "one")
		flood := list(manager, 429)
		flood.path = "/api/keys"
		f.told(t, flood, "1", "0", "1", "1")
	})
}

// Of two limits the answer tells of the nearer one.
func TestKeyAndStoreRate(t *testing.T) {
	limited(t, Rate{PerSecond: 10, Burst: 3}, Rate{PerSecond: 1, Burst: 4}, func(t *testing.T, f *fixture) {
		one, sister := f.secretIn(t, "one"), f.secretIn(t, "one")
		f.told(t, list(one, 200), "3", "2", "1", "")
		f.told(t, list(one, 200), "3", "1", "1", "")
		f.told(t, list(sister, 200), "4", "1", "3", "")
		f.told(t, list(sister, 200), "4", "0", "4", "")
		f.told(t, list(sister, 429), "4", "0", "4", "1")
	})
}

// A batch counts as its events: it is let in while there is room for one, and
// what comes after it waits.
func TestBatchCountsAsItsEvents(t *testing.T) {
	limited(t, Rate{PerSecond: 1, Burst: 2}, Rate{PerSecond: 1, Burst: 3}, func(t *testing.T, f *fixture) {
		one := f.secretIn(t, "one")
		batch := exchange{method: "POST", path: "/api/events/batch", header: map[string]string{"x-api-key": one}, status: http.StatusAccepted,
			body: `{"events":[{"type":"a","data":1},{"type":"a","data":2},{"type":"a","data":3},{"type":"a","data":4}]}`}
		f.do(t, batch)
		f.told(t, list(one, 429), "2", "0", "4", "3")
		time.Sleep(3*time.Second - 1)
		f.told(t, list(one, 429), "2", "0", "2", "1")
		time.Sleep(time.Nanosecond)
		f.told(t, list(one, 200), "2", "0", "2", "")

		// One that is refused as a whole counts once.
		time.Sleep(time.Minute)
		batch.body, batch.status = `{"events":[{"type":"a","data":1},{"type":"a"}]}`, http.StatusUnprocessableEntity
		f.told(t, batch, "2", "1", "1", "")
		f.told(t, list(one, 200), "2", "0", "2", "")
	})
}

func TestNoRate(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	for range 50 {
		f.told(t, list(rootKey, 200), "", "", "", "")
	}
}
