package billhook

import (
	"context"
	"errors"
	"time"
)

// Event finds an event.
func (c *Client) Event(ctx context.Context, storeID, id string) (Event, error) {
	if _, _, err := c.registry.store(storeID); err != nil {
		return Event{}, err
	}
	e, err := c.db.Event(ctx, storeID, id)
	if errors.Is(err, ErrNotFound) {
		return Event{}, notFound("event", id)
	}
	return e, err
}

// Events lists events, newest first.
func (c *Client) Events(ctx context.Context, f EventFilter) ([]Event, error) {
	f.StoreID = orDefaultStore(f.StoreID)
	if _, _, err := c.registry.store(f.StoreID); err != nil {
		return nil, err
	}
	return list(ctx, &c.turns, f.StoreID, f, listHint, c.db.Events)
}

// listLimit bounds the search for one page of a list: a filter that no index
// serves and next to nothing passes has the whole store read.
const (
	listLimit = 10 * time.Second
	listHint  = "ask for a time (from, to), a webhook, a status or an event"
)

func list[F, T any](ctx context.Context, turns *turns, storeID string, f F, hint string, read func(context.Context, F) ([]T, error)) ([]T, error) {
	return listOne(ctx, turns, storeID, f, hint, read)
}

// listOne is list of what is more than a list.
func listOne[F, T any](ctx context.Context, turns *turns, storeID string, f F, hint string, read func(context.Context, F) (T, error)) (none T, err error) {
	done, err := turns.take(ctx, storeID)
	if err != nil {
		return none, err
	}
	defer done()
	limited, cancel := context.WithTimeout(ctx, listLimit)
	defer cancel()
	found, err := read(limited, f)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return none, &Error{
			Code: CodeTooSlow, Message: "too much would have to be read to find these", Err: err,
			Hint: hint,
		}
	}
	return found, err
}

// Delivery finds a delivery.
func (c *Client) Delivery(ctx context.Context, storeID, id string) (Delivery, error) {
	d, err := c.delivery(ctx, storeID, id)
	c.show(&d)
	return d, err
}

// delivery is Delivery as the database has it.
func (c *Client) delivery(ctx context.Context, storeID, id string) (Delivery, error) {
	if _, _, err := c.registry.store(storeID); err != nil {
		return Delivery{}, err
	}
	d, err := c.db.Delivery(ctx, storeID, id)
	if errors.Is(err, ErrNotFound) {
		return Delivery{}, notFound("delivery", id)
	}
	return d, err
}

// Attempts lists a delivery's attempts, first to last.
func (c *Client) Attempts(ctx context.Context, storeID, deliveryID string) ([]Attempt, error) {
	if _, err := c.Delivery(ctx, storeID, deliveryID); err != nil {
		return nil, err
	}
	return c.db.Attempts(ctx, storeID, deliveryID)
}

// Retry makes a delivery due now: a dead, cancelled, skipped or delivered one gets
// all the attempts of its policy again, one that waits for its next attempt waits
// no more. Its webhook must still be there; where it is not active, the delivery is
// held.
func (c *Client) Retry(ctx context.Context, storeID, deliveryID string) (Delivery, error) {
	d, err := c.delivery(ctx, storeID, deliveryID)
	if err != nil {
		return Delivery{}, err
	}
	was := d
	c.show(&was)
	to := c.registry.endpoint(Lane{StoreID: storeID, WebhookID: d.WebhookID})
	if to == nil {
		return Delivery{}, &Error{Code: CodeConflict, Message: say("conflict.webhook")}
	}
	if err := c.payloadKept(&d); err != nil {
		return Delivery{}, err
	}
	r := &Retry{StoreID: storeID, DeliveryID: deliveryID, DueAt: now(), Ordered: to.webhook.orders(d.EventType)}
	r.Audit = newAudit(ctx, storeID, AuditDeliveryRetry, Reference{entityDelivery, deliveryID})
	// What it was is what this caller saw: an attempt may end at the same moment.
	r.Audit.Old = auditValue(deliveryValue{d.WebhookID, d.EventID, was.Status})
	r.Audit.New = auditValue(deliveryValue{d.WebhookID, d.EventID, StatusPending})
	err = c.committer.do(ctx, write{
		parts: 1,
		add:   func(b *Batch) { b.Retries = append(b.Retries, r) },
		handOver: func() {
			if r.Delivery != nil {
				c.scheduler.ask([]Pending{*r.Delivery})
			}
		},
	})
	if err != nil {
		return Delivery{}, err
	}
	if r.Delivery == nil {
		return Delivery{}, notFound("delivery", deliveryID)
	}
	d.Status, d.NextAttemptAt, d.AttemptsBefore = StatusPending, r.Delivery.DueAt, r.Delivery.AttemptsBefore
	c.show(&d)
	return d, nil
}

// delivery is a pending delivery as readers see it before its first attempt.
func (p *Pending) delivery(payload []byte) Delivery {
	return Delivery{
		StoreID: p.StoreID, ID: p.ID, WebhookID: p.WebhookID, EventID: p.EventID, EventType: p.EventType,
		Status: StatusPending, CreatedAt: p.CreatedAt, NextAttemptAt: p.DueAt, Payload: payload,
	}
}
