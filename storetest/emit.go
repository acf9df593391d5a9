package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/billhook/billhook"
)

func (f *fixture) event(storeID, id string) billhook.Event {
	f.Helper()
	return must[billhook.Event](f)(f.db.Event(context.Background(), storeID, id))
}

func testEmit(f *fixture) {
	full := f.emit("default", "evt:own-1", 1, "wh_1", "wh_2")
	full.Event.Type = "ünïcode.✓"
	full.Event.Entity = billhook.Reference{Type: "order", ID: "№ 42"}
	full.Event.Actor = billhook.Reference{Type: "user", ID: "usr_1"}
	full.Event.IdempotencyKey = "key 1 ~!"
	for i := range full.Deliveries {
		full.Deliveries[i].EventType = full.Event.Type
	}
	full.Deliveries[1].DueAt, full.Deliveries[1].FirstDue = at(90), at(90) // a webhook may be told later
	bare := &billhook.Emit{Event: billhook.Event{StoreID: "default", ID: "bare", Type: "x", Data: []byte("null")}}
	bare.Held = true // the last time it was tried
	f.commitEmits(full, bare)
	for _, e := range []*billhook.Emit{full, bare} {
		f.equal("written", e.Written(), true)
		if e.Existing != nil {
			f.Errorf("event %s: existing %+v, want none", e.Event.ID, e.Existing)
		}
		f.equal("event", f.event("default", e.Event.ID), e.Event)
	}
	for _, p := range full.Deliveries {
		f.equal("delivery", f.delivery("default", p.ID), waiting(p, full.Event))
		f.equal("pending", f.pending(p.Lane), []billhook.Pending{p})
		f.equal("attempts", f.attempts("default", p.ID), []billhook.Attempt{})
	}
	f.equal("of the event", f.list(billhook.DeliveryFilter{StoreID: "default", EventID: "evt:own-1"}), []string{"dlv_000002", "dlv_000001"})
	f.equal("of the bare event", f.list(billhook.DeliveryFilter{StoreID: "default", EventID: "bare"}), []string{})
}

// refused checks that an emit left nothing and names what stood in its way.
func (f *fixture) refused(e *billhook.Emit, by billhook.Event) {
	f.Helper()
	if e.Existing == nil {
		f.Fatalf("event %s with key %q: existing is nil, want event %s", e.Event.ID, e.Event.IdempotencyKey, by.ID)
	}
	f.equal("existing", *e.Existing, by)
	for _, p := range e.Deliveries {
		if _, err := f.db.Delivery(context.Background(), p.StoreID, p.ID); !errors.Is(err, billhook.ErrNotFound) {
			f.Errorf("delivery %s of a refused event: got %v, want ErrNotFound", p.ID, err)
		}
	}
}

func testEmitConflicts(f *fixture) {
	first := f.emit("default", "evt_1", 1, "wh_1")
	first.Event.IdempotencyKey = "key"
	f.commitEmits(first)

	sameID := f.emit("default", "evt_1", 2, "wh_1", "wh_2")
	sameKey := f.emit("default", "evt_2", 2, "wh_1")
	sameKey.Event.IdempotencyKey = "key"
	both := f.emit("default", "evt_1", 2, "wh_1")
	both.Event.IdempotencyKey = "key"
	fresh := f.emit("default", "evt_3", 2, "wh_1")
	elsewhere := f.emit("other", "evt_1", 2, "wh_1")
	elsewhere.Event.IdempotencyKey = "key"
	f.commitEmits(sameID, fresh, sameKey, both, elsewhere)
	f.refused(sameID, first.Event)
	f.refused(sameKey, first.Event)
	f.refused(both, first.Event)
	if fresh.Existing != nil || elsewhere.Existing != nil {
		f.Errorf("existing of new events: %v, %v, want none", fresh.Existing, elsewhere.Existing)
	}
	f.equal("first", f.event("default", "evt_1"), first.Event)
	f.equal("fresh", f.event("default", "evt_3"), fresh.Event)
	f.equal("elsewhere", f.event("other", "evt_1"), elsewhere.Event)
	f.equal("events", f.listEvents(billhook.EventFilter{StoreID: "default"}), []string{"evt_3", "evt_1"})
	f.equal("lane", f.pending(lane("default", "wh_1")), []billhook.Pending{first.Deliveries[0], fresh.Deliveries[0]})
	f.equal("other lane", f.pending(lane("default", "wh_2")), []billhook.Pending{})
}

func testEmitConflictsInOneBatch(f *fixture) {
	first := f.emit("default", "evt_1", 1, "wh_1")
	first.Event.IdempotencyKey = "key"
	sameID := f.emit("default", "evt_1", 2, "wh_1")
	sameKey := f.emit("default", "evt_2", 3, "wh_1")
	sameKey.Event.IdempotencyKey = "key"
	idOfRefused := f.emit("default", "evt_2", 4, "wh_1") // evt_2 was refused, so its id is free
	elsewhere := f.emit("other", "evt_1", 2, "wh_1")
	f.commitEmits(first, sameID, sameKey, idOfRefused, elsewhere)
	f.refused(sameID, first.Event)
	f.refused(sameKey, first.Event)
	if first.Existing != nil || idOfRefused.Existing != nil || elsewhere.Existing != nil {
		f.Error("a new event was refused")
	}
	f.equal("lane", f.pending(lane("default", "wh_1")), []billhook.Pending{first.Deliveries[0], idOfRefused.Deliveries[0]})
}

// The key tells more than the id: it is the one that the answer goes by.
func testEmitConflictOfIDAndKey(f *fixture) {
	byID, byKey := f.emit("default", "evt_1", 1), f.emit("default", "evt_2", 2)
	byKey.Event.IdempotencyKey = "key"
	f.commitEmits(byID, byKey)
	both := f.emit("default", "evt_1", 3, "wh_1")
	both.Event.IdempotencyKey = "key"
	f.commitEmits(both)
	f.refused(both, byKey.Event)
	otherKey := f.emit("default", "evt_1", 3, "wh_1")
	otherKey.Event.IdempotencyKey = "another key"
	f.commitEmits(otherKey)
	f.refused(otherKey, byID.Event)
	// The refused emit's key is free.
	free := f.emit("default", "evt_4", 4, "wh_1")
	free.Event.IdempotencyKey = "another key"
	f.commitEmits(free)
	f.equal("free", f.event("default", "evt_4"), free.Event)
}

// An id that Billhook made is taken like one that was chosen, in the same batch,
// in a later one, and for a caller's transaction.
func testEmitConflictWithMadeID(f *fixture) {
	made, key := f.emit("default", "evt_made", 1, "wh_1"), f.emit("default", "evt_key", 1)
	key.Event.IdempotencyKey = "key"
	f.commitEmits(key)
	refused := f.emit("default", "evt_refused", 1, "wh_1") // so that its id is free
	refused.Event.IdempotencyKey = "key"
	made.OwnID, refused.OwnID = false, false
	same, free := f.emit("default", "evt_made", 2, "wh_1"), f.emit("default", "evt_refused", 2, "wh_1")
	f.commitEmits(made, refused, same, free)
	f.refused(refused, key.Event)
	f.refused(same, made.Event)
	if made.Existing != nil || free.Existing != nil {
		f.Error("a new event was refused")
	}

	later, fresh := f.emit("default", "evt_made", 3, "wh_1"), f.emit("default", "evt_fresh", 3, "wh_1")
	later.Event.IdempotencyKey = "free"
	elsewhere, byKey := f.emit("other", "evt_made", 3, "wh_1"), f.emit("default", "evt_made", 3, "wh_1")
	byKey.Event.IdempotencyKey = "key"
	f.commitEmits(later, fresh, elsewhere, byKey)
	f.refused(later, made.Event)
	f.refused(byKey, key.Event)
	if fresh.Existing != nil || elsewhere.Existing != nil {
		f.Error("a new event was refused")
	}
	if f.harness.Begin != nil {
		inTx, besides := f.emit("default", "evt_made", 4, "wh_1"), f.emit("default", "evt_besides", 4, "wh_1")
		inTx.Event.IdempotencyKey = "free"
		f.emitTx(true, inTx, besides)
		f.refused(inTx, made.Event)
		f.equal("besides", f.event("default", "evt_besides"), besides.Event)
	}
	// The refused emits' key is free.
	last := f.emit("default", "evt_last", 5)
	last.Event.IdempotencyKey = "free"
	f.commitEmits(last)
	f.equal("last", f.event("default", "evt_last"), last.Event)
	f.equal("first", f.event("default", "evt_made"), made.Event)
}

// Every third of a large batch is there already, then all of it.
func testEmitManyConflicts(f *fixture) {
	const n = 600
	var before, batch []*billhook.Emit
	for i := range n {
		if i%3 == 0 {
			before = append(before, f.emit("default", fmt.Sprintf("evt_%04d", i), i))
		}
	}
	f.commitEmits(before...)
	for i := range n {
		batch = append(batch, f.emit("default", fmt.Sprintf("evt_%04d", i), n+i, "wh_1"))
	}
	f.commitEmits(batch...)
	for i, e := range batch {
		if i%3 == 0 {
			f.refused(e, before[i/3].Event)
		} else if e.Existing != nil {
			f.Errorf("event %s: existing %+v, want none", e.Event.ID, e.Existing)
		}
	}
	f.equal("pending", len(f.pending(lane("default", "wh_1"))), n-n/3)
	f.equal("events", len(f.listEvents(billhook.EventFilter{StoreID: "default", Limit: 2 * n})), n)

	first := batch
	batch = nil
	for i := range n {
		batch = append(batch, f.emit("default", fmt.Sprintf("evt_%04d", i), 3*n, "wh_1"))
	}
	f.commitEmits(batch...)
	for i, e := range batch {
		if i%3 == 0 {
			f.refused(e, before[i/3].Event)
		} else {
			f.refused(e, first[i].Event)
		}
	}
}

func testPayloads(f *fixture) {
	payloads := [][]byte{
		[]byte("{}"),
		[]byte("\x00"),
		[]byte("before\x00after"),
		[]byte("\xff\xfe not UTF-8 \xc3\x28"),
		[]byte(`'; DROP TABLE events; -- "?1" $1 :a @b`),
		[]byte("\u2028 \U0001F9FE \u0000"),
		bytes.Repeat([]byte{0, 1, 2, 0xff}, 1<<18), // 1 MiB
		[]byte(strings.Repeat(`{"a":`, 1000)),
		{},
	}
	var emits []*billhook.Emit
	for i, data := range payloads {
		e := f.emit("default", fmt.Sprintf("evt_%d", i), i, "wh_1")
		e.Event.Data = data
		emits = append(emits, e)
	}
	f.commitEmits(emits...)
	for i, e := range emits {
		if got := f.event("default", e.Event.ID).Data; !bytes.Equal(got, payloads[i]) {
			f.Errorf("payload %d of the event: %d bytes differ from %d", i, len(got), len(payloads[i]))
		}
		if got := f.delivery("default", e.Deliveries[0].ID).Payload; !bytes.Equal(got, payloads[i]) {
			f.Errorf("payload %d of the delivery: %d bytes differ from %d", i, len(got), len(payloads[i]))
		}
	}
	all := must[[]billhook.Delivery](f)(f.db.Deliveries(context.Background(), billhook.DeliveryFilter{StoreID: "default", Limit: 100}))
	for i, d := range all {
		if want := payloads[len(payloads)-1-i]; !bytes.Equal(d.Payload, want) {
			f.Errorf("payload in list, delivery %s: %d bytes differ from %d", d.ID, len(d.Payload), len(want))
		}
	}
}
