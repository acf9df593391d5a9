package billhook

import (
	"context"
	"strings"
)

// testKey begins the idempotency key of an event that Test has emitted, and of no other:
// callers' keys are of ASCII alone (checkIdempotencyKey). So it is on record with the
// event that it is a test, wherever that goes.
const testKey = "test·"

// IsTestKey reports whether an event's idempotency key says that Test has emitted it.
func IsTestKey(key string) bool { return strings.HasPrefix(key, testKey) }

// IsTest reports whether the event is one of Client.Test.
func (e *Event) IsTest() bool { return IsTestKey(e.IdempotencyKey) }

// Test emits an event with the catalogue's example to one webhook alone,
// whatever it subscribes to, as an ordinary delivery. The type defaults to the
// first that the webhook wants.
func (c *Client) Test(ctx context.Context, storeID, webhookID, eventType string) (_ Delivery, err error) {
	s, v, err := c.registry.emitting(storeID)
	if err != nil {
		return Delivery{}, err
	}
	e := c.registry.endpoint(Lane{StoreID: storeID, WebhookID: webhookID})
	if e == nil {
		return Delivery{}, notFound("webhook", webhookID)
	}
	if !e.webhook.IsActive {
		return Delivery{}, &Error{Code: CodeConflict, Message: say("conflict.inactive"), Hint: "activate it first"}
	}
	example, err := testEvent(e, v, eventType)
	if err != nil {
		return Delivery{}, err
	}
	var em *Emit
	ctx, span := c.startEmit(ctx, storeID, 1)
	if span != nil {
		defer func() {
			if err != nil {
				span.End(nil, err)
			} else {
				span.End([]Event{em.Event}, nil)
			}
		}()
	}
	if em, err = c.prepareFor(ctx, &s, v, example, []*endpoint{e}); err != nil {
		return Delivery{}, err
	}
	em.Event.IdempotencyKey = testKey + em.Event.ID
	done := newAudit(ctx, storeID, AuditWebhookTest, Reference{entityWebhook, webhookID})
	done.New = auditValue(testValue{em.Event.ID, em.Event.Type, em.Deliveries[0].ID})
	if err := c.commitOnce(ctx, []*AuditEntry{done}, em); err != nil {
		return Delivery{}, err
	}
	d := em.Deliveries[0].delivery(em.Event.Data)
	d.Sequence, d.Test = em.Event.Sequence, true
	return d, nil
}

// testEvent is the example of a type, or for a type without one a small event.
func testEvent(e *endpoint, v vocabulary, eventType string) (Emission, error) {
	if eventType == "" {
		for _, name := range v.names() {
			if e.webhook.wants(name) {
				eventType = name
				break
			}
		}
	}
	if eventType == "" {
		eventType = "test"
		if first := e.webhook.Events[0]; first != "*" {
			eventType = strings.TrimSuffix(first, ".*")
		}
	}
	if t, ok := v.find(e.webhook.StoreID, eventType); ok && len(t.Examples) > 0 {
		return Emission{Type: eventType, Data: []byte(t.Examples[0])}, nil
	}
	return Emission{Type: eventType, Data: []byte(`{"test":true}`)}, nil
}
