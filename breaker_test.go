package billhook

import (
	"fmt"
	"testing"
	"time"
)

// TestBreaker walks the breaker through its states.
func TestBreaker(t *testing.T) {
	start := time.Unix(1_700_000_000, 0)
	second := func(n float64) time.Time { return start.Add(time.Duration(n * float64(time.Second))) }
	type step struct {
		at       float64 // seconds
		delivery string  // that fails; "" succeeds, "probe" fails as the probe
		state    BreakerState
		probeAt  float64
	}
	fails := func(at float64, delivery string) step { return step{at, delivery, BreakerClosed, 0} }
	tests := []struct {
		name  string
		steps []step
	}{
		{"a delivery that fails alone", []step{fails(0, "a"), fails(5, "a"), fails(30, "a"), fails(90, "a"), fails(900, "a"), fails(9000, "a")}},
		{"four", []step{fails(0, "a"), fails(0, "b"), fails(0, "c"), fails(0, "d"), fails(60, "a"), fails(600, "b"), fails(6000, "d")}},
		{"many, for a moment", []step{fails(0, "a"), fails(0, "b"), fails(1, "c"), fails(2, "d"), fails(3, "e"), fails(9.9, "f")}},
		{"many, for long enough", []step{fails(0, "a"), fails(0, "b"), fails(1, "c"), fails(2, "d"), fails(3, "e"), {10, "a", BreakerOpen, 73}}},
		{"a success between", []step{fails(0, "a"), fails(1, "b"), fails(2, "c"), fails(3, "d"), {4, "", BreakerClosed, 0}, fails(12, "e"), fails(13, "a"), fails(14, "b"), fails(15, "c"), fails(16, "d"), {22, "e", BreakerOpen, 85}}},
		{"probes", []step{
			fails(0, "a"), fails(1, "b"), fails(2, "c"), fails(3, "d"), {20, "e", BreakerOpen, 83},
			{21, "f", BreakerOpen, 83}, // was under way when it opened
			{84, "probe", BreakerOpen, 147}, {150, "probe", BreakerOpen, 213}, {220, "", BreakerClosed, 0}, fails(221, "a"),
		}},
	}
	for _, tt := range tests {
		var b breaker
		for i, s := range tt.steps {
			at := second(s.at)
			if s.delivery == "" {
				b = b.success(at)
			} else {
				b = b.failure(s.delivery, s.delivery == "probe", at, 0.5)
			}
			if b.state() != s.state || s.state == BreakerOpen && !b.probeAt.Equal(second(s.probeAt)) {
				t.Errorf("%s, step %d: %s, probe at %v", tt.name, i+1, b.state(), b.probeAt.Sub(start))
			}
		}
	}
}

// TestBreakerResumes: who starts with receivers that are known to fail does not try
// them all at once, nor any sooner than the others.
func TestBreakerResumes(t *testing.T) {
	at := time.Unix(1_700_000_000, 0)
	var first, last time.Duration = probeEvery, 0
	inHalf := 0
	for i := range 1000 {
		b := breaker{}.resume(at.Add(-time.Hour), at, Lane{"s", fmt.Sprint("wh_", i)}.spread(0))
		in := b.probeAt.Sub(at)
		first, last = min(first, in), max(last, in)
		if in < probeEvery/2 {
			inHalf++
		}
		if b.state() != BreakerOpen || !b.failingSince.Equal(at.Add(-time.Hour)) {
			t.Fatalf("resumed as %+v", b)
		}
	}
	if first > time.Second || last < probeEvery-time.Second || last > probeEvery || inHalf < 400 || inHalf > 600 {
		t.Errorf("probes from %v to %v, %d of 1000 in the first half", first, last, inHalf)
	}
	b := breaker{open: true, probeAt: at.Add(time.Hour), failures: 9, failingSince: at}.forgive(at)
	if b.state() != BreakerOpen || !b.probeAt.Equal(at) || b.failures != 0 || !b.failingSince.IsZero() {
		t.Errorf("forgiven: %+v", b)
	}
}
