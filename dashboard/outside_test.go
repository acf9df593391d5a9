package dashboard

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// seen is an outside as people see it, marks in brackets.
func seen(o outside) string {
	var b strings.Builder
	for _, part := range o.Parts {
		if part.Mark {
			b.WriteString("[" + part.Text + "]")
		} else {
			b.WriteString(part.Text)
		}
	}
	return b.String()
}

// TestOutside: nothing is hidden, and nothing changes how the rest is seen.
func TestOutside(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "",
		"plain ümläut 漢字 🙂":      "plain ümläut 漢字 🙂",
		"\x1b[31mred\x1b[0m":     "[␛][31mred[␛][0m",
		"a\u202egnp.exe":         `a[\u202E]gnp.exe`,
		"\u2066x\u2069":          `[\u2066]x[\u2069]`,
		"zero\u200bwidth\ufeff":  `zero[\u200B]width[\uFEFF]`,
		"nbsp\u00a0":             `nbsp[\u00A0]`,
		"tag\U000e0041":          `tag[\U000E0041]`,
		"bad\xff\xfeutf8":        `bad[\xFF][\xFE]utf8`,
		"\ufffd":                 "\ufffd",
		"one\ntwo\r\n\x00\x7f":   "one[␊]two[␍][␊][␀][␡]",
		"c1\u0085":               `c1[\u0085]`,
		"👩\u200d💻 می\u200cخواهم": "👩\u200d💻 می\u200cخواهم",
		"<b>&amp;</b>":           "<b>&amp;</b>",
	} {
		if got := seen(outsideLine(text)); got != want {
			t.Errorf("%q is seen as %q, not %q", text, got, want)
		}
	}
	if got := seen(outsideBlock("a\n\tb\r", "")); got != "a\n\tb[␍]" {
		t.Errorf("a block: %q", got)
	}
}

// TestOutsideIsCut: a megabyte is a readable beginning, and no character is cut.
func TestOutsideIsCut(t *testing.T) {
	for _, text := range []string{strings.Repeat("x", 1<<20), strings.Repeat("€", 1<<18), strings.Repeat("\x1b", 1<<20), strings.Repeat("\x80", 1<<20)} {
		o := outsideBlock(text, "/raw")
		if !o.Cut || o.Size != len(text) || o.RawURL != "/raw" {
			t.Errorf("%q…: %v %d", text[:3], o.Cut, o.Size)
		}
		size := 0
		for _, part := range o.Parts {
			size += len(part.Text)
			if !utf8.ValidString(part.Text) {
				t.Errorf("%q… is cut inside of a character", text[:3])
			}
		}
		if size > 5*outsideBlockSize {
			t.Errorf("%q…: %d bytes are shown", text[:3], size)
		}
	}
}
