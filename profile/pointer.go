package profile

import (
	"bytes"
	"strconv"
	"strings"
)

var (
	tokenEscapes   = strings.NewReplacer("~", "~0", "/", "~1")
	tokenUnescapes = strings.NewReplacer("~1", "/", "~0", "~")
)

// escapeToken writes a member name as a reference token of RFC 6901.
func escapeToken(name string) string { return tokenEscapes.Replace(name) }

// Resolve returns the value in a canonical JSON text that a JSON Pointer (RFC
// 6901) points at, and whether there is one. The text must come from
// Canonical: it is not checked.
func Resolve(text []byte, pointer string) ([]byte, bool) {
	if pointer == "" {
		return text, true
	}
	if pointer[0] != '/' {
		return nil, false
	}
	for token := range strings.SplitSeq(pointer[1:], "/") {
		var ok bool
		if text, ok = child(text, tokenUnescapes.Replace(token)); !ok {
			return nil, false
		}
	}
	return text, true
}

// child returns the member or element called name of an object or array.
func child(text []byte, name string) ([]byte, bool) {
	if len(text) == 0 || text[0] != '{' && text[0] != '[' {
		return nil, false
	}
	object := text[0] == '{'
	want := AppendString(nil, name)
	rest := text[1:]
	for i := 0; len(rest) > 1; i++ {
		var found bool
		if object {
			key := rest[:valueLen(rest)]
			found = bytes.Equal(key, want)
			rest = rest[len(key)+1:] // and the colon
		} else {
			found = strconv.Itoa(i) == name
		}
		n := valueLen(rest)
		if found {
			return rest[:n], true
		}
		rest = rest[min(n+1, len(rest)):] // and the comma or closing bracket
	}
	return nil, false
}

// valueLen returns how long the value is that a canonical text begins with.
func valueLen(text []byte) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			for i++; text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			depth--
		case ',', ':':
			if depth == 0 {
				return i
			}
			continue
		default:
			continue
		}
		if depth == 0 {
			return i + 1
		}
	}
	return len(text)
}
