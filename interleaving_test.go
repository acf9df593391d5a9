package billhook_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
)

// slowRetries is a policy with one retry after a time.
func slowRetries(after time.Duration) func(*billhook.Registration) {
	return func(r *billhook.Registration) {
		r.RetryPolicy = &profile.RetryPolicy{MaxAttempts: 2, InitialDelay: after, MaxDelay: after}
	}
}

// answering is an inbox whose status can be changed.
func answering(status *atomic.Int32) *inbox {
	return &inbox{answer: func(int, received) int { return int(status.Load()) }}
}

// TestNewBesideBackingOff: after a recovery a lane whose backlog waits for its
// retries still takes what is new.
func TestNewBesideBackingOff(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		db := &faulty{Database: w.db}
		w.useDatabase(db)
		w.run()
		var status atomic.Int32
		status.Store(500)
		in := answering(&status)
		w.register(w.serve(9000, in), slowRetries(10*time.Hour))
		w.emitMany(300) // more than a lane would read more at
		settle(time.Minute)
		db.fail.Store(1)
		_, err := w.client.Emit(context.Background(), billhook.Emission{Type: "order.paid", Data: []byte(`"refused"`)})
		if billhook.ErrorCode(err) != billhook.CodeUnavailable {
			t.Fatal(err)
		}
		db.fail.Store(0)
		status.Store(200)
		before := len(in.all())
		w.emit("order.paid", `"new"`)
		settle(time.Minute)
		if got := len(in.all()) - before; got != 1 {
			t.Errorf("%d requests within a minute of the emit, want 1", got)
		}
		settle(11 * time.Hour)
		wantEach(t, in, 301, 300)
	})
}

// TestHandedBackDuringRead: a delivery that is handed back while the lane's next
// window is being read is not lost behind that window.
func TestHandedBackDuringRead(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		db := &faulty{Database: w.db}
		w.useDatabase(db)
		var in inbox
		w.register(w.serve(9000, &in))
		w.emitMany(900)
		var reads atomic.Int32
		db.onPending = func() {
			if reads.Add(1) == 2 {
				time.Sleep(3 * time.Second) // a sender gives up after 1 s
			}
		}
		var unreadable atomic.Int32
		db.onEvent = func() error {
			if unreadable.Add(1) == 1 {
				return errDisk
			}
			return nil
		}
		w.run()
		settle(time.Hour)
		wantEach(t, &in, 900, 0)
	})
}

// TestRetryBesideOutcome: a manual retry and the outcome of the attempt under
// way may be in one transaction.
func TestRetryBesideOutcome(t *testing.T) {
	for _, last := range []int{500, 200} {
		t.Run(fmt.Sprint("ends with ", last), func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				db := &faulty{Database: w.db}
				w.useDatabase(db)
				w.run()
				release := make(chan struct{})
				in := inbox{answer: func(n int, _ received) int {
					if n == 1 {
						<-release
						return last
					}
					return 200
				}}
				w.register(w.serve(9000, &in), func(r *billhook.Registration) { r.RetryPolicy = &profile.RetryPolicy{MaxAttempts: 1} })
				e := w.emit("order.paid", `{}`)
				synctest.Wait()
				d := w.deliveries(billhook.DeliveryFilter{EventID: e.ID})[0]

				db.onCommit = func() { time.Sleep(50 * time.Millisecond) } // a slow transaction is under way
				go func() { _ = w.client.Ready(context.Background()) }()
				go w.client.Emit(context.Background(), billhook.Emission{StoreID: "default", Type: "other", Data: []byte("1")})
				time.Sleep(time.Millisecond)
				go w.client.Retry(context.Background(), "default", d.ID)
				time.Sleep(time.Millisecond)
				close(release)
				settle(24 * time.Hour)
				d = w.deliveries(billhook.DeliveryFilter{EventID: e.ID})[0]
				if d.Status != billhook.StatusDelivered {
					t.Errorf("a day after its manual retry: %+v", d)
				}
			})
		})
	}
}

// TestClearedLane: what a lane leaves behind when it is cleared away does not
// touch the one that comes after it.
func TestClearedLane(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		ctx := context.Background()
		var status atomic.Int32
		status.Store(500)
		in := answering(&status)
		hook := w.register(w.serve(9000, in), slowRetries(time.Hour))
		first := w.emit("order.paid", `1`)
		settle(time.Minute)
		status.Store(200)
		d := w.deliveries(billhook.DeliveryFilter{EventID: first.ID})[0]
		if _, err := w.client.Retry(ctx, "default", d.ID); err != nil {
			t.Fatal(err)
		}
		settle(58 * time.Minute)
		status.Store(500)
		second := w.emit("order.paid", `2`)
		settle(time.Second)
		if _, err := w.client.Deactivate(ctx, "default", hook.ID); err != nil {
			t.Fatal(err)
		}
		settle(2 * time.Hour)
		status.Store(200)
		active := true
		if _, err := w.client.Update(ctx, "default", hook.ID, billhook.WebhookChange{IsActive: &active}); err != nil {
			t.Fatal(err)
		}
		settle(time.Minute)
		if d := w.deliveries(billhook.DeliveryFilter{EventID: second.ID})[0]; d.Status != billhook.StatusDelivered {
			t.Errorf("after the activation: %+v", d)
		}
	})
}

// TestStopBesideEmits: Run returns although others go on emitting.
func TestStopBesideEmits(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		var in inbox
		w.register(w.serve(9000, &in))
		var emitted atomic.Int32
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			for {
				select {
				case <-stop:
					return
				default:
					if emitted.Load() == 100_000 {
						t.Error("Run does not return")
						return
					}
					w.emit("order.paid", fmt.Sprint(emitted.Add(1)))
					time.Sleep(10 * time.Microsecond) // else no simulated time passes
				}
			}
		}()
		for range 5 {
			w.run()
			time.Sleep(time.Millisecond)
			w.halt()
		}
		close(stop)
		<-stopped
		w.run()
		settle(time.Minute)
		wantEach(t, &in, int(emitted.Load()), 100)
	})
}

// TestCallerGone: memory follows the disk when the caller of a change goes away
// before it has its answer.
func TestCallerGone(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		hook := w.register("http://127.0.0.1:9000/")
		gone, cancel := context.WithCancel(context.Background())
		cancel()
		if err := w.client.Delete(gone, "default", hook.ID); err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		_, inMemory := w.client.Get(context.Background(), "default", hook.ID)
		w.stopDatabase()
		w.open()
		_, onDisk := w.client.Get(context.Background(), "default", hook.ID)
		if (inMemory == nil) != (onDisk == nil) {
			t.Errorf("in memory: %v, on disk: %v", inMemory, onDisk)
		}
	})
}

// TestOldWebhookOfChangedStore: a webhook that the store's new profile would
// not take can still be changed, deactivated and deleted.
func TestOldWebhookOfChangedStore(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		hook := w.register("http://127.0.0.1:9000/", func(r *billhook.Registration) {
			r.Events, r.Headers = []string{"custom.thing"}, map[string]string{"X-Litestore-Signature": "mine"}
		})
		litestore := "litestore"
		if _, err := w.client.UpdateStore(ctx, "default", billhook.StoreChange{Profile: &litestore}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.client.Deactivate(ctx, "default", hook.ID); err != nil {
			t.Errorf("deactivate: %v", err)
		}
		events := []string{"custom.other"}
		if _, err := w.client.Update(ctx, "default", hook.ID, billhook.WebhookChange{Events: &events}); billhook.ErrorCode(err) != billhook.CodeUnknownEventType {
			t.Errorf("what does change is still checked: %v", err)
		}
		if err := w.client.Delete(ctx, "default", hook.ID); err != nil {
			t.Errorf("delete: %v", err)
		}
	})
}
