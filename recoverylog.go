package billhook

import (
	"context"
	"time"
)

// A RecoveryLog is what recoveries are kept in and look into. They are written as
// parts of a Batch.
type RecoveryLog interface {
	// Recovery reads one recovery, or ErrNotFound.
	Recovery(ctx context.Context, storeID, id string) (Recovery, error)
	// Recoveries reads recoveries, by id descending.
	Recoveries(ctx context.Context, f RecoveryFilter) ([]Recovery, error)
	// RecoveryOutcome counts what has become of the deliveries that a recovery made
	// pending in the steps after one, of which it looks at the first limit that made
	// any. reached is the last of these, 0 where there was none.
	RecoveryOutcome(ctx context.Context, storeID, id string, after int64, limit int) (counted RecoveryOutcome, reached int64, err error)
	// Over reads deliveries that are over, by id ascending. Only their StoreID, ID,
	// WebhookID, EventID, EventType, Status, Reason, Test, CreatedAt, FinishedAt and
	// ErasedAt are filled in.
	Over(ctx context.Context, f OverFilter) ([]Delivery, error)
	// EventsFor reads events, oldest first, and whether a webhook has them.
	EventsFor(ctx context.Context, f EventsForFilter) ([]EventFor, error)
}

// A RecoveryFilter selects recoveries; zero members select all.
type RecoveryFilter struct {
	StoreID string
	Status  RecoveryStatus
	// Before continues a list: only recoveries with a smaller id.
	Before string
	// Limit is the most to read.
	Limit int
}

// An OverFilter selects deliveries of a store that are over.
type OverFilter struct {
	StoreID string
	// WebhookID may be empty, unless StatusDelivered is among Statuses.
	WebhookID string
	// Statuses are those that are wanted; where StatusDelivered is one of them,
	// deliveries of others may be there too.
	Statuses []Status
	// After: only deliveries with a greater id.
	After string
	// Limit is the most to read.
	Limit int
}

// An EventsForFilter selects events of a lane's store: those that come After a
// position and are not before From, but before Until.
type EventsForFilter struct {
	Lane
	After       EventPosition
	From, Until time.Time
	Limit       int
}

// An EventFor is an event as a replay sees it. Has: the webhook has a delivery of
// it, whatever became of that. Test: it is one of Client.Test.
type EventFor struct {
	ID        string
	Type      string
	CreatedAt time.Time
	Has, Test bool
	// These are as in Event.
	Entity     Reference
	Sequence   int64
	Deliveries int
	ErasedAt   time.Time
}

// A RecoveryWrite adds a recovery that runs, this node's if it is one, or, where
// its idempotency key is taken in the store, nothing.
type RecoveryWrite struct {
	Recovery Recovery
	// Audit is written if the recovery is; nil for no entry.
	Audit *AuditEntry

	// Existing is set by Commit to the recovery that has the key.
	Existing *Recovery
}

// A RecoveryStop cancels a recovery that runs. What it has made pending stays so.
type RecoveryStop struct {
	StoreID string
	ID      string
	At      time.Time
	// Audit is written if it was running; nil for no entry.
	Audit *AuditEntry

	// Recovery is set by Commit to what it is now; nil when there is none.
	Recovery *Recovery
	// Stopped is set by Commit where it was running.
	Stopped bool
}

// An Adoption makes recoveries that run and that nobody living owns this node's.
type Adoption struct {
	// Limit is the most that Recoveries holds.
	Limit int

	// Recoveries is set by Commit to all that run and are this node's, those from
	// before included, oldest first; none for a process that is no node.
	Recoveries []Recovery
}

// A RecoveryStep is one step of a recovery that runs, is this node's, and has made
// one step less than Recovery tells. Else somebody has ended it or taken it over:
// nothing is written, and Stale is set.
type RecoveryStep struct {
	// Recovery is as it is after the step, but for what the step does: Commit adds
	// the number of Deliveries to its Queued, and that of all others of Retries and
	// Replays to its Left.Changed.
	Recovery Recovery
	// Retries become pending, due at their DueAt, where they are over and
	// Recovery.Takes them. Of these it is asked for Lane, Position and CreatedAt; one
	// with a Place, whatever that holds, has its own in its strand again, if its event
	// has a Sequence.
	Retries []Pending
	// Replays are new deliveries, those with a Place held back in their strand. They
	// are written where their webhook has no delivery of the event by a replay.
	Replays []Pending
	// Audit is written unless the step is stale; nil for no entry.
	Audit *AuditEntry

	// Stale and Deliveries, what is pending now, are set by Commit. Event is nil in
	// them.
	Stale      bool
	Deliveries []Pending
}

// Result is Recovery with what the step has done.
func (s *RecoveryStep) Result() Recovery {
	r := s.Recovery
	r.Queued += len(s.Deliveries)
	r.Left.Changed += len(s.Retries) + len(s.Replays) - len(s.Deliveries)
	return r
}
