package api

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/billhook/billhook"
)

// key makes an API key and returns its id and its secret.
func (f *fixture) key(t testing.TB, storeID, body string) (id, secret string) {
	t.Helper()
	made := f.do(t, exchange{method: "POST", path: "/api/keys", header: map[string]string{"x-store-id": storeID}, body: body, status: 201})
	return made.text("id"), made.text("key")
}

func TestAPIKeys(t *testing.T) {
	f := newFixture(t, development(), Config{})
	f.do(t, exchange{method: "POST", path: "/api/stores", body: `{"id":"shop"}`, status: 201})
	there := map[string]string{"x-store-id": "shop"}

	made := f.do(t, exchange{method: "POST", path: "/api/keys", header: there, status: 201,
		body: `{"name":"till","permissions":["keys:manage","webhooks:read"],"expiresAt":"2100-01-01T00:00:00Z"}`,
		has:  []string{`"storeId":"shop"`, `"permissions":["keys:manage","webhooks:read"]`, `"expiresAt":"2100-01-01T00:00:00.000Z"`, `"name":"till"`}})
	id, secret := made.text("id"), made.text("key")
	if got := made.Header().Get("Location"); got != "/api/keys/"+id {
		t.Errorf("Location is %q", got)
	}
	if prefix := made.text("prefix"); !strings.HasPrefix(secret, prefix+"_") || len(secret) < len(prefix)+44 {
		t.Errorf("the key %q has the prefix %q", secret, prefix)
	}
	shared := f.do(t, exchange{method: "POST", path: "/api/keys", status: 201,
		body: `{"name":"all","permissions":["*"],"expiresAt":null,"allStores":true}`, has: []string{`"storeId":null`, `"expiresAt":null`}})
	sharedID := shared.text("id")
	hidden := []string{secret, shared.text("key"), `"key":`, "salt", "hash"}
	as := func(secret string) map[string]string { return map[string]string{"x-api-key": secret} }

	f.run(t, []exchange{
		{name: "list", method: "GET", path: "/api/keys", header: there, status: 200, has: []string{id, `"nextCursor":null`}, lacks: append(hidden, sharedID)},
		{name: "list by itself", method: "GET", path: "/api/keys", header: as(secret), status: 200, has: []string{id}, lacks: append(hidden, sharedID)},
		{name: "list of another store", method: "GET", path: "/api/keys", status: 200, has: []string{`"data":[]`}},
		{name: "list of those for all", method: "GET", path: "/api/keys?allStores=true", status: 200, has: []string{sharedID}, lacks: append(hidden, id)},
		{name: "not of those for all", method: "GET", path: "/api/keys?allStores=false", header: there, status: 200, has: []string{id}, lacks: []string{sharedID}},
		{name: "of those for all, by one of a store", method: "GET", path: "/api/keys?allStores=true", header: as(secret), status: 403},
		{name: "neither true nor false", method: "GET", path: "/api/keys?allStores=1", status: 422, has: []string{`"parameter":"allStores"`}},
		{name: "get", method: "GET", path: "/api/keys/" + id, header: there, status: 200, has: []string{id, "till"}, lacks: hidden},
		{name: "get from another store", method: "GET", path: "/api/keys/" + id, status: 404},
		{name: "get one for all", method: "GET", path: "/api/keys/" + sharedID, status: 200, has: []string{`"storeId":null`}, lacks: hidden},
		{name: "get one for all, by one of a store", method: "GET", path: "/api/keys/" + sharedID, header: as(secret), status: 404},
		{name: "get what is not there", method: "GET", path: "/api/keys/nope", status: 404},

		{name: "it may", method: "GET", path: "/api/webhooks", header: as(secret), status: 200},
		{name: "it may not", method: "GET", path: "/api/events", header: as(secret), status: 403},
		{name: "one for all may", method: "GET", path: "/api/stores", header: as(shared.text("key")), status: 200},
		{name: "the prefix is no key", method: "GET", path: "/api/webhooks", header: as(made.text("prefix")), status: 401},

		{name: "revoke one for all, by one of a store", method: "DELETE", path: "/api/keys/" + sharedID, header: as(secret), status: 404},
		{name: "revoke one for all", method: "DELETE", path: "/api/keys/" + sharedID, status: 204},
		{name: "it is refused", method: "GET", path: "/api/stores", header: as(shared.text("key")), status: 401},
		{name: "revoke itself", method: "DELETE", path: "/api/keys/" + id, header: as(secret), status: 204},
		{name: "once is enough", method: "DELETE", path: "/api/keys/" + id, header: as(secret), status: 401},
		{name: "twice is not found", method: "DELETE", path: "/api/keys/" + id, header: there, status: 404},
		{name: "no more", method: "GET", path: "/api/keys", header: there, status: 200, has: []string{`"data":[]`}},
	})
}

func TestAPIKeyPages(t *testing.T) {
	f := newFixture(t, development(), Config{})
	var made []string
	for range 3 {
		id, _ := f.key(t, "", `{"name":"k","permissions":["events:emit"]}`)
		made = append(made, id)
	}
	seen, cursor := map[string]bool{}, ""
	for range 3 {
		page := f.do(t, exchange{method: "GET", path: "/api/keys?limit=1" + cursor, status: 200})
		for _, k := range page.data() {
			seen[k["id"].(string)] = true
		}
		if next, ok := page.members()["nextCursor"].(string); ok {
			cursor = "&cursor=" + next
		} else {
			cursor = ""
		}
	}
	for _, id := range made {
		if !seen[id] {
			t.Errorf("%s is on no page", id)
		}
	}
	if cursor != "" {
		t.Errorf("after the last page: %s", cursor)
	}
}

func TestAPIKeysRefuse(t *testing.T) {
	f := newFixture(t, development(), Config{})
	before := f.contents(t)
	post := func(name, body string, status int, has ...string) exchange {
		return exchange{name: name, method: "POST", path: "/api/keys", body: body, status: status, has: has}
	}
	f.run(t, []exchange{
		post("no name", `{"permissions":["*"]}`, 422, `"pointer":"/name"`),
		post("no permissions", `{"name":"x"}`, 422, `"pointer":"/permissions"`),
		post("none", `{"name":"x","permissions":[]}`, 422, `"pointer":"/permissions"`),
		post("unknown permission", `{"name":"x","permissions":["events:emit","events:read"]}`, 422, `"pointer":"/permissions/1"`, "deliveries:read"),
		post("past", `{"name":"x","permissions":["*"],"expiresAt":"2020-01-01T00:00:00Z"}`, 422, `"pointer":"/expiresAt"`),
		post("no time", `{"name":"x","permissions":["*"],"expiresAt":"soon"}`, 422, `"pointer":"/expiresAt"`),
		post("unknown member", `{"name":"x","permissions":["*"],"key":"mine"}`, 422, `"pointer":"/key"`),
		post("not JSON", `{`, 400, `"code":"invalid_json"`),
	})
	if list := f.do(t, exchange{method: "GET", path: "/api/keys", status: 200}).data(); len(list) > 0 || f.contents(t) != before {
		t.Errorf("a refused call left a trace: %v", list)
	}
}

// TestKeyGivesNoMoreThanItHas: no key makes one that can do what it cannot.
func TestKeyGivesNoMoreThanItHas(t *testing.T) {
	f := newFixture(t, development(), Config{})
	tried := 0
	for _, maker := range billhook.Permissions() {
		for _, allStores := range []bool{false, true} {
			r := billhook.KeyRequest{Name: "maker", Permissions: []string{maker}, AllStores: allStores}
			if maker != Everything && maker != KeysManage {
				r.Permissions = append(r.Permissions, KeysManage)
			}
			_, secret, err := f.client.CreateKey(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			for _, given := range append(billhook.Permissions(), "made:up") {
				for _, forAll := range []string{"false", "true"} {
					want := 201
					switch {
					case forAll == "true" && !allStores, given != "made:up" && !billhook.Permits(r.Permissions, given):
						want = 403
					case given == "made:up":
						want = 422
					}
					tried++
					f.do(t, exchange{method: "POST", path: "/api/keys", header: map[string]string{"x-api-key": secret},
						body: `{"name":"made","permissions":["` + given + `"],"allStores":` + forAll + `}`, status: want})
				}
			}
		}
	}
	t.Logf("%d cases", tried)
}

// TestKeyOutlastsNotItsMaker: a key that expires makes no key that does not
// expire by then.
func TestKeyOutlastsNotItsMaker(t *testing.T) {
	f := newFixture(t, development(), Config{})
	_, secret := f.key(t, "", `{"name":"maker","permissions":["*"],"expiresAt":"2100-01-01T00:00:00Z"}`)
	as := map[string]string{"x-api-key": secret}
	f.run(t, []exchange{
		{name: "none given", method: "POST", path: "/api/keys", header: as, body: `{"name":"x","permissions":["*"]}`, status: 201, has: []string{`"expiresAt":"2100-01-01T00:00:00.000Z"`}},
		{name: "the same", method: "POST", path: "/api/keys", header: as, body: `{"name":"x","permissions":["*"],"expiresAt":"2100-01-01T00:00:00Z"}`, status: 201},
		{name: "sooner", method: "POST", path: "/api/keys", header: as, body: `{"name":"x","permissions":["*"],"expiresAt":"2099-01-01T00:00:00Z"}`, status: 201, has: []string{"2099"}},
		{name: "later", method: "POST", path: "/api/keys", header: as, body: `{"name":"x","permissions":["*"],"expiresAt":"2100-01-01T00:00:01Z"}`, status: 403, has: []string{`"pointer":"/expiresAt"`}},
	})
}

func TestExpiredKeyIsRefused(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := newFixtureIn(t, dir, development(), Config{})
		at := time.Now().Add(time.Minute).UTC().Format(time.RFC3339Nano)
		_, secret := f.key(t, "", `{"name":"brief","permissions":["*"],"expiresAt":"`+at+`"}`)
		as := map[string]string{"x-api-key": secret}
		time.Sleep(time.Minute - 1)
		f.do(t, exchange{method: "GET", path: "/api/webhooks", header: as, status: 200})
		time.Sleep(time.Nanosecond)
		f.do(t, exchange{method: "GET", path: "/api/webhooks", header: as, status: 401, has: []string{`"detail":"no such API key"`}})
	})
}

func TestChain(t *testing.T) {
	asked := 0
	keys := func(secrets ...string) Keys {
		return func(secret string) (Key, bool) {
			asked++
			for _, s := range secrets {
				if s == secret {
					return Key{Actor: secrets[0]}, true
				}
			}
			return Key{}, false
		}
	}
	chain := Chain(keys("one", "both"), keys("two", "both"))
	for secret, want := range map[string]string{"one": "one", "two": "two", "both": "one", "none": ""} {
		asked = 0
		if got, ok := chain(secret); got.Actor != want || ok != (want != "") || asked != 2 {
			t.Errorf("%q is that of %q, %v; %d asked", secret, got.Actor, ok, asked)
		}
	}
	if _, ok := Chain()("x"); ok {
		t.Error("an empty chain accepts")
	}
}
