package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"

	"github.com/billhook/billhook/internal/sqlstore"
)

// A View reads a file that a service may be using, and writes nothing to it.
type View struct {
	*sqlstore.Reader
	pool *sql.DB
}

// OpenView opens a file, which must be there and have all migrations.
func OpenView(ctx context.Context, path string) (*View, error) {
	path, err := filepath.Abs(path)
	if err == nil {
		_, err = os.Stat(path) // SQLite would make it
	}
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	pool, err := openPool(ctx, path, 1, 4<<20)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	// Without the service, the log's last user folds it, which may take a moment.
	if _, err = pool.ExecContext(ctx, "PRAGMA busy_timeout = 5000"); err == nil {
		err = complete(ctx, pool)
	}
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	return &View{newReaders(pool).whole, pool}, nil
}

// Close closes the file.
func (v *View) Close() error { return v.pool.Close() }
