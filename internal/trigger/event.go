// Package trigger makes events to try things with: the example that the catalogue has
// of an event type, with an entity of its own and with what somebody wants to be
// different.
//
// It must not know how commands are called, nor what becomes of an event.
package trigger

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/billhook/billhook/client"
)

// A Change puts a value at a path of the event: data.total, entity.id.
type Change struct {
	Path  string
	Value json.RawMessage
}

// members are an event's, as the API takes it.
var members = []string{"data", "id", "entity", "actor", "occurredAt", "deliverAt", "version"}

// Event makes an event of a type. Data takes the example's place where it is not nil;
// it is taken as it is, while an example is given an id of its own wherever it names
// its entity.
func Event(t *client.EventType, data json.RawMessage, changes []Change) (json.RawMessage, error) {
	event := &document{object: true}
	name, err := json.Marshal(t.Name)
	if err != nil {
		return nil, err
	}
	event.child("type").scalar = name
	example := data
	if data == nil {
		if len(t.Examples) == 0 {
			return nil, fmt.Errorf("the catalogue has no example of %s: give --data, or add one to the event type", t.Name)
		}
		example = t.Examples[0]
	}
	parsed, err := parse(example)
	if err != nil {
		return nil, fmt.Errorf("the data is not JSON: %w", err)
	}
	if data == nil && t.Entity != nil {
		if id := parsed.at(t.Entity.ID); id != nil && id.scalar != nil {
			if another := fresh(id.scalar); another != nil {
				name := "" // text is wherever it stands the entity's
				if id.scalar[0] != '"' {
					name = t.Entity.ID[strings.LastIndexByte(t.Entity.ID, '/')+1:] // 1 may be how many, too
				}
				old := id.scalar
				id.scalar = another
				parsed.replace(old, another, name)
			}
		}
	}
	*event.child("data") = *parsed
	for _, c := range changes {
		if err := event.apply(c); err != nil {
			return nil, err
		}
	}
	return event.MarshalJSON()
}

func (v *document) apply(c Change) error {
	path, err := splitPath(c.Path)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Path, err)
	}
	if !slices.Contains(members, path[0]) {
		return fmt.Errorf("%s: begin the path with one of %s, like data.%s", c.Path, strings.Join(members, ", "), c.Path)
	}
	to, err := parse(c.Value)
	if err != nil {
		return fmt.Errorf("%s: the value is not JSON: %w", c.Path, err)
	}
	if err := v.set(path, to); err != nil {
		return fmt.Errorf("%s: %w", c.Path, err)
	}
	return nil
}

// Value is what somebody meant by a word: a number, true, false and null are these,
// all else is text.
func Value(word string) json.RawMessage {
	if v, err := parse([]byte(word)); err == nil && v.scalar != nil && v.scalar[0] != '"' && strings.TrimSpace(word) == word {
		return v.scalar
	}
	text, _ := json.Marshal(word) // text always can be
	return text
}
