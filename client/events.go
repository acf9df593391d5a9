package client

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Events are what happened in a store.
type Events struct{ c *Client }

// A NewEvent is what is emitted.
type NewEvent struct {
	// Type is one of the store's catalogue.
	Type string `json:"type"`
	// Data is any value that is JSON: a struct, a map, or a [json.RawMessage]. A []byte is
	// refused, since it would be sent as text in base64.
	Data any `json:"data"`
	// ID is unique in the store. Default: a new one.
	ID string `json:"id,omitempty"`
	// Entity is what the event is about. Default: what the catalogue says.
	Entity *Reference `json:"entity,omitempty"`
	// Actor is who caused it.
	Actor *Reference `json:"actor,omitempty"`
	// OccurredAt is by default now.
	OccurredAt *time.Time `json:"occurredAt,omitempty"`
	// DeliverAt is when to deliver it. Default: at once.
	DeliverAt *time.Time `json:"deliverAt,omitempty"`
	// IdempotencyKey stands for this event: a second emit with it answers what the first
	// one did. Default: one that is new with each call of Emit, so that what this package
	// repeats by itself is emitted once; give your own where you repeat, after a crash say.
	IdempotencyKey string `json:"idempotencyKey,omitempty"`
	// Version is that of its type. Default: the current one.
	Version int `json:"version,omitempty"`
}

// A Reference names an entity or an actor.
type Reference struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// Emitted is what was accepted, and is on disk.
type Emitted struct {
	ID        string    `json:"id"`
	Type      string    `json:"type"`
	CreatedAt time.Time `json:"createdAt"`
	// Deliveries is how many webhooks the event is for.
	Deliveries int `json:"deliveries"`
}

// An EmitResult is what became of one event of a batch.
type EmitResult struct {
	Emitted
	// Refused is why it was not accepted; nil where it was.
	Refused *Error `json:"error,omitempty"`
}

// An EventBatch is what EmitBatch sends.
type EventBatch struct {
	Events []NewEvent `json:"events"`
}

// A BatchResult has a result for each event, in their order.
type BatchResult struct {
	Data []EmitResult `json:"data"`
}

// An Event is what happened, and that it was accepted.
type Event struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	// Data is null where it is erased.
	Data   json.RawMessage `json:"data"`
	Entity *Reference      `json:"entity"`
	// Sequence counts the events about the entity; nil for an event about nothing.
	Sequence   *int64     `json:"sequence"`
	Actor      *Reference `json:"actor"`
	OccurredAt time.Time  `json:"occurredAt"`
	CreatedAt  time.Time  `json:"createdAt"`
	Deliveries int        `json:"deliveries"`
	// IdempotencyKey is "" where it has none.
	IdempotencyKey string `json:"idempotencyKey,omitempty"`
	// ErasedAt is when the data went; nil while it is there.
	ErasedAt *time.Time `json:"erasedAt"`
}

// An EventFilter says which events are listed; what is zero leaves none out.
type EventFilter struct {
	Type       string
	EntityType string
	EntityID   string
	// From is included, To is not.
	From, To time.Time
	Paging
}

func (f EventFilter) query() url.Values {
	q := f.add(url.Values{})
	setText(q, "type", f.Type)
	setText(q, "entityType", f.EntityType)
	setText(q, "entityId", f.EntityID)
	setRange(q, f.From, f.To)
	return q
}

// Emit emits an event. It is on disk once this answers. Where the answer is lost it is
// asked for again, and never emits a second event: see [NewEvent.IdempotencyKey].
func (e Events) Emit(ctx context.Context, n NewEvent) (*Emitted, error) {
	if err := n.check(); err != nil {
		return nil, err
	}
	return send[Emitted](ctx, e.c, call{method: http.MethodPost, path: pathOf("events"), in: n}.keyed(n.IdempotencyKey))
}

func (n *NewEvent) check() error {
	if _, ok := n.Data.([]byte); ok {
		return errors.New("emit: Data is a []byte: make it a json.RawMessage if it is JSON")
	}
	return nil
}

// EmitBatch emits events together, all of them or none but those whose id is taken. It
// is repeated as Emit is.
func (e Events) EmitBatch(ctx context.Context, events []NewEvent) ([]EmitResult, error) {
	batch := EventBatch{Events: slices.Clone(events)}
	for i := range batch.Events {
		if err := batch.Events[i].check(); err != nil {
			return nil, fmt.Errorf("event %d: %w", i, err)
		}
		if batch.Events[i].IdempotencyKey == "" {
			batch.Events[i].IdempotencyKey = rand.Text()
		}
	}
	result, err := send[BatchResult](ctx, e.c, call{method: http.MethodPost, path: pathOf("events", "batch"), in: batch, repeatable: true})
	if err != nil {
		return nil, err
	}
	return result.Data, nil
}

// List is a page of events, newest first.
func (e Events) List(ctx context.Context, f EventFilter) (*Page[Event], error) {
	return get[Page[Event]](ctx, e.c, f.query(), "events")
}

// All yields events, newest first, page after page.
func (e Events) All(ctx context.Context, f EventFilter) iter.Seq2[Event, error] {
	return pages[Event](ctx, e.c, f.query(), "events")
}

// Get shows an event.
func (e Events) Get(ctx context.Context, id string) (*Event, error) {
	return get[Event](ctx, e.c, nil, "events", id)
}
