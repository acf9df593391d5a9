package billhook

import (
	"context"
	"errors"
)

// billhookItself is the actor of what Billhook does of its own accord.
var billhookItself = Reference{Type: "system", ID: "billhook"}

// A retirement makes a webhook inactive whose receiver has said that it wants no more
// (410). It goes into the transaction of the outcome that it comes of, so that a
// crash leaves both or neither; with neither the delivery is sent again, and
// answered so again.
type retirement struct {
	webhook Webhook // as memory has it
	write   *WebhookWrite
	seal    *sealing
}

// retire is the retirement that an outcome calls for, or nil. It runs when the
// transaction is put together, and so sees what those before it have written: of
// many answers one retires the webhook, on one node or on several.
//
// An answer to a request that was made before the webhook was last changed calls for
// none: the change may have been what the receiver asked for, such as a new URL, or
// somebody has just activated the webhook again. Where another node's change is not
// known here yet, the write is refused for the same reason. If the receiver still
// means it, the next answer says so.
func (c *Client) retire(o *Outcome) *retirement {
	e := c.registry.endpoint(o.Delivery.Lane)
	if e == nil || !e.webhook.IsActive || o.Attempt.StartedAt.Before(e.webhook.UpdatedAt) {
		return nil
	}
	w := e.webhook.clone()
	w.IsActive, w.InactiveReason = false, o.Reason
	w.UpdatedAt = nowAfter(e.webhook.UpdatedAt)
	seal := c.newSealing()
	w, kept := seal.seal(w)
	if seal.err != nil {
		c.config.Logger.Error("cannot make a webhook inactive", "store", w.StoreID, "webhook", w.ID, "err", seal.err)
		return nil // the next answer says so again
	}
	entry := newAudit(context.Background(), w.StoreID, AuditWebhookDeactivate, Reference{entityWebhook, w.ID})
	entry.Actor = billhookItself
	entry.Old, entry.New = auditWebhook(&e.webhook, nil), auditWebhook(&w, &e.webhook)
	return &retirement{webhook: w, seal: seal, write: &WebhookWrite{Webhook: kept, Was: e.webhook.UpdatedAt, Audit: entry}}
}

// add puts the retirement, if there is one, into a transaction.
func (r *retirement) add(b *Batch) {
	if r != nil {
		b.Webhooks = append(b.Webhooks, r.write)
	}
}

// retired takes in what became of a retirement. It runs with the scheduler's lock.
// Where the write was refused, and not because of what this node has written itself,
// another has changed the webhook: retired it, perhaps.
func (c *Client) retired(r *retirement) (unheard bool) {
	if r == nil {
		return false
	}
	lane := Lane{StoreID: r.webhook.StoreID, WebhookID: r.webhook.ID}
	if r.write.Refused {
		e := c.registry.endpoint(lane)
		return e != nil && e.webhook.UpdatedAt.Equal(r.write.Was)
	}
	r.seal.written()
	err := c.putWebhook(r.webhook)
	if err != nil {
		c.config.Logger.Error("cannot take in that a webhook is inactive", "store", lane.StoreID, "webhook", lane.WebhookID, "err", errors.Unwrap(err))
		return false
	}
	c.scheduler.refreshLane(lane)
	c.alerts.raise(Alert{Type: AlertWebhookDeactivated, StoreID: lane.StoreID, WebhookID: lane.WebhookID, Reason: r.webhook.InactiveReason})
	c.config.Logger.Info("a webhook is inactive now, since its receiver wants no more deliveries (410)", "store", lane.StoreID, "webhook", lane.WebhookID)
	return false
}

// hear takes in what other nodes have changed. It runs between transactions.
func (c *Client) hear() {
	if err := c.loadUsable(context.Background()); err != nil {
		c.outdate()
	}
}
