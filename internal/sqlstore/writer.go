package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/billhook/billhook"
)

// A Writer commits batches on one connection, which is its own. It is for one
// goroutine at a time. After a failed Commit it has no transaction open;
// whether its connection can still be trusted is its owner's to say.
type Writer struct {
	conn    *sql.Conn
	dialect Dialect

	single map[string]*sql.Stmt        // by text
	bulks  map[*bulk]map[int]*sql.Stmt // by number of rows
	args   []any                       // of the statement being run, reused
	// rowByRow: bulks go one row at a time, so that it is known which rows
	// had no effect.
	rowByRow bool
}

// NewWriter prepares nothing yet. Statements end with the connection.
func NewWriter(conn *sql.Conn, d Dialect) *Writer {
	if d.Begin == "" {
		d.Begin = "BEGIN"
	}
	if d.Insert == "" {
		d.Insert = "INSERT"
	}
	return &Writer{
		conn:    conn,
		dialect: d,
		single:  make(map[string]*sql.Stmt),
		bulks:   make(map[*bulk]map[int]*sql.Stmt),
	}
}

// Commit writes the batch in one transaction, as billhook.Database says. It
// does not heed the end of ctx: a batch is written or refused, not abandoned.
//
// It supposes first that nothing in the batch is stale or there already, as
// nearly always; where that proves wrong, it rolls back and starts over, one
// row at a time.
func (w *Writer) Commit(ctx context.Context, b *billhook.Batch) error {
	ctx = context.WithoutCancel(ctx)
	w.rowByRow = false
	err := w.transaction(ctx, b)
	if errors.Is(err, errShort) {
		w.rowByRow = true
		err = w.transaction(ctx, b)
	}
	clear(w.args[:cap(w.args)]) // hold on to no payload
	return err
}

func (w *Writer) transaction(ctx context.Context, b *billhook.Batch) error {
	if _, err := w.do(ctx, w.dialect.Begin); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	err := w.write(ctx, b)
	if err == nil {
		if _, err = w.do(ctx, "COMMIT"); err == nil {
			return nil
		}
		err = fmt.Errorf("commit: %w", err)
	}
	// A failed statement may have rolled back already, and then this fails.
	if _, failure := w.do(ctx, "ROLLBACK"); failure != nil && errors.Is(err, errShort) {
		return fmt.Errorf("roll back: %w", failure)
	}
	return err
}

// write applies the parts in the order that Batch gives.
func (w *Writer) write(ctx context.Context, b *billhook.Batch) error {
	for _, s := range b.Stores {
		if err := w.store(ctx, s); err != nil {
			return err
		}
	}
	for _, h := range b.Webhooks {
		if err := w.webhook(ctx, h); err != nil {
			return err
		}
	}
	if err := w.outcomes(ctx, b.Outcomes); err != nil {
		return err
	}
	for _, r := range b.Retries {
		if err := w.retry(ctx, r); err != nil {
			return err
		}
	}
	for _, c := range b.Cancels {
		if err := w.cancel(ctx, c); err != nil {
			return err
		}
	}
	return w.emits(ctx, b.Emits)
}

// do runs a single statement and returns how many rows it affected.
func (w *Writer) do(ctx context.Context, text string, args ...any) (int64, error) {
	stmt, err := w.prepared(ctx, text)
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// one runs a query for one row.
func (w *Writer) one(ctx context.Context, text string, args ...any) (row, error) {
	stmt, err := w.prepared(ctx, text)
	if err != nil {
		return nil, err
	}
	return stmt.QueryRowContext(ctx, args...), nil
}

func (w *Writer) prepared(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt := w.single[text]; stmt != nil {
		return stmt, nil
	}
	stmt, err := w.conn.PrepareContext(ctx, text)
	if err == nil {
		w.single[text] = stmt
	}
	return stmt, err
}
