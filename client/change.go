package client

import "encoding/json"

// A Change is what becomes of one member: it stays as it is, where nothing is said; it
// gets a value, by [To]; or it goes back to its default, by [ToDefault].
type Change[T any] struct {
	value T
	kind  changeKind
}

type changeKind byte

const (
	unchanged changeKind = iota
	toValue
	toDefault
)

// To changes a member to the value.
func To[T any](value T) Change[T] { return Change[T]{value, toValue} }

// ToDefault takes a member back to what it is where nobody has said anything: JSON's
// null. Members that must have a value refuse it.
func ToDefault[T any]() Change[T] { return Change[T]{kind: toDefault} }

// IsZero says whether the member stays as it is.
func (c Change[T]) IsZero() bool { return c.kind == unchanged }

// MarshalJSON implements [json.Marshaler].
func (c Change[T]) MarshalJSON() ([]byte, error) {
	if c.kind != toValue {
		return []byte("null"), nil
	}
	return marshal(c.value)
}

// UnmarshalJSON implements [json.Unmarshaler], so that a change can be read from a file:
// null is [ToDefault].
func (c *Change[T]) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*c = ToDefault[T]()
		return nil
	}
	c.kind = toValue
	return json.Unmarshal(text, &c.value)
}
