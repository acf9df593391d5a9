package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/billhook/billhook"
)

const (
	recoveryColumns = "store_id, id, status, step, idempotency_key, plan, progress, created_at, updated_at"
	selectRecovery  = "SELECT store_id, id, status, step, COALESCE(idempotency_key, ''), plan, progress, created_at, updated_at FROM billhook.recoveries"
	recoveryByID    = selectRecovery + " WHERE store_id = ? AND id = ?"

	selectSteps = "SELECT step, created_from, created_to, delivery_ids FROM billhook.recovery_steps WHERE store_id = ? AND recovery_id = ? AND step > ? ORDER BY step LIMIT CAST(? AS BIGINT)"
	// countWaiting and countOver are one statement, so that a delivery which goes from
	// one to the other meanwhile is counted once.
	countWaiting = "SELECT 'pending', COUNT(*) FROM billhook.pending WHERE store_id = ? AND "
	countOver    = "SELECT status, COUNT(*) FROM billhook.deliveries WHERE store_id = ? AND created_at >= ? AND created_at <= ? AND "

	// payloadGone asks of a delivery when its event's payload went.
	payloadGone = "COALESCE((SELECT e.erased_at FROM billhook.events AS e WHERE e.store_id = parts.store_id AND e.id = parts.event_id AND e.created_at <= parts.created_at), 0)"
	keyOfEvent  = "COALESCE((SELECT e.idempotency_key FROM billhook.events AS e WHERE e.store_id = parts.store_id AND e.id = parts.event_id AND e.created_at <= parts.created_at), '')"
	selectEnded = "SELECT store_id, id, webhook_id, event_id, event_type, status, COALESCE(reason, '') AS reason, created_at, finished_at FROM billhook.deliveries"

	// eventsFor reads a page of events and then looks, for each of its deliveries, at
	// whose it is: scalar, so that they are looks by key and no join of tables. What
	// an event was emitted with is in its delivery_ids, and never changes.
	eventsFor = "SELECT e.id, e.type, e.created_at, COALESCE(e.entity_type, ''), COALESCE(e.entity_id, ''), COALESCE(e.sequence, 0), COALESCE(e.idempotency_key, ''), e.deliveries, e.erased_at, " +
		"CASE WHEN EXISTS (SELECT 1 FROM %s WHERE " +
		"(SELECT 1 FROM billhook.pending AS p WHERE p.store_id = e.store_id AND p.id = value AND p.webhook_id = ? LIMIT 1) IS NOT NULL OR " +
		"(SELECT 1 FROM billhook.deliveries AS d WHERE d.store_id = e.store_id AND d.id = value AND d.webhook_id = ? LIMIT 1) IS NOT NULL) " +
		"OR (SELECT 1 FROM billhook.replays AS r WHERE r.store_id = e.store_id AND r.event_id = e.id AND r.webhook_id = ? LIMIT 1) IS NOT NULL THEN 1 ELSE 0 END " +
		"FROM (SELECT store_id, id, type, created_at, delivery_ids, entity_type, entity_id, sequence, idempotency_key, deliveries, erased_at FROM billhook.events WHERE store_id = ? AND (created_at, id) > (?, ?) " +
		"AND created_at >= ? AND created_at < ? ORDER BY created_at, id LIMIT CAST(? AS BIGINT)) AS e ORDER BY e.created_at, e.id"
)

// Recovery reads one recovery, or billhook.ErrNotFound.
func (r *Reader) Recovery(ctx context.Context, storeID, id string) (billhook.Recovery, error) {
	rows, err := r.query(ctx, recoveryByID, storeID, id)
	return only(rows, err, scanRecovery, "recovery")
}

// Recoveries reads recoveries by id descending.
func (r *Reader) Recoveries(ctx context.Context, f billhook.RecoveryFilter) ([]billhook.Recovery, error) {
	var where conditions
	where.text("store_id", f.StoreID)
	if f.Status == billhook.RecoveryRunning {
		where.add("status = 'running'") // the partial index's condition
	} else {
		where.text("status", string(f.Status))
	}
	if f.Before != "" {
		where.add("id < ?", f.Before)
	}
	rows, err := r.query(ctx, selectRecovery+where.String()+" ORDER BY id DESC LIMIT CAST(? AS BIGINT)", append(where.args, int64(f.Limit))...)
	all, err := collect(rows, err, scanRecovery)
	if err != nil {
		return nil, fmt.Errorf("read recoveries: %w", err)
	}
	return all, nil
}

func scanRecovery(from Row) (r billhook.Recovery, err error) {
	var created, updated int64
	var plan, progress string
	if err := from.Scan(&r.StoreID, &r.ID, &r.Status, &r.Step, &r.IdempotencyKey, &plan, &progress, &created, &updated); err != nil {
		return r, err
	}
	r.CreatedAt, r.UpdatedAt = moment(created), moment(updated)
	if err := json.Unmarshal([]byte(plan), &r.RecoveryPlan); err != nil {
		return r, fmt.Errorf("plan of recovery %q: %w", r.ID, err)
	}
	if err := json.Unmarshal([]byte(progress), &r.RecoveryProgress); err != nil {
		return r, fmt.Errorf("progress of recovery %q: %w", r.ID, err)
	}
	return r, nil
}

// RecoveryOutcome counts what has become of the deliveries of some steps.
func (r *Reader) RecoveryOutcome(ctx context.Context, storeID, id string, after int64, limit int) (counted billhook.RecoveryOutcome, reached int64, err error) {
	var ids []string
	var first, last int64
	rows, err := r.query(ctx, selectSteps, storeID, id, after, int64(limit))
	_, err = collect(rows, err, func(from Row) (step int64, err error) {
		var text string
		var of []string
		var earliest, latest int64
		if err = from.Scan(&step, &earliest, &latest, &text); err == nil {
			of, err = idsOf(text)
		}
		if reached == 0 {
			first = earliest
		}
		ids, reached, first, last = append(ids, of...), step, min(first, earliest), max(last, latest)
		return step, err
	})
	if err != nil || reached == 0 {
		return counted, 0, wrapped("read the steps of a recovery", err)
	}
	among := r.dialect.among("id")
	rows, err = r.query(ctx, countWaiting+among+" UNION ALL "+countOver+among+" GROUP BY status", storeID, list(ids), storeID, first, last, list(ids))
	counted.Other = len(ids)
	_, err = collect(rows, err, func(from Row) (status billhook.Status, err error) {
		var n int
		err = from.Scan(&status, &n)
		switch status {
		case billhook.StatusPending:
			counted.Waiting = n
		case billhook.StatusDelivered:
			counted.Delivered = n
		case billhook.StatusDead:
			counted.Dead = n
		}
		return status, err
	})
	counted.Other -= counted.Waiting + counted.Delivered + counted.Dead
	return counted, reached, wrapped("count what became of a recovery", err)
}

func wrapped(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// Over reads deliveries that are over, by id ascending. What the index does not
// tell apart is the caller's to: so a page costs as much as it has rows.
func (r *Reader) Over(ctx context.Context, f billhook.OverFilter) ([]billhook.Delivery, error) {
	var parts string
	var args []any
	part := func(status billhook.Status) {
		var where conditions
		where.text("store_id", f.StoreID)
		where.text("webhook_id", f.WebhookID)
		if status != "" {
			where.text("status", string(status))
			where.add("status <> 'delivered'") // as in lists
		}
		where.add("id > ?", f.After)
		if parts != "" {
			parts += " UNION ALL "
		}
		parts += "SELECT * FROM (" + selectEnded + where.String() + " ORDER BY id LIMIT CAST(? AS BIGINT)) AS part"
		args = append(append(args, where.args...), int64(f.Limit))
	}
	if slices.Contains(f.Statuses, billhook.StatusDelivered) {
		part("")
	} else {
		for _, status := range f.Statuses {
			part(status)
		}
	}
	rows, err := r.query(ctx, "SELECT parts.*, "+payloadGone+", "+keyOfEvent+" FROM ("+parts+") AS parts ORDER BY id LIMIT CAST(? AS BIGINT)", append(args, int64(f.Limit))...)
	all, err := collect(rows, err, scanEnded)
	if err != nil {
		return nil, fmt.Errorf("read deliveries that are over: %w", err)
	}
	return all, nil
}

func scanEnded(from Row) (d billhook.Delivery, err error) {
	var created, finished, erased int64
	var key string
	err = from.Scan(&d.StoreID, &d.ID, &d.WebhookID, &d.EventID, &d.EventType, &d.Status, &d.Reason, &created, &finished, &erased, &key)
	d.Test = billhook.IsTestKey(key)
	d.CreatedAt, d.FinishedAt, d.ErasedAt = moment(created), moment(finished), moment(erased)
	return d, err
}

// EventsFor reads events, oldest first, and whether a webhook has them.
func (r *Reader) EventsFor(ctx context.Context, f billhook.EventsForFilter) ([]billhook.EventFor, error) {
	from := f.From
	if from.Before(f.After.CreatedAt) {
		from = f.After.CreatedAt // which tells partitions that are of no interest
	}
	rows, err := r.query(ctx, fmt.Sprintf(eventsFor, r.dialect.Elements("e.delivery_ids")), f.WebhookID, f.WebhookID, f.WebhookID,
		f.StoreID, nanos(f.After.CreatedAt), f.After.ID, nanos(from), nanos(f.Until), int64(f.Limit))
	all, err := collect(rows, err, scanEventFor)
	if err != nil {
		return nil, fmt.Errorf("read events for a webhook: %w", err)
	}
	return all, nil
}

func scanEventFor(from Row) (e billhook.EventFor, err error) {
	var created, has, erased int64
	var key string
	err = from.Scan(&e.ID, &e.Type, &created, &e.Entity.Type, &e.Entity.ID, &e.Sequence, &key, &e.Deliveries, &erased, &has)
	e.Test = billhook.IsTestKey(key)
	e.CreatedAt, e.ErasedAt, e.Has = moment(created), moment(erased), has > 0
	return e, err
}
