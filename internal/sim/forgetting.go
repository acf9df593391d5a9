package sim

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/billhook/billhook"
)

// The model forgets as a database does, with no chains that have to begin elsewhere.

// expire looks through the store's events, the oldest first.
func (w *writing) expire(x *billhook.Expiry) {
	x.Done, x.Took = 0, 0
	if w.owner == nobody {
		return
	}
	for _, until := range []time.Time{x.Attempts, x.Records} {
		if until.After(w.forgotten[x.StoreID]) {
			put(&w.undo, w.forgotten, x.StoreID, until)
		}
	}
	for _, e := range w.eventsOf(x.StoreID) {
		if x.Done == x.Limit {
			return
		}
		k := key{e.StoreID, e.ID}
		deliveries, needed := w.deliveriesOf(k)
		did := false
		if e.CreatedAt.Before(x.Attempts) || e.CreatedAt.Before(x.Records) {
			for _, d := range deliveries {
				if o := w.over[d]; w.replays[replayKey{o.StoreID, o.EventID, o.WebhookID}] {
					w.tally(billhook.Lane{StoreID: o.StoreID, WebhookID: o.WebhookID}, o.CreatedAt, func(day *billhook.LedgerDay) { day.Forgotten = true })
				}
				drop(&w.undo, w.over, d)
				drop(&w.undo, w.attempts, d)
				did = true
			}
		}
		switch {
		case needed:
		case e.CreatedAt.Before(x.Records):
			drop(&w.undo, w.events, k)
			drop(&w.undo, w.byKey, key{e.StoreID, e.IdempotencyKey})
			for of := range w.replays {
				if of.storeID == e.StoreID && of.eventID == e.ID {
					drop(&w.undo, w.replays, of)
				}
			}
			did = true
		case e.CreatedAt.Before(x.Payloads) && e.ErasedAt.IsZero():
			e.Data, e.ErasedAt, e.TraceContext = nil, x.At, billhook.TraceContext{}
			put(&w.undo, w.events, k, e)
			did = true
		}
		if did {
			x.Done++
		}
	}
	for k, step := range w.revived {
		if k.recovery.storeID == x.StoreID && step.last.Before(x.Attempts) {
			drop(&w.undo, w.revived, k)
		}
	}
	for k, e := range w.audit {
		if e.StoreID == x.StoreID && e.CreatedAt.Before(x.Records) {
			drop(&w.undo, w.audit, k)
		}
	}
}

// eventsOf are a store's, the oldest first.
func (s *Shared) eventsOf(storeID string) (all []billhook.Event) {
	for _, e := range s.events {
		if e.StoreID == storeID {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b billhook.Event) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// deliveriesOf are those of an event that are over; needed tells that others wait.
func (s *Shared) deliveriesOf(event key) (over []key, needed bool) {
	for _, d := range s.pending {
		needed = needed || d.StoreID == event.storeID && d.EventID == event.id
	}
	for k, d := range s.over {
		if d.StoreID == event.storeID && d.EventID == event.id {
			over = append(over, k)
		}
	}
	return over, needed
}

func (w *writing) orderErasure(e *billhook.ErasureWrite) {
	e.Existing = nil
	for _, there := range w.erasures {
		if there.StoreID == e.Erasure.StoreID && there.Entity == e.Erasure.Entity && there.FinishedAt.IsZero() {
			e.Existing = &there
			return
		}
	}
	put(&w.undo, w.erasures, key{e.Erasure.StoreID, e.Erasure.ID}, e.Erasure)
}

// erase does all of the first one that waits, and never gets stuck.
func (w *writing) erase(x *billhook.Erasing) {
	x.Done, x.Took, x.Lanes, x.Of, x.Finished, x.Stuck = 0, 0, nil, billhook.ErasurePosition{}, false, false
	var of billhook.Erasure
	for k, e := range w.erasures {
		at := billhook.ErasurePosition{StoreID: k.storeID, ID: k.id}
		if e.FinishedAt.IsZero() && compareErasures(at, x.After) > 0 && (x.Of.ID == "" || compareErasures(at, x.Of) < 0) {
			of, x.Of = e, at
		}
	}
	if w.owner == nobody || x.Of.ID == "" {
		return
	}
	for _, e := range w.eventsOf(of.StoreID) {
		if e.Entity != of.Entity && e.Actor != of.Entity || e.CreatedAt.After(of.CreatedAt) {
			continue
		}
		for k, d := range w.pending {
			if d.StoreID != e.StoreID || d.EventID != e.ID {
				continue
			}
			if !slices.Contains(x.Lanes, d.lane()) {
				x.Lanes = append(x.Lanes, d.lane())
			}
			w.bereave(d)
			w.touch(d.strand())
			d.Status, d.Reason, d.FinishedAt = billhook.StatusCancelled, x.Reason, x.At
			w.finish(k, d.Delivery)
		}
		over, _ := w.deliveriesOf(key{e.StoreID, e.ID})
		for _, d := range over {
			attempts := slices.Clone(w.attempts[d])
			for i := range attempts {
				attempts[i].ResponseHeaders, attempts[i].ResponseBody = "", nil
			}
			put(&w.undo, w.attempts, d, attempts)
		}
		if e.ErasedAt.IsZero() {
			e.Data, e.ErasedAt, e.TraceContext = nil, x.At, billhook.TraceContext{}
			put(&w.undo, w.events, key{e.StoreID, e.ID}, e)
			of.Events++
		}
	}
	of.FinishedAt = x.At
	put(&w.undo, w.erasures, key{of.StoreID, of.ID}, of)
	x.Done, x.Finished = x.Limit, true
}

func compareErasures(a, b billhook.ErasurePosition) int {
	return cmp.Or(cmp.Compare(a.StoreID, b.StoreID), cmp.Compare(a.ID, b.ID))
}

// erasuresOf are those that the filter selects, by id descending. It wants s.mu.
func (s *Shared) erasuresOf(f billhook.ErasureFilter) []billhook.Erasure {
	var found []billhook.Erasure
	for _, e := range s.erasures {
		if asked(f.StoreID, e.StoreID) && asked(f.ID, e.ID) && !(f.Waiting && !e.FinishedAt.IsZero()) && (f.Before == "" || e.ID < f.Before) {
			found = append(found, e)
		}
	}
	slices.SortFunc(found, func(a, b billhook.Erasure) int { return cmp.Compare(b.ID, a.ID) })
	return first(f.Limit, found)
}

// Erasures reads erasures, by id descending.
func (h *Handle) Erasures(_ context.Context, f billhook.ErasureFilter) ([]billhook.Erasure, error) {
	return read(h, func(s *Shared) ([]billhook.Erasure, error) { return s.erasuresOf(f), nil })
}

// Forget does nothing.
func (h *Handle) Forget(context.Context, billhook.Horizon) (billhook.Horizon, error) {
	return billhook.Horizon{}, nil
}

// AuditFloors has none.
func (h *Handle) AuditFloors(context.Context, string) ([]billhook.AuditFloor, error) { return nil, nil }
