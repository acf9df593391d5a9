package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/internal/sqlstore"
)

const (
	// lockLimit is how long a commit waits for a row that another node, or a
	// transaction of a caller's, has locked. A deadlock is found in half of it.
	lockLimit = 2 * time.Second
	// commitTries is how often a transaction is tried that others stand in the
	// way of.
	commitTries = 4
	// commitLimit bounds a transaction. A server that is silent for so long is
	// given up, and what became of the transaction is found out by Recover.
	commitLimit = 30 * time.Second
)

const (
	begin  = "BEGIN ISOLATION LEVEL READ COMMITTED"
	fence  = "SELECT state FROM billhook.nodes WHERE epoch = $1 FOR KEY SHARE"
	bump   = "UPDATE billhook.changes SET version = version + 1 RETURNING version"
	notify = "SELECT pg_notify($1, $2)"
)

// A writing is the one connection that commits.
type writing struct {
	on      *pgx.Conn
	backend backend
	writer  *sqlstore.Writer
}

func (d *Database) openWriting(ctx context.Context) (*writing, error) {
	on, err := dial(ctx, d.config, writeSettings(d.options.Lease))
	if err != nil {
		return nil, err
	}
	w := &writing{on: on, writer: sqlstore.NewWriter(newConn(on), dialect, insert)}
	if w.backend, err = d.inspect(ctx, on); err != nil {
		hangUp(on)
		return nil, err
	}
	d.pid.Store(w.backend.pid)
	return w, nil
}

func (w *writing) close(ctx context.Context) { _ = w.on.Close(ctx) }

// Commit writes the batch and has it on disk when it returns nil. After an
// error it refuses everything until Recover has succeeded.
func (d *Database) Commit(ctx context.Context, b *billhook.Batch) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.usable(); err != nil {
		return err
	}
	d.write.writer.Owner = d.owner()
	version, err := d.write.commit(ctx, b)
	if err != nil {
		d.failed = true
		return err
	}
	if version > 0 {
		// Where it was the next one, it was our own change and nothing else.
		d.version.CompareAndSwap(version-1, version)
	}
	return nil
}

func (d *Database) usable() error {
	switch {
	case d.closed:
		return errClosed
	case d.failed || d.write == nil:
		return errFailed
	}
	return nil
}

// commit tries until others are out of the way. It returns the configuration's
// version where the batch has raised it.
func (w *writing) commit(ctx context.Context, b *billhook.Batch) (version int64, err error) {
	// The deadline is the connection's: the writer heeds no context's.
	limit := time.AfterFunc(commitLimit, func() { _ = w.on.PgConn().Conn().SetDeadline(time.Unix(1, 0)) })
	defer limit.Stop()
	for try := 1; ; try++ {
		err := w.writer.Commit(ctx, w.transaction(b, &version), b)
		if err == nil || try == commitTries || !inTheWay(err) || !w.idle() {
			return version, err
		}
		time.Sleep(time.Duration(try) * rand.N(20*time.Millisecond))
	}
}

// idle reports whether the connection is without a transaction for certain.
func (w *writing) idle() bool { return !w.on.IsClosed() && w.on.PgConn().TxStatus() == 'I' }

// inTheWay reports whether another transaction made this one fail, so that it
// may succeed when it is tried again. A unique key is among the reasons: of two
// nodes that take the same delivery back to what waits, one finds it there.
func inTheWay(err error) bool {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return false
	}
	const serialization, deadlock, lock, unique = "40001", "40P01", "55P03", "23505"
	return slices.Contains([]string{serialization, deadlock, lock, unique}, e.Code)
}

func (w *writing) transaction(b *billhook.Batch, version *int64) sqlstore.Transaction {
	return sqlstore.Transaction{
		Begin:    w.begin,
		Commit:   func(ctx context.Context) (err error) { *version, err = w.end(ctx, b); return err },
		Rollback: w.rollBack,
	}
}

// begin locks the node's row until the transaction is over, in the same round
// trip. Whoever takes the node for dead wants that row for itself: before, and
// then nothing can be written here, or after, and then all that was written is
// there to be taken over.
func (w *writing) begin(ctx context.Context) error {
	batch := &pgx.Batch{}
	batch.Queue(begin)
	if w.writer.Owner == sqlstore.Nobody {
		return w.on.SendBatch(ctx, batch).Close()
	}
	state := ""
	batch.Queue(fence, w.writer.Owner).QueryRow(func(row pgx.Row) error { return row.Scan(&state) })
	err := w.on.SendBatch(ctx, batch).Close()
	if errors.Is(err, pgx.ErrNoRows) || err == nil && state != alive {
		err = billhook.ErrNotOwner
	}
	if err != nil {
		_ = w.rollBack(ctx) // where it fails, the connection is given up
	}
	return err
}

func (w *writing) rollBack(ctx context.Context) error {
	_, err := w.on.Exec(ctx, "ROLLBACK")
	return err
}

// end lets others know and commits, in one round trip. They are told when the
// transaction is over, and only if it is committed.
//
// The version is raised last, since its row is locked from then on.
func (w *writing) end(ctx context.Context, b *billhook.Batch) (version int64, err error) {
	batch := &pgx.Batch{}
	for _, payload := range w.lanes(b) {
		batch.Queue(notify, channelLanes, payload)
	}
	if w.writer.Owner == sqlstore.Nobody && leavesWaiting(b) {
		batch.Queue(notify, channelUnowned, "")
	}
	if len(b.Stores)+len(b.Webhooks) > 0 {
		batch.Queue(notify, channelChanges, "")
		batch.Queue(bump).QueryRow(func(row pgx.Row) error { return row.Scan(&version) })
	}
	batch.Queue("COMMIT").Exec(func(tag pgconn.CommandTag) error {
		if tag.String() != "COMMIT" {
			return fmt.Errorf("the server answered %s", tag)
		}
		return nil
	})
	return version, w.on.SendBatch(ctx, batch).Close()
}

// lanes are those in which deliveries were taken that may have been another
// node's, each as JSON.
func (w *writing) lanes(b *billhook.Batch) (payloads []string) {
	for _, r := range b.Retries {
		if r.Delivery == nil {
			continue
		}
		payload, _ := json.Marshal(message{r.Delivery.StoreID, r.Delivery.WebhookID}) // strings cannot fail
		// A node that is not told finds out by its next outcome there.
		if text := string(payload); len(text) < maxPayload && !slices.Contains(payloads, text) {
			payloads = append(payloads, text)
		}
	}
	return payloads
}

// leavesWaiting reports whether the batch, as it was written, has left
// something pending.
func leavesWaiting(b *billhook.Batch) bool {
	return slices.ContainsFunc(b.Emits, brings) ||
		slices.ContainsFunc(b.Retries, func(r *billhook.Retry) bool { return r.Delivery != nil }) ||
		slices.ContainsFunc(b.Outcomes, func(o *billhook.Outcome) bool { return !o.Stale && o.Status == billhook.StatusPending })
}
