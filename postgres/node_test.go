package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// brief is a lease for tests that wait for its end.
const brief = 500 * time.Millisecond

// A node that others took for dead writes nothing, and is a new one afterwards.
func TestFence(t *testing.T) {
	ctx := context.Background()
	db := joined(t, Options{})
	on := session(t, db)
	before := emits(3, "before", "wh_1")
	commitEmits(t, db, before...)
	epoch := db.owner()
	execute(t, on, "UPDATE billhook.nodes SET state = 'lost' WHERE epoch = $1", epoch)

	err := db.Commit(ctx, &billhook.Batch{
		Emits: emits(1, "during", "wh_1"), Outcomes: []*billhook.Outcome{delivered(before[0].Deliveries[0])},
		Webhooks: []*billhook.WebhookWrite{{Webhook: billhook.Webhook{StoreID: "default", ID: "wh_1"}, Create: true}},
	})
	if !errors.Is(err, billhook.ErrNotOwner) {
		t.Fatalf("commit: got %v, want ErrNotOwner", err)
	}
	equal(t, "written by a lost node", has(t, db, "during_00000"), false)
	if all, err := db.Configuration(ctx); err != nil || len(all.Webhooks) > 0 {
		t.Errorf("webhooks of a lost node: %v, %v", all.Webhooks, err)
	}
	equal(t, "still its own", ask[int](t, on, "SELECT count(*) FROM billhook.pending WHERE owner = $1", epoch), 3)

	check(t, db.Recover(ctx))
	if now := db.owner(); now <= epoch {
		t.Errorf("epoch: got %d after %d", now, epoch)
	}
	equal(t, "held", db.Held(), true)
	lanes, err := db.Lanes(ctx)
	check(t, err)
	equal(t, "lanes", len(lanes), 0)
	o := delivered(before[0].Deliveries[0])
	check(t, db.Commit(ctx, &billhook.Batch{Outcomes: []*billhook.Outcome{o}}))
	equal(t, "stale", o.Stale, true)

	// A row that is gone fences as well.
	execute(t, on, "DELETE FROM billhook.nodes")
	if err := db.Commit(ctx, &billhook.Batch{Emits: emits(1, "gone", "wh_1")}); !errors.Is(err, billhook.ErrNotOwner) {
		t.Errorf("commit: got %v, want ErrNotOwner", err)
	}
	check(t, db.Recover(ctx))
	commitEmits(t, db, emit("after", "wh_1"))
}

// A commit under way keeps its node from being taken for dead; a heartbeat does
// not wait for it.
func TestCommitHoldsItsNode(t *testing.T) {
	ctx := context.Background()
	db := joined(t, Options{Lease: brief})
	other := second(t, db, Options{Lease: time.Hour})
	on := session(t, db)
	execute(t, on, "BEGIN")
	execute(t, on, fence, db.owner())
	check(t, db.renew(ctx, session(t, db), db.lease.Load()))
	execute(t, session(t, db), "UPDATE billhook.nodes SET beat_at = beat_at - interval '1 hour' WHERE epoch = $1", db.owner())

	beside := session(t, other)
	check(t, other.takeOver(ctx, beside, func(billhook.Change) {}))
	equal(t, "state during a commit", ask[string](t, on, "SELECT state FROM billhook.nodes WHERE epoch = $1", db.owner()), alive)
	execute(t, on, "COMMIT")
	check(t, other.takeOver(ctx, beside, func(billhook.Change) {}))
	equal(t, "nodes after it", ask[int](t, on, "SELECT count(*) FROM billhook.nodes WHERE epoch = $1", db.owner()), 0)
}

// What a dead node had is taken over, and its late commit and outcomes change
// nothing.
func TestTakeover(t *testing.T) {
	ctx := context.Background()
	dead := joined(t, Options{Lease: brief, Name: "dead"})
	var had []billhook.Pending
	for i, e := range emits(30, "evt", "wh_1", "wh_2") {
		e.Event.StoreID = fmt.Sprintf("store_%d", i%3)
		for j := range e.Deliveries {
			e.Deliveries[j].StoreID = e.Event.StoreID
		}
		commitEmits(t, dead, e)
		had = append(had, e.Deliveries...)
	}
	node := second(t, dead, Options{Lease: 2 * brief})
	w, _ := watch(t, node)
	var got []billhook.Pending
	for len(got) < len(had) {
		w.until("what nobody owns", func(c billhook.Change) bool { return c.Unowned })
		got = append(got, claim(t, node, 1000)...)
	}
	equal(t, "taken over", fmt.Sprint(ids(got)), fmt.Sprint(ids(had)))
	eventually(t, "the dead node is forgotten", func() bool {
		return ask[int](t, session(t, node), "SELECT count(*) FROM billhook.nodes") == 1
	})

	equal(t, "the dead one's lease", dead.Held(), false)
	if err := dead.Commit(ctx, &billhook.Batch{Emits: emits(1, "late", "wh_1")}); !errors.Is(err, billhook.ErrNotOwner) {
		t.Errorf("commit of the dead: got %v, want ErrNotOwner", err)
	}
	check(t, dead.Recover(ctx))
	late, good := delivered(had[0]), delivered(had[0])
	check(t, dead.Commit(ctx, &billhook.Batch{Outcomes: []*billhook.Outcome{late}}))
	check(t, node.Commit(ctx, &billhook.Batch{Outcomes: []*billhook.Outcome{good}}))
	equal(t, "stale", []bool{late.Stale, good.Stale}, []bool{true, false})
}

// Nodes that claim at once share what there is.
func TestClaimsAtOnce(t *testing.T) {
	ctx := context.Background()
	db := joined(t, Options{})
	nodes := []*Database{db, second(t, db, Options{}), second(t, db, Options{})}
	const n = 3000
	tx := beginSQL(t, db)
	check(t, db.EmitTx(ctx, tx, emits(n, "evt", "wh_1")))
	check(t, tx.Commit())

	var mu sync.Mutex
	owner := map[string]int{}
	var claiming sync.WaitGroup
	for i, node := range nodes {
		claiming.Go(func() {
			for {
				c := &billhook.Claim{Limit: 100}
				if err := node.Commit(ctx, &billhook.Batch{Claims: []*billhook.Claim{c}}); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				for _, p := range c.Deliveries {
					if other, taken := owner[p.ID]; taken {
						t.Errorf("%s: claimed by %d and by %d", p.ID, other, i)
					}
					owner[p.ID] = i
				}
				all := len(owner)
				mu.Unlock()
				if all == n {
					return
				}
			}
		})
	}
	claiming.Wait()
	for i, node := range nodes {
		rows, err := node.Pending(ctx, billhook.Lane{StoreID: "default", WebhookID: "wh_1"}, billhook.Position{}, n)
		check(t, err)
		for _, p := range rows {
			if owner[p.ID] != i {
				t.Errorf("%s: claimed by %d and owned by %d", p.ID, owner[p.ID], i)
			}
		}
	}
}

// Two nodes that take back the same delivery, at once, both succeed: the later
// has it.
func TestRetriesAtOnce(t *testing.T) {
	ctx := context.Background()
	db := joined(t, Options{})
	nodes := []*Database{db, second(t, db, Options{})}
	for round := range 20 {
		e := emit(fmt.Sprint("evt_", round), "wh_1")
		commitEmits(t, db, e)
		check(t, db.Commit(ctx, &billhook.Batch{Outcomes: []*billhook.Outcome{delivered(e.Deliveries[0])}}))
		var retrying sync.WaitGroup
		retries := make([]*billhook.Retry, len(nodes))
		for i, node := range nodes {
			retries[i] = &billhook.Retry{StoreID: "default", DeliveryID: e.Deliveries[0].ID, DueAt: time.Now()}
			retrying.Go(func() {
				if err := node.Commit(ctx, &billhook.Batch{Retries: []*billhook.Retry{retries[i]}}); err != nil {
					t.Error(err)
				}
			})
		}
		retrying.Wait()
		for _, r := range retries {
			if r.Delivery == nil {
				t.Fatal("a retry found nothing")
			}
		}
		mine, theirs := delivered(*retries[0].Delivery), delivered(*retries[1].Delivery)
		check(t, nodes[0].Commit(ctx, &billhook.Batch{Outcomes: []*billhook.Outcome{mine}}))
		check(t, nodes[1].Commit(ctx, &billhook.Batch{Outcomes: []*billhook.Outcome{theirs}}))
		if mine.Stale == theirs.Stale {
			t.Fatalf("stale: %v and %v, want one of them", mine.Stale, theirs.Stale)
		}
	}
}

// What a node leaves counts as nobody's at once, and it can join again.
func TestLeave(t *testing.T) {
	ctx := context.Background()
	db := joined(t, Options{})
	on := session(t, db)
	const n = 2500
	commitEmits(t, db, emits(n, "evt", "wh_1", "wh_2")...)
	check(t, db.Leave(ctx))
	check(t, db.Leave(ctx))
	equal(t, "held", db.Held(), false)
	equal(t, "living nodes", ask[int](t, on, "SELECT count(*) FROM billhook.nodes WHERE state = 'alive'"), 0)
	commitEmits(t, db, emit("unjoined", "wh_1"))
	check(t, db.Join(ctx))
	got := 0
	for left := 1; left > 0; got += left {
		left = len(claim(t, db, 1000))
	}
	equal(t, "claimed", got, 2*n+1)
	check(t, db.takeOver(ctx, on, func(billhook.Change) { t.Error("something is left") }))
	equal(t, "nodes", ask[int](t, on, "SELECT count(*) FROM billhook.nodes"), 1)

	// One that owns nothing leaves nothing.
	other := second(t, db, Options{})
	check(t, other.Leave(ctx))
	equal(t, "nodes", ask[int](t, on, "SELECT count(*) FROM billhook.nodes"), 1)
}

// A node that ended while it was leaving is one that is lost.
func TestLeaveInterrupted(t *testing.T) {
	db := joined(t, Options{})
	commitEmits(t, db, emits(100, "evt", "wh_1", "wh_2")...)
	execute(t, session(t, db), giveUp, db.owner())
	node := second(t, db, Options{Lease: brief})
	w, _ := watch(t, node)
	for got := 0; got < 200; got += len(claim(t, node, 1000)) {
		w.until("what nobody owns", func(c billhook.Change) bool { return c.Unowned })
	}
}

// Close leaves.
func TestCloseLeaves(t *testing.T) {
	ctx := context.Background()
	db := joined(t, Options{})
	on := session(t, db)
	commitEmits(t, db, emits(10, "evt", "wh_1")...)
	_, stop := watch(t, db)
	for range 2 {
		check(t, db.Close())
	}
	stop()
	equal(t, "states", ask[string](t, on, "SELECT string_agg(state, ' ') FROM billhook.nodes"), lost)
	if err := db.Commit(ctx, &billhook.Batch{Emits: emits(1, "late", "wh_1")}); !errors.Is(err, errClosed) {
		t.Errorf("commit: got %v", err)
	}
	if err := db.Recover(ctx); !errors.Is(err, errClosed) {
		t.Errorf("recover: got %v", err)
	}
	if _, err := db.Lanes(ctx); err == nil {
		t.Error("lanes of a closed database")
	}
	eventually(t, "all connections are closed", func() bool {
		return ask[int](t, on, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()") == 0
	})
}

// Nobody is taken for dead for what the server was away.
func TestNobodyIsJudgedAfterAnOutage(t *testing.T) {
	ctx := context.Background()
	db := joined(t, Options{Lease: time.Minute})
	quick := second(t, db, Options{Lease: time.Second})
	on := session(t, db)
	execute(t, on, "UPDATE billhook.nodes SET beat_at = beat_at - interval '1 hour'")
	state := func() string {
		return ask[string](t, on, "SELECT string_agg(state, ' ' ORDER BY epoch) FROM billhook.nodes")
	}
	// The server is back a moment ago: the lease had run out and was renewed.
	l := *quick.lease.Load()
	l.until = time.Now().Add(-time.Hour)
	quick.lease.Store(&l)
	check(t, quick.renew(ctx, on, quick.lease.Load()))
	check(t, quick.takeOver(ctx, on, func(billhook.Change) {}))
	equal(t, "states", state(), "alive alive")
	// It has held its lease for longer than the other's since.
	l = *quick.lease.Load()
	l.since = time.Now().Add(-2 * time.Minute)
	quick.lease.Store(&l)
	check(t, quick.takeOver(ctx, on, func(billhook.Change) {}))
	equal(t, "states", state(), "alive")
}

func TestLeaseHolds(t *testing.T) {
	now := time.Now()
	for _, test := range []struct {
		name string
		l    lease
		at   time.Time
		want bool
	}{
		{"in time", lease{until: now.Add(1)}, now, true},
		{"at its end", lease{until: now}, now, false},
		{"lost", lease{}, now, false},
		{"the machine slept", lease{until: now.Add(time.Second)}, now.Round(0).Add(time.Minute), false},
	} {
		if got := test.l.holds(test.at); got != test.want {
			t.Errorf("%s: got %v", test.name, got)
		}
	}
}
