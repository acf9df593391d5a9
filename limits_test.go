package billhook

import (
	"testing"
	"time"
)

// TestBucket: tokens come to the nanosecond, in the order in which they are asked for.
func TestBucket(t *testing.T) {
	start := time.Unix(1_700_000_000, 0)
	const every = 300 * time.Millisecond
	tests := []struct{ asked, want time.Duration }{
		{0, 0},                                   // it begins full
		{1, every},                               // and holds one
		{1, 2 * every},                           // whoever asks too early gets a later one
		{2 * every, 3 * every},                   //
		{4*every + 1, 4 * every},                 // a timer that is late costs nothing
		{5*every + 10e6, 5 * every},              // up to so much
		{6*every + 10e6 + 1, 6*every + 10e6 + 1}, // then it was idle, and still holds one
		{6*every + 10e6 + 2, 7*every + 10e6 + 1},
	}
	var b bucket
	for i, tt := range tests {
		if got := b.take(every, start.Add(tt.asked)).Sub(start); got != tt.want {
			t.Errorf("token %d is there at %d, want %d", i+1, got, tt.want)
		}
	}
}

func TestLimits(t *testing.T) {
	for _, tt := range []struct {
		rate float64
		want time.Duration
	}{{0, 0}, {10, 100 * time.Millisecond}, {3, 333_333_333}, {0.001, 1000 * time.Second}, {100_000, 10 * time.Microsecond}} {
		if got := (Limits{RatePerSecond: tt.rate}).every(); got != tt.want {
			t.Errorf("%v a second: one in %v", tt.rate, got)
		}
	}
	seconds := func(n int64) *int64 { return &n }
	nan := 0.0
	nan /= nan
	for _, tt := range []struct {
		limits  Limits
		after   *int64
		pointer string
	}{
		{Limits{}, nil, ""}, {Limits{RatePerSecond: 0.001, Concurrency: 1}, seconds(0), ""}, {Limits{100_000, 100_000}, seconds(600), ""},
		{Limits{}, seconds(31_536_000), ""},
		{Limits{RatePerSecond: -1}, nil, "/limits/ratePerSecond"}, {Limits{RatePerSecond: 1e-4}, nil, "/limits/ratePerSecond"},
		{Limits{RatePerSecond: 100_001}, nil, "/limits/ratePerSecond"}, {Limits{RatePerSecond: nan}, nil, "/limits/ratePerSecond"},
		{Limits{Concurrency: -1}, nil, "/limits/concurrency"}, {Limits{Concurrency: 100_001}, nil, "/limits/concurrency"},
		{Limits{}, seconds(599), "/deactivateAfterSeconds"}, {Limits{}, seconds(-1), "/deactivateAfterSeconds"}, {Limits{}, seconds(31_536_001), "/deactivateAfterSeconds"},
	} {
		err, pointer := checkHealth(tt.limits, tt.after), ""
		if e, ok := err.(*Error); ok {
			pointer = e.Pointer
		}
		if pointer != tt.pointer || (err == nil) != (tt.pointer == "") {
			t.Errorf("%+v, %v: %v", tt.limits, tt.after, err)
		}
	}
}

func TestWindow(t *testing.T) {
	start := time.Unix(1_700_000_040, 0) // where a part of a minute begins
	var w window
	add := func(at time.Duration, code int, took time.Duration) {
		a := &Attempt{StatusCode: code, Duration: took}
		if code != 200 {
			a.Failure = FailureStatus
		}
		w.add(time.Minute, a, start.Add(at))
	}
	for i := range 90 {
		add(time.Duration(i)*100*time.Millisecond, 200, 20*time.Millisecond)
	}
	for range 10 {
		add(12*time.Second, 500, 700*time.Millisecond)
	}
	add(13*time.Second, 0, 15*time.Second) // no answer
	got := w.read(time.Minute, start.Add(59*time.Second))
	if got.Attempts != 101 || got.Successes != 90 || got.P50 < 16*time.Millisecond || got.P50 > 32*time.Millisecond ||
		got.P95 < 512*time.Millisecond || got.P95 > 1024*time.Millisecond {
		t.Errorf("read %+v", got)
	}
	if got := w.read(time.Minute, start.Add(60*time.Second)); got.Attempts != 11 || got.Successes != 0 {
		t.Errorf("a minute later: %+v", got)
	}
	if got := w.read(time.Minute, start.Add(70*time.Second)); got.Attempts != 0 || got.P50 != 0 {
		t.Errorf("when all is over: %+v", got)
	}
	add(60*time.Second, 200, time.Hour) // takes the place of the first
	if got := w.read(time.Minute, start.Add(61*time.Second)); got.Attempts != 12 || got.Successes != 1 || got.P95 > 40*time.Second {
		t.Errorf("read %+v", got)
	}
}

// TestThrottle: a receiver that asks for fewer requests is left alone for as long as
// it asks, an hour at most, and else for less than any document's retries wait.
func TestThrottle(t *testing.T) {
	at := time.Unix(1_700_000_000, 0)
	for _, tt := range []struct {
		name       string
		codes      []int
		retryAfter time.Duration
		want       time.Duration
	}{
		{"500", []int{500}, 0, 0},
		{"429", []int{429}, 0, 100 * time.Millisecond},
		{"503 again and again", []int{503, 502, 504, 429, 503, 503}, 0, 800 * time.Millisecond},
		{"429 for a minute", []int{429}, time.Minute, time.Minute},
		{"500 for a minute", []int{500}, time.Minute, time.Minute},
		{"503 for ever", []int{503}, 1000 * time.Hour, time.Hour},
		{"and then well", []int{503, 503, 200, 503}, 0, 100 * time.Millisecond},
	} {
		var r record
		for _, code := range tt.codes {
			a := &Attempt{DeliveryID: "d", StatusCode: code, StartedAt: at, RetryAfter: tt.retryAfter}
			if code != 200 {
				a.Failure = FailureStatus
			}
			r.throttledUntil = time.Time{}
			r.learn(Lane{"s", "w"}, a, false, true, 32, at)
		}
		if got := r.throttledUntil; tt.want == 0 && !got.IsZero() || tt.want > 0 && !got.Equal(at.Add(tt.want)) {
			t.Errorf("%s: left alone until %v", tt.name, got.Sub(at))
		}
	}
	r := record{throttledUntil: at.Add(time.Hour)}
	r.learn(Lane{"s", "w"}, &Attempt{StatusCode: 429, Failure: FailureStatus, RetryAfter: time.Second}, false, true, 32, at)
	if !r.throttledUntil.Equal(at.Add(time.Hour)) {
		t.Error("a shorter wish took the place of a longer one")
	}
}
