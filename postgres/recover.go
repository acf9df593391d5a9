package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/billhook/billhook"
)

// recoverLimit bounds Recover, so that it fails while the server is away and
// callers have their answer.
const recoverLimit = 5 * time.Second

// Recover opens the writing connection anew. It makes sure first that the one
// before is gone on the server, transaction and all: a commit whose answer got
// lost has either happened by then or never will. It proves the new one by a
// write where this process is a node: it renews the lease, or where the others
// have taken the node for dead, joins as a new one.
//
// A crash in here leaves a node behind that owns nothing; the others forget it.
func (d *Database) Recover(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return errClosed
	}
	if err := d.recover(ctx); err != nil {
		return fmt.Errorf("recover database: %w", err)
	}
	d.failed = false
	return nil
}

func (d *Database) recover(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recoverLimit)
	defer cancel()
	d.failed = true
	if d.write != nil {
		d.former = append(d.former, d.write.backend)
		hangUp(d.write.on)
		d.write = nil
	}
	// What broke the writing connection may have broken these, unnoticed.
	hangUpIdle(d.lists, d.options.Readers)
	hangUpIdle(d.point, enginePool)

	w, err := d.openWriting(ctx)
	if err != nil {
		return err
	}
	for _, b := range d.former {
		if err := end(ctx, w.on, b); err != nil {
			hangUp(w.on)
			return err
		}
	}
	if err := d.rejoin(ctx, w.on); err != nil {
		// What it may have left under way there must end as well.
		d.former = append(d.former, w.backend)
		hangUp(w.on)
		return err
	}
	d.former, d.write = nil, w
	return nil
}

// end ends a connection on the server and waits until it is gone. One that is in
// the middle of a commit ends after it. On a server that another took the place
// of there is none.
func end(ctx context.Context, on *pgx.Conn, b backend) error {
	const (
		terminate = "SELECT pg_terminate_backend(pid, $3) FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2"
		count     = "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2"
	)
	// Who may not end it, waits for it: the server does at the end of the lease.
	_, _ = on.Exec(ctx, terminate, b.pid, b.started, (recoverLimit / 2).Milliseconds())
	var left int
	if err := on.QueryRow(ctx, count, b.pid, b.started).Scan(&left); err != nil {
		return fmt.Errorf("look for the connection before: %w", err)
	}
	if left > 0 {
		return errors.New("the connection before is at work still: its transaction may yet be committed")
	}
	return nil
}

// rejoin renews the lease or joins as a new node. It does nothing where this
// process is none.
func (d *Database) rejoin(ctx context.Context, on *pgx.Conn) error {
	l := d.lease.Load()
	if l == nil {
		return nil
	}
	err := d.renew(ctx, on, l)
	if errors.Is(err, billhook.ErrNotOwner) {
		return d.join(ctx, on)
	}
	return err
}
