package billhook

import "context"

// retire is what an outcome calls for whose receiver has said that it wants no more
// (410): its webhook becomes inactive; nil where nothing is called for. It goes into
// the transaction of the outcome, so that a crash leaves both or neither; with neither
// the delivery is sent again, and answered so again. It runs when the transaction is
// put together, and so sees what those before it have written: of many answers one
// makes the webhook inactive, on one node or on several.
//
// An answer to a request that was made before the webhook was last changed calls for
// none: the change may have been what the receiver asked for, such as a new URL, or
// somebody has just activated the webhook again. Where another node's change is not
// known here yet, the write is refused for the same reason. If the receiver still
// means it, the next answer says so.
func (c *Client) retire(o *Outcome) *revision {
	e := c.registry.endpoint(o.Delivery.Lane)
	if e == nil || !e.webhook.IsActive || o.Attempt.StartedAt.Before(e.webhook.UpdatedAt) {
		return nil
	}
	return c.revise(e, AuditWebhookDeactivate, func(w *Webhook) bool {
		w.deactivate(o.Reason)
		return true
	}, Alert{Type: AlertWebhookDeactivated, Reason: o.Reason})
}

// hear takes in what other nodes have changed. It runs between transactions.
func (c *Client) hear() {
	if err := c.loadUsable(context.Background()); err != nil {
		c.outdate()
	}
}
