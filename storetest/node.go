package storetest

import (
	"context"
	"fmt"
	"strings"

	"github.com/billhook/billhook"
)

// emitTx emits in a transaction of a caller's, which is then committed or not.
func (f *fixture) emitTx(commit bool, emits ...*billhook.Emit) {
	f.Helper()
	tx := f.harness.Begin(f.T, f.db)
	defer tx.Rollback()
	if err := f.db.EmitTx(context.Background(), tx, emits); err != nil {
		f.Fatalf("emit in transaction: %v", err)
	}
	if commit {
		if err := tx.Commit(); err != nil {
			f.Fatalf("commit the caller's transaction: %v", err)
		}
	}
}

// claim takes over at most limit deliveries and keeps their ids.
func (f *fixture) claim(limit int) []string {
	f.Helper()
	c := &billhook.Claim{Limit: limit}
	f.commit(&billhook.Batch{Claims: []*billhook.Claim{c}})
	ids := make([]string, len(c.Deliveries))
	for i := range c.Deliveries {
		ids[i] = c.Deliveries[i].ID
	}
	return ids
}

// claimAll takes over everything that nobody owns.
func (f *fixture) claimAll() {
	f.Helper()
	for len(f.claim(1000)) == 1000 {
	}
}

// What a caller's transaction commits is there, and nobody's until it is
// claimed.
func testEmitTx(f *fixture) {
	ctx := context.Background()
	undone, done := f.emit("default", "evt_undone", 1, "wh_1"), f.emit("default", "evt_done", 2, "wh_1", "wh_2")
	f.emitTx(false, undone)
	f.equal("deliveries after a rollback", f.list(billhook.DeliveryFilter{}), []string{})
	f.equal("claimed after a rollback", f.claim(10), []string{})

	f.emitTx(true, done)
	f.equal("event", f.event("default", "evt_done"), done.Event)
	f.equal("delivery", f.delivery("default", done.Deliveries[0].ID), waiting(done.Deliveries[0], done.Event))
	f.equal("lanes before the claim", must[[]billhook.Lane](f)(f.db.Lanes(ctx)), []billhook.Lane{})
	f.equal("pending before the claim", f.pending(lane("default", "wh_1")), []billhook.Pending{})
	early := outcome(done.Deliveries[0], billhook.StatusDelivered)
	f.commitOutcomes(early)
	f.equal("stale before the claim", early.Stale, true)

	c := &billhook.Claim{Limit: 10}
	f.commit(&billhook.Batch{Claims: []*billhook.Claim{c}})
	f.equal("claimed", c.Deliveries, done.Deliveries)
	f.equal("pending", f.pending(lane("default", "wh_2")), done.Deliveries[1:])
	f.equal("claimed again", f.claim(10), []string{})
	o := outcome(done.Deliveries[0], billhook.StatusDelivered)
	f.commitOutcomes(o)
	f.equal("delivered", f.delivery("default", o.Delivery.ID), after(o, done.Event))
}

// An event that is there already is found, and the transaction goes on.
func testEmitTxConflict(f *fixture) {
	first := f.emit("default", "evt_1", 1, "wh_1")
	first.Event.IdempotencyKey = "key"
	f.commitEmits(first)
	again, sameKey, fresh := f.emit("default", "evt_1", 2, "wh_1"), f.emit("default", "evt_2", 2, "wh_1"), f.emit("default", "evt_3", 2, "wh_1")
	sameKey.Event.IdempotencyKey = "key"
	f.emitTx(true, again, sameKey, fresh)
	for _, e := range []*billhook.Emit{again, sameKey} {
		if e.Existing == nil {
			f.Fatalf("%s: no conflict", e.Event.ID)
		}
		f.equal("existing", *e.Existing, first.Event)
	}
	f.equal("the new one's existing", fresh.Existing == nil, true)
	f.equal("events", f.listEvents(billhook.EventFilter{}), []string{"evt_3", "evt_1"})
	f.equal("claimed", f.claim(10), []string{fresh.Deliveries[0].ID})
}

func testEmitTxOfUnknownKind(f *fixture) {
	err := f.db.EmitTx(context.Background(), 7, []*billhook.Emit{f.emit("default", "evt_1", 1, "wh_1")})
	if err == nil || !strings.Contains(err.Error(), "int") {
		f.Errorf("got %v, want an error that names the kind", err)
	}
}

// Claims take what they are told, and what others left.
func testClaimLimit(f *fixture) {
	var emits []*billhook.Emit
	for i := range 25 {
		emits = append(emits, f.emit(fmt.Sprintf("store_%d", i%3), fmt.Sprintf("evt_%d", i), i, "wh_1", "wh_2"))
	}
	f.emitTx(true, emits...)
	seen := map[string]bool{}
	for _, want := range []int{20, 20, 10, 0} {
		ids := f.claim(20)
		f.equal("claimed", len(ids), want)
		for _, id := range ids {
			f.equal("claimed twice: "+id, seen[id], false)
			seen[id] = true
		}
	}
	f.equal("lanes", len(must[[]billhook.Lane](f)(f.db.Lanes(context.Background()))), 6)
}

// One node neither reads nor finishes what is another's.
func testTwoNodes(f *fixture) {
	ctx := context.Background()
	other := &fixture{T: f.T, db: f.harness.Second(f.T, f.db), harness: f.harness, deliveries: 1000}
	if err := other.db.Join(ctx); err != nil {
		f.Fatalf("join: %v", err)
	}
	defer other.db.Close()
	mine, theirs := f.emit("default", "evt_mine", 1, "wh_1"), other.emit("default", "evt_theirs", 2, "wh_1")
	f.commitEmits(mine)
	other.commitEmits(theirs)
	f.equal("pending", f.pending(lane("default", "wh_1")), mine.Deliveries)
	f.equal("the other's pending", other.pending(lane("default", "wh_1")), theirs.Deliveries)
	f.equal("claimed", f.claim(10), []string{})

	o := outcome(theirs.Deliveries[0], billhook.StatusDelivered)
	f.commitOutcomes(o)
	f.equal("stale", o.Stale, true)
	c := &billhook.Cancel{Lane: lane("default", "wh_1"), Reason: "deleted", At: at(5), Limit: 10}
	f.commit(&billhook.Batch{Cancels: []*billhook.Cancel{c}})
	f.equal("cancelled", c.Cancelled, 1)
	f.equal("the other's delivery", f.delivery("default", theirs.Deliveries[0].ID), waiting(theirs.Deliveries[0], theirs.Event))

	// A retry makes the other's delivery this one's.
	r := &billhook.Retry{StoreID: "default", DeliveryID: theirs.Deliveries[0].ID, DueAt: at(9)}
	f.commit(&billhook.Batch{Retries: []*billhook.Retry{r}})
	f.equal("the other's pending", other.pending(lane("default", "wh_1")), []billhook.Pending{})
	late := outcome(theirs.Deliveries[0], billhook.StatusDead)
	other.commitOutcomes(late)
	f.equal("stale", late.Stale, true)
	o = outcome(*r.Delivery, billhook.StatusDelivered)
	f.commitOutcomes(o)
	f.equal("stale", o.Stale, false)

	// What a node leaves is everybody's.
	left := other.emit("default", "evt_left", 3, "wh_2")
	other.commitEmits(left)
	if err := other.db.Leave(ctx); err != nil {
		f.Fatalf("leave: %v", err)
	}
	f.equal("claimed", f.claim(10), []string{left.Deliveries[0].ID})
}

// A change of what another node has changed meanwhile is refused.
func testTwoNodesChange(f *fixture) {
	other := &fixture{T: f.T, db: f.harness.Second(f.T, f.db), harness: f.harness}
	defer other.db.Close()
	s := billhook.Store{ID: "one", UpdatedAt: at(1)}
	f.commit(&billhook.Batch{Stores: []*billhook.StoreWrite{{Store: s, Create: true}}})
	s.UpdatedAt, s.Name = at(2), "first"
	first := &billhook.StoreWrite{Store: s, Was: at(1)}
	other.commit(&billhook.Batch{Stores: []*billhook.StoreWrite{first}})
	late := &billhook.StoreWrite{Store: billhook.Store{ID: "one", UpdatedAt: at(3), Name: "late"}, Was: at(1)}
	f.commit(&billhook.Batch{Stores: []*billhook.StoreWrite{late}})
	f.equal("refused", []bool{first.Refused, late.Refused}, []bool{false, true})
	f.equal("stores", f.configuration().Stores, []billhook.Store{s})
}
