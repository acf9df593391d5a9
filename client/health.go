package client

import (
	"context"
	"net/url"
	"time"
)

// WebhookHealth is what a receiver has shown of itself lately, to the node that answers.
type WebhookHealth struct {
	// State is the circuit breaker's: closed, open (deliveries wait) or halfOpen (one is
	// sent to see).
	State string `json:"state"`
	// Since is when the state began; nil where it was never another.
	Since *time.Time `json:"since"`
	// Reason is why deliveries wait; "" where they do not.
	Reason              string     `json:"reason"`
	NextProbeAt         *time.Time `json:"nextProbeAt"`
	ThrottledUntil      *time.Time `json:"throttledUntil"`
	ConsecutiveFailures int        `json:"consecutiveFailures"`
	FailingSince        *time.Time `json:"failingSince"`
	// DeactivatesAt is when it is made inactive if nothing but failures follows.
	DeactivatesAt *time.Time `json:"deactivatesAt"`
	LastSuccessAt *time.Time `json:"lastSuccessAt"`
	LastFailureAt *time.Time `json:"lastFailureAt"`
	LastError     *string    `json:"lastError"`
	// Concurrency is how many requests may be under way now.
	Concurrency    int `json:"concurrency"`
	MaxConcurrency int `json:"maxConcurrency"`
	InFlight       int `json:"inFlight"`
	// Windows are the last minute, hour and day.
	Windows []HealthWindow `json:"windows"`
}

// A HealthWindow is what happened in a time until now.
type HealthWindow struct {
	Seconds     int      `json:"seconds"`
	Attempts    int64    `json:"attempts"`
	Successes   int64    `json:"successes"`
	SuccessRate *float64 `json:"successRate"`
	P50Ms       *float64 `json:"p50Ms"`
	P95Ms       *float64 `json:"p95Ms"`
}

// Health tells of a webhook's receiver.
func (w Webhooks) Health(ctx context.Context, id string) (*WebhookHealth, error) {
	return get[WebhookHealth](ctx, w.c, nil, "webhooks", id, "health")
}

// A Ledger accounts for a webhook's deliveries, the latest day first. Days without any
// are left out.
type Ledger struct {
	Data []LedgerDay `json:"data"`
	// Since is the first day that is in the account; nil where all are.
	Since *string `json:"since"`
}

// A LedgerDay is of what was emitted on a day in UTC. Matched is the sum of all others.
type LedgerDay struct {
	Day       string `json:"day"`
	Matched   int64  `json:"matched"`
	Delivered int64  `json:"delivered"`
	Pending   int64  `json:"pending"`
	Held      int64  `json:"held"`
	Dead      int64  `json:"dead"`
	Cancelled int64  `json:"cancelled"`
	// Skipped is by reason.
	Skipped map[string]int64 `json:"skipped"`
}

// Ledger accounts for a webhook's deliveries from a day up to another and with it; the
// last 30 days where both are zero.
func (w Webhooks) Ledger(ctx context.Context, id string, from, to time.Time) (*Ledger, error) {
	q := url.Values{}
	setRange(q, from, to)
	return get[Ledger](ctx, w.c, q, "webhooks", id, "ledger")
}
