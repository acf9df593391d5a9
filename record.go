package billhook

import (
	"hash/fnv"
	"math/rand/v2"
	"time"
)

const (
	// throttlePause is how long a lane pauses after an answer that asks for fewer
	// requests and not for how long; it doubles with each further one, up to
	// maxThrottlePause, which is less than what any document waits for a retry.
	throttlePause    = 100 * time.Millisecond
	maxThrottlePause = 800 * time.Millisecond
	// maxThrottle bounds how long a receiver can ask to be left alone.
	maxThrottle = time.Hour
)

// A record is what this node knows of a webhook's receiver. It is the scheduler's,
// under its lock; a webhook has the same one until its URL changes.
type record struct {
	standing  standing
	breaker   breaker
	allowance allowance
	rate      bucket
	// throttles counts the answers in a row that asked for fewer requests.
	throttles      int
	throttledUntil time.Time
	usedAt         time.Time

	lastSuccess, lastFailure time.Time
	lastError                string
	windows                  *[len(spans)]window // nil before the first attempt

	// seen is the webhook as it was last looked at.
	seen struct {
		updatedAt, failingSince time.Time
		isActive                bool
	}
	// told is how far on the way to its deactivation was told of, in percent;
	// noting: a change of FailingSince is being written.
	told   int
	noting bool
}

// learn takes in what came of an attempt. probe: it was that of the breaker; full:
// all places that the receiver had were taken; most is how many it may ever have.
func (r *record) learn(key Lane, a *Attempt, probe, full bool, most int, at time.Time) {
	if r.windows == nil {
		r.windows = new([len(spans)]window)
	}
	for i, span := range spans {
		r.windows[i].add(span, a, at)
	}
	r.usedAt = at
	if a.Success() {
		r.acknowledged(a, full, most, at)
	} else {
		r.failed(key, a, probe, at)
	}
	r.standing = r.standing.after(a, r.breaker.failures)
}

func (r *record) acknowledged(a *Attempt, full bool, most int, at time.Time) {
	if r.breaker.open { // what waits must not all come at once
		r.allowance.places, r.allowance.threshold = 0, max(r.allowance.places*cutRefused, firstPlaces)
	}
	r.breaker = r.breaker.success(at)
	r.allowance = r.allowance.acknowledged(a.StartedAt, a.Duration, full, most, at)
	r.throttles, r.told, r.lastSuccess = 0, 0, at
}

func (r *record) failed(key Lane, a *Attempt, probe bool, at time.Time) {
	r.breaker = r.breaker.failure(a.DeliveryID, probe, at, key.spread(r.breaker.failures))
	r.lastFailure, r.lastError = at, a.Error
	if throttles(a.StatusCode) || a.StatusCode == 0 {
		r.allowance = r.allowance.overtaxed(a.StartedAt, at)
	}
	pause := min(a.RetryAfter, maxThrottle)
	if throttles(a.StatusCode) {
		pause = max(pause, min(throttlePause<<min(r.throttles, 10), maxThrottlePause))
		r.throttles++
	}
	if until := at.Add(pause); pause > 0 && until.After(r.throttledUntil) {
		r.throttledUntil = until
	}
}

// follow takes in what the webhook has become.
func (r *record) follow(key Lane, w *Webhook, at time.Time) {
	was := r.seen
	r.seen.updatedAt, r.seen.failingSince, r.seen.isActive = w.UpdatedAt, w.FailingSince, w.IsActive
	known := r.lastSuccess.After(w.FailingSince) || r.breaker.failures > 0
	switch {
	case was.updatedAt.Equal(w.UpdatedAt):
	case !w.FailingSince.IsZero() && !w.FailingSince.Equal(was.failingSince):
		if !known { // others have seen it fail
			r.breaker, r.standing = r.breaker.resume(w.FailingSince, at, key.spread(0)), bad
		}
	case was.updatedAt.IsZero():
	case !was.failingSince.IsZero() && w.FailingSince.IsZero(), w.IsActive && !was.isActive:
		// Others have seen it succeed, or someone has seen to it.
		r.breaker, r.told, r.throttledUntil = r.breaker.forgive(at), 0, time.Time{}
	}
}

// spread is a number in [0, 1) that depends on nothing but the lane and n, so that a
// simulation goes the same way each time.
func (l Lane) spread(n int) float64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(l.WebhookID))                          // never fails
	return rand.New(rand.NewPCG(h.Sum64(), uint64(n))).Float64() // #nosec G404 G115 -- spreads probes, guards nothing
}
