package explain

import (
	"fmt"
	"io"
	"strings"
)

// Write tells the answer to people. bold marks the verdict; it may be nil.
func (a *Answer) Write(w io.Writer, bold func(good bool, text string) string) error {
	if bold == nil {
		bold = func(_ bool, text string) string { return text }
	}
	var b strings.Builder
	best := &a.Checks[0]
	if a.Verified {
		fmt.Fprintf(&b, "%s by %s\n", bold(true, "Verified"), a.Scheme)
	} else {
		fmt.Fprintf(&b, "%s by %s: %s\n", bold(false, "Not verified"), a.Scheme, a.Reason)
		for _, f := range best.Faults {
			fmt.Fprintf(&b, "\n%s\n%s\n", wrapped("  ", f.What), wrapped("  → ", f.Do))
		}
		if len(best.RuledOut) > 0 {
			fmt.Fprint(&b, "\nRuled out:\n")
			for _, line := range best.RuledOut {
				fmt.Fprintf(&b, "%s\n", wrapped("  - ", line))
			}
		}
	}
	if len(a.Checks) > 1 && !a.Verified {
		b.WriteByte('\n')
	}
	for i := range a.Checks[1:] {
		if c := &a.Checks[i+1]; !a.Verified || c.Verified { // the others are in the notes
			fmt.Fprintf(&b, "And by %s: %s\n", c.Scheme, c.verdict())
		}
	}
	for _, note := range a.Notes {
		fmt.Fprintf(&b, "\n%s\n", wrapped("Note: ", note))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Summary is the answer in one line.
func (a *Answer) Summary() string {
	if a.Verified {
		return "Verified by " + a.Scheme
	}
	return "Not verified (" + a.Reason + "): " + a.Checks[0].Faults[0].What
}

func (c *Check) verdict() string {
	if c.Verified {
		return "verified"
	}
	var codes []string
	for _, f := range c.Faults {
		codes = append(codes, f.Code)
	}
	return strings.Join(codes, ", ")
}

// width is that of a terminal on which nothing was set.
const width = 80

// wrapped breaks a text into lines; those behind the first are below its text.
func wrapped(first, text string) string {
	var b strings.Builder
	indent := strings.Repeat(" ", len([]rune(first)))
	line := first
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
			line += word
		case len([]rune(line))+1+len([]rune(word)) > width:
			b.WriteString(line + "\n")
			line = indent + word
		default:
			line += " " + word
		}
	}
	return b.String() + line
}
