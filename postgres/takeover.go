package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/billhook/billhook"
)

const (
	// takeForDead marks nodes that were not heard of for their lease. One whose
	// commit is under way has its row locked, and is passed over: its commit
	// ends, or the server ends it. $1 is who asks; $2 is the longest lease that
	// may be judged by.
	takeForDead = "WITH dead AS (SELECT epoch FROM billhook.nodes WHERE state = '" + alive + "' AND epoch <> $1 " +
		"AND lease <= $2 AND beat_at < clock_timestamp() - lease FOR UPDATE SKIP LOCKED) " +
		"UPDATE billhook.nodes n SET state = '" + lost + "' FROM dead WHERE n.epoch = dead.epoch RETURNING n.epoch, n.name"
	selectLost = "SELECT epoch FROM billhook.nodes WHERE state = '" + lost + "' ORDER BY epoch"
	forget     = "DELETE FROM billhook.nodes WHERE epoch = $1 AND state = '" + lost + "'"

	// disown passes over what others have locked: another node that is at the
	// same, or that takes a delivery over for a manual retry.
	disown = "WITH own AS (SELECT id FROM billhook.pending WHERE store_id = $1 AND webhook_id = $2 AND owner = $3 " +
		"ORDER BY due_at, id LIMIT $4 FOR UPDATE SKIP LOCKED) " +
		"UPDATE billhook.pending p SET owner = 0 FROM own WHERE p.store_id = $1 AND p.id = own.id"
	// disownStep is how many rows of a lane one transaction makes nobody's.
	disownStep = 2000
)

// always is longer than any lease.
const always = 1 << 62

// takeOver takes nodes for dead that are not heard of and makes nobody's what
// lost nodes owned. Any number of nodes may be at it.
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
	epochs, err := pgx.CollectRows(found, func(row pgx.CollectableRow) (epoch int64, err error) { return epoch, row.Scan(&epoch) })
	if err != nil {
		return fmt.Errorf("look for lost nodes: %w", err)
	}
	for _, epoch := range epochs {
		released, err := d.release(ctx, on, epoch)
		if released {
			tell(billhook.Change{Unowned: true})
		}
		if err != nil {
			return err
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
		var epoch int64
		err = row.Scan(&epoch, &name)
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

// release makes nobody's what a lost node owned, lane by lane, and forgets the
// node when nothing is left. Nothing can be added any more: whatever the node
// committed was there before it was lost.
func (d *Database) release(ctx context.Context, on *pgx.Conn, epoch int64) (released bool, err error) {
	for {
		lanes, err := d.engineReader.Lanes(ctx, epoch)
		if err != nil {
			return released, fmt.Errorf("release deliveries: %w", err)
		}
		if len(lanes) == 0 {
			if _, err := on.Exec(ctx, forget, epoch); err != nil {
				return released, fmt.Errorf("forget node: %w", err)
			}
			return released, nil
		}
		rows := int64(0)
		for _, lane := range lanes {
			n, err := disownLane(ctx, on, epoch, lane)
			rows += n
			released = released || n > 0
			if err != nil {
				return released, fmt.Errorf("release deliveries: %w", err)
			}
		}
		if rows == 0 {
			return released, nil // what is left others are at
		}
	}
}

func disownLane(ctx context.Context, on *pgx.Conn, epoch int64, lane billhook.Lane) (rows int64, err error) {
	for {
		// Both are one transaction.
		batch := &pgx.Batch{}
		batch.Queue(disown, lane.StoreID, lane.WebhookID, epoch, disownStep)
		batch.Queue(notify, channelUnowned, "")
		results := on.SendBatch(ctx, batch)
		tag, err := results.Exec()
		if err == nil {
			err = results.Close()
		} else {
			_ = results.Close() // which fails with the same
		}
		rows += tag.RowsAffected()
		if err != nil || tag.RowsAffected() < disownStep {
			return rows, err
		}
	}
}
