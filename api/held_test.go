package api

import (
	"testing"
	"time"
)

// TestHeld: what is emitted while a webhook is not active is held, shows as that,
// and is accounted for.
func TestHeld(t *testing.T) {
	f := newFixture(t, development(), Config{})
	hook := f.register(t, `{"url":"https://example.com/","events":["order.paid"],"isActive":false,"whenInactive":"hold","held":{"maxCount":3}}`)
	other := f.register(t, `{"url":"https://example.com/","events":["*"],"isActive":false}`)
	path := "/api/webhooks/" + hook
	today := time.Now().UTC().Format(time.DateOnly)
	emit := exchange{name: "emit", method: "POST", path: "/api/events", body: `{"type":"order.paid","data":1}`, status: 202, has: []string{`"deliveries":1`}}
	f.run(t, []exchange{
		{name: "settings", method: "GET", path: path, status: 200, has: []string{`"whenInactive":"hold"`, `"held":{"maxCount":3,"maxAgeSeconds":2592000}`, `"heldDeliveries":null`}},
		{name: "defaults", method: "GET", path: "/api/webhooks/" + other, status: 200, has: []string{`"whenInactive":null`, `"held":{"maxCount":1000000,"maxAgeSeconds":2592000}`}},
		{name: "nothing in the ledger", method: "GET", path: path + "/ledger", status: 200, has: []string{`{"data":[],"since":null}`}},
		emit, emit,
		{name: "held", method: "GET", path: "/api/deliveries?status=held", status: 200, has: []string{`"status":"held"`, `"webhookId":"` + hook + `"`}},
		{name: "none is pending", method: "GET", path: "/api/deliveries?status=pending", status: 200, has: []string{`"data":[]`}},
		{name: "of the webhook", method: "GET", path: path + "/deliveries?status=held", status: 200, has: []string{`"status":"held"`}},
		{name: "none is skipped", method: "GET", path: path + "/deliveries?status=skipped", status: 200, has: []string{`"data":[]`}},
		{name: "ledger", method: "GET", path: path + "/ledger", status: 200,
			has: []string{`{"day":"` + today + `","matched":2,"delivered":0,"pending":0,"held":2,"dead":0,"cancelled":0,"skipped":{}}`}},
		{name: "ledger of one that skips", method: "GET", path: "/v2/webhooks/" + other + "/ledger?from=" + today + "&to=" + today, status: 200,
			has: []string{`"matched":2,`, `"skipped":{"inactive":2}`}},
		{name: "ledger of another day", method: "GET", path: path + "/ledger?from=2020-01-01&to=2020-01-02", status: 200, has: []string{`"data":[]`}},
		{name: "ledger of too many days", method: "GET", path: path + "/ledger?from=2020-01-01", status: 422},
		{name: "ledger of none", method: "GET", path: "/api/webhooks/nope/ledger", status: 404},
		{name: "ledger with a wrong parameter", method: "GET", path: path + "/ledger?status=held", status: 422},

		{name: "release before it is active", method: "PATCH", path: path, body: `{"heldDeliveries":{"action":"drop"}}`, status: 422, has: []string{`"pointer":"/heldDeliveries"`}},
		{name: "unknown action", method: "PATCH", path: path, body: `{"isActive":true,"heldDeliveries":{"action":"keep"}}`, status: 422, has: []string{`"pointer":"/heldDeliveries/action"`}},
		{name: "no rate", method: "PATCH", path: path, body: `{"isActive":true,"heldDeliveries":{"ratePerSecond":-1}}`, status: 422, has: []string{`"pointer":"/heldDeliveries/ratePerSecond"`}},
		{name: "no such choice", method: "PATCH", path: path, body: `{"whenInactive":"keep"}`, status: 422, has: []string{`"pointer":"/whenInactive"`}},
		{name: "too many", method: "PATCH", path: path, body: `{"held":{"maxCount":10000001}}`, status: 422, has: []string{`"pointer":"/held/maxCount"`}},
		{name: "none", method: "PATCH", path: path, body: `{"held":{"maxCount":0}}`, status: 422, has: []string{`"pointer":"/held/maxCount"`}},
		{name: "nothing of that has happened", method: "GET", path: path, status: 200, has: []string{`"isActive":false`, `"maxCount":3`}},
		{name: "defaults again", method: "PATCH", path: path, body: `{"whenInactive":null,"held":null}`, status: 200, has: []string{`"whenInactive":null`, `"maxCount":1000000`}},
		{name: "release", method: "PATCH", path: path, body: `{"isActive":true,"heldDeliveries":{"ratePerSecond":2.5}}`, status: 200,
			has: []string{`"isActive":true`, `"heldDeliveries":{"action":"deliver","ratePerSecond":2.5,"startedAt":"`}},
		{name: "pending again", method: "GET", path: "/api/deliveries?status=pending", status: 200, has: []string{`"status":"pending"`}},
		{name: "drop it after all", method: "PATCH", path: path, body: `{"heldDeliveries":{"action":"drop"}}`, status: 200, has: []string{`"heldDeliveries":{"action":"drop","ratePerSecond":null,`}},
	})
	active := f.register(t, `{"url":"https://example.com/","events":["*"]}`)
	f.run(t, []exchange{
		{name: "nothing is held for this one", method: "PATCH", path: "/api/webhooks/" + active, body: `{"heldDeliveries":{}}`, status: 409, has: []string{`"pointer":"/heldDeliveries"`}},
	})
}
