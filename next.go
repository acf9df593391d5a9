package billhook

import (
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
}

// Next decides what comes after an attempt of a delivery. It is pure:
// attemptsBefore are those that no longer count (Delivery.AttemptsBefore),
// and random, in [0, 1), is what jitter is made of.
func Next(a *Attempt, attemptsBefore int, p profile.RetryPolicy, random float64) Step {
	if a.Success() {
		return Step{Status: StatusDelivered}
	}
	made := a.Number - attemptsBefore
	if !p.Retries(a.StatusCode) || made >= p.MaxAttempts {
		return Step{Status: StatusDead, Reason: a.Error}
	}
	end := a.StartedAt.Add(a.Duration)
	return Step{Status: StatusPending, RetryAt: end.Add(p.Delay(made, random)), Reason: a.Error}
}
