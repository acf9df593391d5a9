package storetest

import (
	"context"
	"fmt"
	"time"

	"github.com/billhook/billhook"
)

// about makes what the emit is about, and has its deliveries in an order if asked.
func about(e *billhook.Emit, id string, ordered bool) *billhook.Emit {
	e.Event.Entity = billhook.Reference{Type: "item", ID: id}
	for i := range e.Deliveries {
		if ordered {
			e.Deliveries[i].Place = &billhook.Place{Entity: e.Event.Entity}
		}
	}
	return e
}

// ordered is an event about an item for webhooks that want its order.
func (f *fixture) ordered(storeID, id, item string, webhooks ...string) *billhook.Emit {
	return about(f.emit(storeID, id, 1, webhooks...), item, true)
}

// releases commits and keeps the events of what was released.
func (f *fixture) releases(b *billhook.Batch) []string {
	f.Helper()
	f.commit(b)
	ids := []string{}
	for i := range b.Released {
		p := b.Released[i]
		ids = append(ids, p.EventID+"/"+p.WebhookID)
		f.equal("behind", p.Behind, false)
		if got := f.waitsFor(p.Lane, p.ID); got != nil {
			p.Event = nil
			f.equal("released as it is read", p, *got)
		} else {
			f.Errorf("%s was released, and is not this node's", p.ID)
		}
	}
	return ids
}

// waitsFor is a lane's pending delivery, if this node has it.
func (f *fixture) waitsFor(l billhook.Lane, id string) *billhook.Pending {
	for _, p := range f.pending(l) {
		if p.ID == id {
			return &p
		}
	}
	return nil
}

// delivered ends what this node has of a lane, which must be the event's.
func (f *fixture) delivered(l billhook.Lane, eventID string) *billhook.Batch {
	f.Helper()
	for _, p := range f.pending(l) {
		if p.EventID == eventID {
			return &billhook.Batch{Outcomes: []*billhook.Outcome{outcome(p, billhook.StatusDelivered)}}
		}
	}
	f.Fatalf("%s is not this node's", eventID)
	return nil
}

// Events about an entity are numbered in the order of their commits, without gaps,
// in each store for itself; those about nothing are not.
func testSequence(f *fixture) {
	sequences := func(emits ...*billhook.Emit) (got []int64) {
		for _, e := range emits {
			got = append(got, e.Event.Sequence)
			if e.Existing == nil {
				f.equal("event as it is read", f.event(e.Event.StoreID, e.Event.ID), e.Event)
				f.equal("delivery's", f.delivery(e.Event.StoreID, e.Deliveries[0].ID).Sequence, e.Event.Sequence)
			}
		}
		return got
	}
	plain := f.emit("default", "evt_plain", 1, "wh_1")
	a1, b1, a2, other := about(f.emit("default", "evt_1", 1, "wh_1"), "a", false), about(f.emit("default", "evt_2", 1, "wh_1"), "b", false),
		about(f.emit("default", "evt_3", 1, "wh_1"), "a", false), about(f.emit("other", "evt_1", 1, "wh_1"), "a", false)
	f.commitEmits(a1, plain, b1, other, a2)
	f.equal("numbers", sequences(a1, plain, b1, other, a2), []int64{1, 0, 1, 1, 2})

	// What is there already gets none, wherever it is in the batch.
	again, fresh, twice, last := about(f.emit("default", "evt_1", 1, "wh_1"), "a", false), about(f.emit("default", "evt_4", 1, "wh_1"), "a", false),
		about(f.emit("default", "evt_4", 1, "wh_1"), "a", false), about(f.emit("default", "evt_5", 1, "wh_1"), "a", false)
	f.commitEmits(again, fresh, twice, last)
	f.equal("numbers beside repeats", sequences(fresh, last), []int64{3, 4})
	for _, e := range []*billhook.Emit{again, twice} {
		if e.Existing == nil {
			f.Fatalf("%s was written twice", e.Event.ID)
		}
	}
	f.equal("a repeat's", again.Existing.Sequence, int64(1))
	f.equal("a repeat's", twice.Existing.Sequence, int64(3))
	f.commitEmits(about(f.emit("default", "evt_5", 1, "wh_1"), "a", false))
	next := about(f.emit("default", "evt_6", 1, "wh_1"), "a", false)
	f.commitEmits(next)
	f.equal("number after a repeat alone", sequences(next), []int64{5})

	odd := about(f.emit("default", "evt_7", 1, "wh_1"), "ünïcode ✓ 'x'", false)
	f.commitEmits(odd)
	f.equal("number", sequences(odd), []int64{1})
}

// Of a strand one is this node's, and the next once that is over.
func testOrder(f *fixture) {
	l := lane("default", "wh_1")
	one, two, else1 := f.ordered("default", "evt_1", "a", "wh_1", "wh_2"), f.ordered("default", "evt_2", "a", "wh_1"), f.ordered("default", "evt_3", "b", "wh_1")
	plain := f.emit("default", "evt_4", 1, "wh_1")
	b := &billhook.Batch{Emits: []*billhook.Emit{one, two, else1, plain}}
	f.equal("released at once", f.releases(b), []string{"evt_1/wh_1", "evt_3/wh_1", "evt_1/wh_2"})
	f.equal("with its event", b.Released[0].Event == one.Deliveries[0].Event, true)
	f.equal("place", *b.Released[0].Place, billhook.Place{Entity: one.Event.Entity, Sequence: 1})
	f.equal("behind", []bool{one.Deliveries[0].Behind, two.Deliveries[0].Behind, plain.Deliveries[0].Behind}, []bool{true, true, false})
	f.equal("this node's", len(f.pending(l)), 3)
	f.equal("backlog", must[billhook.Backlog](f)(f.db.Backlog(context.Background(), l, time.Time{}, time.Time{})), billhook.Backlog{All: 4, Own: 3, Behind: 1})
	f.equal("status", f.delivery("default", two.Deliveries[0].ID).Status, billhook.StatusPending)

	// Another attempt is not the end of it; being dead is.
	p := *f.waitsFor(l, one.Deliveries[0].ID)
	f.equal("released by a failure", f.releases(&billhook.Batch{Outcomes: []*billhook.Outcome{outcome(p, billhook.StatusPending)}}), []string{})
	p = *f.waitsFor(l, p.ID)
	f.equal("place after an attempt", *p.Place, billhook.Place{Entity: one.Event.Entity, Sequence: 1})
	f.equal("stuck", must[[]billhook.Strand](f)(f.db.Stuck(context.Background(), 10)), []billhook.Strand{})
	three := f.ordered("default", "evt_5", "a", "wh_1")
	dead := outcome(p, billhook.StatusDead)
	f.equal("released by the end", f.releases(&billhook.Batch{Outcomes: []*billhook.Outcome{dead}, Emits: []*billhook.Emit{three}}), []string{"evt_2/wh_1"})
	stale := outcome(p, billhook.StatusDelivered)
	f.equal("released by what is stale", f.releases(&billhook.Batch{Outcomes: []*billhook.Outcome{stale}}), []string{})
	f.equal("the next", f.releases(f.delivered(l, "evt_2")), []string{"evt_5/wh_1"})
	f.equal("none is left", f.releases(f.delivered(l, "evt_5")), []string{})
	f.equal("the first of a quiet strand", f.releases(&billhook.Batch{Emits: []*billhook.Emit{f.ordered("default", "evt_6", "a", "wh_1")}}), []string{"evt_6/wh_1"})
	f.equal("stale", stale.Stale, true)
}

// What is retried by hand stays behind, or gets its place again and waits.
func testOrderRetry(f *fixture) {
	l := lane("default", "wh_1")
	var emits []*billhook.Emit
	for i := range 3 {
		emits = append(emits, f.ordered("default", fmt.Sprint("evt_", i), "a", "wh_1"))
	}
	f.commitEmits(emits...)
	retry := func(i int, ordered bool) *billhook.Batch {
		return &billhook.Batch{Retries: []*billhook.Retry{{StoreID: "default", DeliveryID: emits[i].Deliveries[0].ID, DueAt: at(500), Ordered: ordered}}}
	}
	b := retry(1, true)
	f.equal("released", f.releases(b), []string{})
	f.equal("behind", b.Retries[0].Delivery.Behind, true)
	f.equal("due", b.Retries[0].Delivery.DueAt.Equal(at(1)), true)
	b = retry(0, true)
	f.equal("released", f.releases(b), []string{})
	f.equal("behind", b.Retries[0].Delivery.Behind, false)
	f.equal("due", f.pending(l)[0].DueAt.Equal(at(500)), true)

	f.commit(&billhook.Batch{Outcomes: []*billhook.Outcome{outcome(f.pending(l)[0], billhook.StatusDead)}})
	b = retry(0, true)
	f.equal("released", f.releases(b), []string{})
	f.equal("behind", b.Retries[0].Delivery.Behind, true)
	f.equal("place", *b.Retries[0].Delivery.Place, billhook.Place{Entity: emits[0].Event.Entity, Sequence: 1})
	f.equal("the lowest is next", f.releases(f.delivered(l, "evt_1")), []string{"evt_0/wh_1"})
	f.equal("attempts before", f.pending(l)[0].AttemptsBefore, 1)
	f.equal("then the next", f.releases(f.delivered(l, "evt_0")), []string{"evt_2/wh_1"})
	f.equal("the last", f.releases(f.delivered(l, "evt_2")), []string{})
	b = retry(1, true)
	f.equal("at once where nothing waits", f.releases(b), []string{"evt_1/wh_1"})
	b = retry(2, false)
	f.equal("of a webhook without order", f.releases(b), []string{})
	f.equal("behind", b.Retries[0].Delivery.Behind, false)
	f.equal("place", b.Retries[0].Delivery.Place == nil, true)
}

// A deleted webhook's are all cancelled, step by step.
func testOrderCancel(f *fixture) {
	l := lane("default", "wh_1")
	var emits []*billhook.Emit
	for i := range 10 {
		emits = append(emits, f.ordered("default", fmt.Sprint("evt_", i), string(rune('a'+i%2)), "wh_1", "wh_2"))
	}
	f.commitEmits(emits...)
	c := &billhook.Cancel{Lane: l, Reason: "the webhook was deleted", At: at(100), Limit: 4}
	f.equal("released", len(f.releases(&billhook.Batch{Cancels: []*billhook.Cancel{c}})), 2)
	f.equal("cancelled", c.Cancelled, 4)
	f.equal("cancelled", f.cancel(l, 100), 6)
	f.equal("cancelled", f.cancel(l, 100), 0)
	f.equal("listed", len(f.list(billhook.DeliveryFilter{StoreID: "default", WebhookID: "wh_1", Status: billhook.StatusCancelled})), 10)
	f.equal("another lane's", len(f.pending(lane("default", "wh_2"))), 2)
	f.equal("stuck", must[[]billhook.Strand](f)(f.db.Stuck(context.Background(), 10)), []billhook.Strand{})
}

// A Skip ends what was to be sent and all of its type up to the newest.
func testSkip(f *fixture) {
	ctx, l := context.Background(), lane("default", "wh_1")
	var emits []*billhook.Emit
	for i, kind := range []string{"stock", "stock", "price", "stock", "stock", "price"} {
		e := f.ordered("default", fmt.Sprint("evt_", i), "a", "wh_1")
		e.Event.Type, e.Deliveries[0].EventType = kind, kind
		emits = append(emits, e)
	}
	f.commitEmits(emits...)
	head := f.pending(l)[0]
	newest := must[billhook.Pending](f)(f.db.Newest(ctx, head.Strand(), "stock", 1))
	f.equal("newest", newest.EventID, "evt_4")
	f.equal("place", *newest.Place, billhook.Place{Entity: head.Place.Entity, Sequence: 5})
	f.equal("newer than it", must[billhook.Pending](f)(f.db.Newest(ctx, head.Strand(), "stock", 5)).ID, "")
	f.equal("newer of no type", must[billhook.Pending](f)(f.db.Newest(ctx, head.Strand(), "other", 1)).ID, "")
	f.equal("newer of another", must[billhook.Pending](f)(f.db.Newest(ctx, billhook.Strand{Lane: lane("default", "wh_2"), Entity: head.Place.Entity}, "stock", 1)).ID, "")

	wrong := head
	wrong.Attempts = 7
	for _, d := range []billhook.Pending{wrong, newest} {
		k := &billhook.Skip{Delivery: d, Newest: *newest.Place, Reason: "superseded by evt_4", At: at(100)}
		f.equal("released by what is stale", f.releases(&billhook.Batch{Skips: []*billhook.Skip{k}}), []string{})
		f.equal("stale", k.Stale, true)
	}
	for _, gone := range []int64{6, 9} { // of another type, and of none
		k := &billhook.Skip{Delivery: head, Newest: billhook.Place{Entity: head.Place.Entity, Sequence: gone}, Reason: "superseded by what is over", At: at(100)}
		f.equal("released when nothing newer waits", f.releases(&billhook.Batch{Skips: []*billhook.Skip{k}}), []string{})
		f.equal("stale when nothing newer waits", k.Stale, true)
	}
	k := &billhook.Skip{Delivery: head, Newest: *newest.Place, Reason: "superseded by evt_4", At: at(100)}
	f.equal("released", f.releases(&billhook.Batch{Skips: []*billhook.Skip{k}}), []string{"evt_2/wh_1"})
	f.equal("skipped with it", k.Behind, []string{emits[1].Deliveries[0].ID, emits[3].Deliveries[0].ID})
	for _, i := range []int{0, 1, 3} {
		d := waiting(emits[i].Deliveries[0], emits[i].Event)
		d.Status, d.Reason, d.FinishedAt, d.NextAttemptAt = billhook.StatusSkipped, "superseded by evt_4", at(100), time.Time{}
		f.equal("skipped", f.delivery("default", d.ID), d)
		f.equal("attempts", f.attempts("default", d.ID), []billhook.Attempt{})
	}
	f.equal("listed", len(f.list(billhook.DeliveryFilter{StoreID: "default", Status: billhook.StatusSkipped})), 3)
	f.equal("listed of a webhook", len(f.list(billhook.DeliveryFilter{StoreID: "default", WebhookID: "wh_1", Status: billhook.StatusSkipped})), 3)
	f.equal("the newest", f.releases(f.delivered(l, "evt_2")), []string{"evt_4/wh_1"})
	f.equal("the last", f.releases(f.delivered(l, "evt_4")), []string{"evt_5/wh_1"})
}

// What a caller's transaction brings is numbered there, and comes into its strand
// when it is claimed.
func testOrderEmitTx(f *fixture) {
	l := lane("default", "wh_1")
	first := f.ordered("default", "evt_0", "a", "wh_1")
	f.commitEmits(first)
	undone, one, two := f.ordered("default", "evt_x", "a", "wh_1"), f.ordered("default", "evt_1", "a", "wh_1"), f.ordered("default", "evt_2", "a", "wh_1")
	f.emitTx(false, undone)
	f.emitTx(true, one, two)
	f.equal("numbers", []int64{one.Event.Sequence, two.Event.Sequence}, []int64{2, 3})
	f.equal("event", f.event("default", "evt_1"), one.Event)
	retry := &billhook.Retry{StoreID: "default", DeliveryID: two.Deliveries[0].ID, DueAt: at(500), Ordered: true}
	f.equal("released by a retry before the claim", f.releases(&billhook.Batch{Retries: []*billhook.Retry{retry}}), []string{})
	f.equal("behind", retry.Delivery.Behind, true)
	f.equal("this node's", len(f.pending(l)), 1)
	last := f.ordered("default", "evt_3", "a", "wh_1")
	f.equal("released before the claim", f.releases(&billhook.Batch{Emits: []*billhook.Emit{last}}), []string{})
	f.equal("number", last.Event.Sequence, int64(4))
	f.equal("released behind what is not claimed", f.releases(f.delivered(l, "evt_0")), []string{})
	c := &billhook.Claim{Limit: 10}
	f.equal("released by the claim", f.releases(&billhook.Batch{Claims: []*billhook.Claim{c}}), []string{"evt_1/wh_1"})
	f.equal("claimed", len(c.Deliveries), 2)
	for _, p := range c.Deliveries {
		f.equal("behind", p.Behind, true)
	}
	f.equal("the second", f.releases(f.delivered(l, "evt_1")), []string{"evt_2/wh_1"})
	f.equal("the last", f.releases(f.delivered(l, "evt_2")), []string{"evt_3/wh_1"})
}

// Of two nodes one releases what the other has brought.
func testTwoNodesOrder(f *fixture) {
	ctx, l := context.Background(), lane("default", "wh_1")
	second := f.harness.Second(f.T, f.db)
	f.Cleanup(func() { second.Close() })
	if err := second.Join(ctx); err != nil {
		f.Fatal(err)
	}
	b := &fixture{T: f.T, db: second, harness: f.harness, deliveries: 1000}
	f.commitEmits(f.ordered("default", "evt_0", "a", "wh_1"))
	f.equal("released by the second", b.releases(&billhook.Batch{Emits: []*billhook.Emit{b.ordered("default", "evt_1", "a", "wh_1")}}), []string{})
	f.equal("the second's", len(b.pending(l)), 0)
	f.equal("released by the first", f.releases(f.delivered(l, "evt_0")), []string{"evt_1/wh_1"})
	f.equal("the second's", len(b.pending(l)), 0)

	// At once, many times.
	emits := make([]*billhook.Emit, 40)
	done := make(chan error, 2)
	for n, on := range []*fixture{f, b} {
		go func() {
			var err error
			for i := n; i < len(emits) && err == nil; i += 2 {
				emits[i] = on.ordered("default", fmt.Sprint("evt_many_", i), "b", "wh_1")
				err = on.db.Commit(ctx, &billhook.Batch{Emits: emits[i : i+1]})
			}
			done <- err
		}()
	}
	for range 2 {
		if err := <-done; err != nil {
			f.Fatal(err)
		}
	}
	seen := map[int64]bool{}
	for _, e := range emits {
		seen[e.Event.Sequence] = true
	}
	f.equal("numbers", len(seen), len(emits))
	for sequence := int64(1); sequence <= int64(len(emits)); sequence++ {
		f.equal("number", seen[sequence], true)
		ended := 0
		for _, on := range []*fixture{f, b} {
			for _, p := range on.pending(l) {
				if p.Place.Entity.ID == "b" {
					f.equal("next", p.Place.Sequence, sequence)
					on.commitOutcomes(outcome(p, billhook.StatusDelivered))
					ended++
				}
			}
			if ended > 0 {
				break // what the other had released since comes next
			}
		}
		f.equal("of the strand at once", ended, 1)
	}
}
