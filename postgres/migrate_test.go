package postgres

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/billhook/billhook/internal/postgrestest"
)

// Nodes that start at once on an empty database all find it migrated.
func TestMigrateAtOnce(t *testing.T) {
	ctx := context.Background()
	url := postgrestest.Shared(t).Database(t)
	before, err := Migrations(ctx, url)
	check(t, err)
	for i, m := range before {
		if m.Version != i+1 || !strings.HasSuffix(m.Name, ".sql") || !m.AppliedAt.IsZero() {
			t.Errorf("before: %+v", m)
		}
	}
	var opening sync.WaitGroup
	for range 6 {
		opening.Go(func() {
			db, err := Open(ctx, url, Options{})
			if err != nil {
				t.Error(err)
				return
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	opening.Wait()
	check(t, Migrate(ctx, url))
	after, err := Migrations(ctx, url)
	check(t, err)
	if len(after) == 0 || len(after) != len(before) {
		t.Fatalf("migrations: %d, before %d", len(after), len(before))
	}
	for _, m := range after {
		if m.AppliedAt.IsZero() {
			t.Errorf("after: %+v", m)
		}
	}
}

func TestMigrateRefuses(t *testing.T) {
	ctx := context.Background()
	url := postgrestest.Shared(t).Database(t)
	_, err := Open(ctx, url, Options{NoMigrate: true})
	if !errors.Is(err, ErrOlder) || !strings.Contains(err.Error(), "billhook migrate") {
		t.Errorf("empty database: got %v, want ErrOlder with what to do", err)
	}
	db := openAt(t, url, Options{})
	openAt(t, url, Options{NoMigrate: true})
	execute(t, session(t, db), "INSERT INTO billhook.migrations (version, name) VALUES (99, '0099_later.sql')")
	for _, o := range []Options{{}, {NoMigrate: true}} {
		_, err := Open(ctx, url, o)
		if !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), "run the newer billhook") {
			t.Errorf("newer database: got %v, want ErrNewer with what to do", err)
		}
	}
	if err := Migrate(ctx, url); !errors.Is(err, ErrNewer) {
		t.Errorf("migrate: got %v, want ErrNewer", err)
	}
	all, err := Migrations(ctx, url)
	check(t, err)
	if last := all[len(all)-1]; last.Version != 99 || last.Name != "0099_later.sql" || last.AppliedAt.IsZero() {
		t.Errorf("last migration: %+v", last)
	}
}

// A migration that fails leaves nothing of itself.
func TestMigrationIsWhole(t *testing.T) {
	ctx := context.Background()
	url := postgrestest.Shared(t).Database(t)
	db := openAt(t, url, Options{})
	on := session(t, db)
	execute(t, on, "DROP SCHEMA billhook CASCADE")
	execute(t, on, "CREATE SCHEMA billhook")
	execute(t, on, "CREATE TABLE billhook.nodes (theirs INT)") // in the way of the first, near its end
	if err := Migrate(ctx, url); err == nil || !strings.Contains(err.Error(), "0001_start.sql") {
		t.Errorf("got %v, want an error that names the file", err)
	}
	equal(t, "tables", ask[int](t, on, "SELECT count(*) FROM pg_tables WHERE schemaname = 'billhook'"), 1)
}
