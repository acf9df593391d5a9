package billhook_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/billhook/billhook"
)

// A faulty database is a real one whose transactions can be made to fail, as a
// full disk makes them fail.
type faulty struct {
	billhook.Database
	// mu is there for tests that commit beside the engine.
	mu sync.Mutex
	// fail: 0 works, 1 fails without a trace, 2 fails after all has been
	// written: a failed commit may be there all the same.
	fail    atomic.Int32
	noReads atomic.Bool
	// What else is to happen at each call; nil for nothing.
	onCommit, onPending func()
	onBatch             func(*billhook.Batch)
	onEvent             func() error
}

var errDisk = errors.New("no space left on device")

func (f *faulty) Commit(ctx context.Context, b *billhook.Batch) error {
	if f.onCommit != nil {
		f.onCommit()
	}
	if f.onBatch != nil {
		f.onBatch(b)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch f.fail.Load() {
	case 1:
		return errDisk
	case 2:
		if err := f.Database.Commit(ctx, b); err != nil {
			return err
		}
		return errDisk
	}
	return f.Database.Commit(ctx, b)
}

func (f *faulty) Recover(ctx context.Context) error {
	if f.fail.Load() != 0 {
		return errDisk
	}
	return f.Database.Recover(ctx)
}

func (f *faulty) Event(ctx context.Context, storeID, id string) (billhook.Event, error) {
	if f.noReads.Load() {
		return billhook.Event{}, errDisk
	}
	if f.onEvent != nil {
		if err := f.onEvent(); err != nil {
			return billhook.Event{}, err
		}
	}
	return f.Database.Event(ctx, storeID, id)
}

func (f *faulty) Pending(ctx context.Context, l billhook.Lane, after billhook.Position, limit int) ([]billhook.Pending, error) {
	if f.noReads.Load() {
		return nil, errDisk
	}
	if f.onPending != nil {
		f.onPending()
	}
	return f.Database.Pending(ctx, l, after, limit)
}

// TestFullDisk: emits are refused and leave nothing, what was accepted is
// delivered, and all works again when there is space.
func TestFullDisk(t *testing.T) {
	for _, mode := range []int32{1, 2} {
		t.Run(fmt.Sprint("mode=", mode), func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				db := &faulty{Database: w.db}
				w.useDatabase(db)
				w.run()
				ctx := context.Background()
				var in inbox
				in.answer = func(int, received) int { time.Sleep(time.Second); return 200 }
				w.register(w.serve(9000, &in))
				w.emitMany(100)
				settle(500 * time.Millisecond) // some are under way

				db.fail.Store(mode)
				for i := range 20 {
					_, err := w.client.Emit(ctx, billhook.Emission{Type: "order.paid", ID: fmt.Sprint("refused", i), Data: []byte(`"refused"`)})
					if billhook.ErrorCode(err) != billhook.CodeUnavailable || !errors.Is(err, errDisk) {
						t.Fatalf("emit on a full disk: %v", err)
					}
					settle(100 * time.Millisecond)
				}
				if err := w.client.Ready(ctx); billhook.ErrorCode(err) != billhook.CodeUnavailable {
					t.Errorf("ready on a full disk: %v", err)
				}
				settle(time.Minute)

				db.fail.Store(0)
				settle(time.Minute)
				if err := w.client.Ready(ctx); err != nil {
					t.Errorf("not ready with space: %v", err)
				}
				w.emit("order.paid", `"after"`)
				settle(time.Minute)
				bodies := map[string]int{}
				for _, r := range in.all() {
					bodies[r.body]++
				}
				// Where the failed commit was on disk, a refused event may be
				// delivered: its caller was told to send it again.
				if most := 101 + int(mode-1)*20; len(bodies) < 101 || len(bodies) > most {
					t.Errorf("%d events arrived, want 101 to %d", len(bodies), most)
				}
				if rest := w.deliveries(billhook.DeliveryFilter{Status: billhook.StatusPending}); len(rest) != 0 {
					t.Errorf("%d still pending", len(rest))
				}
				for body, n := range bodies {
					if n > 1 && mode == 1 {
						t.Errorf("%s came %d times", body, n)
					}
				}
			})
		})
	}
}

// TestUnreadable: when waiting deliveries cannot be read for a while, they
// wait.
func TestUnreadable(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		db := &faulty{Database: w.db}
		w.useDatabase(db)
		var in inbox
		w.register(w.serve(9000, &in))
		w.emitMany(50)
		db.noReads.Store(true)
		w.run()
		settle(time.Minute)
		if n := len(in.all()); n != 0 {
			t.Fatalf("%d requests", n)
		}
		db.noReads.Store(false)
		settle(time.Minute)
		wantEach(t, &in, 50, 0)
	})
}

// TestNotKeptBlamesNobody: of a delivery whose event is no longer kept nothing is asked
// of its receiver, and nothing is held against it.
func TestNotKeptBlamesNobody(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		var in inbox
		hook := w.register(w.serve(9000, &in))
		w.emitMany(20)
		w.reopen()
		w.useDatabase(&faulty{Database: w.db, onEvent: func() error { return billhook.ErrNotFound }})
		w.run()
		settle(time.Minute)
		if n := w.statuses(billhook.DeliveryFilter{})[billhook.StatusDead]; n != 20 || len(in.all()) != 0 {
			t.Fatalf("%d are dead after %d requests", n, len(in.all()))
		}
		h, err := w.client.Health(context.Background(), "default", hook.ID)
		if err != nil || h.Failures != 0 || h.State != billhook.BreakerClosed || !h.FailingSince.IsZero() || h.Windows[1].Attempts != 0 {
			t.Errorf("its health: %+v, %v", h, err)
		}
	})
}

// laneless is a database that cannot be read when a node begins.
type laneless struct {
	*faulty
	fails atomic.Bool
}

func (l *laneless) Lanes(ctx context.Context) ([]billhook.Lane, error) {
	if l.fails.Load() {
		return nil, errDisk
	}
	return l.Database.Lanes(ctx)
}

// TestRunCannotBegin: a Run that fails at its beginning sends nothing afterwards, and
// the next one sends all.
func TestRunCannotBegin(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		reads := 0
		db := &laneless{faulty: &faulty{Database: w.db}}
		db.onPending = func() {
			if reads++; reads == 50 {
				db.noReads.Store(true) // so that the test ends
			}
		}
		w.useDatabase(db)
		var in inbox
		w.register(w.serve(9000, &in))
		db.fails.Store(true)
		if err := w.client.Run(context.Background()); err == nil {
			t.Fatal("Run began")
		}
		w.emit("order.paid", `1`)
		settle(time.Second)
		if reads > 0 || len(in.all()) > 0 || w.client.InMemory() > 0 {
			t.Errorf("%d reads and %d requests of who does not run; %d in memory", reads, len(in.all()), w.client.InMemory())
		}
		db.fails.Store(false)
		db.noReads.Store(false)
		w.run()
		settle(time.Second)
		if len(in.all()) != 1 {
			t.Errorf("%d requests", len(in.all()))
		}
	})
}

// TestTakenOver: an outcome that comes when someone else has already dealt
// with the delivery changes nothing.
func TestTakenOver(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.useDatabase(&faulty{Database: w.db})
		w.run()
		var in inbox
		in.answer = func(n int, _ received) int {
			if n == 1 {
				time.Sleep(3 * time.Second)
				return 500
			}
			return 200
		}
		w.register(w.serve(9000, &in))
		e := w.emit("order.paid", `{}`)
		settle(time.Second)
		// Someone else finishes it in the database meanwhile.
		d := w.deliveries(billhook.DeliveryFilter{EventID: e.ID})[0]
		lane := billhook.Lane{StoreID: "default", WebhookID: d.WebhookID}
		waiting, err := w.db.Pending(context.Background(), lane, billhook.Position{}, 10)
		if err != nil || len(waiting) != 1 {
			t.Fatalf("pending %+v, %v", waiting, err)
		}
		err = w.db.Commit(context.Background(), &billhook.Batch{Outcomes: []*billhook.Outcome{{
			Delivery: waiting[0], Status: billhook.StatusDelivered,
			Attempt: billhook.Attempt{StoreID: "default", DeliveryID: d.ID, Number: 1, StartedAt: time.Now(), StatusCode: 200},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		settle(time.Hour)
		d = w.deliveries(billhook.DeliveryFilter{EventID: e.ID})[0]
		if d.Status != billhook.StatusDelivered || d.Attempts != 1 || len(in.all()) != 1 {
			t.Errorf("after %d requests: %+v", len(in.all()), d)
		}
	})
}

// TestConcurrentEmits: whoever gets an event id accepted finds it on disk, and
// each is delivered once.
func TestConcurrentEmits(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var in inbox
		w.register(w.serve(9000, &in))
		const callers, each = 50, 20
		errs := make(chan error, callers)
		for c := range callers {
			go func() {
				for i := range each {
					e, err := w.client.Emit(context.Background(), billhook.Emission{Type: "order.paid", Data: fmt.Appendf(nil, `"%d/%d"`, c, i)})
					if err == nil {
						_, err = w.client.Event(context.Background(), "default", e.ID)
					}
					if err != nil {
						errs <- err
						return
					}
				}
				errs <- nil
			}()
		}
		for range callers {
			if err := <-errs; err != nil {
				t.Fatal(err)
			}
		}
		settle(time.Second)
		synctest.Wait()
		wantEach(t, &in, callers*each, 0)
	})
}

// TestIdleFullDisk: a service to which nothing is sent says that it is not ready
// while its disk is full, and that it is afterwards.
func TestIdleFullDisk(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		db := &faulty{Database: w.db}
		w.useDatabase(db)
		w.run()
		ready := func() string { return string(billhook.ErrorCode(w.client.Ready(context.Background()))) }
		settle(time.Hour)
		if got := ready(); got != "" {
			t.Fatalf("idle: %s", got)
		}
		settle(time.Minute)
		db.fail.Store(1)
		if got := ready(); got != string(billhook.CodeUnavailable) {
			t.Errorf("on a full disk: %q", got)
		}
		db.fail.Store(0)
		settle(time.Minute)
		if got := ready(); got != "" {
			t.Errorf("with space: %s", got)
		}
	})
}
