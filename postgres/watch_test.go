package postgres

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

func TestWatchConfiguration(t *testing.T) {
	db := joined(t, Options{})
	other := second(t, db, Options{})
	w, _ := watch(t, db)
	theirs, _ := watch(t, other)
	w.settled(db)
	theirs.settled(other)
	// Who changed it knows, but for a poll that comes just when it is on disk.
	told := 0
	const changes = 5
	for i := range changes {
		s := &billhook.StoreWrite{Store: billhook.Store{ID: fmt.Sprint("store_", i)}, Create: true}
		check(t, other.Commit(context.Background(), &billhook.Batch{Stores: []*billhook.StoreWrite{s}}))
		w.until("a new store", func(c billhook.Change) bool { return c.Configuration })
		execute(t, session(t, db), notify, channelAsked, "")
		theirs.until("the end", func(c billhook.Change) bool {
			if c.Configuration {
				told++
			}
			return c.Asked
		})
	}
	if told > changes/2 {
		t.Errorf("a node is told of %d of its own %d changes", told, changes)
	}
}

// Nodes are told of an API key as of the rest of the configuration.
func TestWatchKeys(t *testing.T) {
	db := joined(t, Options{})
	other := second(t, db, Options{})
	w, _ := watch(t, db)
	w.settled(db)
	k := &billhook.KeyWrite{Key: billhook.APIKey{StoreID: "one", ID: "key_1"}, Create: true}
	check(t, other.Commit(context.Background(), &billhook.Batch{Keys: []*billhook.KeyWrite{k}}))
	w.until("a new key", func(c billhook.Change) bool { return c.Configuration })
}

// And of an event type.
func TestWatchEventTypes(t *testing.T) {
	db := joined(t, Options{})
	other := second(t, db, Options{})
	w, _ := watch(t, db)
	w.settled(db)
	e := &billhook.EventTypeWrite{EventType: billhook.EventType{StoreID: "one", Name: "order.paid"}, Create: true}
	check(t, other.Commit(context.Background(), &billhook.Batch{EventTypes: []*billhook.EventTypeWrite{e}}))
	w.until("a new event type", func(c billhook.Change) bool { return c.Configuration })
}

// What no notification tells of is found all the same.
func TestWatchPolls(t *testing.T) {
	db := joined(t, Options{})
	on := session(t, db)
	w, _ := watch(t, db)
	w.settled(db)
	execute(t, on, "UPDATE billhook.changes SET version = version + 1")
	w.until("a new version", func(c billhook.Change) bool { return c.Configuration })
	commitEmits(t, db, emit("evt_1", "wh_1"))
	execute(t, on, "UPDATE billhook.pending SET owner = 0")
	w.until("what nobody owns", func(c billhook.Change) bool { return c.Unowned })
	execute(t, on, "BEGIN")
	execute(t, on, "ALTER TABLE billhook.outbox DISABLE TRIGGER ALL")
	execute(t, on, "INSERT INTO billhook.outbox (type, data) VALUES ('order.paid', '{}')")
	execute(t, on, "COMMIT")
	w.until("what was asked for", func(c billhook.Change) bool { return c.Asked })
}

func TestWatchOutbox(t *testing.T) {
	db := joined(t, Options{})
	w, _ := watch(t, db)
	w.settled(db)
	execute(t, session(t, db), "INSERT INTO billhook.outbox (type, data, id) VALUES ('order.paid', '{\"a\": 1}', 'evt_1')")
	w.until("what was asked for", func(c billhook.Change) bool { return c.Asked })
	asked, err := db.Outbox(context.Background(), 10)
	check(t, err)
	if len(asked) != 1 {
		t.Fatalf("outbox: %+v", asked)
	}
	e := asked[0].Emission
	equal(t, "asked", []string{e.StoreID, e.Type, string(e.Data), e.ID, e.Entity.Type}, []string{"default", "order.paid", `{"a": 1}`, "evt_1", ""})
	if ago := time.Since(asked[0].At); ago < -time.Minute || ago > time.Minute {
		t.Errorf("asked at %v", asked[0].At)
	}
	em := emit("evt_1", "wh_1")
	em.Asked = asked[0].Number
	twice := *em
	commitEmits(t, db, em)
	equal(t, "gone", em.Gone, false)
	commitEmits(t, db, &twice, emit("evt_2", "wh_1"))
	equal(t, "gone the second time", twice.Gone, true)
	equal(t, "the other event", has(t, db, "evt_2"), true)
}

// A retry takes a delivery from its node, which is told.
func TestWatchLanes(t *testing.T) {
	db := joined(t, Options{})
	other := second(t, db, Options{})
	w, _ := watch(t, db)
	w.settled(db)
	e := emit("evt_1", "wh_1")
	commitEmits(t, db, e)
	r := &billhook.Retry{StoreID: "default", DeliveryID: e.Deliveries[0].ID, DueAt: time.Now()}
	check(t, other.Commit(context.Background(), &billhook.Batch{Retries: []*billhook.Retry{r}}))
	c := w.until("a lane", func(c billhook.Change) bool { return len(c.Lanes) > 0 })
	equal(t, "lanes", c.Lanes, []billhook.Lane{{StoreID: "default", WebhookID: "wh_1"}})
}

// A node that others take for dead learns it, and goes on as a new one.
func TestWatchLost(t *testing.T) {
	ctx := context.Background()
	db := joined(t, Options{Lease: brief})
	on := session(t, db)
	commitEmits(t, db, emit("evt_1", "wh_1"))
	w, _ := watch(t, db)
	w.settled(db)
	execute(t, on, "UPDATE billhook.nodes SET state = 'lost'")
	for range 2 { // again and again, until something is done about it
		w.until("the loss", func(c billhook.Change) bool { return c.Lost })
		equal(t, "held", db.Held(), false)
	}
	check(t, db.Recover(ctx))
	// The new node finds what the old one had.
	for got := 0; got < 1; got += len(claim(t, db, 10)) {
		w.until("what nobody owns", func(c billhook.Change) bool { return c.Unowned })
	}
	eventually(t, "held", db.Held)
}

// The lease is renewed beyond its length, and held again after a pause.
func TestWatchRenews(t *testing.T) {
	db := joined(t, Options{Lease: brief})
	w, stop := watch(t, db)
	w.settled(db)
	first := db.lease.Load()
	eventually(t, "the lease outlasts itself", func() bool {
		return db.lease.Load().until.Sub(first.until) > 2*brief && db.Held()
	})
	stop()
	eventually(t, "the lease runs out", func() bool { return !db.Held() })
	w, _ = watch(t, db)
	w.until("the lease is held again", func(billhook.Change) bool { return db.Held() })
}

// A process that is no node is told of what changes, and keeps its hands off
// what dead nodes had.
func TestWatchUnjoined(t *testing.T) {
	db := open(t, Options{Lease: brief})
	w, _ := watch(t, db)
	w.settled(db)
	dead := second(t, db, Options{})
	execute(t, session(t, db), "UPDATE billhook.nodes SET beat_at = beat_at - interval '1 hour'")
	s := &billhook.StoreWrite{Store: billhook.Store{ID: "one"}, Create: true}
	check(t, dead.Commit(context.Background(), &billhook.Batch{Stores: []*billhook.StoreWrite{s}}))
	w.until("a new store", func(c billhook.Change) bool { return c.Configuration })
	equal(t, "state", ask[string](t, session(t, db), "SELECT string_agg(state, '') FROM billhook.nodes"), alive)
}

// Who is told is not told while busy, and then of everything at once.
func TestChangesTogether(t *testing.T) {
	c := &changes{some: make(chan struct{}, 1)}
	a, b := billhook.Lane{StoreID: "s", WebhookID: "a"}, billhook.Lane{StoreID: "s", WebhookID: "b"}
	for _, change := range []billhook.Change{
		{Configuration: true}, {Unowned: true}, {Lanes: []billhook.Lane{a}}, {}, {Lost: true}, {Asked: true}, {Anywhere: true}, {Lanes: []billhook.Lane{b, a}},
	} {
		c.tell(change)
	}
	<-c.some
	want := billhook.Change{Configuration: true, Unowned: true, Lost: true, Asked: true, Lanes: []billhook.Lane{a, b}, Anywhere: true}
	equal(t, "changes", fmt.Sprintf("%+v", c.take()), fmt.Sprintf("%+v", want))
	equal(t, "changes after that", fmt.Sprintf("%+v", c.take()), fmt.Sprintf("%+v", billhook.Change{}))
	select {
	case <-c.some:
		t.Error("there is something to take")
	default:
	}
}
