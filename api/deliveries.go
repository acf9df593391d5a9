package api

import (
	"net/http"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/billhook/billhook"
)

type deliveryJSON struct {
	ID            string          `json:"id"`
	WebhookID     string          `json:"webhookId"`
	EventID       string          `json:"eventId"`
	Event         string          `json:"event"`
	Sequence      *int64          `json:"sequence"`
	Payload       jsontext.Value  `json:"payload"`
	Status        billhook.Status `json:"status"`
	StatusCode    *int            `json:"statusCode"`
	Success       bool            `json:"success"`
	Attempts      int             `json:"attempts"`
	LastAttemptAt instant         `json:"lastAttemptAt"`
	NextAttemptAt instant         `json:"nextAttemptAt"`
	CreatedAt     instant         `json:"createdAt"`
	FinishedAt    instant         `json:"finishedAt"`
	Reason        string          `json:"reason"`
	// ErasedAt is null while the payload is there.
	ErasedAt instant `json:"erasedAt"`
	// AttemptLog are the attempts, first to last; only in the answer for one
	// delivery. Attempts is their number, as in 002_….
	AttemptLog []attemptJSON `json:"attemptLog,omitzero"`
}

func showDelivery(d *billhook.Delivery) deliveryJSON {
	return deliveryJSON{
		ID: d.ID, WebhookID: d.WebhookID, EventID: d.EventID, Event: d.EventType, Sequence: showSequence(d.Sequence),
		Payload: dataOrNull(d.Payload), ErasedAt: instant(d.ErasedAt), Status: d.Status, StatusCode: showStatusCode(d.StatusCode),
		Success: d.Status == billhook.StatusDelivered, Attempts: d.Attempts,
		LastAttemptAt: instant(d.LastAttemptAt), NextAttemptAt: instant(d.NextAttemptAt),
		CreatedAt: instant(d.CreatedAt), FinishedAt: instant(d.FinishedAt), Reason: d.Reason,
	}
}

// showStatusCode is null where there was no answer.
func showStatusCode(code int) *int {
	if code == 0 {
		return nil
	}
	return &code
}

func (c *call) listDeliveries() error {
	q := c.query("webhookId", "eventId", "event", "status", "search", "from", "to", "limit", "cursor")
	return c.answerDeliveries(q, q.text("webhookId"))
}

// answerDeliveries answers the page that the query asks for.
func (c *call) answerDeliveries(q *query, webhookID string) error {
	f := billhook.DeliveryFilter{
		StoreID:   c.storeID,
		WebhookID: webhookID,
		EventID:   q.text("eventId"),
		EventType: q.eventType("event"),
		Status:    q.status(),
		Before:    q.after(deliveryCursor),
	}
	f.Search = q.text("search")
	f.From, f.To = q.between()
	f.Limit, f.MaxBytes = q.limit(), maxPageBytes
	if q.err != nil {
		return q.err
	}
	found, err := c.client.FindDeliveries(c.r.Context(), f)
	if err != nil {
		return err
	}
	all, next := found.Deliveries, found.Next
	if n := fitting(all, f.Limit, func(d *billhook.Delivery) int { return len(d.Payload) }); n < len(all) {
		next = all[n].ID + "~" // after which it comes, whatever is before it on this page
		all, found.SearchedTo = all[:n], time.Time{}
	}
	shown := deliveryPage{page: newPage(all, len(all), showDelivery, nil), SearchedTo: instant(found.SearchedTo)}
	if next != "" {
		cursor := idCursor(deliveryCursor, next)
		shown.NextCursor = &cursor
	}
	return c.answer(http.StatusOK, shown)
}

// A deliveryPage says besides how far back it was looked, where that was not to its end.
type deliveryPage struct {
	page[deliveryJSON]
	SearchedTo instant `json:"searchedTo"`
}

func (c *call) getDelivery() error {
	ctx, id := c.r.Context(), c.r.PathValue("id")
	d, err := c.client.Delivery(ctx, c.storeID, id)
	if err != nil {
		return err
	}
	attempts, err := c.client.Attempts(ctx, c.storeID, id)
	if err != nil {
		return err
	}
	shown := showDelivery(&d)
	shown.AttemptLog = make([]attemptJSON, 0, len(attempts))
	for i := range attempts {
		shown.AttemptLog = append(shown.AttemptLog, showAttempt(&attempts[i]))
	}
	return c.answer(http.StatusOK, shown)
}

func (c *call) retryDelivery() error {
	d, err := c.client.Retry(c.r.Context(), c.storeID, c.r.PathValue("id"))
	if err != nil {
		return err
	}
	return c.answer(http.StatusAccepted, showDelivery(&d))
}
