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
	hasten = "UPDATE billhook.pending SET due_at = ?, owner = ? WHERE store_id = ? AND id = ?"
	revive = "INSERT INTO billhook.pending (" + pendingColumns + ") " +
		"SELECT store_id, id, webhook_id, event_id, event_type, attempts, attempts, status_code, reason, created_at, last_attempt_at, " +
		"CAST(? AS BIGINT), CAST(? AS BIGINT) FROM billhook.deliveries WHERE store_id = ? AND id = ?"
	keepAttempt = "INSERT INTO billhook.attempts (" + attemptColumns + ") SELECT " + endingAttempt + answerColumns + fromEnded
	forget      = "DELETE FROM billhook.deliveries WHERE store_id = ? AND id = ? RETURNING webhook_id, created_at, status, COALESCE(reason, '')"
	pendingByID = selectPending + "WHERE store_id = ? AND id = ?"

	toCancel = "SELECT id, created_at FROM billhook.pending WHERE store_id = ? AND webhook_id = ? AND owner = CAST(? AS BIGINT) AND due_at < ? AND created_at < ? " +
		"ORDER BY due_at, id LIMIT CAST(? AS BIGINT)"
)

var (
	finishCancelled = &bulk{
		what: "finish cancelled deliveries",
		change: "INSERT INTO billhook.deliveries (" + deliveryColumns + ") " +
			"SELECT store_id, id, webhook_id, event_id, event_type, CAST(?4 AS TEXT), attempts, attempts_before, status_code, CAST(?2 AS TEXT), created_at, last_attempt_at, CAST(?3 AS BIGINT) " +
			"FROM billhook.pending",
		table:  "billhook.pending",
		where:  "store_id = ?1",
		name:   "id",
		shared: 4,
		row:    []string{textKind},
	}
	dropCancelled = &bulk{
		what:   "drop cancelled deliveries",
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
		n, err = w.conn.Exec(ctx, revive, nanos(r.DueAt), w.Owner, r.StoreID, r.DeliveryID)
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
	type row struct {
		id      string
		created int64
	}
	status := cmp.Or(c.Status, billhook.StatusCancelled)
	found, err := w.conn.Query(ctx, toCancel+w.dialect.Lock, c.Lane.StoreID, c.Lane.WebhookID, w.Owner, bound(c.DueBefore), bound(c.CreatedBefore), int64(c.Limit))
	ended, err := collect(found, err, func(from Row) (r row, err error) { return r, from.Scan(&r.id, &r.created) })
	if err != nil {
		return fmt.Errorf("read deliveries to cancel: %w", err)
	}
	of := rows{
		n:    len(ended),
		same: func(i, j int) bool { return true },
		shared: func(args []any, _ int) []any {
			return append(args, c.Lane.StoreID, c.Reason, nanos(c.At), string(status))
		},
		own: func(args []any, i int) []any { return append(args, ended[i].id) },
	}
	if err := w.all(ctx, finishCancelled, of); err != nil {
		return err
	}
	of.shared = func(args []any, _ int) []any { return append(args, c.Lane.StoreID) }
	if err := w.all(ctx, dropCancelled, of); err != nil {
		return err
	}
	for _, r := range ended {
		of := accountOf(c.Lane.StoreID, c.Lane.WebhookID, moment(r.created))
		w.ledger.count(of, billhook.StatusPending, "", -1)
		w.ledger.count(of, status, c.Reason, 1)
	}
	c.Cancelled = len(ended)
	return nil
}

// bound is a time that others are to be before; zero has all before it.
func bound(t time.Time) int64 {
	if t.IsZero() {
		return math.MaxInt64
	}
	return nanos(t)
}
