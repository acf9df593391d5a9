package sim

import (
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/billhook/billhook"
)

// A Shared is a database in memory that several nodes share, each through a
// Handle of its own. It is what a billhook.Database must be, in the plainest
// form: maps, looked through from end to end, under one lock.
type Shared struct {
	// Lease is how long a node may be silent before it is taken for dead.
	Lease time.Duration

	mu sync.Mutex
	// ahead is how far the database's clock is ahead of the nodes'.
	ahead time.Duration
	// unfenced is a flaw, to be found: outcomes count whoever owns the delivery.
	// miscounts is another: the ledger misses what is cancelled or skipped.
	unfenced, miscounts bool
	// unstepped is another: a step of a recovery counts whoever owns that, and however
	// it ended.
	unstepped bool

	stores   map[string]billhook.Store
	webhooks map[key]billhook.Webhook
	apiKeys  map[key]billhook.APIKey
	// eventTypes are by store and name.
	eventTypes map[key]billhook.EventType
	events     map[key]billhook.Event
	byKey      map[key]string // the ids of events, by idempotency key
	pending    map[key]waiting
	over       map[key]billhook.Delivery
	attempts   map[key][]billhook.Attempt
	audit      map[key]billhook.AuditEntry
	ledger     map[account]billhook.LedgerDay

	// sequences has the last number of each entity, and holders who has numbered one
	// of its events and is not over.
	sequences map[entity]int64
	holders   map[entity]*Tx
	// forgetful is a flaw: nothing that is held back is released.
	forgetful bool
	// Other flaws: the newest is released first; what is newer counts whatever its type.
	disorderly, overeager bool

	recoveries map[key]recoveryRow
	replays    map[replayKey]bool
	erasures   map[key]billhook.Erasure
	activity   map[activityKey]billhook.ActivityCount

	// outbox has what was asked for in SQL, by number, and asks counts it.
	outbox map[int64]askedRow
	asks   int64

	nodes map[int64]nodeRow
	// epochs counts the nodes that there ever were.
	epochs int64
	// configured counts the transactions that changed stores, webhooks, API keys or event types.
	configured int
}

// A key names a row; every row is a store's.
type key struct{ storeID, id string }

// A waiting delivery, due at its NextAttemptAt, and who owns it.
type waiting struct {
	billhook.Delivery
	owner    int64
	place    *billhook.Place // nil for one that is in no strand
	firstDue time.Time
}

// nobody is the owner of what no node owns.
const nobody = 0

// NewShared makes an empty database.
func NewShared(lease time.Duration) *Shared {
	return &Shared{
		Lease:  lease,
		stores: map[string]billhook.Store{}, webhooks: map[key]billhook.Webhook{}, apiKeys: map[key]billhook.APIKey{},
		eventTypes: map[key]billhook.EventType{},
		events:     map[key]billhook.Event{}, byKey: map[key]string{},
		pending: map[key]waiting{}, over: map[key]billhook.Delivery{}, attempts: map[key][]billhook.Attempt{},
		audit: map[key]billhook.AuditEntry{}, sequences: map[entity]int64{}, holders: map[entity]*Tx{},
		ledger:     map[account]billhook.LedgerDay{},
		recoveries: map[key]recoveryRow{}, replays: map[replayKey]bool{},
		erasures: map[key]billhook.Erasure{}, activity: map[activityKey]billhook.ActivityCount{},
		outbox: map[int64]askedRow{}, nodes: map[int64]nodeRow{},
	}
}

// Shift sets how far the database's clock is ahead of everyone's.
func (s *Shared) Shift(ahead time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead = ahead
}

// now is the time by the database's clock. It wants s.mu.
func (s *Shared) now() time.Time { return time.Now().Add(s.ahead) }

// An undo takes a transaction back, step by step.
type undo []func()

func (u undo) run() {
	for _, step := range slices.Backward(u) {
		step()
	}
}

func put[K comparable, V any](u *undo, rows map[K]V, k K, v V) {
	restore(u, rows, k)
	rows[k] = v
}

func drop[K comparable, V any](u *undo, rows map[K]V, k K) {
	restore(u, rows, k)
	delete(rows, k)
}

func restore[K comparable, V any](u *undo, rows map[K]V, k K) {
	before, was := rows[k]
	*u = append(*u, func() {
		if was {
			rows[k] = before
		} else {
			delete(rows, k)
		}
	})
}

var (
	errClosed = errors.New("database is closed")
	errTaken  = errors.New("two deliveries have one id")
)
