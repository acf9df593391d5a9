package billhook

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/billhook/billhook/profile"
)

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
		filter, err := c.compileFilter(w.Filter)
		if err != nil {
			return err
		}
		if err := c.checkFilterBudget(before, w, filter); err != nil {
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
