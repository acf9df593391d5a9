package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/url"
	"time"
)

// Audit is the log of what was done: every event, and every change in Billhook itself.
type Audit struct{ c *Client }

// An AuditEntry is one thing that was done.
type AuditEntry struct {
	// ID is an event's, or the entry's own.
	ID string `json:"id"`
	// Source is event, or billhook for what was done in Billhook itself.
	Source     string  `json:"source"`
	Event      string  `json:"event"`
	EntityType *string `json:"entityType"`
	EntityID   *string `json:"entityId"`
	// ActorType is nil where nobody told who did it.
	ActorType *string   `json:"actorType"`
	ActorID   *string   `json:"actorId"`
	Timestamp time.Time `json:"timestamp"`
	RequestID *string   `json:"requestId"`
	// OldValue is what was changed as it was, and NewValue as it is since; null for none.
	OldValue json.RawMessage `json:"oldValue"`
	NewValue json.RawMessage `json:"newValue"`
	// Chain, Number and Hash are the entry's place in a chain of hashes; nil for the
	// moment until it is in one.
	Chain  *int64  `json:"chain"`
	Number *int64  `json:"number"`
	Hash   *string `json:"hash"`
}

// An AuditFilter says which entries are listed; what is zero leaves none out.
type AuditFilter struct {
	// AllStores lists what was done for all stores, in place of the store's.
	AllStores  bool
	EntityType string
	EntityID   string
	// Event is an event type, or one of Billhook's own, such as webhooks.update.
	Event   string
	ActorID string
	// From is included, To is not.
	From, To time.Time
	Paging
}

func (f AuditFilter) query() url.Values {
	q := f.add(url.Values{})
	setTrue(q, "allStores", f.AllStores)
	setText(q, "entityType", f.EntityType)
	setText(q, "entityId", f.EntityID)
	setText(q, "event", f.Event)
	setText(q, "actorId", f.ActorID)
	setRange(q, f.From, f.To)
	return q
}

func setTrue(q url.Values, name string, value bool) {
	if value {
		q.Set(name, "true")
	}
}

// List is a page of entries, newest first.
func (a Audit) List(ctx context.Context, f AuditFilter) (*Page[AuditEntry], error) {
	return get[Page[AuditEntry]](ctx, a.c, f.query(), "audit")
}

// All yields entries, newest first, page after page.
func (a Audit) All(ctx context.Context, f AuditFilter) iter.Seq2[AuditEntry, error] {
	return pages[AuditEntry](ctx, a.c, f.query(), "audit")
}

// Of yields the entries about an entity, as All does.
func (a Audit) Of(ctx context.Context, entity Reference, f AuditFilter) iter.Seq2[AuditEntry, error] {
	f.EntityType, f.EntityID = "", ""
	return pages[AuditEntry](ctx, a.c, f.query(), "audit", entity.Type, entity.ID)
}
