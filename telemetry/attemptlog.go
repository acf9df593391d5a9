package telemetry

import (
	"log/slog"
	"time"

	"github.com/billhook/billhook"
)

// Observers tell each of several.
type Observers []billhook.Observer

// Accepted implements billhook.Observer.
func (all Observers) Accepted(e *billhook.Event) {
	for _, o := range all {
		o.Accepted(e)
	}
}

// Refused implements billhook.Observer.
func (all Observers) Refused(code billhook.Code) {
	for _, o := range all {
		o.Refused(code)
	}
}

// Attempted implements billhook.Observer.
func (all Observers) Attempted(outcome *billhook.Outcome, e *billhook.Event) {
	for _, o := range all {
		o.Attempted(outcome, e)
	}
}

// Committed implements billhook.Observer.
func (all Observers) Committed(parts int, took time.Duration, err error) {
	for _, o := range all {
		o.Committed(parts, took, err)
	}
}

// An AttemptLog writes one line for each attempt, or for each that failed. It is a
// billhook.Observer. What a receiver said is not in it, nor where it is: an answer
// and a URL may hold what is for no log.
type AttemptLog struct {
	Logger *slog.Logger
	// FailedOnly leaves out those that were delivered.
	FailedOnly bool
}

// Attempted implements billhook.Observer.
func (l AttemptLog) Attempted(o *billhook.Outcome, e *billhook.Event) {
	a := &o.Attempt
	if l.FailedOnly && a.Success() {
		return
	}
	line := []any{
		"store", o.Delivery.StoreID, "webhook", o.Delivery.WebhookID, "event", o.Delivery.EventID, "type", o.Delivery.EventType,
		"delivery", o.Delivery.ID, "attempt", a.Number, "duration", a.Duration, "status", o.Status,
	}
	if a.BatchSize > 0 {
		line = append(line, "batch", a.BatchID, "of", a.BatchSize)
	}
	if a.StatusCode != 0 {
		line = append(line, "code", a.StatusCode)
	}
	if !a.Success() {
		line = append(line, "failure", string(a.Failure))
	}
	if o.Status == billhook.StatusPending {
		line = append(line, "next", o.NextAttemptAt)
	}
	if e.RequestID != "" {
		line = append(line, "requestId", e.RequestID)
	}
	if id := e.TraceContext.TraceID(); id != "" {
		line = append(line, "trace", id)
	}
	l.Logger.Info("attempt", line...)
}

// Accepted implements billhook.Observer.
func (AttemptLog) Accepted(*billhook.Event) {}

// Refused implements billhook.Observer.
func (AttemptLog) Refused(billhook.Code) {}

// Committed implements billhook.Observer.
func (AttemptLog) Committed(int, time.Duration, error) {}
