package storetest

import (
	"context"
	"fmt"
	"slices"

	"github.com/billhook/billhook"
)

// What a step brings back, or replays, comes into its strand and waits there.
func testRecoveryOrder(f *fixture) {
	ctx, l, late := context.Background(), lane("default", "wh_1"), lane("default", "wh_new")
	var emits []*billhook.Emit
	var all []billhook.Pending
	for i := range 3 {
		emits = append(emits, f.ordered("default", fmt.Sprint("evt_", i), "a", "wh_1"))
		all = append(all, emits[i].Deliveries[0])
	}
	plain := f.emit("default", "evt_plain", 1, "wh_1")
	f.commitEmits(append(emits, plain)...)
	all = append(all, plain.Deliveries[0])
	for range 4 {
		for _, p := range f.pending(l) {
			f.commit(&billhook.Batch{Outcomes: []*billhook.Outcome{outcome(p, billhook.StatusDead)}})
		}
	}
	f.equal("dead", len(f.list(billhook.DeliveryFilter{StoreID: "default", Status: billhook.StatusDead})), 4)
	for i := range all {
		all[i].DueAt, all[i].Place = at(500+i), &billhook.Place{}
	}
	all[2].Place = nil // as of a webhook that wants no order any more
	r := recovery("default", "rcv_1", 100_000)
	f.start(r)
	r.Step++
	s := &billhook.RecoveryStep{Recovery: r, Retries: all}
	f.equal("released", f.releases(&billhook.Batch{RecoverySteps: []*billhook.RecoveryStep{s}}), []string{"evt_0/wh_1"})
	var got []string
	for _, p := range s.Deliveries {
		got = append(got, fmt.Sprint(p.EventID, " ", p.Behind, " ", p.Place != nil && p.Place.Sequence > 0))
	}
	slices.Sort(got)
	f.equal("pending", got, []string{"evt_0 true true", "evt_1 true true", "evt_2 false false", "evt_plain false false"})
	f.equal("this node's", len(f.pending(l)), 3)
	f.equal("the next", f.releases(f.delivered(l, "evt_0")), []string{"evt_1/wh_1"})

	// A replay beside what was emitted since.
	live := f.ordered("default", "evt_3", "a", "wh_new")
	f.equal("live", f.releases(&billhook.Batch{Emits: []*billhook.Emit{live}}), []string{"evt_3/wh_new"})
	var replays []billhook.Pending
	for _, e := range must[[]billhook.EventFor](f)(f.db.EventsFor(ctx, billhook.EventsForFilter{Lane: late, From: at(0), Until: at(100), Limit: 9})) {
		if e.Sequence == 0 || e.Has {
			continue
		}
		replays = append(replays, billhook.Pending{
			Lane: late, Position: billhook.Position{DueAt: at(600), ID: "dlv_late_" + e.ID}, EventID: e.ID, EventType: e.Type, CreatedAt: at(400),
			Place: &billhook.Place{Entity: e.Entity, Sequence: e.Sequence},
		})
	}
	f.equal("to be replayed", len(replays), 3)
	next := s.Result()
	next.Step++
	s = &billhook.RecoveryStep{Recovery: next, Replays: replays}
	f.equal("released", f.releases(&billhook.Batch{RecoverySteps: []*billhook.RecoveryStep{s}}), []string{})
	f.equal("behind", []bool{s.Deliveries[0].Behind, s.Deliveries[1].Behind, s.Deliveries[2].Behind}, []bool{true, true, true})
	f.equal("after what was emitted", f.releases(f.delivered(late, "evt_3")), []string{"evt_0/wh_new"})
	f.equal("in order", f.releases(f.delivered(late, "evt_0")), []string{"evt_1/wh_new"})
}
