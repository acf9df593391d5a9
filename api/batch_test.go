package api

import (
	"testing"

	"github.com/billhook/billhook"
)

// TestBatchChoices: what a webhook may choose of batches, and what it is told.
func TestBatchChoices(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	plain := f.do(t, exchange{method: "POST", path: "/api/webhooks", status: 201,
		body: `{"url":"https://example.com/hook","events":["*"]}`, has: []string{`"batch":null`}})
	path := "/api/webhooks/" + plain.text("id")
	f.do(t, exchange{method: "POST", path: "/api/webhooks", status: 201,
		body: `{"url":"https://example.com/hook","events":["*"],"batch":{"maxEvents":100,"maxWaitMs":60000,"maxBytes":1024}}`,
		has:  []string{`"batch":{"maxEvents":100,"maxWaitMs":60000,"maxBytes":1024}`}})
	f.run(t, []exchange{
		{name: "change", method: "PATCH", path: path, body: `{"batch":{"maxEvents":2}}`, status: 200, has: []string{`"batch":{"maxEvents":2,"maxWaitMs":0,"maxBytes":262144}`}},
		{name: "audited", method: "GET", path: "/api/audit?event=webhooks.update", status: 200, has: []string{`"batch":{"maxEvents":2}`}},
		{name: "another change", method: "PATCH", path: path, body: `{"name":"x"}`, status: 200, has: []string{`"maxEvents":2`}},
		{name: "one", method: "PATCH", path: path, body: `{"batch":{"maxEvents":1}}`, status: 422, has: []string{`"pointer":"/batch/maxEvents"`, "between 2 and 100"}},
		{name: "too many", method: "PATCH", path: path, body: `{"batch":{"maxEvents":101}}`, status: 422, has: []string{`"pointer":"/batch/maxEvents"`}},
		{name: "too long", method: "PATCH", path: path, body: `{"batch":{"maxEvents":2,"maxWaitMs":60001}}`, status: 422, has: []string{`"pointer":"/batch/maxWaitMs"`}},
		{name: "before", method: "POST", path: "/api/webhooks", body: `{"url":"https://example.com/hook","events":["*"],"batch":{"maxEvents":2,"maxWaitMs":-1}}`, status: 422, has: []string{`"pointer":"/batch/maxWaitMs"`}},
		{name: "too small", method: "PATCH", path: path, body: `{"batch":{"maxEvents":2,"maxBytes":1023}}`, status: 422, has: []string{`"pointer":"/batch/maxBytes"`}},
		{name: "too large", method: "PATCH", path: path, body: `{"batch":{"maxEvents":2,"maxBytes":1048577}}`, status: 422, has: []string{`"pointer":"/batch/maxBytes"`}},
		{name: "a wait alone", method: "PATCH", path: path, body: `{"batch":{"maxWaitMs":500}}`, status: 422, has: []string{`"pointer":"/batch/maxEvents"`, "is missing"}},
		{name: "a length alone", method: "PATCH", path: path, body: `{"batch":{"maxBytes":2048}}`, status: 422, has: []string{`"pointer":"/batch/maxEvents"`}},
		{name: "no member", method: "PATCH", path: path, body: `{"batch":{"size":2}}`, status: 422, has: []string{`"pointer":"/batch/size"`}},
		{name: "no number", method: "PATCH", path: path, body: `{"batch":{"maxEvents":"2"}}`, status: 422, has: []string{`"pointer":"/batch/maxEvents"`}},
		{name: "no object", method: "PATCH", path: path, body: `{"batch":2}`, status: 422, has: []string{`"pointer":"/batch"`}},
		{name: "as it was", method: "GET", path: path, status: 200, has: []string{`"maxEvents":2`}},
		{name: "none", method: "PATCH", path: path, body: `{"batch":null}`, status: 200, has: []string{`"batch":null`}},
		{name: "none in numbers", method: "PATCH", path: path, body: `{"batch":{"maxEvents":0,"maxWaitMs":null}}`, status: 200, has: []string{`"batch":null`}},
	})
}
