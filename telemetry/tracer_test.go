package telemetry_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
	"github.com/billhook/billhook/sqlite"
	"github.com/billhook/billhook/telemetry"
)

// A tracedShop is an application that emits within spans of its own, and its Client.
type tracedShop struct {
	t        *testing.T
	path     string
	provider *sdktrace.TracerProvider
	spans    *tracetest.InMemoryExporter
	client   *billhook.Client
	stop     func()

	mu   sync.Mutex
	told map[string][]string // the traceparents that receivers were sent, by path
}

func newTracedShop(t *testing.T, options ...sdktrace.TracerProviderOption) *tracedShop {
	t.Helper()
	s := &tracedShop{t: t, path: filepath.Join(t.TempDir(), "billhook.db"), spans: tracetest.NewInMemoryExporter(), told: map[string][]string{}}
	s.provider = sdktrace.NewTracerProvider(append(options, sdktrace.WithSyncer(s.spans))...)
	s.start()
	t.Cleanup(func() { s.stop() })
	return s
}

// start is a life of the process.
func (s *tracedShop) start() {
	s.t.Helper()
	db, err := sqlite.Open(s.path, sqlite.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	s.client, err = billhook.New(db, billhook.Config{AllowInsecure: true, Logger: slog.New(slog.DiscardHandler), Tracer: telemetry.NewTracer(s.provider)})
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- s.client.Run(ctx) }()
	s.stop = func() {
		cancel()
		if err := <-ran; err != nil {
			s.t.Error(err)
		}
		s.client.Close()
		db.Close()
	}
}

// receive registers a webhook whose receiver answers with the statuses, one after the
// other, and then with the last.
func (s *tracedShop) receive(path string, asks bool, statuses ...int) {
	s.t.Helper()
	n := 0
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.told[r.URL.Path] = append(s.told[r.URL.Path], strings.Join(r.Header["Traceparent"], "; ")+strings.Join(r.Header["Tracestate"], "; "))
		w.WriteHeader(statuses[min(n, len(statuses)-1)])
		n++
	}))
	s.t.Cleanup(receiver.Close)
	_, err := s.client.Register(s.t.Context(), billhook.Registration{
		URL: receiver.URL + path + "?token=hidden", Events: []string{"*"}, WebhookSettings: billhook.WebhookSettings{TraceContext: asks},
		RetryPolicy: &profile.RetryPolicy{MaxAttempts: 5, BackoffMultiplier: 1, InitialDelay: 100 * time.Millisecond, RetryOn: profile.RetryOnAny},
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// emit emits within a span of the application's own, and returns that.
func (s *tracedShop) emit() trace.SpanContext {
	s.t.Helper()
	ctx, span := s.provider.Tracer("shop").Start(s.t.Context(), "checkout")
	defer span.End()
	if _, err := s.client.Emit(ctx, billhook.Emission{ID: "evt_1", Type: "order.paid", Data: []byte(`{"card":"4711"}`)}); err != nil {
		s.t.Fatal(err)
	}
	return span.SpanContext()
}

// until waits for so many spans of a name.
func (s *tracedShop) until(name string, n int) (found tracetest.SpanStubs) {
	s.t.Helper()
	for limit := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		found = nil
		for _, span := range s.spans.GetSpans() {
			if span.Name == name {
				found = append(found, span)
			}
		}
		if len(found) >= n {
			return found
		}
		if time.Now().After(limit) {
			s.t.Fatalf("%d spans %s, want %d", len(found), name, n)
		}
	}
}

func attributes(span tracetest.SpanStub) map[string]string {
	all := map[string]string{}
	for _, a := range span.Attributes {
		all[string(a.Key)] = a.Value.String()
	}
	return all
}

// TestTraces: an event of which two attempts fail and a third succeeds, after a
// restart, is one trace with the caller's span at its root, and its receiver is told
// each attempt's place.
func TestTraces(t *testing.T) {
	s := newTracedShop(t)
	s.receive("/asks", true, 500, 503, 200)
	mine := s.emit()
	emitted := s.until("emit", 1)[0]
	s.until("POST", 1)
	s.stop()
	s.start()
	attempts := s.until("POST", 3)

	if emitted.SpanContext.TraceID() != mine.TraceID() || emitted.Parent.SpanID() != mine.SpanID() || emitted.SpanKind != trace.SpanKindProducer {
		t.Errorf("the emit is %v, child of %v, want of %v", emitted.SpanContext, emitted.Parent, mine)
	}
	about := attributes(emitted)
	for name, want := range map[string]string{
		"messaging.system": "billhook", "messaging.operation.name": "emit", "messaging.operation.type": "send", "messaging.message.id": "evt_1",
		"billhook.store.id": "default", "billhook.event.id": "evt_1", "billhook.event.type": "order.paid", "billhook.event.deliveries": "1",
	} {
		if about[name] != want {
			t.Errorf("emit: %s is %q, want %q", name, about[name], want)
		}
	}
	var told []string
	for i, span := range attempts {
		if span.SpanContext.TraceID() != mine.TraceID() || span.Parent.SpanID() != emitted.SpanContext.SpanID() || !span.Parent.IsRemote() || span.SpanKind != trace.SpanKindClient {
			t.Errorf("attempt %d is %v, child of %v, want of %v", i+1, span.SpanContext, span.Parent, emitted.SpanContext)
		}
		about := attributes(span)
		for name, want := range map[string]string{
			"http.request.method": "POST", "http.response.status_code": []string{"500", "503", "200"}[i], "error.type": []string{"500", "503", ""}[i],
			"http.request.resend_count": []string{"", "1", "2"}[i], "server.address": "127.0.0.1", "url.scheme": "http",
			"billhook.store.id": "default", "billhook.event.id": "evt_1", "billhook.event.type": "order.paid",
			"billhook.attempt.number": fmt.Sprint(i + 1), "billhook.delivery.status": []string{"pending", "pending", "delivered"}[i],
		} {
			if about[name] != want {
				t.Errorf("attempt %d: %s is %q, want %q", i+1, name, about[name], want)
			}
		}
		if about["server.port"] == "" || about["billhook.webhook.id"] == "" || about["billhook.delivery.id"] == "" {
			t.Errorf("attempt %d: %v", i+1, about)
		}
		if want := map[bool]codes.Code{true: codes.Unset, false: codes.Error}[i == 2]; span.Status.Code != want {
			t.Errorf("attempt %d: status %v", i+1, span.Status)
		}
		if !span.EndTime.After(span.StartTime) {
			t.Errorf("attempt %d is from %v to %v", i+1, span.StartTime, span.EndTime)
		}
		told = append(told, "00-"+mine.TraceID().String()+"-"+span.SpanContext.SpanID().String()+"-01")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if got := fmt.Sprint(s.told["/asks"]); got != fmt.Sprint(told) {
		t.Errorf("the receiver was told %s, want %s", got, told)
	}
	for _, span := range s.spans.GetSpans() {
		for _, hidden := range []string{"4711", "hidden", "/asks"} {
			if strings.Contains(fmt.Sprint(span.Attributes, span.Status, span.Events), hidden) {
				t.Errorf("%s tells %q", span.Name, hidden)
			}
		}
	}
}

// TestTracesAreNotTold: a receiver that does not ask is told nothing, and its attempts
// are in the trace.
func TestTracesAreNotTold(t *testing.T) {
	s := newTracedShop(t)
	s.receive("/silent", false, 200)
	mine := s.emit()
	if got := s.until("POST", 1)[0]; got.SpanContext.TraceID() != mine.TraceID() {
		t.Errorf("the attempt is %v", got.SpanContext)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if got := fmt.Sprintf("%q", s.told["/silent"]); got != `[""]` {
		t.Errorf("it was told %s", got)
	}
}

// TestTracesUnsampled: what the caller does not record is not recorded here, also after
// a restart, and the receiver is told so.
func TestTracesUnsampled(t *testing.T) {
	s := newTracedShop(t, sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.NeverSample())))
	s.receive("/asks", true, 500, 200)
	mine := s.emit()
	s.stop()
	s.start()
	for limit := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		s.mu.Lock()
		told := append([]string(nil), s.told["/asks"]...)
		s.mu.Unlock()
		if len(told) >= 2 {
			for _, text := range told {
				if !strings.HasPrefix(text, "00-"+mine.TraceID().String()) || !strings.HasSuffix(text, "-00") {
					t.Errorf("it was told %s", text)
				}
			}
			break
		}
		if time.Now().After(limit) {
			t.Fatalf("%d requests", len(told))
		}
	}
	if got := s.spans.GetSpans(); len(got) > 0 {
		t.Errorf("recorded: %v", got)
	}
}

// TestRemoteCaller: the trace of a caller elsewhere goes on, tracestate and all, and a
// span of this process goes before it.
func TestRemoteCaller(t *testing.T) {
	s := newTracedShop(t)
	const remote = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	ctx := billhook.WithTraceContext(t.Context(), billhook.ParseTraceContext(remote, "shop=checkout,other@vendor=1"))
	e, err := s.client.Emit(ctx, billhook.Emission{Type: "order.paid", Data: []byte(`1`)})
	if err != nil {
		t.Fatal(err)
	}
	span := s.until("emit", 1)[0]
	if span.Parent.SpanID().String() != remote[36:52] || span.SpanContext.TraceID().String() != remote[3:35] || span.SpanContext.TraceState().String() != "shop=checkout,other@vendor=1" {
		t.Errorf("%v, child of %v", span.SpanContext, span.Parent)
	}
	if got := e.TraceContext; got.Traceparent() != "00-"+remote[3:35]+"-"+span.SpanContext.SpanID().String()+"-01" || got.Tracestate() != "shop=checkout,other@vendor=1" {
		t.Errorf("the event keeps %q", got)
	}
	ctx, own := s.provider.Tracer("shop").Start(ctx, "checkout")
	if _, err := s.client.Emit(ctx, billhook.Emission{Type: "order.paid", Data: []byte(`{`)}); err == nil {
		t.Fatal("half an object was accepted")
	}
	span = s.until("emit", 2)[1]
	if span.Parent.SpanID() != own.SpanContext().SpanID() || span.Status.Code != codes.Error || attributes(span)["error.type"] != "invalid_json" {
		t.Errorf("%v, child of %v: %v", span.SpanContext, span.Parent, attributes(span))
	}
	if _, err := s.client.EmitBatch(ctx, "", []billhook.Emission{{Type: "a", Data: []byte(`1`)}, {Type: "a", Data: []byte(`1`)}}); err != nil {
		t.Fatal(err)
	}
	if got := s.until("emit", 3)[2].Attributes; !contains(got, attribute.Int("messaging.batch.message_count", 2)) {
		t.Errorf("a batch: %v", got)
	}
}

func contains(all []attribute.KeyValue, want attribute.KeyValue) bool {
	for _, a := range all {
		if a == want {
			return true
		}
	}
	return false
}
