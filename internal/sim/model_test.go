package sim

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/storetest"
)

const testLease = 10 * time.Second

// TestModelContract: the model is a database like any other.
func TestModelContract(t *testing.T) {
	storetest.Run(t, storetest.Harness{
		Open: func(*testing.T) billhook.Database { return NewShared(testLease).Open() },
		Reopen: func(t *testing.T, db billhook.Database) billhook.Database {
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			return db.(*Handle).on.Open()
		},
		Second:   func(_ *testing.T, db billhook.Database) billhook.Database { return db.(*Handle).on.Open() },
		NoChains: true,
	})
}

// modelEmit is an event with a delivery.
func modelEmit(id string) *billhook.Emit {
	lane := billhook.Lane{StoreID: "default", WebhookID: "wh"}
	return &billhook.Emit{
		Event:      billhook.Event{StoreID: "default", ID: id, Type: "test", Data: []byte("{}"), CreatedAt: time.Now()},
		Deliveries: []billhook.Pending{{Lane: lane, Position: billhook.Position{ID: "dlv_" + id}, EventID: id, EventType: "test"}},
	}
}

func claimed(t *testing.T, h *Handle, limit int) (ids []string) {
	t.Helper()
	c := &billhook.Claim{Limit: limit}
	if err := h.Commit(context.Background(), &billhook.Batch{Claims: []*billhook.Claim{c}}); err != nil {
		t.Fatal(err)
	}
	for _, p := range c.Deliveries {
		ids = append(ids, p.EventID)
	}
	return ids
}

// TestModelTx: what a caller's transaction commits is there and nobody's, what
// it rolls back never was, and of two that want one id the second fails.
func TestModelTx(t *testing.T) {
	ctx := context.Background()
	s := NewShared(testLease)
	h := s.Open()
	if err := h.Join(ctx); err != nil {
		t.Fatal(err)
	}
	undone, done, late := s.Begin(), s.Begin(), s.Begin()
	for _, e := range []struct {
		tx *Tx
		id string
	}{{undone, "a"}, {done, "b"}, {late, "b"}} {
		if err := h.EmitTx(ctx, e.tx, []*billhook.Emit{modelEmit(e.id)}); err != nil {
			t.Fatal(err)
		}
	}
	again := modelEmit("b")
	if err := h.EmitTx(ctx, done, []*billhook.Emit{again}); err != nil || again.Existing == nil {
		t.Errorf("a repeat in one transaction: %v, existing %v", err, again.Existing)
	}
	if err := errors.Join(undone.Rollback(), done.Commit()); err != nil {
		t.Fatal(err)
	}
	if late.Commit() == nil || undone.Commit() == nil {
		t.Error("a transaction was committed whose id was taken, or that was over")
	}
	if got := fmt.Sprint(claimed(t, h, 1), claimed(t, h, 9)); got != "[b] []" {
		t.Errorf("claimed %s", got)
	}
}

// TestModelLease: a silent node loses what it owns once its lease has run out by
// the database's clock, learns of it, and joins again.
func TestModelLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		s := NewShared(testLease)
		a, b := s.Open(), s.Open()
		var silent atomic.Bool
		a.before = func() error {
			if silent.Load() {
				return errClosed
			}
			return nil
		}
		var lost, unowned atomic.Bool
		for _, h := range []*Handle{a, b} {
			if err := h.Join(ctx); err != nil {
				t.Fatal(err)
			}
		}
		go a.Watch(ctx, func(c billhook.Change) { note(&lost, c.Lost) })
		go b.Watch(ctx, func(c billhook.Change) { note(&unowned, c.Unowned) })
		e := modelEmit("e")
		if err := a.Commit(ctx, &billhook.Batch{Emits: []*billhook.Emit{e}}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if !a.Held() || unowned.Load() || len(claimed(t, b, 9)) > 0 {
			t.Fatal("a node that beats was taken for dead")
		}
		silent.Store(true)
		time.Sleep(testLease - testLease/beatsPerLease)
		held := a.Held()
		time.Sleep(3 * testLease / beatsPerLease)
		if held && a.Held() || !unowned.Load() {
			t.Fatalf("a silent node: held %v then %v, unowned %v", held, a.Held(), unowned.Load())
		}
		if got := claimed(t, b, 9); len(got) != 1 {
			t.Errorf("claimed %v", got)
		}
		late := &billhook.Outcome{Delivery: e.Deliveries[0], Status: billhook.StatusDelivered}
		batch := &billhook.Batch{Outcomes: []*billhook.Outcome{late}}
		if err := a.Commit(ctx, batch); !errors.Is(err, billhook.ErrNotOwner) {
			t.Errorf("a commit of the dead: %v", err)
		}
		silent.Store(false)
		time.Sleep(testLease)
		if !lost.Load() || a.Held() {
			t.Errorf("lost %v, held %v", lost.Load(), a.Held())
		}
		if err := a.Recover(ctx); err != nil || !a.Held() {
			t.Errorf("recover: %v, held %v", err, a.Held())
		}
		if err := a.Commit(ctx, batch); err != nil || !late.Stale {
			t.Errorf("a late outcome: %v, stale %v", err, late.Stale)
		}

		// A clock that is set forward takes all for dead but the one that looks
		// first.
		cancel()
		synctest.Wait()
		s.Shift(time.Hour)
		if c, err := b.beat(); err != nil || c.Lost {
			t.Errorf("the first to look: %+v, %v", c, err)
		}
		if c, err := a.beat(); err != nil || !c.Lost || a.Held() {
			t.Errorf("the other: %+v, %v", c, err)
		}
	})
}

func note(flag *atomic.Bool, is bool) {
	if is {
		flag.Store(true)
	}
}

// TestModelOutbox: an entry becomes one event or a refusal.
func TestModelOutbox(t *testing.T) {
	ctx := context.Background()
	s := NewShared(testLease)
	h := s.Open()
	for range 3 {
		s.Ask(billhook.Emission{StoreID: "default", Type: "test"})
	}
	first, again := modelEmit("a"), modelEmit("b")
	first.Asked, again.Asked = 1, 1
	err := h.Commit(ctx, &billhook.Batch{Emits: []*billhook.Emit{first, again}, Refusals: []*billhook.Refusal{{StoreID: "default", Number: 2, Reason: "no"}}})
	if err != nil || first.Gone || !again.Gone {
		t.Errorf("%v, gone %v and %v", err, first.Gone, again.Gone)
	}
	if rest, err := h.Outbox(ctx, 9); err != nil || len(rest) != 1 || rest[0].Number != 3 {
		t.Errorf("outbox %v, %v", rest, err)
	}
}
