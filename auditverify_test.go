package billhook_test

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// A pile is an audit log of one chain in memory.
type pile struct {
	entries []billhook.AuditEntry
	head    billhook.AuditHead
	floors  []billhook.AuditFloor
}

// add puts an entry at the end of the chain.
func (p *pile) add() {
	before := billhook.AuditGenesis("s", 7)
	if p.head.Number > 0 {
		before = [32]byte(p.head.Hash)
	}
	n := p.head.Number + 1
	e := billhook.AuditEntry{StoreID: "s", ID: fmt.Sprint("aud_", n), Event: "stores.update", Chain: 7, Number: n, CreatedAt: time.Unix(n, 0)}
	sum := sha256.Sum256(billhook.AppendAudit(nil, before, &e))
	e.Hash = sum[:]
	p.entries, p.head = append(p.entries, e), billhook.AuditHead{Chain: 7, Number: n, Hash: e.Hash}
}

func (p *pile) AuditHeads(context.Context, string) ([]billhook.AuditHead, error) {
	return []billhook.AuditHead{p.head}, nil
}

func (p *pile) AuditChain(_ context.Context, _ string, _, from int64, limit int) (page []billhook.AuditEntry, err error) {
	sorted := slices.Clone(p.entries)
	slices.SortStableFunc(sorted, func(a, b billhook.AuditEntry) int { return cmp.Compare(a.Number, b.Number) })
	for _, e := range sorted {
		if e.Number >= from && len(page) < limit {
			page = append(page, e)
		}
	}
	return page, nil
}

func (p *pile) AuditFloors(context.Context, string) ([]billhook.AuditFloor, error) {
	return p.floors, nil
}

func (p *pile) AuditSince(context.Context, string, billhook.EventPosition, time.Time, int) ([]billhook.AuditEntry, error) {
	return nil, nil
}

// TestVerifyAudit breaks a chain of several pages in one place, at the beginning, at
// the edges of pages and at the end: it is found there.
func TestVerifyAudit(t *testing.T) {
	whole := &pile{}
	for range 650 {
		whole.add()
	}
	verify := func(p *pile) billhook.AuditProof {
		t.Helper()
		proof, err := billhook.VerifyAudit(context.Background(), p, "s")
		if err != nil {
			t.Fatal(err)
		}
		return proof
	}
	if proof := verify(whole); proof.Broken != nil || proof.Entries != 650 || len(proof.Chains) != 1 || proof.Chains[0].Number != 650 {
		t.Fatalf("as it was written: %+v", proof)
	}
	for _, number := range []int{1, 2, 199, 200, 201, 398, 399, 400, 401, 600, 649, 650} {
		for name, broken := range map[string]func(p *pile, i int){
			"changed":  func(p *pile, i int) { p.entries[i].New = "{}" },
			"missing":  func(p *pile, i int) { p.entries = slices.Delete(p.entries, i, i+1) },
			"unhashed": func(p *pile, i int) { p.entries[i].Hash = nil },
			"twice": func(p *pile, i int) {
				again := p.entries[i]
				again.ID = "aud_again"
				p.entries = slices.Insert(p.entries, i+1, again)
			},
			"cut off":  func(p *pile, i int) { p.entries = p.entries[:i] },
			"set back": func(p *pile, i int) { p.head.Number-- },
		} {
			p := &pile{entries: slices.Clone(whole.entries), head: whole.head}
			broken(p, number-1)
			proof := verify(p)
			want := int64(number)
			if name == "set back" {
				want = 649 // whose hash the head has not
			}
			if proof.Broken == nil || proof.Broken.Number != want || proof.Broken.Chain != 7 {
				t.Errorf("%d %s: found %v", number, name, proof.Broken)
			}
		}
	}
	whole.head.Number, whole.head.Hash = 500, whole.entries[499].Hash
	if proof := verify(whole); proof.Broken == nil || proof.Broken.Number < 501 {
		t.Errorf("a head set back by far, with its hash: %v", proof.Broken)
	}
}
