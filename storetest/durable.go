package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/billhook/billhook"
)

// A batch of many stores' parts, in no order of stores, with the same delivery
// ids in all of them.
func testManyStoresInOneBatch(f *fixture) {
	const n = 200
	var emits []*billhook.Emit
	for i := range n {
		e := f.emit(fmt.Sprintf("store_%d", i%7), fmt.Sprintf("evt_%d", i), i, "wh_1", "wh_2")
		for j := range e.Deliveries {
			e.Deliveries[j].ID = fmt.Sprintf("dlv_%d_%d", i/7, j)
		}
		emits = append(emits, e)
	}
	f.commitEmits(emits...)
	var outcomes []*billhook.Outcome
	for i, e := range emits {
		outcomes = append(outcomes, outcome(e.Deliveries[i%2], []billhook.Status{billhook.StatusDelivered, billhook.StatusPending, billhook.StatusDead}[i%3]))
	}
	f.commitOutcomes(outcomes...)
	for i, e := range emits {
		f.equal("event", f.event(e.Event.StoreID, e.Event.ID), e.Event)
		f.equal("one delivery", f.delivery(e.Event.StoreID, e.Deliveries[i%2].ID), after(outcomes[i], e.Event))
		f.equal("the other", f.delivery(e.Event.StoreID, e.Deliveries[1-i%2].ID), waiting(e.Deliveries[1-i%2], e.Event))
	}
}

// Outcomes for half of one store's deliveries and the other half of another's,
// with the same ids.
func testOutcomesOfTwoStores(f *fixture) {
	var webhooks [64]string
	for i := range webhooks {
		webhooks[i] = "wh_1"
	}
	ours := f.emit("a", "evt_1", 1, webhooks[:]...)
	f.deliveries = 0
	theirs := f.emit("b", "evt_1", 1, webhooks[:]...)
	f.commitEmits(ours, theirs)
	var outcomes []*billhook.Outcome
	for i := range webhooks {
		p := ours.Deliveries[i]
		if i%2 == 1 {
			p = theirs.Deliveries[i]
		}
		outcomes = append(outcomes, outcome(p, billhook.StatusDelivered))
	}
	f.commitOutcomes(outcomes...)
	for i, o := range outcomes {
		p, event := theirs.Deliveries[i], theirs.Event
		if i%2 == 1 {
			p, event = ours.Deliveries[i], ours.Event
		}
		f.equal("stale", o.Stale, false)
		f.equal("delivered", f.delivery(o.Delivery.StoreID, p.ID).Status, billhook.StatusDelivered)
		f.equal("the other store's", f.delivery(p.StoreID, p.ID), waiting(p, event))
	}
}

// A batch of which one part cannot be written leaves nothing of any part.
func testAtomicity(f *fixture) {
	ctx := context.Background()
	before := f.emit("default", "evt_before", 1, "wh_1", "wh_1")
	f.commitEmits(before)
	good := f.emit("default", "evt_good", 2, "wh_1")
	impossible := f.emit("default", "evt_impossible", 2, "wh_1", "wh_1")
	impossible.Deliveries[1].ID = impossible.Deliveries[0].ID // two deliveries with one id
	err := f.db.Commit(ctx, &billhook.Batch{
		Stores:     []*billhook.StoreWrite{{Store: billhook.Store{ID: "default"}, Create: true}},
		Webhooks:   []*billhook.WebhookWrite{{Webhook: billhook.Webhook{StoreID: "default", ID: "wh_1"}, Create: true}},
		Keys:       []*billhook.KeyWrite{{Key: billhook.APIKey{StoreID: "default", ID: "key_1", Permissions: []string{"*"}}, Create: true}},
		EventTypes: []*billhook.EventTypeWrite{{EventType: billhook.EventType{StoreID: "default", Name: "order.paid"}, Create: true}},
		Outcomes:   []*billhook.Outcome{outcome(before.Deliveries[0], billhook.StatusDelivered)},
		Retries:    []*billhook.Retry{{StoreID: "default", DeliveryID: before.Deliveries[1].ID, DueAt: at(50)}},
		Cancels:    []*billhook.Cancel{{Lane: lane("default", "wh_1"), Limit: 1, At: at(3)}},
		Emits:      []*billhook.Emit{good, impossible},
	})
	if err == nil {
		f.Fatal("commit of two deliveries with one id: no error")
	}
	for range 2 { // as it is, and after recovery
		all := f.configuration()
		f.equal("stores", all.Stores, []billhook.Store{})
		f.equal("webhooks", all.Webhooks, []billhook.Webhook{})
		f.equal("keys", all.Keys, []billhook.APIKey{})
		f.equal("event types", all.EventTypes, []billhook.EventType{})
		f.equal("events", f.listEvents(billhook.EventFilter{}), []string{"evt_before"})
		f.equal("pending", f.pending(lane("default", "wh_1")), before.Deliveries)
		f.equal("attempts", f.attempts("default", before.Deliveries[0].ID), []billhook.Attempt{})
		if err := f.db.Recover(ctx); err != nil {
			f.Fatalf("recover: %v", err)
		}
	}
	f.commitEmits(good)
	f.equal("good", f.event("default", "evt_good"), good.Event)
}

// A commit whose context ends writes all or nothing, and the database goes on.
func testCancelledContext(f *fixture) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	e := f.emit("default", "evt_1", 1, "wh_1")
	failed := f.db.Commit(ctx, &billhook.Batch{Emits: []*billhook.Emit{e}})
	if failed != nil {
		if err := f.db.Recover(context.Background()); err != nil {
			f.Fatalf("recover: %v", err)
		}
	}
	_, event := f.db.Event(context.Background(), "default", "evt_1")
	_, delivery := f.db.Delivery(context.Background(), "default", e.Deliveries[0].ID)
	if (event == nil) != (delivery == nil) || failed == nil && event != nil {
		f.Errorf("commit: %v; then event: %v, delivery: %v", failed, event, delivery)
	}
	f.commitEmits(f.emit("default", "evt_2", 1, "wh_1"))
}

// Readers beside the commits see every batch whole: each has one event of
// every store, with as many deliveries as the batches before it.
func testWholeBatchesOnly(f *fixture) {
	const batches, size = 40, 20
	ctx, done := context.WithCancel(context.Background())
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for ctx.Err() == nil {
				pending, err := f.db.Pending(context.Background(), lane("default", "wh_1"), billhook.Position{}, batches*size)
				if err != nil || len(pending)%size != 0 {
					f.Errorf("pending: %d rows, want a multiple of %d (error %v)", len(pending), size, err)
					return
				}
				all, err := f.db.Deliveries(context.Background(), billhook.DeliveryFilter{StoreID: "default", Limit: batches * size})
				if err != nil || len(all)%size != 0 {
					f.Errorf("deliveries: %d, want a multiple of %d (error %v)", len(all), size, err)
					return
				}
			}
		})
	}
	seen := 0
	for b := range batches {
		var emits []*billhook.Emit
		for i := range size {
			emits = append(emits, f.emit("default", fmt.Sprintf("evt_%d_%d", b, i), b, "wh_1"))
		}
		f.commitEmits(emits...)
		seen += size
		if got := len(f.pending(lane("default", "wh_1"))); got != seen {
			f.Errorf("read after commit: %d rows, want %d", got, seen)
		}
	}
	done()
	readers.Wait()
}

// A delivery can be read at every moment of its move from what waits to what
// is over and back, and stands in every list exactly once.
func testNeverNowhere(f *fixture) {
	e := f.emit("default", "evt_1", 1, "wh_1")
	f.commitEmits(e)
	p, id := e.Deliveries[0], e.Deliveries[0].ID
	ctx, done := context.WithCancel(context.Background())
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for ctx.Err() == nil {
				if _, err := f.db.Delivery(context.Background(), "default", id); err != nil {
					f.Errorf("delivery: %v", err)
					return
				}
				all, err := f.db.Deliveries(context.Background(), billhook.DeliveryFilter{StoreID: "default", Limit: 9})
				if err != nil || len(all) != 1 {
					f.Errorf("deliveries: %d, want 1 (error %v)", len(all), err)
					return
				}
			}
		})
	}
	for range 100 {
		f.commitOutcomes(outcome(p, billhook.StatusDelivered))
		again := f.retry("default", id, at(1))
		if again == nil {
			f.Error("retry: nothing is pending")
			break
		}
		p = *again
	}
	done()
	readers.Wait()
	f.equal("attempts", len(f.attempts("default", id)), p.Attempts)
}

func testLargeBatch(f *fixture) {
	const events, webhooks = 600, 10
	var names []string
	for i := range webhooks {
		names = append(names, fmt.Sprintf("wh_%d", i))
	}
	batch := &billhook.Batch{}
	for i := range events {
		batch.Emits = append(batch.Emits, f.emit("default", fmt.Sprintf("evt_%d", i), i, names...))
	}
	f.commit(batch)
	var outcomes []*billhook.Outcome
	for _, e := range batch.Emits {
		for _, p := range e.Deliveries {
			outcomes = append(outcomes, outcome(p, billhook.StatusDelivered))
		}
	}
	for _, name := range names {
		f.equal("pending", len(f.pending(lane("default", name))), events)
	}
	f.commitOutcomes(outcomes...)
	for _, o := range outcomes {
		if o.Stale {
			f.Fatalf("delivery %s: stale", o.Delivery.ID)
		}
	}
	f.equal("lanes", must[[]billhook.Lane](f)(f.db.Lanes(context.Background())), []billhook.Lane{})
	f.equal("delivered", len(f.list(billhook.DeliveryFilter{StoreID: "default", Status: billhook.StatusDelivered, Limit: 2 * events * webhooks})), events*webhooks)
}

func testDurability(f *fixture) {
	all := f.mixed()
	store := billhook.Store{ID: "default", Name: "Ours", CreatedAt: at(0)}
	key := billhook.APIKey{StoreID: "default", ID: "key_1", Salt: []byte("s"), Hash: []byte("h"), Permissions: []string{"*"}, CreatedAt: at(0)}
	f.commit(&billhook.Batch{
		Stores: []*billhook.StoreWrite{{Store: store, Create: true}},
		Keys:   []*billhook.KeyWrite{{Key: key, Create: true}},
	})
	attempts := make([][]billhook.Attempt, len(all))
	for i, d := range all {
		attempts[i] = f.attempts(d.StoreID, d.ID)
	}
	f.db = f.harness.Reopen(f.T, f.db)
	if err := f.db.Join(context.Background()); err != nil {
		f.Fatalf("join: %v", err)
	}
	f.claimAll()
	f.equal("configuration", f.configuration(), billhook.Configuration{Stores: []billhook.Store{store}, Keys: []billhook.APIKey{key}})
	for i, d := range all {
		f.equal("delivery", f.delivery(d.StoreID, d.ID), d)
		f.equal("attempts", f.attempts(d.StoreID, d.ID), attempts[i])
	}
	f.equal("events", len(f.listEvents(billhook.EventFilter{})), 40)
	f.commitEmits(f.emit("default", "evt_new", 99, "wh_1"))
	taken := f.emit("default", "evt_00", 99, "wh_1")
	f.commitEmits(taken)
	f.equal("conflict with an event of before", taken.Existing != nil, true)
}

// Recover is harmless where nothing was wrong.
func testRecover(f *fixture) {
	e := f.emit("default", "evt_1", 1, "wh_1")
	f.commitEmits(e)
	for range 3 {
		if err := f.db.Recover(context.Background()); err != nil {
			f.Fatalf("recover: %v", err)
		}
		f.claimAll()
		f.equal("event", f.event("default", "evt_1"), e.Event)
		o := outcome(e.Deliveries[0], billhook.StatusPending)
		f.commitOutcomes(o)
		e.Deliveries[0].Attempts++
	}
	if _, err := f.db.Event(context.Background(), "default", "evt_2"); !errors.Is(err, billhook.ErrNotFound) {
		f.Errorf("event: got %v, want ErrNotFound", err)
	}
}
