package api

import (
	"encoding/hex"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/billhook/billhook"
)

// An auditJSON is an entry of the audit log. Its source is "event" for an event,
// which is its own entry, and "billhook" for what was done in Billhook itself.
type auditJSON struct {
	ID         string         `json:"id"`
	Source     string         `json:"source"`
	Event      string         `json:"event"`
	EntityType *string        `json:"entityType"`
	EntityID   *string        `json:"entityId"`
	ActorType  *string        `json:"actorType"`
	ActorID    *string        `json:"actorId"`
	Timestamp  instant        `json:"timestamp"`
	RequestID  *string        `json:"requestId"`
	OldValue   jsontext.Value `json:"oldValue"`
	NewValue   jsontext.Value `json:"newValue"`
	// Chain, Number and Hash are null until the entry is in a chain.
	Chain  *int64  `json:"chain"`
	Number *int64  `json:"number"`
	Hash   *string `json:"hash"`
}

func showAudit(e *billhook.AuditEntry) auditJSON {
	shown := auditJSON{
		ID: e.ID, Source: "billhook", Event: e.Event,
		EntityType: orNull(e.Entity.Type), EntityID: orNull(e.Entity.ID),
		ActorType: orNull(e.Actor.Type), ActorID: orNull(e.Actor.ID),
		Timestamp: instant(e.CreatedAt), RequestID: orNull(e.RequestID),
		OldValue: valueOrNull(e.Old), NewValue: valueOrNull(e.New),
	}
	if e.Emitted {
		shown.Source = "event"
	}
	if e.Chain != 0 {
		hash := hex.EncodeToString(e.Hash)
		shown.Chain, shown.Number, shown.Hash = &e.Chain, &e.Number, &hash
	}
	return shown
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func valueOrNull(text string) jsontext.Value {
	if text == "" {
		return jsontext.Value("null")
	}
	return jsontext.Value(text)
}

func (c *call) listAudit() error {
	q := c.query("allStores", "entityType", "entityId", "event", "actorId", "from", "to", "limit", "cursor")
	return c.answerAudit(q, q.text("entityType"), q.text("entityId"))
}

// listEntityAudit is listAudit for one entity, whose id may hold anything.
func (c *call) listEntityAudit() error {
	q := c.query("allStores", "event", "actorId", "from", "to", "limit", "cursor")
	return c.answerAudit(q, c.r.PathValue("entityType"), c.r.PathValue("entityId"))
}

func (c *call) answerAudit(q *query, entityType, entityID string) error {
	f := billhook.AuditFilter{
		StoreID: c.storeID, EntityType: entityType, EntityID: entityID,
		Event: q.eventType("event"), ActorID: q.text("actorId"), Before: q.before(auditCursor),
	}
	f.From, f.To = q.between()
	shared, limit := q.bool("allStores"), q.limit()
	if q.err != nil {
		return q.err
	}
	if shared {
		if c.key.StoreID != "" {
			return forbidden("the key is for one store, and does not see what is for all")
		}
		f.StoreID = billhook.AllStores
	}
	f.Limit = limit + 1
	entries, err := c.client.Audit(c.r.Context(), f)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, newPage(entries, limit, showAudit, func(e *billhook.AuditEntry) string {
		return positionCursor(auditCursor, billhook.EventPosition{CreatedAt: e.CreatedAt, ID: e.ID})
	}))
}
