package billhook

import (
	"net/http"
	"time"

	"github.com/billhook/billhook/profile"
)

// A Step is what comes after an attempt.
type Step struct {
	// Status is StatusDelivered, StatusDead, or StatusPending for another
	// attempt at RetryAt.
	Status  Status
	RetryAt time.Time
	// Reason says why it is not delivered; empty when it is.
	Reason string
	// Deactivate: the receiver wants no more deliveries, so that its webhook is to
	// become inactive.
	Deactivate bool
}

// Next decides what comes after an attempt of a delivery, which is as it was before
// that. It is pure: random, in [0, 1), is what jitter is made of.
//
// Another attempt is never earlier than the receiver asked for, and never when the
// delivery is older than the policy's MaxAge.
func Next(d *Pending, a *Attempt, p profile.RetryPolicy, random float64) Step {
	made := a.Number - d.AttemptsBefore
	end := a.StartedAt.Add(a.Duration)
	dead := func(reason string) Step { return Step{Status: StatusDead, Reason: reason} }
	switch {
	case a.Success():
		return Step{Status: StatusDelivered}
	case a.StatusCode == http.StatusGone:
		return Step{Status: StatusDead, Reason: a.Error, Deactivate: true}
	case a.Failure == FailureExpired:
		return dead(a.Error)
	case !p.Retries(a.StatusCode) && (a.BatchSize < 2 || made >= p.MaxAttempts):
		// In company it may be another that the receiver refuses for good.
		return dead(notRetried(a))
	case made >= p.MaxAttempts:
		return dead(outOfAttempts(d, a, made))
	}
	at := end.Add(max(p.Delay(made, random), a.RetryAfter))
	if expires := expiry(d, p); !expires.IsZero() && at.After(expires) {
		return dead(tooOld(d, a, made, p.MaxAge))
	}
	return Step{Status: StatusPending, RetryAt: at, Reason: a.Error}
}

// expiry is when a delivery is too old for another attempt; zero for never.
func expiry(d *Pending, p profile.RetryPolicy) time.Time {
	if p.MaxAge <= 0 {
		return time.Time{}
	}
	return d.since().Add(p.MaxAge)
}

// since is when a delivery was due first, from which its age counts. For one that was
// not tried yet that is when it is due: later than it was made where it was scheduled,
// or where somebody wants it now.
func (d *Pending) since() time.Time {
	first := later(d.CreatedAt, d.FirstDue)
	if d.Attempts == 0 {
		first = later(first, d.DueAt)
	}
	return first
}

// expired reports whether a delivery has become too old while it waited for its
// turn. One that somebody wants retried by hand is tried once in any case.
func expired(d *Pending, p profile.RetryPolicy, now time.Time) bool {
	byHand := d.AttemptsBefore > 0 && d.Attempts == d.AttemptsBefore
	expires := expiry(d, p)
	return !expires.IsZero() && now.After(expires.Add(expiryGrace)) && !byHand
}

// expiryGrace is how late an attempt may be that Next has set for the last moment.
const expiryGrace = time.Minute
