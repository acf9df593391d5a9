package billhook

import (
	"context"
	"errors"
)

// billhookItself is the actor of what Billhook does of its own accord.
var billhookItself = Reference{Type: "system", ID: "billhook"}

// A revision is a change that Billhook makes of a webhook by itself. It is made of what
// the webhook is when the transaction is put together that it goes into.
type revision struct {
	webhook Webhook // as memory gets it
	write   *WebhookWrite
	seal    *sealing
	// news are told once it is on disk; those without a Type are none.
	news Alert
}

// revise makes a change, of the name in the audit log, of a webhook as memory has it;
// nil where the change is not called for any more. It is for a write's add.
func (c *Client) revise(e *endpoint, done string, change func(*Webhook) bool, news Alert) *revision {
	before := &e.webhook
	w := before.clone()
	if !change(&w) {
		return nil
	}
	w.UpdatedAt = nowAfter(before.UpdatedAt)
	seal := c.newSealing()
	w, kept := seal.seal(w)
	if seal.err != nil {
		c.config.Logger.Error("cannot write what a webhook has become", "store", w.StoreID, "webhook", w.ID, "err", seal.err)
		return nil // the next attempt calls for it again
	}
	entry := newAudit(context.Background(), w.StoreID, done, Reference{entityWebhook, w.ID})
	entry.Actor = billhookItself
	entry.Old, entry.New = auditWebhook(before, nil), auditWebhook(&w, before)
	news.StoreID, news.WebhookID = w.StoreID, w.ID
	return &revision{webhook: w, seal: seal, news: news, write: &WebhookWrite{Webhook: kept, Was: before.UpdatedAt, Audit: entry}}
}

// add puts the revision, if there is one, into a transaction.
func (r *revision) add(b *Batch) {
	if r != nil {
		b.Webhooks = append(b.Webhooks, r.write)
	}
}

// revised takes in what became of a revision. It runs with the scheduler's lock.
// unheard: the write was refused, and not because of what this node has written itself,
// so that another must have changed the webhook.
func (c *Client) revised(r *revision) (unheard bool) {
	if r == nil {
		return false
	}
	lane := Lane{StoreID: r.webhook.StoreID, WebhookID: r.webhook.ID}
	before := c.registry.endpoint(lane)
	if r.write.Refused {
		return before != nil && before.webhook.UpdatedAt.Equal(r.write.Was)
	}
	r.seal.written()
	if err := c.putWebhook(r.webhook); err != nil {
		// Unwrapped, since it has the URL, which is for nobody to read in a log.
		c.config.Logger.Error("cannot take in what a webhook has become", "store", lane.StoreID, "webhook", lane.WebhookID, "err", errors.Unwrap(err))
		c.outdate()
		return false
	}
	c.scheduler.refreshLane(lane)
	if r.news.Type != "" {
		c.alerts.raise(r.news)
	}
	if before != nil && before.webhook.IsActive && !r.webhook.IsActive {
		c.config.Logger.Info("a webhook is inactive now; its inactiveReason says why", "store", lane.StoreID, "webhook", lane.WebhookID)
	}
	return false
}

// deactivate makes the webhook inactive. What is left of a release is held again.
func (w *Webhook) deactivate(reason string) {
	w.IsActive, w.InactiveReason, w.Release = false, reason, nil
}
