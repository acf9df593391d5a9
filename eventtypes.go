package billhook

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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
	c.configuring.Lock()
	defer c.configuring.Unlock()
	_, err := retryChanged(c, ctx, func() (EventType, error) {
		_, v, err := c.registry.emitting(storeID)
		if err != nil {
			return EventType{}, err
		}
		live := v.own.live(name)
		if live == nil {
			if _, ok := v.find(storeID, name); ok {
				return EventType{}, &Error{Code: CodeConflict, Message: "the event type " + quote(name) + " comes with the profile " + v.profile.Name, Hint: "it cannot be deleted"}
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
	c.configuring.Lock()
	defer c.configuring.Unlock()
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
		return &Error{Code: CodeConflict, Message: fmt.Sprintf("the event type has %d versions, the most that there may be", maxVersions), Hint: "go on with an event type of another name"}
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

const (
	maxSchema    = 64 << 10
	maxExamples  = 10
	maxExample   = 16 << 10
	maxVersions  = 50
	maxCatalogue = 4 << 20 // bytes of a store's own event types: every node has them in memory
)

// checkEventTypeChange says what is wrong with a change, and brings its JSON into
// its one form.
func (c *Client) checkEventTypeChange(change *EventTypeChange) error {
	if change.Description != nil {
		if err := checkText(*change.Description, "/description", maxDescription, "\n\r\t"); err != nil {
			return err
		}
	}
	if e := change.Entity; e != nil && *e != (profile.Entity{}) {
		if e.Type == "" || e.ID == "" {
			return &Error{Code: CodeInvalid, Pointer: "/entity", Message: "needs both type and id", Hint: `such as {"type": "order", "id": "/id"}`}
		}
		if err := checkText(e.Type, "/entity/type", maxID, ""); err != nil {
			return err
		}
		if err := checkText(e.ID, "/entity/id", maxName, ""); err != nil {
			return err
		}
		if e.ID[0] != '/' {
			return &Error{Code: CodeInvalid, Pointer: "/entity/id", Message: "is not a JSON Pointer (RFC 6901) into the data", Hint: `such as "/id" or "/order/id"`}
		}
	}
	if change.Examples != nil {
		if len(*change.Examples) > maxExamples {
			return invalid("/examples", "has more than %d", maxExamples)
		}
		examples := slices.Clone(*change.Examples)
		for i, example := range examples {
			var err error
			if examples[i], err = c.document(example, fmt.Sprintf("/examples/%d", i), maxExample); err != nil {
				return err
			}
		}
		change.Examples = &examples
	}
	if change.Schema == nil || *change.Schema == "" {
		return nil
	}
	schema, err := c.document(*change.Schema, "/schema", maxSchema)
	if err != nil {
		return err
	}
	change.Schema = &schema
	if c.config.Schemas == nil {
		return errNoSchemas()
	}
	_, err = c.config.Schemas.Compile(schema)
	return within("/schema", err)
}

// document brings a JSON text into canonical form.
func (c *Client) document(text, pointer string, limit int) (string, error) {
	if len(text) > limit {
		return "", &Error{Code: CodeTooLarge, Pointer: pointer, Message: fmt.Sprintf("is %d bytes long; %d are allowed", len(text), limit)}
	}
	canonical, err := profile.Canonical([]byte(text), profile.Options{MaxDepth: c.config.MaxDepth})
	var bad *profile.JSONError
	if errors.As(err, &bad) {
		return "", &Error{Code: CodeInvalid, Pointer: pointer + bad.Pointer, Message: bad.Message}
	}
	return string(canonical), err
}

// checkRoom says whether a store's catalogue can take a type.
func (c *Client) checkRoom(all catalogue, before *eventType, t *EventType) error {
	types, size := all.count()
	if before == nil || !before.DeletedAt.IsZero() {
		if types >= c.config.MaxEventTypes {
			return tooMany("event types", c.config.MaxEventTypes)
		}
	}
	if before != nil {
		size -= before.size()
	}
	if size += t.size(); size > maxCatalogue {
		return &Error{Code: CodeConflict, Message: fmt.Sprintf("the store's event types would be %d bytes long; %d are allowed", size, maxCatalogue), Hint: "shorten schemas and examples"}
	}
	return nil
}

// checkSelection says what is wrong with a webhook's filter and versions, where they
// were changed.
func (c *Client) checkSelection(before, w *Webhook, v vocabulary) error {
	if before == nil {
		before = &Webhook{}
	}
	if w.Filter != "" && w.Filter != before.Filter {
		if _, err := c.compileFilter(w.Filter); err != nil {
			return err
		}
	}
	if len(w.EventVersions) > maxEvents {
		return invalid("/eventVersions", "has more than %d entries", maxEvents)
	}
	for _, name := range sortedKeys(w.EventVersions) {
		n := w.EventVersions[name]
		if before.EventVersions[name] == n && n > 0 {
			continue
		}
		if t := v.own.live(name); t == nil || !t.has(n) {
			return &Error{Code: CodeInvalid, Pointer: "/eventVersions/" + pointerEscape(name), Message: "the store's catalogue has no such version", Hint: "GET /api/event-types tells which there are"}
		}
	}
	return nil
}

func (c *Client) compileFilter(expression string) (Filter, error) {
	if c.config.Filters == nil {
		return nil, within("/filter", errNoFilters())
	}
	filter, err := c.config.Filters.Compile(expression)
	return filter, within("/filter", err)
}

func checkValidation(validation string) error {
	switch validation {
	case "", ValidationOff, ValidationWarn, ValidationEnforce:
		return nil
	}
	return invalid("/validation", "is none of %s, %s and %s", ValidationOff, ValidationWarn, ValidationEnforce)
}

// within puts a member's pointer before that of an error about a part of it.
func within(pointer string, err error) error {
	var bad *Error
	if !errors.As(err, &bad) {
		return err
	}
	inner := *bad
	inner.Pointer = pointer + bad.Pointer
	inner.Code = cmp.Or(bad.Code, CodeInvalid)
	inner.Details = prefixed(pointer, bad.Details)
	return &inner
}

// prefixed is the details with a pointer before theirs, no more than an Error has.
func prefixed(pointer string, details []Detail) []Detail {
	var all []Detail
	for _, d := range details[:min(len(details), MaxDetails)] {
		all = append(all, Detail{pointer + d.Pointer, d.Message})
	}
	return all
}

// mismatch refuses data that a schema does not allow.
func mismatch(name string, version int, wrong []Detail) error {
	return &Error{
		Code: CodeSchemaMismatch, Pointer: "/data" + wrong[0].Pointer, Message: wrong[0].Message,
		Hint:    fmt.Sprintf("GET /api/event-types/%s has the schema, of which this is version %d", name, version),
		Details: prefixed("/data", wrong),
	}
}

func errNoSchemas() error {
	return &Error{Code: CodeInvalid, Message: "no schema can be used here: the program was put together without JSON Schema", Hint: "give billhook.Config.Schemas"}
}

func errNoFilters() error {
	return &Error{Code: CodeInvalid, Message: "no filter can be used here: the program was put together without the language of filters", Hint: "give billhook.Config.Filters"}
}
