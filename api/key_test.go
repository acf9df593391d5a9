package api

import "testing"

func TestKeys(t *testing.T) {
	keys := func(secret string) (Key, bool) {
		switch secret {
		case "root":
			return Key{Permissions: []string{Everything}}, true
		case "shop-1":
			return Key{StoreID: "shop-1", Permissions: []string{Everything}}, true
		case "reader":
			return Key{StoreID: "shop-1", Permissions: []string{WebhooksRead}}, true
		case "manager":
			return Key{StoreID: "shop-1", Permissions: []string{WebhooksManage}}, true
		}
		return Key{}, false
	}
	f := newFixture(t, development(), Config{Keys: keys})
	as := func(key string, more ...string) map[string]string {
		h := map[string]string{"x-api-key": key}
		for i := 0; i < len(more); i += 2 {
			h[more[i]] = more[i+1]
		}
		return h
	}
	hook := `{"url":"https://example.com/hook","events":["*"]}`
	f.run(t, []exchange{
		{name: "x-api-key", method: "POST", path: "/api/stores", body: `{"id":"shop-1"}`, header: as("root"), status: 201},
		{name: "Bearer", method: "GET", path: "/api/stores", header: as("", "authorization", "Bearer root"), status: 200},
		{name: "bearer", method: "GET", path: "/v2/webhooks", header: as("", "authorization", "bearer root"), status: 200},
		{name: "both, the same", method: "GET", path: "/api/stores", header: as("root", "authorization", "Bearer root"), status: 200},
		{name: "both, different", method: "GET", path: "/api/stores", header: as("root", "authorization", "Bearer shop-1"), status: 401},
		{name: "a proxy's Basic is not ours", method: "GET", path: "/api/stores", header: as("root", "authorization", "Basic eDp5"), status: 200},
		{name: "none", method: "GET", path: "/api/stores", header: as(""), status: 401, has: []string{`"code":"unauthorized"`, "x-api-key"}},
		{name: "wrong", method: "GET", path: "/api/stores", header: as("wrong"), status: 401, lacks: []string{"wrong"}},
		{name: "an empty bearer", method: "GET", path: "/api/stores", header: as("", "authorization", "Bearer "), status: 401},
		{name: "none, and a bad body", method: "POST", path: "/api/events", body: `{`, header: as(""), status: 401},

		{name: "of one store, in its store", method: "POST", path: "/api/webhooks", body: hook, header: as("shop-1"), status: 201, has: []string{`"storeId":"shop-1"`}},
		{name: "of one store, naming it", method: "GET", path: "/api/webhooks", header: as("shop-1", "x-store-id", "shop-1"), status: 200, has: []string{`"storeId":"shop-1"`}},
		{name: "of one store, naming another", method: "GET", path: "/api/webhooks", header: as("shop-1", "x-store-id", "default"), status: 403, has: []string{`"code":"forbidden"`}},
		{name: "of one store, listing all", method: "GET", path: "/api/stores", header: as("shop-1"), status: 403},
		{name: "of one store, making one", method: "POST", path: "/api/stores", body: `{"id":"x"}`, header: as("shop-1"), status: 403},
		{name: "of one store, deleting it", method: "DELETE", path: "/api/stores/shop-1", header: as("shop-1"), status: 403},
		{name: "of one store, seeing it", method: "GET", path: "/api/stores/shop-1", header: as("shop-1"), status: 200},
		{name: "of one store, seeing another", method: "GET", path: "/api/stores/default", header: as("shop-1"), status: 403},
		{name: "of one store, changing another", method: "PATCH", path: "/api/stores/default", body: `{"name":"x"}`, header: as("shop-1"), status: 403},
		{name: "of all stores, naming none", method: "GET", path: "/api/webhooks", header: as("root"), status: 200, has: []string{`"data":[]`}},
		{name: "of all stores, naming one", method: "GET", path: "/api/webhooks", header: as("root", "x-store-id", "shop-1"), status: 200, has: []string{`"storeId":"shop-1"`}},
		{name: "of all stores, naming what is not there", method: "GET", path: "/api/webhooks", header: as("root", "x-store-id", "nope"), status: 404, has: []string{`"code":"not_found"`, "nope"}},
		{name: "emit where there is no store", method: "POST", path: "/api/events", body: `{"type":"a","data":1}`, header: as("root", "x-store-id", "nope"), status: 404},

		{name: "may read", method: "GET", path: "/api/webhooks", header: as("reader"), status: 200},
		{name: "may not write", method: "POST", path: "/api/webhooks", body: hook, header: as("reader"), status: 403, has: []string{"webhooks:manage"}},
		{name: "may not emit", method: "POST", path: "/api/events", body: `{"type":"a","data":1}`, header: as("reader"), status: 403, has: []string{"events:emit"}},
		{name: "who manages may read", method: "GET", path: "/api/webhooks", header: as("manager"), status: 200},
	})
}

func TestRootKey(t *testing.T) {
	for _, x := range []struct {
		keys   Keys
		secret string
		ok     bool
	}{
		{RootKey("a", "b"), "a", true},
		{RootKey("a", "b"), "b", true},
		{RootKey("a", "b"), "ab", false},
		{RootKey("a"), "", false},
		{RootKey(""), "", false},
		{RootKey(), "a", false},
	} {
		if key, ok := x.keys(x.secret); ok != x.ok || ok != key.may(StoresManage) {
			t.Errorf("%q: %v, %v", x.secret, key, ok)
		}
	}
}
