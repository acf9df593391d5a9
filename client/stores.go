package client

import (
	"context"
	"iter"
	"net/url"
)

// Stores are the tenants. Most calls need a key that may manage all of them.
type Stores struct{ c *Client }

// A Store is one merchant's shop.
type Store struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (s Stores) List(ctx context.Context, p Paging) (*Page[Store], error) {
	return get[Page[Store]](ctx, s.c, "/api/stores", p.add(url.Values{}))
}

func (s Stores) All(ctx context.Context, p Paging) iter.Seq2[Store, error] {
	return pages[Store](ctx, s.c, "/api/stores", p.add(url.Values{}))
}
