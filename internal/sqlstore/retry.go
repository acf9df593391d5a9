package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/billhook/billhook"
)

const (
	hasten = "UPDATE billhook.pending SET due_at = ?, owner = ? WHERE store_id = ? AND id = ? AND owner <> -2"
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
	forget      = "DELETE FROM billhook.deliveries WHERE store_id = ? AND id = ?"
	pendingByID = selectPending + "WHERE store_id = ? AND id = ?"

	toCancel = "SELECT id, COALESCE(entity_type, ''), COALESCE(entity_id, '') FROM billhook.pending WHERE store_id = ? AND webhook_id = ? AND owner = CAST(? AS BIGINT) ORDER BY due_at, id LIMIT CAST(? AS BIGINT)"
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
		for _, text := range []string{keepAttempt, forget} {
			if err == nil && n > 0 {
				_, err = w.conn.Exec(ctx, text, r.StoreID, r.DeliveryID)
			}
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

// cancel moves the lane's first deliveries to what is over. They are named, and
// locked where others write too, before they are moved: both statements are to
// find the same ones.
func (w *Writer) cancel(ctx context.Context, c *billhook.Cancel) error {
	found, err := w.conn.Query(ctx, toCancel+w.dialect.Lock, c.Lane.StoreID, c.Lane.WebhookID, w.Owner, int64(c.Limit))
	ids, err := collect(found, err, func(from Row) (id string, err error) {
		of := billhook.Strand{Lane: c.Lane}
		if err = from.Scan(&id, &of.Entity.Type, &of.Entity.ID); err == nil && of.Entity != (billhook.Reference{}) {
			w.touch(of)
		}
		return id, err
	})
	if err != nil {
		return fmt.Errorf("read deliveries to cancel: %w", err)
	}
	c.Cancelled = len(ids)
	w.strands.cancels = append(w.strands.cancels, c) // what is held back comes last
	return w.end(ctx, c.Lane.StoreID, ids, billhook.StatusCancelled, c.Reason, c.At)
}

// end moves deliveries of a store to what is over, without an attempt.
func (w *Writer) end(ctx context.Context, storeID string, ids []string, status billhook.Status, reason string, at time.Time) error {
	of := rows{
		n:      len(ids),
		same:   func(i, j int) bool { return true },
		shared: func(args []any, _ int) []any { return append(args, storeID, reason, nanos(at), string(status)) },
		own:    func(args []any, i int) []any { return append(args, ids[i]) },
	}
	if err := w.all(ctx, finishEarly, of); err != nil {
		return err
	}
	of.shared = func(args []any, _ int) []any { return append(args, storeID) }
	return w.all(ctx, dropFinished, of)
}
