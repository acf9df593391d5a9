package billhook

import "time"

// An Event is something that happened in a store. It never changes after it
// was accepted.
type Event struct {
	StoreID string
	ID      string
	Type    string
	// Data is the event's payload, in the form that ECMAScript prints
	// (profile.Canonical). It must not be changed: it may be being sent.
	Data []byte
	// Entity is what the event is about, an order say; empty when neither the
	// caller nor the catalogue told.
	Entity Reference
	// Sequence counts the store's events about the entity, from 1 on and without a
	// gap, in the order in which they were committed; 0 for one without an entity.
	Sequence int64
	// Actor is who caused it: whom the emission names, else the Caller.
	Actor Reference
	// RequestID is that of the Caller; may be empty.
	RequestID string
	// TraceContext is what the spans of its attempts belong to: the emit's span, or
	// without a Tracer the caller's. It goes with Data.
	TraceContext TraceContext
	// OccurredAt is when it happened, by the caller. Default: CreatedAt.
	OccurredAt time.Time
	// CreatedAt is when Billhook accepted it, and the time in the envelope.
	CreatedAt time.Time
	// IdempotencyKey is the caller's key for this emit, unique in the store.
	IdempotencyKey string
	// Deliveries counts the webhooks that it was for.
	Deliveries int
	// ErasedAt is when its Data went, which is nil since; zero while it is there.
	ErasedAt time.Time
}

// A Reference names a thing or a person of the platform.
type Reference struct {
	Type string
	ID   string
}

// An Emission is what a caller emits.
type Emission struct {
	// StoreID defaults to DefaultStore.
	StoreID string
	Type    string
	// Data is any JSON value.
	Data []byte
	// ID is the caller's own event id, unique in the store: 1 to 128
	// characters of letters, digits, '.', '_', ':' or '-'. Default: a new one.
	ID string
	// Entity defaults to what the catalogue says of the type.
	Entity Reference
	// Actor defaults to the Caller's.
	Actor Reference
	// OccurredAt defaults to now.
	OccurredAt time.Time
	// DeliverAt is when it is to be delivered, at most a year ahead. Default, and
	// for what is past: at once. A scheduled event is in no order of its entity.
	DeliverAt time.Time
	// IdempotencyKey makes a repeat of this emit answer the first result: at
	// most 255 printable ASCII characters. Default: none.
	IdempotencyKey string
	// Version is the version of the event's type that Data is of, where the store's
	// catalogue has versions of it. Default: the current one.
	Version int
}
