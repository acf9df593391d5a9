package api

import (
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

func TestRecoveries(t *testing.T) {
	t.Parallel()
	f := newFixture(t, billhook.Config{}, Config{})
	hook := f.register(t, `{"url":"https://example.com/","events":["order.*"]}`)
	off := f.register(t, `{"url":"https://example.com/","events":["*"],"isActive":false}`)
	path := "/api/webhooks/" + hook
	const since = `"since":"2026-01-01T00:00:00Z"`
	f.run(t, []exchange{
		{name: "all that is dead", method: "POST", path: "/api/deliveries/retry", body: `{}`, status: 202,
			has: []string{`"kind":"retry"`, `"webhookId":null`, `"status":"dead"`, `"ratePerSecond":100`, `"status":"running"`, `"queued":0`}},
		{name: "by a filter", method: "POST", path: "/api/deliveries/retry", status: 202,
			body: `{"status":"cancelled","webhookId":"` + hook + `","event":"order.paid","from":"2026-01-01T00:00:00Z","to":"2026-02-01T00:00:00+02:00","ratePerSecond":7}`,
			has:  []string{`"status":"cancelled"`, `"types":["order.paid"]`, `"from":"2026-01-01T00:00:00.000Z"`, `"to":"2026-01-31T22:00:00.000Z"`, `"ratePerSecond":7`}},
		{name: "recover", method: "POST", path: path + "/recover", body: `{` + since + `}`, status: 202, has: []string{`"kind":"recover"`, `"webhookId":"` + hook}},
		{name: "replay", method: "POST", path: path + "/replay", body: `{` + since + `,"types":["order.*"]}`, status: 202, has: []string{`"kind":"replay"`, `"types":["order.*"]`}},
		{name: "alias", method: "POST", path: "/v2/webhooks/" + hook + "/recover", body: `{` + since + `}`, status: 202},
		{name: "dry run", method: "POST", path: "/api/deliveries/retry", body: `{"dryRun":true}`, status: 200, has: []string{`"dryRun":true`, `"found":0`, `"atLeast":false`}},

		{name: "no body", method: "POST", path: "/api/deliveries/retry", status: 400},
		{name: "another member", method: "POST", path: "/api/deliveries/retry", body: `{"since":"2026-01-01T00:00:00Z"}`, status: 422, has: []string{`"pointer":"/since"`}},
		{name: "what waits", method: "POST", path: "/api/deliveries/retry", body: `{"status":"pending"}`, status: 422, has: []string{`"pointer":"/status"`, `"hint"`}},
		{name: "all that was delivered", method: "POST", path: "/api/deliveries/retry", body: `{"status":"delivered"}`, status: 422, has: []string{`"pointer":"/webhookId"`}},
		{name: "a webhook that is not there", method: "POST", path: "/api/deliveries/retry", body: `{"webhookId":"wh_none"}`, status: 422, has: []string{`"pointer":"/webhookId"`}},
		{name: "too fast", method: "POST", path: "/api/deliveries/retry", body: `{"ratePerSecond":10001}`, status: 422, has: []string{`"pointer":"/ratePerSecond"`}},
		{name: "at no rate", method: "POST", path: "/api/deliveries/retry", body: `{"ratePerSecond":0}`, status: 422, has: []string{`"pointer":"/ratePerSecond"`}},
		{name: "an empty time", method: "POST", path: "/api/deliveries/retry", body: `{"from":"2026-01-01T00:00:00Z","to":"2026-01-01T00:00:00Z"}`, status: 422, has: []string{`"pointer":"/to"`}},
		{name: "since never", method: "POST", path: path + "/recover", body: `{}`, status: 422, has: []string{`"pointer":"/since"`}},
		{name: "no pattern", method: "POST", path: path + "/replay", body: `{` + since + `,"types":["a","*x"]}`, status: 422, has: []string{`"pointer":"/types/1"`}},
		{name: "until before since", method: "POST", path: path + "/replay", body: `{` + since + `,"until":"2025-01-01T00:00:00Z"}`, status: 422, has: []string{`"pointer":"/until"`}},
		{name: "of none", method: "POST", path: "/api/webhooks/wh_none/recover", body: `{` + since + `}`, status: 404},
		{name: "of one that is inactive", method: "POST", path: "/api/webhooks/" + off + "/replay", body: `{` + since + `}`, status: 409, has: []string{"activate"}},
		{name: "a key too long", method: "POST", path: "/api/deliveries/retry", header: map[string]string{"Idempotency-Key": strings.Repeat("x", 256)}, body: `{}`, status: 422, has: []string{`"parameter":"Idempotency-Key"`}},

		{name: "list", method: "GET", path: "/api/recoveries?limit=2", status: 200, has: []string{`"nextCursor":"`}},
		{name: "list of those that run", method: "GET", path: "/api/recoveries?status=running", status: 200, has: []string{`"nextCursor":null`}},
		{name: "list of others", method: "GET", path: "/api/recoveries?status=failed", status: 200, has: []string{`"data":[]`}},
		{name: "list of nonsense", method: "GET", path: "/api/recoveries?status=dead", status: 422, has: []string{`"parameter":"status"`}},
		{name: "none", method: "GET", path: "/api/recoveries/rcv_none", status: 404},
		{name: "cancel none", method: "POST", path: "/api/recoveries/rcv_none/cancel", status: 404},
	})
	if all := f.do(t, exchange{method: "GET", path: "/api/recoveries", status: 200}).data(); len(all) != 5 {
		t.Errorf("%d recoveries, not 5: what was refused has left a trace", len(all))
	}

	keyed := map[string]string{"Idempotency-Key": "once"}
	first := f.do(t, exchange{method: "POST", path: path + "/recover", header: keyed, body: `{` + since + `}`, status: 202})
	id := first.text("id")
	if at := first.Header().Get("Location"); at != "/api/recoveries/"+id {
		t.Errorf("location %q", at)
	}
	if again := f.do(t, exchange{method: "POST", path: path + "/recover", header: keyed, body: `{` + since + `}`, status: 202}).text("id"); again != id {
		t.Errorf("a repeat is %s, not %s", again, id)
	}
	f.do(t, exchange{method: "POST", path: path + "/replay", header: keyed, body: `{` + since + `}`, status: 422, has: []string{"idempotency_key_reuse", id}})
	f.do(t, exchange{method: "GET", path: "/api/recoveries/" + id, status: 200, has: []string{`"status":"running"`, `"error":""`}})
	f.do(t, exchange{method: "POST", path: "/api/recoveries/" + id + "/cancel", status: 200, has: []string{`"status":"cancelled"`}})
	f.do(t, exchange{method: "POST", path: "/api/recoveries/" + id + "/cancel", status: 200, has: []string{`"status":"cancelled"`}})
	f.do(t, exchange{method: "GET", path: "/api/audit/recovery/" + id, status: 200,
		has: []string{"recoveries.create", "recoveries.cancel", `"kind":"recover"`}})
}

// TestRecoveryOverHTTP: what a webhook has missed comes back, and can be watched.
func TestRecoveryOverHTTP(t *testing.T) {
	t.Parallel()
	f := newFixture(t, billhook.Config{}, Config{})
	hook := f.register(t, `{"url":"https://example.com/","events":["*"]}`)
	var emitted []string
	for range 3 {
		emitted = append(emitted, f.emit(t, `{"type":"order.paid","data":{}}`))
	}
	if err := f.db.Join(t.Context()); err != nil {
		t.Fatal(err)
	}
	lane := billhook.Lane{StoreID: "default", WebhookID: hook}
	waiting, err := f.db.Pending(t.Context(), lane, billhook.Position{}, 10)
	if err != nil || len(waiting) != 3 {
		t.Fatalf("%d wait, %v", len(waiting), err)
	}
	b := &billhook.Batch{}
	for _, p := range waiting {
		b.Outcomes = append(b.Outcomes, &billhook.Outcome{Delivery: p, Status: billhook.StatusDead, Reason: "no answer", Attempt: billhook.Attempt{
			StoreID: p.StoreID, DeliveryID: p.ID, Number: 1, StartedAt: p.DueAt, Failure: billhook.FailureTimeout, Error: "no answer",
		}})
	}
	if err := f.db.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	since := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	f.do(t, exchange{method: "POST", path: "/api/webhooks/" + hook + "/recover", body: `{"since":"` + since + `","dryRun":true}`, status: 200, has: []string{`"found":3`}})
	f.do(t, exchange{method: "GET", path: "/api/deliveries?status=dead", status: 200, has: emitted})
	f.do(t, exchange{method: "POST", path: "/api/webhooks/" + hook + "/recover", body: `{"since":"` + since + `"}`, status: 202, has: []string{`"outcome":null`}})

	// One step of it, as a node makes it: one is delivered, one dies again, one waits.
	a := &billhook.Adoption{Limit: 1}
	if err := f.db.Commit(t.Context(), &billhook.Batch{Adoptions: []*billhook.Adoption{a}}); err != nil {
		t.Fatal(err)
	}
	step := &billhook.RecoveryStep{Recovery: a.Recoveries[0], Retries: waiting}
	step.Recovery.Step++
	if err := f.db.Commit(t.Context(), &billhook.Batch{RecoverySteps: []*billhook.RecoveryStep{step}}); err != nil || len(step.Deliveries) != 3 {
		t.Fatalf("%d wait again, %v", len(step.Deliveries), err)
	}
	b = &billhook.Batch{}
	for i, status := range []billhook.Status{billhook.StatusDelivered, billhook.StatusDead} {
		p := step.Deliveries[i]
		b.Outcomes = append(b.Outcomes, &billhook.Outcome{Delivery: p, Status: status, Attempt: billhook.Attempt{
			StoreID: p.StoreID, DeliveryID: p.ID, Number: 2, StartedAt: time.Now(),
		}})
	}
	if err := f.db.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	f.do(t, exchange{method: "GET", path: "/api/recoveries/" + a.Recoveries[0].ID, status: 200,
		has: []string{`"queued":3`, `"outcome":{"delivered":1,"dead":1,"waiting":1,"other":0}`}})
}
