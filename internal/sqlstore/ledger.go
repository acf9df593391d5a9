package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/billhook/billhook"
)

const (
	selectLedger = "SELECT day, reason, CAST(SUM(matched) AS BIGINT), CAST(SUM(pending) AS BIGINT), CAST(SUM(delivered) AS BIGINT), CAST(SUM(dead) AS BIGINT), " +
		"CAST(SUM(cancelled) AS BIGINT), CAST(SUM(skipped) AS BIGINT), CAST(SUM(changes) AS BIGINT) FROM billhook.ledger"
	// Before a store's ledger was kept there may have been deliveries: a row of no
	// webhook has the first day of which all are counted.
	selectSince = "SELECT day FROM billhook.ledger WHERE store_id = ? AND webhook_id = '' ORDER BY day DESC LIMIT 1"

	// What goes by the week goes for all stores.
	selectForgotten = "SELECT COALESCE(MAX(attempts_at), 0) FROM billhook.retention WHERE store_id IN (?, '" + billhook.AllStores + "')"

	selectCounted = "SELECT webhook_id, created_at, status, reason, id FROM (" +
		"SELECT * FROM (SELECT webhook_id, created_at, 'pending' AS status, '' AS reason, id FROM billhook.pending WHERE store_id = ? AND id > ? ORDER BY id LIMIT CAST(? AS BIGINT)) AS waiting " +
		"UNION ALL " +
		"SELECT * FROM (SELECT webhook_id, created_at, status, CASE status WHEN 'skipped' THEN COALESCE(reason, '') ELSE '' END AS reason, id FROM billhook.deliveries WHERE store_id = ? AND id > ? ORDER BY id LIMIT CAST(? AS BIGINT)) AS over" +
		") AS both_halves ORDER BY id LIMIT CAST(? AS BIGINT)"

	countBacklog = "SELECT COUNT(*), COALESCE(SUM(CASE WHEN owner = CAST(? AS BIGINT) THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN owner = -2 THEN 1 ELSE 0 END), 0) FROM billhook.listed WHERE store_id = ? AND webhook_id = ?"
)

// Ledger reads a webhook's days, the latest first.
func (r *Reader) Ledger(ctx context.Context, f billhook.LedgerFilter) ([]billhook.LedgerDay, error) {
	var where conditions
	where.text("store_id", f.StoreID)
	where.add("webhook_id = ?", f.WebhookID)
	where.between("day", f.From, f.To)
	rows, err := r.query(ctx, selectLedger+where.String()+" GROUP BY day, reason ORDER BY day DESC, reason", where.args...)
	type row struct {
		account
		counts
	}
	all, err := collect(rows, err, func(from Row) (r row, err error) {
		return r, from.Scan(&r.day, &r.reason, &r.matched, &r.pending, &r.delivered, &r.dead, &r.cancelled, &r.skipped, &r.changes)
	})
	if err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	var days []billhook.LedgerDay
	for _, r := range all {
		day := moment(r.day)
		if n := len(days); n == 0 || !days[n-1].Day.Equal(day) {
			days = append(days, billhook.LedgerDay{StoreID: f.StoreID, WebhookID: f.WebhookID, Day: day})
		}
		d := &days[len(days)-1]
		d.Matched += r.matched
		d.Pending += r.pending
		d.Delivered += r.delivered
		d.Dead += r.dead
		d.Cancelled += r.cancelled
		d.Changes += r.changes
		d.Forgotten = d.Forgotten || r.reason == forgotten
		if r.skipped != 0 {
			if d.Skipped == nil {
				d.Skipped = map[string]int64{}
			}
			d.Skipped[r.reason] += r.skipped
		}
	}
	return days, nil
}

// LedgerSince is the first day of a store of which all is counted; zero for all.
func (r *Reader) LedgerSince(ctx context.Context, storeID string) (time.Time, error) {
	rows, err := r.query(ctx, selectSince, storeID)
	days, err := collect(rows, err, func(from Row) (day int64, err error) { return day, from.Scan(&day) })
	if err != nil || len(days) == 0 {
		return time.Time{}, err
	}
	return moment(days[0]), nil
}

// Forgotten is up to when the deliveries of a store's events may be gone.
func (r *Reader) Forgotten(ctx context.Context, storeID string) (time.Time, error) {
	rows, err := r.query(ctx, selectForgotten, storeID)
	at, err := collect(rows, err, func(from Row) (at int64, err error) { return at, from.Scan(&at) })
	if err != nil || len(at) == 0 {
		return time.Time{}, err
	}
	return moment(at[0]), nil
}

// Counted reads a store's deliveries that come after the id, by id, in the form in
// which they are counted.
func (r *Reader) Counted(ctx context.Context, storeID, after string, limit int) ([]billhook.Counted, error) {
	n := int64(limit)
	rows, err := r.query(ctx, selectCounted, storeID, after, n, storeID, after, n, n)
	all, err := collect(rows, err, func(from Row) (c billhook.Counted, err error) {
		var created int64
		err = from.Scan(&c.WebhookID, &created, &c.Status, &c.Reason, &c.ID)
		c.CreatedAt = moment(created)
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("read deliveries to count: %w", err)
	}
	return all, nil
}

// scanCounted reads one without its id.
func scanCounted(from Row) (c billhook.Counted, err error) {
	var created int64
	err = from.Scan(&c.WebhookID, &created, &c.Status, &c.Reason)
	c.CreatedAt = moment(created)
	return c, err
}

// Backlog counts a lane's pending deliveries.
func (r *Reader) Backlog(ctx context.Context, owner int64, lane billhook.Lane, dueBefore, createdBefore time.Time) (billhook.Backlog, error) {
	text, args := countBacklog, []any{owner, lane.StoreID, lane.WebhookID}
	if !dueBefore.IsZero() {
		text, args = text+" AND due_at < ?", append(args, nanos(dueBefore))
	}
	if !createdBefore.IsZero() {
		text, args = text+" AND created_at < ?", append(args, nanos(createdBefore))
	}
	rows, err := r.query(ctx, text, args...)
	counted, err := collect(rows, err, func(from Row) (b billhook.Backlog, err error) { return b, from.Scan(&b.All, &b.Own, &b.Behind) })
	if err != nil {
		return billhook.Backlog{}, fmt.Errorf("count pending deliveries: %w", err)
	}
	return counted[0], nil
}
