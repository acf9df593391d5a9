package billhook

import (
	"testing"
	"time"
)

// TestHorizon: what lies between a horizon and a farther one was never read, so
// it only comes nearer, but for a lane that knows everything.
func TestHorizon(t *testing.T) {
	at := func(second int64) Position { return Position{DueAt: time.Unix(second, 0), ID: "d"} }
	l := &lane{known: map[string]bool{}}
	for _, step := range []struct {
		more        bool
		bound, want int64
	}{{false, 9, 9}, {true, 12, 9}, {true, 3, 3}, {true, 9, 3}, {false, 12, 12}} {
		l.more = step.more
		l.bound(at(step.bound))
		if !l.more || l.horizon != at(step.want) {
			t.Errorf("bound %d: horizon %v, want %d", step.bound, l.horizon.DueAt.Unix(), step.want)
		}
	}

	// A full lane that has more on disk than it was told of lets go of its last.
	var mem memory
	l = &lane{known: map[string]bool{}, more: true, horizon: at(100)}
	for i := range int64(9) {
		l.add(Pending{Position: Position{DueAt: time.Unix(i, 0), ID: string(rune('a' + i))}}, 8, &mem)
	}
	if len(l.waiting) != 4 || l.horizon.DueAt.Unix() != 3 || mem.deliveries != 4 || len(l.known) != 4 {
		t.Errorf("%d wait, horizon %v, %d counted, %d known", len(l.waiting), l.horizon.DueAt.Unix(), mem.deliveries, len(l.known))
	}
	l.rewind(&mem)
	if len(l.waiting)+mem.deliveries+len(l.known) != 0 || !l.more || l.horizon != (Position{}) {
		t.Errorf("after a rewind: %+v, %+v", l, mem)
	}
}
