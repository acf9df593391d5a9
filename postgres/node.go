package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/internal/sqlstore"
)

// States of a node.
const alive, lost = "alive", "lost"

const (
	enter = "INSERT INTO billhook.nodes (name, state, lease) VALUES ($1, '" + alive + "', $2) RETURNING epoch"
	renew = "UPDATE billhook.nodes SET beat_at = clock_timestamp() WHERE epoch = $1 AND state = '" + alive + "'"
	// giveUp waits for a commit under way, as taking a node for dead does, and lets
	// all know.
	giveUp = "WITH own AS (SELECT epoch FROM billhook.nodes WHERE epoch = $1 FOR UPDATE) " +
		"UPDATE billhook.nodes n SET state = '" + lost + "' FROM own WHERE n.epoch = own.epoch RETURNING pg_notify('" + channelUnowned + "', '')"
)

// A lease is what a node may rely on. It is never changed but replaced.
type lease struct {
	epoch int64
	// until is when it ends by this process's clock, and zero once others have
	// taken the node for dead. It is counted from before the renewal was asked
	// for, so it ends here before it does on the server.
	until time.Time
	// since is when it was held again after it had run out; zero if it never
	// had.
	since time.Time
}

// holds asks both of the system's clocks: the monotonic one stands still while a
// machine sleeps, and the other may be set back.
func (l *lease) holds(now time.Time) bool {
	return now.Before(l.until) && now.Round(0).Before(l.until.Round(0))
}

// end is when a lease ends that was asked for at a time, with a tenth to spare
// for clocks that run apart, and for a request to get under way.
func (d *Database) end(asked time.Time) time.Time { return asked.Add(d.options.Lease * 9 / 10) }

// owner is who owns what this process writes.
func (d *Database) owner() int64 {
	if l := d.lease.Load(); l != nil {
		return l.epoch
	}
	return sqlstore.Nobody
}

// Held reports whether this process is a node whose lease has not run out.
func (d *Database) Held() bool {
	l := d.lease.Load()
	return l != nil && l.holds(time.Now())
}

// Join makes this process a node with a new epoch. Where it fails after all was
// written, the row that it leaves is that of a node that was never heard of.
func (d *Database) Join(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.usable(); err != nil {
		return fmt.Errorf("join: %w", err)
	}
	if d.lease.Load() != nil {
		return nil
	}
	if err := d.join(ctx, d.write.on); err != nil {
		d.failed = true
		return fmt.Errorf("join: %w", err)
	}
	return nil
}

func (d *Database) join(ctx context.Context, on *pgx.Conn) error {
	l := &lease{until: d.end(time.Now())}
	if err := on.QueryRow(ctx, enter, text(d.options.Name), d.options.Lease).Scan(&l.epoch); err != nil {
		return fmt.Errorf("enter the table of nodes: %w", err)
	}
	d.lease.Store(l)
	return nil
}

// renew is a heartbeat. It fails with billhook.ErrNotOwner where the others have
// taken the node for dead; nothing is held then.
func (d *Database) renew(ctx context.Context, on *pgx.Conn, l *lease) error {
	now := time.Now()
	tag, err := on.Exec(ctx, renew, l.epoch)
	switch {
	case err != nil:
		return fmt.Errorf("renew lease: %w", err)
	case tag.RowsAffected() == 0:
		d.lease.CompareAndSwap(l, &lease{epoch: l.epoch})
		return billhook.ErrNotOwner
	}
	renewed := &lease{epoch: l.epoch, until: d.end(now), since: l.since}
	if !l.holds(now) {
		renewed.since = now
	}
	// Where that fails, another has renewed it meanwhile, or the node is a new
	// one, or has left.
	d.lease.CompareAndSwap(l, renewed)
	return nil
}

// Leave gives up this node's place. It is lost then, by its own word, and what it
// owns is for the others to claim, as that of any lost node, however much that
// is. It has a connection of its own, so that it works while the one that writes
// does not.
func (d *Database) Leave(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.lease.Swap(nil)
	if l == nil {
		return nil
	}
	err := d.leave(ctx, l.epoch)
	if err != nil {
		return fmt.Errorf("leave: %w: the other nodes take over when the lease has run out", err)
	}
	return nil
}

func (d *Database) leave(ctx context.Context, epoch int64) error {
	on, err := dial(ctx, d.config, writeSettings(d.options.Lease))
	if err != nil {
		return err
	}
	defer hangUp(on)
	if _, err := on.Exec(ctx, giveUp, epoch); err != nil {
		return fmt.Errorf("give up place: %w", err)
	}
	_, err = d.forget(ctx, on, epoch)
	return err
}
