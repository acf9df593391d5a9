package api

import (
	"strings"
	"testing"

	"github.com/billhook/billhook"
)

// TestRegisterTwice: a repeat with the key answers the same webhook with its secret, in its
// store alone; where that was made, that it is shown once more is on record.
func TestRegisterTwice(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	const body = `{"url":"https://example.com/hook","events":["*"],"headers":{"X-Token":"t"}}`
	keyed := func(key, body, store string, status int) answer {
		t.Helper()
		return f.do(t, exchange{method: "POST", path: "/api/webhooks", header: map[string]string{"idempotency-key": key, "x-store-id": store}, body: body, status: status})
	}
	first := keyed("a", body, "default", 201)
	if again := keyed("a", body, "default", 201); again.Body.String() != first.Body.String() || again.Header().Get("Location") != first.Header().Get("Location") {
		t.Errorf("the first answer was\n%s\nand the second\n%s", first.Body, again.Body)
	}
	below := f.do(t, exchange{method: "POST", path: "/v2/webhooks", header: map[string]string{"idempotency-key": "a"}, body: body, status: 201})
	if below.text("id") != first.text("id") {
		t.Error("below the other path it is another")
	}
	reveals := func() int {
		return len(f.do(t, exchange{method: "GET", path: "/api/audit?event=webhooks.revealSecret", status: 200}).data())
	}
	if n := reveals(); n != 2 {
		t.Errorf("%d reveals are on record, of 2", n)
	}
	const named = `{"url":"https://example.com/hook","events":["*"],"secret":"whsec_a-secret-of-mine"}`
	keyed("b", named, "default", 201)
	if keyed("b", named, "default", 201); reveals() != 2 {
		t.Error("who names a secret is shown nothing, and that is on record as a reveal")
	}
	before := f.contents(t)
	refused := keyed("b", strings.Replace(named, "of-mine", "of-yours", 1), "default", 422)
	if text := refused.Body.String(); !strings.Contains(text, `"code":"idempotency_key_reuse"`) || !strings.Contains(text, "asked for in secrets") || strings.Contains(text, "of-mine") {
		t.Error(text)
	}
	keyed("b", body, "default", 422)
	if after := f.contents(t); after != before {
		t.Errorf("what was refused has left a trace:\n%s", after)
	}
	f.do(t, exchange{method: "POST", path: "/api/stores", body: `{"id":"other"}`, status: 201})
	if other := keyed("a", body, "other", 201); other.text("id") == first.text("id") || other.text("secret") == first.text("secret") {
		t.Error("stores share keys")
	}
}
