package client

import (
	"context"
	"net/http"
	"time"
)

// A WebhookFilter is what of the events a webhook gets.
type WebhookFilter struct {
	Filter        *string        `json:"filter"`
	EventVersions map[string]int `json:"eventVersions"`
	Failures      Failures       `json:"failures"`
}

// Failures are what went wrong on the node that answers.
type Failures struct {
	Count       int64      `json:"count"`
	LastAt      *time.Time `json:"lastAt"`
	LastPointer string     `json:"lastPointer"`
	LastMessage string     `json:"lastMessage"`
}

// A FilterTrial tries a filter on past events.
type FilterTrial struct {
	Filter string `json:"filter"`
	// Events are as in a webhook. Default: all.
	Events []string `json:"events,omitempty"`
	// Since leaves older events out. Default: none.
	Since *time.Time `json:"since,omitempty"`
	// Limit is how many of the latest events are looked at. Default: 100.
	Limit int `json:"limit,omitempty"`
}

// A WebhookFilterTrial tries a filter on past events of a webhook's.
type WebhookFilterTrial struct {
	// Filter is by default the webhook's own.
	Filter string     `json:"filter,omitempty"`
	Since  *time.Time `json:"since,omitempty"`
	Limit  int        `json:"limit,omitempty"`
}

// A FilterResult is what a filter would have done.
type FilterResult struct {
	Looked  int `json:"looked"`
	Matched int `json:"matched"`
	Failed  int `json:"failed"`
	// More says that there are older events, which were not looked at.
	More bool `json:"more"`
	// Matches, Others and Failures are the first few of each.
	Matches  []FilteredEvent `json:"matches"`
	Others   []FilteredEvent `json:"others"`
	Failures []FilterFailure `json:"failures"`
}

// A FilteredEvent is an event that a filter was tried on.
type FilteredEvent struct {
	ID        string    `json:"id"`
	Type      string    `json:"type"`
	CreatedAt time.Time `json:"createdAt"`
}

// A FilterFailure is an event for which a filter has no value.
type FilterFailure struct {
	FilteredEvent
	Message string `json:"message"`
}

// Filter shows a webhook's filter, and how it failed.
func (w Webhooks) Filter(ctx context.Context, id string) (*WebhookFilter, error) {
	return get[WebhookFilter](ctx, w.c, nil, "webhooks", id, "filter")
}

// TryFilter tries a filter that belongs to no webhook.
func (w Webhooks) TryFilter(ctx context.Context, t FilterTrial) (*FilterResult, error) {
	return send[FilterResult](ctx, w.c, call{method: http.MethodPost, path: pathOf("webhooks", "filter", "dry-run"), in: t, repeatable: true})
}

// TryFilterOf tries a filter on what a webhook's event types are.
func (w Webhooks) TryFilterOf(ctx context.Context, id string, t WebhookFilterTrial) (*FilterResult, error) {
	return send[FilterResult](ctx, w.c, call{method: http.MethodPost, path: pathOf("webhooks", id, "filter", "dry-run"), in: t, repeatable: true})
}
