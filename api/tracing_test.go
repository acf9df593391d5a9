package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/billhook/billhook"
)

// TestTraceContext: an event keeps the trace of its request, if that says one and not
// two, and a wrong one refuses nobody.
func TestTraceContext(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	const trace, other = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "00-4bf92f3577b34da6a3ce929d0e0e4737-00f067aa0ba902b8-01"
	for _, c := range []struct {
		traceparent, tracestate []string
		want, state             string
	}{
		{},
		{traceparent: []string{trace}, want: trace},
		{traceparent: []string{trace}, tracestate: []string{"a=1", "b=2,c=3"}, want: trace, state: "a=1,b=2,c=3"},
		{traceparent: []string{trace}, tracestate: []string{"a=1", "a=2"}, want: trace},
		{traceparent: []string{trace, trace}},
		{traceparent: []string{trace, other}},
		{traceparent: []string{trace + "," + other}},
		{traceparent: []string{strings.ToUpper(trace)}},
		{traceparent: []string{"nonsense"}, tracestate: []string{"a=1"}},
		{tracestate: []string{"a=1"}},
	} {
		for _, path := range []string{"/api/events", "/api/events/batch"} {
			body := `{"type":"order.paid","data":1}`
			if path == "/api/events/batch" {
				body = `{"events":[` + body + `]}`
			}
			r := httptest.NewRequest("POST", path, strings.NewReader(body))
			r.Header = http.Header{"X-Api-Key": {rootKey}, "Content-Type": {"application/json"}, "Traceparent": c.traceparent, "Tracestate": c.tracestate}
			answer := httptest.NewRecorder()
			f.handler.ServeHTTP(answer, r)
			if answer.Code != http.StatusAccepted {
				t.Fatalf("%v: %d %s", c, answer.Code, answer.Body)
			}
			events, err := f.client.Events(t.Context(), billhook.EventFilter{StoreID: "default", Limit: 1})
			if err != nil || len(events) != 1 {
				t.Fatal(err)
			}
			if got := events[0].TraceContext; got.Traceparent() != c.want || got.Tracestate() != c.state {
				t.Errorf("%s with %q, %q: the event keeps %q", path, c.traceparent, c.tracestate, got)
			}
		}
	}
}

// TestWebhookTraceContext: it is off unless somebody asks, and a change is on record.
func TestWebhookTraceContext(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	const start = `{"url":"https://example.com/hook","events":["*"]`
	created := f.do(t, exchange{method: "POST", path: "/api/webhooks", body: start + `}`, status: 201, has: []string{`"traceContext":false`}})
	path := "/api/webhooks/" + created.text("id")
	f.run(t, []exchange{
		{name: "asked for", method: "POST", path: "/api/webhooks", body: start + `,"traceContext":true}`, status: 201, has: []string{`"traceContext":true`}},
		{name: "null", method: "POST", path: "/api/webhooks", body: start + `,"traceContext":null}`, status: 201, has: []string{`"traceContext":false`}},
		{name: "no truth", method: "POST", path: "/api/webhooks", body: start + `,"traceContext":"yes"}`, status: 422, has: []string{`"pointer":"/traceContext"`}},
		{name: "a header", method: "POST", path: "/api/webhooks", body: start + `,"headers":{"traceparent":"x"}}`, status: 422, has: []string{`"pointer":"/headers/traceparent"`}},
		{name: "on", method: "PATCH", path: path, body: `{"traceContext":true}`, status: 200, has: []string{`"traceContext":true`}},
		{name: "another change", method: "PATCH", path: path, body: `{"name":"ERP"}`, status: 200, has: []string{`"traceContext":true`}},
		{name: "on record", method: "GET", path: "/api/audit/webhook/" + created.text("id"), status: 200, has: []string{`"traceContext":true`}},
		{name: "off", method: "PATCH", path: path, body: `{"traceContext":false}`, status: 200, has: []string{`"traceContext":false`}},
		{name: "nothing", method: "PATCH", path: path, body: `{"traceContext":null}`, status: 422, has: []string{`"pointer":"/traceContext"`}},
	})
}
