package billhook

import (
	"context"
	"slices"
	"time"

	"github.com/billhook/billhook/profile"
)

// An EventTypeChange says what a store says of an event type; nil leaves a member as
// it is.
type EventTypeChange struct {
	Description *string
	// Entity: an empty one leaves it to the profile, if that knows the type.
	Entity *profile.Entity
	// Examples are JSON texts.
	Examples *[]string
	// Schema is a JSON Schema (2020-12), "" to let all data pass. One that says
	// something else than the current version's becomes a new version.
	Schema *string
	// Force makes that version even if it is not compatible with the current one.
	Force bool
}

// CreateEventType adds an event type to a store.
func (c *Client) CreateEventType(ctx context.Context, storeID, name string, change EventTypeChange) (EventType, error) {
	return c.define(ctx, storeID, name, func(v vocabulary) (EventType, error) {
		if _, ok := v.find(storeID, name); ok {
			return EventType{}, &Error{Code: CodeDuplicate, Pointer: "/name", Message: "the event type " + quote(name) + " is there already", Hint: "change it with PATCH"}
		}
		return v.own.revived(storeID, name), nil
	}, change)
}

// PutEventType adds an event type to a store, or replaces what the store says of it:
// what the change leaves out goes, but for the schema and its versions. created: it
// was not there.
func (c *Client) PutEventType(ctx context.Context, storeID, name string, change EventTypeChange) (t EventType, created bool, err error) {
	t, err = c.define(ctx, storeID, name, func(v vocabulary) (EventType, error) {
		_, ok := v.find(storeID, name)
		created = !ok
		t := v.own.revived(storeID, name)
		if live := v.own.live(name); live != nil {
			t = live.EventType
		}
		t.Description, t.Entity, t.Examples = "", profile.Entity{}, nil
		return t, nil
	}, change)
	return t, created, err
}

// UpdateEventType changes what a store says of an event type. One of the profile's
// becomes the store's own with it.
func (c *Client) UpdateEventType(ctx context.Context, storeID, name string, change EventTypeChange) (EventType, error) {
	return c.define(ctx, storeID, name, func(v vocabulary) (EventType, error) {
		t, ok := v.find(storeID, name)
		if !ok {
			return EventType{}, notFound("event type", name)
		}
		if v.own.live(name) == nil {
			own := v.own.revived(storeID, name)
			t.Versions, t.CreatedAt, t.UpdatedAt = own.Versions, own.CreatedAt, own.UpdatedAt
		}
		return t, nil
	}, change)
}

// DeleteEventType takes away what a store says of an event type: one of the
// profile's is as the profile has it again, any other is no more. Webhooks that
// subscribe to it stay as they are.
func (c *Client) DeleteEventType(ctx context.Context, storeID, name string) error {
	defer c.configuring.lock(storeID)()
	_, err := retryChanged(c, ctx, func() (EventType, error) {
		_, v, err := c.registry.emitting(storeID)
		if err != nil {
			return EventType{}, err
		}
		live := v.own.live(name)
		if live == nil {
			if _, ok := v.find(storeID, name); ok {
				return EventType{}, &Error{Code: CodeConflict, Message: say("conflict.ofProfile", quote(name), v.profile.Name), Hint: "it cannot be deleted"}
			}
			return EventType{}, notFound("event type", name)
		}
		t := live.EventType
		t.UpdatedAt = nowAfter(t.UpdatedAt)
		t.DeletedAt = t.UpdatedAt
		w := &EventTypeWrite{EventType: t, Was: live.UpdatedAt, Audit: newAudit(ctx, storeID, AuditEventTypeDelete, Reference{entityEventType, name})}
		w.Audit.Old = auditEventType(&live.EventType)
		return t, c.writeEventType(ctx, w)
	})
	return err
}

// EventType finds an event type of a store, its profile's included, and what went
// wrong with its data.
func (c *Client) EventType(_ context.Context, storeID, name string) (EventType, Failures, error) {
	_, v, err := c.registry.emitting(storeID)
	if err != nil {
		return EventType{}, Failures{}, err
	}
	t, ok := v.find(storeID, name)
	if !ok {
		return EventType{}, Failures{}, notFound("event type", name)
	}
	if own := v.own.live(name); own != nil {
		return t, own.failures.failures(), nil
	}
	return t, Failures{}, nil
}

// EventTypes lists the event types of a store, its profile's included, whose names
// come after the given one, by name, at most limit.
func (c *Client) EventTypes(_ context.Context, storeID, after string, limit int) ([]EventType, error) {
	_, v, err := c.registry.emitting(storeID)
	if err != nil {
		return nil, err
	}
	return v.after(storeID, after, limit), nil
}

// revived is a type as it is before it is defined: one that was deleted keeps its
// versions, so that no number stands for two schemas.
func (all catalogue) revived(storeID, name string) EventType {
	if t := all[name]; t != nil {
		return t.EventType
	}
	return EventType{StoreID: storeID, Name: name}
}

// define applies a change to an event type that from has taken from what there is
// now.
func (c *Client) define(ctx context.Context, storeID, name string, from func(vocabulary) (EventType, error), change EventTypeChange) (EventType, error) {
	if err := checkEventType(name, "/name"); err != nil {
		return EventType{}, err
	}
	if err := c.checkEventTypeChange(&change); err != nil {
		return EventType{}, err
	}
	defer c.configuring.lock(storeID)()
	return retryChanged(c, ctx, func() (EventType, error) {
		_, v, err := c.registry.emitting(storeID)
		if err != nil {
			return EventType{}, err
		}
		t, err := from(v)
		if err != nil {
			return EventType{}, err
		}
		before, at := v.own[name], now()
		w := &EventTypeWrite{Create: before == nil}
		done := AuditEventTypeCreate
		if before != nil {
			w.Was, at = before.UpdatedAt, nowAfter(before.UpdatedAt)
		}
		var old *EventType
		if live := v.own.live(name); live != nil {
			old, done = &live.EventType, AuditEventTypeUpdate
		} else {
			t.CreatedAt = at
		}
		t.UpdatedAt, t.DeletedAt = at, time.Time{}
		if err := c.apply(&t, &change, old != nil); err != nil {
			return EventType{}, err
		}
		if err := c.checkRoom(v.own, before, &t); err != nil {
			return EventType{}, err
		}
		w.EventType = t
		w.Audit = newAudit(ctx, storeID, done, Reference{entityEventType, name})
		w.Audit.Old, w.Audit.New = auditEventType(old), auditEventType(&t)
		return t, c.writeEventType(ctx, w)
	})
}

// apply makes the change; live: the type is defined now, so that its current schema
// is a promise to others.
func (c *Client) apply(t *EventType, change *EventTypeChange, live bool) error {
	if change.Description != nil {
		t.Description = *change.Description
	}
	if change.Entity != nil {
		t.Entity = *change.Entity
	}
	if change.Examples != nil {
		t.Examples = slices.Clone(*change.Examples)
	}
	// What is kept must not be shared with what there was before.
	t.Versions = slices.Clone(t.Versions)
	schema := t.Schema()
	if change.Schema != nil {
		schema = *change.Schema
	} else if !live {
		schema = "" // not that of one of this name that was deleted
	}
	if schema == t.Schema() {
		return nil
	}
	if t.Version() >= maxVersions {
		return &Error{Code: CodeConflict, Message: say("conflict.versions", maxVersions), Hint: "go on with an event type of another name"}
	}
	next := SchemaVersion{Number: t.Version() + 1, Schema: schema, CreatedAt: t.UpdatedAt}
	if t.Version() > 0 {
		breaks, err := c.breaks(t.Schema(), next.Schema)
		if err != nil {
			return err
		}
		if len(breaks) > 0 && !change.Force && live {
			return &Error{
				Code: CodeBreakingChange, Pointer: "/schema" + breaks[0].Pointer, Message: breaks[0].Message,
				Hint:    `keep to what only adds, or say "force": true: receivers that follow the current version get the new data then`,
				Details: prefixed("/schema", breaks),
			}
		}
		next.Breaking = len(breaks) > 0
	}
	t.Versions = append(t.Versions, next)
	return nil
}

// breaks tells what is not compatible between two versions, of which one may be
// without a schema.
func (c *Client) breaks(old, new string) ([]Detail, error) {
	switch {
	case old == "":
		return []Detail{{Message: "what was not looked at may be refused"}}, nil
	case new == "":
		return []Detail{{Message: "takes away what receivers were told of the data"}}, nil
	case c.config.Schemas == nil:
		return nil, errNoSchemas()
	}
	return c.config.Schemas.Breaks(old, new)
}

// writeEventType writes an event type. It wants c.configuring.
func (c *Client) writeEventType(ctx context.Context, w *EventTypeWrite) error {
	// Whoever asked may go away meanwhile; memory must follow the disk.
	err := c.committer.do(context.WithoutCancel(ctx), write{
		parts: 1,
		add:   func(b *Batch) { b.EventTypes = append(b.EventTypes, w) },
		handOver: func() {
			if !w.Refused {
				c.registry.putEventType(w.EventType)
			}
		},
	})
	if err == nil && w.Refused {
		err = errChanged
	}
	return err
}
