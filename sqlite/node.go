package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/internal/sqlstore"
)

// owner is the only node's number: what was accepted before is its own again
// when it starts.
const owner = 1

// A file has one node, which is whoever has the lock.

// Join does nothing.
func (d *Database) Join(context.Context) error { return nil }

// Leave does nothing: the next to open the file owns what this one did.
func (d *Database) Leave(context.Context) error { return nil }

// Held is always true.
func (d *Database) Held() bool { return true }

const (
	// What was written with EmitTx belongs to nobody until it is found. It is
	// looked for this often, from the first to the second, for so long after the
	// last EmitTx; and then rarely, for a transaction that takes still longer.
	lookFirst, lookOften = 2 * time.Millisecond, 50 * time.Millisecond
	lookFor              = 10 * time.Minute
	lookRarely           = 10 * time.Second
)

// Watch looks for what EmitTx has written, once it was called.
func (d *Database) Watch(ctx context.Context, seen func(billhook.Change)) {
	var every time.Duration
	var until time.Time
	var next <-chan time.Time // nil, for never, until the first EmitTx
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.emitted:
			every, until = lookFirst, time.Now().Add(lookFor)
		case <-next:
			found, err := readShort(d, func(r *sqlstore.Reader) (bool, error) { return r.Unowned(ctx) })
			switch {
			case err != nil: // it is looked for again
			case found:
				every = lookFirst
				seen(billhook.Change{Unowned: true})
			case time.Now().After(until):
				every = lookRarely
			default:
				every = min(2*every, lookOften)
			}
		}
		next = time.After(every)
	}
}

// EmitTx writes emits in a *sql.Tx on the same file.
func (d *Database) EmitTx(ctx context.Context, tx any, emits []*billhook.Emit) error {
	t, ok := tx.(*sql.Tx)
	if !ok {
		return fmt.Errorf("a transaction is a *sql.Tx here, not a %T", tx)
	}
	c := &conn{on: t, prepared: map[string]*sql.Stmt{}}
	w := sqlstore.NewWriter(c, dialect, insertGently)
	if err := w.EmitIn(ctx, emits); err != nil {
		return err
	}
	select {
	case d.emitted <- struct{}{}:
	default:
	}
	return nil
}
