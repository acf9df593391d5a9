package billhook

import (
	"context"
	"fmt"
	"time"
)

// Health is how it stands with a webhook's receiver, as far as the node that is
// asked has seen since it started.
type Health struct {
	State BreakerState
	// Since is when the state began; zero where it was never another.
	Since time.Time
	// Reason says in words why deliveries wait; empty where they do not.
	Reason string
	// NextProbeAt is when the next delivery may be sent while State is
	// BreakerOpen, else zero.
	NextProbeAt time.Time
	// ThrottledUntil is how long the receiver is left alone, since it asked for
	// that; zero where it did not.
	ThrottledUntil time.Time

	// Failures are the attempts that have failed in a row, and FailingSince is when
	// that began, on any node; zero where the last attempt succeeded.
	Failures     int
	FailingSince time.Time
	// DeactivatesAt is when the webhook is made inactive if nothing but failures
	// follows; zero for never.
	DeactivatesAt time.Time
	LastSuccessAt time.Time
	LastFailureAt time.Time
	LastError     string

	// Concurrency is how many requests may be under way now, MaxConcurrency how
	// many at the most, and InFlight how many are.
	Concurrency, MaxConcurrency, InFlight int
	// Windows are the last minute, hour and day.
	Windows []HealthWindow
}

// A HealthWindow counts the attempts of the last while.
type HealthWindow struct {
	Span                time.Duration
	Attempts, Successes int
	// P50 and P95 are below which time half of the answers came, and 95 in a
	// hundred, to about a quarter; 0 where there were none.
	P50, P95 time.Duration
}

// Health tells how it stands with a webhook's receiver.
func (c *Client) Health(ctx context.Context, storeID, id string) (Health, error) {
	if _, err := c.Get(ctx, storeID, id); err != nil {
		return Health{}, err
	}
	key := Lane{StoreID: storeID, WebhookID: id}
	s := c.scheduler
	s.mu.Lock()
	defer s.mu.Unlock()
	e := c.registry.endpoint(key)
	if e == nil {
		return Health{}, notFound("webhook", id)
	}
	at := time.Now()
	h := e.health(at)
	if l := s.lanes[key]; l != nil {
		h.InFlight = l.sending
	}
	return h, nil
}

func (e *endpoint) health(at time.Time) Health {
	r := e.record
	h := Health{
		State: r.breaker.state(), Since: r.breaker.since,
		Failures: r.breaker.failures, FailingSince: e.failingSince(),
		LastSuccessAt: r.lastSuccess, LastFailureAt: r.lastFailure, LastError: r.lastError,
		Concurrency: e.places(), MaxConcurrency: e.concurrency,
	}
	if h.State == BreakerOpen {
		h.NextProbeAt = r.breaker.probeAt
	}
	if r.throttledUntil.After(at) {
		h.ThrottledUntil = r.throttledUntil
	}
	if limit := e.deactivateAfter(); limit > 0 && !h.FailingSince.IsZero() && e.webhook.IsActive {
		h.DeactivatesAt = h.FailingSince.Add(limit)
	}
	h.Reason = h.reason(e.webhook.InactiveReason)
	for i, span := range spans {
		w := HealthWindow{Span: span}
		if r.windows != nil {
			w = r.windows[i].read(span, at)
		}
		h.Windows = append(h.Windows, w)
	}
	return h
}

// reason says why deliveries wait.
func (h *Health) reason(inactive string) string {
	switch {
	case inactive != "":
		return inactive
	case h.State == BreakerClosed && h.ThrottledUntil.IsZero():
		return ""
	case h.State == BreakerClosed:
		return "the receiver asked for fewer requests: " + h.LastError
	case h.FailingSince.IsZero() && h.LastError == "":
		return "most of what waits was tried before this node came by it, and not taken"
	case h.FailingSince.IsZero():
		return "nobody has seen yet whether it takes deliveries again; the last: " + h.LastError
	case h.LastError == "":
		return "nothing but failures since " + h.FailingSince.UTC().Format(time.RFC3339)
	}
	return fmt.Sprintf("nothing but failures since %s; the last: %s", h.FailingSince.UTC().Format(time.RFC3339), h.LastError)
}
