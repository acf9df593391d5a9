package inspect

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/billhook/billhook/internal/recording"
)

// Pretty is a body for people: JSON indented, other text as it is, the rest as hex. What
// does not print is escaped, so that no terminal obeys it.
func Pretty(body []byte, most int) string {
	var out bytes.Buffer
	switch {
	case len(body) == 0:
		return "(no body)"
	case json.Valid(body) && len(body) <= most && !deep(body):
		if json.Indent(&out, body, "", "  ") != nil {
			return Exact(body, most)
		}
		return printable(out.String())
	case utf8.Valid(body):
		return printable(cut(string(body), most))
	default:
		return hex.Dump(body[:min(len(body), most/4)])
	}
}

// deepest is how deep JSON may nest to be indented: by each level all below it grows.
const deepest = 64

// deep says whether JSON nests deeper.
func deep(text []byte) bool {
	depth, inside := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inside && c == '\\':
			i++
		case c == '"':
			inside = !inside
		case inside:
		case c == '{' || c == '[':
			if depth++; depth > deepest {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// Exact is a body on one line, on which every byte can be seen.
func Exact(body []byte, most int) string {
	return cut(recording.Visible(body[:min(len(body), most)]), most)
}

func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "… (cut here; save it for all)"
}

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return '�'
	}, s)
}

// Print writes an arrival for a terminal. bold marks the verdict; it may be nil.
func Print(w io.Writer, a *Arrival, bold func(good bool, text string) string) error {
	if bold == nil {
		bold = func(_ bool, text string) string { return text }
	}
	var b strings.Builder
	fmt.Fprintf(&b, "#%d  %s  %s %s  → %s\n", a.Number, a.At.Format("15:04:05.000"), printable(a.Request.Method), printable(a.Request.Target), a.Answered)
	if found := a.Explain(); found != nil {
		word, rest, _ := strings.Cut(found.Summary(), "erified")
		fmt.Fprintf(&b, "    %s%s\n", bold(found.Verified, word+"erified"), printable(rest))
	}
	for _, f := range a.Request.Fields {
		fmt.Fprintf(&b, "    %s: %s\n", printable(f.Name), printable(f.Value))
	}
	b.WriteByte('\n')
	for line := range strings.Lines(Pretty(a.Request.Body, shownBody)) {
		b.WriteString("    " + strings.TrimRight(line, "\n") + "\n")
	}
	if a.Cut {
		fmt.Fprintf(&b, "    (only the first %d MiB of the body are kept)\n", maxBody>>20)
	}
	b.WriteByte('\n')
	_, err := io.WriteString(w, b.String())
	return err
}
