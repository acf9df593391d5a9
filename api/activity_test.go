package api

import (
	"testing"

	"github.com/billhook/billhook"
)

// TestActivity: the series as it is shown, whose it is, and what cannot be asked for.
func TestActivity(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	f.register(t, `{"url":"https://example.com/hook","events":["*"]}`)
	f.emit(t, `{"type":"order.paid","data":1}`)
	f.do(t, exchange{method: "POST", path: "/api/stores", body: `{"id":"quiet"}`, status: 201})
	_, secret := f.key(t, "quiet", `{"name":"reader","permissions":["deliveries:read"]}`)
	own := map[string]string{"x-api-key": secret}
	const none = `"delivered":0,"failed":0,"dead":0,"waiting":0,"p50Ms":null,"p95Ms":null`
	const one = `"total":{"delivered":0,"failed":0,"dead":0,"waiting":1,"p50Ms":null,"p95Ms":null}`
	got := f.do(t, exchange{method: "GET", path: "/api/activity?stepSeconds=600", status: 200, has: []string{`"stepSeconds":600`, one, none}})
	if n := len(got.data()); n < 6 || n > 8 {
		t.Errorf("an hour has %d steps of ten minutes", n)
	}
	f.run(t, []exchange{
		{name: "a week", method: "GET", path: "/api/activity?from=2026-03-01&to=2026-03-07", status: 200, has: []string{`"from":"2026-03-01T00:00:00.000Z"`, `"to":"2026-03-08T00:00:00.000Z"`}},
		{name: "all stores", method: "GET", path: "/api/activity?stores=all", status: 200, has: []string{one}},
		{name: "another store's", method: "GET", path: "/api/activity", header: own, status: 200, has: []string{`"total":{` + none}},
		{name: "all stores, with a key for one", method: "GET", path: "/api/activity?stores=all", header: own, status: 403},
		{name: "some stores", method: "GET", path: "/api/activity?stores=some", status: 422, has: []string{`"parameter":"stores"`}},
		{name: "no multiple", method: "GET", path: "/api/activity?stepSeconds=301", status: 422, has: []string{`"parameter":"stepSeconds"`, "5 minutes"}},
		{name: "no number", method: "GET", path: "/api/activity?stepSeconds=hour", status: 422, has: []string{`"parameter":"stepSeconds"`}},
		{name: "too long", method: "GET", path: "/api/activity?from=2026-03-01&to=2026-03-20", status: 422, has: []string{`"parameter":"from"`, "8 days"}},
	})
}

// TestSearch: a dead letter's number leads to it, and a page says how far it looked.
func TestSearch(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	f.register(t, `{"url":"https://example.com/hook","events":["*"]}`)
	event := f.emit(t, `{"type":"order.paid","data":{"to":"Ada"},"entity":{"type":"order","id":"A-77"}}`)
	f.emit(t, `{"type":"order.paid","data":{"see":"A-77"}}`)
	const whole = `"nextCursor":null,"searchedTo":null`
	f.run(t, []exchange{
		{name: "an order number", method: "GET", path: "/api/deliveries?search=A-77", status: 200, has: []string{`{"data":[{"id":"`, `"eventId":"` + event, `"see":"A-77"`, whole}},
		{name: "a word", method: "GET", path: "/api/deliveries?search=ADA", status: 200, has: []string{event, whole}, lacks: []string{`"see"`}},
		{name: "with a status", method: "GET", path: "/api/deliveries?search=A-77&status=dead", status: 200, has: []string{`"data":[]`, whole}},
		{name: "a page", method: "GET", path: "/api/deliveries?search=A-77&limit=1", status: 200, has: []string{event, `"nextCursor":"`, `"searchedTo":null`}, lacks: []string{`"see"`}},
	})
	next := f.do(t, exchange{method: "GET", path: "/api/deliveries?search=A-77&limit=1", status: 200}).text("nextCursor")
	f.do(t, exchange{method: "GET", path: "/api/deliveries?search=A-77&limit=1&cursor=" + next, status: 200, has: []string{`"see":"A-77"`}, lacks: []string{event}})
}
