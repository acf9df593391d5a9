package storetest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/billhook/billhook"
)

func testOutcomes(f *fixture) {
	for _, status := range []billhook.Status{billhook.StatusDelivered, billhook.StatusDead, billhook.StatusCancelled, billhook.StatusPending} {
		e := f.emit("default", "evt_"+string(status), 1, "wh_"+string(status))
		f.commitEmits(e)
		o := outcome(e.Deliveries[0], status)
		f.commitOutcomes(o)
		f.equal("stale", o.Stale, false)
		f.equal(string(status), f.delivery("default", o.Delivery.ID), after(o, e.Event))
		f.equal("attempts", f.attempts("default", o.Delivery.ID), []billhook.Attempt{o.Attempt})
		f.equal("listed", f.list(billhook.DeliveryFilter{StoreID: "default", Status: status}), []string{o.Delivery.ID})
		want := []billhook.Pending{}
		if status == billhook.StatusPending {
			next := o.Delivery
			next.Attempts, next.DueAt = 1, o.NextAttemptAt
			want = append(want, next)
		}
		f.equal("pending", f.pending(o.Delivery.Lane), want)
	}
	// An attempt without an answer has next to nothing to tell.
	e := f.emit("default", "evt_silent", 1, "wh_1")
	f.commitEmits(e)
	o := &billhook.Outcome{Delivery: e.Deliveries[0], Status: billhook.StatusDead, Attempt: billhook.Attempt{
		StoreID: "default", DeliveryID: e.Deliveries[0].ID, Number: 1, StartedAt: at(5), Failure: billhook.FailureTimeout,
	}}
	f.commitOutcomes(o)
	f.equal("silent", f.delivery("default", o.Delivery.ID), after(o, e.Event))
	got := f.attempts("default", o.Delivery.ID)
	if len(got) == 1 && len(got[0].ResponseBody) == 0 {
		got[0].ResponseBody = nil
	}
	f.equal("silent attempt", got, []billhook.Attempt{o.Attempt})
}

func testOutcomeAgain(f *fixture) {
	e := f.emit("default", "evt_1", 1, "wh_1", "wh_1")
	f.commitEmits(e)
	p, other := e.Deliveries[0], e.Deliveries[1]
	var want []billhook.Attempt
	for range 3 {
		o := outcome(p, billhook.StatusPending)
		o.Attempt.StatusCode = 500 + p.Attempts
		f.commitOutcomes(o)
		want = append(want, o.Attempt)
		f.equal("delivery", f.delivery("default", p.ID), after(o, e.Event))
		p.Attempts, p.DueAt = p.Attempts+1, o.NextAttemptAt
		f.equal("pending", f.pending(p.Lane), []billhook.Pending{other, p})
	}
	o := outcome(p, billhook.StatusDelivered)
	f.commitOutcomes(o)
	f.equal("delivery", f.delivery("default", p.ID), after(o, e.Event))
	f.equal("attempts", f.attempts("default", p.ID), append(want, o.Attempt))
	f.equal("pending", f.pending(p.Lane), []billhook.Pending{other})
}

// stale commits the outcome and checks that nothing came of it.
func (f *fixture) stale(what string, o *billhook.Outcome) {
	f.Helper()
	id := o.Delivery.ID
	before, known := f.db.Delivery(context.Background(), o.Delivery.StoreID, id)
	attempts := f.attempts(o.Delivery.StoreID, id)
	f.commitOutcomes(o)
	f.equal(what+": stale", o.Stale, true)
	got, err := f.db.Delivery(context.Background(), o.Delivery.StoreID, id)
	if !errors.Is(err, known) {
		f.Errorf("%s: got %v, want %v", what, err, known)
	}
	f.equal(what, got, before)
	f.equal(what+": attempts", f.attempts(o.Delivery.StoreID, id), attempts)
}

func testFencing(f *fixture) {
	e := f.emit("default", "evt_1", 1, "wh_1", "wh_2")
	f.commitEmits(e)
	p := e.Deliveries[0]
	wrong := p
	wrong.Attempts = 1
	f.stale("attempts too many", outcome(wrong, billhook.StatusDelivered))
	unknown := p
	unknown.ID = "dlv_unknown"
	f.stale("unknown", outcome(unknown, billhook.StatusDead))
	elsewhere := p
	elsewhere.StoreID = "other"
	f.stale("another store's", outcome(elsewhere, billhook.StatusDelivered))

	f.commitOutcomes(outcome(p, billhook.StatusPending))
	f.stale("sent before the last attempt", outcome(p, billhook.StatusDelivered))
	f.stale("sent before the last attempt, again", outcome(p, billhook.StatusPending))
	p.Attempts = 1
	f.commitOutcomes(outcome(p, billhook.StatusDead))
	f.stale("over", outcome(p, billhook.StatusDelivered))
	f.equal("the other delivery", f.delivery("default", e.Deliveries[1].ID), waiting(e.Deliveries[1], e.Event))
}

// In a large batch every third outcome is stale, some because the same batch
// has another for their delivery.
func testFencingInOneBatch(f *fixture) {
	const n = 300
	var emits []*billhook.Emit
	for i := range n {
		emits = append(emits, f.emit("default", fmt.Sprintf("evt_%d", i), i, "wh_1"))
	}
	f.commitEmits(emits...)
	var outcomes []*billhook.Outcome
	for i, e := range emits {
		p := e.Deliveries[0]
		switch i % 3 {
		case 0:
			p.Attempts = 5
			outcomes = append(outcomes, outcome(p, billhook.StatusDelivered))
		case 1:
			outcomes = append(outcomes, outcome(p, billhook.StatusDelivered))
		case 2:
			outcomes = append(outcomes, outcome(p, billhook.StatusPending), outcome(p, billhook.StatusDead))
		}
	}
	f.commitOutcomes(outcomes...)
	for i, o := range outcomes {
		stale := i%4 == 0 || i%4 == 3
		if o.Stale != stale {
			f.Fatalf("outcome %d: stale %v, want %v", i, o.Stale, stale)
		}
		switch i % 4 {
		case 0:
			f.equal("attempts", len(f.attempts("default", o.Delivery.ID)), 0)
		case 1, 2:
			f.equal("delivery", f.delivery("default", o.Delivery.ID), after(o, emits[i/4*3+i%4].Event))
			f.equal("attempts", f.attempts("default", o.Delivery.ID), []billhook.Attempt{o.Attempt})
		}
	}
	f.equal("pending", len(f.pending(lane("default", "wh_1"))), 2*n/3)
	f.commitOutcomes(outcomes...)
	for i, o := range outcomes {
		if !o.Stale {
			f.Fatalf("outcome %d, a second time: not stale", i)
		}
	}
}

// A retry while an attempt is under way moves the delivery, and its outcome
// still counts.
func testOutcomeAfterNewDueTime(f *fixture) {
	e := f.emit("default", "evt_1", 1, "wh_1")
	f.commitEmits(e)
	p := e.Deliveries[0]
	f.commit(&billhook.Batch{Retries: []*billhook.Retry{{StoreID: "default", DeliveryID: p.ID, DueAt: at(99)}}})
	o := outcome(p, billhook.StatusDelivered)
	f.commitOutcomes(o)
	f.equal("stale", o.Stale, false)
	f.equal("delivery", f.delivery("default", p.ID), after(o, e.Event))
	f.equal("pending", f.pending(p.Lane), []billhook.Pending{})
}

func (f *fixture) retry(storeID, id string, due time.Time) *billhook.Pending {
	f.Helper()
	r := &billhook.Retry{StoreID: storeID, DeliveryID: id, DueAt: due}
	f.commit(&billhook.Batch{Retries: []*billhook.Retry{r}})
	return r.Delivery
}

func testRetryOver(f *fixture) {
	for _, status := range []billhook.Status{billhook.StatusDead, billhook.StatusDelivered} {
		e := f.emit("default", "evt_"+string(status), 1, "wh_"+string(status))
		f.commitEmits(e)
		p := e.Deliveries[0]
		first := outcome(p, billhook.StatusPending)
		f.commitOutcomes(first)
		p.Attempts = 1
		last := outcome(p, status)
		last.Attempt.StartedAt = at(500)
		f.commitOutcomes(last)

		want := p
		want.Attempts, want.AttemptsBefore, want.DueAt = 2, 2, at(1000)
		got := f.retry("default", p.ID, at(1000))
		if got == nil {
			f.Fatalf("retry of a %s delivery: nothing is pending", status)
		}
		f.equal("retry", *got, want)
		f.equal("pending", f.pending(p.Lane), []billhook.Pending{want})
		d := after(last, e.Event)
		d.Status, d.AttemptsBefore, d.NextAttemptAt, d.FinishedAt = billhook.StatusPending, 2, at(1000), time.Time{}
		f.equal("delivery", f.delivery("default", p.ID), d)
		f.equal("attempts", f.attempts("default", p.ID), []billhook.Attempt{first.Attempt, last.Attempt})
		f.equal("listed", f.list(billhook.DeliveryFilter{StoreID: "default", WebhookID: p.WebhookID}), []string{p.ID})
		f.equal("listed by its old status", f.list(billhook.DeliveryFilter{StoreID: "default", WebhookID: p.WebhookID, Status: status}), []string{})

		third := outcome(want, billhook.StatusDelivered)
		f.commitOutcomes(third)
		f.equal("delivery", f.delivery("default", p.ID), after(third, e.Event))
		f.equal("attempts", f.attempts("default", p.ID), []billhook.Attempt{first.Attempt, last.Attempt, third.Attempt})
	}
}

func testRetryPending(f *fixture) {
	e := f.emit("default", "evt_1", 1, "wh_1")
	f.commitEmits(e)
	p := e.Deliveries[0]
	o := outcome(p, billhook.StatusPending)
	f.commitOutcomes(o)
	p.Attempts, p.DueAt = 1, at(7)
	got := f.retry("default", p.ID, at(7))
	if got == nil {
		f.Fatal("nothing is pending")
	}
	f.equal("retry", *got, p)
	f.equal("pending", f.pending(p.Lane), []billhook.Pending{p})
	d := after(o, e.Event)
	d.NextAttemptAt = at(7)
	f.equal("delivery", f.delivery("default", p.ID), d)
}

func testRetryUnknown(f *fixture) {
	e := f.emit("default", "evt_1", 1, "wh_1")
	f.commitEmits(e)
	if got := f.retry("default", "dlv_unknown", at(1)); got != nil {
		f.Errorf("retry of an unknown delivery: got %+v", *got)
	}
	if got := f.retry("other", e.Deliveries[0].ID, at(9)); got != nil {
		f.Errorf("retry of another store's delivery: got %+v", *got)
	}
	f.equal("delivery", f.delivery("default", e.Deliveries[0].ID), waiting(e.Deliveries[0], e.Event))
}
