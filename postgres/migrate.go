package postgres

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"time"

	"github.com/jackc/pgx/v5"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	// migrationLock lets one node at a time migrate; the others wait, and find
	// it done.
	migrationLock = "SELECT pg_advisory_xact_lock(7236837712961011)"

	// history is the table of the migrations that the database has had. With one
	// that a billhook does not know it may serve if it knows the one that is named
	// in understood_from; NULL is the migration itself. The column is added apart
	// for tables that were made without it.
	history = `CREATE SCHEMA IF NOT EXISTS billhook;
CREATE TABLE IF NOT EXISTS billhook.migrations (
	version    BIGINT PRIMARY KEY,
	name       TEXT NOT NULL,
	applied_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
ALTER TABLE billhook.migrations ADD COLUMN IF NOT EXISTS understood_from BIGINT`
	hasHistory = "SELECT to_regclass('billhook.migrations') IS NOT NULL"
	newest     = "SELECT COALESCE(MAX(version), 0) FROM billhook.migrations"
	applied    = "SELECT version, name, applied_at FROM billhook.migrations ORDER BY version"
	remember   = "INSERT INTO billhook.migrations (version, name, understood_from) VALUES ($1, $2, $3)"
	// understood is what one must know to serve with all migrations after $1.
	understood = "SELECT COALESCE(MAX(COALESCE(understood_from, version)), 0) FROM billhook.migrations WHERE version > $1"
)

// A Migration is one step of the schema.
type Migration struct {
	Version int
	Name    string
	// AppliedAt is zero while the database has not had it.
	AppliedAt time.Time
}

// Migrations lists those that this billhook knows, and those that the database
// has had.
func Migrations(ctx context.Context, url string) ([]Migration, error) {
	var all []Migration
	err := with(ctx, url, func(on *pgx.Conn) (err error) {
		all, err = status(ctx, on)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return all, nil
}

// Migrate runs the migrations that the database has not had. Any number of
// processes may call it at once. It fails with ErrNewer where the database has
// had others that this billhook cannot serve with.
func Migrate(ctx context.Context, url string) error {
	return with(ctx, url, func(on *pgx.Conn) error { return migrate(ctx, on) })
}

func with(ctx context.Context, url string, f func(*pgx.Conn) error) error {
	config, err := parse(url)
	if err != nil {
		return err
	}
	on, err := connect(ctx, config)
	if err != nil {
		return err
	}
	defer hangUp(on)
	return f(on)
}

func names() []string {
	all, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		panic(err) // the pattern is wrong
	}
	return all
}

func status(ctx context.Context, on *pgx.Conn) (all []Migration, err error) {
	for i, name := range names() {
		all = append(all, Migration{Version: i + 1, Name: path.Base(name)})
	}
	var has bool
	if err := on.QueryRow(ctx, hasHistory).Scan(&has); err != nil || !has {
		return all, err
	}
	found, _ := on.Query(ctx, applied)
	had, err := pgx.CollectRows(found, pgx.RowToStructByPos[Migration])
	for _, m := range had {
		if m.Version <= len(all) {
			all[m.Version-1].AppliedAt = m.AppliedAt
		} else {
			all = append(all, m)
		}
	}
	return all, err
}

// complete fails with ErrOlder where the database lacks a migration, or with
// ErrNewer. It writes nothing, so that it needs no right to.
func complete(ctx context.Context, on *pgx.Conn) error {
	version, err := version(ctx, on)
	if err == nil && version < len(names()) {
		err = fmt.Errorf("%w: its schema is version %d, this billhook wants %d: run billhook migrate up", ErrOlder, version, len(names()))
	}
	return err
}

// exact fails where the database does not have the very tables that this
// billhook knows, for who copies them.
func exact(ctx context.Context, on *pgx.Conn) error {
	if err := complete(ctx, on); err != nil {
		return err
	}
	version, err := version(ctx, on)
	if err == nil && version > len(names()) {
		err = fmt.Errorf("%w: its schema is version %d, this one knows %d and could leave something behind: copy with the newer billhook", ErrNewer, version, len(names()))
	}
	return err
}

// version is the newest migration that the database has had. It fails with
// ErrNewer where this billhook knows too little to serve with it.
func version(ctx context.Context, on *pgx.Conn) (version int, err error) {
	var has bool
	if err := on.QueryRow(ctx, hasHistory).Scan(&has); err != nil || !has {
		return 0, err
	}
	if err := on.QueryRow(ctx, newest).Scan(&version); err != nil {
		return 0, err
	}
	known := len(names())
	if version <= known {
		return version, nil
	}
	var from int
	if err := on.QueryRow(ctx, understood, known).Scan(&from); err != nil {
		return 0, err
	}
	if from > known {
		return version, fmt.Errorf("%w: its schema is version %d, for a billhook that knows %d at least; this one knows %d: run the newer billhook, or restore a backup made before it",
			ErrNewer, version, from, known)
	}
	return version, nil
}

// understoodFrom is what a migration says in its first line of the billhooks
// that may serve beside it: they know that version. Where it says nothing, they
// have to know its own.
func understoodFrom(text string, version int) int {
	from := version
	if _, err := fmt.Sscanf(text, "-- understood from %d\n", &from); err != nil {
		return version
	}
	return min(from, version)
}

// migrate runs what is missing in the order of the names, each file in a
// transaction together with its row, so that a crash leaves whole steps. A
// database that has them all is only read.
func migrate(ctx context.Context, on *pgx.Conn) error {
	for {
		has, err := version(ctx, on)
		if err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
		if has >= len(names()) {
			return nil
		}
		if err := pgx.BeginFunc(ctx, on, func(tx pgx.Tx) error { return step(ctx, tx) }); err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
	}
}

// step runs the next migration that is missing, which is known once the lock is
// held: nothing, where another process was first.
func step(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, migrationLock); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, history); err != nil {
		return err
	}
	var has int
	if err := tx.QueryRow(ctx, newest).Scan(&has); err != nil {
		return err
	}
	all := names()
	if has >= len(all) {
		return nil
	}
	text, err := migrations.ReadFile(all[has])
	if err != nil {
		return err
	}
	name := path.Base(all[has])
	if _, err := tx.Exec(ctx, string(text)); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	_, err = tx.Exec(ctx, remember, has+1, name, understoodFrom(string(text), has+1))
	return err
}
