package api

import (
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// TestOrderChoices: what a webhook may choose of order, and what it is told.
func TestOrderChoices(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	plain := f.do(t, exchange{method: "POST", path: "/api/webhooks", status: 201,
		body: `{"url":"https://example.com/hook","events":["*"]}`, has: []string{`"order":"none"`, `"coalesce":{"latest":[]}`}})
	path := "/api/webhooks/" + plain.text("id")
	f.do(t, exchange{method: "POST", path: "/api/webhooks", status: 201,
		body: `{"url":"https://example.com/hook","events":["*"],"order":"entity","coalesce":{"latest":["inventory.*","price.changed"]}}`,
		has:  []string{`"order":"entity"`, `"coalesce":{"latest":["inventory.*","price.changed"]}`}})
	f.run(t, []exchange{
		{name: "change", method: "PATCH", path: path, body: `{"order":"entity"}`, status: 200, has: []string{`"order":"entity"`, `"latest":[]`}},
		{name: "coalesce", method: "PATCH", path: path, body: `{"coalesce":{"latest":["inventory.*"]}}`, status: 200, has: []string{`"order":"entity"`, `"latest":["inventory.*"]`}},
		{name: "audited", method: "GET", path: "/api/audit?event=webhooks.update", status: 200, has: []string{`"order":"entity"`, `"latest":["inventory.*"]`}},
		{name: "another change", method: "PATCH", path: path, body: `{"name":"x"}`, status: 200, has: []string{`"order":"entity"`, `"latest":["inventory.*"]`}},
		{name: "the defaults", method: "PATCH", path: path, body: `{"order":null,"coalesce":null}`, status: 200, has: []string{`"order":"none"`, `"latest":[]`}},
		{name: "no order", method: "PATCH", path: path, body: `{"order":"strict"}`, status: 422, has: []string{`"pointer":"/order"`, "none"}},
		{name: "no type", method: "PATCH", path: path, body: `{"coalesce":{"latest":["a","*b"]}}`, status: 422, has: []string{`"pointer":"/coalesce/latest/1"`}},
		{name: "no member", method: "PATCH", path: path, body: `{"coalesce":{"newest":["a"]}}`, status: 422, has: []string{`"pointer":"/coalesce/newest"`}},
		{name: "no list", method: "POST", path: "/api/webhooks", body: `{"url":"https://example.com/hook","events":["*"],"coalesce":{"latest":"a"}}`, status: 422, has: []string{`"pointer":"/coalesce/latest"`}},
		{name: "as it was", method: "GET", path: path, status: 200, has: []string{`"order":"none"`, `"latest":[]`}},
	})
}

// TestSequenceAndSchedule: an event's number and its time, where they are shown.
func TestSequenceAndSchedule(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	f.do(t, exchange{method: "POST", path: "/api/webhooks", body: `{"url":"https://example.com/hook","events":["*"]}`, status: 201})
	later := time.Now().Add(48 * time.Hour).UTC().Format("2006-01-02T15:04:05Z")
	far := time.Now().Add(400 * 24 * time.Hour).UTC().Format(time.RFC3339)
	event := func(rest string) string { return `{"type":"item.moved","data":{}` + rest + `}` }
	f.run(t, []exchange{
		{name: "the first", method: "POST", path: "/api/events", body: event(`,"id":"e1","entity":{"type":"item","id":"i1"}`), status: 202},
		{name: "the second, later", method: "POST", path: "/api/events", body: event(`,"id":"e2","entity":{"type":"item","id":"i1"},"deliverAt":"` + later + `"`), status: 202},
		{name: "about nothing", method: "POST", path: "/api/events", body: event(`,"id":"e3","deliverAt":null`), status: 202},
		{name: "event 1", method: "GET", path: "/api/events/e1", status: 200, has: []string{`"sequence":1`}},
		{name: "event 2", method: "GET", path: "/api/events/e2", status: 200, has: []string{`"sequence":2`}},
		{name: "event 3", method: "GET", path: "/api/events/e3", status: 200, has: []string{`"sequence":null`}},
		{name: "delivery 2", method: "GET", path: "/api/deliveries?eventId=e2", status: 200, has: []string{`"sequence":2`, `"nextAttemptAt":"` + later[:19]}},
		{name: "delivery 3", method: "GET", path: "/api/deliveries?eventId=e3", status: 200, has: []string{`"sequence":null`}},
		{name: "skipped", method: "GET", path: "/api/deliveries?status=skipped", status: 200, has: []string{`"data":[]`}},
		{name: "too far", method: "POST", path: "/api/events", body: event(`,"deliverAt":"` + far + `"`), status: 422, has: []string{`"pointer":"/deliverAt"`}},
		{name: "no time", method: "POST", path: "/api/events", body: event(`,"deliverAt":"soon"`), status: 422, has: []string{`"pointer":"/deliverAt"`}},
		{name: "in a batch", method: "POST", path: "/api/events/batch", body: `{"events":[` + event("") + `,` + event(`,"deliverAt":"`+far+`"`) + `]}`, status: 422, has: []string{`"pointer":"/events/1/deliverAt"`}},
	})
}
