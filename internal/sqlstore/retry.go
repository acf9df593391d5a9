package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/billhook/billhook"
)

const (
	// hasten leaves to its strand what is held back, or will be once it is claimed: no
	// node may have one of those out of its turn.
	hasten = "UPDATE billhook.pending SET due_at = ?1, owner = ?2 WHERE store_id = ?3 AND id = ?4 AND owner <> -2 AND (owner <> 0 OR entity_id IS NULL OR ?2 = 0)"
	revive = "INSERT INTO billhook.pending (" + pendingColumns + ") " +
		"SELECT store_id, id, webhook_id, event_id, event_type, attempts, attempts, status_code, reason, created_at, last_attempt_at, " +
		"CAST(? AS BIGINT), CAST(? AS BIGINT) FROM billhook.deliveries WHERE store_id = ? AND id = ?"
	// reviveOrdered is revive for one whose event has a place in an order.
	reviveOrdered = "INSERT INTO billhook.pending (" + pendingColumns + ", " + placeColumns + ") " +
		"SELECT d.store_id, d.id, d.webhook_id, d.event_id, d.event_type, d.attempts, d.attempts, d.status_code, d.reason, d.created_at, d.last_attempt_at, " +
		"CAST(? AS BIGINT), CAST(? AS BIGINT), e.entity_type, e.entity_id, e.sequence FROM billhook.deliveries AS d, billhook.events AS e " +
		"WHERE d.store_id = ? AND d.id = ? AND e.store_id = d.store_id AND e.id = d.event_id AND e.sequence IS NOT NULL"
	ownerByID   = "SELECT owner FROM billhook.pending WHERE store_id = ? AND id = ?"
	keepAttempt = "INSERT INTO billhook.attempts (" + attemptColumns + ") SELECT " + endingAttempt + answerColumns + fromEnded
	forget      = "DELETE FROM billhook.deliveries WHERE store_id = ? AND id = ? RETURNING webhook_id, created_at, status, COALESCE(reason, '')"
	pendingByID = selectPending + "WHERE store_id = ? AND id = ?"

	toCancel = "SELECT id, created_at, COALESCE(entity_type, ''), COALESCE(entity_id, '') FROM billhook.listed WHERE store_id = ? AND webhook_id = ? AND owner = CAST(? AS BIGINT) " +
		"AND due_at < ? AND created_at < ? ORDER BY due_at, id LIMIT CAST(? AS BIGINT)"
)

var (
	// finishEarly ends deliveries without an attempt.
	finishEarly = &bulk{
		what: "finish deliveries",
		change: "INSERT INTO billhook.deliveries (" + deliveryColumns + ") " +
			"SELECT store_id, id, webhook_id, event_id, event_type, CAST(?4 AS TEXT), attempts, attempts_before, status_code, CAST(?2 AS TEXT), created_at, last_attempt_at, CAST(?3 AS BIGINT) " +
			"FROM billhook.pending",
		table:  "billhook.pending",
		where:  "store_id = ?1",
		name:   "id",
		shared: 4,
		row:    []string{textKind},
	}
	dropFinished = &bulk{
		what:   "drop finished deliveries",
		change: "DELETE FROM billhook.pending",
		table:  "billhook.pending",
		where:  "store_id = ?1",
		name:   "id",
		shared: 1,
		row:    []string{textKind},
	}
)

// retry makes a pending delivery due, or one that is over pending again. Between
// looking here and there, another node may have taken it from there to here.
func (w *Writer) retry(ctx context.Context, r *billhook.Retry) error {
	r.Delivery = nil
	n, err := w.conn.Exec(ctx, hasten, nanos(r.DueAt), w.Owner, r.StoreID, r.DeliveryID)
	if err == nil && n == 0 {
		if r.Ordered {
			n, err = w.conn.Exec(ctx, reviveOrdered, nanos(r.DueAt), w.placeOwner(), r.StoreID, r.DeliveryID)
		}
		if err == nil && n == 0 {
			n, err = w.conn.Exec(ctx, revive, nanos(r.DueAt), w.Owner, r.StoreID, r.DeliveryID)
		}
		if err == nil && n > 0 {
			_, err = w.conn.Exec(ctx, keepAttempt, r.StoreID, r.DeliveryID)
		}
		if err == nil && n > 0 {
			err = w.unfinish(ctx, r)
		}
		if err == nil && n == 0 {
			_, err = w.conn.Exec(ctx, hasten, nanos(r.DueAt), w.Owner, r.StoreID, r.DeliveryID)
		}
	}
	if err != nil {
		return fmt.Errorf("retry delivery: %w", err)
	}
	p, err := scanPending(w.conn.QueryRow(ctx, pendingByID, r.StoreID, r.DeliveryID))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("retry delivery: %w", err)
	}
	if p.Place != nil {
		// What is held back, or another's since a moment ago, is not to be sent here.
		var owner int64
		if err := w.conn.QueryRow(ctx, ownerByID, r.StoreID, r.DeliveryID).Scan(&owner); err != nil {
			return fmt.Errorf("retry delivery: %w", err)
		}
		p.Behind = owner != w.Owner
		w.touch(p.Strand())
	}
	r.Delivery = &p
	return nil
}

// unfinish takes a delivery, which waits again, from what is over.
func (w *Writer) unfinish(ctx context.Context, r *billhook.Retry) error {
	found, err := w.conn.Query(ctx, forget, r.StoreID, r.DeliveryID)
	over, err := collect(found, err, scanCounted)
	for _, d := range over {
		of := accountOf(r.StoreID, d.WebhookID, d.CreatedAt)
		w.ledger.count(of, d.Status, d.Reason, -1)
		w.ledger.count(of, billhook.StatusPending, "", 1)
	}
	return err
}

// cancel moves the lane's first deliveries to what is over. They are named, and
// locked where others write too, before they are moved: both statements are to
// find the same ones.
func (w *Writer) cancel(ctx context.Context, c *billhook.Cancel) error {
	found, err := w.conn.Query(ctx, toCancel+w.dialect.Lock, c.Lane.StoreID, c.Lane.WebhookID, w.Owner, bound(c.DueBefore), bound(c.CreatedBefore), int64(c.Limit))
	all, err := collect(found, err, func(from Row) (e ended, err error) {
		of := billhook.Strand{Lane: c.Lane}
		if err = from.Scan(&e.id, &e.createdAt, &of.Entity.Type, &of.Entity.ID); err == nil && of.Entity != (billhook.Reference{}) {
			w.touch(of)
		}
		return e, err
	})
	if err != nil {
		return fmt.Errorf("read deliveries to cancel: %w", err)
	}
	c.Cancelled = len(all)
	w.strands.cancels = append(w.strands.cancels, c) // what is held back comes last
	return w.end(ctx, c.Lane, all, cmp.Or(c.Status, billhook.StatusCancelled), c.Reason, c.At)
}

// An ended is a delivery that is to be moved to what is over, without an attempt.
type ended struct {
	id        string
	createdAt int64
}

// end moves deliveries of a lane to what is over.
func (w *Writer) end(ctx context.Context, lane billhook.Lane, all []ended, status billhook.Status, reason string, at time.Time) error {
	of := rows{
		n:      len(all),
		same:   func(i, j int) bool { return true },
		shared: func(args []any, _ int) []any { return append(args, lane.StoreID, reason, nanos(at), string(status)) },
		own:    func(args []any, i int) []any { return append(args, all[i].id) },
	}
	if err := w.all(ctx, finishEarly, of); err != nil {
		return err
	}
	of.shared = func(args []any, _ int) []any { return append(args, lane.StoreID) }
	if err := w.all(ctx, dropFinished, of); err != nil {
		return err
	}
	for _, e := range all {
		of := accountOf(lane.StoreID, lane.WebhookID, moment(e.createdAt))
		w.ledger.count(of, billhook.StatusPending, "", -1)
		w.ledger.count(of, status, reason, 1)
	}
	return nil
}

// bound is a time that others are to be before; zero has all before it.
func bound(t time.Time) int64 {
	if t.IsZero() {
		return math.MaxInt64
	}
	return nanos(t)
}
