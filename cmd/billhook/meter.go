package main

import (
	"fmt"
	"os"
	"time"

	"github.com/billhook/billhook/internal/sqlstore"
)

// A meter prints how far a copy has come: on a terminal a line that changes,
// elsewhere a line every few seconds.
type meter struct {
	out      *os.File
	terminal bool
	every    time.Duration

	now     sqlstore.Progress
	began   time.Time // the copying, or the proof
	printed time.Time // so that the first line comes after a while, and is worth it
	shown   int       // the length of the line that is to be replaced
}

func newMeter(out *os.File) *meter {
	now := time.Now()
	m := &meter{out: out, every: 3 * time.Second, began: now, printed: now}
	if info, err := out.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		m.terminal, m.every = true, 200*time.Millisecond
	}
	return m
}

func (m *meter) tell(p sqlstore.Progress) {
	now := time.Now()
	if p.Proving != m.now.Proving {
		m.end()
		m.began, m.printed = now, now
	}
	m.now = p
	if now.Sub(m.printed) < m.every {
		return
	}
	m.printed = now
	m.print(now)
}

func (m *meter) print(now time.Time) {
	line := progressLine(m.now, now.Sub(m.began))
	if m.terminal {
		fmt.Fprintf(m.out, "\r%-*s", m.shown, line)
		m.shown = len(line)
		return
	}
	fmt.Fprintln(m.out, line)
}

// end prints how far it came, as the last line of a part.
func (m *meter) end() {
	if m.now.Done == m.now.Before {
		return
	}
	m.print(time.Now())
	if m.shown > 0 {
		fmt.Fprintln(m.out)
		m.shown = 0
	}
	m.now = sqlstore.Progress{Proving: m.now.Proving}
}

// progressLine is a line without its end.
func progressLine(p sqlstore.Progress, took time.Duration) string {
	what := "copying"
	if p.Proving {
		what = "comparing"
	}
	share := 100.0
	if p.Total > 0 {
		share = min(100, 100*float64(p.Done)/float64(p.Total))
	}
	perSecond := float64(p.Done-p.Before) / max(took.Seconds(), 0.001)
	line := fmt.Sprintf("%-9s %-10s %d of %d rows, %.0f rows/s, %.0f %%", what, p.Table, p.Done, p.Total, perSecond, share)
	if left := p.Total - p.Done; left > 0 && perSecond > 0 && took >= time.Second { // before, it is a guess
		line += fmt.Sprintf(", %v left", time.Duration(float64(left)/perSecond*float64(time.Second)).Round(time.Second))
	}
	return line
}
