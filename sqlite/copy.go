package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"os"

	"github.com/billhook/billhook/internal/sqlstore"
)

// hasCopies asks for the table that a copy keeps at its target.
const hasCopies = "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = 'billhook_copies'"

// checkCopied fails where the file is a copy that is not complete.
func checkCopied(ctx context.Context, on *conn) error {
	var has int
	if err := on.QueryRow(ctx, hasCopies).Scan(&has); err != nil || has == 0 {
		return err
	}
	return sqlstore.Unfinished(ctx, on)
}

// CopyFrom opens a file, which must be there, for being copied. It fails with
// ErrInUse as Open does.
func CopyFrom(path string) (*sqlstore.Side, error) {
	// Open would make it.
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	d, err := Open(path, Options{Readers: 1})
	if err != nil {
		return nil, err
	}
	return &sqlstore.Side{
		Name: "sqlite:" + d.path, Dialect: dialect, Close: d.Close,
		Conn: &conn{on: d.conns.lists, prepared: map[string]*sql.Stmt{}},
	}, nil
}

// CopyTo opens a file for having another database copied to it, and makes it
// where it is not there. It fails with ErrInUse as Open does.
func CopyTo(path string) (*sqlstore.Side, error) {
	d, err := openFile(path, Options{})
	if err != nil {
		return nil, err
	}
	c := d.conns
	// Another program may hold the file for a moment, a backup say.
	if _, err := c.conn.ExecContext(context.Background(), fmt.Sprintf("PRAGMA busy_timeout = %d", d.options.BusyWait.Milliseconds())); err != nil {
		d.Close()
		return nil, fmt.Errorf("open database %s: %w", d.path, err)
	}
	tx := c.own.transaction()
	begin, commit := tx.Begin, tx.Commit
	tx.Begin = func(ctx context.Context) error {
		if err := c.checkpointer.before(c.conn); err != nil {
			return err
		}
		return begin(ctx)
	}
	tx.Commit = func(ctx context.Context) error {
		err := commit(ctx)
		c.checkpointer.after()
		return err
	}
	return &sqlstore.Side{
		Name: "sqlite:" + d.path, Dialect: dialect, Close: d.Close, Conn: c.own,
		Transaction: tx, Insert: insert, Owner: sqlstore.Nobody,
	}, nil
}
