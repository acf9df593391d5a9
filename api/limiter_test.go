package api

import (
	"fmt"
	"testing"
	"time"
)

func TestLimiter(t *testing.T) {
	const sec = time.Second
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	l := newLimiter(Rate{PerSecond: 2, Burst: 3})
	for i, x := range []struct {
		name   string
		after  time.Duration // the start
		charge int
		ok     bool
		want   allowance
	}{
		{name: "a", ok: true, want: allowance{3, 2, sec / 2, 0}},
		{name: "a", ok: true, want: allowance{3, 1, sec, 0}},
		{name: "a", ok: true, want: allowance{3, 0, 3 * sec / 2, sec / 2}},
		{name: "a", want: allowance{3, 0, 3 * sec / 2, sec / 2}},
		{name: "a", want: allowance{3, 0, 3 * sec / 2, sec / 2}}, // what is refused costs nothing
		{name: "b", ok: true, want: allowance{3, 2, sec / 2, 0}},
		{name: "a", after: sec/2 - 1, want: allowance{3, 0, sec + 1, 1}},
		{name: "a", after: sec / 2, ok: true, want: allowance{3, 0, 3 * sec / 2, sec / 2}},
		{name: "a", after: sec, ok: true, want: allowance{3, 0, 3 * sec / 2, sec / 2}},
		{name: "a", after: time.Hour, ok: true, want: allowance{3, 2, sec / 2, 0}}, // no more than the burst
		{name: "a", after: time.Hour, charge: 9},
		{name: "a", after: time.Hour, want: allowance{3, 0, 5 * sec, 4 * sec}},
		{name: "a", after: time.Hour - sec, want: allowance{3, 0, 6 * sec, 5 * sec}}, // a clock set back
		{name: "a", after: time.Hour + 4*sec, ok: true, want: allowance{3, 0, 3 * sec / 2, sec / 2}},
		{name: "b", after: time.Hour + 4*sec, ok: true, want: allowance{3, 2, sec / 2, 0}},
	} {
		if x.charge > 0 {
			l.charge(x.name, start.Add(x.after), x.charge)
			continue
		}
		if got, ok := l.take(x.name, start.Add(x.after)); got != x.want || ok != x.ok {
			t.Errorf("step %d: %+v, %v, want %+v, %v", i, got, ok, x.want, x.ok)
		}
	}
}

// In the long run a bucket lets through what its rate says, and not one more
// than its burst besides.
func TestLimiterKeepsTheRate(t *testing.T) {
	for _, r := range []Rate{{1, 1}, {3, 1}, {7, 100}, {1000, 10}} {
		l, start := newLimiter(r), time.Now()
		through := 0
		for at := time.Duration(0); at < 10*time.Second; at += 100 * time.Microsecond {
			if _, ok := l.take("a", start.Add(at)); ok {
				through++
			}
		}
		if want := 10*r.PerSecond + r.Burst; through > want || through < want-1-r.Burst/10 {
			t.Errorf("%+v lets %d through in 10 s, not %d", r, through, want)
		}
	}
}

// What is idle takes no memory for long.
func TestLimiterForgets(t *testing.T) {
	l, now := newLimiter(Rate{PerSecond: 10}), time.Now()
	for i := range 100 * leastSweep {
		now = now.Add(time.Millisecond) // so that 1000 of them are busy at a time
		if _, ok := l.take(fmt.Sprint(i), now); !ok {
			t.Fatal("a new bucket is empty")
		}
		if len(l.full) > 2*leastSweep {
			t.Fatalf("%d buckets", len(l.full))
		}
	}
	if l := newLimiter(Rate{}); l != nil {
		t.Error("the zero Rate limits")
	}
}

// TestThrottle: a key and a store have buckets of their own, and an operator's requests
// about a store are not in that of the store's keys.
func TestThrottle(t *testing.T) {
	throttle := NewThrottle(Rate{PerSecond: 1, Burst: 3}, Rate{PerSecond: 1, Burst: 2})
	for i, tt := range []struct {
		keyStore, actor, about string
		waits                  bool
	}{
		{"mine", "a", "mine", false},
		{"mine", "b", "mine", false},
		{"mine", "c", "mine", true},   // the store
		{"", "root", "mine", false},   // of all stores
		{"", "root", "", false},       // about none
		{"", "root", "theirs", false}, // another store
		{"", "root", "another", true}, // the key
		{"theirs", "a", "theirs", false},
	} {
		if wait := throttle.Wait(tt.keyStore, tt.actor, tt.about); wait > 0 != tt.waits || wait > time.Second {
			t.Errorf("%d: %v", i, wait)
		}
	}
	if wait := NewThrottle(Rate{}, Rate{}).Wait("mine", "a", "mine"); wait != 0 {
		t.Errorf("without rates: %v", wait)
	}
}
