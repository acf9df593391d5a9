package postgres

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/billhook/billhook"
)

// A callersKind is a way in which a caller has its transaction.
type callersKind struct {
	name  string
	begin func(t *testing.T, db *Database) callers
}

type callers struct {
	tx               any
	commit, rollback func() error
	exec             func(text string) error
}

var callersKinds = []callersKind{
	{"database/sql", func(t *testing.T, db *Database) callers {
		tx := beginSQL(t, db)
		return callers{tx, tx.Commit, tx.Rollback, func(text string) error { _, err := tx.Exec(text); return err }}
	}},
	{"pgx", func(t *testing.T, db *Database) callers { return beginPgx(t, db, pgx.QueryExecModeCacheStatement) }},
	// As through a pooler that keeps no statements.
	{"pgx with the simple protocol", func(t *testing.T, db *Database) callers { return beginPgx(t, db, pgx.QueryExecModeSimpleProtocol) }},
}

func beginPgx(t *testing.T, db *Database, mode pgx.QueryExecMode) callers {
	ctx := context.Background()
	config := db.config.Copy()
	config.DefaultQueryExecMode = mode
	on, err := pgx.ConnectConfig(ctx, config)
	check(t, err)
	t.Cleanup(func() { hangUp(on) })
	tx, err := on.Begin(ctx)
	check(t, err)
	return callers{
		tx, func() error { return tx.Commit(ctx) }, func() error { return tx.Rollback(ctx) },
		func(text string) error { _, err := tx.Exec(ctx, text); return err },
	}
}

func TestEmitTx(t *testing.T) {
	ctx := context.Background()
	for _, kind := range callersKinds {
		t.Run(kind.name, func(t *testing.T) {
			db := joined(t, Options{})
			execute(t, session(t, db), "CREATE TABLE orders (id TEXT)")
			w, _ := watch(t, db)
			w.settled(db)
			orders := func() int { return ask[int](t, session(t, db), "SELECT count(*) FROM orders") }

			// With a search_path of the caller's own.
			undone := kind.begin(t, db)
			check(t, undone.exec("SET LOCAL search_path = pg_catalog"))
			check(t, db.EmitTx(ctx, undone.tx, emits(2, "undone", "wh_1")))
			check(t, undone.rollback())
			equal(t, "undone", has(t, db, "undone_00000"), false)

			done := kind.begin(t, db)
			check(t, done.exec("INSERT INTO orders VALUES ('o_1')"))
			full := emit("done", "wh_1", "wh_2")
			full.Event.IdempotencyKey, full.Event.Data = "key", []byte("\x00\xff'; --")
			check(t, db.EmitTx(ctx, done.tx, []*billhook.Emit{full, emit("none")}))
			equal(t, "before the commit", has(t, db, "done"), false)
			check(t, done.commit())
			equal(t, "orders", orders(), 1)
			got, err := db.Event(ctx, "default", "done")
			check(t, err)
			equal(t, "event", fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", full.Event))
			w.until("what nobody owns", func(c billhook.Change) bool { return c.Unowned })
			equal(t, "claimed", ids(claim(t, db, 10)), ids(full.Deliveries))

			// Conflicts on the id, on the key, and on both; the transaction goes on.
			again := kind.begin(t, db)
			byID, byKey, both, fresh := emit("done", "wh_1"), emit("other", "wh_1"), emit("done", "wh_1"), emit("fresh", "wh_1")
			byKey.Event.IdempotencyKey, both.Event.IdempotencyKey = "key", "key"
			check(t, db.EmitTx(ctx, again.tx, []*billhook.Emit{byID, byKey, both, fresh}))
			check(t, again.exec("INSERT INTO orders VALUES ('o_2')"))
			check(t, again.commit())
			for _, e := range []*billhook.Emit{byID, byKey, both} {
				if e.Existing == nil || e.Existing.ID != "done" {
					t.Errorf("%s with key %q: existing %+v", e.Event.ID, e.Event.IdempotencyKey, e.Existing)
				}
			}
			equal(t, "orders", orders(), 2)
			equal(t, "claimed", ids(claim(t, db, 10)), ids(fresh.Deliveries))

			// One that fails leaves the transaction as it was before.
			failed := kind.begin(t, db)
			impossible := emit("impossible", "wh_1", "wh_1")
			impossible.Deliveries[1].ID = impossible.Deliveries[0].ID
			if err := db.EmitTx(ctx, failed.tx, []*billhook.Emit{emit("with_it", "wh_1"), impossible}); err == nil {
				t.Error("two deliveries with one id: no error")
			}
			check(t, failed.exec("INSERT INTO orders VALUES ('o_3')"))
			check(t, failed.commit())
			equal(t, "orders", orders(), 3)
			equal(t, "written with what failed", has(t, db, "with_it") || has(t, db, "impossible"), false)
		})
	}
}

// A key whose event is no longer kept is free again.
func TestKeyOfForgottenEvent(t *testing.T) {
	ctx := context.Background()
	db := joined(t, Options{})
	keyed := func(id, key string) *billhook.Emit {
		e := emit(id, "wh_1")
		e.Event.IdempotencyKey = key
		return e
	}
	commitEmits(t, db, keyed("old_1", "key 1"), keyed("old_2", "key 2"), keyed("kept", "key 3"))
	execute(t, session(t, db), "DELETE FROM billhook.events WHERE id LIKE 'old%'")
	execute(t, session(t, db), "DELETE FROM billhook.pending WHERE event_id LIKE 'old%'")
	byKey, byBoth, half := keyed("new_1", "key 1"), keyed("old_2", "key 2"), keyed("kept", "key 9")
	forgottenAndKept := keyed("old_1", "key 3")
	commitEmits(t, db, byKey, byBoth, half, forgottenAndKept)
	for _, e := range []*billhook.Emit{byKey, byBoth} {
		equal(t, e.Event.ID+" is there already", e.Existing != nil, false)
		equal(t, e.Event.ID, has(t, db, e.Event.ID), true)
	}
	for _, e := range []*billhook.Emit{half, forgottenAndKept} {
		if e.Existing == nil || e.Existing.ID != "kept" {
			t.Errorf("%s with %q: existing %+v", e.Event.ID, e.Event.IdempotencyKey, e.Existing)
		}
	}
	// What was given back is free, and what was taken is not.
	again, tx := keyed("new_2", "key 1"), beginSQL(t, db)
	check(t, db.EmitTx(ctx, tx, []*billhook.Emit{again, keyed("old_1", "key 9")}))
	check(t, tx.Commit())
	if again.Existing == nil || again.Existing.ID != "new_1" {
		t.Errorf("existing: %+v", again.Existing)
	}
	equal(t, "old_1", has(t, db, "old_1"), true)
}

// A transaction that holds a key keeps nobody waiting for long: what wants the
// key is put aside, the rest of the batch is written, and nothing needs to be
// recovered then.
func TestKeyHeldByCaller(t *testing.T) {
	ctx := context.Background()
	db := joined(t, Options{})
	on := session(t, db)
	keyed := func(id, key string) *billhook.Emit {
		e := emit(id, "wh_1")
		e.Event.IdempotencyKey = key
		return e
	}
	tx := beginSQL(t, db)
	first, both := keyed("evt_1", "key 1"), keyed("evt_2", "key 2")
	check(t, db.EmitTx(ctx, tx, []*billhook.Emit{first, both}))

	execute(t, on, "INSERT INTO billhook.outbox (type, data, id) VALUES ('order.paid', '{}', 'evt_1')")
	asked, err := db.Outbox(ctx, 1)
	check(t, err)
	byID, byKey, byBoth, fromOutbox := emit("evt_1", "wh_1"), keyed("other_1", "key 1"), keyed("evt_2", "key 2"), emit("evt_1", "wh_1")
	fromOutbox.Asked = asked[0].Number
	elsewhere := keyed("evt_1", "key 1")
	elsewhere.Event.StoreID, elsewhere.Deliveries[0].StoreID = "other", "other"
	held := []*billhook.Emit{byID, byKey, byBoth, fromOutbox}
	others := append(emits(200, "free", "wh_1"), elsewhere)
	start := time.Now()
	commitEmits(t, db, slices.Concat(others[:100], held, others[100:])...)
	took := time.Since(start)
	t.Logf("took %v", took)
	if longest := commitTries * lockLimit; took >= longest {
		t.Errorf("took %v, as long as waiting for the key: %v", took, longest)
	}
	for i, e := range others {
		equal(t, fmt.Sprint("other ", i, " is written"), e.Written(), true)
	}
	equal(t, "events", ask[int](t, on, "SELECT count(*) FROM billhook.events"), len(others))
	equal(t, "outbox", ask[int](t, on, "SELECT count(*) FROM billhook.outbox"), 1)

	// Again, beside something new, and then when the transaction is over.
	for _, want := range []bool{true, false} {
		for _, e := range held {
			equal(t, e.Event.ID+" is held", e.Held, true)
		}
		commitEmits(t, db, append(emits(2, fmt.Sprint("new_", want), "wh_1"), held...)...)
		for _, e := range held {
			equal(t, e.Event.ID+" is held", e.Held, want)
			equal(t, e.Event.ID+" is there", e.Existing != nil, !want)
		}
		if want {
			check(t, tx.Commit())
		}
	}
	equal(t, "existing", []string{byID.Existing.ID, byKey.Existing.ID, byBoth.Existing.ID}, []string{"evt_1", "evt_1", "evt_2"})
	equal(t, "outbox", ask[int](t, on, "SELECT count(*) FROM billhook.outbox"), 0)
}

// A key that is held for a moment is waited for.
func TestKeyHeldForAMoment(t *testing.T) {
	ctx := context.Background()
	db := joined(t, Options{})
	on := session(t, db)
	tx := beginSQL(t, db)
	check(t, db.EmitTx(ctx, tx, emits(1, "evt", "wh_1")))
	w := db.write
	execute(t, w.on, "SET lock_timeout = '20s'")
	committed := make(chan error, 1)
	all := emits(2, "evt", "wh_1")
	var version int64
	b := &billhook.Batch{Emits: all}
	go func() { committed <- w.writer.Commit(ctx, w.transaction(b, &version), b) }()
	eventually(t, "the commit waits", func() bool {
		return ask[int](t, on, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()") > 0
	})
	check(t, tx.Commit())
	check(t, <-committed)
	equal(t, "existing", []bool{all[0].Existing != nil, all[1].Existing != nil}, []bool{true, false})
}

// However many keys are held, a commit is over in a while: what it cannot tell
// apart in time is put aside together.
func TestManyKeysHeld(t *testing.T) {
	ctx := context.Background()
	db := joined(t, Options{})
	tx := beginSQL(t, db)
	check(t, db.EmitTx(ctx, tx, emits(200, "evt", "wh_1")))
	all := append(emits(300, "evt", "wh_1"), emit("zzz_last", "wh_1"))
	commitEmits(t, db, all...)
	for i, e := range all[:200] {
		equal(t, fmt.Sprint(i, " is held"), e.Held, true)
	}
	check(t, tx.Rollback())
	again := slices.DeleteFunc(slices.Clone(all), (*billhook.Emit).Written)
	commitEmits(t, db, again...)
	for i, e := range all {
		equal(t, fmt.Sprint(i, " is written"), e.Written(), true)
	}
	equal(t, "events", ask[int](t, session(t, db), "SELECT count(*) FROM billhook.events"), len(all))
}

// An engine's callers: who wants the key has an answer in a while, and others
// have theirs meanwhile.
func TestEmitsBesideHeldKey(t *testing.T) {
	ctx := context.Background()
	db := open(t, Options{})
	client, err := billhook.New(db, billhook.Config{})
	check(t, err)
	defer client.Close()
	wanted := billhook.Emission{Type: "order.paid", Data: []byte("1"), IdempotencyKey: "key"}
	tx := beginSQL(t, db)
	first, err := client.EmitTx(ctx, tx, wanted)
	check(t, err)

	start := time.Now()
	refused := make(chan error, 1)
	go func() { _, err := client.Emit(ctx, wanted); refused <- err }()
	var emitting sync.WaitGroup
	for i := range 200 {
		emitting.Go(func() {
			if _, err := client.Emit(ctx, billhook.Emission{Type: "order.paid", Data: []byte("1"), IdempotencyKey: fmt.Sprint("key ", i)}); err != nil {
				t.Error(err)
			}
		})
	}
	emitting.Wait()
	t.Logf("the others took %v", time.Since(start))
	if err := <-refused; billhook.ErrorCode(err) != billhook.CodeUnavailable {
		t.Errorf("got %v, want %s", err, billhook.CodeUnavailable)
	}
	t.Logf("the refusal took %v", time.Since(start))
	check(t, tx.Commit())
	again, err := client.Emit(ctx, wanted)
	check(t, err)
	equal(t, "the first event", again.ID, first.ID)
}
