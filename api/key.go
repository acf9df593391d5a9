package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/billhook/billhook"
)

// Permissions of a key, as the root has them.
const (
	WebhooksManage  = billhook.PermissionWebhooksManage
	WebhooksRead    = billhook.PermissionWebhooksRead
	EventsEmit      = billhook.PermissionEventsEmit
	DeliveriesRead  = billhook.PermissionDeliveriesRead
	DeliveriesRetry = billhook.PermissionDeliveriesRetry
	AuditRead       = billhook.PermissionAuditRead
	StoresManage    = billhook.PermissionStoresManage
	KeysManage      = billhook.PermissionKeysManage
	Everything      = billhook.PermissionEverything
)

// A Key is what an API key stands for.
type Key struct {
	// StoreID is the one store that the key is for; "" is for all stores.
	StoreID string
	// ID is what the Client finds the key by, for what ends with it: portal sessions.
	// Without one it can make none.
	ID string
	// Permissions are the constants above.
	Permissions []string
	// Actor names the key's holder where it is recorded who did something: the
	// key's id, or "root".
	Actor string
	// ExpiresAt is from when on the key is refused, by whoever finds it; zero
	// for never. No key that it makes outlasts it.
	ExpiresAt time.Time
}

// may reports whether the key has the permission.
func (k *Key) may(permission string) bool { return billhook.Permits(k.Permissions, permission) }

// Keys finds the key that a secret stands for. It is called for every request
// that needs a key, by many goroutines at once, and must take the same time
// for a wrong secret as for a right one.
type Keys func(secret string) (Key, bool)

// RootKey accepts the given secrets, each for everything in all stores. An
// empty secret is never accepted.
func RootKey(secrets ...string) Keys {
	var sums [][sha256.Size]byte
	for _, s := range secrets {
		if s != "" {
			sums = append(sums, sha256.Sum256([]byte(s)))
		}
	}
	root := Key{Permissions: []string{Everything}, Actor: "root"}
	return func(secret string) (Key, bool) {
		// Hashed first, so that neither length nor prefix of a secret shows in
		// the time that the comparison takes.
		sum := sha256.Sum256([]byte(secret))
		found := 0
		for i := range sums {
			found |= subtle.ConstantTimeCompare(sum[:], sums[i][:])
		}
		if found == 0 {
			return Key{}, false
		}
		return root, true
	}
}

// StoredKeys accepts the keys that the Client keeps.
func StoredKeys(client *billhook.Client) Keys {
	return func(secret string) (Key, bool) {
		k, ok := client.Authenticate(secret)
		if !ok {
			return Key{}, false
		}
		return Key{StoreID: k.StoreID, ID: k.ID, Permissions: k.Permissions, Actor: k.ID, ExpiresAt: k.ExpiresAt}, true
	}
}

// Chain accepts what any of them does; the first counts. All are asked, so that
// the time does not tell which one it was.
func Chain(all ...Keys) Keys {
	return func(secret string) (found Key, ok bool) {
		for _, keys := range all {
			if key, its := keys(secret); its && !ok {
				found, ok = key, true
			}
		}
		return found, ok
	}
}

// secretOf reads the key from x-api-key or Authorization: Bearer. A scheme
// other than Bearer is not ours: a proxy in front may use it.
func secretOf(h http.Header) (string, error) {
	secrets := slices.Clone(h["X-Api-Key"])
	for _, v := range h["Authorization"] {
		scheme, rest, _ := strings.Cut(v, " ")
		if strings.EqualFold(scheme, "Bearer") {
			secrets = append(secrets, strings.TrimSpace(rest))
		}
	}
	secrets = slices.Compact(secrets)
	switch {
	case len(secrets) == 0 || secrets[0] == "":
		return "", &billhook.Error{
			Code:    codeUnauthorized,
			Message: "this needs an API key",
			Hint:    "send it as x-api-key: KEY or Authorization: Bearer KEY",
		}
	case len(secrets) > 1:
		return "", &billhook.Error{Code: codeUnauthorized, Message: "the request carries two different API keys"}
	}
	return secrets[0], nil
}

// admit checks the key, its permission and its limits, and settles which store
// the request is about. Nothing of the body has been read yet.
func (c *call) admit() error {
	if c.route.scope == open {
		return nil
	}
	secret, err := secretOf(c.r.Header)
	if err != nil {
		return err
	}
	key, ok := c.cfg.Keys(secret)
	if !ok {
		return &billhook.Error{Code: codeUnauthorized, Message: "no such API key"}
	}
	c.key = key
	if err := c.throttleKey(); err != nil {
		return err
	}
	if !key.may(c.route.permission) {
		return forbidden("the key lacks the permission " + c.route.permission)
	}
	c.storeID, err = c.route.scope.store(key.StoreID, c.r.Header["X-Store-Id"], c.r.PathValue("id"))
	if err != nil {
		return err
	}
	return c.throttleStore()
}

func forbidden(message string) error {
	return &billhook.Error{Code: codeForbidden, Message: message}
}
