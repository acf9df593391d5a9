package recording

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// A Difference is where two texts are no longer the same.
type Difference struct {
	// Offset is of the first byte that differs, from 0.
	Offset int
	// A and B are the two there, with what is around, quoted and short.
	A, B string
	// ByteA and ByteB are the bytes: 0x.. and the character, or "the end".
	ByteA, ByteB string
}

// around is how much is shown before and after, in bytes.
const around = 20

// Differ finds the first difference of two texts, and false where they are the same.
func Differ(a, b []byte) (Difference, bool) {
	if bytes.Equal(a, b) {
		return Difference{}, false
	}
	at := 0
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	return Difference{Offset: at, A: shown(a, at), B: shown(b, at), ByteA: byteAt(a, at), ByteB: byteAt(b, at)}, true
}

// shown is a text around a place, in quotes.
func shown(text []byte, at int) string {
	from, to := max(0, at-around), min(len(text), at+around)
	for from > 0 && !utf8.RuneStart(text[from]) { // no half characters
		from--
	}
	for to < len(text) && !utf8.RuneStart(text[to]) {
		to++
	}
	before, after := "", ""
	if from > 0 {
		before = "…"
	}
	if to < len(text) {
		after = "…"
	}
	return before + Visible(text[from:to]) + after
}

// Visible is a text on one line, in which everything can be seen: line breaks and what
// does not print are escaped. Quotes are not, since JSON is full of them.
func Visible(text []byte) string {
	var out []byte
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && n == 1:
			out = fmt.Appendf(out, `\x%02x`, text[0])
		case r == '"' || r == '\\':
			out = append(out, byte(r))
		case strconv.IsPrint(r):
			out = append(out, text[:n]...)
		default:
			quoted := strconv.QuoteRune(r)
			out = append(out, quoted[1:len(quoted)-1]...)
		}
		text = text[n:]
	}
	return string(out)
}

func byteAt(text []byte, at int) string {
	switch {
	case at >= len(text):
		return "the end"
	case text[at] > ' ' && text[at] <= '~':
		return fmt.Sprintf("0x%02x %c", text[at], text[at])
	case text[at] == ' ':
		return "0x20, a space"
	case text[at] == '\n':
		return "0x0a, a line break"
	default:
		return fmt.Sprintf("0x%02x", text[at])
	}
}

func (d Difference) String() string {
	return fmt.Sprintf("byte %d is %s, not %s", d.Offset, d.ByteA, d.ByteB)
}
