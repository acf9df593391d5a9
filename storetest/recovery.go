package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/billhook/billhook"
)

// recovery is one that was asked for at the second.
func recovery(storeID, id string, second int) billhook.Recovery {
	r := billhook.Recovery{StoreID: storeID, ID: id, Status: billhook.RecoveryRunning, CreatedAt: at(second), UpdatedAt: at(second)}
	r.RecoveryPlan = billhook.RecoveryPlan{
		Kind: billhook.RecoveryRetry, WebhookID: "wh_1", DeliveryStatus: billhook.StatusDead, Types: []string{"order.*", "ü"}, From: at(1), To: at(2), RatePerSecond: 7,
	}
	r.Found, r.Left.Inactive, r.After, r.NextDueAt = 3, 2, billhook.EventPosition{CreatedAt: at(3), ID: "x"}, at(4)
	return r
}

func (f *fixture) start(r billhook.Recovery) billhook.Recovery {
	f.Helper()
	w := &billhook.RecoveryWrite{Recovery: r}
	f.commit(&billhook.Batch{Recoveries: []*billhook.RecoveryWrite{w}})
	if w.Existing != nil {
		f.Fatalf("recovery %s: there is %+v", r.ID, *w.Existing)
	}
	return r
}

func (f *fixture) recovery(storeID, id string) billhook.Recovery {
	f.Helper()
	return must[billhook.Recovery](f)(f.db.Recovery(context.Background(), storeID, id))
}

// became counts what became of a recovery's deliveries, a step at a time.
func (f *fixture) became(storeID, id string) (all billhook.RecoveryOutcome, steps int) {
	f.Helper()
	for after := int64(0); ; steps++ {
		o, reached, err := f.db.RecoveryOutcome(context.Background(), storeID, id, after, 1)
		if err != nil {
			f.Fatal(err)
		}
		if reached == 0 {
			f.equal("nothing is counted of no step", o, billhook.RecoveryOutcome{})
			return all, steps
		}
		all.Delivered, all.Dead, all.Waiting, all.Other = all.Delivered+o.Delivered, all.Dead+o.Dead, all.Waiting+o.Waiting, all.Other+o.Other
		after = reached
	}
}

func (f *fixture) step(r billhook.Recovery, retries, replays []billhook.Pending) *billhook.RecoveryStep {
	f.Helper()
	r.Step++
	s := &billhook.RecoveryStep{Recovery: r, Retries: retries, Replays: replays, Audit: &billhook.AuditEntry{
		StoreID: r.StoreID, ID: fmt.Sprintf("aud_%s_%d", r.ID, r.Step), Event: billhook.AuditRecoveryEnd,
		Entity: billhook.Reference{Type: "recovery", ID: r.ID}, CreatedAt: at(int(r.Step)),
	}}
	f.commit(&billhook.Batch{RecoverySteps: []*billhook.RecoveryStep{s}})
	return s
}

func (f *fixture) adopt() (ids []string) {
	f.Helper()
	a := &billhook.Adoption{Limit: 10}
	f.commit(&billhook.Batch{Adoptions: []*billhook.Adoption{a}})
	for _, r := range a.Recoveries {
		ids = append(ids, r.ID)
	}
	return ids
}

// A recovery is kept as it was written, once for each of its store's keys.
func testRecoveries(f *fixture) {
	ctx := context.Background()
	one, other := recovery("default", "rcv_1", 10), recovery("other", "rcv_1", 11)
	one.IdempotencyKey, other.IdempotencyKey = "key", "key"
	plain := billhook.Recovery{StoreID: "default", ID: "rcv_2", Status: billhook.RecoveryRunning, CreatedAt: at(12), UpdatedAt: at(12)}
	again := one
	again.ID = "rcv_9"
	repeat := &billhook.RecoveryWrite{Recovery: again, Audit: &billhook.AuditEntry{StoreID: "default", ID: "aud_1", Event: billhook.AuditRecoveryCreate, CreatedAt: at(1)}}
	f.commit(&billhook.Batch{Recoveries: []*billhook.RecoveryWrite{{Recovery: one}, {Recovery: other}, {Recovery: plain}, repeat}})
	if repeat.Existing == nil {
		f.Fatal("a key was given twice")
	}
	f.equal("the first with the key", *repeat.Existing, one)
	f.equal("on record", must[[]billhook.AuditEntry](f)(f.db.Audit(ctx, billhook.AuditFilter{StoreID: "default", Limit: 9})), []billhook.AuditEntry{})
	f.equal("one", f.recovery("default", "rcv_1"), one)
	f.equal("another store's", f.recovery("other", "rcv_1"), other)
	f.equal("one of few words", f.recovery("default", "rcv_2"), plain)
	if _, err := f.db.Recovery(ctx, "default", "rcv_9"); !errors.Is(err, billhook.ErrNotFound) {
		f.Errorf("one that is not there: %v", err)
	}
	list := func(filter billhook.RecoveryFilter) []billhook.Recovery {
		f.Helper()
		return must[[]billhook.Recovery](f)(f.db.Recoveries(ctx, filter))
	}
	f.equal("all", list(billhook.RecoveryFilter{StoreID: "default", Limit: 9}), []billhook.Recovery{plain, one})
	f.equal("first", list(billhook.RecoveryFilter{StoreID: "default", Limit: 1}), []billhook.Recovery{plain})
	f.equal("next", list(billhook.RecoveryFilter{StoreID: "default", Limit: 1, Before: "rcv_2"}), []billhook.Recovery{one})
	f.equal("running", list(billhook.RecoveryFilter{StoreID: "default", Status: billhook.RecoveryRunning, Limit: 9}), []billhook.Recovery{plain, one})
	f.equal("own", f.adopt(), []string{"rcv_1", "rcv_1", "rcv_2"})

	stop := func(id string) *billhook.RecoveryStop {
		s := &billhook.RecoveryStop{StoreID: "default", ID: id, At: at(50)}
		f.commit(&billhook.Batch{RecoveryStops: []*billhook.RecoveryStop{s}})
		return s
	}
	stopped := one
	stopped.Status, stopped.UpdatedAt = billhook.RecoveryCancelled, at(50)
	s := stop("rcv_1")
	f.equal("stopped", s.Stopped && s.Recovery != nil, true)
	f.equal("stopped", *s.Recovery, stopped)
	f.equal("stopped", f.recovery("default", "rcv_1"), stopped)
	if s := stop("rcv_1"); s.Stopped || s.Recovery == nil || !s.Recovery.UpdatedAt.Equal(at(50)) {
		f.Errorf("stopped again: %+v", s)
	}
	if s := stop("rcv_9"); s.Stopped || s.Recovery != nil {
		f.Errorf("stopped what is not there: %+v", s)
	}
	f.equal("of the other store", f.recovery("other", "rcv_1"), other)
	f.equal("running", list(billhook.RecoveryFilter{StoreID: "default", Status: billhook.RecoveryRunning, Limit: 9}), []billhook.Recovery{plain})
	f.equal("cancelled", list(billhook.RecoveryFilter{StoreID: "default", Status: billhook.RecoveryCancelled, Limit: 9}), []billhook.Recovery{stopped})
	f.equal("own", f.adopt(), []string{"rcv_1", "rcv_2"})
}

// A step makes pending what is over and meant, and nothing else, once.
func testRecoverySteps(f *fixture) {
	e := f.emit("default", "evt_1", 1, "wh_1", "wh_1", "wh_1", "wh_1", "wh_2")
	elsewhere := f.emit("other", "evt_1", 1, "wh_1")
	elsewhere.Deliveries[0].ID = e.Deliveries[0].ID
	f.commitEmits(e, elsewhere)
	d := e.Deliveries
	// One that failed twice, one delivered, one that ends later, one that waits.
	failed := outcome(d[0], billhook.StatusPending)
	f.commitOutcomes(failed)
	again := d[0]
	again.Attempts, again.DueAt = 1, failed.NextAttemptAt
	dead, fine, late := outcome(again, billhook.StatusDead), outcome(d[1], billhook.StatusDelivered), outcome(d[2], billhook.StatusDead)
	late.Attempt.StartedAt = late.Attempt.StartedAt.AddDate(1, 0, 0)
	elsewhereDead := outcome(elsewhere.Deliveries[0], billhook.StatusDead)
	f.commitOutcomes(dead, fine, late, elsewhereDead)
	f.cancel(lane("default", "wh_2"), 1)

	r := recovery("default", "rcv_1", 100_000)
	f.start(r)
	due := func(p billhook.Pending, second int) billhook.Pending {
		p.DueAt = at(second)
		return p
	}
	unknown := d[0]
	unknown.ID = "dlv_none"
	s := f.step(r, []billhook.Pending{due(d[0], 201), due(d[1], 202), due(d[2], 203), due(d[3], 204), due(d[4], 205), due(unknown, 206)}, nil)
	want := due(d[0], 201)
	want.Attempts, want.AttemptsBefore = 2, 2
	f.equal("stale", s.Stale, false)
	f.equal("pending", s.Deliveries, []billhook.Pending{want})
	f.equal("pending", f.pending(lane("default", "wh_1")), []billhook.Pending{due(d[3], 1), want})
	f.equal("attempts", f.attempts("default", d[0].ID), []billhook.Attempt{failed.Attempt, dead.Attempt})
	f.equal("delivered", f.delivery("default", d[1].ID), after(fine, e.Event))
	f.equal("later", f.delivery("default", d[2].ID), after(late, e.Event))
	f.equal("another store's", f.delivery("other", d[0].ID), after(elsewhereDead, elsewhere.Event))
	after1 := s.Result()
	f.equal("counted", []int{after1.Queued - r.Queued, after1.Left.Changed - r.Left.Changed}, []int{1, 5})
	f.equal("moved on", f.recovery("default", "rcv_1"), after1)

	// The same step again, as of one who has not heard of the first.
	s = f.step(r, []billhook.Pending{due(d[2], 301)}, nil)
	f.equal("again: stale", s.Stale, true)
	f.equal("again: pending", s.Deliveries, []billhook.Pending(nil))
	f.equal("again: moved on", f.recovery("default", "rcv_1"), after1)

	// What dies once more after it was asked for is not taken again.
	o := outcome(want, billhook.StatusDead)
	o.Attempt.StartedAt = at(200_000)
	f.commitOutcomes(o)
	s = f.step(after1, []billhook.Pending{due(d[0], 302)}, nil)
	f.equal("dead again", []any{s.Stale, len(s.Deliveries)}, []any{false, 0})
	f.equal("dead again", f.delivery("default", d[0].ID).Status, billhook.StatusDead)

	// The last step ends it, and none comes after.
	last := s.Result()
	last.Status, last.UpdatedAt = billhook.RecoveryDone, at(400)
	s = f.step(last, nil, nil)
	f.equal("last", f.recovery("default", "rcv_1"), s.Result())
	f.equal("after the last: stale", f.step(s.Result(), nil, nil).Stale, true)
	f.equal("own", f.adopt(), []string(nil))
	entries := must[[]billhook.AuditEntry](f)(f.db.Audit(context.Background(), billhook.AuditFilter{StoreID: "default", Event: billhook.AuditRecoveryEnd, Limit: 9}))
	f.equal("on record", len(entries), 3)
}

// A step with many, of which every other one has been dealt with meanwhile.
func testRecoveryOfMany(f *fixture) {
	const n = 300
	var emits []*billhook.Emit
	var outcomes []*billhook.Outcome
	var all []billhook.Pending
	for i := range n {
		e := f.emit("default", fmt.Sprintf("evt_%d", i), i*50_000, "wh_1") // over many weeks
		emits = append(emits, e)
		if i%2 == 0 {
			outcomes = append(outcomes, outcome(e.Deliveries[0], billhook.StatusDead))
		}
		all = append(all, e.Deliveries[0])
	}
	f.commitEmits(emits...)
	f.commitOutcomes(outcomes...)
	r := f.start(recovery("default", "rcv_1", n*50_000+1000))
	s := f.step(r, all, nil)
	f.equal("pending", len(s.Deliveries), n/2)
	f.equal("dead", len(f.list(billhook.DeliveryFilter{StoreID: "default", Status: billhook.StatusDead})), 0)
	f.equal("waiting", len(f.pending(lane("default", "wh_1"))), n)
	for _, p := range s.Deliveries {
		f.commitOutcomes(outcome(p, billhook.StatusDelivered))
	}
	f.equal("delivered", len(f.list(billhook.DeliveryFilter{StoreID: "default", Status: billhook.StatusDelivered})), n/2)
}

// A replay makes one delivery of an event for a webhook, whoever asks how often.
func testReplays(f *fixture) {
	ctx := context.Background()
	var emits []*billhook.Emit
	for i := range 6 {
		e := f.emit("default", fmt.Sprintf("evt_%d", i), 10+i, []string{"wh_1", "wh_new"}[i%2])
		e.Event.Type = []string{"order.paid", "user.created"}[i/3]
		emits = append(emits, e)
	}
	none := f.emit("default", "evt_none", 20)
	foreign := f.emit("other", "evt_0", 10, "wh_new")
	f.commitEmits(append(emits, none, foreign)...)
	f.commitOutcomes(outcome(emits[1].Deliveries[0], billhook.StatusDelivered)) // one is over, two wait
	filter := billhook.EventsForFilter{Lane: lane("default", "wh_new"), From: at(11), Until: at(21), Limit: 9}
	list := func(filter billhook.EventsForFilter) []string {
		f.Helper()
		var all []string
		for _, e := range must[[]billhook.EventFor](f)(f.db.EventsFor(ctx, filter)) {
			all = append(all, fmt.Sprint(e.ID, " ", e.Type, " ", int(e.CreatedAt.Sub(at(0)).Seconds()), " ", e.Has))
		}
		return all
	}
	f.equal("events", list(filter), []string{
		"evt_1 order.paid 11 true", "evt_2 order.paid 12 false", "evt_3 user.created 13 true", "evt_4 user.created 14 false", "evt_5 user.created 15 true", "evt_none order.created 20 false",
	})
	filter.After, filter.Limit = billhook.EventPosition{CreatedAt: at(12), ID: "evt_2"}, 2
	f.equal("the next", list(filter), []string{"evt_3 user.created 13 true", "evt_4 user.created 14 false"})

	replays := func(recovery string) (all []billhook.Pending) {
		for _, i := range []int{2, 4} {
			all = append(all, billhook.Pending{
				Lane: lane("default", "wh_new"), Position: billhook.Position{DueAt: at(500 + i), ID: fmt.Sprint("dlv_", recovery, i)},
				EventID: emits[i].Event.ID, EventType: emits[i].Event.Type, CreatedAt: at(400),
			})
		}
		return all
	}
	first, second := f.start(recovery("default", "rcv_1", 300)), f.start(recovery("default", "rcv_2", 300))
	made := replays("one")
	s := f.step(first, nil, made)
	f.equal("made", s.Deliveries, made)
	f.equal("delivery", f.delivery("default", "dlv_one4"), waiting(made[1], emits[4].Event))
	f.equal("of the event", f.list(billhook.DeliveryFilter{StoreID: "default", EventID: "evt_2"}), []string{"dlv_one2", emits[2].Deliveries[0].ID})

	// The other recovery has one that is new, and one more.
	more := append(replays("two"), billhook.Pending{
		Lane: lane("default", "wh_new"), Position: billhook.Position{DueAt: at(500), ID: "dlv_two_none"}, EventID: "evt_none", EventType: "order.created", CreatedAt: at(400),
	})
	s = f.step(second, nil, more)
	f.equal("made by the other", s.Deliveries, more[2:])
	f.equal("counted", []int{s.Result().Queued, s.Result().Left.Changed}, []int{1, 2})
	f.commitOutcomes(outcome(made[0], billhook.StatusDelivered))
	filter = billhook.EventsForFilter{Lane: lane("default", "wh_new"), From: at(12), Until: at(21), Limit: 9}
	for _, e := range must[[]billhook.EventFor](f)(f.db.EventsFor(ctx, filter)) {
		f.equal("has "+e.ID, e.Has, true)
	}
	// And the same for another webhook is another thing.
	filter.WebhookID = "wh_1"
	f.equal("of another webhook", list(filter)[1], "evt_3 user.created 13 false")
}

func testOver(f *fixture) {
	var emits []*billhook.Emit
	for i := range 4 {
		emits = append(emits, f.emit("default", fmt.Sprintf("evt_%d", i), i, "wh_1", "wh_2"))
	}
	elsewhere := f.emit("other", "evt_0", 1, "wh_1")
	f.commitEmits(append(emits, elsewhere)...)
	dead := outcome(emits[3].Deliveries[0], billhook.StatusDead)
	f.commitOutcomes(outcome(emits[0].Deliveries[0], billhook.StatusDead), outcome(emits[1].Deliveries[0], billhook.StatusDelivered),
		dead, outcome(emits[2].Deliveries[1], billhook.StatusDead), outcome(elsewhere.Deliveries[0], billhook.StatusDead))
	f.cancel(lane("default", "wh_2"), 1)
	over := func(filter billhook.OverFilter) []billhook.Delivery {
		f.Helper()
		filter.StoreID = "default"
		if filter.Limit == 0 {
			filter.Limit = 9
		}
		return must[[]billhook.Delivery](f)(f.db.Over(context.Background(), filter))
	}
	ids := func(filter billhook.OverFilter) (ids []string) {
		for _, d := range over(filter) {
			ids = append(ids, d.ID)
		}
		return ids
	}
	d := func(i, j int) string { return emits[i].Deliveries[j].ID }
	deadOnly := []billhook.Status{billhook.StatusDead}
	f.equal("dead", ids(billhook.OverFilter{Statuses: deadOnly}), []string{d(0, 0), d(2, 1), d(3, 0)})
	f.equal("dead of one", ids(billhook.OverFilter{Statuses: deadOnly, WebhookID: "wh_1"}), []string{d(0, 0), d(3, 0)})
	f.equal("after", ids(billhook.OverFilter{Statuses: deadOnly, After: d(0, 0), Limit: 1}), []string{d(2, 1)})
	both := []billhook.Status{billhook.StatusDead, billhook.StatusCancelled}
	f.equal("both", ids(billhook.OverFilter{Statuses: both}), []string{d(0, 0), d(0, 1), d(2, 1), d(3, 0)})
	f.equal("both of one", ids(billhook.OverFilter{Statuses: both, WebhookID: "wh_2", Limit: 1}), []string{d(0, 1)})
	delivered := ids(billhook.OverFilter{Statuses: []billhook.Status{billhook.StatusDelivered}, WebhookID: "wh_1"})
	f.equal("delivered of one", slices.Contains(delivered, d(1, 0)), true)
	want := after(dead, emits[3].Event)
	got := over(billhook.OverFilter{Statuses: deadOnly, After: d(2, 1)})
	f.equal("what is read", got, []billhook.Delivery{{
		StoreID: want.StoreID, ID: want.ID, WebhookID: want.WebhookID, EventID: want.EventID, EventType: want.EventType,
		Status: want.Status, Reason: want.Reason, CreatedAt: want.CreatedAt, FinishedAt: want.FinishedAt,
	}})
}

// A recovery is one node's at a time; what a node leaves, another goes on with.
func testTwoNodesRecover(f *fixture) {
	ctx := context.Background()
	other := &fixture{T: f.T, db: f.harness.Second(f.T, f.db), harness: f.harness, deliveries: 1000}
	if err := other.db.Join(ctx); err != nil {
		f.Fatalf("join: %v", err)
	}
	defer other.db.Close()
	e := f.emit("default", "evt_1", 1, "wh_1", "wh_1")
	f.commitEmits(e)
	f.commitOutcomes(outcome(e.Deliveries[0], billhook.StatusDead), outcome(e.Deliveries[1], billhook.StatusDead))
	r := other.start(recovery("default", "rcv_1", 1000))
	f.equal("the other's", f.adopt(), []string(nil))
	s := f.step(r, e.Deliveries[:1], nil)
	f.equal("a step of who does not own it: stale", s.Stale, true)
	f.equal("a step of who does not own it", f.pending(lane("default", "wh_1")), []billhook.Pending{})

	theirs := other.step(r, e.Deliveries[:1], nil)
	f.equal("the owner's step", []any{theirs.Stale, len(theirs.Deliveries)}, []any{false, 1})
	// It belongs to who has made it pending.
	f.equal("pending here", f.pending(lane("default", "wh_1")), []billhook.Pending{})
	f.equal("pending there", len(other.pending(lane("default", "wh_1"))), 1)
	if err := other.db.Leave(ctx); err != nil {
		f.Fatalf("leave: %v", err)
	}
	f.equal("adopted", f.adopt(), []string{"rcv_1"})
	f.equal("as it was left", f.recovery("default", "rcv_1"), theirs.Result())
	s = f.step(theirs.Result(), e.Deliveries, nil)
	f.equal("the heir's step", []any{s.Stale, len(s.Deliveries)}, []any{false, 1})

	// One that a process makes which is no node is anybody's.
	other.start(recovery("default", "rcv_2", 1000))
	f.equal("nobody's", f.adopt(), []string{"rcv_1", "rcv_2"})
	a := &billhook.Adoption{Limit: 10}
	other.commit(&billhook.Batch{Adoptions: []*billhook.Adoption{a}})
	f.equal("adopted by who is no node", len(a.Recoveries), 0)
}

// A recovery that is told of survives a restart, with where it stood.
func testRecoveryReopened(f *fixture) {
	e := f.emit("default", "evt_1", 1, "wh_1")
	f.commitEmits(e)
	f.commitOutcomes(outcome(e.Deliveries[0], billhook.StatusDead))
	s := f.step(f.start(recovery("default", "rcv_1", 1000)), e.Deliveries, nil)
	f.db = f.harness.Reopen(f.T, f.db)
	if err := f.db.Join(context.Background()); err != nil {
		f.Fatalf("join: %v", err)
	}
	f.equal("adopted", f.adopt(), []string{"rcv_1"})
	f.equal("where it stood", f.recovery("default", "rcv_1"), s.Result())
	next := s.Result()
	next.Status, next.UpdatedAt = billhook.RecoveryDone, time.Now().UTC().Round(0)
	f.equal("goes on: stale", f.step(next, e.Deliveries, nil).Stale, false)
}
