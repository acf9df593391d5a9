package postgres

import (
	"context"
	"database/sql"
	"os"
	"testing"

	"github.com/jackc/pgx/v5/stdlib"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/internal/postgrestest"
	"github.com/billhook/billhook/storetest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m)) }

func TestContract(t *testing.T) {
	again := func(t *testing.T, db billhook.Database) billhook.Database {
		return openAt(t, db.(*Database).config.ConnString(), Options{})
	}
	storetest.Run(t, storetest.Harness{
		Open: func(t *testing.T) billhook.Database { return openAt(t, postgrestest.Shared(t).Database(t), Options{}) },
		Reopen: func(t *testing.T, db billhook.Database) billhook.Database {
			if err := db.Close(); err != nil {
				t.Fatalf("close: %v", err)
			}
			return again(t, db)
		},
		Begin:  func(t *testing.T, db billhook.Database) *sql.Tx { return beginSQL(t, db.(*Database)) },
		Second: again,
	})
}

func openAt(t testing.TB, url string, o Options) *Database {
	t.Helper()
	db, err := Open(context.Background(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Logf("close: %v", err) // its server may be gone
		}
	})
	return db
}

// beginSQL begins a transaction of an application's, on connections of its own.
func beginSQL(t testing.TB, db *Database) *sql.Tx {
	t.Helper()
	app := stdlib.OpenDB(*db.config)
	t.Cleanup(func() { app.Close() })
	tx, err := app.Begin()
	if err != nil {
		t.Fatal(err)
	}
	return tx
}
