package billhook

import (
	"crypto/rand"
	"crypto/sha256"
	"slices"
	"time"
)

// Permissions of an API key.
const (
	PermissionWebhooksManage  = "webhooks:manage"  // register, change and delete webhooks, see and rotate their secrets, test them
	PermissionWebhooksRead    = "webhooks:read"    // see webhooks, without their secrets; part of webhooks:manage
	PermissionEventsEmit      = "events:emit"      // emit events
	PermissionDeliveriesRead  = "deliveries:read"  // see events, deliveries and attempts
	PermissionDeliveriesRetry = "deliveries:retry" // send deliveries once more, one or many
	PermissionAuditRead       = "audit:read"       // see the audit log
	PermissionStoresManage    = "stores:manage"    // see and change the key's store; for all stores: also create, list and delete
	PermissionKeysManage      = "keys:manage"      // create, list and revoke API keys
	PermissionEverything      = "*"
)

// Permissions are all that there are.
func Permissions() []string {
	return []string{
		PermissionWebhooksManage, PermissionWebhooksRead, PermissionEventsEmit, PermissionDeliveriesRead, PermissionDeliveriesRetry,
		PermissionAuditRead, PermissionStoresManage, PermissionKeysManage, PermissionEverything,
	}
}

// Permits reports whether who has the permissions may do what takes another.
func Permits(permissions []string, wanted string) bool {
	return slices.ContainsFunc(permissions, func(p string) bool {
		return p == wanted || p == PermissionEverything || p == PermissionWebhooksManage && wanted == PermissionWebhooksRead
	})
}

// An APIKey lets its holder use the API. Its secret is known to the holder
// alone.
type APIKey struct {
	// StoreID is the one store that it is for; "" is for all stores.
	StoreID string
	ID      string
	Name    string
	// Prefix is what its secret begins with, to recognise it by.
	Prefix string
	// Salt and Hash, SHA-256 of the salt and then the secret, are kept in its
	// place. What a Client answers does not have them.
	Salt, Hash  []byte
	Permissions []string

	CreatedAt time.Time
	UpdatedAt time.Time
	// ExpiresAt is from when on it is refused; zero for never.
	ExpiresAt time.Time
	// RevokedAt is set once it has been revoked: it is then kept for what others
	// say of it alone.
	RevokedAt time.Time
}

// A KeyRequest is what a caller says of a new API key.
type KeyRequest struct {
	// StoreID defaults to DefaultStore.
	StoreID string
	// AllStores: it is for all stores, and StoreID is empty.
	AllStores bool
	Name      string
	// Permissions are one or more of the constants above.
	Permissions []string
	// ExpiresAt is from when on it is refused. Default: never.
	ExpiresAt time.Time
}

// A secret is its prefix, "_" and 52 letters and digits that hold 260 random
// bits. The prefix is "bhk_" and 12 more, by which the key is looked up.
const (
	secretMark = "bhk_"
	prefixSize = len(secretMark) + 12
	saltSize   = 16
)

func newKeySecret() (prefix, secret string) {
	prefix = secretMark + rand.Text()[:prefixSize-len(secretMark)]
	return prefix, prefix + "_" + rand.Text() + rand.Text()
}

// prefixOf is the prefix of what has the form of a secret, else "".
func prefixOf(secret string) string {
	if len(secret) <= prefixSize || secret[prefixSize] != '_' {
		return ""
	}
	return secret[:prefixSize]
}

func hashSecret(salt []byte, secret string) []byte {
	h := sha256.New()
	h.Write(salt)
	h.Write([]byte(secret))
	return h.Sum(nil)
}

// usable reports whether the key is neither revoked nor expired.
func (k *APIKey) usable(at time.Time) bool {
	return k.RevokedAt.IsZero() && (k.ExpiresAt.IsZero() || at.Before(k.ExpiresAt))
}

// shown is the key as callers may see it, sharing nothing.
func (k *APIKey) shown() APIKey {
	public := *k
	public.Salt, public.Hash = nil, nil
	public.Permissions = slices.Clone(k.Permissions)
	return public
}

// same reports whether nothing was changed between the two.
func (k *APIKey) same(l *APIKey) bool { return k.UpdatedAt.Equal(l.UpdatedAt) }
