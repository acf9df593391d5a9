package billhook

import "time"

// A Batch is what one transaction writes. Its parts are applied in the order
// of its members.
type Batch struct {
	Stores     []*StoreWrite
	Webhooks   []*WebhookWrite
	Keys       []*KeyWrite
	EventTypes []*EventTypeWrite
	Outcomes   []*Outcome
	Skips      []*Skip
	Retries    []*Retry
	// Parts of recoveries; see RecoveryLog.
	Recoveries    []*RecoveryWrite
	RecoveryStops []*RecoveryStop
	RecoverySteps []*RecoveryStep
	Adoptions     []*Adoption

	Cancels  []*Cancel
	Refusals []*Refusal
	Emits    []*Emit
	Claims   []*Claim
	Expiries []*Expiry
	Erasures []*ErasureWrite
	Erasings []*Erasing
	Frees    []*Free
	// Entries are about what changes nothing; those about changes are with these.
	// All are written after the changes, and last of all Links are done.
	Entries []*AuditEntry
	Links   []*Link
	// Activity has counts that take the place of those with the same store, time and run.
	Activity         []*ActivityCount
	ActivityExpiries []*ActivityExpiry
	// Probe: something is written that changes nothing, to learn whether it can be.
	Probe bool

	// Released is set by Commit to what was held back in a strand and is this
	// node's to send from then on. Event is nil in those that are not of Emits.
	Released []Pending
}

// Empty reports whether there is nothing to write.
func (b *Batch) Empty() bool { return b.parts() == 0 && !b.Probe }

func (b *Batch) parts() int {
	return len(b.Stores) + len(b.Webhooks) + len(b.Keys) + len(b.EventTypes) + len(b.Outcomes) + len(b.Skips) + len(b.Frees) + len(b.Retries) + len(b.Cancels) + len(b.Refusals) + len(b.Emits) + len(b.Claims) +
		len(b.Entries) + len(b.Links) + len(b.Recoveries) + len(b.RecoveryStops) + len(b.RecoverySteps) + len(b.Adoptions) + len(b.Expiries) + len(b.Erasures) + len(b.Erasings) + len(b.Activity) + len(b.ActivityExpiries)
}

// A StoreWrite creates a store or replaces one.
type StoreWrite struct {
	Store Store
	// Create: it must not be there yet. Else it must be there as it was when
	// its UpdatedAt was Was.
	Create bool
	Was    time.Time
	// Audit is written if the store is; nil for no entry.
	Audit *AuditEntry

	// Refused is set by Commit where it is not so; nothing was written then.
	Refused bool
}

// A WebhookWrite creates a webhook or replaces one, as StoreWrite does.
type WebhookWrite struct {
	Webhook Webhook
	Create  bool
	Was     time.Time
	Audit   *AuditEntry

	Refused bool
}

// A KeyWrite creates an API key or replaces one, as StoreWrite does.
type KeyWrite struct {
	Key    APIKey
	Create bool
	Was    time.Time
	Audit  *AuditEntry

	Refused bool
}

// An EventTypeWrite defines an event type or replaces one, as StoreWrite does.
type EventTypeWrite struct {
	EventType EventType
	Create    bool
	Was       time.Time
	Audit     *AuditEntry

	Refused bool
}

// An Emit writes an event together with its deliveries, and gives the event the
// next Sequence of its entity if it has one, also within Deliveries; or, when the
// event's id or its idempotency key is taken in the store (by an earlier batch or
// earlier in this one), nothing.
type Emit struct {
	Event Event
	// OwnID: the caller chose the event's id, so that it may be taken. Others
	// are new and need not be looked for.
	OwnID bool
	// Deliveries are the event's, all pending.
	Deliveries []Pending
	// Asked is the Number of the Asked that this is, which goes from the outbox;
	// 0 for one that is none.
	Asked int64
	// Skipped are the webhooks that subscribe to the event's type and do not get it.
	// Nothing but the ledger tells of them.
	Skipped []Skipped

	// Gone is set by Commit when the Asked was not there any more: another node
	// has dealt with it, and nothing was written.
	Gone bool
	// Existing is set by Commit to the event that has the idempotency key or
	// else the id; nothing was written then.
	Existing *Event
	// Held is set by Commit when a transaction that is not over, one of a
	// caller's, is about to take the key or the id, or has numbered an event about the
	// same entity; nothing was written then, and
	// it may be tried again. One that comes with it set holds up nobody.
	Held bool
}

// Written reports whether Commit has written the event and its deliveries.
func (em *Emit) Written() bool { return em.Existing == nil && !em.Gone && !em.Held }

// An Asked is an event that was asked for in SQL.
type Asked struct {
	Number   int64
	Emission Emission
	At       time.Time
}

// A Refusal says why an Asked cannot become an event. It stays on record, and
// does not come up again.
type Refusal struct {
	StoreID string
	Number  int64
	Reason  string
	// Code and Member are of the reason what quotes no data; they are not kept.
	Code   Code
	Member string
}

// An Outcome writes an attempt and the state that it left its delivery in.
type Outcome struct {
	// Delivery is the pending delivery as it was when it was sent. If this node
	// owns no pending delivery with its ID and its Attempts any more, someone
	// else has dealt with it: nothing is written, and Stale is set (fencing).
	Delivery Pending
	Attempt  Attempt
	// Status is StatusPending for another attempt at NextAttemptAt, or a
	// final one, which moves the delivery from what waits to what is over.
	Status        Status
	NextAttemptAt time.Time
	Reason        string
	// Deactivate: the receiver wants no more, for which the batch has a WebhookWrite
	// where that is called for. A Database does not look at it.
	Deactivate bool

	// Stale is set by Commit.
	Stale bool
}

// A Retry makes a delivery due now: one that is over becomes pending again,
// with AttemptsBefore set to its Attempts; one that is pending becomes due at
// DueAt. Either belongs to this node then, whoever had it. One that is held back
// stays so, and one that gets its place again waits for its turn.
type Retry struct {
	StoreID    string
	DeliveryID string
	DueAt      time.Time
	// Ordered: one that was over has its place in its strand again, if its event
	// has an entity.
	Ordered bool
	// Audit is written if there is such a delivery; nil for no entry.
	Audit *AuditEntry

	// Delivery is set by Commit to what is pending now; nil when there is no
	// such delivery in the store.
	Delivery *Pending
}

// A Cancel ends up to Limit of the pending deliveries of a lane that this node
// owns, and of those that are held back there, the earliest due first, with a status
// that is final.
type Cancel struct {
	Lane Lane
	// Status is StatusCancelled, or StatusSkipped. Default: StatusCancelled.
	Status Status
	Reason string
	At     time.Time
	// DueBefore and CreatedBefore leave those that are due, or were made, then or
	// later. Zero: none is left.
	DueBefore, CreatedBefore time.Time
	Limit                    int

	// Cancelled is set by Commit to how many there were.
	Cancelled int
}

// A Claim makes up to Limit pending deliveries that nobody living owns this
// node's. Those of a node that has not renewed its lease in time count as such.
type Claim struct {
	Limit int

	// Deliveries is set by Commit to those; fewer than Limit mean that there
	// may be no more. Event is nil in them. Those that are in a strand and were
	// nobody's are held back, but for what Commit has released.
	Deliveries []Pending
}

// A Link takes up to Limit entries of the audit log that are in no chain, events
// and others, into this node's chains, each store's oldest first. Of a process
// that is no node it does nothing, and nothing that it writes is in a chain.
type Link struct {
	Limit int

	// Linked is set by Commit to how many there were; Limit or more mean that
	// there may be others.
	Linked int
}
