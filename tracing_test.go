package billhook_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

const caller = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

// traced is a context in a trace of the caller's.
func traced() context.Context {
	return billhook.WithTraceContext(context.Background(), billhook.ParseTraceContext(caller, "shop=checkout"))
}

func told(header http.Header) []string { return header["Traceparent"] }

func asksForTraces(r *billhook.Registration) { r.TraceContext = true }

// TestTracePassedOn: without a Tracer a receiver that asks for it is told what the
// caller said, however late and by whichever process; others are told nothing. The
// tracestate is for nobody.
func TestTracePassedOn(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		failing := func(n int, _ received) int { return []int{500, 500, 200}[min(n-1, 2)] }
		asking, other := &inbox{answer: failing}, &inbox{answer: failing}
		w.register(w.serve(9000, asking), asksForTraces)
		w.register(w.serve(9001, other))
		e, err := w.client.Emit(traced(), billhook.Emission{Type: "order.paid", Data: []byte(`1`)})
		if err != nil {
			t.Fatal(err)
		}
		settle(time.Second)
		w.reopen()
		w.run()
		settle(24 * time.Hour)
		stored, err := w.client.Event(context.Background(), "default", e.ID)
		if err != nil || stored.TraceContext != e.TraceContext || stored.TraceContext.Traceparent() != caller || stored.TraceContext.Tracestate() != "shop=checkout" {
			t.Errorf("kept: %q, %v", stored.TraceContext, err)
		}
		for i, r := range asking.all() {
			if got := told(r.header); !slices.Equal(got, []string{caller}) || r.header["Tracestate"] != nil {
				t.Errorf("request %d has traceparent %q, tracestate %q", i, got, r.header["Tracestate"])
			}
		}
		for i, r := range other.all() {
			if got := told(r.header); got != nil {
				t.Errorf("request %d to one that did not ask has traceparent %q", i, got)
			}
		}
		if len(asking.all()) != 3 || len(other.all()) != 3 {
			t.Fatalf("%d and %d requests, want 3 each", len(asking.all()), len(other.all()))
		}
	})
}

// TestTraceAskedForLater: the setting holds from its change on, and an event without a
// trace has nothing to tell.
func TestTraceAskedForLater(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		in := &inbox{}
		hook := w.register(w.serve(9000, in))
		emit := func(ctx context.Context) []string {
			t.Helper()
			if _, err := w.client.Emit(ctx, billhook.Emission{Type: "order.paid", Data: []byte(`1`)}); err != nil {
				t.Fatal(err)
			}
			settle(time.Second)
			all := in.all()
			return told(all[len(all)-1].header)
		}
		change := func(asks bool) {
			t.Helper()
			got, err := w.client.Update(context.Background(), "default", hook.ID, billhook.WebhookChange{TraceContext: &asks})
			if err != nil || got.TraceContext != asks {
				t.Fatalf("%v, %v", got.TraceContext, err)
			}
		}
		if got := emit(traced()); got != nil {
			t.Errorf("before: %q", got)
		}
		change(true)
		if got := emit(traced()); !slices.Equal(got, []string{caller}) {
			t.Errorf("asked for: %q", got)
		}
		if got := emit(context.Background()); got != nil {
			t.Errorf("without a trace: %q", got)
		}
		change(false)
		if got := emit(traced()); got != nil {
			t.Errorf("after: %q", got)
		}
	})
}

// TestTraceHeadersAreReserved: no webhook can say that its deliveries are of a trace
// of its choice.
func TestTraceHeadersAreReserved(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		for _, name := range []string{"traceparent", "Traceparent", "TRACESTATE"} {
			_, err := w.client.Register(context.Background(), billhook.Registration{
				URL: "http://127.0.0.1:9000", Events: []string{"*"}, Headers: map[string]string{name: caller},
			})
			var refused *billhook.Error
			if !errors.As(err, &refused) || refused.Pointer != "/headers/"+name {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// TestTraceOfEmitTx: in a transaction of the caller's, too, and of each event of a batch.
func TestTraceOfEmitTx(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		shop := w.shop()
		defer shop.Close()
		tx, err := shop.BeginTx(traced(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback()
		e, err := w.client.EmitTx(traced(), tx, billhook.Emission{Type: "order.paid", Data: []byte(`1`)})
		if err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		ids := []string{e.ID}
		batch, err := w.client.EmitBatch(traced(), "", []billhook.Emission{{Type: "a", Data: []byte(`1`)}, {Type: "b", Data: []byte(`1`)}})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range batch {
			ids = append(ids, r.Event.ID)
		}
		for _, id := range ids {
			if got, err := w.client.Event(context.Background(), "default", id); err != nil || got.TraceContext.Traceparent() != caller {
				t.Errorf("%q, %v", got.TraceContext, err)
			}
		}
	})
}

// A ledgerOfSpans is a Tracer that counts.
type ledgerOfSpans struct {
	mu       sync.Mutex
	next     int
	open     map[string]string // what began, by its traceparent
	emits    []string
	attempts []string
}

func (l *ledgerOfSpans) begin(what string) aSpan {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next++
	place := billhook.ParseTraceContext(fmt.Sprintf("00-4bf92f3577b34da6a3ce929d0e0e4736-%016x-01", l.next), "")
	l.open[place.Traceparent()] = what
	return aSpan{l, place}
}

func (l *ledgerOfSpans) end(place billhook.TraceContext, to *[]string, how string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	*to = append(*to, l.open[place.Traceparent()]+" "+how)
	delete(l.open, place.Traceparent())
}

type aSpan struct {
	of    *ledgerOfSpans
	place billhook.TraceContext
}

func (s aSpan) TraceContext() billhook.TraceContext { return s.place }

type (
	anEmit    struct{ aSpan }
	anAttempt struct{ aSpan }
)

func (s anEmit) End(accepted []billhook.Event, err error) {
	s.of.end(s.place, &s.of.emits, fmt.Sprint(len(accepted), " ", err == nil))
}

func (s anAttempt) End(o *billhook.Outcome) {
	how := "called off"
	if o != nil {
		how = string(o.Status)
	}
	s.of.end(s.place, &s.of.attempts, how)
}

func (l *ledgerOfSpans) StartEmit(_ context.Context, storeID string, events int) billhook.EmitSpan {
	return anEmit{l.begin(fmt.Sprint("emit ", storeID, " ", events))}
}

func (l *ledgerOfSpans) StartAttempt(e *billhook.Event, _ *billhook.Pending, a *billhook.Attempt) billhook.AttemptSpan {
	return anAttempt{l.begin(fmt.Sprint(a.Number, " of ", e.TraceContext.Traceparent()[36:52]))}
}

// TestTracer: each emit and each attempt has one span, which ends, also where it is
// called off; a receiver is told the attempt's place.
func TestTracer(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		spans := &ledgerOfSpans{open: map[string]string{}}
		w.reopen(func(c *billhook.Config) { c.Tracer, c.StopGrace = spans, time.Second })
		w.run()
		ctx := context.Background()
		in := &inbox{answer: func(n int, _ received) int { return []int{500, 200}[min(n-1, 1)] }}
		hook := w.register(w.serve(9000, in), asksForTraces)
		w.emit("order.paid", `1`)
		settle(24 * time.Hour)
		if got := in.all(); len(got) != 2 || told(got[0].header)[0][36:52] != "0000000000000002" || told(got[1].header)[0][36:52] != "0000000000000003" {
			t.Errorf("receivers were told: %v", got)
		}
		if _, err := w.client.Emit(ctx, billhook.Emission{Type: "order.paid", Data: []byte(`{`)}); err == nil {
			t.Error("half an object was accepted")
		}
		taken := billhook.Emission{ID: "taken", Type: "a", Data: []byte(`1`)}
		if _, err := w.client.EmitBatch(ctx, "", []billhook.Emission{taken, {Type: "a", Data: []byte(`1`)}, taken}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.client.Test(ctx, "default", hook.ID, ""); err != nil {
			t.Fatal(err)
		}
		settle(time.Second)
		w.register(w.serve(9001, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // else nobody looks whether the sender is there
			<-r.Context().Done()
		})))
		w.emit("order.sent", `1`)
		settle(time.Second)
		w.halt()
		want := []string{"emit default 1 1 true", "emit default 1 0 false", "emit default 3 2 true", "emit default 1 1 true", "emit default 1 1 true"}
		if !slices.Equal(spans.emits, want) {
			t.Errorf("emits: %q, want %q", spans.emits, want)
		}
		slices.Sort(spans.attempts)
		if got, want := strings.Join(spans.attempts, ", "), "1 of 0000000000000001 pending"; !strings.HasPrefix(got, want) || len(spans.attempts) != 7 || !strings.Contains(got, "called off") {
			t.Errorf("attempts: %s", got)
		}
		if len(spans.open) > 0 {
			t.Errorf("never ended: %v", spans.open)
		}
	})
}
