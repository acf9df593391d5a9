package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"sync"
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
	// last EmitTx; and then, for a transaction that takes still longer, whenever as
	// much time again has passed.
	lookFirst, lookOften = 2 * time.Millisecond, 50 * time.Millisecond
	lookFor              = 10 * time.Minute
)

// emitted tells all who watch of an EmitTx.
type emitted struct {
	mu   sync.Mutex
	at   time.Time     // of the last
	next chan struct{} // closed by the next
}

func (e *emitted) now() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.next != nil {
		close(e.next)
	}
	e.at, e.next = time.Now(), nil
}

func (e *emitted) last() (at time.Time, next <-chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.next == nil {
		e.next = make(chan struct{})
	}
	return e.at, e.next
}

// Watch looks for what EmitTx has written: at once, since it may have been
// before, and often after one was called.
func (d *Database) Watch(ctx context.Context, seen func(billhook.Change)) {
	every := lookFirst
	for {
		at, next := d.emitted.last()
		found, err := readShort(d, func(r *sqlstore.Reader) (bool, error) { return r.Unowned(ctx) })
		if err == nil && found { // else it is looked for again
			seen(billhook.Change{Unowned: true})
		}
		if every *= 2; time.Since(at) <= lookFor {
			every = min(every, lookOften)
		}
		select {
		case <-ctx.Done():
			return
		case <-next:
			every = lookFirst
		case <-time.After(every):
		}
	}
}

// EmitTx writes emits in a *sql.Tx on the same file.
func (d *Database) EmitTx(ctx context.Context, tx any, emits []*billhook.Emit) error {
	t, ok := tx.(*sql.Tx)
	if !ok {
		return fmt.Errorf("a transaction is a *sql.Tx here, not a %T", tx)
	}
	if err := sqlstore.NewWriter(callersTx{t}, dialect, insertGently).EmitIn(ctx, emits); err != nil {
		return err
	}
	d.emitted.now()
	return nil
}

// A callersTx is a transaction of the caller's. It keeps nothing prepared, which
// would stay in memory until the transaction ends.
type callersTx struct{ *sql.Tx }

func (c callersTx) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	result, err := c.ExecContext(ctx, dialect.Text(text), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (c callersTx) QueryRow(ctx context.Context, text string, args ...any) sqlstore.Row {
	return c.QueryRowContext(ctx, dialect.Text(text), args...)
}

func (c callersTx) Query(ctx context.Context, text string, args ...any) (sqlstore.Rows, error) {
	return c.QueryContext(ctx, dialect.Text(text), args...)
}

// Nodes is the one that there is.
func (d *Database) Nodes(ctx context.Context) ([]billhook.Node, error) {
	owned, err := readListed(ctx, d, func(r *sqlstore.Reader) (map[int64]int64, error) { return r.Owned(ctx) })
	if err != nil {
		return nil, err
	}
	name, _ := os.Hostname() // it may have none
	return []billhook.Node{{ID: owner, Name: name, Alive: true, Own: true, StartedAt: d.openedAt, BeatAt: time.Now().UTC().Round(0), Deliveries: owned[owner]}}, nil
}
