package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Stores are the tenants. All calls but Get and Update need a key of all stores.
type Stores struct{ c *Client }

// A Store is a tenant: one merchant's shop.
type Store struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Profile is the wire profile of the store's deliveries.
	Profile string `json:"profile"`
	// RetryPolicy holds for all webhooks without one of their own; nil where the
	// profile's is followed.
	RetryPolicy *RetryPolicy `json:"retryPolicy"`
	Limits      Limits       `json:"limits"`
	// DeactivateAfterSeconds is for how long nothing but failures make a webhook inactive;
	// 0 and nil for never.
	DeactivateAfterSeconds *int `json:"deactivateAfterSeconds"`
	// Validation is what comes of data that is not as its schema wants it: off, warn or
	// enforce.
	Validation string `json:"validation"`
	// Egress narrows where webhooks may lead; nil for what the deployment allows.
	Egress    *Egress    `json:"egress"`
	Retention *Retention `json:"retention"`
	CreatedAt time.Time  `json:"createdAt"`
	UpdatedAt time.Time  `json:"updatedAt"`
}

// Egress says where a store's webhooks may lead.
type Egress struct {
	Only  []string `json:"only,omitempty"`
	Deny  []string `json:"deny,omitempty"`
	Ports []int    `json:"ports,omitempty"`
}

// Retention is how many days something is kept after its event was accepted. What is
// nil or 0 is as the deployment has it; 36500 is for ever.
type Retention struct {
	// PayloadDays is for the data of events, whose records stay.
	PayloadDays *int `json:"payloadDays,omitempty"`
	// AttemptDays is for deliveries that are over, with their attempts.
	AttemptDays *int `json:"attemptDays,omitempty"`
	// AuditDays is for the audit log.
	AuditDays *int `json:"auditDays,omitempty"`
}

// A NewStore is what a store is made of. What is left out is as the deployment has it.
type NewStore struct {
	ID                     string          `json:"id"`
	Name                   string          `json:"name,omitempty"`
	Profile                string          `json:"profile,omitempty"`
	RetryPolicy            *NewRetryPolicy `json:"retryPolicy,omitempty"`
	Limits                 *Limits         `json:"limits,omitempty"`
	DeactivateAfterSeconds *int            `json:"deactivateAfterSeconds,omitempty"`
	Validation             string          `json:"validation,omitempty"`
	Egress                 *Egress         `json:"egress,omitempty"`
	Retention              *Retention      `json:"retention,omitempty"`
}

// A StoreChange changes what it names.
type StoreChange struct {
	Name                   Change[string]         `json:"name,omitzero"`
	Profile                Change[string]         `json:"profile,omitzero"`
	RetryPolicy            Change[NewRetryPolicy] `json:"retryPolicy,omitzero"`
	Limits                 Change[Limits]         `json:"limits,omitzero"`
	DeactivateAfterSeconds Change[int]            `json:"deactivateAfterSeconds,omitzero"`
	Validation             Change[string]         `json:"validation,omitzero"`
	Egress                 Change[Egress]         `json:"egress,omitzero"`
	Retention              Change[Retention]      `json:"retention,omitzero"`
}

// PublicKeys are a JSON Web Key Set (RFC 7517): what verifies a store's Ed25519
// signatures.
type PublicKeys struct {
	Keys []PublicKey `json:"keys"`
}

// A PublicKey is an Ed25519 key as RFC 8037 writes it.
type PublicKey struct {
	KeyType   string `json:"kty"`
	Curve     string `json:"crv"`
	X         string `json:"x"`
	ID        string `json:"kid"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
}

// Create makes a store.
func (s Stores) Create(ctx context.Context, n NewStore) (*Store, error) {
	return change[Store](ctx, s.c, http.MethodPost, n, "stores")
}

// List is a page of stores.
func (s Stores) List(ctx context.Context, p Paging) (*Page[Store], error) {
	return get[Page[Store]](ctx, s.c, p.add(url.Values{}), "stores")
}

// All yields stores, page after page.
func (s Stores) All(ctx context.Context, p Paging) iter.Seq2[Store, error] {
	return pages[Store](ctx, s.c, p.add(url.Values{}), "stores")
}

// Get shows a store.
func (s Stores) Get(ctx context.Context, id string) (*Store, error) {
	return get[Store](ctx, s.c, nil, "stores", id)
}

// Update changes a store.
func (s Stores) Update(ctx context.Context, id string, with StoreChange) (*Store, error) {
	return change[Store](ctx, s.c, http.MethodPatch, with, "stores", id)
}

// Delete deletes a store with all that is in it.
func (s Stores) Delete(ctx context.Context, id string) error {
	return s.c.remove(ctx, "stores", id)
}

// PublicKeys are what verifies the store's Ed25519 signatures. They want no key.
func (s Stores) PublicKeys(ctx context.Context, id string) (*PublicKeys, error) {
	return get[PublicKeys](ctx, s.c, nil, "stores", id, "jwks.json")
}
