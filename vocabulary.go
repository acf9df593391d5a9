package billhook

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/billhook/billhook/profile"
)

// A vocabulary is which event types a store knows: its profile's and its own, which
// come first where both have a name.
type vocabulary struct {
	profile *profile.Profile
	own     catalogue
}

// accepts reports whether an event of the type may be emitted.
func (v vocabulary) accepts(name string) bool {
	return v.profile.Accepts(name) || v.own.live(name) != nil
}

// begins reports whether some type's name begins with the prefix.
func (v vocabulary) begins(prefix string) bool {
	for name := range v.own {
		if strings.HasPrefix(name, prefix) && v.own.live(name) != nil {
			return true
		}
	}
	return slices.ContainsFunc(v.profile.EventTypes, func(t profile.EventType) bool { return strings.HasPrefix(t.Name, prefix) })
}

// find finds a type, defined or the profile's.
func (v vocabulary) find(storeID, name string) (EventType, bool) {
	if t := v.own.live(name); t != nil {
		return t.EventType, true
	}
	t, ok := v.profile.EventType(name)
	if !ok {
		return EventType{}, false
	}
	return EventType{StoreID: storeID, Name: name, EventTypeDefinition: definitionOf(t)}, true
}

func definitionOf(t profile.EventType) EventTypeDefinition {
	d := EventTypeDefinition{Description: t.Description, Entity: t.Entity}
	if len(t.Example) > 0 {
		d.Examples = []string{string(t.Example)}
	}
	return d
}

// names are those of all types: the profile's in its order, then the store's own.
func (v vocabulary) names() []string {
	var all []string
	for _, t := range v.profile.EventTypes {
		all = append(all, t.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(v.own)) {
		if _, is := v.profile.EventType(name); !is && v.own.live(name) != nil {
			all = append(all, name)
		}
	}
	return all
}

// after lists types by name, at most limit.
func (v vocabulary) after(storeID, after string, limit int) (found []EventType) {
	for _, name := range slices.Sorted(slices.Values(v.names())) {
		if name > after && len(found) < limit {
			t, _ := v.find(storeID, name)
			found = append(found, t)
		}
	}
	return found
}

// entityOf is which entity an event is about; empty where nobody says.
func (v vocabulary) entityOf(name string, data []byte) Reference {
	var kind, id string
	var ok bool
	if t := v.own.live(name); t != nil && t.Entity != (profile.Entity{}) {
		kind, id, ok = v.profile.EntityAt(t.Entity, data)
	} else {
		kind, id, ok = v.profile.EntityOf(name, data)
	}
	// What no caller could give, the data cannot either.
	if found := (Reference{Type: kind, ID: id}); ok && checkReference(found, "") == nil {
		return found
	}
	return Reference{}
}

// version is the version of its type that an emission is of: the current one where
// it names none, 0 where there are none.
func (v vocabulary) version(e *Emission) (int, error) {
	t := v.own.live(e.Type)
	switch {
	case e.Version == 0 && t == nil:
		return 0, nil
	case e.Version < 0 || e.Version > 0 && (t == nil || !t.has(e.Version)):
		return 0, &Error{
			Code: CodeInvalid, Pointer: "/version", Message: "the event type " + quote(e.Type) + " has no such version",
			Hint: "leave it out for the current one",
		}
	}
	return cmp.Or(e.Version, t.Version()), nil
}
