package api

import (
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/billhook/billhook"
)

type eventJSON struct {
	ID             string         `json:"id"`
	Type           string         `json:"type"`
	Data           jsontext.Value `json:"data"`
	Entity         *referenceJSON `json:"entity"`
	Sequence       *int64         `json:"sequence"`
	Actor          *referenceJSON `json:"actor"`
	OccurredAt     instant        `json:"occurredAt"`
	CreatedAt      instant        `json:"createdAt"`
	Deliveries     int            `json:"deliveries"`
	IdempotencyKey string         `json:"idempotencyKey,omitempty"`
	// ErasedAt is null while the data is there.
	ErasedAt instant `json:"erasedAt"`
}

type referenceJSON struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

func showEvent(e *billhook.Event) eventJSON {
	return eventJSON{
		ID: e.ID, Type: e.Type, Data: dataOrNull(e.Data),
		Entity: showReference(e.Entity), Sequence: showSequence(e.Sequence), Actor: showReference(e.Actor),
		OccurredAt: instant(e.OccurredAt), CreatedAt: instant(e.CreatedAt),
		Deliveries: e.Deliveries, IdempotencyKey: e.IdempotencyKey,
		ErasedAt: instant(e.ErasedAt),
	}
}

// dataOrNull is null where the data is no longer kept.
func dataOrNull(data []byte) jsontext.Value {
	if len(data) == 0 {
		return jsontext.Value("null")
	}
	return data
}

func showReference(r billhook.Reference) *referenceJSON {
	if r == (billhook.Reference{}) {
		return nil
	}
	return &referenceJSON{r.Type, r.ID}
}

// showSequence is null for an event that is about nothing.
func showSequence(n int64) *int64 {
	if n == 0 {
		return nil
	}
	return &n
}

func (c *call) listEvents() error {
	q := c.query("type", "entityType", "entityId", "from", "to", "limit", "cursor")
	f := billhook.EventFilter{
		StoreID:    c.storeID,
		Type:       q.eventType("type"),
		EntityType: q.text("entityType"),
		EntityID:   q.text("entityId"),
		Before:     q.before(eventCursor),
	}
	f.From, f.To = q.between()
	limit := q.limit()
	if q.err != nil {
		return q.err
	}
	f.Limit, f.MaxBytes = limit+1, maxPageBytes
	events, err := c.client.Events(c.r.Context(), f)
	if err != nil {
		return err
	}
	limit = fitting(events, limit, func(e *billhook.Event) int { return len(e.Data) })
	return c.answer(http.StatusOK, newPage(events, limit, showEvent, func(e *billhook.Event) string {
		return positionCursor(eventCursor, billhook.EventPosition{CreatedAt: e.CreatedAt, ID: e.ID})
	}))
}

func (c *call) getEvent() error {
	e, err := c.client.Event(c.r.Context(), c.storeID, c.r.PathValue("id"))
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, showEvent(&e))
}
