package storetest

import (
	"context"
	"slices"

	"github.com/billhook/billhook"
)

// What became of what a recovery has made pending is told as it is now, whoever has
// seen to it, until its deliveries are kept no longer.
func testRecoveryOutcome(f *fixture) {
	e := f.emit("default", "evt_1", 1, "wh_1", "wh_1", "wh_1", "wh_1", "wh_2")
	later := f.emit("default", "evt_2", 700_000, "wh_1") // another week
	f.commitEmits(e, later)
	d := append(slices.Clone(e.Deliveries), later.Deliveries...)
	var dead []*billhook.Outcome
	for _, p := range d {
		dead = append(dead, outcome(p, billhook.StatusDead))
	}
	f.commitOutcomes(dead...)
	want := func(what string, steps int, counted billhook.RecoveryOutcome) {
		f.Helper()
		got, n := f.became("default", "rcv_1")
		f.equal(what, got, counted)
		f.equal(what+": steps", n, steps)
	}
	r := f.start(recovery("default", "rcv_1", 1_000_000))
	f.start(recovery("other", "rcv_1", 1_000_000))
	want("nothing yet", 0, billhook.RecoveryOutcome{})
	first := f.step(r, d[:3], nil)
	idle := f.step(first.Result(), nil, nil) // one that makes nothing pending
	second := f.step(idle.Result(), d[3:], nil)
	f.step(r, d[:3], nil) // stale, and counts nothing
	want("all wait", 2, billhook.RecoveryOutcome{Waiting: 6})
	back := append(slices.Clone(first.Deliveries), second.Deliveries...)
	f.commitOutcomes(outcome(back[0], billhook.StatusDelivered), outcome(back[1], billhook.StatusDead), outcome(back[2], billhook.StatusPending), outcome(back[5], billhook.StatusDelivered))
	f.cancel(lane("default", "wh_2"), 1)
	some := billhook.RecoveryOutcome{Delivered: 2, Dead: 1, Waiting: 2, Other: 1}
	want("some are over", 2, some)
	both, reached, err := f.db.RecoveryOutcome(context.Background(), "default", "rcv_1", 0, 9)
	f.equal("at once", []any{both, reached, err}, []any{some, second.Recovery.Step, error(nil)})
	if o, n := f.became("other", "rcv_1"); n != 0 {
		f.Errorf("of another store: %+v", o)
	}
	f.commit(&billhook.Batch{Retries: []*billhook.Retry{{StoreID: "default", DeliveryID: back[1].ID, DueAt: back[1].DueAt}}})
	want("retried by hand", 2, billhook.RecoveryOutcome{Delivered: 2, Waiting: 3, Other: 1})

	// The first of them are kept no longer, but for those that wait. What tells of them
	// goes, and not what tells of the last, of another week.
	day := e.Event.CreatedAt.AddDate(0, 0, 1)
	for range 9 {
		x := &billhook.Expiry{StoreID: "default", Horizon: billhook.Horizon{Attempts: day}, At: day.AddDate(1, 0, 0), Limit: 9}
		f.commit(&billhook.Batch{Expiries: []*billhook.Expiry{x}})
	}
	want("of a part nothing is kept", 1, billhook.RecoveryOutcome{Delivered: 1, Waiting: 1, Other: 1})
}
