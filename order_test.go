package billhook_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
)

func inOrder(r *billhook.Registration) { r.Order = billhook.OrderEntity }

// about is an emission about an item, numbered.
func about(item string, n int) billhook.Emission {
	return billhook.Emission{Type: "inventory.updated", Entity: billhook.Reference{Type: "item", ID: item}, Data: fmt.Appendf(nil, `{"item":%q,"n":%d}`, item, n)}
}

func (w *world) emitAbout(item string, n int) billhook.Event {
	w.t.Helper()
	e, err := w.client.Emit(context.Background(), about(item, n))
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

// A strictness is a receiver that sees to it that what is about an item comes in
// the order of its numbers, one at a time.
type strictness struct {
	inbox
	t      *testing.T
	takes  time.Duration
	fails  func(item string, n int64) bool
	repeat bool // the last may come once more

	mu   sync.Mutex
	now  map[string]bool
	last map[string]int64
}

func newStrictness(t *testing.T) *strictness {
	s := &strictness{t: t, now: map[string]bool{}, last: map[string]int64{}, fails: func(string, int64) bool { return false }}
	s.answer = s.take
	return s
}

func itemOf(body string) string {
	_, rest, _ := strings.Cut(body, `"item":"`)
	item, _, _ := strings.Cut(rest, `"`)
	return item
}

func (s *strictness) take(_ int, r received) int {
	item := itemOf(r.body)
	n, err := strconv.ParseInt(r.header.Get("Webhook-Sequence"), 10, 64)
	s.mu.Lock()
	last := s.last[item]
	if err != nil || n != last+1 && (n != last || !s.repeat) {
		s.t.Errorf("%s: %d came after %d (%v)", item, n, last, err)
	}
	if s.now[item] {
		s.t.Errorf("%s: %d came while another was under way", item, n)
	}
	s.now[item] = true
	s.mu.Unlock()
	time.Sleep(s.takes)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now[item] = false
	if s.fails(item, n) {
		return 503
	}
	s.last[item] = n
	return 200
}

// TestOrder: a failing event holds back its own entity's later ones and nothing
// else.
func TestOrder(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var broken atomic.Bool
		broken.Store(true)
		in := newStrictness(t)
		in.takes, in.fails = 20*time.Millisecond+137, func(item string, n int64) bool { return item == "a" && n == 3 && broken.Load() }
		w.register(w.serve(9000, in), inOrder, func(r *billhook.Registration) {
			r.RetryPolicy = &profile.RetryPolicy{MaxAttempts: 100, BackoffMultiplier: 1, InitialDelay: time.Minute, MaxDelay: time.Minute}
		})
		for n := range 50 {
			for _, item := range []string{"a", "b", "c"} {
				w.emitAbout(item, n)
			}
		}
		settle(30 * time.Second)
		if in.last["a"] != 2 || in.last["b"] != 50 || in.last["c"] != 50 {
			t.Fatalf("delivered up to %v", in.last)
		}
		if waits := len(w.deliveries(billhook.DeliveryFilter{Status: billhook.StatusPending})); waits != 48 {
			t.Errorf("%d wait, want 48", waits)
		}
		w.emitAbout("b", 51)
		settle(time.Second)
		if in.last["b"] != 51 {
			t.Error("another entity is held back")
		}
		broken.Store(false)
		settle(2 * time.Minute)
		if in.last["a"] != 50 {
			t.Errorf("delivered up to %v", in.last)
		}
	})
}

// TestOrderAcrossRestarts: more than a lane holds, stopped and started again.
func TestOrderAcrossRestarts(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		in := newStrictness(t)
		in.takes, in.repeat = 3*time.Millisecond+71, true
		var tries sync.Map
		in.fails = func(item string, n int64) bool { // every seventh, once
			_, was := tries.LoadOrStore(fmt.Sprint(item, n), true)
			return n%7 == 0 && !was
		}
		w.register(w.serve(9000, in), inOrder, func(r *billhook.Registration) {
			r.RetryPolicy = &profile.RetryPolicy{MaxAttempts: 5, BackoffMultiplier: 1, InitialDelay: 200 * time.Millisecond, MaxDelay: time.Second}
		})
		const items, each = 40, 40
		for n := range each {
			batch := make([]billhook.Emission, items)
			for i := range batch {
				batch[i] = about(fmt.Sprint("i", i), n)
			}
			if _, err := w.client.EmitBatch(context.Background(), "default", batch); err != nil {
				t.Fatal(err)
			}
		}
		for range 5 {
			w.run()
			settle(time.Second + 11)
			w.reopen()
		}
		w.run()
		settle(10 * time.Minute) // the first may be probes, of a receiver that had failed most
		for i := range items {
			if got := in.last[fmt.Sprint("i", i)]; got != each {
				t.Errorf("i%d is delivered up to %d", i, got)
			}
		}
		if rest := w.deliveries(billhook.DeliveryFilter{Status: billhook.StatusPending}); len(rest) != 0 {
			t.Errorf("%d still pending", len(rest))
		}
	})
}

// TestOrderDead: one that is dead lets the next go, and comes again when it is
// retried by hand, in its turn.
func TestOrderDead(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var broken atomic.Bool
		broken.Store(true)
		in := inbox{answer: func(_ int, r received) int {
			time.Sleep(time.Second + 17)
			if broken.Load() && r.header.Get("Webhook-Sequence") == "1" {
				return 500
			}
			return 200
		}}
		w.register(w.serve(9000, &in), inOrder, func(r *billhook.Registration) {
			r.RetryPolicy = &profile.RetryPolicy{MaxAttempts: 2, BackoffMultiplier: 1, InitialDelay: time.Second, MaxDelay: time.Second}
		})
		for n := range 4 {
			w.emitAbout("a", n)
		}
		settle(3*time.Second + 500*time.Millisecond) // two attempts of the first, and the second is under way
		ds := w.deliveries(billhook.DeliveryFilter{})
		dead := ds[slices.IndexFunc(ds, func(d billhook.Delivery) bool { return d.Sequence == 1 })]
		if dead.Status != billhook.StatusDead {
			t.Fatalf("delivery %+v", dead)
		}
		broken.Store(false)
		if d, err := w.client.Retry(context.Background(), "default", dead.ID); err != nil || d.Status != billhook.StatusPending {
			t.Fatalf("retry: %+v, %v", d, err)
		}
		settle(10 * time.Second)
		var came []string
		for _, r := range in.all() {
			came = append(came, r.header.Get("Webhook-Sequence"))
		}
		if got := strings.Join(came, " "); got != "1 1 2 1 3 4" {
			t.Errorf("came %s", got)
		}
	})
}

// TestOrderOfDeleted: what is held back of a deleted webhook is cancelled too.
func TestOrderOfDeleted(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		in := inbox{answer: func(int, received) int { return 500 }}
		hook := w.register(w.serve(9000, &in), inOrder)
		for n := range 1200 {
			w.emitAbout(fmt.Sprint(n%3), n)
		}
		settle(time.Second)
		if err := w.client.Delete(context.Background(), "default", hook.ID); err != nil {
			t.Fatal(err)
		}
		settle(time.Minute)
		if ended := len(w.deliveries(billhook.DeliveryFilter{Status: billhook.StatusCancelled})); ended != 1200 {
			t.Errorf("%d cancelled, want 1200", ended)
		}
	})
}

// TestCoalesceFlood: a flood of updates of one item while the receiver is slow
// costs few requests, and ends with the newest.
func TestCoalesceFlood(t *testing.T) {
	const flood = 10_000
	for _, atOnce := range []bool{true, false} {
		t.Run(fmt.Sprint("at once=", atOnce), func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				w.run()
				in := newStrictness(t)
				in.answer = func(int, received) int { time.Sleep(5*time.Second + 13); return 200 }
				w.register(w.serve(9000, in), func(r *billhook.Registration) { r.Coalesce.Latest = []string{"inventory.*"} })
				began := time.Now()
				for first := 0; first < flood; first += 500 {
					batch := make([]billhook.Emission, 500)
					for i := range batch {
						batch[i] = about("a", first+i)
					}
					if _, err := w.client.EmitBatch(context.Background(), "default", batch); err != nil {
						t.Fatal(err)
					}
					if !atOnce {
						settle(time.Second + 7)
					}
				}
				took := time.Since(began)
				settle(time.Minute)
				came := in.all()
				if most := 3 + int(took/(5*time.Second)); len(came) > most {
					t.Errorf("%d requests, want at most %d", len(came), most)
				}
				if last := came[len(came)-1].header.Get("Webhook-Sequence"); last != fmt.Sprint(flood) {
					t.Errorf("the last is number %s", last)
				}
				count := map[billhook.Status]int{}
				for _, d := range w.deliveries(billhook.DeliveryFilter{}) {
					count[d.Status]++
					if d.Status == billhook.StatusSkipped && (!strings.HasPrefix(d.Reason, "superseded by evt_") || d.FinishedAt.IsZero() || d.Attempts != 0) {
						t.Fatalf("delivery %+v", d)
					}
				}
				if count[billhook.StatusDelivered] != len(came) || count[billhook.StatusSkipped] != flood-len(came) {
					t.Errorf("%d requests and %v", len(came), count)
				}
			})
		})
	}
}

// TestCoalesceApart: only the same type about the same entity is superseded, and
// what failed before is skipped as well once something newer waits.
func TestCoalesceApart(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var broken atomic.Bool
		broken.Store(true)
		in := inbox{answer: func(int, received) int {
			if broken.Load() {
				return 500
			}
			return 200
		}}
		w.register(w.serve(9000, &in), func(r *billhook.Registration) {
			r.Coalesce.Latest = []string{"inventory.*"}
			r.RetryPolicy = &profile.RetryPolicy{MaxAttempts: 5, BackoffMultiplier: 1, InitialDelay: time.Minute, MaxDelay: time.Minute}
		})
		emit := func(kind, item string, n int) {
			e := about(item, n)
			e.Type = kind
			if _, err := w.client.Emit(context.Background(), e); err != nil {
				t.Fatal(err)
			}
		}
		emit("inventory.updated", "a", 1)
		settle(time.Second)
		emit("inventory.updated", "a", 2)
		emit("inventory.low", "a", 3)
		emit("order.paid", "a", 4)
		emit("inventory.updated", "b", 5)
		emit("inventory.updated", "a", 6)
		broken.Store(false)
		settle(5 * time.Minute)
		status := map[string]billhook.Status{}
		for _, d := range w.deliveries(billhook.DeliveryFilter{}) {
			status[string(d.Payload)] = d.Status
		}
		for n, want := range map[int]billhook.Status{1: billhook.StatusSkipped, 2: billhook.StatusSkipped, 3: billhook.StatusDelivered, 4: billhook.StatusDelivered, 6: billhook.StatusDelivered} {
			if got := status[fmt.Sprintf(`{"item":"a","n":%d}`, n)]; got != want {
				t.Errorf("%d of a is %s, want %s", n, got, want)
			}
		}
		if got := status[`{"item":"b","n":5}`]; got != billhook.StatusDelivered {
			t.Errorf("5 of b is %s", got)
		}
	})
}

// TestDeliverAt: a scheduled event waits for its time, over a restart too, and
// nothing waits for it.
func TestDeliverAt(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var in inbox
		w.register(w.serve(9000, &in), inOrder)
		ctx, at := context.Background(), time.Now().Add(3*time.Hour+7).UTC()
		later := about("a", 1)
		later.DeliverAt = at
		e, err := w.client.Emit(ctx, later)
		if err != nil || e.Sequence != 1 {
			t.Fatalf("%+v, %v", e, err)
		}
		if d := w.deliveries(billhook.DeliveryFilter{})[0]; !d.NextAttemptAt.Equal(at) || d.Status != billhook.StatusPending {
			t.Errorf("delivery %+v", d)
		}
		past := about("a", 2)
		past.DeliverAt = time.Now().Add(-time.Hour)
		if _, err := w.client.Emit(ctx, past); err != nil {
			t.Fatal(err)
		}
		w.emitAbout("a", 3)
		settle(time.Second)
		if n := len(in.all()); n != 2 {
			t.Fatalf("%d requests, want 2", n)
		}
		w.reopen()
		w.run()
		settle(2 * time.Hour)
		if n := len(in.all()); n != 2 {
			t.Fatalf("%d requests before its time", n)
		}
		settle(time.Hour)
		if got := in.all(); len(got) != 3 || got[2].at.Before(at) || got[2].at.Sub(at) > time.Second {
			t.Errorf("%d requests", len(got))
		}
		far := about("a", 4)
		far.DeliverAt = time.Now().Add(367 * 24 * time.Hour)
		if _, err := w.client.Emit(ctx, far); billhook.ErrorCode(err) != billhook.CodeInvalid {
			t.Errorf("more than a year ahead: %v", err)
		}
	})
}

// TestSequenceOfRepeats: a repeat answers the first number, and takes none.
func TestSequenceOfRepeats(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var in inbox
		w.register(w.serve(9000, &in))
		e := about("a", 1)
		e.IdempotencyKey = "k"
		for range 3 {
			if got, err := w.client.Emit(context.Background(), e); err != nil || got.Sequence != 1 {
				t.Fatalf("%+v, %v", got, err)
			}
		}
		if got := w.emitAbout("a", 2); got.Sequence != 2 {
			t.Errorf("the next is %d", got.Sequence)
		}
		if got := w.emit("test.made", `{}`); got.Sequence != 0 {
			t.Errorf("an event about nothing has %d", got.Sequence)
		}
		settle(time.Second)
		var came []string
		for _, r := range in.all() {
			came = append(came, r.header.Get("Webhook-Sequence"))
		}
		if len(came) != 3 || !strings.Contains(strings.Join(came, ","), "1") || came[0] == came[1] && came[1] == came[2] {
			t.Errorf("came %q", came)
		}
	})
}

func TestOrderIsChecked(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		url := w.serve(9000, &inbox{})
		for pointer, change := range map[string]func(*billhook.Registration){
			"/order":             func(r *billhook.Registration) { r.Order = "strict" },
			"/coalesce/latest/1": func(r *billhook.Registration) { r.Coalesce.Latest = []string{"a.*", "*.b"} },
		} {
			r := billhook.Registration{URL: url, Events: []string{"*"}}
			change(&r)
			_, err := w.client.Register(context.Background(), r)
			var bad *billhook.Error
			if !errors.As(err, &bad) || bad.Pointer != pointer || bad.Code != billhook.CodeInvalid {
				t.Errorf("%s: %v", pointer, err)
			}
		}
	})
}
