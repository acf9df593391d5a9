package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/billhook/billhook"
)

const (
	// takeForDead marks nodes that were not heard of for their lease, and lets all
	// know. One whose commit is under way has its row locked, and is passed over:
	// its commit ends, or the server ends it. $1 is who asks; $2 is the longest
	// lease that may be judged by.
	takeForDead = "WITH dead AS (SELECT epoch FROM billhook.nodes WHERE state = '" + alive + "' AND epoch <> $1 " +
		"AND lease <= $2 AND beat_at < clock_timestamp() - lease FOR UPDATE SKIP LOCKED) " +
		"UPDATE billhook.nodes n SET state = '" + lost + "' FROM dead WHERE n.epoch = dead.epoch RETURNING n.epoch, n.name, pg_notify('" + channelUnowned + "', '')"
	// orphaned asks of a row with an owner.
	orphaned   = "NOT EXISTS (SELECT 1 FROM billhook.nodes AS n WHERE n.epoch = owner AND n.state = '" + alive + "')"
	selectLost = "SELECT epoch FROM billhook.nodes WHERE state = '" + lost + "' ORDER BY epoch"
	forget     = "DELETE FROM billhook.nodes WHERE epoch = $1 AND state = '" + lost + "'"
)

// always is longer than any lease.
const always = 1 << 62

// takeOver takes nodes for dead that are not heard of, and forgets lost nodes of
// which nothing is left. What they own counts as nobody's from when they are
// lost, so it is for Claim to take. Any number of nodes may be at it.
//
// A crash between two steps leaves a node that is lost and owns something
// still. It cannot commit, and the next node to come by goes on.
func (d *Database) takeOver(ctx context.Context, on *pgx.Conn, tell func(billhook.Change)) error {
	l := d.lease.Load()
	if l == nil {
		return nil
	}
	if err := d.findDead(ctx, on, l); err != nil {
		return err
	}
	found, _ := on.Query(ctx, selectLost)
	epochs, err := pgx.CollectRows(found, pgx.RowTo[int64])
	if err != nil {
		return fmt.Errorf("look for lost nodes: %w", err)
	}
	for _, epoch := range epochs {
		left, err := d.forget(ctx, on, epoch)
		if err != nil {
			return err
		}
		if left {
			tell(billhook.Change{Unowned: true})
		}
	}
	return nil
}

// findDead judges only by leases that this node has held its own through. While
// the server was away nobody's lease could be renewed, and all would take each
// other for dead when it comes back.
func (d *Database) findDead(ctx context.Context, on *pgx.Conn, l *lease) error {
	judged := time.Duration(always)
	if !l.since.IsZero() {
		judged = time.Since(l.since)
	}
	found, _ := on.Query(ctx, takeForDead, l.epoch, judged)
	names, err := pgx.CollectRows(found, func(row pgx.CollectableRow) (name string, err error) {
		err = row.Scan(nil, &name, nil)
		return name, err
	})
	if err != nil {
		return fmt.Errorf("look for dead nodes: %w", err)
	}
	for _, name := range names {
		d.options.Logger.Warn("a node was not heard of for its lease; its deliveries are taken over", "node", name)
	}
	return nil
}

// forget forgets a lost node if nothing is left of what it owned. Nothing can be
// added any more: whatever the node committed was there before it was lost.
func (d *Database) forget(ctx context.Context, on *pgx.Conn, epoch int64) (left bool, err error) {
	lanes, err := d.engineReader.Lanes(ctx, epoch)
	if err != nil {
		return false, fmt.Errorf("look for what a lost node had: %w", err)
	}
	if len(lanes) > 0 {
		return true, nil
	}
	if _, err := on.Exec(ctx, forget, epoch); err != nil {
		return false, fmt.Errorf("forget node: %w", err)
	}
	return false, nil
}
