package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Erasures take away the data of all events about an entity.
type Erasures struct{ c *Client }

// An Erasure goes on in the service by itself.
type Erasure struct {
	ID     string    `json:"id"`
	Entity Reference `json:"entity"`
	// Status is running or finished.
	Status string `json:"status"`
	// Events is how many events' data it has erased so far.
	Events     int        `json:"events"`
	CreatedAt  time.Time  `json:"createdAt"`
	FinishedAt *time.Time `json:"finishedAt"`
}

// A NewErasure says whose data goes.
type NewErasure struct {
	Entity Reference `json:"entity"`
}

// Create begins an erasure. It cannot be undone.
func (e Erasures) Create(ctx context.Context, entity Reference) (*Erasure, error) {
	return change[Erasure](ctx, e.c, http.MethodPost, NewErasure{entity}, "erasures")
}

// List is a page of erasures, newest first.
func (e Erasures) List(ctx context.Context, p Paging) (*Page[Erasure], error) {
	return get[Page[Erasure]](ctx, e.c, p.add(url.Values{}), "erasures")
}

// All yields erasures, newest first, page after page.
func (e Erasures) All(ctx context.Context, p Paging) iter.Seq2[Erasure, error] {
	return pages[Erasure](ctx, e.c, p.add(url.Values{}), "erasures")
}

// Get shows an erasure and how far it has come.
func (e Erasures) Get(ctx context.Context, id string) (*Erasure, error) {
	return get[Erasure](ctx, e.c, nil, "erasures", id)
}
