package dashboard

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// An outside is text that came from outside, made fit to look at: payloads, answers,
// names, URLs. What would not be seen, or would change how the rest is seen, is a
// mark that says what is there.
type outside struct {
	Parts []outsidePart
	// Cut: there is more of it than is shown.
	Cut bool
	// Size is how much there is, in bytes.
	Size int
	// RawURL leads to all of it, as it is; may be empty.
	RawURL string
}

// An outsidePart is text to be shown as it is, or the name of what is not.
type outsidePart struct {
	Text string
	Mark bool
}

// What is shown at most, in bytes: of a line enough to recognise it by, of a block
// what people read.
const (
	outsideLineSize  = 512
	outsideBlockSize = 16 << 10
)

// outsideLine is for text among ours: line breaks are marks too.
func outsideLine(text string) outside { return newOutside(text, "", outsideLineSize, false) }

// outsideBlock is for text of many lines, with the address of all of it.
func outsideBlock(text, rawURL string) outside {
	return newOutside(text, rawURL, outsideBlockSize, true)
}

func newOutside(text, rawURL string, limit int, lines bool) outside {
	o := outside{Size: len(text), RawURL: rawURL}
	if len(text) > limit {
		o.Cut = true
		for limit > 0 && !utf8.RuneStart(text[limit]) {
			limit--
		}
		text = text[:limit]
	}
	plain := 0 // where the text began that is shown as it is
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		mark := markOf(r, lines)
		if r == utf8.RuneError && size == 1 {
			mark = fmt.Sprintf(`\x%02X`, text[i])
		}
		if mark != "" {
			if plain < i {
				o.Parts = append(o.Parts, outsidePart{Text: text[plain:i]})
			}
			o.Parts = append(o.Parts, outsidePart{Text: mark, Mark: true})
			plain = i + size
		}
		i += size
	}
	if plain < len(text) {
		o.Parts = append(o.Parts, outsidePart{Text: text[plain:]})
	}
	return o
}

// markOf is what is shown in place of a character that is not to be seen, "" for one
// that is shown as it is.
func markOf(r rune, lines bool) string {
	switch {
	case r == '\n' && lines, r == '\t' && lines, r == zeroWidthJoiner, r == zeroWidthNonJoiner:
		return ""
	case r < ' ':
		return string(rune(0x2400) + r) // ␛ for ESC, with which ANSI codes begin
	case r == 0x7f:
		return "\u2421"
	case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), r == 0x2028, r == 0x2029, isBlank(r):
		if r > 0xffff {
			return fmt.Sprintf(`\U%08X`, r)
		}
		return fmt.Sprintf(`\u%04X`, r)
	}
	return ""
}

// Joiners are part of words of Persian and of Hindi, and of emoji; they change the
// order of nothing.
const (
	zeroWidthNonJoiner = 0x200c
	zeroWidthJoiner    = 0x200d
)

// isBlank reports whether a letter has no ink, so that two names would look alike.
func isBlank(r rune) bool {
	switch r {
	case 0x034f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x3164, 0xffa0, 0x2800:
		return true
	}
	return unicode.Is(unicode.Zs, r) && r != ' '
}
