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

// TestAskedBeyondTheHorizon: what somebody asks for is known and goes first, though
// what comes before it is not in memory; read later on, it is not there twice.
func TestAskedBeyondTheHorizon(t *testing.T) {
	at := func(second int64) Position {
		return Position{DueAt: time.Unix(second, 0), ID: string(rune('a' + second))}
	}
	e := &endpoint{record: &record{}, concurrency: 8}
	l := &lane{endpoint: e, known: map[string]bool{}, more: true, horizon: at(5)}
	var mem memory
	for i := range int64(3) {
		l.add(Pending{Position: at(i)}, 8, &mem)
	}
	if l.ask(Pending{Position: at(9)}, 8, &mem); len(l.asked) != 0 || l.first().ID != at(0).ID {
		t.Error("one that is asked for while the breaker is closed goes before others")
	}
	e.record.breaker.open = true
	for _, asked := range []int64{9, 2, 9} { // from the disk, from memory, and once more
		if !l.ask(Pending{Position: at(asked)}, 8, &mem) {
			t.Errorf("%d is not taken in", asked)
		}
	}
	l.add(Pending{Position: at(9)}, 8, &mem) // as it is read
	if len(l.asked) != 2 || len(l.waiting) != 2 || len(l.known) != 4 || mem.deliveries != 4 {
		t.Errorf("%d are asked for, %d wait, %d known, %d counted", len(l.asked), len(l.waiting), len(l.known), mem.deliveries)
	}
	for _, want := range []int64{9, 2, 0, 1} {
		if p := l.pop(&mem); p.ID != at(want).ID {
			t.Errorf("%s goes, want %d", p.ID, want)
		}
	}
	if l.ask(Pending{Position: at(9)}, 8, &mem) {
		t.Error("what is being sent is asked for once more")
	}
	l.ask(Pending{Position: at(7)}, 8, &mem)
	if l.rewind(&mem); l.first() != nil || mem.deliveries != 0 || len(l.known) != 4 {
		t.Errorf("after a rewind: %d counted, %d known", mem.deliveries, len(l.known))
	}
}
