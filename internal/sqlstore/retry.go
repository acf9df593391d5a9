package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/billhook/billhook"
)

const (
	hasten = "UPDATE billhook.pending SET due_at = ?, owner = ? WHERE store_id = ? AND id = ?"
	revive = "INSERT INTO billhook.pending (" + pendingColumns + ") " +
		"SELECT store_id, id, webhook_id, event_id, event_type, attempts, attempts, status_code, reason, created_at, last_attempt_at, " +
		"CAST(? AS BIGINT), CAST(? AS BIGINT) FROM billhook.deliveries WHERE store_id = ? AND id = ?"
	keepAttempt = "INSERT INTO billhook.attempts (" + attemptColumns + ") SELECT " + endingAttempt + answerColumns + fromEnded
	forget      = "DELETE FROM billhook.deliveries WHERE store_id = ? AND id = ?"
	pendingByID = selectPending + "WHERE store_id = ? AND id = ?"

	cancelled = "SELECT store_id, id FROM billhook.pending WHERE store_id = ? AND webhook_id = ? AND owner = ? ORDER BY due_at, id LIMIT ?"
	finish    = "INSERT INTO billhook.deliveries (" + deliveryColumns + ") " +
		"SELECT store_id, id, webhook_id, event_id, event_type, 'cancelled', attempts, attempts_before, status_code, CAST(? AS TEXT), created_at, last_attempt_at, CAST(? AS BIGINT) " +
		"FROM billhook.pending WHERE (store_id, id) IN (" + cancelled + ")"
	dropCancelled = "DELETE FROM billhook.pending WHERE (store_id, id) IN (" + cancelled + ")"
)

// retry makes a pending delivery due, or one that is over pending again.
func (w *Writer) retry(ctx context.Context, r *billhook.Retry) error {
	r.Delivery = nil
	n, err := w.conn.Exec(ctx, hasten, nanos(r.DueAt), w.Owner, r.StoreID, r.DeliveryID)
	if err == nil && n == 0 {
		n, err = w.conn.Exec(ctx, revive, nanos(r.DueAt), w.Owner, r.StoreID, r.DeliveryID)
		for _, text := range []string{keepAttempt, forget} {
			if err == nil && n > 0 {
				_, err = w.conn.Exec(ctx, text, r.StoreID, r.DeliveryID)
			}
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

// cancel moves the lane's first deliveries to what is over.
func (w *Writer) cancel(ctx context.Context, c *billhook.Cancel) error {
	lane := []any{c.Lane.StoreID, c.Lane.WebhookID, w.Owner, int64(c.Limit)}
	n, err := w.conn.Exec(ctx, finish, append([]any{c.Reason, nanos(c.At)}, lane...)...)
	if err == nil && n > 0 {
		_, err = w.conn.Exec(ctx, dropCancelled, lane...)
	}
	if err != nil {
		return fmt.Errorf("cancel deliveries: %w", err)
	}
	c.Cancelled = int(n)
	return nil
}
