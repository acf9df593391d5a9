package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Health is that a service answers.
type Health struct {
	Status  string `json:"status"`
	Version string `json:"version"`
}

// Readiness is that a service can store and deliver.
type Readiness struct {
	Status string `json:"status"`
}

// Health tells whether the service answers. It wants no key, and is asked once.
func (c *Client) Health(ctx context.Context) (*Health, error) {
	return once[Health](ctx, c, "/healthz")
}

// Ready tells whether the service can store and deliver: an [*Error] of status 503 where
// it cannot. It wants no key, and is asked once.
func (c *Client) Ready(ctx context.Context) (*Readiness, error) {
	return once[Readiness](ctx, c, "/readyz")
}

// once asks a single time: who asks how a service is wants to know how it is now.
func once[T any](ctx context.Context, c *Client, path string) (*T, error) {
	out := new(T)
	if err := c.try(ctx, &call{method: http.MethodGet, path: path}, nil, out); err != nil {
		return nil, err
	}
	return out, nil
}

// Metrics are what Prometheus reads.
func (c *Client) Metrics(ctx context.Context) (string, error) {
	var text []byte
	err := c.do(ctx, call{method: http.MethodGet, path: "/metrics"}, &text)
	return string(text), err
}

// OpenAPI is the document of the API. It wants no key.
func (c *Client) OpenAPI(ctx context.Context) (json.RawMessage, error) {
	var text []byte
	err := c.do(ctx, call{method: http.MethodGet, path: "/openapi.json"}, &text)
	return text, err
}

// Activity is what has happened over time, step by step. It is a statistic; the ledger
// of a webhook is exact.
type Activity struct {
	From        time.Time       `json:"from"`
	To          time.Time       `json:"to"`
	StepSeconds int             `json:"stepSeconds"`
	Data        []ActivityPoint `json:"data"`
	Total       ActivityTotal   `json:"total"`
}

// An ActivityPoint is what happened in a step.
type ActivityPoint struct {
	At time.Time `json:"at"`
	ActivityTotal
}

// An ActivityTotal is what happened in a time.
type ActivityTotal struct {
	// Delivered are deliveries that were acknowledged.
	Delivered int64 `json:"delivered"`
	// Failed are attempts that were not.
	Failed int64 `json:"failed"`
	// Dead are deliveries that were given up.
	Dead int64 `json:"dead"`
	// Waiting is the most that waited, held ones too, each time that it was looked.
	Waiting int64 `json:"waiting"`
	// P50Ms is in how many milliseconds half of them were acknowledged; nil where none was.
	P50Ms *int64 `json:"p50Ms"`
	P95Ms *int64 `json:"p95Ms"`
}

// An ActivityFilter says of what time activity is told.
type ActivityFilter struct {
	// From and To are by default the last hour.
	From, To time.Time
	// StepSeconds is a multiple of 300. Default: the smallest that makes about a hundred.
	StepSeconds int
	// AllStores is of all stores together.
	AllStores bool
}

// Activity tells what has happened over time.
func (c *Client) Activity(ctx context.Context, f ActivityFilter) (*Activity, error) {
	q := url.Values{}
	setRange(q, f.From, f.To)
	if f.StepSeconds != 0 {
		q.Set("stepSeconds", strconv.Itoa(f.StepSeconds))
	}
	if f.AllStores {
		q.Set("stores", "all")
	}
	return get[Activity](ctx, c, q, "activity")
}

// A Node is a process that delivers, as the database knows it.
type Node struct {
	// ID is never used again.
	ID   int64  `json:"id"`
	Name string `json:"name"`
	// Alive: the others have not taken it for dead.
	Alive bool `json:"alive"`
	// Own: it is the one that answers.
	Own       bool      `json:"own"`
	StartedAt time.Time `json:"startedAt"`
	// BeatAt is when it was heard of last.
	BeatAt time.Time `json:"beatAt"`
	// Deliveries is how many pending ones it owns.
	Deliveries int64 `json:"deliveries"`
}

// A NodeList has all nodes, by id.
type NodeList struct {
	Data []Node `json:"data"`
}

// Nodes lists the nodes that deliver, for keys that are for all stores.
func (c *Client) Nodes(ctx context.Context) ([]Node, error) {
	list, err := get[NodeList](ctx, c, nil, "nodes")
	if err != nil {
		return nil, err
	}
	return list.Data, nil
}
