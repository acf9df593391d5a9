package billhook_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
)

// emitMany emits n events in batches.
func (w *world) emitMany(n int) {
	w.t.Helper()
	for done := 0; done < n; {
		batch := make([]billhook.Emission, min(500, n-done))
		for i := range batch {
			batch[i] = billhook.Emission{Type: "order.paid", ID: fmt.Sprintf("e%d", done+i), Data: fmt.Appendf(nil, `{"n":%d}`, done+i)}
		}
		if _, err := w.client.EmitBatch(context.Background(), "default", batch); err != nil {
			w.t.Fatal(err)
		}
		done += len(batch)
	}
}

// wantEach checks that n different bodies came, each at least once, and at
// most extra more in all.
func wantEach(t *testing.T, in *inbox, n, extra int) {
	t.Helper()
	seen := map[string]int{}
	for _, r := range in.all() {
		seen[r.body]++
	}
	if len(seen) != n {
		t.Errorf("%d different events arrived, want %d", len(seen), n)
	}
	if total := len(in.all()); total > n+extra {
		t.Errorf("%d requests for %d events, want at most %d more", total, n, extra)
	}
}

// TestWindow: a lane with more than its window holds reads the rest from the
// database, and sends each once.
func TestWindow(t *testing.T) {
	for _, running := range []bool{true, false} {
		t.Run(fmt.Sprint("running=", running), func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				var in inbox
				w.register(w.serve(9000, &in))
				if running {
					w.run()
				}
				const n = 2000 // more than a lane holds
				w.emitMany(n)
				if !running {
					w.run()
				}
				settle(time.Minute)
				wantEach(t, &in, n, 0)
				if rest := w.deliveries(billhook.DeliveryFilter{Status: billhook.StatusPending}); len(rest) != 0 {
					t.Errorf("%d still pending", len(rest))
				}
			})
		})
	}
}

// TestWindowWithRetries mixes what is due now with what is due later, beyond
// what a lane holds.
func TestWindowWithRetries(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var status atomic.Int32
		status.Store(500)
		in := inbox{answer: func(int, received) int { return int(status.Load()) }}
		w.register(w.serve(9000, &in), func(r *billhook.Registration) {
			r.RetryPolicy = &profile.RetryPolicy{MaxAttempts: 5, BackoffMultiplier: 2, InitialDelay: time.Hour, MaxDelay: time.Hour, Jitter: 0.5}
		})
		const n = 1500 // more than a lane holds
		w.emitMany(n)
		settle(10 * time.Second)
		if made := len(in.all()); made != n {
			t.Fatalf("%d first attempts, want %d", made, n)
		}
		status.Store(200)
		settle(2 * time.Hour)
		if made := len(in.all()); made != 2*n {
			t.Errorf("%d attempts, want %d", made, 2*n)
		}
		wantEach(t, &in, n, n)
		for _, d := range w.deliveries(billhook.DeliveryFilter{}) {
			if d.Status != billhook.StatusDelivered || d.Attempts != 2 {
				t.Fatalf("delivery %+v", d)
			}
		}
	})
}

// TestIsolation: a receiver that hangs costs only itself.
func TestIsolation(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		hang := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // else net/http does not see that the sender has gone
			<-r.Context().Done()
		})
		w.register(w.serve(9000, hang))
		var in inbox
		w.register(w.serve(9001, &in))
		for i := range 200 {
			w.emit("order.paid", fmt.Sprintf(`{"n":%d}`, i))
		}
		synctest.Wait() // no time passes
		wantEach(t, &in, 200, 0)
	})
}

func TestDeactivateKeepsWhatWaits(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		var in inbox
		hook := w.register(w.serve(9000, &in))
		for i := range 10 {
			w.emit("order.paid", fmt.Sprintf(`{"n":%d}`, i))
		}
		ctx := context.Background()
		if _, err := w.client.Deactivate(ctx, "default", hook.ID); err != nil {
			t.Fatal(err)
		}
		if e := w.emit("order.paid", `{"n":"while inactive"}`); e.Deliveries != 0 {
			t.Errorf("%d deliveries to an inactive webhook", e.Deliveries)
		}
		w.run()
		settle(time.Hour)
		if n := len(in.all()); n != 0 {
			t.Fatalf("%d requests to an inactive webhook", n)
		}
		active := true
		if _, err := w.client.Update(ctx, "default", hook.ID, billhook.WebhookChange{IsActive: &active}); err != nil {
			t.Fatal(err)
		}
		settle(time.Second)
		wantEach(t, &in, 10, 0)
	})
}

func TestDeleteCancelsWhatWaits(t *testing.T) {
	for _, running := range []bool{true, false} {
		t.Run(fmt.Sprint("running=", running), func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				in := inbox{answer: func(int, received) int { return 500 }}
				hook := w.register(w.serve(9000, &in))
				if running {
					w.run()
				}
				w.emitMany(1200)
				settle(time.Second)
				if err := w.client.Delete(context.Background(), "default", hook.ID); err != nil {
					t.Fatal(err)
				}
				if !running {
					w.run()
				}
				settle(time.Second)
				before := len(in.all())
				settle(1000 * time.Hour)
				if after := len(in.all()); after != before {
					t.Errorf("%d requests after the deletion", after-before)
				}
				ds := w.deliveries(billhook.DeliveryFilter{})
				if len(ds) != 1200 {
					t.Fatalf("%d deliveries on record, want 1200", len(ds))
				}
				for _, d := range ds {
					if d.Status != billhook.StatusCancelled || d.Reason == "" {
						t.Fatalf("delivery %+v", d)
					}
				}
				if _, err := w.client.Retry(context.Background(), "default", ds[0].ID); billhook.ErrorCode(err) != billhook.CodeConflict {
					t.Errorf("retry without a webhook: %v", err)
				}
				lanes, err := w.db.Lanes(context.Background())
				if err != nil || len(lanes) != 0 {
					t.Errorf("lanes %v, %v", lanes, err)
				}
			})
		})
	}
}

func TestRetry(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var status atomic.Int32
		status.Store(500)
		in := inbox{answer: func(int, received) int { return int(status.Load()) }}
		w.register(w.serve(9000, &in), func(r *billhook.Registration) {
			r.RetryPolicy = &profile.RetryPolicy{MaxAttempts: 2, InitialDelay: time.Hour, MaxDelay: time.Hour}
		})
		e := w.emit("order.paid", `{}`)
		settle(time.Second)
		find := func() billhook.Delivery { return w.deliveries(billhook.DeliveryFilter{EventID: e.ID})[0] }
		retry := func() {
			t.Helper()
			if _, err := w.client.Retry(context.Background(), "default", find().ID); err != nil {
				t.Fatal(err)
			}
			settle(time.Second)
		}
		want := func(what string, status billhook.Status, attempts int) {
			t.Helper()
			if d := find(); d.Status != status || d.Attempts != attempts || len(in.all()) != attempts {
				t.Fatalf("%s: %+v after %d requests", what, d, len(in.all()))
			}
		}
		want("after the first attempt", billhook.StatusPending, 1)
		retry() // waits no more
		want("a pending one retried", billhook.StatusDead, 2)
		retry()
		want("a dead one retried has its attempts again", billhook.StatusPending, 3)
		status.Store(200)
		settle(2 * time.Hour)
		want("and goes its way", billhook.StatusDelivered, 4)
		retry()
		want("a delivered one is sent again", billhook.StatusDelivered, 5)
		if _, err := w.client.Retry(context.Background(), "default", "dlv_none"); billhook.ErrorCode(err) != billhook.CodeNotFound {
			t.Errorf("unknown delivery: %v", err)
		}
		as, err := w.client.Attempts(context.Background(), "default", find().ID)
		if err != nil || len(as) != 5 || as[4].Number != 5 {
			t.Errorf("attempts %+v, %v", as, err)
		}
	})
}

// TestRestart: what is under way at a stop gets its grace, what takes longer
// is handed back, and the next Run makes it again.
func TestRestart(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var slow atomic.Int64
		slow.Store(int64(3 * time.Second))
		in := inbox{answer: func(int, received) int { time.Sleep(time.Duration(slow.Load())); return 200 }}
		w.register(w.serve(9000, &in))
		w.emit("order.paid", `{"n":1}`)
		settle(time.Second)
		w.halt()
		if ds := w.deliveries(billhook.DeliveryFilter{}); ds[0].Status != billhook.StatusDelivered {
			t.Errorf("the grace was not given: %+v", ds[0])
		}

		slow.Store(int64(6 * time.Second))
		w.run()
		w.emit("order.paid", `{"n":2}`)
		settle(100 * time.Millisecond)
		before := time.Now()
		w.halt()
		if took := time.Since(before); took > 6*time.Second {
			t.Errorf("the stop took %v", took)
		}
		if ds := w.deliveries(billhook.DeliveryFilter{}); ds[0].Status != billhook.StatusPending || ds[0].Attempts != 0 {
			t.Errorf("not handed back: %+v", ds[0])
		}

		slow.Store(0)
		w.stopDatabase()
		w.open()
		w.run()
		settle(time.Second)
		wantEach(t, &in, 2, 1)
		if ds := w.deliveries(billhook.DeliveryFilter{Status: billhook.StatusDelivered}); len(ds) != 2 {
			t.Errorf("%d delivered, want 2", len(ds))
		}
	})
}

// TestDeletedStore: nothing of it is sent or answered any more.
func TestDeletedStore(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		if _, err := w.client.CreateStore(ctx, billhook.Store{ID: "shop"}); err != nil {
			t.Fatal(err)
		}
		var in inbox
		hook := w.register(w.serve(9000, &in), func(r *billhook.Registration) { r.StoreID = "shop" })
		if _, err := w.client.Emit(ctx, billhook.Emission{StoreID: "shop", Type: "order.paid", Data: []byte("1")}); err != nil {
			t.Fatal(err)
		}
		if err := w.client.DeleteStore(ctx, "shop"); err != nil {
			t.Fatal(err)
		}
		w.run()
		settle(time.Hour)
		if n := len(in.all()); n != 0 {
			t.Errorf("%d requests for a deleted store", n)
		}
		_, emitErr := w.client.Emit(ctx, billhook.Emission{StoreID: "shop", Type: "order.paid", Data: []byte("1")})
		_, getErr := w.client.Get(ctx, "shop", hook.ID)
		if billhook.ErrorCode(emitErr) != billhook.CodeNotFound || billhook.ErrorCode(getErr) != billhook.CodeNotFound {
			t.Errorf("emit: %v, get: %v", emitErr, getErr)
		}
		if _, err := w.client.CreateStore(ctx, billhook.Store{ID: "shop"}); billhook.ErrorCode(err) != billhook.CodeDuplicate {
			t.Errorf("its id was given again: %v", err)
		}
	})
}
