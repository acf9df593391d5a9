package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/billhook/billhook"
)

type keyJSON struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Prefix      string   `json:"prefix"`
	Permissions []string `json:"permissions"`
	// StoreID is null for a key that is for all stores.
	StoreID   *string `json:"storeId"`
	CreatedAt instant `json:"createdAt"`
	ExpiresAt instant `json:"expiresAt"`
	// Key is the secret; only in the answer that made it.
	Key string `json:"key,omitempty"`
}

func showKey(k *billhook.APIKey) keyJSON {
	shown := keyJSON{
		ID: k.ID, Name: k.Name, Prefix: k.Prefix, Permissions: k.Permissions,
		CreatedAt: instant(k.CreatedAt), ExpiresAt: instant(k.ExpiresAt),
	}
	if k.StoreID != "" {
		shown.StoreID = &k.StoreID
	}
	return shown
}

func (c *call) createKey() error {
	text, err := c.body(c.cfg.MaxBody)
	if err != nil {
		return err
	}
	r, err := readKeyRequest(text)
	if err != nil {
		return err
	}
	if err := c.key.mayGive(&r); err != nil {
		return err
	}
	if !r.AllStores {
		r.StoreID = c.storeID
	}
	k, secret, err := c.client.CreateKey(c.r.Context(), r)
	if err != nil {
		return err
	}
	shown := showKey(&k)
	shown.Key = secret
	return c.created("/api/keys/"+url.PathEscape(k.ID), shown)
}

func readKeyRequest(text []byte) (r billhook.KeyRequest, err error) {
	err = readBody(text, func(rd *reader) error {
		return rd.object([]string{"name", "permissions", "expiresAt", "allStores"}, func(name string) (err error) {
			switch name {
			case "name":
				r.Name, err = rd.string()
			case "permissions":
				r.Permissions, err = rd.strings()
			case "expiresAt":
				r.ExpiresAt, err = optional(rd, rd.time)
			case "allStores":
				r.AllStores, err = optional(rd, rd.bool)
			}
			return err
		})
	})
	return r, err
}

// mayGive keeps a key from making one that can do more than it can itself: for
// all stores, with a permission that it lacks, or for longer.
func (k *Key) mayGive(r *billhook.KeyRequest) error {
	refuse := func(pointer, message string) error {
		return &billhook.Error{Code: codeForbidden, Pointer: pointer, Message: message}
	}
	if r.AllStores && k.StoreID != "" {
		return refuse("/allStores", "the key is for one store, and cannot make one for all")
	}
	for i, p := range r.Permissions {
		// One that does not exist is told as such.
		if slices.Contains(billhook.Permissions(), p) && !k.may(p) {
			return refuse(fmt.Sprintf("/permissions/%d", i), "the key lacks the permission "+p+", and cannot give it")
		}
	}
	switch {
	case k.ExpiresAt.IsZero():
	case r.ExpiresAt.IsZero():
		r.ExpiresAt = k.ExpiresAt
	case r.ExpiresAt.After(k.ExpiresAt):
		return refuse("/expiresAt", "the key expires before that, and cannot make one that outlasts it")
	}
	return nil
}

func (c *call) listKeys() error {
	q := c.query("allStores", "limit", "cursor")
	shared, limit, after := q.bool("allStores"), q.limit(), q.after(keyCursor)
	if q.err != nil {
		return q.err
	}
	storeID := c.storeID
	if shared {
		if c.key.StoreID != "" {
			return forbidden("the key is for one store, and does not see those for all")
		}
		storeID = ""
	}
	keys, err := c.client.Keys(c.r.Context(), storeID, after, limit+1)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, newPage(keys, limit, showKey, func(k *billhook.APIKey) string {
		return idCursor(keyCursor, k.ID)
	}))
}

func (c *call) getKey() error {
	k, err := c.findKey()
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, showKey(&k))
}

func (c *call) revokeKey() error {
	k, err := c.findKey()
	if err != nil {
		return err
	}
	if err := c.client.RevokeKey(c.r.Context(), k.StoreID, k.ID); err != nil {
		return err
	}
	return c.noContent()
}

// findKey finds the key in the path: one of the store's, or for a caller that
// is for all stores, one that is so too.
func (c *call) findKey() (billhook.APIKey, error) {
	ctx, id := c.r.Context(), c.r.PathValue("id")
	k, err := c.client.Key(ctx, c.storeID, id)
	if c.key.StoreID == "" && billhook.ErrorCode(err) == billhook.CodeNotFound {
		if shared, failure := c.client.Key(ctx, "", id); failure == nil {
			return shared, nil
		}
	}
	return k, err
}
