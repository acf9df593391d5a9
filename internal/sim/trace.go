package sim

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"
)

// A trace is what happened, as people would tell it. Nothing in it comes from
// chance outside the seed, so that two runs can be compared.
type trace []line

type line struct {
	at   time.Duration // since the world began
	text string
}

// A moment is a time, and a delivery or an event that it was about; "" for none.
type moment struct {
	at    time.Duration
	about string
}

// sorted is in order of time; what happens at one instant has no other order.
func (t trace) sorted() trace {
	t = slices.Clone(t)
	slices.SortStableFunc(t, func(a, b line) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.text, b.text)) })
	return t
}

func (t trace) hash() uint64 {
	h := fnv.New64a()
	for _, l := range t.sorted() {
		fmt.Fprintln(h, int64(l.at), l.text)
	}
	return h.Sum64()
}

// around is the part that tells how a moment came about: all that has to do with
// what it is about, and the last and next of everything.
func (t trace) around(m moment) string {
	const before, after = 25, 5
	lines := t.sorted()
	now, _ := slices.BinarySearchFunc(lines, m.at, func(l line, at time.Duration) int { return cmp.Compare(l.at, at) })
	var b strings.Builder
	skipped := false
	for i, l := range lines {
		near := now-before <= i && i < now+after
		if !near && (m.about == "" || !strings.Contains(l.text+" ", m.about+" ")) {
			skipped = true
			continue
		}
		if skipped {
			b.WriteString("      …\n")
		}
		skipped = false
		fmt.Fprintf(&b, "    %v\n", l)
	}
	return b.String()
}

func (l line) String() string { return fmt.Sprintf("%-15v %s", l.at, l.text) }

// tell adds a line to the trace.
func (w *world) tell(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.note(format, args...)
}

// note is tell for those who have w.mu.
func (w *world) note(format string, args ...any) {
	w.trace = append(w.trace, line{time.Since(w.began), fmt.Sprintf(format, args...)})
}

// fail notes a broken promise, and what it is about. It wants w.mu.
func (w *world) fail(about, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if about != "" {
		text = about + ": " + text
	}
	w.note("BROKEN %s", text)
	w.failures = append(w.failures, text)
	w.where = append(w.where, moment{time.Since(w.began), about})
}
