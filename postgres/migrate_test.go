package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/billhook/billhook/internal/postgrestest"
	"github.com/billhook/billhook/internal/sqlstore"
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

// A schema that is newer may be one that an older billhook understands: all that
// came after what it knows must say so.
func TestMigrateUnderstands(t *testing.T) {
	ctx := context.Background()
	url := postgrestest.Shared(t).Database(t)
	db := openAt(t, url, Options{})
	on := session(t, db)
	known := len(names())
	later := func(after, from int) {
		execute(t, on, "INSERT INTO billhook.migrations (version, name, understood_from) VALUES ($1, 'later.sql', $2)", known+after, from)
	}
	later(1, known)
	later(2, known-1)
	var log bytes.Buffer
	for _, o := range []Options{{}, {NoMigrate: true}} {
		o.Logger = slog.New(slog.NewTextHandler(&log, nil))
		commitEmits(t, openAt(t, url, o), emit(fmt.Sprintf("evt_%v", o.NoMigrate), "wh_1"))
	}
	if !strings.Contains(log.String(), "newer than this billhook") {
		t.Errorf("nothing is said: %s", log.String())
	}
	check(t, Migrate(ctx, url))
	for _, open := range []func(context.Context, string) (*sqlstore.Side, error){CopyFrom, CopyTo} {
		if _, err := open(ctx, url); !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), "copy with the newer billhook") {
			t.Errorf("copy: got %v, want ErrNewer with what to do", err)
		}
	}
	later(3, known+1)
	later(4, known) // which does not make up for the one before
	if _, err := Open(ctx, url, Options{}); !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), fmt.Sprintf("that knows %d at least; this one knows %d", known+1, known)) {
		t.Errorf("got %v, want ErrNewer", err)
	}
}

func TestUnderstoodFrom(t *testing.T) {
	for text, want := range map[string]int{
		"-- understood from 3\nALTER TABLE":             3,
		"-- understood from 12\n":                       7,
		"-- Tables.\n-- understood from 3\nALTER TABLE": 7,
		"-- understood from here\n":                     7,
		"":                                              7,
	} {
		equal(t, text, understoodFrom(text, 7), want)
	}
}

// What is said in a file is on record, also where the table is an old one.
func TestUnderstoodIsRecorded(t *testing.T) {
	db := open(t, Options{})
	on := session(t, db)
	execute(t, on, "DROP SCHEMA billhook CASCADE")
	execute(t, on, "CREATE SCHEMA billhook")
	execute(t, on, "CREATE TABLE billhook.migrations (version BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at TIMESTAMPTZ NOT NULL DEFAULT now())")
	check(t, migrate(context.Background(), on))
	for i, name := range names() {
		text, err := migrations.ReadFile(name)
		check(t, err)
		equal(t, name, ask[int](t, on, "SELECT understood_from FROM billhook.migrations WHERE version = $1", i+1), understoodFrom(string(text), i+1))
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

// TestScalingNamesAllTables: what docs/SCALING.md says of Citus, it says of every
// table.
func TestScalingNamesAllTables(t *testing.T) {
	text, err := os.ReadFile("../docs/SCALING.md")
	check(t, err)
	_, citus, found := strings.Cut(string(text), "## Citus")
	if !found {
		t.Fatal("it has no such part")
	}
	url := postgrestest.Shared(t).Database(t)
	check(t, Migrate(context.Background(), url))
	check(t, with(context.Background(), url, func(on *pgx.Conn) error {
		rows, _ := on.Query(context.Background(), "SELECT relname FROM pg_class WHERE relnamespace = 'billhook'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition")
		tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if len(tables) == 0 {
			t.Error("there are no tables")
		}
		for _, table := range tables {
			if !strings.Contains(citus, "'billhook."+table+"'") && !strings.Contains(citus, "`"+table+"`") {
				t.Errorf("it does not say what becomes of %s", table)
			}
		}
		return err
	}))
}
