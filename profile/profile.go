// Package profile holds wire profiles: what a commerce platform's receivers
// expect of a webhook, as data. A profile says how the body is laid out, which
// header signs it, how ids and secrets look, which event types there are, and
// how failures are retried. The package turns an event into the bytes to send
// (AppendBody, Headers) and brings any JSON into the form that survives a
// receiver who parses and prints it (Canonical).
//
// It knows JSON, bytes and package sign. It must not know stores, webhooks,
// deliveries, databases or HTTP clients, so that a receiver can link it alone.
package profile

import (
	"encoding/json"
	"time"
)

// Default is the profile of a new store.
const Default = "standard"

// Values of Profile.Catalogue.
const (
	Closed = "closed" // only the event types listed may be emitted
	Open   = "open"   // those listed are examples, any other may be emitted too
)

// Profile is one wire profile. It comes from Parse, Load or Named and must not
// be changed afterwards: all stores of a process share it.
type Profile struct {
	// Name identifies the profile: lower-case letters, digits and hyphens.
	Name string `json:"name"`
	// Title is the platform's name for people.
	Title string `json:"title"`
	// Document is the title of the documentation that the profile follows.
	Document string `json:"document"`
	// Signature is the platform's own signature header, or nil where the
	// Standard Webhooks headers, which are always sent, are the only ones.
	Signature *Signature `json:"signature,omitempty"`
	// OwnHeaders are headers that deliveries have beside the signature. In JSON:
	// headers. Default: none.
	OwnHeaders []OwnHeader `json:"headers,omitempty"`
	// Envelope is the body's layout: its members, in order.
	Envelope []Member `json:"envelope"`
	// IDs says how new ids look.
	IDs IDs `json:"ids"`
	// Secret says how new signing secrets look.
	Secret SecretFormat `json:"secret"`
	// UserAgent is the User-Agent header of deliveries.
	UserAgent string `json:"userAgent"`
	// AllowHTTP lets webhooks have http:// URLs outside of development.
	AllowHTTP bool `json:"allowHttp"`
	// Reserializes says that receivers parse the body and print it again before
	// they verify it, so that data with a number that ECMAScript cannot hold
	// exactly must be refused (Options.ExactNumbers).
	Reserializes bool `json:"reserializes"`
	// Catalogue is Closed or Open.
	Catalogue string `json:"catalogue"`
	// RetryPolicy is that of webhooks which bring none.
	RetryPolicy RetryPolicy `json:"retryPolicy"`
	// Timeout is how long one attempt may take. In JSON: milliseconds.
	Timeout time.Duration `json:"-"`
	// Success names the status codes that count as delivered: "2xx".
	Success string `json:"success"`
	// EventTypes is the catalogue, in the document's order.
	EventTypes []EventType `json:"eventTypes"`

	types map[string]int // index into EventTypes
	parts []part         // the envelope, compiled
}

// EventType is one entry of a profile's catalogue.
type EventType struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	// Entity is what events of this type are about.
	Entity Entity `json:"entity"`
	// Example is the data of such an event, in canonical form. A document's own
	// example where it has one.
	Example json.RawMessage `json:"example"`
}

// Entity says which entity an event is about.
type Entity struct {
	Type string `json:"type"` // "order", "customer", …
	ID   string `json:"id"`   // JSON Pointer (RFC 6901) into the event's data
}

// Options returns what Canonical must let through for stores of this profile.
func (p *Profile) Options() Options { return Options{ExactNumbers: p.Reserializes} }

// EventType returns the catalogue's entry of that name, if there is one.
func (p *Profile) EventType(name string) (EventType, bool) {
	i, ok := p.types[name]
	if !ok {
		return EventType{}, false
	}
	return p.EventTypes[i], true
}

// Accepts says whether an event of that type may be emitted: any with an open
// catalogue, those listed with a closed one.
func (p *Profile) Accepts(eventType string) bool {
	_, ok := p.types[eventType]
	return ok || p.Catalogue == Open
}

// Succeeded says whether an HTTP status code means that an attempt delivered.
func (p *Profile) Succeeded(statusCode int) bool { return statusCode/100 == 2 }

// EntityOf returns which entity an event is about: the type and id that the
// catalogue's pointer finds in data, which must be canonical. Data that is
// already wrapped, as the envelope would wrap it, is looked into. ok is false
// where the type is not in the catalogue or data has no string or number
// there.
func (p *Profile) EntityOf(eventType string, data []byte) (entityType, id string, ok bool) {
	i, ok := p.types[eventType]
	if !ok {
		return "", "", false
	}
	return p.EntityAt(p.EventTypes[i].Entity, data)
}

// EntityAt is EntityOf for a type that is not in the catalogue, whose entity is
// given.
func (p *Profile) EntityAt(entity Entity, data []byte) (entityType, id string, ok bool) {
	for _, part := range p.parts {
		if part.wrap.match(data) {
			data = part.wrap.inner(data)
		}
	}
	value, ok := Resolve(data, entity.ID)
	if !ok || len(value) == 0 {
		return "", "", false
	}
	switch {
	case value[0] == '"':
		return entity.Type, unquote(value), true
	case value[0] == '-' || isDigit(value[0]):
		return entity.Type, string(value), true
	}
	return "", "", false
}
