package api

import (
	"strings"
	"testing"
)

func TestEventTypes(t *testing.T) {
	f := newFixture(t, development(), Config{})
	const path = "/api/event-types/giftcard.redeemed"
	f.run(t, []exchange{
		{name: "the profile's", method: "GET", path: "/api/event-types?limit=1", status: 200, has: []string{`"source":"profile"`, `"schema":null`, `"version":null`, `"createdAt":null`, `"nextCursor":"`}},
		{name: "add", method: "POST", path: "/api/event-types", body: `{"name":"giftcard.redeemed","description":"d","entity":{"type":"giftcard","id":"/id"},"examples":[{"id":"<g>"}],"schema":{"properties":{"id":{"type":"string"}},"type":"object"}}`, status: 201,
			has: []string{`"schema":{"properties":{"id":{"type":"string"}},"type":"object"}`, `"version":1`, `"source":"store"`, `"examples":[{"id":"<g>"}]`}},
		{name: "add twice", method: "POST", path: "/api/event-types", body: `{"name":"giftcard.redeemed"}`, status: 409, has: []string{`"code":"duplicate"`, `"pointer":"/name"`}},
		{name: "add one of the profile's", method: "POST", path: "/api/event-types", body: `{"name":"order.paid"}`, status: 409},
		{name: "get", method: "GET", path: path, status: 200, has: []string{`"failures":{"count":0,"lastAt":null`, `"versions":[{"version":1,"breaking":false`}},
		{name: "list", method: "GET", path: "/api/event-types", status: 200, has: []string{`"name":"giftcard.redeemed"`}, lacks: []string{`"failures"`}},
		{name: "change", method: "PATCH", path: path, body: `{"description":"e"}`, status: 200, has: []string{`"description":"e"`, `"version":1`}},
		{name: "add to the schema", method: "PATCH", path: path, body: `{"schema":{"type":"object","properties":{"id":{"type":"string"},"value":{"type":"number"}}}}`, status: 200, has: []string{`"version":2`}},
		{name: "break it", method: "PATCH", path: path, body: `{"schema":{"type":"object","required":["cents"],"properties":{"id":{"type":"number"},"cents":{}}}}`, status: 409,
			has: []string{`"code":"breaking_change"`, `"errors":[`, `"pointer":"/schema/properties/id/type"`, `"pointer":"/schema/properties/value"`, `"pointer":"/schema/required"`, `force`}},
		{name: "by force", method: "PATCH", path: path, body: `{"force":true,"schema":{"type":"object","required":["cents"],"properties":{"cents":{"type":"integer"}}}}`, status: 200, has: []string{`"version":3`, `"breaking":true`}},
		{name: "put", method: "PUT", path: path, body: `{}`, status: 200, has: []string{`"description":""`, `"entity":null`, `"version":3`}},
		{name: "put a new one", method: "PUT", path: "/api/event-types/a%2Fb", body: `{"schema":true}`, status: 201, has: []string{`"name":"a/b"`, `"schema":true`}},
		{name: "no schema", method: "PATCH", path: "/api/event-types/a%2Fb", body: `{"schema":{"type":"nothing"}}`, status: 422, has: []string{`"pointer":"/schema/type"`}},
		{name: "delete", method: "DELETE", path: "/api/event-types/a%2Fb", status: 204},
		{name: "gone", method: "GET", path: "/api/event-types/a%2Fb", status: 404},
		{name: "one of the profile's stays", method: "DELETE", path: "/api/event-types/order.paid", status: 409},
		{name: "change what is not there", method: "PATCH", path: "/api/event-types/nope", body: `{}`, status: 404},
		{name: "odd name", method: "PUT", path: "/api/event-types/a%20b", body: `{}`, status: 422, has: []string{`"pointer":"/name"`}},
		{name: "unknown member", method: "PUT", path: path, body: `{"name":"x"}`, status: 422, has: []string{`"pointer":"/name"`}},
		{name: "examples of no list", method: "PATCH", path: path, body: `{"examples":{}}`, status: 422, has: []string{`"pointer":"/examples"`}},
	})
}

func TestEmitsAreValidated(t *testing.T) {
	f := newFixture(t, development(), Config{})
	f.run(t, []exchange{
		{name: "a store that enforces", method: "PATCH", path: "/api/stores/default", body: `{"validation":"enforce"}`, status: 200, has: []string{`"validation":"enforce"`}},
		{name: "one that does something else", method: "PATCH", path: "/api/stores/default", body: `{"validation":"perhaps"}`, status: 422, has: []string{`"pointer":"/validation"`}},
		{name: "a new one that warns", method: "POST", path: "/api/stores", body: `{"id":"warns","validation":"warn"}`, status: 201, has: []string{`"validation":"warn"`}},
		{name: "a schema", method: "PATCH", path: "/api/event-types/order.paid", body: `{"schema":{"properties":{"a/b":{"type":"string"}},"required":["total"]}}`, status: 200},
	})
	before := f.contents(t)
	f.run(t, []exchange{
		{name: "all that is wrong", method: "POST", path: "/api/events", body: `{"type":"order.paid","data":{"a/b":1}}`, status: 422,
			has: []string{`"code":"schema_mismatch"`, `"pointer":"/data"`, `{"pointer":"/data/a~1b","detail":"got number, want string"}`, `'total'`}},
		{name: "in a batch", method: "POST", path: "/api/events/batch", body: `{"events":[{"type":"order.paid","data":{"total":1}},{"type":"order.paid","data":{}}]}`, status: 422, has: []string{`"pointer":"/events/1/data"`, `"errors":[{"pointer":"/events/1/data"`}},
		{name: "a version that is not there", method: "POST", path: "/api/events", body: `{"type":"order.paid","version":2,"data":{"total":1}}`, status: 422, has: []string{`"pointer":"/version"`}},
		{name: "version 0", method: "POST", path: "/api/events", body: `{"type":"order.paid","version":0,"data":{"total":1}}`, status: 422, has: []string{`"pointer":"/version"`}},
	})
	if after := f.contents(t); after != before {
		t.Errorf("left a trace:\n%s\nbefore:\n%s", after, before)
	}
	f.do(t, exchange{method: "POST", path: "/api/events", body: `{"type":"order.paid","version":1,"data":{"total":1}}`, status: 202})
	f.do(t, exchange{method: "GET", path: "/api/event-types/order.paid", status: 200, has: []string{`"failures":{"count":2,`, `"lastPointer":"/data"`}})
}

func TestFilters(t *testing.T) {
	f := newFixture(t, development(), Config{})
	for _, data := range []string{`{"total":50}`, `{"total":500}`, `{}`} {
		f.emit(t, `{"type":"order.paid","data":`+data+`}`)
	}
	f.emit(t, `{"type":"customer.created","data":{"total":1000}}`)
	f.do(t, exchange{method: "PATCH", path: "/api/event-types/order.paid", body: `{"schema":{}}`, status: 200})
	id := f.register(t, `{"url":"http://127.0.0.1:1/","events":["order.*"],"filter":"data.total > 100","eventVersions":{"order.paid":1}}`)
	path := "/api/webhooks/" + id
	f.run(t, []exchange{
		{name: "shown", method: "GET", path: path, status: 200, has: []string{`"filter":"data.total > 100"`, `"eventVersions":{"order.paid":1}`}},
		{name: "try its own", method: "POST", path: path + "/filter/dry-run", body: `{}`, status: 200, has: []string{`"looked":3,"matched":1,"failed":1,"more":false`, `"message":"no such key: total"`}, lacks: []string{"customer.created"}},
		{name: "try another", method: "POST", path: path + "/filter/dry-run", body: `{"filter":"data.total < 100","limit":2}`, status: 200, has: []string{`"looked":2`, `"more":true`}},
		{name: "try without a webhook", method: "POST", path: "/api/webhooks/filter/dry-run", body: `{"filter":"data.?total.orValue(0) > 100"}`, status: 200, has: []string{`"looked":4,"matched":2,"failed":0`, `"type":"customer.created"`}},
		{name: "try for some types", method: "POST", path: "/v2/webhooks/filter/dry-run", body: `{"filter":"true","events":["customer.*"]}`, status: 200, has: []string{`"looked":1,"matched":1`}},
		{name: "try nothing", method: "POST", path: "/api/webhooks/filter/dry-run", body: `{}`, status: 422, has: []string{`"pointer":"/filter"`}},
		{name: "try what is none", method: "POST", path: "/api/webhooks/filter/dry-run", body: `{"filter":"data.total >"}`, status: 422, has: []string{`"pointer":"/filter"`, "line 1, column 13"}},
		{name: "try too many", method: "POST", path: path + "/filter/dry-run", body: `{"limit":1001}`, status: 422, has: []string{`"pointer":"/limit"`}},
		{name: "of types with a webhook", method: "POST", path: path + "/filter/dry-run", body: `{"events":["*"]}`, status: 422, has: []string{`"pointer":"/events"`}},
		{name: "a filter that is none", method: "PATCH", path: path, body: `{"filter":"total > 100"}`, status: 422, has: []string{`"pointer":"/filter"`, "line 1, column 1: undeclared reference to 'total'"}},
		{name: "a version that is not there", method: "PATCH", path: path, body: `{"eventVersions":{"order.paid":2}}`, status: 422, has: []string{`"pointer":"/eventVersions/order.paid"`}},
		{name: "emit what does not match", method: "POST", path: "/api/events", body: `{"type":"order.paid","data":{"total":1}}`, status: 202, has: []string{`"deliveries":0`}},
		{name: "emit what has no value", method: "POST", path: "/api/events", body: `{"type":"order.paid","data":{}}`, status: 202, has: []string{`"deliveries":0`}},
		{name: "emit what matches", method: "POST", path: "/api/events", body: `{"type":"order.paid","data":{"total":101}}`, status: 202, has: []string{`"deliveries":1`}},
		{name: "what went wrong", method: "GET", path: path + "/filter", status: 200, has: []string{`"failures":{"count":1,`, `"lastMessage":"no such key: total"`}},
		{name: "without", method: "PATCH", path: path, body: `{"filter":null,"eventVersions":null}`, status: 200, has: []string{`"filter":null`, `"eventVersions":{}`}},
		{name: "emit without", method: "POST", path: "/api/events", body: `{"type":"order.paid","data":{}}`, status: 202, has: []string{`"deliveries":1`}},
	})
	if log := f.do(t, exchange{method: "GET", path: "/api/audit/webhook/" + id, status: 200}).Body.String(); !strings.Contains(log, `data.total \u003e 100`) && !strings.Contains(log, `data.total > 100`) {
		t.Errorf("the filter is not on record: %s", log)
	}
}
