package main

import (
	"fmt"
	"os"
	"time"

	"github.com/billhook/billhook/internal/sqlstore"
)

// A meter prints how far a copy has come.
type meter struct {
	liveLine

	now   sqlstore.Progress
	began time.Time // the copying, or the proof
}

func newMeter(out *os.File) *meter {
	return &meter{liveLine: newLiveLine(out), began: time.Now()}
}

func (m *meter) tell(p sqlstore.Progress) {
	now := time.Now()
	if p.Proving != m.now.Proving {
		m.end()
		m.began, m.printed = now, now
	}
	m.now = p
	if m.due(now) {
		m.print(progressLine(m.now, now.Sub(m.began)))
	}
}

// end prints how far it came, as the last line of a part.
func (m *meter) end() {
	if m.now.Done == m.now.Before {
		return
	}
	m.print(progressLine(m.now, time.Since(m.began)))
	m.liveLine.end()
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
