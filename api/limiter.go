package api

import (
	"sync"
	"time"
)

// A Rate bounds requests; the zero Rate does not.
type Rate struct {
	// PerSecond is how many there may be in the long run. Default: no limit.
	PerSecond int
	// Burst is how many there may be at once. Default: PerSecond.
	Burst int
}

// price is the time in which a bucket gets room for one more.
func (r Rate) price() time.Duration { return time.Second / time.Duration(r.PerSecond) }

// size is the time in which an empty bucket fills up.
func (r Rate) size() time.Duration { return r.price() * time.Duration(r.Burst) }

// An allowance is what a bucket has to tell its caller.
type allowance struct {
	limit, left int
	// full is when there may be all at once again, and wait when one.
	full, wait time.Duration
}

// allowance is that of a bucket which is full again after some time. What was let
// in may be more than it had; the time is longer than its size then.
func (r Rate) allowance(full time.Duration) allowance {
	return allowance{
		limit: r.Burst, left: int(max(0, r.size()-full) / r.price()),
		full: full, wait: max(0, full+r.price()-r.size()),
	}
}

// A limiter has a bucket of tokens for each name that has asked lately.
type limiter struct {
	rate Rate

	mu sync.Mutex
	// full is when each bucket is full again, which is all there is to know of it.
	full map[string]time.Time
	// sweepAt is with how many buckets those that are full are dropped: they are
	// as good as new ones.
	sweepAt int
}

const leastSweep = 1024

// newLimiter makes a limiter, or nil, which limits nothing.
func newLimiter(r Rate) *limiter {
	if r.PerSecond <= 0 {
		return nil
	}
	if r.Burst <= 0 {
		r.Burst = r.PerSecond
	}
	return &limiter{rate: r, full: map[string]time.Time{}, sweepAt: leastSweep}
}

// take takes one from the bucket, unless it has none.
func (l *limiter) take(name string, now time.Time) (a allowance, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	full := l.fullAfter(name, now)
	if ok = full+l.rate.price() <= l.rate.size(); ok {
		full += l.rate.price()
		l.full[name] = now.Add(full)
	}
	return l.rate.allowance(full), ok
}

// charge takes n more from the bucket of who was let in, whether it has them or
// not: who was let in is not stopped half way, and the next one waits.
func (l *limiter) charge(name string, now time.Time, n int) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.full[name] = now.Add(l.fullAfter(name, now) + time.Duration(n)*l.rate.price())
}

// fullAfter is in how much time the bucket is full. It wants l.mu.
func (l *limiter) fullAfter(name string, now time.Time) time.Duration {
	at, known := l.full[name]
	if !known && len(l.full) >= l.sweepAt {
		for name, at := range l.full {
			if !at.After(now) {
				delete(l.full, name)
			}
		}
		l.sweepAt = max(leastSweep, 2*len(l.full))
	}
	return max(0, at.Sub(now)) // a new one is full
}

// A Throttle holds requests that are not the API's own, those for the dashboard's
// pages, to rates like the API's, in buckets of its own.
type Throttle struct{ key, store *limiter }

// NewThrottle bounds the requests of each key, and those about each store. The zero
// Rate bounds nothing.
func NewThrottle(key, store Rate) *Throttle {
	return &Throttle{key: newLimiter(key), store: newLimiter(store)}
}

// Wait counts a request of a key, told by its store, "" for all, and its actor, about a
// store, "" for none. It answers how long to wait where it is one too many, and else 0.
func (t *Throttle) Wait(keyStoreID, actor, storeID string) time.Duration {
	now := time.Now()
	if t.key != nil {
		if a, ok := t.key.take(keyBucket(keyStoreID, actor), now); !ok {
			return a.wait
		}
	}
	if t.store == nil || storeID == "" {
		return 0
	}
	if a, ok := t.store.take(storeBucket(keyStoreID, storeID), now); !ok {
		return a.wait
	}
	return 0
}
