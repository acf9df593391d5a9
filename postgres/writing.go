package postgres

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/internal/sqlstore"
)

const (
	begin = "BEGIN ISOLATION LEVEL READ COMMITTED"
	fence = "SELECT state FROM billhook.nodes WHERE epoch = $1 FOR KEY SHARE"
	// waitBriefly is for the first try of a commit with keys, which a caller's
	// transaction may hold for long. The next tries put aside what it holds.
	waitBriefly = "SET LOCAL lock_timeout = '250ms'"
	bump        = "UPDATE billhook.changes SET version = version + 1 RETURNING version"
)

// A writing is the one connection that commits.
type writing struct {
	on      *pgx.Conn
	pipe    *pipeline
	backend backend
	writer  *sqlstore.Writer
	// hasty: the next transaction is not to wait for long.
	hasty bool
	// ending: the COMMIT of the last transaction went out.
	ending bool
}

func (d *Database) openWriting(ctx context.Context) (*writing, error) {
	on, err := dial(ctx, d.config, writeSettings(d.options.Lease))
	if err != nil {
		return nil, err
	}
	pipe := newPipeline(on)
	w := &writing{on: on, pipe: pipe, writer: sqlstore.NewWriter(pipe, dialect, insert)}
	if w.backend, err = d.inspect(ctx, on); err != nil {
		hangUp(on)
		return nil, err
	}
	d.pid.Store(w.backend.pid)
	return w, nil
}

func (w *writing) close(ctx context.Context) { _ = w.on.Close(ctx) }

// idle reports whether the connection is without a transaction for certain.
func (w *writing) idle() bool { return !w.on.IsClosed() && w.on.PgConn().TxStatus() == 'I' }

func (w *writing) transaction(b *billhook.Batch, version *int64) sqlstore.Transaction {
	return sqlstore.Transaction{
		Begin:    w.begin,
		Commit:   func(ctx context.Context) (err error) { *version, err = w.end(ctx, b); return err },
		Rollback: w.rollBack,
	}
}

// begin locks the node's row until the transaction is over. Whoever takes the
// node for dead wants that row for itself: before, and then nothing can be
// written here, or after, and then all that was written is there to be taken
// over.
//
// It goes out with the first statements; an answer that is too late for them
// fails the transaction all the same.
func (w *writing) begin(context.Context) error {
	w.ending = false
	w.pipe.send(executed, begin)
	if w.hasty {
		w.pipe.send(executed, waitBriefly)
	}
	if w.writer.Owner != sqlstore.Nobody {
		w.pipe.send(fenced, fence, w.writer.Owner)
	}
	return nil
}

// executed is the answer to a statement that just has to succeed.
func executed(results *pgconn.ResultReader, err error) error {
	if err == nil {
		_, err = results.Close()
	}
	return err
}

// fenced is the answer to the fence.
func fenced(results *pgconn.ResultReader, err error) error {
	if err != nil {
		return err
	}
	living := results.NextRow() && string(results.Values()[0]) == alive
	if _, err = results.Close(); err == nil && !living {
		err = billhook.ErrNotOwner
	}
	return err
}

func (w *writing) rollBack(ctx context.Context) error {
	_ = w.pipe.Flush(ctx) // what fails there goes with the transaction
	if w.idle() {
		return nil // it never began
	}
	_, err := w.on.Exec(ctx, "ROLLBACK")
	return err
}

// end lets others know and commits, in one round trip. They are told when the
// transaction is over, and only if it is committed.
//
// The version is raised last, since its row is locked from then on.
func (w *writing) end(ctx context.Context, b *billhook.Batch) (version int64, err error) {
	for _, payload := range lanes(b) {
		w.pipe.send(executed, notify, channelLanes, payload)
	}
	if w.writer.Owner == sqlstore.Nobody && leaves(b) {
		w.pipe.send(executed, notify, channelUnowned, "")
	}
	if len(b.Stores)+len(b.Webhooks)+len(b.Keys)+len(b.EventTypes) > 0 {
		w.pipe.send(executed, notify, channelChanges, "")
		w.pipe.send(func(results *pgconn.ResultReader, err error) error {
			version, err = bumped(results, err)
			return err
		}, bump)
	}
	w.ending = true
	w.pipe.send(committed, "COMMIT")
	err = w.pipe.Flush(ctx)
	return version, err
}

// bumped is the answer to bump.
func bumped(results *pgconn.ResultReader, err error) (version int64, _ error) {
	if err != nil {
		return 0, err
	}
	if results.NextRow() {
		version, err = strconv.ParseInt(string(results.Values()[0]), 10, 64)
	}
	if _, failure := results.Close(); err == nil {
		err = failure
	}
	return version, err
}

// committed is the answer to COMMIT, which of a transaction that has failed is
// ROLLBACK, and no error.
func committed(results *pgconn.ResultReader, err error) error {
	if err != nil {
		return err
	}
	tag, err := results.Close()
	if err == nil && tag.String() != "COMMIT" {
		err = fmt.Errorf("the server answered %s", tag)
	}
	return err
}
