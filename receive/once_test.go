package receive

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/billhook/billhook/receive/receivetest"
)

func succeed(context.Context) error { return nil }

func mustNotRun(t *testing.T) func(context.Context) error {
	return func(context.Context) error {
		t.Error("it was handled again")
		return nil
	}
}

func TestOnce(t *testing.T) {
	once, failure := Memory(0, 0), errors.New("failure")
	ctx := t.Context()
	if err := once.Do(ctx, "a", func(context.Context) error { return failure }); !errors.Is(err, failure) {
		t.Errorf("the first: %v", err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("a panic was swallowed")
			}
		}()
		once.Do(ctx, "a", func(context.Context) error { panic("oh") })
	}()
	handled := 0
	for range 3 {
		if err := once.Do(ctx, "a", func(context.Context) error { handled++; return nil }); err != nil {
			t.Error(err)
		}
	}
	if handled != 1 {
		t.Errorf("after a failure and a panic handled %d times", handled)
	}
	if err := once.Do(ctx, "", succeed); err == nil {
		t.Error("an event without an id was let in")
	}
}

// TestOnceInWork: a repeat is neither handled nor confirmed while the first is
// at work, and what follows depends on how that ends.
func TestOnceInWork(t *testing.T) {
	for _, outcome := range []error{nil, errors.New("failure")} {
		once, ctx := Memory(10, time.Hour), t.Context()
		err := once.Do(ctx, "a", func(ctx context.Context) error {
			if err := once.Do(ctx, "a", mustNotRun(t)); !errors.Is(err, ErrInWork) {
				t.Errorf("a repeat while the first is at work: %v", err)
			}
			if err := once.Do(ctx, "b", succeed); err != nil {
				t.Errorf("another event: %v", err)
			}
			return outcome
		})
		if !errors.Is(err, outcome) {
			t.Error(err)
		}
		again := false
		if err := once.Do(ctx, "a", func(context.Context) error { again = true; return nil }); err != nil || again != (outcome != nil) {
			t.Errorf("after %v: handled again: %v, %v", outcome, again, err)
		}
	}
}

func TestOnceCapacity(t *testing.T) {
	once, ctx := Memory(2, time.Hour), t.Context()
	for _, id := range []string{"a", "b", "c"} {
		if err := once.Do(ctx, id, succeed); err != nil {
			t.Error(err)
		}
	}
	for _, id := range []string{"b", "c"} {
		if err := once.Do(ctx, id, mustNotRun(t)); err != nil {
			t.Error(err)
		}
	}
	again := false
	if err := once.Do(ctx, "a", func(context.Context) error { again = true; return nil }); err != nil || !again {
		t.Errorf("the oldest of three, where two are remembered: %v, %v", again, err)
	}
	// What is at work is never forgotten.
	err := once.Do(ctx, "x", func(ctx context.Context) error {
		return once.Do(ctx, "y", func(ctx context.Context) error {
			if err := once.Do(ctx, "z", mustNotRun(t)); !errors.Is(err, ErrFull) {
				t.Errorf("a third at a time, where there is room for two: %v", err)
			}
			return once.Do(ctx, "x", mustNotRun(t))
		})
	})
	if !errors.Is(err, ErrInWork) || len(once.events) != 0 || once.done.Len() != 0 {
		t.Errorf("%v, %d known, %d done", err, len(once.events), once.done.Len())
	}
}

func TestOnceTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		once, ctx := Memory(0, time.Hour), t.Context()
		handled := 0
		count := func(context.Context) error { handled++; return nil }
		for _, step := range []struct {
			wait time.Duration
			want int
		}{{0, 1}, {time.Hour - 1, 1}, {1, 2}, {time.Hour - 1, 2}} {
			time.Sleep(step.wait)
			if err := once.Do(ctx, "a", count); err != nil || handled != step.want {
				t.Errorf("after %s handled %d times, want %d: %v", step.wait, handled, step.want, err)
			}
		}
		for i := range 100 {
			if err := once.Do(ctx, fmt.Sprint(i), succeed); err != nil {
				t.Error(err)
			}
		}
		time.Sleep(time.Hour)
		if err := once.Do(ctx, "b", succeed); err != nil || len(once.events) != 1 || once.done.Len() != 1 {
			t.Errorf("what is over stays in memory: %d events, %d done, %v", len(once.events), once.done.Len(), err)
		}
	})
}

// TestOnceAtOnce has many requests with few events, some of which fail at
// first: each succeeds once, and never twice at a time.
func TestOnceAtOnce(t *testing.T) {
	v, _ := logged(t, Config{Secrets: []string{secret}})
	once := Memory(100, time.Hour)
	const events, repeats = 20, 15
	var working, tried, succeeded [events]atomic.Int32
	deliveries := map[string]int{}
	var requests []*receivetest.Delivery
	for i := range events {
		d := receivetest.New("standard", secret, "order.paid", fmt.Sprint(i))
		deliveries[d.ID] = i
		requests = append(requests, d)
	}
	h := v.Handler(once.Each(func(_ context.Context, m Message) error {
		i := deliveries[m.ID]
		if working[i].Add(1) != 1 {
			t.Errorf("event %d is handled twice at a time", i)
		}
		defer working[i].Add(-1)
		if i%3 == 0 && tried[i].Add(1) <= 3 {
			return errors.New("not yet")
		}
		succeeded[i].Add(1)
		return nil
	}))
	var wg sync.WaitGroup
	for range repeats {
		for i, d := range requests {
			wg.Go(func() {
				before := succeeded[i].Load()
				w := httptest.NewRecorder()
				h.ServeHTTP(w, d.Request())
				if w.Code == 204 && succeeded[i].Load() != 1 || before == 1 && w.Code == 500 {
					t.Errorf("event %d is answered %d, and succeeded %d times", i, w.Code, succeeded[i].Load())
				}
			})
		}
	}
	wg.Wait()
	for i, d := range requests {
		for tries := 0; ; tries++ { // as a sender does
			w := httptest.NewRecorder()
			if h.ServeHTTP(w, d.Request()); w.Code == 204 {
				break
			}
			if tries > 1000 {
				t.Fatalf("event %d is answered %d", i, w.Code)
			}
		}
		if n := succeeded[i].Load(); n != 1 {
			t.Errorf("event %d succeeded %d times", i, n)
		}
	}
}
