package postgres

import (
	"context"
	"errors"
	"fmt"
	"testing"

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

// A transaction that holds a key keeps commits that want it waiting, but not for
// long, and nothing needs to be recovered then.
func TestKeyHeldByCaller(t *testing.T) {
	ctx := context.Background()
	db := joined(t, Options{})
	tx := beginSQL(t, db)
	check(t, db.EmitTx(ctx, tx, emits(1, "evt", "wh_1")))

	on := session(t, db) // a wait that is shorter than the real one
	execute(t, db.write.on, "SET lock_timeout = '50ms'")
	err := db.Commit(ctx, &billhook.Batch{Emits: emits(2, "evt", "wh_1")})
	if !errors.Is(err, billhook.ErrUntouched) {
		t.Fatalf("commit: got %v, want ErrUntouched", err)
	}
	commitEmits(t, db, emit("another", "wh_1"))
	execute(t, db.write.on, "SET lock_timeout = '20s'")
	committed := make(chan error, 1)
	all := emits(2, "evt", "wh_1")
	go func() { committed <- db.Commit(ctx, &billhook.Batch{Emits: all}) }()
	eventually(t, "the commit waits", func() bool {
		return ask[int](t, on, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()") > 0
	})
	check(t, tx.Commit())
	check(t, <-committed)
	equal(t, "existing", []bool{all[0].Existing != nil, all[1].Existing != nil}, []bool{true, false})
}
