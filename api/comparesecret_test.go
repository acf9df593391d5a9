package api

import (
	"strings"
	"testing"

	"github.com/billhook/billhook"
)

// TestCompareSecret: what is named rightly is told, nothing is shown, and nothing is on
// record.
func TestCompareSecret(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	id := f.register(t, `{"url":"https://example.com/hook","events":["*"],"secret":"first-secret","headers":{"X-Token":"token-1","X-Other":"token-2"}}`)
	compare := "/api/webhooks/" + id + "/compare-secret"
	before := f.contents(t)
	f.run(t, []exchange{
		{name: "right", method: "POST", path: compare, body: `{"secret":"first-secret","headers":{"x-token":"token-1"}}`, status: 200, has: []string{`{"secret":true,"headers":{"x-token":true}}`}},
		{name: "wrong", method: "POST", path: compare, body: `{"secret":"other-secret","headers":{"X-Token":"token-2","X-None":""}}`, status: 200,
			has: []string{`"secret":false`, `"X-Token":false`, `"X-None":false`}, lacks: []string{"first", "token-1"}},
		{name: "the mask", method: "POST", path: compare, body: `{"headers":{"X-Token":"***"}}`, status: 200, has: []string{`{"secret":null,"headers":{"X-Token":false}}`}},
		{name: "nothing", method: "POST", path: compare, body: `{}`, status: 200, has: []string{`{"secret":null,"headers":{}}`}},
		{name: "below the other path", method: "POST", path: strings.Replace(compare, "/api/", "/v2/", 1), body: `{"secret":"first-secret"}`, status: 200, has: []string{`"secret":true`}},
		{name: "something else", method: "POST", path: compare, body: `{"key":"x"}`, status: 422, has: []string{`"pointer":"/key"`}},
		{name: "an empty secret", method: "POST", path: compare, body: `{"secret":""}`, status: 422, has: []string{`"pointer":"/secret"`, "to compare"}},
		{name: "null", method: "POST", path: compare, body: `{"secret":null,"headers":null}`, status: 200, has: []string{`{"secret":null,"headers":{}}`}},
		{name: "no such webhook", method: "POST", path: "/api/webhooks/nope/compare-secret", body: `{}`, status: 404},
	})
	if after := f.contents(t); after != before {
		t.Errorf("comparing has left a trace:\n%s", after)
	}
	f.do(t, exchange{method: "POST", path: "/api/webhooks/" + id + "/rotate-secret", body: `{"secret":"second-secret"}`, status: 200})
	f.do(t, exchange{name: "the one before", method: "POST", path: compare, body: `{"secret":"first-secret"}`, status: 200, has: []string{`"secret":false`}})
}
