package postgres

import (
	"encoding/json"
	"slices"

	"github.com/billhook/billhook"
)

const notify = "SELECT pg_notify($1, $2)"

// Channels on which transactions let the nodes know.
const (
	// channelUnowned: something pending may be nobody's.
	channelUnowned = "billhook_unowned"
	// channelChanges: a store, a webhook or an API key was written.
	channelChanges = "billhook_changes"
	// channelAsked: something came into the outbox.
	channelAsked = "billhook_asked"
	// channelLanes: a delivery in the lane went to another owner.
	channelLanes = "billhook_lanes"

	// maxPayload is the server's limit, in bytes.
	maxPayload = 8000
)

// A message names a lane.
type message struct {
	Store   string `json:"store"`
	Webhook string `json:"webhook"`
}

// lanes are those in which deliveries were taken that may have been another
// node's, each as JSON.
func lanes(b *billhook.Batch) (payloads []string) {
	for _, r := range b.Retries {
		if r.Delivery == nil {
			continue
		}
		payload, _ := json.Marshal(message{r.Delivery.StoreID, r.Delivery.WebhookID}) // strings cannot fail
		// A node that is not told finds out by its next outcome there.
		if text := string(payload); len(text) < maxPayload && !slices.Contains(payloads, text) {
			payloads = append(payloads, text)
		}
	}
	for _, e := range b.Erasings {
		for _, l := range e.Lanes {
			payload, _ := json.Marshal(message{l.StoreID, l.WebhookID})
			if text := string(payload); len(text) < maxPayload && !slices.Contains(payloads, text) {
				payloads = append(payloads, text)
			}
		}
	}
	return payloads
}

// leaves reports whether the batch, as it was written, has left something
// pending, or an entry of the audit log.
func leaves(b *billhook.Batch) bool {
	return len(b.Stores)+len(b.Webhooks)+len(b.Entries)+len(b.Recoveries) > 0 || slices.ContainsFunc(b.Emits, brings) ||
		slices.ContainsFunc(b.Retries, func(r *billhook.Retry) bool { return r.Delivery != nil }) ||
		slices.ContainsFunc(b.Outcomes, func(o *billhook.Outcome) bool { return !o.Stale && o.Status == billhook.StatusPending })
}

// brings reports whether an emit was written.
func brings(e *billhook.Emit) bool { return e.Written() }
