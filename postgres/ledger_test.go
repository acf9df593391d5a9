package postgres

import (
	"context"
	"io/fs"
	"testing"

	"github.com/billhook/billhook"
)

// TestLedgerRows: a batch costs one row for a webhook and day, however large it is,
// and what callers' transactions have counted is folded into the node's own.
func TestLedgerRows(t *testing.T) {
	ctx := context.Background()
	db := joined(t, Options{})
	rows := func(where string) int {
		t.Helper()
		return ask[int](t, session(t, db), "SELECT count(*) FROM billhook.ledger WHERE "+where)
	}
	b := &billhook.Batch{Emits: emits(1024, "evt", "wh_1")}
	check(t, db.Commit(ctx, b))
	equal(t, "rows of a large batch", rows("true"), 1)

	// Two transactions of callers' at a time, which wait for nobody.
	first, second := session(t, db), session(t, db)
	for i, on := range []string{"a", "b"} {
		c := first
		if i == 1 {
			c = second
		}
		tx, err := c.Begin(ctx)
		check(t, err)
		check(t, db.EmitTx(ctx, tx, emits(3, on, "wh_1", "wh_2")))
		defer tx.Rollback(ctx)
		if i == 1 {
			check(t, tx.Commit(ctx))
			continue
		}
		defer func() {
			check(t, tx.Commit(ctx))
			claim(t, db, 100)
			equal(t, "rows of the other, in the end", rows("node < 0"), 0)
			equal(t, "pending", ask[int](t, session(t, db), "SELECT SUM(pending)::bigint FROM billhook.ledger"), 1024+12)
		}()
	}
	equal(t, "rows that no node has counted", rows("node < 0"), 2)
	claim(t, db, 100)
	equal(t, "after a claim", rows("node < 0"), 0)
	equal(t, "rows", rows("true"), 2)
}

// TestLedgerSince: of a store that was there before its ledger the days count from
// the day after tomorrow on.
func TestLedgerSince(t *testing.T) {
	ctx := context.Background()
	db := joined(t, Options{})
	store := func(id string) *billhook.Batch {
		return &billhook.Batch{Stores: []*billhook.StoreWrite{{Store: billhook.Store{ID: id}, Create: true}}}
	}
	check(t, db.Commit(ctx, store("old")))
	on := session(t, db)
	names, err := fs.Glob(migrations, "migrations/*_ledger.sql")
	check(t, err)
	text, err := migrations.ReadFile(names[0])
	check(t, err)
	_, err = on.Exec(ctx, "DROP TABLE billhook.ledger; "+string(text))
	check(t, err)
	check(t, db.Commit(ctx, store("new")))
	since, err := db.LedgerSince(ctx, "old")
	check(t, err)
	today := ask[int](t, on, "SELECT floor(extract(epoch FROM clock_timestamp()) / 86400)::bigint")
	if day := int(since.Unix() / 86400); day != today+2 && day != today+1 { // at midnight
		t.Errorf("since day %d, and today is %d", day, today)
	}
	since, err = db.LedgerSince(ctx, "new")
	check(t, err)
	equal(t, "since, of a new store", since.IsZero(), true)
}
