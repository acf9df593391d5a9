package billhook

import (
	"math"
	"sync/atomic"
	"time"
)

// Limits bound what is sent, by each node. The zero value bounds nothing.
type Limits struct {
	// RatePerSecond is how many requests may begin in a second, evenly: 0.001 to
	// 100,000; 0 for no bound.
	RatePerSecond float64 `json:"ratePerSecond,omitempty"`
	// Concurrency is how many requests may be under way at a time: 1 to 100,000; 0
	// for no bound of its own. For a webhook, Config.WebhookConcurrency is the most.
	Concurrency int `json:"concurrency,omitempty"`
}

const (
	minRate, maxRate = 0.001, 100_000
	maxConcurrency   = 100_000
)

// check says what is wrong with limits that lie at the pointer.
func (l Limits) check(pointer string) error {
	if r := l.RatePerSecond; r != 0 && !(minRate <= r && r <= maxRate) {
		return invalid(pointer+"/ratePerSecond", "is not between %v and %v", minRate, maxRate)
	}
	if n := l.Concurrency; n < 0 || n > maxConcurrency {
		return invalid(pointer+"/concurrency", "is not between 1 and %d", maxConcurrency)
	}
	return nil
}

// checkHealth says what is wrong with what a webhook or a store chooses of how its
// receivers are spared.
func checkHealth(l Limits, deactivateAfter *int64) error {
	if d := deactivateAfter; d != nil && *d != 0 && (*d < int64(minDeactivateAfter/time.Second) || *d > int64(maxDeactivateAfter/time.Second)) {
		return invalid("/deactivateAfterSeconds", "is neither 0, for never, nor between %d and %d", int64(minDeactivateAfter/time.Second), int64(maxDeactivateAfter/time.Second))
	}
	return l.check("/limits")
}

// every is the time from one request to the next; 0 for none.
func (l Limits) every() time.Duration {
	if l.RatePerSecond == 0 {
		return 0
	}
	return time.Duration(math.Round(float64(time.Second) / l.RatePerSecond))
}

// bucketSlack is how late a timer may be without costing a part of the rate. What
// was missed in it is made up for; in no second are more than the rate and one, and
// what fits in here, sent.
const bucketSlack = 10 * time.Millisecond

// A bucket is a token bucket that holds one token, told by when the next is there
// (the virtual scheduling of ITU-T I.371).
type bucket struct{ at time.Time }

// take takes the next token, and returns when it is there: now, before, or later,
// when whoever took it may go.
func (b *bucket) take(every time.Duration, now time.Time) time.Time {
	at := b.at
	if now.Sub(at) > bucketSlack {
		at = now
	}
	b.at = at.Add(every)
	return at
}

// A tenancy is what all webhooks of a store share when they send.
type tenancy struct {
	settings atomic.Pointer[StoreSettings]
	rate     bucket // the scheduler's, under its lock
}

func newTenancy() *tenancy {
	t := &tenancy{}
	t.settings.Store(&StoreSettings{})
	return t
}
