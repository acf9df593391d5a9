package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Keys are API keys, without their secrets.
type Keys struct{ c *Client }

// An APIKey is who may call the API, and what they may do.
type APIKey struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Prefix is what the key begins with, to recognise it by.
	Prefix      string   `json:"prefix"`
	Permissions []string `json:"permissions"`
	// StoreID is nil for a key of all stores.
	StoreID   *string   `json:"storeId"`
	CreatedAt time.Time `json:"createdAt"`
	// ExpiresAt is from when on it is refused; nil for never.
	ExpiresAt *time.Time `json:"expiresAt"`
}

// An APIKeyWithSecret is a key that was just made.
type APIKeyWithSecret struct {
	APIKey
	// Key is the key itself, which is shown this once.
	Key string `json:"key"`
}

// A NewAPIKey is what a key is made of.
type NewAPIKey struct {
	Name        string   `json:"name"`
	Permissions []string `json:"permissions"`
	// ExpiresAt is from when on it is refused. Default: when the key that makes it does,
	// if it does.
	ExpiresAt *time.Time `json:"expiresAt,omitempty"`
	// AllStores makes it a key of all stores; only a key that is so too may.
	AllStores bool `json:"allStores,omitempty"`
}

// A KeyFilter says which keys are listed.
type KeyFilter struct {
	// AllStores lists those that are of all stores, in place of the store's.
	AllStores bool
	Paging
}

func (f KeyFilter) query() url.Values {
	q := f.add(url.Values{})
	setTrue(q, "allStores", f.AllStores)
	return q
}

// Create makes a key.
func (k Keys) Create(ctx context.Context, n NewAPIKey) (*APIKeyWithSecret, error) {
	return change[APIKeyWithSecret](ctx, k.c, http.MethodPost, n, "keys")
}

// List is a page of keys, oldest first.
func (k Keys) List(ctx context.Context, f KeyFilter) (*Page[APIKey], error) {
	return get[Page[APIKey]](ctx, k.c, f.query(), "keys")
}

// All yields keys, oldest first, page after page.
func (k Keys) All(ctx context.Context, f KeyFilter) iter.Seq2[APIKey, error] {
	return pages[APIKey](ctx, k.c, f.query(), "keys")
}

// Get shows a key.
func (k Keys) Get(ctx context.Context, id string) (*APIKey, error) {
	return get[APIKey](ctx, k.c, nil, "keys", id)
}

// Revoke has the key refused from now on.
func (k Keys) Revoke(ctx context.Context, id string) error { return k.c.remove(ctx, "keys", id) }
