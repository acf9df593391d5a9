package billhook

import (
	"cmp"
	"context"
	"crypto/rand"
	"slices"
	"time"

	"github.com/billhook/billhook/profile"
)

// CreateKey makes an API key. Its secret is in the result, and can never be
// read again. Whether the caller may give what it asks for is the caller's to
// know.
func (c *Client) CreateKey(ctx context.Context, r KeyRequest) (k APIKey, secret string, err error) {
	at := now()
	if err := checkKey(&r, at); err != nil {
		return APIKey{}, "", err
	}
	// Its id has the same form whatever the profile: it may be for all stores.
	id := newID(profile.IDFormat{Prefix: "key_", Style: profile.StyleULIDLower}, at)
	k = APIKey{
		ID: id, Name: r.Name, Salt: make([]byte, saltSize), Permissions: slices.Clone(r.Permissions),
		CreatedAt: at, UpdatedAt: at, ExpiresAt: r.ExpiresAt.UTC().Round(0),
	}
	if !r.AllStores {
		k.StoreID = orDefaultStore(r.StoreID)
	}
	k.Prefix, secret = newKeySecret()
	_, _ = rand.Read(k.Salt) // never fails (crypto/rand)
	k.Hash = hashSecret(k.Salt, secret)
	defer c.configuring.lock(k.StoreID)()
	if err := c.checkKeyStore(k.StoreID); err != nil {
		return APIKey{}, "", err
	}
	if c.keys.count(k.StoreID) >= c.config.MaxKeys {
		return APIKey{}, "", tooMany("API keys", c.config.MaxKeys)
	}
	if err := c.writeKey(ctx, &KeyWrite{Key: k, Create: true, Audit: newKeyAudit(ctx, AuditKeyCreate, nil, &k)}); err != nil {
		return APIKey{}, "", err
	}
	return k.shown(), secret, nil
}

// Key finds an API key that is not revoked; storeID is "" for one that is for
// all stores.
func (c *Client) Key(_ context.Context, storeID, id string) (APIKey, error) {
	if err := c.checkKeyStore(storeID); err != nil {
		return APIKey{}, err
	}
	k, ok := c.keys.find(storeID, id)
	if !ok {
		return APIKey{}, notFound("API key", id)
	}
	return k.shown(), nil
}

// Keys lists the API keys of a store, or with "" those that are for all stores,
// whose ids come after the given one, by id, at most limit. Revoked ones are
// not among them.
func (c *Client) Keys(_ context.Context, storeID, after string, limit int) ([]APIKey, error) {
	if err := c.checkKeyStore(storeID); err != nil {
		return nil, err
	}
	return c.keys.after(storeID, after, limit), nil
}

// RevokeKey makes an API key useless for good: here when it returns, and on
// other nodes when they hear of it.
func (c *Client) RevokeKey(ctx context.Context, storeID, id string) error {
	defer c.configuring.lock(storeID)()
	_, err := retryChanged(c, ctx, func() (APIKey, error) {
		if err := c.checkKeyStore(storeID); err != nil {
			return APIKey{}, err
		}
		before, ok := c.keys.find(storeID, id)
		if !ok {
			return APIKey{}, notFound("API key", id)
		}
		k := before
		k.UpdatedAt = nowAfter(before.UpdatedAt)
		k.RevokedAt = k.UpdatedAt
		return k, c.writeKey(ctx, &KeyWrite{Key: k, Was: before.UpdatedAt, Audit: newKeyAudit(ctx, AuditKeyRevoke, &before, &k)})
	})
	return err
}

// Authenticate finds the API key that a secret is of. One that is revoked or
// has expired, or whose store is deleted, is as unknown as any other.
func (c *Client) Authenticate(secret string) (APIKey, bool) {
	k, ok := c.keys.match(secret)
	if !ok || !k.usable(time.Now()) || c.checkKeyStore(k.StoreID) != nil {
		return APIKey{}, false
	}
	return k.shown(), true
}

// checkKeyStore wants a store that is there, or none.
func (c *Client) checkKeyStore(id string) error {
	if id == "" {
		return nil
	}
	_, _, err := c.registry.store(id)
	return err
}

// newKeyAudit is the entry of a change of an API key.
func newKeyAudit(ctx context.Context, event string, before, after *APIKey) *AuditEntry {
	e := newAudit(ctx, cmp.Or(after.StoreID, AllStores), event, Reference{entityKey, after.ID})
	e.Old, e.New = auditKey(before), auditKey(after)
	return e
}

// writeKey writes a key. It wants the lock of its store.
func (c *Client) writeKey(ctx context.Context, w *KeyWrite) error {
	// Whoever asked may go away meanwhile; memory must follow the disk.
	err := c.committer.do(context.WithoutCancel(ctx), write{
		parts: 1,
		add:   func(b *Batch) { b.Keys = append(b.Keys, w) },
		handOver: func() {
			if !w.Refused {
				c.keys.put(w.Key)
			}
		},
	})
	switch {
	case err != nil:
		return err
	case w.Refused && w.Create:
		return &Error{Code: CodeConflict, Message: "the id that was drawn for the API key is taken", Hint: "try again"}
	case w.Refused:
		return errChanged
	}
	return nil
}

// checkKey says what is wrong with the members of a new API key.
func checkKey(r *KeyRequest, at time.Time) error {
	if r.AllStores && r.StoreID != "" {
		return invalid("/allStores", "is said together with a store")
	}
	if r.Name == "" {
		return invalid("/name", "is missing")
	}
	if err := checkText(r.Name, "/name", maxName, ""); err != nil {
		return err
	}
	if err := checkPermissions(r.Permissions); err != nil {
		return err
	}
	if !r.ExpiresAt.IsZero() && !r.ExpiresAt.After(at) {
		return invalid("/expiresAt", "is not in the future")
	}
	return checkTime(r.ExpiresAt, "/expiresAt")
}
