package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
)

// Webhooks are the endpoints of a store.
type Webhooks struct{ c *Client }

// Create registers a webhook. Its secret is in the answer. Where that is lost it is asked
// for again, and never makes a second webhook: see [NewWebhook.IdempotencyKey].
func (w Webhooks) Create(ctx context.Context, n NewWebhook) (*WebhookWithSecret, error) {
	return send[WebhookWithSecret](ctx, w.c, call{method: http.MethodPost, path: pathOf("webhooks"), in: n}.keyed(n.IdempotencyKey))
}

// List is a page of webhooks.
func (w Webhooks) List(ctx context.Context, p Paging) (*Page[Webhook], error) {
	return get[Page[Webhook]](ctx, w.c, p.add(url.Values{}), "webhooks")
}

// All yields webhooks, page after page.
func (w Webhooks) All(ctx context.Context, p Paging) iter.Seq2[Webhook, error] {
	return pages[Webhook](ctx, w.c, p.add(url.Values{}), "webhooks")
}

// Get shows a webhook.
func (w Webhooks) Get(ctx context.Context, id string) (*Webhook, error) {
	return get[Webhook](ctx, w.c, nil, "webhooks", id)
}

// Update changes a webhook.
func (w Webhooks) Update(ctx context.Context, id string, with WebhookChange) (*Webhook, error) {
	return change[Webhook](ctx, w.c, http.MethodPatch, with, "webhooks", id)
}

// Delete deletes a webhook. What waited for it is cancelled.
func (w Webhooks) Delete(ctx context.Context, id string) error {
	return w.c.remove(ctx, "webhooks", id)
}

// Test emits the catalogue's example of an event type to this webhook alone, as an
// ordinary delivery. Without a type it is the first that the webhook wants.
func (w Webhooks) Test(ctx context.Context, id, eventType string) (*Delivery, error) {
	return change[Delivery](ctx, w.c, http.MethodPost, WebhookTest{Type: eventType}, "webhooks", id, "test")
}

// A WebhookTest says what is sent as a test.
type WebhookTest struct {
	Type string `json:"type,omitempty"`
}

// Deliveries are those of a webhook that there is, as [Deliveries.All] yields them.
func (w Webhooks) Deliveries(ctx context.Context, id string, f DeliveryFilter) iter.Seq2[Delivery, error] {
	f.WebhookID = ""
	return pages[Delivery](ctx, w.c, f.query(), "webhooks", id, "deliveries")
}
