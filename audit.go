package billhook

import (
	"context"
	"slices"
	"time"

	"github.com/billhook/billhook/profile"
)

// An AuditEntry tells of one thing that was done in a store: an event that was
// emitted, which is its own entry, or something in Billhook itself.
type AuditEntry struct {
	StoreID string
	// ID is the event's, or one of the entry's own.
	ID string
	// Event says what was done: the event's type, or one of the names below.
	Event  string
	Entity Reference
	// Actor is who did it; empty where nobody told, and for most of what a process
	// does by itself.
	Actor     Reference
	RequestID string
	CreatedAt time.Time

	// Old and New are what was changed, before and after, in JSON; "" for
	// nothing. No secret is in them.
	Old, New string

	// Emitted: it is an event. What follows is an event's alone, and only
	// AuditChain and AuditSince read it.
	Emitted        bool
	OccurredAt     time.Time
	IdempotencyKey string
	Deliveries     int
	DeliveryIDs    string   // a JSON array, "" for none
	DataHash       [32]byte // SHA-256 of the data, also where that is gone

	// Chain and Number are its place, and Hash covers all of the above and the
	// entry before it (see AppendAudit). Chain is 0 until a node has taken it
	// into its chain.
	Chain, Number int64
	Hash          []byte
}

// What is done in Billhook itself.
const (
	AuditStoreCreate    = "stores.create"
	AuditStoreUpdate    = "stores.update"
	AuditStoreDelete    = "stores.delete"
	AuditWebhookCreate  = "webhooks.create"
	AuditWebhookUpdate  = "webhooks.update"
	AuditWebhookDelete  = "webhooks.delete"
	AuditWebhookTest    = "webhooks.test"
	AuditSecretRotate   = "webhooks.rotateSecret"
	AuditSecretReveal   = "webhooks.revealSecret"
	AuditWebhookListen  = "webhooks.listen" // as the webhook, with its secrets
	AuditDeliveryRetry  = "deliveries.retry"
	AuditRecoveryCreate = "recoveries.create"
	AuditRecoveryCancel = "recoveries.cancel"
	AuditRecoveryEnd    = "recoveries.end" // by itself
	AuditKeyCreate      = "keys.create"
	AuditKeyRevoke      = "keys.revoke"
	AuditErasureCreate  = "erasures.create"
	AuditPortalCreate   = "portalSessions.create"
	// AuditExpire says where the chains of the log begin, once older entries are gone.
	AuditExpire = "audit.expire"

	AuditEventTypeCreate = "eventTypes.create"
	AuditEventTypeUpdate = "eventTypes.update"
	AuditEventTypeDelete = "eventTypes.delete"
)

// AuditWebhookDeactivate is what Billhook does itself: its actor is system/billhook.
const AuditWebhookDeactivate = "webhooks.deactivate"

// auditNames are the names of what is done in Billhook itself.
var auditNames = []string{
	AuditStoreCreate, AuditStoreUpdate, AuditStoreDelete,
	AuditWebhookCreate, AuditWebhookUpdate, AuditWebhookDelete, AuditWebhookTest,
	AuditSecretRotate, AuditSecretReveal, AuditWebhookListen, AuditDeliveryRetry,
	AuditRecoveryCreate, AuditRecoveryCancel, AuditRecoveryEnd,
	AuditKeyCreate, AuditKeyRevoke,
	AuditWebhookFail, AuditWebhookRecover, AuditWebhookDeactivate,
	AuditEventTypeCreate, AuditEventTypeUpdate, AuditEventTypeDelete,
	AuditErasureCreate, AuditExpire, AuditPortalCreate,
}

// IsAuditName reports whether a name is that of something done in Billhook
// itself. A platform may emit events of such a type; a filter by it finds only
// what was really done here.
func IsAuditName(name string) bool { return slices.Contains(auditNames, name) }

// What entries about Billhook itself are about.
const (
	entityStore    = "store"
	entityWebhook  = "webhook"
	entityKey      = "apiKey"
	entityDelivery = "delivery"
	entityErasure  = "erasure"
	entityRecovery = "recovery"

	entityEventType = "eventType"

	entityPortalSession = "portalSession"
)

// AllStores stands in the audit log for the store of what is for all of them: their
// API keys. No store can have this id.
const AllStores = "*"

// An AuditFilter selects entries; zero members select all.
type AuditFilter struct {
	StoreID    string // or AllStores
	EntityType string
	EntityID   string
	// Event is a type of events, or one of Billhook's own (see IsAuditName), which
	// finds no events.
	Event   string
	ActorID string
	// From and To bound CreatedAt: From <= CreatedAt < To.
	From, To time.Time
	// Before continues a list: only entries older than this (CreatedAt, ID).
	Before EventPosition
	// Limit is the most to read.
	Limit int
}

// An AuditHead is where a chain of a store's entries ends.
type AuditHead struct {
	// Chain 0 is none: Number is how many entries are in no chain yet.
	Chain  int64
	Number int64
	// Hash is the last entry's; nil where the head is missing.
	Hash []byte
}

// An AuditLog is what the audit log is read from to be proved or exported.
type AuditLog interface {
	// AuditHeads reads the ends of the store's chains, by chain, those of which
	// only entries are there included.
	AuditHeads(ctx context.Context, storeID string) ([]AuditHead, error)
	// AuditFloors reads where the store's chains begin, by chain; those that begin
	// with their first entry have none.
	AuditFloors(ctx context.Context, storeID string) ([]AuditFloor, error)
	// AuditChain reads entries of one chain, complete, from the number on, by
	// number, at most limit.
	AuditChain(ctx context.Context, storeID string, chain, from int64, limit int) ([]AuditEntry, error)
	// AuditSince reads a store's entries, complete, that come after the position
	// and, where until is not zero, before that time, oldest first, at most limit.
	AuditSince(ctx context.Context, storeID string, after EventPosition, until time.Time, limit int) ([]AuditEntry, error)
}

// Audit lists what was done in a store, newest first. It answers for a store that
// was deleted too.
func (c *Client) Audit(ctx context.Context, f AuditFilter) ([]AuditEntry, error) {
	f.StoreID = orDefaultStore(f.StoreID)
	if _, ok := c.registry.stored(f.StoreID); !ok && f.StoreID != AllStores {
		return nil, notFound("store", f.StoreID)
	}
	return list(ctx, &c.turns, f.StoreID, f, "ask for a time (from, to), or for an entity by type and id", c.db.Audit)
}

// newAudit is an entry about something that the context's caller does.
func newAudit(ctx context.Context, storeID, event string, entity Reference) *AuditEntry {
	caller, at := callerOf(ctx), now()
	return &AuditEntry{
		StoreID: storeID, ID: newID(auditID, at), Event: event, Entity: entity,
		Actor: caller.Actor, RequestID: caller.RequestID, CreatedAt: at,
	}
}

var auditID = profile.IDFormat{Prefix: "aud_", Style: profile.StyleULIDLower}

// record writes an entry about what changes nothing.
func (c *Client) record(ctx context.Context, e *AuditEntry) error {
	return c.committer.do(ctx, write{parts: 1, add: func(b *Batch) { b.Entries = append(b.Entries, e) }})
}
