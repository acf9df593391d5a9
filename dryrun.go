package billhook

import (
	"context"
	"time"
)

// A FilterRun asks which past events a filter would have let through.
type FilterRun struct {
	// StoreID defaults to DefaultStore.
	StoreID string
	// WebhookID names a webhook whose event types and, where Filter is "", filter are
	// meant. Default: none, and Events says which types.
	WebhookID string
	// Events are patterns as in Webhook. Default: all.
	Events []string
	Filter string
	// Since bounds how old the events may be. Default: no bound.
	Since time.Time
	// Limit is how many of the latest events of those types are looked at: 1 to 1000.
	// Default: 100.
	Limit int
}

// A FilterResult is what came of a FilterRun.
type FilterResult struct {
	// Looked counts the events that were looked at, Matched those that the filter
	// lets through, and Failed those for which it has no value, which it does not.
	Looked, Matched, Failed int
	// Matches, Others and Failures are the first few of each, newest first.
	Matches, Others []Event
	Failures        []FilterFailure
	// More: there are older events, which were not looked at.
	More bool
}

// A FilterFailure is an event for which a filter has no value.
type FilterFailure struct {
	Event   Event
	Message string
}

const (
	filterExamples = 5
	filterLooks    = 1000
	// filterReads bounds how many events are read to find those of the right types.
	filterReads = 10 * filterLooks
	filterStep  = 200
	filterBytes = 8 << 20
)

// TryFilter looks at past events as a webhook's filter would have. It knows nothing
// of the versions that they were of. It changes nothing.
func (c *Client) TryFilter(ctx context.Context, r FilterRun) (FilterResult, error) {
	var result FilterResult
	storeID := orDefaultStore(r.StoreID)
	_, v, err := c.registry.emitting(storeID)
	if err != nil {
		return result, err
	}
	wanted := Webhook{Events: r.Events, WebhookSettings: WebhookSettings{Filter: r.Filter}}
	if r.WebhookID != "" {
		w, err := c.Get(ctx, storeID, r.WebhookID)
		if err != nil {
			return result, err
		}
		wanted.Events = w.Events
		if wanted.Filter == "" {
			wanted.Filter = w.Filter
		}
	}
	if wanted.Events == nil {
		wanted.Events = []string{"*"}
	} else if r.WebhookID == "" {
		if err := checkEvents(wanted.Events, v); err != nil {
			return result, err
		}
	}
	if wanted.Filter == "" {
		return result, invalid("/filter", "is missing")
	}
	if r.Limit == 0 {
		r.Limit = 100
	}
	if r.Limit < 1 || r.Limit > filterLooks {
		return result, invalid("/limit", "is not between 1 and %d", filterLooks)
	}
	if err := checkTime(r.Since, "/since"); err != nil {
		return result, err
	}
	filter, err := c.compileFilter(wanted.Filter)
	if err != nil {
		return result, err
	}
	f := EventFilter{StoreID: storeID, From: r.Since, Limit: filterStep, MaxBytes: filterBytes}
	if len(wanted.Events) == 1 && !isPattern(wanted.Events[0]) {
		f.Type = wanted.Events[0]
	}
	for read := 0; read < filterReads; {
		events, err := c.Events(ctx, f)
		if err != nil {
			return result, err
		}
		for i := range events {
			if !wanted.wants(events[i].Type) {
				continue
			}
			if result.Looked == r.Limit {
				result.More = true
				return result, nil
			}
			result.look(filter, &events[i])
		}
		if len(events) == 0 {
			return result, nil
		}
		last := &events[len(events)-1]
		read, f.Before = read+len(events), EventPosition{CreatedAt: last.CreatedAt, ID: last.ID}
	}
	result.More = true
	return result, nil
}

// look takes an event into account.
func (r *FilterResult) look(filter Filter, e *Event) {
	r.Looked++
	matches, err := filter.Matches(&Payload{Event: e})
	switch {
	case err != nil:
		r.Failed++
		if len(r.Failures) < filterExamples {
			r.Failures = append(r.Failures, FilterFailure{*e, err.Error()})
		}
	case matches:
		r.Matched++
		if len(r.Matches) < filterExamples {
			r.Matches = append(r.Matches, *e)
		}
	case len(r.Others) < filterExamples:
		r.Others = append(r.Others, *e)
	}
}

// FilterFailures tells for which events a webhook's filter had no value on this node.
func (c *Client) FilterFailures(_ context.Context, storeID, webhookID string) (Failures, error) {
	e := c.registry.endpoint(Lane{StoreID: storeID, WebhookID: webhookID})
	if e == nil {
		return Failures{}, notFound("webhook", webhookID)
	}
	return e.filter.failures.failures(), nil
}
