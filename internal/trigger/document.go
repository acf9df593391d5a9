package trigger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A document is JSON whose members keep their order, so that what is sent looks like
// the example that it was made from.
type document struct {
	// scalar is the text of what is neither object nor array.
	scalar  json.RawMessage
	object  bool
	names   []string
	members []*document // an object's, as names, or an array's
}

// parse reads one value and nothing behind it.
func parse(text []byte) (*document, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	v, err := parseNext(d)
	if err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = errors.New("something follows the JSON")
		}
	}
	return v, err
}

func parseNext(d *json.Decoder) (*document, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	open, ok := token.(json.Delim)
	if !ok {
		text, err := json.Marshal(token)
		return &document{scalar: text}, err
	}
	v := &document{object: open == '{'}
	for d.More() {
		if v.object {
			name, err := d.Token()
			if err != nil {
				return nil, err
			}
			v.names = append(v.names, name.(string)) // a decoder gives no other
		}
		member, err := parseNext(d)
		if err != nil {
			return nil, err
		}
		v.members = append(v.members, member)
	}
	_, err = d.Token() // what ends it
	return v, err
}

// MarshalJSON implements json.Marshaler.
func (v *document) MarshalJSON() ([]byte, error) {
	if v.scalar != nil {
		return v.scalar, nil
	}
	b := []byte{'['}
	if v.object {
		b[0] = '{'
	}
	for i, m := range v.members {
		if i > 0 {
			b = append(b, ',')
		}
		if v.object {
			name, err := json.Marshal(v.names[i])
			if err != nil {
				return nil, err
			}
			b = append(append(b, name...), ':')
		}
		text, err := m.MarshalJSON()
		if err != nil {
			return nil, err
		}
		b = append(b, text...)
	}
	if v.object {
		return append(b, '}'), nil
	}
	return append(b, ']'), nil
}

// set puts a value at a path, and makes the objects that lead there.
func (v *document) set(path []string, to *document) error {
	if len(path) == 0 {
		*v = *to
		return nil
	}
	name, index := strings.CutPrefix(path[0], "[")
	switch {
	case index && v.object:
		return fmt.Errorf("[%s] is of an array, and this is an object", name)
	case index && v.scalar != nil && string(v.scalar) == "null":
		*v = document{}
		return v.set(path, to)
	case v.scalar != nil && string(v.scalar) != "null":
		return fmt.Errorf("%s is in what is neither object nor array", name)
	case v.scalar != nil:
		*v = document{object: true}
	case !v.object:
		i, err := strconv.Atoi(name)
		if err != nil || i < 0 || i > len(v.members) {
			return fmt.Errorf("%s is no place in an array of %d: give 0 to %d, the last to add one", name, len(v.members), len(v.members))
		}
		if i == len(v.members) {
			v.members = append(v.members, &document{scalar: json.RawMessage("null")})
		}
		return v.members[i].set(path[1:], to)
	}
	return v.child(name).set(path[1:], to)
}

// child is an object's member, which is made if it is not there.
func (v *document) child(name string) *document {
	if m := v.member(name); m != nil {
		return m
	}
	v.names = append(v.names, name)
	v.members = append(v.members, &document{scalar: json.RawMessage("null")})
	return v.members[len(v.members)-1]
}

// member is that of a name, the last where there are several, or nil.
func (v *document) member(name string) (found *document) {
	for i := range v.names {
		if v.names[i] == name {
			found = v.members[i]
		}
	}
	return found
}

// at follows a JSON Pointer; nil where it leads nowhere.
func (v *document) at(pointer string) *document {
	if pointer == "" {
		return v
	}
	for token := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		if v == nil {
			return nil
		}
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		if v.object || v.scalar != nil {
			v = v.member(token)
			continue
		}
		i, err := strconv.Atoi(token)
		if err != nil || i < 0 || i >= len(v.members) {
			return nil
		}
		v = v.members[i]
	}
	return v
}

// replace puts one scalar in the place of each that is another, below v: of members of a
// name, or of all where that is "".
func (v *document) replace(old, new json.RawMessage, name string) {
	for i, m := range v.members {
		if bytes.Equal(m.scalar, old) && (name == "" || v.object && v.names[i] == name) {
			m.scalar = new
		}
		m.replace(old, new, name)
	}
}

// splitPath splits data.items[0].name, or data.items.0.name. A dot that belongs to a
// name has a backslash before it. What was in brackets keeps the first of them: it is
// of an array, even where there is none yet.
func splitPath(path string) ([]string, error) {
	const dot = "\x00"
	path = strings.ReplaceAll(path, `\.`, dot)
	path = strings.NewReplacer("[", ".[", "]", "").Replace(path)
	parts := strings.Split(path, ".")
	for i := range parts {
		if strings.TrimPrefix(parts[i], "[") == "" {
			return nil, errors.New("a name in the path is empty")
		}
		parts[i] = strings.ReplaceAll(parts[i], dot, ".")
	}
	return parts, nil
}
