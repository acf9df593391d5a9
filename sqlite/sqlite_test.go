package sqlite

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/storetest"
)

func TestContract(t *testing.T) {
	storetest.Run(t, storetest.Harness{
		Open: func(t *testing.T) billhook.Database { return open(t, filepath.Join(t.TempDir(), "billhook.db")) },
		Reopen: func(t *testing.T, db billhook.Database) billhook.Database {
			if err := db.Close(); err != nil {
				t.Fatalf("close: %v", err)
			}
			return open(t, db.(*Database).path)
		},
		Begin: func(t *testing.T, db billhook.Database) *sql.Tx {
			app, err := sql.Open("sqlite", source(db.(*Database).path)+"&_txlock=immediate")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { app.Close() })
			tx, err := app.Begin()
			if err != nil {
				t.Fatal(err)
			}
			return tx
		},
	})
}

func open(t *testing.T, path string) *Database {
	t.Helper()
	db, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}
