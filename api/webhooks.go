package api

import (
	"cmp"
	"net/http"
	"net/url"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
)

type webhookJSON struct {
	ID          string   `json:"id"`
	StoreID     string   `json:"storeId"`
	URL         string   `json:"url"`
	Events      []string `json:"events"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	IsActive    bool     `json:"isActive"`
	// InactiveReason is null where Billhook has not made it inactive itself.
	InactiveReason *string `json:"inactiveReason"`
	// RetryPolicy is null where the store's or the profile's is followed.
	RetryPolicy *profile.RetryPolicy `json:"retryPolicy"`
	// Headers have their values only in answers that are meant to show them.
	Headers map[string]string `json:"headers"`
	// OverlapSignature is old or new.
	OverlapSignature string `json:"overlapSignature"`
	// Order is none or entity.
	Order    string       `json:"order"`
	Coalesce coalesceJSON `json:"coalesce"`
	// Batch is null where each delivery is sent by itself.
	Batch *batchingJSON `json:"batch"`
	// PublicKey is null where the webhook is not signed for with Ed25519.
	PublicKey *string    `json:"publicKey"`
	Limits    limitsJSON `json:"limits"`
	// DeactivateAfterSeconds is null where the store's is followed.
	DeactivateAfterSeconds *int64 `json:"deactivateAfterSeconds"`
	// Filter is null where there is none.
	Filter        *string        `json:"filter"`
	EventVersions map[string]int `json:"eventVersions"`
	TraceContext  bool           `json:"traceContext"`
	// WhenInactive is null where the default is followed.
	WhenInactive *string        `json:"whenInactive"`
	Held         heldLimitsJSON `json:"held"`
	// HeldDeliveries is what is being done with them; null where nothing is.
	HeldDeliveries *releaseJSON `json:"heldDeliveries"`
	// TLS is null where it is what holds for all.
	TLS *tlsJSON `json:"tls"`
	// Secret is there only in answers that are meant to show it.
	Secret    string  `json:"secret,omitempty"`
	CreatedAt instant `json:"createdAt"`
	UpdatedAt instant `json:"updatedAt"`
}

// A coalesceJSON names what only the newest is sent of.
type coalesceJSON struct {
	Latest []string `json:"latest"`
}

func showWebhook(w *billhook.Webhook) webhookJSON {
	shown := webhookJSON{
		ID: w.ID, StoreID: w.StoreID, URL: w.URL, Events: w.Events,
		Name: w.Name, Description: w.Description, IsActive: w.IsActive,
		RetryPolicy: w.RetryPolicy, Headers: maskHeaders(w.Headers),
		OverlapSignature: cmp.Or(w.OverlapSignature, billhook.SignOld), TLS: showTLS(w.TLS),
		Order: cmp.Or(w.Order, billhook.OrderNone), TraceContext: w.TraceContext,
		Coalesce: coalesceJSON{append([]string{}, w.Coalesce.Latest...)}, Batch: showBatching(w.Batch),
		Limits: showLimits(w.Limits), DeactivateAfterSeconds: w.DeactivateAfterSeconds,
		CreatedAt: instant(w.CreatedAt), UpdatedAt: instant(w.UpdatedAt),
	}
	if w.InactiveReason != "" {
		shown.InactiveReason = &w.InactiveReason
	}
	if w.Filter != "" {
		shown.Filter = &w.Filter
	}
	if shown.EventVersions = w.EventVersions; shown.EventVersions == nil {
		shown.EventVersions = map[string]int{}
	}
	shown.showHeld(w)
	if len(w.KeyPairs) > 0 {
		shown.PublicKey = &w.KeyPairs[0].Public
	}
	return shown
}

// maskHeaders hides the values: a receiver's credentials may be among them.
func maskHeaders(headers map[string]string) map[string]string {
	hidden := make(map[string]string, len(headers))
	for name := range headers {
		hidden[name] = billhook.HeaderKept
	}
	return hidden
}

// revealWebhook is showWebhook with the newest secret.
func revealWebhook(w *billhook.Webhook) webhookJSON {
	shown := showWebhook(w)
	if len(w.Secrets) > 0 {
		shown.Secret = w.Secrets[0].Value
	}
	return shown
}

func (c *call) createWebhook() error {
	key, err := c.idempotencyKey()
	if err != nil {
		return err
	}
	text, err := c.body(c.cfg.MaxBody)
	if err != nil {
		return err
	}
	r, err := c.readRegistration(text)
	if err != nil {
		return err
	}
	r.IdempotencyKey = key
	w, err := c.client.Register(c.r.Context(), r)
	if err != nil {
		return err
	}
	// Below the path that was posted to: /api/webhooks or /v2/webhooks.
	shown := revealWebhook(&w)
	shown.Headers = w.Headers
	return c.created(c.route.pattern+"/"+url.PathEscape(w.ID), shown)
}

func (c *call) listWebhooks() error {
	q := c.query("limit", "cursor")
	limit, after := q.limit(), q.after(webhookCursor)
	if q.err != nil {
		return q.err
	}
	webhooks, err := c.client.List(c.r.Context(), c.storeID, after, limit+1)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, newPage(webhooks, limit, showWebhook, func(w *billhook.Webhook) string {
		return idCursor(webhookCursor, w.ID)
	}))
}

func (c *call) getWebhook() error {
	w, err := c.client.Get(c.r.Context(), c.storeID, c.r.PathValue("id"))
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, showWebhook(&w))
}

func (c *call) updateWebhook() error {
	text, err := c.body(c.cfg.MaxBody)
	if err != nil {
		return err
	}
	change, err := c.readWebhookChange(text)
	if err != nil {
		return err
	}
	w, err := c.client.Update(c.r.Context(), c.storeID, c.r.PathValue("id"), change)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, showWebhook(&w))
}

func (c *call) deleteWebhook() error {
	if err := c.client.Delete(c.r.Context(), c.storeID, c.r.PathValue("id")); err != nil {
		return err
	}
	return c.noContent()
}

func (c *call) testWebhook() error {
	text, err := c.body(c.cfg.MaxBody)
	if err != nil {
		return err
	}
	var eventType string
	if len(text) > 0 {
		err = readBody(text, func(rd *reader) error {
			return rd.object([]string{"type"}, func(string) (err error) {
				eventType, err = optional(rd, rd.string)
				return err
			})
		})
		if err != nil {
			return err
		}
	}
	d, err := c.client.Test(c.r.Context(), c.storeID, c.r.PathValue("id"), eventType)
	if err != nil {
		return err
	}
	return c.answer(http.StatusAccepted, showDelivery(&d))
}

func (c *call) listWebhookDeliveries() error {
	w, err := c.client.Get(c.r.Context(), c.storeID, c.r.PathValue("id"))
	if err != nil {
		return err
	}
	q := c.query("eventId", "event", "status", "from", "to", "limit", "cursor")
	return c.answerDeliveries(q, w.ID)
}
