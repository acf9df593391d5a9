package billhook

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
)

// auditStep is how many entries are read at a time to be verified.
const auditStep = 200

// An AuditProof is what VerifyAudit found.
type AuditProof struct {
	StoreID string
	// Entries counts those that are proved.
	Entries int64
	// Chains are the heads that they were proved up to. Kept elsewhere, they
	// show later that nothing was written anew before them.
	Chains []AuditHead
	// Floors are where chains begin whose older entries have expired. Each is vouched
	// for by an entry that is proved.
	Floors []AuditFloor
	// Unlinked counts entries that are in no chain yet. A node takes them in.
	Unlinked int64
	// Broken is the first entry that is not as it was written; nil for none.
	Broken *AuditBreak
}

// An AuditBreak is a place where a chain does not hold.
type AuditBreak struct {
	Chain, Number int64
	// Event and ID are the entry's, empty where it is missing.
	Event, ID string
	// What is wrong, in words.
	What string
}

func (b *AuditBreak) String() string {
	entry := ""
	if b.ID != "" {
		entry = fmt.Sprintf(" (%s %s)", b.Event, b.ID)
	}
	return fmt.Sprintf("chain %d, entry %d%s: %s", b.Chain, b.Number, entry, b.What)
}

// VerifyAudit proves that a store's audit log is as it was written, or finds the
// first entry of a chain that is not. It may run beside the nodes that write, and
// holds a few entries in memory, however many there are.
func (c *Client) VerifyAudit(ctx context.Context, storeID string) (AuditProof, error) {
	if _, ok := c.registry.stored(storeID); !ok {
		return AuditProof{}, notFound("store", storeID)
	}
	return VerifyAudit(ctx, c.db, storeID)
}

// VerifyAudit is Client.VerifyAudit for whoever has no Client.
func VerifyAudit(ctx context.Context, log AuditLog, storeID string) (AuditProof, error) {
	p := AuditProof{StoreID: storeID}
	heads, err := log.AuditHeads(ctx, storeID)
	if err != nil {
		return p, err
	}
	vouched := map[floorOnRecord]bool{}
	for _, head := range heads {
		if head.Chain == 0 {
			p.Unlinked = head.Number
			continue
		}
		walk := chainWalk{log: log, storeID: storeID, head: head, vouched: vouched}
		p.Broken, err = walk.run(ctx)
		if err != nil {
			return p, err
		}
		if p.Broken != nil {
			// All of a chain may have expired meanwhile, and then it is no longer told of.
			now, err := log.AuditHeads(ctx, storeID)
			if err != nil || slices.ContainsFunc(now, func(h AuditHead) bool { return h.Chain == head.Chain }) {
				p.Entries += walk.at.Number - walk.floor.Number
				return p, err
			}
			p.Broken = nil
			continue
		}
		p.Entries += walk.at.Number - walk.floor.Number
		p.Chains = append(p.Chains, walk.at)
		if walk.floor.Number > 0 {
			p.Floors = append(p.Floors, walk.floor)
		}
	}
	for _, f := range p.Floors {
		if !vouched[f.onRecord()] {
			p.Broken = &AuditBreak{Chain: f.Chain, Number: f.Number, What: "the chain begins after it, and no entry says that it has expired"}
			return p, nil
		}
	}
	return p, nil
}

// A chainWalk goes along a chain.
type chainWalk struct {
	log     AuditLog
	storeID string
	head    AuditHead // as it was before the first entry was read
	floor   AuditFloor
	at      AuditHead // the last entry that holds
	last    string    // its id
	vouched map[floorOnRecord]bool
}

// run goes along the chain, and once more where it got a new beginning meanwhile.
func (w *chainWalk) run(ctx context.Context) (*AuditBreak, error) {
	for {
		floor, err := w.begin(ctx)
		if err != nil {
			return nil, err
		}
		w.floor = floor
		broken, err := w.along(ctx)
		if broken == nil || err != nil {
			return broken, err
		}
		if floor, err = w.begin(ctx); err != nil || floor.Number <= w.floor.Number {
			return broken, err
		}
	}
}

// begin goes to the chain's beginning.
func (w *chainWalk) begin(ctx context.Context) (AuditFloor, error) {
	floors, err := w.log.AuditFloors(ctx, w.storeID)
	genesis := AuditGenesis(w.storeID, w.head.Chain)
	floor := AuditFloor{Chain: w.head.Chain, Hash: genesis[:]}
	for _, f := range floors {
		if f.Chain == floor.Chain {
			floor = f
		}
	}
	w.at, w.last = AuditHead{Chain: floor.Chain, Number: floor.Number, Hash: floor.Hash}, ""
	return floor, err
}

// along goes a little beyond the head where the chain has grown meanwhile.
func (w *chainWalk) along(ctx context.Context) (*AuditBreak, error) {
	if len(w.at.Hash) != 32 {
		return &AuditBreak{Chain: w.head.Chain, Number: w.at.Number, What: "the chain begins after it, and its hash is not kept"}, nil
	}
	first := w.at.Number + 1
	for {
		entries, err := w.log.AuditChain(ctx, w.storeID, w.head.Chain, max(w.at.Number, first), auditStep)
		if err != nil {
			return nil, err
		}
		for i := range entries {
			if broken := w.step(&entries[i]); broken != nil {
				return broken, nil
			}
		}
		if len(entries) < auditStep || w.at.Number >= w.head.Number {
			return w.end(ctx)
		}
	}
}

// step takes the next entry.
func (w *chainWalk) step(e *AuditEntry) *AuditBreak {
	broken := &AuditBreak{Chain: e.Chain, Number: e.Number, Event: e.Event, ID: e.ID}
	next := w.at.Number + 1
	switch {
	case e.Number == w.at.Number && e.ID == w.last:
		return nil // each page begins with the last entry of the one before
	case e.Number < next:
		broken.What = "its number is there twice"
		return broken
	case e.Number > next:
		return w.missing(next, e.Number-1)
	}
	sum := sha256.Sum256(AppendAudit(nil, [32]byte(w.at.Hash), e))
	switch {
	case len(e.Hash) != len(sum):
		broken.What = "it has no hash"
		return broken
	case !bytes.Equal(sum[:], e.Hash):
		broken.What = "its hash is not that of what it says: it, or its hash, or the hash before it was changed"
		return broken
	case e.Number == w.head.Number && w.head.Hash != nil && !bytes.Equal(e.Hash, w.head.Hash):
		broken.What = "it is not the one that the chain's head was written for"
		return broken
	}
	w.at.Number, w.at.Hash, w.last = e.Number, e.Hash, e.ID
	if e.Event == AuditExpire && !e.Emitted {
		for _, f := range floorsOnRecord(e.New) {
			w.vouched[f] = true
		}
	}
	return nil
}

func (w *chainWalk) missing(first, last int64) *AuditBreak {
	what := "it is missing"
	if last > first {
		what = fmt.Sprintf("it and all up to %d are missing", last)
	}
	return &AuditBreak{Chain: w.head.Chain, Number: first, What: what}
}

// end compares the entries with the head: that of before, which they must reach,
// and that of now, which they must not be beyond.
func (w *chainWalk) end(ctx context.Context) (*AuditBreak, error) {
	if w.at.Number < w.head.Number {
		return w.missing(w.at.Number+1, w.head.Number), nil
	}
	heads, err := w.log.AuditHeads(ctx, w.storeID)
	if err != nil {
		return nil, err
	}
	broken := &AuditBreak{Chain: w.head.Chain, Number: w.at.Number}
	i := slices.IndexFunc(heads, func(h AuditHead) bool { return h.Chain == w.head.Chain })
	switch {
	case i < 0 || heads[i].Hash == nil:
		broken.What = "the head of its chain is missing"
	case heads[i].Number < w.at.Number:
		broken.What = fmt.Sprintf("the head of its chain is at %d: it was set back", heads[i].Number)
	case heads[i].Number == w.at.Number && !bytes.Equal(heads[i].Hash, w.at.Hash):
		broken.What = "the head of its chain has another hash"
	default:
		return nil, nil
	}
	return broken, nil
}
