package billhook

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"time"
)

// An Expiry is one small step of forgetting what a store keeps no longer. Several
// nodes may ask for it at once: one of them does it, the others find nothing. Of a
// process that is no node it does nothing.
//
// Nothing goes that a pending delivery needs: its event, with its data, stays, and
// goes in a later step, once the delivery is over.
type Expiry struct {
	StoreID string
	// Horizon bounds the rows that go one by one; what is zero stays.
	Horizon
	// Floor is up to when entries of the audit log may go: each chain of the store
	// then begins after the last of them, whose number and hash are kept. Rows go
	// only where they are below it. Zero moves none.
	Floor time.Time
	// Audit is written if a chain has got a new beginning, with New filled in.
	Audit *AuditEntry
	At    time.Time
	// Limit is how many events, or entries, are looked at; fewer, where they have very
	// much data or very many deliveries, but one at least.
	Limit int

	// Done is set by Commit to how many there were, or to Limit where it looked at
	// fewer; less than Limit means that there are no more for now.
	Done int
	// Took is set by Commit to how long it held the others up.
	Took time.Duration
	// Busy is set by Commit where somebody else is at it, and nothing was done.
	Busy bool
}

// An Erasure is the order to erase what the payloads of a store say of an entity: the
// data of all events accepted before it that are about the entity or that it caused,
// and the answers to their deliveries. The records stay. Deliveries of them that wait
// are cancelled.
type Erasure struct {
	StoreID string
	ID      string
	Entity  Reference
	// CreatedAt is when it was asked for; FinishedAt is zero until all is erased.
	CreatedAt  time.Time
	FinishedAt time.Time
	// Events counts those whose data it has erased so far.
	Events int
}

// An ErasureWrite puts an Erasure on record, or, where one of the same entity is not
// finished yet, nothing.
type ErasureWrite struct {
	Erasure Erasure
	// Audit is written if it is.
	Audit *AuditEntry

	// Existing is set by Commit to the one that is not finished.
	Existing *Erasure
}

// An ErasureFilter selects erasures; zero members select all.
type ErasureFilter struct {
	StoreID string
	ID      string
	// Waiting selects those that are not finished.
	Waiting bool
	// Before continues a list: only those with a smaller id.
	Before string
	Limit  int
}

// An Erasing is one small step of the first erasure that waits, by store and id, of
// whatever store. Several nodes may ask for it at once, as of an Expiry.
type Erasing struct {
	// After passes over all up to one; zero for none.
	After ErasurePosition
	Limit int
	At    time.Time
	// Reason is that of the deliveries which it cancels.
	Reason string

	// Done and Took are set as those of an Expiry.
	Done int
	Took time.Duration
	// Lanes are set to those of the deliveries that it has cancelled, whoever owned
	// them.
	Lanes []Lane
	// Of is set to the erasure; zero where there was none.
	Of ErasurePosition
	// Finished is set where it has finished the erasure, and Stuck where it could do
	// nothing, since others hold what it would change: it is to be tried again.
	Finished, Stuck bool
}

// An ErasurePosition names an erasure.
type ErasurePosition struct {
	StoreID string
	ID      string
}

// An AuditFloor is where a chain begins, after the last of its entries that have
// expired.
type AuditFloor struct {
	Chain, Number int64
	Hash          []byte
	// At is the time of that entry.
	At time.Time
}

// A Forgetter forgets in whole what no store keeps any longer.
type Forgetter interface {
	// Forget lets go of what every store's Horizon has passed, where a database can
	// do that otherwise than row by row, and nothing pending needs it. It is called
	// every few minutes, by every node. whole is as much of h as it sees to: an
	// Expiry need only go into rows where a store keeps less than that.
	Forget(ctx context.Context, h Horizon) (whole Horizon, err error)
	// Erasures reads erasures, by id descending.
	Erasures(ctx context.Context, f ErasureFilter) ([]Erasure, error)
}

// A floorRecord is what the audit log has of its own beginning: where each chain of
// the store begins from now on.
type floorRecord struct {
	Before time.Time       `json:"before"`
	Chains []floorOnRecord `json:"chains"`
}

type floorOnRecord struct {
	Chain  int64  `json:"chain"`
	Number int64  `json:"number"`
	Hash   string `json:"hash"`
}

// RecordFloors is AuditEntry.New of an entry that vouches for the floors.
func RecordFloors(before time.Time, floors []AuditFloor) string {
	r := floorRecord{Before: before}
	for _, f := range floors {
		r.Chains = append(r.Chains, floorOnRecord{f.Chain, f.Number, hex.EncodeToString(f.Hash)})
	}
	return auditValue(r)
}

// floorsOnRecord reads what RecordFloors wrote.
func floorsOnRecord(text string) []floorOnRecord {
	var r floorRecord
	_ = json.Unmarshal([]byte(text), &r) // nothing is vouched for then
	return r.Chains
}

func (f *AuditFloor) onRecord() floorOnRecord {
	return floorOnRecord{f.Chain, f.Number, hex.EncodeToString(f.Hash)}
}
