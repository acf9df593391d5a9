package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"
)

// A traceCollector is where spans are sent, in OTLP over HTTP.
type traceCollector struct {
	*httptest.Server
	mu    sync.Mutex
	spans []span
}

// A span is one that was sent; its attributes are text, those of the process too.
type span struct {
	name, trace, id, parent string
	about                   map[string]string
}

func collectTraces(t *testing.T) *traceCollector {
	t.Helper()
	c := &traceCollector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var sent collector.ExportTraceServiceRequest
		if err == nil {
			err = proto.Unmarshal(body, &sent)
		}
		if err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s: %v", r.URL.Path, err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, process := range sent.ResourceSpans {
			for _, scope := range process.ScopeSpans {
				for _, s := range scope.Spans {
					got := span{s.Name, fmt.Sprintf("%x", s.TraceId), fmt.Sprintf("%x", s.SpanId), fmt.Sprintf("%x", s.ParentSpanId), map[string]string{}}
					for _, a := range slices.Concat(process.Resource.Attributes, s.Attributes) {
						got.about[a.Key] = a.Value.GetStringValue()
						if a.Value.GetStringValue() == "" {
							got.about[a.Key] = fmt.Sprint(a.Value.GetIntValue())
						}
					}
					c.spans = append(c.spans, got)
				}
			}
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(c.Close)
	return c
}

// of are the spans of an event by that name, in order of their attempts.
func (c *traceCollector) of(event, name string) (found []span) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.spans {
		if s.name == name && s.about["billhook.event.id"] == event {
			found = append(found, s)
		}
	}
	slices.SortFunc(found, func(a, b span) int {
		return strings.Compare(a.about["billhook.attempt.number"], b.about["billhook.attempt.number"])
	})
	return found
}

// A tellTale is a receiver that keeps the traceparents it is sent, by event. It takes
// evt_1 when that comes for the third time, and others at once.
type tellTale struct {
	*httptest.Server
	mu   sync.Mutex
	told map[string][]string
}

func startTellTale(t *testing.T) *tellTale {
	t.Helper()
	r := &tellTale{told: map[string][]string{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		_, _ = io.Copy(io.Discard, req.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		id := req.Header.Get("webhook-id")
		r.told[id] = append(r.told[id], strings.Join(req.Header.Values("traceparent"), "; "))
		if id == "evt_1" && len(r.told[id]) < 3 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *tellTale) of(event string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.told[event])
}

// TestTracing: the caller's trace goes from its request through an attempt, a restart
// and two more, to the collector and to the receiver that asks for it.
func TestTracing(t *testing.T) {
	t.Parallel()
	traces, asking, silent := collectTraces(t), startTellTale(t), startTellTale(t)
	data := t.TempDir()
	env := []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + traces.URL, "OTEL_SERVICE_NAME=shop-webhooks", "OTEL_BSP_SCHEDULE_DELAY=50"}
	start := func() *server { return serveWith(t, env, "--addr", "127.0.0.1:0", "--data", data, "--dev") }
	s := start()
	const policy = `"retryPolicy": {"maxAttempts": 10, "backoffMultiplier": 1, "initialDelay": 1000}`
	s.register("/api/webhooks", `{"url": "`+asking.URL+`", "events": ["*"], "traceContext": true, `+policy+`}`)
	s.register("/api/webhooks", `{"url": "`+silent.URL+`", "events": ["*"], `+policy+`}`)

	const trace, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	s.header["traceparent"] = "00-" + trace + "-" + parent + "-01"
	s.call("POST", "/api/events", `{"id": "evt_1", "type": "order.paid", "data": 1}`, http.StatusAccepted)
	s.header["traceparent"] = "00-" + trace + "-" + parent + "-zz"
	s.call("POST", "/api/events", `{"id": "evt_wrong", "type": "order.paid", "data": 1}`, http.StatusAccepted)
	eventually(t, patience, func() string {
		if len(asking.of("evt_1")) == 0 || len(silent.of("evt_1")) == 0 {
			return "nothing was sent"
		}
		return ""
	})
	s.stop()
	s = start()
	s.settled(patience)
	s.stop() // and the last spans are sent

	emits, attempts := traces.of("evt_1", "emit"), traces.of("evt_1", "POST")
	if len(emits) != 1 || emits[0].trace != trace || emits[0].parent != parent || emits[0].about["service.name"] != "shop-webhooks" {
		t.Fatalf("the emit: %+v", emits)
	}
	// Where a process is stopped an attempt may be called off and made again.
	if n := len(asking.of("evt_1")); n < 3 || len(attempts) < 6 || len(attempts) < n+len(silent.of("evt_1")) {
		t.Fatalf("%d and %d requests, %d spans", n, len(silent.of("evt_1")), len(attempts))
	}
	var ids []string
	for _, a := range attempts {
		if a.trace != trace || a.parent != emits[0].id {
			t.Errorf("an attempt is of another trace: %+v", a)
		}
		ids = append(ids, "00-"+a.trace+"-"+a.id+"-01")
	}
	if last := attempts[len(attempts)-1].about; last["http.response.status_code"] != "200" || last["billhook.delivery.status"] != "delivered" {
		t.Errorf("the last attempt: %v", last)
	}
	for _, told := range asking.of("evt_1") {
		if !slices.Contains(ids, told) {
			t.Errorf("the receiver was told %q, which is no attempt's place", told)
		}
	}
	for _, told := range append(silent.of("evt_1"), silent.of("evt_wrong")...) {
		if told != "" {
			t.Errorf("who did not ask was told %q", told)
		}
	}
	wrong := traces.of("evt_wrong", "emit")
	if len(wrong) != 1 || wrong[0].trace == trace || wrong[0].parent != "" {
		t.Errorf("an emit with a traceparent that is none: %+v", wrong)
	}
	for _, a := range traces.of("evt_wrong", "POST") {
		if len(wrong) == 1 && a.trace != wrong[0].trace {
			t.Errorf("its attempts: %+v", a)
		}
	}
}

// TestTracingOff: without a collector the caller's context is passed on as it is, and
// what the environment says wrongly keeps nobody from starting.
func TestTracingOff(t *testing.T) {
	t.Parallel()
	for name, env := range map[string][]string{
		"nothing":          nil,
		"a name":           {"OTEL_SERVICE_NAME=shop"},
		"disabled":         {"OTEL_SDK_DISABLED=true", "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1"},
		"no exporter":      {"OTEL_TRACES_EXPORTER=none", "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1"},
		"another exporter": {"OTEL_TRACES_EXPORTER=zipkin"},
		"another protocol": {"OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asking := startTellTale(t)
			s := serveWith(t, env, "--addr", "127.0.0.1:0", "--data", t.TempDir(), "--dev")
			s.register("/api/webhooks", `{"url": "`+asking.URL+`", "events": ["*"], "traceContext": true}`)
			const caller = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
			s.header["traceparent"] = caller
			s.call("POST", "/api/events", `{"id": "evt_2", "type": "order.paid", "data": 1}`, http.StatusAccepted)
			s.settled(patience)
			if got := asking.of("evt_2"); !slices.Equal(got, []string{caller}) {
				t.Errorf("the receiver was told %q", got)
			}
			s.stop()
			if warned := strings.Contains(s.stderr.String(), "there are no traces"); warned != strings.HasPrefix(name, "another") {
				t.Errorf("it says: %s", s.stderr)
			}
		})
	}
}

// TestTracingUnreachable: a collector that is away costs deliveries nothing, and a stop
// no more than its time.
func TestTracingUnreachable(t *testing.T) {
	t.Parallel()
	r := startTellTale(t)
	s := serveWith(t, []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_HEADERS=api-key=of-the-collector"}, "--addr", "127.0.0.1:0", "--data", t.TempDir(), "--dev")
	s.register("/api/webhooks", `{"url": "`+r.URL+`", "events": ["*"]}`)
	s.call("POST", "/api/events", `{"id": "evt_3", "type": "order.paid", "data": 1}`, http.StatusAccepted)
	s.settled(patience)
	s.stop()
	if said := s.stderr.String(); !strings.Contains(said, "tracing") || strings.Contains(said, "of-the-collector") {
		t.Errorf("it says: %s", said)
	}
}
