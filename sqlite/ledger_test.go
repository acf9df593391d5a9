package sqlite

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// TestLedgerSince: of a store that was there before its ledger the days count from
// tomorrow on.
func TestLedgerSince(t *testing.T) {
	ctx, path := context.Background(), filepath.Join(t.TempDir(), "billhook.db")
	db := open(t, path)
	create := func(id string) {
		t.Helper()
		err := db.Commit(ctx, &billhook.Batch{Stores: []*billhook.StoreWrite{{Store: billhook.Store{ID: id}, Create: true}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	create("old")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	app, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	text, err := migrations.ReadFile("migrations/0008_ledger.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"DROP TABLE billhook_ledger", "DELETE FROM sqlite_stat1 WHERE tbl = 'billhook_ledger'", string(text),
	} {
		if _, err := app.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := app.Close(); err != nil {
		t.Fatal(err)
	}
	db = open(t, path)
	create("new")
	for store, want := range map[string]time.Time{"old": billhook.DayOf(time.Now()).AddDate(0, 0, 1), "new": {}} {
		if since, err := db.LedgerSince(ctx, store); err != nil || !since.Equal(want) {
			t.Errorf("%s: since %v, want %v (%v)", store, since, want, err)
		}
	}
}
