package storetest

import (
	"context"

	"github.com/billhook/billhook"
)

// What a replay has made waits for its event's payload, and goes with the event.
func testReplayForgotten(f *fixture) {
	ctx, old := context.Background(), at(1)
	e := f.emit("default", "evt_1", 1)
	f.commitEmits(e)
	r := recovery("default", "rcv_1", 100_000)
	f.start(r)
	p := billhook.Pending{
		Lane: lane("default", "wh_new"), Position: billhook.Position{DueAt: at(500), ID: "dlv_late"}, EventID: "evt_1", EventType: e.Event.Type, CreatedAt: at(400),
	}
	f.equal("replayed", len(f.step(r, nil, []billhook.Pending{p}).Deliveries), 1)
	expire := func() {
		x := &billhook.Expiry{StoreID: "default", Horizon: billhook.Horizon{Payloads: old.AddDate(0, 0, 1)}, At: old.AddDate(1, 0, 0), Limit: 9}
		f.commit(&billhook.Batch{Expiries: []*billhook.Expiry{x}})
	}
	expire()
	f.equal("kept while it waits", f.event("default", "evt_1").ErasedAt.IsZero(), true)
	f.commitOutcomes(outcome(p, billhook.StatusDead))
	expire()
	f.equal("the day is all there", f.ledger("default", "wh_new")[0].Forgotten, false)
	f.equal("gone", f.event("default", "evt_1").ErasedAt.IsZero(), false)
	found := must[[]billhook.EventFor](f)(f.db.EventsFor(ctx, billhook.EventsForFilter{Lane: lane("default", "wh_2"), From: at(0), Until: at(100), Limit: 9}))
	f.equal("told of an event", found[0].ErasedAt.IsZero(), false)
	over := must[[]billhook.Delivery](f)(f.db.Over(ctx, billhook.OverFilter{StoreID: "default", Statuses: []billhook.Status{billhook.StatusDead}, Limit: 9}))
	f.equal("told of a delivery", over[0].ErasedAt.IsZero(), false)
	x := &billhook.Expiry{StoreID: "default", Horizon: billhook.Horizon{Attempts: old.AddDate(0, 0, 1)}, At: old.AddDate(1, 0, 0), Limit: 9}
	f.commit(&billhook.Batch{Expiries: []*billhook.Expiry{x}})
	f.equal("a day of which something has gone", f.ledger("default", "wh_new")[0].Forgotten, true)
}
