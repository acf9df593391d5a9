package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/billhook/billhook"
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

// Commit writes the batch and has it on disk when it returns nil. Emits whose keys
// others hold are put aside (Held); where they hold anything else that it would
// write, it fails with billhook.ErrUntouched. After any other
// error it refuses everything until Recover has succeeded.
//
// A connection that was lost before its COMMIT went out has committed nothing,
// and is opened anew once: a server that was started again, or a proxy that
// closed what was idle, costs nobody an error.
func (d *Database) Commit(ctx context.Context, b *billhook.Batch) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.usable(); err != nil {
		return err
	}
	err := d.commit(ctx, b)
	if err != nil && d.write.on.IsClosed() && !d.write.ending {
		owner := d.owner()
		switch {
		case d.recover(ctx) != nil: // the first error says more
		case d.owner() != owner:
			err = fmt.Errorf("commit: %w", billhook.ErrNotOwner)
		default:
			err = d.commit(ctx, b)
		}
	}
	d.failed = err != nil && !errors.Is(err, billhook.ErrUntouched)
	return err
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

// commit tries until others are out of the way.
func (d *Database) commit(ctx context.Context, b *billhook.Batch) error {
	w := d.write
	w.writer.Owner = d.owner()
	// The deadline is the connection's: the writer heeds no context's.
	limit := time.AfterFunc(commitLimit, func() { _ = w.on.PgConn().Conn().SetDeadline(time.Unix(1, 0)) })
	defer limit.Stop()
	w.hasty, w.writer.Wary = slices.ContainsFunc(b.Emits, hasKey), false
	for try := 1; ; try++ {
		var version int64
		err := w.writer.Commit(ctx, w.transaction(b, &version), b)
		switch {
		case err == nil && version > 0:
			// Where it was the next one, it was our own change and nothing else.
			d.version.CompareAndSwap(version-1, version)
			return nil
		case err == nil || !inTheWay(err) || !w.idle():
			return err
		case try == commitTries && !isCode(err, uniqueViolation):
			return fmt.Errorf("%w: others hold what is to be written: %w", billhook.ErrUntouched, err)
		case try == commitTries:
			return err
		}
		if isCode(err, lockNotAvailable) {
			w.hasty, w.writer.Wary = false, true
		}
		time.Sleep(time.Duration(try) * rand.N(20*time.Millisecond)) // #nosec G404 -- spreads tries, guards nothing
	}
}

// hasKey reports whether a transaction of a caller's may hold what the emit wants.
func hasKey(e *billhook.Emit) bool {
	return e.OwnID || e.Event.IdempotencyKey != "" || e.Event.Entity != (billhook.Reference{})
}

// SQLSTATEs, from the appendix "PostgreSQL Error Codes".
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	lockNotAvailable     = "55P03"
	uniqueViolation      = "23505"
	checkViolation       = "23514"
)

// inTheWay reports whether another transaction made this one fail, so that it
// may succeed when it is tried again. A unique key is among the reasons: of two
// nodes that take the same delivery back to what waits, one finds it there.
func inTheWay(err error) bool {
	return isCode(err, serializationFailure, deadlockDetected, lockNotAvailable, uniqueViolation)
}

func isCode(err error, codes ...string) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && slices.Contains(codes, e.Code)
}
