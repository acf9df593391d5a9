package sqlite

import (
	"context"
	"database/sql"
	"strconv"
	"strings"

	"github.com/billhook/billhook/internal/sqlstore"
)

// dialect: SQLite has no schemas, so that a file which is the caller's too has
// Billhook's tables under names of their own.
var dialect = sqlstore.Dialect{
	Text:     strings.NewReplacer("billhook.", "billhook_").Replace,
	Elements: func(column string) string { return "json_each(" + column + ")" },
	Folded:   func(column string) string { return "lower(" + column + ")" },
	Decoded:  func(column string) string { return "CAST(" + column + " AS TEXT)" },
	Has:      "instr",

	ListsLater: true,
	Probe:      "INSERT OR REPLACE INTO billhook_probe (id, filler) VALUES (1, zeroblob(" + strconv.Itoa(probeSize) + "))",
}

const (
	// insert spares SQLite the journal with which it would undo a statement that
	// fails half way: the whole transaction is to go then.
	insert = "INSERT OR ROLLBACK"
	// insertGently is for transactions of the caller's.
	insertGently = "INSERT"
)

// A conn is a connection, or a transaction, with its statements prepared. They
// end with it.
type conn struct {
	on interface {
		PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
	}
	prepared map[string]*sql.Stmt // by text before it was brought into the dialect
}

func (c *conn) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt := c.prepared[text]; stmt != nil {
		return stmt, nil
	}
	stmt, err := c.on.PrepareContext(ctx, dialect.Text(text))
	if err == nil {
		c.prepared[text] = stmt
	}
	return stmt, err
}

func (c *conn) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	stmt, err := c.prepare(ctx, text)
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (c *conn) QueryRow(ctx context.Context, text string, args ...any) sqlstore.Row {
	stmt, err := c.prepare(ctx, text)
	if err != nil {
		return failed{err}
	}
	return stmt.QueryRowContext(ctx, args...)
}

func (c *conn) Query(ctx context.Context, text string, args ...any) (sqlstore.Rows, error) {
	stmt, err := c.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

// run is Exec for statements whose effect is not counted.
func (c *conn) run(text string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := c.Exec(ctx, text)
		return err
	}
}

// transaction is how a batch is written: the lock is taken at the beginning,
// so that it is not found taken half way.
func (c *conn) transaction() sqlstore.Transaction {
	return sqlstore.Transaction{Begin: c.run("BEGIN IMMEDIATE"), Commit: c.run("COMMIT"), Rollback: c.run("ROLLBACK")}
}

// A failed row is one that could not be asked for.
type failed struct{ err error }

func (f failed) Scan(...any) error { return f.err }
