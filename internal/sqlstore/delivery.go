package sqlstore

import (
	"context"
	"fmt"
	"strings"

	"github.com/billhook/billhook"
)

const (
	deliveryColumns = "store_id, id, webhook_id, event_id, event_type, status, attempts, attempts_before, status_code, reason, created_at, last_attempt_at, finished_at"

	// Both halves of a list in the same columns: a delivery's, and when it is due.
	selectWaiting  = "SELECT store_id, id, webhook_id, event_id, event_type, 'pending' AS status, attempts, attempts_before, status_code, reason, created_at, last_attempt_at, 0 AS finished_at, due_at FROM "
	selectPendings = selectWaiting + "billhook.pending"
	selectListed   = selectWaiting + "billhook.listed"
	selectOver     = "SELECT " + deliveryColumns + ", 0 AS due_at FROM billhook.deliveries"
	selectDelivery = "SELECT d.store_id, d.id, d.webhook_id, d.event_id, d.event_type, d.status, d.attempts, d.attempts_before, d.status_code, COALESCE(d.reason, ''), d.created_at, d.last_attempt_at, d.finished_at, d.due_at, COALESCE(e.sequence, 0), COALESCE(e.entity_type, ''), COALESCE(e.entity_id, ''), COALESCE(e.idempotency_key, ''), " + payloadOfEvent + ", COALESCE(e.erased_at, 0) FROM ("
	payloadOfEvent = "e.data"
	joinEvent      = ") AS d LEFT JOIN billhook.events AS e ON e.store_id = d.store_id AND e.id = d.event_id"

	byID         = " WHERE store_id = ? AND id = ?"
	deliveryByID = selectDelivery + selectPendings + byID + " UNION ALL " + selectOver + byID + joinEvent
)

// Delivery reads one delivery, or billhook.ErrNotFound. One statement reads
// both tables, so that it cannot slip by on its way from one to the other.
func (r *Reader) Delivery(ctx context.Context, storeID, id string) (billhook.Delivery, error) {
	rows, err := r.query(ctx, deliveryByID, storeID, id, storeID, id)
	return only(rows, err, scanDelivery, "delivery")
}

// Deliveries reads deliveries by id descending.
func (r *Reader) Deliveries(ctx context.Context, f billhook.DeliveryFilter) ([]billhook.Delivery, error) {
	var halves string
	var args []any
	half := func(selected string, where conditions) {
		if halves != "" {
			halves += " UNION ALL "
		}
		halves += "SELECT * FROM (" + selected + where.String() + " ORDER BY id DESC LIMIT CAST(? AS BIGINT)) AS half"
		args = append(append(args, where.args...), int64(f.Limit))
	}
	if f.Status == "" || f.Status == billhook.StatusPending {
		waiting := selectPendings
		if f.WebhookID != "" {
			waiting = selectListed
		}
		half(waiting, r.deliveryConditions(f))
	}
	if f.Status != billhook.StatusPending {
		where := r.deliveryConditions(f)
		if f.Status != "" {
			where.text("status", string(f.Status))
		}
		if f.Status != "" && f.Status != billhook.StatusDelivered {
			where.add("status <> 'delivered'") // the partial indexes' condition, or they would not serve
		}
		half(selectOver, where)
	}
	selected := selectDelivery
	if f.WithoutPayload {
		selected = strings.Replace(selected, payloadOfEvent, "NULL", 1)
	}
	text := selected + "SELECT * FROM (" + halves + ") AS halves ORDER BY id DESC LIMIT CAST(? AS BIGINT)" + joinEvent + " ORDER BY d.id DESC"
	rows, err := r.query(ctx, text, append(args, int64(f.Limit))...)
	all, err := collectUpTo(f.MaxBytes, rows, err, scanDelivery, func(d *billhook.Delivery) int { return len(d.Payload) })
	if err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	return all, nil
}

// deliveryConditions are the filter's for either table.
func (r *Reader) deliveryConditions(f billhook.DeliveryFilter) (where conditions) {
	where.text("store_id", f.StoreID)
	where.text("webhook_id", f.WebhookID)
	if f.EventID != "" || f.Entity != (billhook.Reference{}) {
		var event conditions
		event.text("e.store_id", f.StoreID)
		event.text("e.id", f.EventID)
		event.text("e.entity_type", f.Entity.Type)
		event.text("e.entity_id", f.Entity.ID)
		var replay conditions
		replay.text("r.store_id", f.StoreID)
		replay.text("r.event_id", f.EventID)
		if f.Entity != (billhook.Reference{}) {
			replay.add("r.event_id IN (SELECT e.id FROM billhook.events AS e"+event.String()+")", event.args...)
		}
		ids := "(SELECT value FROM billhook.events AS e, " + r.dialect.Elements("e.delivery_ids") + event.String() +
			" UNION ALL SELECT r.delivery_id FROM billhook.replays AS r" + replay.String() + ")"
		event.args = append(event.args, replay.args...)
		if r.dialect.Arrays {
			// As an array they are looked up. A join may begin at the other end,
			// with all of the store's deliveries.
			where.add("id = ANY (ARRAY"+ids+")", event.args...)
		} else {
			where.add("id IN "+ids, event.args...)
		}
		where.text("event_id", f.EventID)
	}
	where.text("event_type", f.EventType)
	where.between("created_at", f.From, f.To)
	r.among(&where, f)
	r.search(&where, f)
	where.span(f)
	return where
}

func scanDelivery(from Row) (d billhook.Delivery, err error) {
	var created, last, finished, due, erased int64
	var key string
	err = from.Scan(&d.StoreID, &d.ID, &d.WebhookID, &d.EventID, &d.EventType, &d.Status, &d.Attempts, &d.AttemptsBefore,
		&d.StatusCode, &d.Reason, &created, &last, &finished, &due, &d.Sequence, &d.Entity.Type, &d.Entity.ID, &key, &d.Payload, &erased)
	d.Test = billhook.IsTestKey(key)
	d.CreatedAt, d.LastAttemptAt, d.FinishedAt, d.NextAttemptAt = moment(created), moment(last), moment(finished), moment(due)
	if d.ErasedAt = moment(erased); erased != 0 {
		d.Payload = nil
	}
	return d, err
}
