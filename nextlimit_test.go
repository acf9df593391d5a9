package billhook

import (
	"testing"
	"time"
)

// TestNextLimit takes steps of events that each cost so much, besides what every step
// costs: they come to take as long as they should, and one that took long is followed by
// one that does not.
func TestNextLimit(t *testing.T) {
	for _, test := range []struct {
		name         string
		step, event  time.Duration
		least, most  time.Duration // of a step, once it has settled
		fewest, many int           // events in it
	}{
		{"light", 300 * time.Microsecond, 30 * time.Microsecond, stepTime * 2 / 3, stepTime, 30, 60},
		{"next to nothing", 0, time.Microsecond, 0, stepTime, mostStep, mostStep},
		{"heavy", 500 * time.Microsecond, 300 * time.Microsecond, stepTime / 2, stepTime, 4, 5},
		{"too heavy", 0, 5 * time.Millisecond, 4 * 5 * time.Millisecond, 4 * 5 * time.Millisecond, leastStep, leastStep},
	} {
		limit := leastStep
		took := func() time.Duration { return test.step + time.Duration(limit)*test.event }
		for range 100 {
			limit = nextLimit(limit, limit, took())
		}
		if limit < test.fewest || limit > test.many || took() < test.least || took() > test.most {
			t.Errorf("%s: %d events in %v, want %d to %d", test.name, limit, took(), test.fewest, test.many)
		}
	}
	if limit := nextLimit(200, 200, 10*stepTime); limit > 20 {
		t.Errorf("%d events after a step ten times too long", limit)
	}
	if limit := nextLimit(8, 3, 0); limit != 8 {
		t.Errorf("%d events after a step that found less than it was given", limit)
	}
}
