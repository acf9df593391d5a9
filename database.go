package billhook

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"
)

var (
	// ErrNotFound is what a Database's reads answer when there is no such row.
	ErrNotFound = errors.New("not found")
	// ErrNotOwner is what Commit answers when other nodes have taken this one for
	// dead: nothing was written, and nothing is owned any more.
	ErrNotOwner = errors.New("this node was taken for dead")
	// ErrUntouched is what Commit answers when it has not begun to write: the next
	// one needs no Recover.
	ErrUntouched = errors.New("nothing was written")
)

// A Database keeps everything durable. Package storetest is its contract in
// full; the rules that the engine leans on most:
//
//   - Commit is called by one goroutine at a time and is atomic: when it
//     returns nil all of the batch is on disk, when it returns an error none
//     of it may be relied on.
//   - Reads may run beside it and see only whole batches. A read that starts
//     after Commit returned sees that batch.
//   - Nothing crosses stores: every key begins with the store's id.
//   - Every pending delivery is owned by one node, or by nobody. A node sends
//     only what it owns, and outcomes of what it does not own change nothing.
type Database interface {
	// Commit writes the batch in one transaction and fills in the result
	// members of its parts. Deliveries that become pending belong to this
	// process if it has joined, else to nobody.
	Commit(ctx context.Context, b *Batch) error
	// Recover makes the database usable again after a failed Commit, by
	// opening it anew where that is needed, and joins again if this process
	// had joined, perhaps as a new node that owns nothing yet. What the failed
	// batch wrote may or may not be there afterwards, but wholly or not at all.
	Recover(ctx context.Context) error

	// EmitTx writes the emits in a transaction of the caller's, of a kind that
	// the database knows (*sql.Tx and others): they are there if that commits,
	// and then belong to nobody. It fills in Existing as Commit does.
	EmitTx(ctx context.Context, tx any, emits []*Emit) error

	// Join makes this process a node, which owns what it accepts. Only one
	// process at a time can be a node of a database that is a file.
	Join(ctx context.Context) error
	// Leave gives up what this node owns; others may have it at once.
	Leave(ctx context.Context) error
	// Held reports whether what this node owns is sure to be its own still. It
	// is asked before every request, costs nothing, and is false while the
	// node's lease may have run out.
	Held() bool
	// Watch renews the lease of a node that has joined and tells what others
	// have changed, until ctx ends. It goes on after failures of the database.
	Watch(ctx context.Context, seen func(Change))

	// Nodes lists those that the database knows, by id.
	Nodes(ctx context.Context) ([]Node, error)

	// Configuration reads all stores, webhooks, API keys and event types, the deleted
	// and the revoked too, as they were at one moment.
	Configuration(ctx context.Context) (Configuration, error)

	// Outbox reads events that others asked for without preparing them, in SQL,
	// oldest first, at most limit. Of several nodes each is given its share; what
	// another does not deal with in time is anyone's.
	Outbox(ctx context.Context, limit int) ([]Asked, error)

	// Newest reads the strand's newest delivery of an event type that is held back
	// behind the one with the sequence; one without an ID where there is none.
	Newest(ctx context.Context, of Strand, eventType string, sequence int64) (Pending, error)
	// Stuck reads strands of which something is held back and nothing is before it,
	// at most limit. There are none, unless someone else has written in the tables.
	Stuck(ctx context.Context, limit int) ([]Strand, error)

	// Lanes names every webhook for which this node owns pending deliveries,
	// once.
	Lanes(ctx context.Context) ([]Lane, error)
	// Pending reads the lane's pending deliveries that this node owns and that
	// come after the position, ordered by it, at most limit. Event is nil in
	// the result.
	Pending(ctx context.Context, lane Lane, after Position, limit int) ([]Pending, error)

	// Event reads one event, or ErrNotFound.
	Event(ctx context.Context, storeID, id string) (Event, error)
	// Events reads events, newest first.
	Events(ctx context.Context, f EventFilter) ([]Event, error)
	// Delivery reads one delivery, pending or over, or ErrNotFound.
	Delivery(ctx context.Context, storeID, id string) (Delivery, error)
	// Deliveries reads deliveries, pending and over, by id descending.
	Deliveries(ctx context.Context, f DeliveryFilter) ([]Delivery, error)
	// Edge finds about how far back n deliveries reach, of those that an index leads to
	// for the filter, whatever else it asks for: all that it selects from that id on are
	// among 2n, and only those need be read to find them. Without an ID there are not
	// so many, and nothing is beyond.
	Edge(ctx context.Context, f DeliveryFilter, n int) (DeliveryEdge, error)
	// EventsAbout reads the ids of the newest events that are about an entity with the
	// id, of whatever type.
	EventsAbout(ctx context.Context, storeID, entityID string, limit int) ([]string, error)
	// Attempts reads a delivery's attempts, first to last.
	Attempts(ctx context.Context, storeID, deliveryID string) ([]Attempt, error)

	// Backlog counts a lane's pending deliveries. Those that are due, or were made, at
	// its bound or later do not count; zero is no bound.
	Backlog(ctx context.Context, lane Lane, dueBefore, createdBefore time.Time) (Backlog, error)
	Accounts

	// Audit reads entries of the audit log, newest first: events, which are their
	// own entries, and what was done in Billhook itself.
	Audit(ctx context.Context, f AuditFilter) ([]AuditEntry, error)
	AuditLog
	EventLog
	RecoveryLog
	Forgetter
	Activities

	Close() error
}

// A Backlog is how much is pending in a lane.
type Backlog struct {
	// All counts everyone's, Own this node's, and Behind what is held back in its
	// strand and so is nobody's.
	All, Own, Behind int
}

// share is this node's part of what can be some node's.
func (b Backlog) share() float64 { return float64(max(b.Own, 1)) / float64(max(b.All-b.Behind, 1)) }

// A Configuration is what callers set up. Stores are ordered by id, the others by
// store and id, or name.
type Configuration struct {
	Stores   []Store
	Webhooks []Webhook
	Keys     []APIKey
	// EventTypes are those that stores have defined.
	EventTypes []EventType
}

// A Change is what another node, or another program, has done.
type Change struct {
	// Configuration: stores, webhooks, API keys or event types may have changed.
	Configuration bool
	// Unowned: there may be pending deliveries that nobody living owns, or entries
	// of the audit log that are in no chain.
	Unowned bool
	// Asked: there may be something in the outbox.
	Asked bool
	// Lost: this node was taken for dead, so that the next Commit says
	// ErrNotOwner.
	Lost bool
	// Lanes are those in which deliveries of this node's went to another, or that have
	// lost the payload of one.
	Lanes []Lane
	// Anywhere: it may be so in any lane, since nobody heard what was told of it.
	Anywhere bool
}

// A Lane names the queue of one webhook.
type Lane struct {
	StoreID   string
	WebhookID string
}

func (l Lane) compare(m Lane) int {
	return cmp.Or(strings.Compare(l.StoreID, m.StoreID), strings.Compare(l.WebhookID, m.WebhookID))
}

// A Position orders a lane: by when a delivery is due, then by its id. The
// zero position comes before all others.
type Position struct {
	DueAt time.Time
	ID    string
}

// Compare is negative when p comes before q, positive after, else 0.
func (p Position) Compare(q Position) int {
	if c := p.DueAt.Compare(q.DueAt); c != 0 {
		return c
	}
	switch {
	case p.ID < q.ID:
		return -1
	case p.ID > q.ID:
		return 1
	}
	return 0
}

// A Pending is a delivery that waits, in the small form that the scheduler
// holds many of.
type Pending struct {
	Lane
	Position
	EventID   string
	EventType string
	// Attempts and AttemptsBefore are as in Delivery.
	Attempts       int
	AttemptsBefore int
	CreatedAt      time.Time
	// FirstDue is when it was to be sent first, where that was asked for; else zero.
	FirstDue time.Time
	// Place is nil for one that is in no strand.
	Place *Place
	// Behind: it is held back in its strand. Commit sets it in what it returns and
	// in the Deliveries of an Emit; it is false in what is read.
	Behind bool
	// Event is the event itself while memory for it can be spared, else nil.
	Event *Event
}

// An EventFilter selects events; zero members select all.
type EventFilter struct {
	StoreID    string
	Type       string
	EntityType string
	EntityID   string
	// From and To bound CreatedAt: From <= CreatedAt < To.
	From, To time.Time
	// Before continues a list: only events older than this (CreatedAt, ID).
	Before EventPosition
	// Limit is the most to read.
	Limit int
	// MaxBytes bounds the data that is read, in bytes: what goes beyond it is the
	// last, and never the first. Default: no bound.
	MaxBytes int
}

// An EventPosition orders a store's events: by CreatedAt, then by ID.
type EventPosition struct {
	CreatedAt time.Time
	ID        string
}

// A DeliveryEdge is a delivery up to which it was looked.
type DeliveryEdge struct {
	ID        string
	CreatedAt time.Time
}

// A DeliveryFilter selects deliveries; zero members select all.
type DeliveryFilter struct {
	StoreID   string
	WebhookID string
	EventID   string
	EventType string
	Status    Status
	// Entity selects those of events about it, where it has both Type and ID.
	Entity Reference
	// From and To bound CreatedAt: From <= CreatedAt < To.
	From, To time.Time
	// Among selects those of the webhooks with these ids; nil selects all.
	Among []string
	// Search selects those whose type, reason or data has the text, whatever the case of
	// ASCII letters in it, and those that it names: by their own id, their event's or
	// its entity's. Of the data it is looked for in the JSON as it is sent. It takes a
	// StoreID.
	Search string
	// Before continues a list: only deliveries with a smaller id. NotBefore leaves out
	// those with an id that is smaller than it.
	Before, NotBefore string
	// Limit is the most to read.
	Limit int
	// MaxBytes bounds the data that is read, in bytes: what goes beyond it is the
	// last, and never the first. Default: no bound.
	MaxBytes int
	// WithoutPayload leaves the data where it is, for lists that do not show it.
	WithoutPayload bool
}
