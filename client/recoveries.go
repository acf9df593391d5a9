package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Recoveries send many deliveries again. They go on in the service by themselves.
type Recoveries struct{ c *Client }

// A RecoveryStatus is how far a recovery is.
type RecoveryStatus string

// The states of a recovery.
const (
	RecoveryRunning   RecoveryStatus = "running"
	RecoveryDone      RecoveryStatus = "done"
	RecoveryCancelled RecoveryStatus = "cancelled"
	RecoveryFailed    RecoveryStatus = "failed"
)

// A Recovery sends what it finds again, at a rate.
type Recovery struct {
	ID string `json:"id"`
	// Kind is retry, recover or replay.
	Kind          string         `json:"kind"`
	WebhookID     *string        `json:"webhookId"`
	Filter        RecoveryFilter `json:"filter"`
	RatePerSecond int            `json:"ratePerSecond"`
	Status        RecoveryStatus `json:"status"`
	// Found is how many it has found so far: those queued and those left.
	Found int `json:"found"`
	// Queued is how many were made pending, each due at its place in the rate.
	Queued int          `json:"queued"`
	Left   RecoveryLeft `json:"left"`
	// Outcome is what has become of those queued; nil in lists, and where counting takes
	// too long.
	Outcome *RecoveryOutcome `json:"outcome"`
	// Error is why it failed; "" where it did not.
	Error     string    `json:"error"`
	StartedAt time.Time `json:"startedAt"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// A RecoveryFilter is what a recovery looks for.
type RecoveryFilter struct {
	Status *string    `json:"status"`
	Types  []string   `json:"types"`
	From   *time.Time `json:"from"`
	To     *time.Time `json:"to"`
}

// RecoveryLeft is what was found and left as it is, by why.
type RecoveryLeft struct {
	Deleted   int `json:"deleted"`
	Inactive  int `json:"inactive"`
	Forgotten int `json:"forgotten"`
	Changed   int `json:"changed"`
}

// RecoveryOutcome is what has become of what was queued.
type RecoveryOutcome struct {
	Delivered int `json:"delivered"`
	// Dead are out of attempts once more.
	Dead int `json:"dead"`
	// Waiting are so for their next attempt, or their turn.
	Waiting int `json:"waiting"`
	Other   int `json:"other"`
}

// A RecoveryCount is what a recovery would find.
type RecoveryCount struct {
	DryRun bool `json:"dryRun"`
	Found  int  `json:"found"`
	// AtLeast says that there are more than 10,000, or looking took too long.
	AtLeast bool         `json:"atLeast"`
	Left    RecoveryLeft `json:"left"`
}

// A DeliveriesRetry says which deliveries are sent again.
type DeliveriesRetry struct {
	// Status is dead, cancelled, skipped or delivered. Default: dead.
	Status    string `json:"status,omitempty"`
	WebhookID string `json:"webhookId,omitempty"`
	// Event is one type of events, or a pattern such as order.*
	Event string `json:"event,omitempty"`
	// From is when they were made at the earliest, and To when before.
	From *time.Time `json:"from,omitempty"`
	To   *time.Time `json:"to,omitempty"`
	// RatePerSecond is how many become due in a second. Default: 100.
	RatePerSecond int `json:"ratePerSecond,omitempty"`
	// DryRun is set by the method that is called.
	DryRun bool `json:"dryRun,omitempty"`
	// IdempotencyKey stands for this recovery. Default: one that is new with each call.
	IdempotencyKey string `json:"-"`
}

// A WebhookRecover says since when a webhook gets again what it did not get.
type WebhookRecover struct {
	// Since is when they came to an end at the earliest.
	Since time.Time `json:"since"`
	// Until is before when they were made. Default: now.
	Until *time.Time `json:"until,omitempty"`
	// RatePerSecond is how many become due in a second. Default: 100.
	RatePerSecond int `json:"ratePerSecond,omitempty"`
	// DryRun is set by the method that is called.
	DryRun bool `json:"dryRun,omitempty"`
	// IdempotencyKey stands for this recovery. Default: one that is new with each call.
	IdempotencyKey string `json:"-"`
}

// A WebhookReplay says which events a webhook gets that it never had.
type WebhookReplay struct {
	Since time.Time  `json:"since"`
	Until *time.Time `json:"until,omitempty"`
	// Types are event types or patterns. Default: all that the webhook wants.
	Types []string `json:"types,omitempty"`
	// RatePerSecond is how many become due in a second. Default: 100.
	RatePerSecond int `json:"ratePerSecond,omitempty"`
	// DryRun is set by the method that is called.
	DryRun bool `json:"dryRun,omitempty"`
	// IdempotencyKey stands for this recovery. Default: one that is new with each call.
	IdempotencyKey string `json:"-"`
}

// start starts a recovery, and count only counts what it would find. Both can be asked
// for again: starting by its key.
func (c *Client) start(ctx context.Context, key string, in any, path ...string) (*Recovery, error) {
	return send[Recovery](ctx, c, call{method: http.MethodPost, path: pathOf(path...), in: in}.keyed(key))
}

func (c *Client) count(ctx context.Context, in any, path ...string) (*RecoveryCount, error) {
	return send[RecoveryCount](ctx, c, call{method: http.MethodPost, path: pathOf(path...), in: in, repeatable: true})
}

// RetryMany sends all deliveries again that are meant.
func (d Deliveries) RetryMany(ctx context.Context, r DeliveriesRetry) (*Recovery, error) {
	r.DryRun = false
	return d.c.start(ctx, r.IdempotencyKey, r, "deliveries", "retry")
}

// CountRetry counts what RetryMany would send.
func (d Deliveries) CountRetry(ctx context.Context, r DeliveriesRetry) (*RecoveryCount, error) {
	r.DryRun = true
	return d.c.count(ctx, r, "deliveries", "retry")
}

// Recover sends a webhook again what it did not get.
func (w Webhooks) Recover(ctx context.Context, id string, r WebhookRecover) (*Recovery, error) {
	r.DryRun = false
	return w.c.start(ctx, r.IdempotencyKey, r, "webhooks", id, "recover")
}

// CountRecover counts what Recover would send.
func (w Webhooks) CountRecover(ctx context.Context, id string, r WebhookRecover) (*RecoveryCount, error) {
	r.DryRun = true
	return w.c.count(ctx, r, "webhooks", id, "recover")
}

// Replay sends a webhook past events that it never had.
func (w Webhooks) Replay(ctx context.Context, id string, r WebhookReplay) (*Recovery, error) {
	r.DryRun = false
	return w.c.start(ctx, r.IdempotencyKey, r, "webhooks", id, "replay")
}

// CountReplay counts what Replay would send.
func (w Webhooks) CountReplay(ctx context.Context, id string, r WebhookReplay) (*RecoveryCount, error) {
	r.DryRun = true
	return w.c.count(ctx, r, "webhooks", id, "replay")
}

// List is a page of recoveries, newest first. Without a status it is all of them.
func (r Recoveries) List(ctx context.Context, status RecoveryStatus, p Paging) (*Page[Recovery], error) {
	return get[Page[Recovery]](ctx, r.c, recoveryQuery(status, p), "recoveries")
}

// All yields recoveries, newest first, page after page.
func (r Recoveries) All(ctx context.Context, status RecoveryStatus, p Paging) iter.Seq2[Recovery, error] {
	return pages[Recovery](ctx, r.c, recoveryQuery(status, p), "recoveries")
}

func recoveryQuery(status RecoveryStatus, p Paging) url.Values {
	q := p.add(url.Values{})
	setText(q, "status", string(status))
	return q
}

// Get shows a recovery, how far it has come and what became of its deliveries.
func (r Recoveries) Get(ctx context.Context, id string) (*Recovery, error) {
	return get[Recovery](ctx, r.c, nil, "recoveries", id)
}

// Cancel ends a recovery. What it has queued stays so.
func (r Recoveries) Cancel(ctx context.Context, id string) (*Recovery, error) {
	return change[Recovery](ctx, r.c, http.MethodPost, nil, "recoveries", id, "cancel")
}
