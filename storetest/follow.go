package storetest

import (
	"context"
	"fmt"
	"slices"

	"github.com/billhook/billhook"
)

func (f *fixture) ends(storeID string) []billhook.ChainEnd {
	f.Helper()
	return must[[]billhook.ChainEnd](f)(f.db.ChainEnds(context.Background(), storeID))
}

// followed reads all events of a store that come after the numbers, a few at a time,
// moves the numbers on, and keeps the ids, chain by chain.
func (f *fixture) followed(storeID string, after map[int64]int64) (ids []string) {
	f.Helper()
	for _, end := range f.ends(storeID) {
		for after[end.Chain] < end.Number {
			page := must[[]billhook.ChainEvent](f)(f.db.ChainEvents(context.Background(), billhook.ChainRange{
				StoreID: storeID, Chain: end.Chain, After: after[end.Chain], To: end.Number, Limit: 3,
			}))
			if len(page) == 0 {
				after[end.Chain] = end.Number
			}
			for _, e := range page {
				if e.Number <= after[end.Chain] || e.Number > end.Number {
					f.Errorf("%s has number %d, after %d and up to %d", e.ID, e.Number, after[end.Chain], end.Number)
				}
				ids, after[end.Chain] = append(ids, e.ID), e.Number
			}
		}
	}
	return ids
}

// Who follows a store's events gets each once, as it was written, in the order of the
// commits, and no entries that are no events.
func testFollow(f *fixture) {
	f.equal("ends of nothing", f.ends("one"), []billhook.ChainEnd{})
	first := f.emit("one", "evt_first", 1)
	first.Event.Entity, first.Event.Actor = billhook.Reference{Type: "order", ID: "o"}, billhook.Reference{Type: "user", ID: "u"}
	first.Event.IdempotencyKey, first.Event.RequestID = "key", "req_1"
	f.commitEmits(first)
	after := map[int64]int64{}
	f.equal("the first", f.followed("one", after), []string{"evt_first"})
	f.equal("of another store", f.followed("two", map[int64]int64{}), []string{})
	chain := f.ends("one")[0].Chain
	read := func(r billhook.ChainRange) []billhook.ChainEvent {
		f.Helper()
		r.StoreID, r.Chain = "one", chain
		return must[[]billhook.ChainEvent](f)(f.db.ChainEvents(context.Background(), r))
	}
	f.equal("all of it", read(billhook.ChainRange{To: 1, Limit: 10}), []billhook.ChainEvent{{Event: f.event("one", "evt_first"), Number: 1}})

	var want []string
	for round := range 5 {
		b := &billhook.Batch{Entries: []*billhook.AuditEntry{f.entry("one", fmt.Sprint("aud_", round), billhook.AuditSecretReveal, round, billhook.Reference{Type: "webhook", ID: "w"})}}
		for i := range 4 {
			// Accepted in another order than committed.
			e := f.emit("one", fmt.Sprintf("evt_%d_%d", round, i), 100-10*round-i)
			b.Emits = append(b.Emits, e, f.emit("two", e.Event.ID, i))
			want = append(want, e.Event.ID)
		}
		b.Emits = append(b.Emits, f.emit("one", "evt_first", 1)) // a conflict
		f.commit(b)
	}
	f.equal("ends", f.ends("one"), []billhook.ChainEnd{{Chain: chain, Number: 1 + 5*5, Living: true}})
	f.equal("all others", f.followed("one", after), want)
	f.equal("and nothing more", f.followed("one", after), []string{})
	f.equal("of the other store", len(f.followed("two", map[int64]int64{})), 20)
	f.equal("up to a number", len(read(billhook.ChainRange{After: 1, To: 3, Limit: 10})), 2)
	f.equal("as many bytes", len(read(billhook.ChainRange{To: 26, Limit: 10, MaxBytes: 1})), 2)

	f.db = f.harness.Reopen(f.T, f.db)
	if err := f.db.Join(context.Background()); err != nil {
		f.Fatalf("join: %v", err)
	}
	f.commitEmits(f.emit("one", "evt_later", 200))
	f.equal("after a restart", f.followed("one", after), []string{"evt_later"})

	since := must[[]billhook.ChainEnd](f)(f.db.ChainsSince(context.Background(), "one", at(100-40)))
	slices.SortFunc(since, func(a, b billhook.ChainEnd) int { return int(a.Chain - b.Chain) })
	f.equal("the first since a time", []int64{since[0].Chain, since[0].Number}, []int64{chain, 2})
	f.equal("since what is to come", must[[]billhook.ChainEnd](f)(f.db.ChainsSince(context.Background(), "one", at(201))), []billhook.ChainEnd{})

	f.expire(billhook.Expiry{StoreID: "one", At: at(5000), Horizon: billhook.Horizon{Payloads: at(50)}})
	gone := read(billhook.ChainRange{To: 1, Limit: 1})
	f.equal("a payload that is gone", []any{len(gone), gone[0].ErasedAt, len(gone[0].Data)}, []any{1, at(5000), 0})
}

// What is in no chain yet is followed once a node has taken it into its own.
func testFollowLinks(f *fixture) {
	after := map[int64]int64{}
	f.commitEmits(f.emit("default", "evt_1", 10))
	f.emitTx(true, f.emit("default", "evt_tx", 5))
	f.emitTx(false, f.emit("default", "evt_undone", 6))
	f.equal("before", f.followed("default", after), []string{"evt_1"})
	f.commitEmits(f.emit("default", "evt_2", 11))
	f.equal("another before it", f.followed("default", after), []string{"evt_2"})
	f.link(10)
	f.equal("linked", f.followed("default", after), []string{"evt_tx"})
	f.link(10)
	f.equal("and no more", f.followed("default", after), []string{})
}

// Each node's chain grows for itself, and that of a node that has left does not.
func testTwoNodesFollow(f *fixture) {
	ctx := context.Background()
	other := &fixture{T: f.T, db: f.harness.Second(f.T, f.db), harness: f.harness, deliveries: 1000}
	defer other.db.Close()
	if err := other.db.Join(ctx); err != nil {
		f.Fatalf("join: %v", err)
	}
	after := map[int64]int64{}
	for i := range 5 {
		f.commitEmits(f.emit("default", fmt.Sprint("evt_a", i), i))
		other.commitEmits(other.emit("default", fmt.Sprint("evt_b", i), i))
		got := f.followed("default", after)
		slices.Sort(got)
		f.equal("of both", got, []string{fmt.Sprint("evt_a", i), fmt.Sprint("evt_b", i)})
	}
	living := func() (n int) {
		for _, end := range f.ends("default") {
			if end.Living {
				n++
			}
		}
		return n
	}
	f.equal("living", []int{living(), len(f.ends("default"))}, []int{2, 2})
	other.commitEmits(other.emit("default", "evt_last", 9))
	if err := other.db.Leave(ctx); err != nil {
		f.Fatalf("leave: %v", err)
	}
	f.equal("living", []int{living(), len(f.ends("default"))}, []int{1, 2})
	f.equal("of the one that left", f.followed("default", after), []string{"evt_last"})
	if err := other.db.Join(ctx); err != nil {
		f.Fatalf("join again: %v", err)
	}
	other.commitEmits(other.emit("default", "evt_again", 10))
	f.equal("of its next life", f.followed("default", after), []string{"evt_again"})
	f.equal("living", []int{living(), len(f.ends("default"))}, []int{2, 3})
}
