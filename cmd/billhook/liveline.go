package main

import (
	"fmt"
	"os"
	"time"
	"unicode/utf8"
)

// A liveLine is a line about something that goes on: on a terminal one that changes,
// elsewhere a line every few seconds.
type liveLine struct {
	out      *os.File
	terminal bool
	every    time.Duration

	printed time.Time // so that the first line comes after a while, and is worth it
	shown   int       // the length of the line that is to be replaced
}

func newLiveLine(out *os.File) liveLine {
	l := liveLine{out: out, every: 3 * time.Second, printed: time.Now()}
	if isTerminal(out) {
		l.terminal, l.every = true, 200*time.Millisecond
	}
	return l
}

// due says whether a line may be printed again.
func (l *liveLine) due(now time.Time) bool {
	if now.Sub(l.printed) < l.every {
		return false
	}
	l.printed = now
	return true
}

func (l *liveLine) print(line string) {
	if l.terminal {
		line = clipped(line, columns(l.out)-1)      // a second line would stay
		fmt.Fprintf(l.out, "\r%-*s", l.shown, line) // #nosec G705 -- a terminal, not a page
		l.shown = utf8.RuneCountInString(line)
		return
	}
	fmt.Fprintln(l.out, line)
}

// end lets the last line stand.
func (l *liveLine) end() {
	if l.shown > 0 {
		fmt.Fprintln(l.out)
		l.shown = 0
	}
}
