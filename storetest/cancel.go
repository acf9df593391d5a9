package storetest

import (
	"context"
	"time"

	"github.com/billhook/billhook"
)

func (f *fixture) cancel(l billhook.Lane, limit int) int {
	f.Helper()
	c := &billhook.Cancel{Lane: l, Reason: "the webhook was deleted", At: at(100), Limit: limit}
	f.commit(&billhook.Batch{Cancels: []*billhook.Cancel{c}})
	return c.Cancelled
}

func testCancel(f *fixture) {
	// Due in another order than made, and one that has failed before.
	var emits []*billhook.Emit
	for i, due := range []int{50, 10, 40, 20, 30} {
		e := f.emit("default", "evt_"+string(rune('a'+i)), 1, "wh_1", "wh_2")
		e.Deliveries[0].DueAt = at(due)
		emits = append(emits, e)
	}
	elsewhere := f.emit("other", "evt_a", 1, "wh_1")
	f.commitEmits(append(emits, elsewhere)...)
	failed := outcome(emits[1].Deliveries[0], billhook.StatusPending)
	failed.NextAttemptAt = at(15)
	f.commitOutcomes(failed)

	f.equal("cancelled", f.cancel(lane("default", "wh_1"), 2), 2)
	d := after(failed, emits[1].Event)
	d.Status, d.Reason, d.FinishedAt = billhook.StatusCancelled, "the webhook was deleted", at(100)
	d.NextAttemptAt = time.Time{}
	f.equal("cancelled after an attempt", f.delivery("default", d.ID), d)
	f.equal("its attempts", f.attempts("default", d.ID), []billhook.Attempt{failed.Attempt})
	d = waiting(emits[3].Deliveries[0], emits[3].Event)
	d.Status, d.Reason, d.FinishedAt, d.NextAttemptAt = billhook.StatusCancelled, "the webhook was deleted", at(100), time.Time{}
	f.equal("cancelled unsent", f.delivery("default", d.ID), d)
	f.equal("its attempts", f.attempts("default", d.ID), []billhook.Attempt{})
	f.equal("pending", f.pending(lane("default", "wh_1")),
		[]billhook.Pending{emits[4].Deliveries[0], emits[2].Deliveries[0], emits[0].Deliveries[0]})

	f.equal("cancelled", f.cancel(lane("default", "wh_1"), 10), 3)
	f.equal("cancelled", f.cancel(lane("default", "wh_1"), 10), 0)
	f.equal("another lane", len(f.pending(lane("default", "wh_2"))), 5)
	f.equal("another store", len(f.pending(lane("other", "wh_1"))), 1)
	f.equal("listed", len(f.list(billhook.DeliveryFilter{StoreID: "default", WebhookID: "wh_1", Status: billhook.StatusCancelled})), 5)
	f.stale("cancelled", outcome(emits[0].Deliveries[0], billhook.StatusDelivered))
}

func testCancelThenRetry(f *fixture) {
	e := f.emit("default", "evt_1", 1, "wh_1")
	f.commitEmits(e)
	p := e.Deliveries[0]
	failed := outcome(p, billhook.StatusPending)
	f.commitOutcomes(failed)
	f.cancel(p.Lane, 1)
	want := p
	want.Attempts, want.AttemptsBefore, want.DueAt = 1, 1, at(200)
	got := f.retry("default", p.ID, at(200))
	if got == nil {
		f.Fatal("nothing is pending")
	}
	f.equal("retry", *got, want)
	f.equal("attempts", f.attempts("default", p.ID), []billhook.Attempt{failed.Attempt})
	o := outcome(want, billhook.StatusDead)
	f.commitOutcomes(o)
	f.equal("delivery", f.delivery("default", p.ID), after(o, e.Event))
	f.equal("attempts", f.attempts("default", p.ID), []billhook.Attempt{failed.Attempt, o.Attempt})
}

// The parts of a batch act on each other in the order of its members.
func testBatchOrder(f *fixture) {
	e := f.emit("default", "evt_1", 1, "wh_1", "wh_1")
	f.commitEmits(e)
	dead := outcome(e.Deliveries[0], billhook.StatusDead)
	retry := &billhook.Retry{StoreID: "default", DeliveryID: e.Deliveries[0].ID, DueAt: at(2)}
	cancel := &billhook.Cancel{Lane: lane("default", "wh_1"), Reason: "gone", At: at(3), Limit: 1}
	added := f.emit("default", "evt_2", 0, "wh_1")
	f.commit(&billhook.Batch{
		Outcomes: []*billhook.Outcome{dead}, Retries: []*billhook.Retry{retry},
		Cancels: []*billhook.Cancel{cancel}, Emits: []*billhook.Emit{added},
	})
	// Dead, then due again but later than the other, which is cancelled
	// before the new event comes.
	f.equal("retried", retry.Delivery != nil, true)
	f.equal("cancelled", cancel.Cancelled, 1)
	ids := []string{}
	for _, p := range must[[]billhook.Pending](f)(f.db.Pending(context.Background(), lane("default", "wh_1"), billhook.Position{}, 10)) {
		ids = append(ids, p.ID)
	}
	f.equal("pending", ids, []string{added.Deliveries[0].ID, e.Deliveries[0].ID})
	f.equal("the cancelled", f.delivery("default", e.Deliveries[1].ID).Status, billhook.StatusCancelled)
}
