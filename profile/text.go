package profile

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const lowerHex = "0123456789abcdef"

// plain marks the bytes that a JSON string holds unescaped and that are ASCII.
var plain = func() (t [256]bool) {
	for b := ' '; b < utf8.RuneSelf; b++ {
		t[b] = b != '"' && b != '\\'
	}
	return t
}()

// AppendString appends s as a JSON string in the form that ECMAScript's
// JSON.stringify gives it. Bytes that are not UTF-8 become U+FFFD.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	dst = appendText(dst, s)
	return append(dst, '"')
}

// appendText is AppendString without the quotes.
func appendText(dst []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); {
		if plain[s[i]] {
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		dst = append(dst, s[start:i]...)
		dst = appendRune(dst, r)
		i += n
		start = i
	}
	return append(dst, s[start:]...)
}

// appendRune appends one character of a string as QuoteJSONString of ECMA-262
// does: two-character escapes where there are such, \u00xx for the other
// control characters, \udxxx for a surrogate without a partner, and everything
// else, U+2028 and DEL among it, as UTF-8.
func appendRune(dst []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(dst, '\\', byte(r))
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	if r < ' ' || utf16.IsSurrogate(r) {
		return append(dst, '\\', 'u', lowerHex[r>>12&15], lowerHex[r>>8&15], lowerHex[r>>4&15], lowerHex[r&15])
	}
	return utf8.AppendRune(dst, r)
}

// unescape reads the escape that src begins with, a surrogate pair as one
// character, and returns how many bytes it took: 0 if it is none. A surrogate
// without a partner is returned as it is.
func unescape(src []byte) (r rune, n int) {
	if len(src) < 2 {
		return 0, 0
	}
	switch src[1] {
	case '"', '\\', '/':
		return rune(src[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	}
	r, ok := hexEscape(src)
	if !ok {
		return 0, 0
	}
	if utf16.IsSurrogate(r) {
		if low, ok := hexEscape(src[6:]); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return pair, 12
			}
		}
	}
	return r, 6
}

// hexEscape reads \uXXXX at the start of src.
func hexEscape(src []byte) (rune, bool) {
	if len(src) < 6 || src[0] != '\\' || src[1] != 'u' {
		return 0, false
	}
	r := rune(0)
	for _, b := range src[2:6] {
		switch {
		case isDigit(b):
			r = r<<4 | rune(b-'0')
		case 'a' <= b|0x20 && b|0x20 <= 'f':
			r = r<<4 | rune(b|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// unquote returns the text of a canonical JSON string, given with its quotes.
// A surrogate without a partner becomes U+FFFD: Go's strings cannot hold it.
func unquote(text []byte) string {
	text = text[1 : len(text)-1]
	var s strings.Builder
	for i := 0; i < len(text); {
		if text[i] != '\\' {
			s.WriteByte(text[i])
			i++
			continue
		}
		r, n := unescape(text[i:])
		s.WriteRune(r)
		i += n
	}
	return s.String()
}
