package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"

	"github.com/billhook/billhook"
)

// Permissions of a key.
const (
	WebhooksManage  = "webhooks:manage" // register, change and delete webhooks, see and rotate their secrets, test them
	WebhooksRead    = "webhooks:read"   // see webhooks, without their secrets; part of WebhooksManage
	EventsEmit      = "events:emit"     // emit events
	DeliveriesRead  = "deliveries:read" // see events, deliveries and attempts
	DeliveriesRetry = "deliveries:retry"
	AuditRead       = "audit:read" // see who did what
	StoresManage    = "stores:manage"
	Everything      = "*"
)

// A Key is what an API key stands for.
type Key struct {
	// StoreID is the one store that the key is for; "" is for all stores.
	StoreID string
	// Permissions are the constants above.
	Permissions []string
	// Actor names the key's holder where it is recorded who did something.
	Actor string
}

// may reports whether the key has the permission.
func (k *Key) may(permission string) bool {
	return slices.ContainsFunc(k.Permissions, func(p string) bool {
		return p == permission || p == Everything || p == WebhooksManage && permission == WebhooksRead
	})
}

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

// admit checks the key and its permission, and settles which store the
// request is about. Nothing of the body has been read yet.
func (c *call) admit() error {
	if c.route.permission == "" {
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
	if !key.may(c.route.permission) {
		return forbidden("the key lacks the permission " + c.route.permission)
	}
	c.key = key
	named := c.r.Header["X-Store-Id"]
	switch {
	case len(named) > 1:
		return &parameterError{Name: "x-store-id", Message: "is given more than once"}
	case key.StoreID == "" && (len(named) == 0 || named[0] == ""):
		c.storeID = billhook.DefaultStore
	case key.StoreID == "":
		c.storeID = named[0]
	case len(named) == 1 && named[0] != "" && named[0] != key.StoreID:
		return forbidden("the key is for another store than x-store-id names")
	default:
		c.storeID = key.StoreID
	}
	return nil
}

func forbidden(message string) error {
	return &billhook.Error{Code: codeForbidden, Message: message}
}
