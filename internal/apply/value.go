package apply

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Place is where something stands in a file.
type Place struct {
	File string
	Line int
}

func (p Place) String() string { return fmt.Sprintf("%s:%d", p.File, p.Line) }

// A problem is what is wrong at a place.
func (p Place) problem(format string, args ...any) error {
	return fmt.Errorf("%v: %s", p, fmt.Sprintf(format, args...))
}

type kind string

const (
	null    kind = "null"
	boolean kind = "true or false"
	number  kind = "a number"
	text    kind = "text"
	list    kind = "a list"
	object  kind = "an object"
)

// A value is what a file says, with where it says it, so that whatever is wrong with
// it can be told there: by this program or by the API.
type value struct {
	at   Place
	kind kind
	// text is that of a text, or of a number as JSON has it.
	text string
	// written is a text as it stands in the file, where parts of it, said, came from the
	// environment. Neither the text nor these are shown.
	written string
	said    []string
	yes     bool
	items   []*value
	members []member
}

// A member is one of an object's, in the order of the file.
type member struct {
	at    Place
	name  string
	value *value
}

func (v *value) get(name string) *value {
	if v == nil {
		return nil
	}
	for i := range v.members {
		if v.members[i].name == name {
			return v.members[i].value
		}
	}
	return nil
}

// without is an object but for a member.
func (v *value) without(name string) *value {
	less := *v
	less.members = slices.DeleteFunc(slices.Clone(v.members), func(m member) bool { return m.name == name })
	return &less
}

// textOf is a member's text; "" where there is none, or something else.
func (v *value) textOf(name string) string {
	if m := v.get(name); m != nil && m.kind == text {
		return m.text
	}
	return ""
}

// shownOf is textOf for a reader.
func (v *value) shownOf(name string) string {
	if m := v.get(name); m != nil && m.written != "" {
		return m.written
	}
	return v.textOf(name)
}

// MarshalJSON implements json.Marshaler.
func (v *value) MarshalJSON() ([]byte, error) { return v.appendJSON(nil), nil }

func (v *value) appendJSON(b []byte) []byte {
	switch v.kind {
	case boolean:
		return strconv.AppendBool(b, v.yes)
	case number:
		return append(b, v.text...)
	case text:
		return appendText(b, v.text)
	case list:
		b = append(b, '[')
		for i, item := range v.items {
			if i > 0 {
				b = append(b, ',')
			}
			b = item.appendJSON(b)
		}
		return append(b, ']')
	case object:
		b = append(b, '{')
		for i, m := range v.members {
			if i > 0 {
				b = append(b, ',')
			}
			b = m.value.appendJSON(append(appendText(b, m.name), ':'))
		}
		return append(b, '}')
	}
	return append(b, "null"...)
}

func appendText(b []byte, s string) []byte {
	quoted, _ := json.Marshal(s) // text always can be
	return append(b, quoted...)
}

// plain is the value as JSON is decoded: what the API has told is compared with it.
func (v *value) plain() any { return decode(v.appendJSON(nil)) }

// find follows a JSON Pointer as far as it leads: what the API refuses is told with
// the place where the file says it.
func (v *value) find(pointer string) Place {
	at := v.at
	for _, token := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		if i, err := strconv.Atoi(token); err == nil && v.kind == list && i >= 0 && i < len(v.items) {
			v = v.items[i]
			at = v.at
			continue
		}
		found := false
		for _, m := range v.members {
			if m.name == token {
				at, v, found = m.at, m.value, true
			}
		}
		if !found {
			break
		}
	}
	return at
}

// confidential reports whether a part of the value came from the environment.
func (v *value) confidential() bool {
	if v.written != "" {
		return true
	}
	for _, item := range v.items {
		if item.confidential() {
			return true
		}
	}
	for _, m := range v.members {
		if m.value.confidential() {
			return true
		}
	}
	return false
}

// hidden are the texts in a value that are not to be shown: those that a shape says, and
// those that came from the environment.
func (v *value) hidden(of shape) (texts []string) {
	if v.kind == text && v.text != "" && (of.hidden || v.written != "") {
		texts = append(append(texts, v.text), v.said...)
	}
	inner := shape{hidden: of.hidden}
	if of.item != nil {
		inner = *of.item
	}
	for _, item := range v.items {
		texts = append(texts, item.hidden(inner)...)
	}
	for _, m := range v.members {
		its := inner
		if known, ok := of.members[m.name]; ok {
			its = known
		}
		texts = append(texts, m.value.hidden(its)...)
	}
	return texts
}
