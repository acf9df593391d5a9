package sim

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/billhook/billhook"
)

// behind is the owner of what is held back in its strand.
const behind = -2

// An entity of a store has events, which are numbered.
type entity struct {
	storeID string
	billhook.Reference
}

func entityOf(e *billhook.Event) (entity, bool) {
	return entity{e.StoreID, e.Entity}, e.Entity != (billhook.Reference{})
}

var errEntityHeld = errors.New("another transaction has numbered an event of the entity")

// number gives an event the next number of its entity.
func (w *writing) number(em *billhook.Emit) {
	of, is := entityOf(&em.Event)
	if !is {
		return
	}
	em.Event.Sequence = w.sequences[of] + 1
	put(&w.undo, w.sequences, of, em.Event.Sequence)
}

// hold numbers an event of a caller's transaction, which has its entity from then
// on until it is over.
func (t *Tx) hold(em *billhook.Emit) error {
	of, is := entityOf(&em.Event)
	if !is {
		return nil
	}
	if by := t.on.holders[of]; by != nil && by != t {
		return errEntityHeld
	}
	t.on.holders[of] = t
	em.Event.Sequence = t.on.sequences[of] + 1
	for _, s := range t.staged {
		if other, is := entityOf(&s.Event); is && other == of {
			em.Event.Sequence++
		}
	}
	return nil
}

// letGo ends what hold has begun. It wants t.on.mu.
func (t *Tx) letGo() {
	for of, by := range t.on.holders {
		if by == t {
			delete(t.on.holders, of)
		}
	}
}

func (d *waiting) strand() billhook.Strand {
	p := d.pending()
	return p.Strand()
}

// touch has the strand settled in the end.
func (w *writing) touch(of billhook.Strand) {
	if w.owner != nobody && of != (billhook.Strand{}) && !slices.Contains(w.touched, of) {
		w.touched = append(w.touched, of)
	}
}

// placeOwner is who owns what comes into its strand.
func (w *writing) placeOwner() int64 {
	if w.owner == nobody {
		return nobody
	}
	return behind
}

// inStrand are what waits in a strand, the lowest sequence first.
func (s *Shared) inStrand(of billhook.Strand) []waiting {
	all := s.waitingFor(func(d waiting) bool { return d.strand() == of }, len(s.pending))
	slices.SortFunc(all, func(a, b waiting) int {
		return cmp.Or(cmp.Compare(a.place.Sequence, b.place.Sequence), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// settle releases the next of each strand that was touched and of which nothing is
// to be sent.
func (w *writing) settle(b *billhook.Batch) {
	b.Released = nil
	slices.SortFunc(w.touched, func(a, b billhook.Strand) int {
		return cmp.Or(cmp.Compare(a.StoreID, b.StoreID), cmp.Compare(a.WebhookID, b.WebhookID),
			cmp.Compare(a.Entity.Type, b.Entity.Type), cmp.Compare(a.Entity.ID, b.Entity.ID))
	})
	for _, of := range w.touched {
		all := w.inStrand(of)
		if len(all) == 0 || slices.ContainsFunc(all, func(d waiting) bool { return d.owner != behind }) || w.forgetful {
			continue
		}
		next := all[0]
		if w.disorderly {
			next = all[len(all)-1]
		}
		next.owner = w.owner
		put(&w.undo, w.pending, key{next.StoreID, next.ID}, next)
		b.Released = append(b.Released, next.pending())
	}
}

func (w *writing) skip(k *billhook.Skip) {
	at := key{k.Delivery.StoreID, k.Delivery.ID}
	d, is := w.pending[at]
	k.Behind = nil
	of := d.strand()
	k.Stale = !is || !w.owns(d) || d.Attempts != k.Delivery.Attempts || !slices.ContainsFunc(w.inStrand(of), func(n waiting) bool {
		return n.owner == behind && (n.EventType == d.EventType || w.overeager) && n.place.Sequence >= k.Newest.Sequence
	})
	if k.Stale {
		return
	}
	w.touch(of)
	w.endSkipped(d, k)
	for _, d := range w.inStrand(of) {
		if d.owner == behind && d.EventType == k.Delivery.EventType && d.place.Sequence < k.Newest.Sequence {
			k.Behind = append(k.Behind, d.ID)
			w.endSkipped(d, k)
		}
	}
}

func (w *writing) endSkipped(d waiting, k *billhook.Skip) {
	d.Status, d.Reason, d.FinishedAt = billhook.StatusSkipped, k.Reason, k.At
	w.finish(key{d.StoreID, d.ID}, d.Delivery)
}

// Newest reads the newest delivery of an event type that is held back in a strand
// behind a sequence.
func (h *Handle) Newest(_ context.Context, of billhook.Strand, eventType string, sequence int64) (billhook.Pending, error) {
	return read(h, func(s *Shared) (billhook.Pending, error) {
		for _, d := range slices.Backward(s.inStrand(of)) {
			if d.owner == behind && (d.EventType == eventType || s.overeager) && d.place.Sequence > sequence {
				return d.pending(), nil
			}
		}
		return billhook.Pending{}, nil
	})
}

// Stuck reads strands of which something is held back and nothing is to be sent.
func (h *Handle) Stuck(_ context.Context, limit int) ([]billhook.Strand, error) {
	return read(h, func(s *Shared) ([]billhook.Strand, error) {
		var stuck []billhook.Strand
		for _, d := range s.waitingFor(func(d waiting) bool { return d.owner == behind }, len(s.pending)) {
			of := d.strand()
			free := slices.ContainsFunc(s.inStrand(of), func(d waiting) bool { return d.owner != behind })
			if !free && !slices.Contains(stuck, of) {
				stuck = append(stuck, of)
			}
		}
		return first(limit, stuck), nil
	})
}
