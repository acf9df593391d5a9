package dashboard

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/billhook/billhook"
)

// curlBodySize is up to how many bytes a body stands in the command itself: systems
// bound a command's length, and people read it.
const curlBodySize = 16 << 10

// hiddenValue stands for what is not told.
const hiddenValue = "…"

// curl is a command for a POSIX shell that makes the request with curl. What it has of
// the request is seen as it is: nothing in it is hidden from who pastes it into a
// terminal, or does anything there. A body that is too long for it is in the file.
func curl(r *billhook.Request, file string) string {
	var b strings.Builder
	text := string(r.Body)
	body := "--data-raw " + shellWord(text)
	switch {
	case len(text) > curlBodySize:
		body = "--data-binary @" + shellWord(file)
	case !isPlain(text):
		// Through a pipe, since the shell drops line breaks at the end of $(…).
		b.WriteString("printf '%b' " + escaped(text) + " | ")
		body = "--data-binary @-"
	}
	// No globbing, and dots in the path stay: the URL is what it is.
	fmt.Fprintf(&b, "curl --globoff --path-as-is -X %s %s", shellWord(r.Method), shellWord(r.URL))
	for _, h := range r.Headers {
		value := h.Value
		if h.Hidden {
			value = hiddenValue
		}
		line := h.Name + ": " + value
		if value == "" {
			line = h.Name + ";" // curl's way to send one that is empty
		}
		b.WriteString(" \\\n  -H " + shellWord(line))
	}
	b.WriteString(" \\\n  " + body)
	return b.String()
}

// shellWord quotes text for a POSIX shell so that it is one word and nothing else.
func shellWord(text string) string {
	if isPlain(text) {
		return quoted(text)
	}
	return `"$(printf '%b' ` + escaped(text) + `)"`
}

// isPlain reports whether all of the text is seen as it is. What is not could be read
// as a key by the terminal that it is pasted into, or hide what stands there.
func isPlain(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r == utf8.RuneError || markOf(r, false) != "" }) && utf8.ValidString(text)
}

// quoted is text in single quotes, within which a shell knows no other character.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// escaped is text as printf '%b' wants it (POSIX, "printf"), in quotes: bytes that are
// not to be seen are in octal.
func escaped(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError || markOf(r, false) != "":
			for _, c := range []byte(text[i : i+size]) {
				fmt.Fprintf(&b, `\0%03o`, c)
			}
		case r == '\\':
			b.WriteString(`\\`)
		default:
			b.WriteString(text[i : i+size])
		}
		i += size
	}
	return quoted(b.String())
}
