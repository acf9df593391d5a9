package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"time"
)

//go:embed migrations/*.sql
var migrations embed.FS

// history is the table of the migrations that the file has had. The file may be
// the caller's too, so its user_version and application_id are not ours.
const history = `CREATE TABLE IF NOT EXISTS billhook_migrations (
	version    INTEGER PRIMARY KEY,
	name       TEXT NOT NULL,
	applied_at TEXT NOT NULL
)`

// A Migration is one step of the schema.
type Migration struct {
	Version int
	Name    string
	// AppliedAt is zero while the file has not had it.
	AppliedAt time.Time
}

// Migrations lists those that this billhook knows, and those that the file has
// had, also while another process has it open. The file must be there.
func Migrations(ctx context.Context, path string) ([]Migration, error) {
	path, err := filepath.Abs(path)
	if err == nil {
		_, err = os.Stat(path) // SQLite would make it
	}
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	pool, err := openPool(ctx, path, 1, 1<<20)
	if err != nil {
		return nil, fmt.Errorf("read migrations of %s: %w", path, err)
	}
	defer pool.Close()
	all, err := status(ctx, pool)
	if err != nil {
		return nil, fmt.Errorf("read migrations of %s: %w", path, err)
	}
	return all, nil
}

func status(ctx context.Context, db *sql.DB) (all []Migration, err error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	for i, name := range names {
		all = append(all, Migration{Version: i + 1, Name: path.Base(name)})
	}
	var has bool
	err = db.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'billhook_migrations')").Scan(&has)
	if err != nil || !has {
		return all, err
	}
	rows, err := db.QueryContext(ctx, "SELECT version, name, applied_at FROM billhook_migrations ORDER BY version")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var m Migration
		var at string
		if err := rows.Scan(&m.Version, &m.Name, &at); err != nil {
			return nil, err
		}
		if m.AppliedAt, err = time.Parse(time.RFC3339, at); err != nil {
			return nil, err
		}
		if m.Version <= len(all) {
			all[m.Version-1].AppliedAt = m.AppliedAt
		} else {
			all = append(all, m)
		}
	}
	return all, rows.Err()
}

// complete fails where the file lacks a migration, or has had one that this
// billhook does not know. It writes nothing.
func complete(ctx context.Context, db *sql.DB) error {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	var version int
	if err := db.QueryRowContext(ctx, "SELECT COALESCE(MAX(version), 0) FROM billhook_migrations").Scan(&version); err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	switch {
	case version > len(names):
		return fmt.Errorf("%w: its schema is version %d, this one knows %d: run the newer billhook", ErrNewer, version, len(names))
	case version < len(names):
		return fmt.Errorf("its schema is version %d, this billhook wants %d: start the service with this one first", version, len(names))
	}
	return nil
}

// migrate runs the migrations that the file has not had, in the order of
// their names, each in a transaction of its own.
func migrate(ctx context.Context, conn *sql.Conn) error {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	var version int
	if _, err = conn.ExecContext(ctx, history); err == nil {
		err = conn.QueryRowContext(ctx, "SELECT COALESCE(MAX(version), 0) FROM billhook_migrations").Scan(&version)
	}
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if version > len(names) {
		return fmt.Errorf("%w: its schema is version %d, this one knows %d: run the newer billhook, or restore a backup made before it",
			ErrNewer, version, len(names))
	}
	for ; version < len(names); version++ {
		text, err := migrations.ReadFile(names[version])
		if err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
		script := "BEGIN IMMEDIATE;\n" + string(text) + // #nosec G202 -- all of it is embedded
			"\nINSERT INTO billhook_migrations VALUES (" + strconv.Itoa(version+1) + ", '" + path.Base(names[version]) + "', strftime('%Y-%m-%dT%H:%M:%SZ'));\nCOMMIT;"
		if _, err := conn.ExecContext(ctx, script); err != nil {
			conn.ExecContext(ctx, "ROLLBACK") // fails where the transaction is gone already
			return fmt.Errorf("migrate with %s: %w", names[version], err)
		}
	}
	return nil
}
