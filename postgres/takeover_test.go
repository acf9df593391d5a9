package postgres

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// Two nodes at once take what a lost one had, each delivery once, and write each
// once, in steps that end within lanes.
func TestClaimsOfLost(t *testing.T) {
	ctx := context.Background()
	dead := joined(t, Options{Lease: time.Hour})
	on := session(t, dead)
	var had []billhook.Pending
	for i, e := range emits(600, "evt", "wh_1", "wh_2", "wh_3") {
		e.Event.StoreID = fmt.Sprintf("store_%d", i%4)
		for j := range e.Deliveries {
			e.Deliveries[j].StoreID = e.Event.StoreID
			e.Deliveries[j].DueAt = e.Event.CreatedAt.Add(time.Duration(i%3) * time.Second) // many at one time
		}
		commitEmits(t, dead, e)
		had = append(had, e.Deliveries...)
	}
	nodes := []*Database{second(t, dead, Options{}), second(t, dead, Options{})}
	execute(t, on, "CREATE TABLE written (id TEXT)")
	execute(t, on, "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO written VALUES (NEW.id); RETURN NULL; END $$")
	execute(t, on, "CREATE TRIGGER note AFTER UPDATE ON billhook.pending FOR EACH ROW EXECUTE FUNCTION note()")
	equal(t, "claimed from the living", len(claim(t, nodes[0], 10)), 0)
	execute(t, on, giveUp, dead.owner())

	var mu sync.Mutex
	var got []billhook.Pending
	var claiming sync.WaitGroup
	for i, node := range nodes {
		claiming.Go(func() {
			// What the other has locked at the moment is passed over, so one that gets
			// less may have to come back.
			for all := false; !all; {
				c := &billhook.Claim{Limit: 37 + i}
				if err := node.Commit(ctx, &billhook.Batch{Claims: []*billhook.Claim{c}}); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				got = append(got, c.Deliveries...)
				all = len(got) >= len(had)
				mu.Unlock()
			}
		})
	}
	claiming.Wait()
	equal(t, "claimed", fmt.Sprint(ids(got)), fmt.Sprint(ids(had)))
	equal(t, "rows written", ask[int](t, on, "SELECT count(*) FROM written"), len(had))
	check(t, nodes[0].takeOver(ctx, on, func(billhook.Change) { t.Error("something is left") }))
	equal(t, "nodes", ask[int](t, on, "SELECT count(*) FROM billhook.nodes"), 2)
}

// A claim that was cut short within a lane goes on there, and one that finds no
// more looks for what came free behind it.
func TestClaimsLookAgain(t *testing.T) {
	dead := joined(t, Options{Lease: time.Hour})
	on := session(t, dead)
	all := emits(10, "evt", "wh_1", "wh_2")
	commitEmits(t, dead, all...)
	node := second(t, dead, Options{})
	execute(t, on, giveUp, dead.owner())
	execute(t, on, "BEGIN")
	first := all[0].Deliveries[0].ID
	execute(t, on, "SELECT id FROM billhook.pending WHERE id = $1 FOR UPDATE", first)
	equal(t, "claimed", len(claim(t, node, 7)), 7)
	execute(t, on, "ROLLBACK")
	rest := claim(t, node, 100)
	equal(t, "claimed", len(rest), 13)
	equal(t, "what was locked", slices.ContainsFunc(rest, func(p billhook.Pending) bool { return p.ID == first }), true)
	// Another that is lost is found by the same claim that ends with the first.
	again := second(t, dead, Options{})
	commitEmits(t, again, emits(5, "more", "wh_1")...)
	execute(t, on, giveUp, again.owner())
	equal(t, "claimed", len(claim(t, node, 100)), 5)
}

// BenchmarkTakeover measures how long it takes from when a node is taken for
// dead until another owns all of the 200,000 deliveries that it had, in 20
// lanes, as the engine claims them. Run it once: -benchtime 1x.
func BenchmarkTakeover(b *testing.B) {
	const rows, lanes, step = 200_000, 20, 500
	ctx := context.Background()
	for b.Loop() {
		b.StopTimer()
		dead := joined(b, Options{Lease: time.Hour})
		for first := 0; first < rows; first += 2000 {
			batch := make([]*billhook.Emit, 2000)
			for i := range batch {
				batch[i] = emit(fmt.Sprintf("evt_%06d", first+i), fmt.Sprint("wh_", i%lanes))
				batch[i].OwnID = false
			}
			commitEmits(b, dead, batch...)
		}
		node := second(b, dead, Options{Lease: time.Hour})
		on := session(b, dead)
		execute(b, on, "UPDATE billhook.nodes SET beat_at = beat_at - interval '2 hours' WHERE epoch = $1", dead.owner())
		execute(b, on, "CHECKPOINT")
		longest := time.Duration(0)
		b.StartTimer()
		taking := make(chan error, 1)
		go func() { taking <- node.takeOver(ctx, on, func(billhook.Change) {}) }()
		for got := 0; got < rows; {
			start := time.Now()
			got += len(claim(b, node, step))
			longest = max(longest, time.Since(start))
		}
		check(b, <-taking)
		b.StopTimer()
		b.ReportMetric(rows/b.Elapsed().Seconds(), "rows/s")
		b.ReportMetric(float64(longest.Milliseconds()), "longest-ms")
		b.StartTimer()
	}
}
