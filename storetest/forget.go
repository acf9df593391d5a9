package storetest

import (
	"context"
	"fmt"
	"strings"

	"github.com/billhook/billhook"
)

// expire takes one step after the other until there is nothing left to do, and
// returns how many there were.
func (f *fixture) expire(x billhook.Expiry) (steps int) {
	f.Helper()
	for x.Limit = 3; ; steps++ {
		step := x
		if !x.Floor.IsZero() {
			step.Audit = f.entry(x.StoreID, fmt.Sprint("aud_expire_", x.At.UnixNano(), "_", steps), billhook.AuditExpire, 0, billhook.Reference{Type: "store", ID: x.StoreID})
			step.Audit.CreatedAt = x.At
		}
		f.commit(&billhook.Batch{Expiries: []*billhook.Expiry{&step}})
		if step.Done < step.Limit {
			return steps + 1
		}
		if steps > 1000 {
			f.Fatal("it never ends")
		}
	}
}

// Each kind of thing goes by its own time, step by step, another store's stays, and
// the log proves what is left.
func testExpire(f *fixture) {
	var all []*billhook.Emit
	for i := range 20 {
		all = append(all, f.emit("one", fmt.Sprintf("evt_%02d", i), i, "wh_1", "wh_2"))
	}
	other := f.emit("two", "evt_other", 0, "wh_1")
	f.commitEmits(append(all, other)...)
	for _, e := range append(all, other) {
		f.commitOutcomes(outcome(e.Deliveries[0], billhook.StatusPending))
		again := f.delivery(e.Event.StoreID, e.Deliveries[0].ID)
		p := e.Deliveries[0]
		p.Attempts, p.DueAt = 1, again.NextAttemptAt
		f.commitOutcomes(outcome(p, billhook.StatusDelivered))
		if len(e.Deliveries) > 1 {
			f.commitOutcomes(outcome(e.Deliveries[1], billhook.StatusDead))
		}
	}
	erased := at(5000)
	f.expire(billhook.Expiry{StoreID: "one", At: erased, Horizon: billhook.Horizon{Payloads: at(10), Attempts: at(5)}})
	for i, e := range all {
		got := f.event("one", e.Event.ID)
		want := e.Event
		if i < 10 {
			want.Data, want.ErasedAt, want.TraceContext = nil, erased, billhook.TraceContext{}
		}
		f.equal(e.Event.ID, got, want)
		_, err := f.db.Delivery(context.Background(), "one", e.Deliveries[0].ID)
		f.equal(e.Event.ID+"'s delivery is there", err == nil, i >= 5)
		attempts := 2
		if i < 5 {
			attempts = 0
		}
		f.equal(e.Event.ID+"'s attempts", len(f.attempts("one", e.Deliveries[0].ID)), attempts)
	}
	f.equal("an erased payload", f.delivery("one", all[7].Deliveries[0].ID).ErasedAt, erased)
	f.equal("an erased payload", f.delivery("one", all[7].Deliveries[0].ID).Payload, []byte(nil))
	if !f.harness.NoChains {
		f.proved("payloads are gone", "one", 20, 0)
	}
	f.equal("nothing more to do", f.expire(billhook.Expiry{StoreID: "one", At: erased, Horizon: billhook.Horizon{Payloads: at(10), Attempts: at(5)}}), 1)

	f.expire(billhook.Expiry{StoreID: "one", At: erased, Horizon: billhook.Horizon{Payloads: at(15), Attempts: at(15), Records: at(12)}, Floor: at(12)})
	f.equal("events that are left", len(f.listEvents(billhook.EventFilter{StoreID: "one"})), 8)
	f.equal("deliveries that are left", len(f.list(billhook.DeliveryFilter{StoreID: "one"})), 10)
	if !f.harness.NoChains {
		p := f.proved("records are gone", "one", 8+1, 0)
		f.equal("floors", []any{len(p.Floors), p.Floors[0].Number, p.Floors[0].At}, []any{1, int64(12), at(11)})
	}
	f.equal("the other store's", []any{len(f.event("two", "evt_other").Data) > 0, len(f.attempts("two", other.Deliveries[0].ID))}, []any{true, 2})

	// An id that is gone may come again, and the chain goes on.
	f.commitEmits(f.emit("one", "evt_00", 6000, "wh_1"))
	if !f.harness.NoChains {
		f.proved("after that", "one", 8+1+1, 0)
	}
}

// A step that ends early, since an event has very much data or very many deliveries,
// says that there is more.
func testExpireLarge(f *fixture) {
	many := make([]string, 20)
	for i := range many {
		many[i] = fmt.Sprint("wh_", i)
	}
	var all []*billhook.Emit
	for i := range 8 {
		e := f.emit("one", fmt.Sprint("evt_", i), i)
		if i%2 == 0 {
			e.Event.Data = fmt.Appendf(nil, `{"pad":"%s"}`, strings.Repeat("x", 800_000))
		} else {
			e = f.emit("one", fmt.Sprint("evt_", i), i, many...)
		}
		all = append(all, e)
	}
	f.commitEmits(all...)
	for _, e := range all {
		for _, d := range e.Deliveries {
			f.commitOutcomes(outcome(d, billhook.StatusDelivered))
		}
	}
	f.expire(billhook.Expiry{StoreID: "one", At: at(5000), Horizon: billhook.Horizon{Payloads: at(100), Attempts: at(100)}})
	for _, e := range all {
		f.equal(e.Event.ID+" is erased", f.event("one", e.Event.ID).ErasedAt, at(5000))
	}
	f.equal("deliveries that are left", len(f.list(billhook.DeliveryFilter{StoreID: "one"})), 0)
}

// The clock of who makes an attempt may be behind that of who accepted the event: the
// attempt goes with it all the same.
func testExpireSkewed(f *fixture) {
	e := f.emit("one", "evt_1", 10, "wh_1")
	f.commitEmits(e)
	early := outcome(e.Deliveries[0], billhook.StatusPending)
	early.Attempt.StartedAt = at(8)
	f.commitOutcomes(early)
	p := e.Deliveries[0]
	p.Attempts, p.DueAt = 1, early.NextAttemptAt
	f.commitOutcomes(outcome(p, billhook.StatusDelivered))
	f.expire(billhook.Expiry{StoreID: "one", At: at(5000), Horizon: billhook.Horizon{Attempts: at(100)}})
	f.equal("attempts", len(f.attempts("one", p.ID)), 0)
}

// What a delivery waits for stays, and goes when it is over.
func testExpireWaiting(f *fixture) {
	var all []*billhook.Emit
	for i := range 10 {
		all = append(all, f.emit("one", fmt.Sprintf("evt_%02d", i), i, "wh_1", "wh_2"))
	}
	f.commitEmits(all...)
	for i, e := range all {
		f.commitOutcomes(outcome(e.Deliveries[1], billhook.StatusDelivered))
		if i%2 == 0 {
			f.commitOutcomes(outcome(e.Deliveries[0], billhook.StatusDelivered))
		} else {
			f.commitOutcomes(outcome(e.Deliveries[0], billhook.StatusPending))
		}
	}
	x := billhook.Expiry{StoreID: "one", At: at(9000), Horizon: billhook.Horizon{Payloads: at(100), Attempts: at(100), Records: at(100)}, Floor: at(100)}
	f.expire(x)
	f.expire(billhook.Expiry{StoreID: "one", At: at(9000), Floor: at(100)}) // forgets nothing, and what waits is not forgotten by it
	f.equal("events", f.listEvents(billhook.EventFilter{StoreID: "one"}), []string{"evt_09", "evt_07", "evt_05", "evt_03", "evt_01"})
	for _, e := range []*billhook.Emit{all[1], all[9]} {
		f.equal("data", f.event("one", e.Event.ID).Data, e.Event.Data)
		f.equal("attempts of what waits", len(f.attempts("one", e.Deliveries[0].ID)), 1)
		f.equal("pending", f.delivery("one", e.Deliveries[0].ID).Status, billhook.StatusPending)
	}
	f.equal("deliveries", len(f.list(billhook.DeliveryFilter{StoreID: "one"})), 5)
	if !f.harness.NoChains {
		f.proved("what waits is below the floor", "one", 1, 0)
	}
	for i := 1; i < 10; i += 2 {
		p := all[i].Deliveries[0]
		p.Attempts, p.DueAt = 1, f.delivery("one", p.ID).NextAttemptAt
		f.commitOutcomes(outcome(p, billhook.StatusDelivered))
	}
	for range 5 { // each looks at some of them
		f.expire(x)
	}
	f.equal("events in the end", f.listEvents(billhook.EventFilter{StoreID: "one"}), []string{})
	f.equal("deliveries in the end", f.list(billhook.DeliveryFilter{StoreID: "one"}), []string{})
}

// All that is said of an entity goes, with what waits, and the records stay.
func testErase(f *fixture) {
	customer := billhook.Reference{Type: "customer", ID: "c_1"}
	var all []*billhook.Emit
	for i := range 12 {
		e := f.emit("one", fmt.Sprintf("evt_%02d", i), i, "wh_1", "wh_2")
		switch i % 3 {
		case 0:
			e.Event.Entity = customer
		case 1:
			e.Event.Actor = customer
		}
		all = append(all, e)
	}
	other := f.emit("two", "evt_other", 0, "wh_1")
	other.Event.Entity = customer
	f.commitEmits(append(all, other)...)
	for _, e := range all {
		f.commitOutcomes(outcome(e.Deliveries[1], billhook.StatusDelivered))
	}
	later := f.emit("one", "evt_later", 500, "wh_1")
	later.Event.Entity = customer
	f.commitEmits(later)

	order := func(id string) *billhook.ErasureWrite {
		w := &billhook.ErasureWrite{Erasure: billhook.Erasure{StoreID: "one", ID: id, Entity: customer, CreatedAt: at(100)}}
		w.Audit = f.entry("one", "aud_"+id, billhook.AuditErasureCreate, 100, billhook.Reference{Type: "erasure", ID: id})
		f.commit(&billhook.Batch{Erasures: []*billhook.ErasureWrite{w}})
		return w
	}
	f.equal("new", order("era_1").Existing == nil, true)
	if again := order("era_2"); again.Existing == nil || again.Existing.ID != "era_1" {
		f.Errorf("asked for again: %+v", again.Existing)
	}
	f.db = f.harness.Reopen(f.T, f.db)
	if err := f.db.Join(context.Background()); err != nil {
		f.Fatalf("join: %v", err)
	}
	behind := &billhook.Erasing{Limit: 3, At: at(200), Reason: "erased", After: billhook.ErasurePosition{StoreID: "one", ID: "era_1"}}
	f.commit(&billhook.Batch{Erasings: []*billhook.Erasing{behind}})
	f.equal("none comes after it", []any{behind.Of, behind.Done}, []any{billhook.ErasurePosition{}, 0})
	lanes := map[billhook.Lane]bool{}
	for steps := 0; ; steps++ {
		x := &billhook.Erasing{Limit: 3, At: at(200), Reason: "erased"}
		f.commit(&billhook.Batch{Erasings: []*billhook.Erasing{x}})
		for _, l := range x.Lanes {
			lanes[l] = true
		}
		if x.Done < x.Limit {
			break
		}
		f.equal("of", []any{x.Of, x.Stuck}, []any{billhook.ErasurePosition{StoreID: "one", ID: "era_1"}, false})
		if steps > 100 {
			f.Fatal("it never ends")
		}
	}
	f.equal("lanes", lanes, map[billhook.Lane]bool{lane("one", "wh_1"): true})
	for i, e := range all {
		got, want := f.event("one", e.Event.ID), e.Event
		waits := f.delivery("one", e.Deliveries[0].ID)
		answered := f.attempts("one", e.Deliveries[1].ID)[0]
		if i%3 == 2 {
			f.equal("not meant", got, want)
			f.equal("not meant", []any{waits.Status, len(answered.ResponseBody) > 0}, []any{billhook.StatusPending, true})
			continue
		}
		want.Data, want.ErasedAt, want.TraceContext = nil, at(200), billhook.TraceContext{}
		f.equal("erased", got, want)
		f.equal("its delivery", []any{waits.Status, waits.Reason, len(waits.Payload), waits.ErasedAt}, []any{billhook.StatusCancelled, "erased", 0, at(200)})
		f.equal("its answer", []any{answered.ResponseHeaders, len(answered.ResponseBody), answered.StatusCode}, []any{"", 0, 200})
	}
	f.equal("accepted after it", f.event("one", "evt_later").Data, later.Event.Data)
	f.equal("another store's", f.event("two", "evt_other").Data, other.Event.Data)
	done := must[[]billhook.Erasure](f)(f.db.Erasures(context.Background(), billhook.ErasureFilter{StoreID: "one", Limit: 10}))
	f.equal("erasures", done, []billhook.Erasure{{StoreID: "one", ID: "era_1", Entity: customer, CreatedAt: at(100), FinishedAt: at(200), Events: 8}})
	waiting := must[[]billhook.Erasure](f)(f.db.Erasures(context.Background(), billhook.ErasureFilter{Waiting: true, Limit: 10}))
	f.equal("waiting", waiting, []billhook.Erasure{})
	// Who sends one of them just then finds out.
	stale := outcome(all[0].Deliveries[0], billhook.StatusDelivered)
	f.commitOutcomes(stale)
	f.equal("stale", stale.Stale, true)
	if !f.harness.NoChains {
		f.proved("erased", "one", 12+1+1, 0)
	}
}

// Of two nodes one has another's deliveries of it cancelled.
func testTwoNodesErase(f *fixture) {
	second := f.harness.Second(f.T, f.db)
	f.Cleanup(func() { second.Close() })
	if err := second.Join(context.Background()); err != nil {
		f.Fatal(err)
	}
	e := f.emit("one", "evt_1", 0, "wh_1")
	e.Event.Entity = billhook.Reference{Type: "customer", ID: "c"}
	f.commitEmits(e)
	order := &billhook.ErasureWrite{Erasure: billhook.Erasure{StoreID: "one", ID: "era_1", Entity: e.Event.Entity, CreatedAt: at(1)}}
	f.commit(&billhook.Batch{Erasures: []*billhook.ErasureWrite{order}})
	for {
		x := &billhook.Erasing{Limit: 3, At: at(2), Reason: "erased"}
		if err := second.Commit(context.Background(), &billhook.Batch{Erasings: []*billhook.Erasing{x}}); err != nil {
			f.Fatal(err)
		}
		if x.Done < x.Limit {
			break
		}
	}
	o := outcome(e.Deliveries[0], billhook.StatusDelivered)
	f.commitOutcomes(o)
	f.equal("stale", o.Stale, true)
	f.equal("status", f.delivery("one", e.Deliveries[0].ID).Status, billhook.StatusCancelled)
}

// Who cuts the log, or moves its beginning, is found out.
func testFloorIsVouchedFor(f *fixture) {
	for i := range 10 {
		f.commitEmits(f.emit("one", fmt.Sprintf("evt_%02d", i), i))
	}
	f.expire(billhook.Expiry{StoreID: "one", At: at(50), Horizon: billhook.Horizon{Records: at(4)}, Floor: at(4)})
	f.proved("as it is", "one", 7, 0)
	for _, move := range []int64{-1, 1, 3} {
		log := &moved{f.db, move}
		p, err := billhook.VerifyAudit(context.Background(), log, "one")
		if err != nil || p.Broken == nil {
			f.Errorf("the beginning moved by %d: found %v, %v", move, p.Broken, err)
		}
	}
}

// A moved log is said to begin elsewhere, where it could.
type moved struct {
	billhook.AuditLog
	by int64
}

func (m *moved) AuditFloors(ctx context.Context, storeID string) ([]billhook.AuditFloor, error) {
	floors, err := m.AuditLog.AuditFloors(ctx, storeID)
	for i := range floors {
		f := &floors[i]
		f.Number += m.by
		for _, e := range orPanic(m.AuditLog.AuditChain(ctx, storeID, f.Chain, f.Number, 1)) {
			f.Hash, f.At = e.Hash, e.CreatedAt
		}
	}
	return floors, err
}

func orPanic[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
