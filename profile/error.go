package profile

import (
	"fmt"
	"slices"
	"strings"
)

// Codes of a JSONError. They are stable: callers may compare and show them.
const (
	CodeInvalidJSON   = "invalid_json"   // not a JSON text (RFC 8259)
	CodeInvalidUTF8   = "invalid_utf8"   // bytes that are not UTF-8
	CodeTooDeep       = "too_deep"       // nests deeper than Options.MaxDepth
	CodeInexactNumber = "inexact_number" // ECMAScript would change the number
)

// JSONError says why a JSON text was refused, and where.
type JSONError struct {
	Code    string // one of the codes above
	Pointer string // RFC 6901, the value it is in; "" is the whole text
	Offset  int    // in bytes from the start of the text
	Message string // for people, without the place
}

func (e *JSONError) Error() string {
	if e.Pointer == "" {
		return fmt.Sprintf("%s (at byte %d)", e.Message, e.Offset)
	}
	return fmt.Sprintf("%s: %s (at byte %d)", e.Pointer, e.Message, e.Offset)
}

// MemberError names a member of a profile or retry policy that will not do.
type MemberError struct {
	Pointer string // RFC 6901, from the value that was checked
	Message string
}

func (e *MemberError) Error() string {
	if e.Pointer == "" {
		return e.Message
	}
	return e.Pointer + ": " + e.Message
}

// bad returns a *MemberError.
func bad(pointer, format string, args ...any) error {
	return &MemberError{Pointer: pointer, Message: fmt.Sprintf(format, args...)}
}

// fail notes the error at offset and returns false.
func (c *canonicalizer) fail(code string, offset int, message string) bool {
	c.err = &JSONError{Code: code, Offset: offset, Message: message}
	return false
}

// syntax fails at pos.
func (c *canonicalizer) syntax(message string) bool {
	if c.pos >= len(c.src) {
		message = "unexpected end of the text"
	}
	return c.fail(CodeInvalidJSON, c.pos, message)
}

// within notes, on the way out, that the error lies under token. Paths are
// built this way so that the common case, no error, pays nothing for them.
func (c *canonicalizer) within(token string) bool {
	c.path = append(c.path, token)
	return false
}

// failure returns the error noted, with its pointer.
func (c *canonicalizer) failure() *JSONError {
	var pointer strings.Builder
	for _, token := range slices.Backward(c.path) {
		pointer.WriteByte('/')
		pointer.WriteString(escapeToken(token))
	}
	c.err.Pointer = pointer.String()
	return c.err
}

// shorten is text for a message: its beginning, if it is long.
func shorten(text []byte) string {
	if len(text) > 40 {
		return string(text[:40]) + "…"
	}
	return string(text)
}
