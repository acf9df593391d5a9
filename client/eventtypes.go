package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// EventTypes are a store's catalogue: its profile's, and its own.
type EventTypes struct{ c *Client }

// An EventType is what events of a type are like.
type EventType struct {
	Name        string           `json:"name"`
	Description string           `json:"description"`
	Entity      *EventTypeEntity `json:"entity"`
	// Examples are data of such events.
	Examples []json.RawMessage `json:"examples"`
	// Schema is the JSON Schema of the current version; null where all data passes.
	Schema json.RawMessage `json:"schema"`
	// Version is the current one; nil where no schema was ever given.
	Version  *int               `json:"version"`
	Versions []EventTypeVersion `json:"versions"`
	// Source is profile, or store where the store has said something of it.
	Source    string     `json:"source"`
	CreatedAt *time.Time `json:"createdAt"`
	UpdatedAt *time.Time `json:"updatedAt"`
	// Failures are in the answer about one type alone.
	Failures *Failures `json:"failures,omitempty"`
}

// An EventTypeEntity says which entity an event is about.
type EventTypeEntity struct {
	Type string `json:"type"`
	// ID is the JSON Pointer of its id in the data.
	ID string `json:"id"`
}

// An EventTypeVersion is a schema that a type had, or has.
type EventTypeVersion struct {
	Version int `json:"version"`
	// Breaking says that it was made by force.
	Breaking  bool      `json:"breaking"`
	CreatedAt time.Time `json:"createdAt"`
	// Schema is in the answer about one type alone.
	Schema json.RawMessage `json:"schema,omitempty"`
}

// A NewEventType is what an event type is made of.
type NewEventType struct {
	Name        string           `json:"name"`
	Description string           `json:"description,omitempty"`
	Entity      *EventTypeEntity `json:"entity,omitempty"`
	// Examples are JSON values; the first is what a test of a webhook sends.
	Examples []json.RawMessage `json:"examples,omitempty"`
	// Schema is a JSON Schema (2020-12). Default: all data passes.
	Schema json.RawMessage `json:"schema,omitempty"`
	// Force takes the schema even if it breaks emitters or receivers.
	Force bool `json:"force,omitempty"`
}

// An EventTypeChange changes what it names.
type EventTypeChange struct {
	Description Change[string]            `json:"description,omitzero"`
	Entity      Change[EventTypeEntity]   `json:"entity,omitzero"`
	Examples    Change[[]json.RawMessage] `json:"examples,omitzero"`
	Schema      Change[json.RawMessage]   `json:"schema,omitzero"`
	Force       Change[bool]              `json:"force,omitzero"`
}

// Create adds a type to the catalogue.
func (e EventTypes) Create(ctx context.Context, n NewEventType) (*EventType, error) {
	return change[EventType](ctx, e.c, http.MethodPost, n, "event-types")
}

// List is a page of event types, by name.
func (e EventTypes) List(ctx context.Context, p Paging) (*Page[EventType], error) {
	return get[Page[EventType]](ctx, e.c, p.add(url.Values{}), "event-types")
}

// All yields event types by name, page after page.
func (e EventTypes) All(ctx context.Context, p Paging) iter.Seq2[EventType, error] {
	return pages[EventType](ctx, e.c, p.add(url.Values{}), "event-types")
}

// Get shows a type with all its versions.
func (e EventTypes) Get(ctx context.Context, name string) (*EventType, error) {
	return get[EventType](ctx, e.c, nil, "event-types", name)
}

// Put makes the type what is given, whether there was one or not.
func (e EventTypes) Put(ctx context.Context, name string, with EventTypeChange) (*EventType, error) {
	return change[EventType](ctx, e.c, http.MethodPut, with, "event-types", name)
}

// Update changes a type.
func (e EventTypes) Update(ctx context.Context, name string, with EventTypeChange) (*EventType, error) {
	return change[EventType](ctx, e.c, http.MethodPatch, with, "event-types", name)
}

// Delete takes away what the store has said of a type.
func (e EventTypes) Delete(ctx context.Context, name string) error {
	return e.c.remove(ctx, "event-types", name)
}
