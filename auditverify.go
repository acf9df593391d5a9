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
	for _, head := range heads {
		if head.Chain == 0 {
			p.Unlinked = head.Number
			continue
		}
		walk := chainWalk{log: log, storeID: storeID, head: head, at: AuditHead{Chain: head.Chain}}
		p.Broken, err = walk.run(ctx)
		if err != nil {
			return p, err
		}
		p.Entries += walk.at.Number
		if p.Broken != nil {
			return p, nil
		}
		p.Chains = append(p.Chains, walk.at)
	}
	return p, nil
}

// A chainWalk goes along a chain.
type chainWalk struct {
	log     AuditLog
	storeID string
	head    AuditHead // as it was before the first entry was read
	at      AuditHead // the last entry that holds
	last    string    // its id
}

// run goes a little beyond the head where the chain has grown meanwhile.
func (w *chainWalk) run(ctx context.Context) (*AuditBreak, error) {
	genesis := AuditGenesis(w.storeID, w.head.Chain)
	w.at.Hash = genesis[:]
	for {
		entries, err := w.log.AuditChain(ctx, w.storeID, w.head.Chain, max(w.at.Number, 1), auditStep)
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
