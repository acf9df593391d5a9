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

// about makes the emit an event about an item, for webhooks that want its order.
func about(e *billhook.Emit, item string) *billhook.Emit {
	e.Event.Entity = billhook.Reference{Type: "item", ID: item}
	for i := range e.Deliveries {
		e.Deliveries[i].Place = &billhook.Place{Entity: e.Event.Entity}
	}
	return e
}

// TestEntityHeld: a caller's transaction has the entity that it has numbered an
// event of until it is over. An emit of the same entity is put aside, and all else
// goes on; what is delivered of it in order goes on too.
func TestEntityHeld(t *testing.T) {
	ctx := context.Background()
	db := joined(t, Options{})
	head := about(emit("head", "wh_1"), "a")
	commitEmits(t, db, head, about(emit("second", "wh_1"), "a"))
	tx := beginSQL(t, db)
	inTx := []*billhook.Emit{about(emit("tx_1", "wh_1"), "a"), about(emit("tx_2", "wh_1"), "new")}
	check(t, db.EmitTx(ctx, tx, inTx))
	equal(t, "number", inTx[0].Event.Sequence, 3)

	held, heldNew, other := about(emit("held", "wh_1"), "a"), about(emit("held_new", "wh_1"), "new"), about(emit("other", "wh_1"), "b")
	b := &billhook.Batch{Emits: []*billhook.Emit{held, heldNew, other}, Outcomes: []*billhook.Outcome{delivered(head.Deliveries[0])}}
	began := time.Now()
	check(t, db.Commit(ctx, b))
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %v", took)
	}
	equal(t, "held", []bool{held.Held, heldNew.Held, other.Held}, []bool{true, true, false})
	equal(t, "number of another", other.Event.Sequence, 1)
	equal(t, "outcome", b.Outcomes[0].Stale, false)
	released := []string{}
	for _, p := range b.Released {
		released = append(released, p.EventID)
	}
	slices.Sort(released)
	equal(t, "released", released, []string{"other", "second"})

	check(t, tx.Commit())
	commitEmits(t, db, held, heldNew)
	equal(t, "numbers then", []int64{held.Event.Sequence, heldNew.Event.Sequence}, []int64{4, 2})
}

// TestEntitiesCrossed: nodes and callers' transactions that number events of the
// same entities, given in any order, do not wait for each other in a circle.
func TestEntitiesCrossed(t *testing.T) {
	ctx := context.Background()
	first := joined(t, Options{})
	nodes := []*Database{first, second(t, first, Options{})}
	deadlocks := ask[int64](t, session(t, first), "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
	var writers sync.WaitGroup
	const rounds, writing = 25, 4
	var mu sync.Mutex
	numbers := map[string][]int64{}
	for n := range writing {
		writers.Go(func() {
			for round := range rounds {
				var all []*billhook.Emit
				for i := range 6 {
					item := i
					if n%2 == 0 {
						item = 5 - i
					}
					all = append(all, about(emit(fmt.Sprintf("e_%d_%d_%d", n, round, i), "wh_1"), fmt.Sprint("i", item)))
				}
				db := nodes[n%2]
				if n < 2 {
					for rest := all; len(rest) > 0; {
						if err := db.Commit(ctx, &billhook.Batch{Emits: rest}); err != nil {
							t.Error(err)
							return
						}
						rest = slices.DeleteFunc(slices.Clone(rest), func(e *billhook.Emit) bool { return !e.Held })
					}
				} else {
					tx := beginSQL(t, db)
					if err := db.EmitTx(ctx, tx, all); err != nil {
						t.Error(err)
						return
					}
					if err := tx.Commit(); err != nil {
						t.Error(err)
						return
					}
				}
				mu.Lock()
				for _, e := range all {
					numbers[e.Event.Entity.ID] = append(numbers[e.Event.Entity.ID], e.Event.Sequence)
				}
				mu.Unlock()
			}
		})
	}
	writers.Wait()
	for item, got := range numbers {
		slices.Sort(got)
		for i, n := range got {
			if n != int64(i+1) {
				t.Fatalf("%s: the numbers are %v", item, got)
			}
		}
		equal(t, item, len(got), rounds*writing)
	}
	time.Sleep(100 * time.Millisecond)
	equal(t, "deadlocks", ask[int64](t, session(t, first), "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"), deadlocks)
}

// TestReleaseBesideEmits: however two nodes' transactions cross, one that ends what
// comes first and one that brings what comes after it, nothing is held back behind
// nothing.
func TestReleaseBesideEmits(t *testing.T) {
	ctx := context.Background()
	first := joined(t, Options{})
	other := second(t, first, Options{})
	lane := billhook.Lane{StoreID: "default", WebhookID: "wh_1"}
	var bringing sync.WaitGroup
	const each = 150
	for n, db := range []*Database{first, other} {
		bringing.Go(func() {
			for i := range each {
				if err := db.Commit(ctx, &billhook.Batch{Emits: []*billhook.Emit{about(emit(fmt.Sprintf("e_%d_%d", n, i), "wh_1"), fmt.Sprint("i", i%2))}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	brought := make(chan struct{})
	go func() { bringing.Wait(); close(brought) }()
	last, ended := map[string]int64{}, 0
	for idle := 0; ended < 2*each && idle < 200; {
		some := false
		for _, db := range []*Database{first, other} {
			waits, err := db.Pending(ctx, lane, billhook.Position{}, 100)
			check(t, err)
			for _, p := range waits {
				if p.Place.Sequence != last[p.Place.Entity.ID]+1 {
					t.Fatalf("%s: %d comes after %d", p.Place.Entity.ID, p.Place.Sequence, last[p.Place.Entity.ID])
				}
				last[p.Place.Entity.ID]++
				check(t, db.Commit(ctx, &billhook.Batch{Outcomes: []*billhook.Outcome{delivered(p)}}))
				ended, some = ended+1, true
			}
		}
		select {
		case <-brought:
			if !some {
				idle++
			}
		default:
		}
	}
	equal(t, "delivered", ended, 2*each)
	stuck, err := first.Stuck(ctx, 10)
	check(t, err)
	equal(t, "stuck", len(stuck), 0)
}

// TestFree: what is held back behind nothing, since someone else has written in the
// table, is found and goes on.
func TestFree(t *testing.T) {
	ctx := context.Background()
	db := joined(t, Options{})
	commitEmits(t, db, about(emit("e_1", "wh_1"), "a"), about(emit("e_2", "wh_1"), "a"), about(emit("e_3", "wh_1"), "b"))
	execute(t, session(t, db), "DELETE FROM billhook.pending WHERE event_id = 'e_1'")
	stuck, err := db.Stuck(ctx, 10)
	check(t, err)
	equal(t, "stuck", len(stuck), 1)
	b := &billhook.Batch{Frees: []*billhook.Free{{Strand: stuck[0]}}}
	check(t, db.Commit(ctx, b))
	equal(t, "released", len(b.Released), 1)
	equal(t, "it", b.Released[0].EventID, "e_2")
}

// TestEmitFunctionRights: the function that emits has an argument more, and those
// may execute it who might before.
func TestEmitFunctionRights(t *testing.T) {
	ctx := context.Background()
	db := joined(t, Options{})
	on := session(t, db)
	const signature = "billhook.emit(text, text, json, text, text, text, text, text, text, timestamptz, timestamptz)"
	equal(t, "of its name", ask[int](t, on, "SELECT count(*)::int FROM pg_proc WHERE proname = 'emit' AND pronamespace = 'billhook'::regnamespace"), 1)
	equal(t, "everybody", ask[bool](t, on, "SELECT has_function_privilege('public', '"+signature+"', 'EXECUTE')"), true)
	execute(t, on, "INSERT INTO billhook.stores (id, name, profile, created_at, updated_at, deleted_at) VALUES ('default', '', 'standard', 0, 0, 0) ON CONFLICT DO NOTHING")
	execute(t, on, "SELECT billhook.emit('default', 'order.paid', '{}', deliver_at => '2027-01-02 03:04:05Z')")
	asked, err := db.Outbox(ctx, 10)
	check(t, err)
	equal(t, "asked", len(asked), 1)
	equal(t, "deliver at", asked[0].Emission.DeliverAt, time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC))
	if _, err := on.Exec(ctx, "SELECT billhook.emit('default', 'order.paid', '{}', deliver_at => 'infinity')"); !isCode(err, checkViolation) {
		t.Errorf("far ahead: %v", err)
	}

	// As it was before the migration, with rights of its own.
	text, err := migrations.ReadFile("migrations/0008_order.sql")
	check(t, err)
	again := []string{
		"DROP TABLE billhook.sequences", "ALTER TABLE billhook.events DROP COLUMN sequence", "DROP FUNCTION " + signature,
		"ALTER TABLE billhook.pending DROP COLUMN entity_type, DROP COLUMN entity_id, DROP COLUMN sequence", "ALTER TABLE billhook.outbox DROP COLUMN deliver_at",
	}
	for _, statement := range again {
		execute(t, on, statement)
	}
	before, err := migrations.ReadFile("migrations/0002_emit.sql")
	check(t, err)
	execute(t, on, string(before))
	execute(t, on, `DROP ROLE IF EXISTS "shop app"; CREATE ROLE "shop app"; REVOKE EXECUTE ON FUNCTION billhook.emit FROM PUBLIC; GRANT EXECUTE ON FUNCTION billhook.emit TO "shop app"`)
	t.Cleanup(func() { execute(t, session(t, db), `DROP OWNED BY "shop app"; DROP ROLE "shop app"`) })
	execute(t, on, "BEGIN;\n"+string(text)+"\nCOMMIT")
	equal(t, "everybody", ask[bool](t, on, "SELECT has_function_privilege('public', '"+signature+"', 'EXECUTE')"), false)
	equal(t, "the shop", ask[bool](t, on, "SELECT has_function_privilege('shop app', '"+signature+"', 'EXECUTE')"), true)
}

// TestReleaseCrossed stops a transaction that has settled a strand just before it is
// committed, and lets another one do so meanwhile: one that ends what comes first,
// and one that brings the next, in either order.
func TestReleaseCrossed(t *testing.T) {
	ctx := context.Background()
	for _, endsFirst := range []bool{true, false} {
		t.Run(fmt.Sprint("ends first=", endsFirst), func(t *testing.T) {
			db := joined(t, Options{})
			other := second(t, db, Options{})
			head := about(emit("e_1", "wh_1"), "a")
			commitEmits(t, db, head)
			at := time.Now().UTC()
			// Who changes the configuration raises a row in the end, which waits for us.
			stopped := &billhook.Batch{Stores: []*billhook.StoreWrite{{Store: billhook.Store{ID: "new", Profile: "standard", CreatedAt: at, UpdatedAt: at}, Create: true}}}
			passing := &billhook.Batch{}
			ends, brings := stopped, passing
			first, then := db, other
			if !endsFirst {
				ends, brings = passing, stopped
				first, then = other, db
			}
			ends.Outcomes = []*billhook.Outcome{delivered(head.Deliveries[0])}
			brings.Emits = []*billhook.Emit{about(emit("e_2", "wh_1"), "a")}

			on := session(t, db)
			execute(t, on, "BEGIN; UPDATE billhook.changes SET version = version")
			done := make(chan error, 2)
			go func() { done <- first.Commit(ctx, stopped) }()
			watching := session(t, db)
			waits := func(n int) func() bool {
				return func() bool {
					return ask[int](t, watching, "SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") >= n
				}
			}
			eventually(t, "the first waits", waits(1))
			over := make(chan struct{})
			go func() { done <- then.Commit(ctx, passing); close(over) }()
			eventually(t, "the second waits, or is over", func() bool {
				select {
				case <-over:
					return true
				default:
					return waits(2)()
				}
			})
			execute(t, on, "COMMIT")
			for range 2 {
				check(t, <-done)
			}
			equal(t, "ended", ends.Outcomes[0].Stale, false)
			stuck, err := db.Stuck(ctx, 10)
			check(t, err)
			equal(t, "stuck", len(stuck), 0)
			equal(t, "released", len(ends.Released)+len(brings.Released), 1)
		})
	}
}
