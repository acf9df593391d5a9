package billhook

import (
	"math/bits"
	"time"
)

const (
	// windowSlots is of how many parts a window is made: the oldest falls out at a
	// time, so that a window of a minute tells of the last 50 to 60 s.
	windowSlots = 6
	// latencies are the classes of how long answers took: below 1 ms, 2 ms, 4 ms
	// and so on, the last for all beyond 16 s.
	latencies = 16
)

// spans are how long the windows are.
var spans = [...]time.Duration{time.Minute, time.Hour, 24 * time.Hour}

// A window counts attempts of the last while, in memory that does not grow: 3 KB
// for a webhook's three.
type window [windowSlots]struct {
	number    int64 // of the part, counted from 1970
	attempts  uint32
	successes uint32
	took      [latencies]uint32
}

// add counts an attempt that ended at that time, in a window so long.
func (w *window) add(span time.Duration, a *Attempt, at time.Time) {
	number := at.UnixNano() / int64(span/windowSlots)
	s := &w[number%windowSlots]
	if s.number != number {
		*s = window{}[0]
		s.number = number
	}
	s.attempts++
	if a.Success() {
		s.successes++
	}
	if a.StatusCode != 0 {
		s.took[min(bits.Len64(uint64(max(a.Duration.Milliseconds(), 0))), latencies-1)]++
	}
}

// read tells what the window has now.
func (w *window) read(span time.Duration, now time.Time) HealthWindow {
	newest := now.UnixNano() / int64(span/windowSlots)
	sum := HealthWindow{Span: span}
	var took [latencies]int
	answers := 0
	for i := range w {
		s := &w[i]
		if s.number > newest || s.number <= newest-windowSlots {
			continue
		}
		sum.Attempts += int(s.attempts)
		sum.Successes += int(s.successes)
		for i, n := range s.took {
			took[i] += int(n) // #nosec G602 -- both are of one length
			answers += int(n)
		}
	}
	sum.P50, sum.P95 = quantile(&took, answers, 0.5), quantile(&took, answers, 0.95)
	return sum
}

// quantile is below which time that share of so many answers was, as near as the
// classes tell.
func quantile(took *[latencies]int, answers int, share float64) time.Duration {
	rank := share * float64(answers)
	low := 0.0
	for i, n := range took {
		high := float64(int(1) << i)
		if n > 0 && rank <= float64(n) {
			return time.Duration((low + (high-low)*rank/float64(n)) * float64(time.Millisecond))
		}
		rank -= float64(n)
		low = high
	}
	return 0
}
