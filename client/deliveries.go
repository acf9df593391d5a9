package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Deliveries are events for webhooks, and what became of them.
type Deliveries struct{ c *Client }

// A DeliveryStatus is how far a delivery is.
type DeliveryStatus string

// The states of a delivery. Those but the first two are final.
const (
	DeliveryPending   DeliveryStatus = "pending"
	DeliveryHeld      DeliveryStatus = "held"
	DeliveryDelivered DeliveryStatus = "delivered"
	DeliveryDead      DeliveryStatus = "dead"
	DeliveryCancelled DeliveryStatus = "cancelled"
	DeliverySkipped   DeliveryStatus = "skipped"
)

// A Delivery is one event for one webhook.
type Delivery struct {
	ID        string `json:"id"`
	WebhookID string `json:"webhookId"`
	EventID   string `json:"eventId"`
	// Event is the event's type.
	Event    string `json:"event"`
	Sequence *int64 `json:"sequence"`
	// Payload is the event's data; null where it is erased.
	Payload json.RawMessage `json:"payload"`
	Status  DeliveryStatus  `json:"status"`
	// StatusCode is of the last answer; nil if there was none.
	StatusCode *int `json:"statusCode"`
	Success    bool `json:"success"`
	// Attempts is how many requests were made.
	Attempts      int        `json:"attempts"`
	LastAttemptAt *time.Time `json:"lastAttemptAt"`
	NextAttemptAt *time.Time `json:"nextAttemptAt"`
	CreatedAt     time.Time  `json:"createdAt"`
	FinishedAt    *time.Time `json:"finishedAt"`
	// Reason is why it is not delivered; "" when there is nothing to tell.
	Reason string `json:"reason"`
	// ErasedAt is when the payload went; nil while it is there.
	ErasedAt *time.Time `json:"erasedAt,omitempty"`
}

// A DeliveryWithAttempts is a delivery and all that was tried.
type DeliveryWithAttempts struct {
	Delivery
	AttemptLog []Attempt `json:"attemptLog"`
}

// An Attempt is one request of a delivery.
type Attempt struct {
	Number     int       `json:"number"`
	StartedAt  time.Time `json:"startedAt"`
	DurationMs float64   `json:"durationMs"`
	URL        string    `json:"url"`
	StatusCode *int      `json:"statusCode"`
	Success    bool      `json:"success"`
	// Failure is why it did not succeed, in a word: status, redirect, timeout, resolve,
	// connect, tls, refused, protocol or expired.
	Failure string `json:"failure"`
	Error   string `json:"error"`
	// Batch is the one that it was sent in; nil where it was sent by itself.
	Batch           *AttemptBatch `json:"batch"`
	ResponseHeaders []Header      `json:"responseHeaders"`
	// ResponseBody is the beginning of the answer's body, at most 4096 bytes.
	ResponseBody string `json:"responseBody"`
	// ResponseBodyEncoding is utf-8 or base64.
	ResponseBodyEncoding string `json:"responseBodyEncoding"`
}

// An AttemptBatch is a request that carried several deliveries.
type AttemptBatch struct {
	ID   string `json:"id"`
	Size int    `json:"size"`
}

// A Header is a line of an answer.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// A DeliveryFilter says which deliveries are listed; what is zero leaves none out.
type DeliveryFilter struct {
	WebhookID string
	EventID   string
	// Event is an event type.
	Event  string
	Status DeliveryStatus
	// Search is an id of the delivery, its event or its entity, or text that its type,
	// reason or payload has.
	Search string
	// From is included, To is not.
	From, To time.Time
	Paging
}

func (f DeliveryFilter) query() url.Values {
	q := f.add(url.Values{})
	setText(q, "webhookId", f.WebhookID)
	setText(q, "eventId", f.EventID)
	setText(q, "event", f.Event)
	setText(q, "status", string(f.Status))
	setText(q, "search", f.Search)
	setRange(q, f.From, f.To)
	return q
}

// A DeliveryPage is a page of deliveries, which may have fewer than asked for and yet a
// next one.
type DeliveryPage struct {
	Page[Delivery]
	// SearchedTo is how far back it was looked, where few fit the filter.
	SearchedTo *time.Time `json:"searchedTo"`
}

// List is a page of deliveries, newest first.
func (d Deliveries) List(ctx context.Context, f DeliveryFilter) (*DeliveryPage, error) {
	return get[DeliveryPage](ctx, d.c, f.query(), "deliveries")
}

// All yields deliveries, newest first, page after page.
func (d Deliveries) All(ctx context.Context, f DeliveryFilter) iter.Seq2[Delivery, error] {
	return pages[Delivery](ctx, d.c, f.query(), "deliveries")
}

// Get shows a delivery with its attempts.
func (d Deliveries) Get(ctx context.Context, id string) (*DeliveryWithAttempts, error) {
	return get[DeliveryWithAttempts](ctx, d.c, nil, "deliveries", id)
}

// Retry makes a delivery due now. One that is over gets all its attempts again.
func (d Deliveries) Retry(ctx context.Context, id string) (*Delivery, error) {
	return change[Delivery](ctx, d.c, http.MethodPost, nil, "deliveries", id, "retry")
}

// A DeliveryRequest is what is sent of a delivery, as far as anybody may see it.
type DeliveryRequest struct {
	Method string `json:"method"`
	URL    string `json:"url"`
	// Headers are by name.
	Headers []RequestHeader `json:"headers"`
	// Body is the exact bytes.
	Body []byte `json:"bodyBase64"`
	// SignatureBase is what the header webhook-signature signs: id.timestamp.body
	// (Standard Webhooks). The profile's own header signs the body alone.
	SignatureBase []byte `json:"signatureBaseBase64"`
	// At is when it was, or would be, sent.
	At time.Time `json:"at"`
	// Sent: it is as the last attempt was, if the webhook has not been changed since;
	// else as it would be sent now.
	Sent bool `json:"sent"`
	// BatchSize is in company with how many the last attempt was, itself included; this
	// is the delivery alone then. nil where the webhook has no batches.
	BatchSize *int `json:"batchSize"`
}

// A RequestHeader is a header of a DeliveryRequest.
type RequestHeader struct {
	Name string `json:"name"`
	// Value is nil where it is told nobody.
	Value *string `json:"value"`
}

// Request shows the request of a delivery, made anew: the body is the same always, and
// the headers are those of the webhook as it is now.
func (d Deliveries) Request(ctx context.Context, id string) (*DeliveryRequest, error) {
	return get[DeliveryRequest](ctx, d.c, nil, "deliveries", id, "request")
}
