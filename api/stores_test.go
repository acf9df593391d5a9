package api

import (
	"testing"

	"github.com/billhook/billhook"
)

func TestStores(t *testing.T) {
	f := newFixture(t, development(), Config{})
	f.run(t, []exchange{
		{name: "the default store is there", method: "GET", path: "/api/stores", status: 200, has: []string{`"id":"default"`, `"nextCursor":null`}},
		{name: "create", method: "POST", path: "/api/stores", body: `{"id":"shop-1","name":"Shop One","profile":"litestore"}`, status: 201, has: []string{`"id":"shop-1"`, `"name":"Shop One"`, `"profile":"litestore"`}},
		{name: "create with defaults", method: "POST", path: "/api/stores", body: `{"id":"shop-2","name":null}`, status: 201, has: []string{`"name":"shop-2"`, `"profile":"standard"`}},
		{name: "get", method: "GET", path: "/api/stores/shop-1", status: 200, has: []string{`"name":"Shop One"`}},
		{name: "change", method: "PATCH", path: "/api/stores/shop-1", body: `{"name":"Uno"}`, status: 200, has: []string{`"name":"Uno"`, `"profile":"litestore"`}},
		{name: "first page", method: "GET", path: "/api/stores?limit=1", status: 200, has: []string{`"id":"default"`, `"nextCursor":"`}, lacks: []string{"shop-1"}},
		{name: "delete", method: "DELETE", path: "/api/stores/shop-2", status: 204},
		{name: "gone", method: "GET", path: "/api/stores/shop-2", status: 404, has: []string{`"code":"not_found"`}},
		{name: "its webhooks too", method: "GET", path: "/api/webhooks", header: map[string]string{"x-store-id": "shop-2"}, status: 404},
	})
	created := f.do(t, exchange{method: "POST", path: "/api/stores", body: `{"id":"shop-3"}`, status: 201})
	if got := created.Header().Get("Location"); got != "/api/stores/shop-3" {
		t.Errorf("Location is %q", got)
	}
}

func TestStoresAreApart(t *testing.T) {
	f := newFixture(t, development(), Config{})
	f.do(t, exchange{method: "POST", path: "/api/stores", body: `{"id":"other"}`, status: 201})
	there := map[string]string{"x-store-id": "other"}
	id := f.register(t, `{"url":"https://example.com/hook","events":["*"]}`)
	event := f.emit(t, `{"type":"order.paid","data":{}}`)
	delivery := f.do(t, exchange{method: "GET", path: "/api/deliveries", status: 200}).data()[0]["id"].(string)
	f.run(t, []exchange{
		{name: "list", method: "GET", path: "/api/webhooks", header: there, status: 200, has: []string{`"data":[]`}},
		{name: "get", method: "GET", path: "/api/webhooks/" + id, header: there, status: 404},
		{name: "secret", method: "GET", path: "/api/webhooks/" + id + "/secret", header: there, status: 404},
		{name: "change", method: "PATCH", path: "/api/webhooks/" + id, header: there, body: `{"isActive":false}`, status: 404},
		{name: "delete", method: "DELETE", path: "/api/webhooks/" + id, header: there, status: 404},
		{name: "deliveries of the webhook", method: "GET", path: "/api/webhooks/" + id + "/deliveries", header: there, status: 404},
		{name: "event", method: "GET", path: "/api/events/" + event, header: there, status: 404},
		{name: "events", method: "GET", path: "/api/events", header: there, status: 200, has: []string{`"data":[]`}},
		{name: "delivery", method: "GET", path: "/api/deliveries/" + delivery, header: there, status: 404},
		{name: "retry", method: "POST", path: "/api/deliveries/" + delivery + "/retry", header: there, status: 404},
	})
}

func TestStoresRefuse(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	before := f.contents(t)
	f.run(t, []exchange{
		{name: "taken", method: "POST", path: "/api/stores", body: `{"id":"default"}`, status: 409, has: []string{`"code":"duplicate"`, `"pointer":"/id"`}},
		{name: "no id", method: "POST", path: "/api/stores", body: `{"name":"x"}`, status: 422, has: []string{`"pointer":"/id"`, "is missing"}},
		{name: "bad id", method: "POST", path: "/api/stores", body: `{"id":"a b"}`, status: 422, has: []string{`"pointer":"/id"`}},
		{name: "no such profile", method: "POST", path: "/api/stores", body: `{"id":"x","profile":"nope"}`, status: 422, has: []string{`"pointer":"/profile"`}},
		{name: "unknown member", method: "POST", path: "/api/stores", body: `{"id":"x","colour":"red"}`, status: 422, has: []string{`"pointer":"/colour"`}},
		{name: "profile is not text", method: "PATCH", path: "/api/stores/default", body: `{"profile":1}`, status: 422, has: []string{`"pointer":"/profile"`}},
		{name: "null changes nothing", method: "PATCH", path: "/api/stores/default", body: `{"profile":null}`, status: 422, has: []string{`"pointer":"/profile"`}},
		{name: "change what is not there", method: "PATCH", path: "/api/stores/nope", body: `{"name":"x"}`, status: 404},
		{name: "delete default", method: "DELETE", path: "/api/stores/default", status: 409, has: []string{`"code":"conflict"`}},
		{name: "delete what is not there", method: "DELETE", path: "/api/stores/nope", status: 404},
	})
	if after := f.contents(t); after != before {
		t.Errorf("a refused call left a trace:\n%s\nbefore:\n%s", after, before)
	}
}
