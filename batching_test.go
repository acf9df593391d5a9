package billhook

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/billhook/billhook/profile"
)

// TestCompany: a quarter after each attempt, none the last time, and never nothing.
func TestCompany(t *testing.T) {
	tests := []struct {
		events, attempts int
		want             []int
	}{
		{100, 10, []int{100, 25, 6, 1, 1, 1}},
		{100, 5, []int{100, 25, 6, 1, 1}},
		{100, 3, []int{100, 25, 1, 1}},
		{100, 2, []int{100, 1, 1}},
		{100, 1, []int{100, 1}}, // the second is not made, unless by hand after a change
		{10, 10, []int{10, 2, 1, 1}},
		{2, 10, []int{2, 1}},
	}
	for _, tt := range tests {
		b := Batching{MaxEvents: tt.events}
		for made, want := range tt.want {
			if got := b.company(made, tt.attempts); got != want {
				t.Errorf("%d events, after %d of %d attempts: %d, want %d", tt.events, made, tt.attempts, got, want)
			}
		}
		if got := b.company(1000, 2000); got != 1 {
			t.Errorf("after a thousand attempts: %d", got)
		}
	}
}

// TestNextInCompany: what is not tried again where it was alone is tried again where it
// was not, unless there was one attempt only.
func TestNextInCompany(t *testing.T) {
	server := profile.RetryPolicy{MaxAttempts: 3, BackoffMultiplier: 1, InitialDelay: time.Second, MaxDelay: time.Second, RetryOn: profile.RetryOnServerErrors}
	once := server
	once.MaxAttempts = 1
	for _, tt := range []struct {
		code, size, number int
		policy             profile.RetryPolicy
		want               Status
	}{
		{400, 0, 1, server, StatusDead},
		{400, 1, 1, server, StatusDead},
		{400, 2, 1, server, StatusPending},
		{400, 2, 2, server, StatusPending},
		{400, 2, 3, server, StatusDead},
		{400, 2, 1, once, StatusDead},
		{500, 2, 1, once, StatusDead},
		{410, 2, 1, server, StatusDead},
	} {
		a := &Attempt{Number: tt.number, StatusCode: tt.code, Failure: FailureStatus, Error: "why", BatchSize: tt.size}
		if got := Next(&Pending{Attempts: tt.number - 1}, a, tt.policy, 0); got.Status != tt.want {
			t.Errorf("%d to %d at attempt %d: %+v", tt.code, tt.size, tt.number, got)
		}
	}
}

// TestGiveBack: what was not sent waits again, and in the database alone where the lane
// was rewound meanwhile.
func TestGiveBack(t *testing.T) {
	p := Pending{Position: Position{DueAt: time.Unix(1, 0), ID: "d"}}
	for _, rewound := range []bool{false, true} {
		l := &lane{endpoint: &endpoint{}, known: map[string]bool{"d": false}}
		s := &scheduler{running: true, laneWindow: laneWindow, lanes: map[Lane]*lane{l.key: l}}
		j := &job{lane: l, rewinds: l.rewinds}
		if rewound {
			l.rewind(&s.mem)
			l.more = false // and read to its end
		}
		s.giveBack(j, &sending{left: []Pending{p}})
		if waits := len(l.waiting) == 1 && !l.more; waits == rewound || len(l.known) != len(l.waiting) || s.mem.deliveries != len(l.waiting) {
			t.Errorf("rewound %v: %d wait in memory, more %v, known %v", rewound, len(l.waiting), l.more, l.known)
		}
	}
}

// TestInOrder: a heap yields what it has in its order, and stops when it is told.
func TestInOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 50 {
		var l lane
		l.known = map[string]bool{}
		for i := range n {
			l.add(Pending{Position: Position{DueAt: time.Unix(r.Int64N(10), 0), ID: fmt.Sprint("d", i)}}, laneWindow, &memory{})
		}
		want := slices.SortedFunc(slices.Values(l.waiting), func(a, b Pending) int { return a.Position.Compare(b.Position) })
		i := 0
		for p := range l.waiting.inOrder() {
			if p.ID != want[i].ID {
				t.Fatalf("%d of %d is %s, want %s", i, n, p.ID, want[i].ID)
			}
			if i++; i == n/2+1 {
				break
			}
		}
		if i != min(n, n/2+1) {
			t.Errorf("%d of %d", i, n)
		}
	}
}

// TestCompleteAt: when a batch may go.
func TestCompleteAt(t *testing.T) {
	start := time.Unix(1_700_000_000, 0)
	type waits struct {
		due      int // seconds after start
		attempts int
		bytes    int
	}
	for _, tt := range []struct {
		name    string
		waiting []waits
		more    int // horizon, if there is one
		reading bool
		open    bool
		want    int
	}{
		{name: "one", waiting: []waits{{}}, want: 10},
		{name: "three", waiting: []waits{{}, {due: 5}, {due: 9}}, want: 10},
		{name: "full", waiting: []waits{{}, {}, {}, {}}, want: 0},
		{name: "full later", waiting: []waits{{due: 1}, {due: 2}, {due: 3}, {due: 4}}, want: 4},
		{name: "full at the end of the wait", waiting: []waits{{}, {}, {}, {due: 10}}, want: 10},
		{name: "full after it", waiting: []waits{{}, {}, {}, {due: 11}}, want: 10},
		{name: "full of bytes", waiting: []waits{{bytes: 600}, {bytes: 400}, {due: 3, bytes: 300}}, want: 3},
		{name: "too large", waiting: []waits{{bytes: 6000}, {due: 3, bytes: 1}}, want: 3},
		{name: "too large alone", waiting: []waits{{bytes: 6000}}, want: 10},
		{name: "other company", waiting: []waits{{}, {due: 2, attempts: 1}, {due: 2}}, want: 2},
		{name: "as new as it is", waiting: []waits{{attempts: 1}, {due: 2}}, want: 0}, // a quarter of four is one
		{name: "all that memory has", waiting: []waits{{}, {}}, more: 5, want: 5},
		{name: "all, and more than it may wait for", waiting: []waits{{}, {}}, more: 50, want: 10},
		{name: "more is being read", waiting: []waits{{}, {}}, more: 5, reading: true, want: 10},
		{name: "a probe", waiting: []waits{{due: 1}, {due: 2}}, open: true, want: 1},
	} {
		e := &endpoint{record: &record{}, policy: profile.RetryPolicy{MaxAttempts: 10}}
		e.webhook.Batch = Batching{MaxEvents: 4, MaxWaitMs: 10_000, MaxBytes: 1000 + 4*envelopeRest}
		e.record.breaker.open = tt.open
		l := &lane{endpoint: e, known: map[string]bool{}}
		slices.SortFunc(tt.waiting, func(a, b waits) int { return cmp.Compare(a.due, b.due) })
		for i, w := range tt.waiting {
			p := Pending{Position: Position{DueAt: start.Add(time.Duration(w.due) * time.Second), ID: fmt.Sprint("d", i)}, Attempts: w.attempts, Event: &Event{Data: make([]byte, w.bytes)}}
			l.add(p, laneWindow, &memory{})
		}
		if l.reading = tt.reading; tt.more > 0 {
			l.bound(Position{DueAt: start.Add(time.Duration(tt.more) * time.Second)})
		}
		if got := l.completeAt().Sub(start); got != time.Duration(tt.want)*time.Second {
			t.Errorf("%s: after %v, want %d s", tt.name, got, tt.want)
		}
	}
}

// BenchmarkCompleteAt is what one more delivery costs that waits for company, beside
// 8,000 that wait for another attempt.
func BenchmarkCompleteAt(b *testing.B) {
	e := &endpoint{record: &record{}, policy: profile.RetryPolicy{MaxAttempts: 10}}
	e.webhook.Batch = Batching{MaxEvents: 100, MaxWaitMs: 1000}
	l := &lane{endpoint: e, known: map[string]bool{}}
	start := time.Unix(1_700_000_000, 0)
	for i := range 8099 {
		at := start.Add(time.Duration(i) * time.Millisecond)
		if i >= 99 {
			at = at.Add(time.Hour)
		}
		l.add(Pending{Position: Position{DueAt: at, ID: fmt.Sprint(i)}}, laneWindow, &memory{})
	}
	for b.Loop() {
		l.completeAt()
	}
}
