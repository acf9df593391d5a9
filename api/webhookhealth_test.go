package api

import "testing"

// TestWebhookHealth: limits are kept and shown, bad ones refused, and the health of
// a webhook is as the document has it.
func TestWebhookHealth(t *testing.T) {
	f := newFixture(t, development(), Config{})
	for _, x := range []exchange{
		{method: "POST", path: "/api/webhooks", body: `{"id":"w","url":"http://127.0.0.1:9/","events":["*"],"limits":{"ratePerSecond":2.5,"concurrency":null},"deactivateAfterSeconds":432000}`, status: 201, has: []string{`"limits":{"ratePerSecond":2.5,"concurrency":null}`, `"deactivateAfterSeconds":432000`}},
		{method: "PATCH", path: "/api/webhooks/w", body: `{"limits":{"concurrency":3},"deactivateAfterSeconds":null}`, status: 200, has: []string{`"limits":{"ratePerSecond":null,"concurrency":3}`, `"deactivateAfterSeconds":null`}},
		{method: "PATCH", path: "/api/webhooks/w", body: `{"limits":{"concurrency":0}}`, status: 422, has: []string{`/limits/concurrency`}},
		{method: "PATCH", path: "/api/webhooks/w", body: `{"limits":{"ratePerSecond":0.0001}}`, status: 422, has: []string{`/limits/ratePerSecond`}},
		{method: "PATCH", path: "/api/webhooks/w", body: `{"deactivateAfterSeconds":60}`, status: 422, has: []string{`/deactivateAfterSeconds`}},
		{method: "PATCH", path: "/api/stores/default", body: `{"limits":{"ratePerSecond":100,"concurrency":50},"deactivateAfterSeconds":600}`, status: 200, has: []string{`"ratePerSecond":100`, `"deactivateAfterSeconds":600`}},
		{method: "GET", path: "/api/webhooks/w/health", status: 200, has: []string{`"state":"closed"`, `"maxConcurrency":3`, `"successRate":null`}},
		{method: "GET", path: "/v2/webhooks/none/health", status: 404},
		{method: "GET", path: "/api/audit/webhook/w", status: 200, has: []string{`"concurrency":3`}},
	} {
		f.do(t, x)
	}
}
