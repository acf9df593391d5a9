package sim

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/billhook/billhook"
)

// A recoveryRow is a recovery and who owns it.
type recoveryRow struct {
	billhook.Recovery
	owner int64
}

// A replayKey is an event and the webhook that it was replayed for.
type replayKey struct{ storeID, eventID, webhookID string }

// A stepKey is a step of a recovery.
type stepKey struct {
	recovery key
	step     int64
}

// A revived is what a step has made pending, and when the last of it was made.
type revived struct {
	ids  []string
	last time.Time
}

// orphaned reports whether a recovery runs that nobody living owns. It wants s.mu.
func (s *Shared) orphaned(r recoveryRow) bool {
	_, alive := s.nodes[r.owner]
	return r.Status == billhook.RecoveryRunning && !alive
}

// recover applies the parts of a batch that are about recoveries.
func (w *writing) recover(b *billhook.Batch) error {
	for _, r := range b.Recoveries {
		w.addRecovery(r)
		w.enter(r.Audit, r.Existing == nil)
	}
	for _, s := range b.RecoveryStops {
		w.stopRecovery(s)
		w.enter(s.Audit, s.Stopped)
	}
	for _, s := range b.RecoverySteps {
		if err := w.step(s); err != nil {
			return err
		}
		w.enter(s.Audit, !s.Stale)
	}
	for _, a := range b.Adoptions {
		w.adopt(a)
	}
	return nil
}

func (w *writing) addRecovery(r *billhook.RecoveryWrite) {
	r.Existing = nil
	for _, one := range w.recoveries {
		if r.Recovery.IdempotencyKey != "" && one.StoreID == r.Recovery.StoreID && one.IdempotencyKey == r.Recovery.IdempotencyKey {
			first := one.Recovery
			r.Existing = &first
			return
		}
	}
	put(&w.undo, w.recoveries, key{r.Recovery.StoreID, r.Recovery.ID}, recoveryRow{r.Recovery, w.owner})
}

func (w *writing) stopRecovery(s *billhook.RecoveryStop) {
	s.Recovery, s.Stopped = nil, false
	k := key{s.StoreID, s.ID}
	r, is := w.recoveries[k]
	if !is {
		return
	}
	if r.Status == billhook.RecoveryRunning {
		r.Status, r.UpdatedAt, s.Stopped = billhook.RecoveryCancelled, s.At, true
		put(&w.undo, w.recoveries, k, r)
	}
	s.Recovery = &r.Recovery
}

func (w *writing) step(s *billhook.RecoveryStep) error {
	s.Stale, s.Deliveries = false, nil
	k := key{s.Recovery.StoreID, s.Recovery.ID}
	r, is := w.recoveries[k]
	mine := r.Status == billhook.RecoveryRunning && r.owner == w.owner && w.owner != nobody && r.Step+1 == s.Recovery.Step
	if !is || !mine && !w.unstepped {
		s.Stale = true
		return nil
	}
	for i := range s.Retries {
		k := key{s.Retries[i].StoreID, s.Retries[i].ID}
		if over, is := w.over[k]; !is || !s.Recovery.Takes(over.Status, over.FinishedAt) {
			continue
		}
		retry := &billhook.Retry{StoreID: k.storeID, DeliveryID: k.id, DueAt: s.Retries[i].DueAt, Ordered: s.Retries[i].Place != nil}
		w.retry(retry)
		s.Deliveries = append(s.Deliveries, *retry.Delivery)
	}
	for _, p := range s.Replays {
		of := replayKey{p.StoreID, p.EventID, p.WebhookID}
		if w.replays[of] {
			continue
		}
		put(&w.undo, w.replays, of, true)
		if err := w.wait(&p); err != nil {
			return err
		}
		s.Deliveries = append(s.Deliveries, p)
	}
	put(&w.undo, w.recoveries, k, recoveryRow{s.Result(), w.owner})
	var of revived
	for _, p := range s.Deliveries {
		of.ids = append(of.ids, p.ID)
		if p.CreatedAt.After(of.last) {
			of.last = p.CreatedAt
		}
	}
	if len(of.ids) > 0 {
		put(&w.undo, w.revived, stepKey{k, s.Recovery.Step}, of)
	}
	return nil
}

func (w *writing) adopt(a *billhook.Adoption) {
	a.Recoveries = nil
	if w.owner == nobody {
		return
	}
	for k, r := range w.recoveries {
		if w.orphaned(r) {
			r.owner = w.owner
			put(&w.undo, w.recoveries, k, r)
		}
	}
	for _, r := range w.recoveries {
		if r.Status == billhook.RecoveryRunning && r.owner == w.owner {
			a.Recoveries = append(a.Recoveries, r.Recovery)
		}
	}
	slices.SortFunc(a.Recoveries, func(a, b billhook.Recovery) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.StoreID, b.StoreID), cmp.Compare(a.ID, b.ID))
	})
	a.Recoveries = first(a.Limit, a.Recoveries)
}

// Recovery reads one recovery, or billhook.ErrNotFound.
func (h *Handle) Recovery(_ context.Context, storeID, id string) (billhook.Recovery, error) {
	return read(h, func(s *Shared) (billhook.Recovery, error) {
		r, is := s.recoveries[key{storeID, id}]
		if !is {
			return billhook.Recovery{}, billhook.ErrNotFound
		}
		return r.Recovery, nil
	})
}

// Recoveries reads recoveries, by id descending.
func (h *Handle) Recoveries(_ context.Context, f billhook.RecoveryFilter) ([]billhook.Recovery, error) {
	return read(h, func(s *Shared) ([]billhook.Recovery, error) {
		var found []billhook.Recovery
		for _, r := range s.recoveries {
			if asked(f.StoreID, r.StoreID) && asked(f.Status, r.Status) && (f.Before == "" || r.ID < f.Before) {
				found = append(found, r.Recovery)
			}
		}
		slices.SortFunc(found, func(a, b billhook.Recovery) int {
			return cmp.Or(cmp.Compare(b.ID, a.ID), cmp.Compare(a.StoreID, b.StoreID))
		})
		return first(f.Limit, found), nil
	})
}

// RecoveryOutcome counts what became of a recovery's deliveries.
func (h *Handle) RecoveryOutcome(_ context.Context, storeID, id string, after int64, limit int) (counted billhook.RecoveryOutcome, reached int64, err error) {
	counted, err = read(h, func(s *Shared) (all billhook.RecoveryOutcome, err error) {
		var steps []int64
		for k := range s.revived {
			if k.recovery == (key{storeID, id}) && k.step > after {
				steps = append(steps, k.step)
			}
		}
		slices.Sort(steps)
		for _, step := range first(limit, steps) {
			reached = step
			for _, d := range s.revived[stepKey{key{storeID, id}, step}].ids {
				_, waits := s.pending[key{storeID, d}]
				switch status := s.over[key{storeID, d}].Status; {
				case waits:
					all.Waiting++
				case status == billhook.StatusDelivered:
					all.Delivered++
				case status == billhook.StatusDead:
					all.Dead++
				default:
					all.Other++
				}
			}
		}
		return all, nil
	})
	return counted, reached, err
}

// Over reads deliveries that are over, by id ascending.
func (h *Handle) Over(_ context.Context, f billhook.OverFilter) ([]billhook.Delivery, error) {
	return read(h, func(s *Shared) ([]billhook.Delivery, error) {
		var found []billhook.Delivery
		for _, d := range s.over {
			if d.StoreID == f.StoreID && asked(f.WebhookID, d.WebhookID) && slices.Contains(f.Statuses, d.Status) && d.ID > f.After {
				found = append(found, billhook.Delivery{
					StoreID: d.StoreID, ID: d.ID, WebhookID: d.WebhookID, EventID: d.EventID, EventType: d.EventType,
					Status: d.Status, Reason: d.Reason, Test: s.isTest(&d), ErasedAt: s.events[key{d.StoreID, d.EventID}].ErasedAt, CreatedAt: d.CreatedAt, FinishedAt: d.FinishedAt,
				})
			}
		}
		slices.SortFunc(found, func(a, b billhook.Delivery) int { return cmp.Compare(a.ID, b.ID) })
		return first(f.Limit, found), nil
	})
}

// EventsFor reads events, oldest first, and whether a webhook has them.
func (h *Handle) EventsFor(_ context.Context, f billhook.EventsForFilter) ([]billhook.EventFor, error) {
	return read(h, func(s *Shared) ([]billhook.EventFor, error) {
		has := map[string]bool{}
		note := func(d *billhook.Delivery) {
			if d.StoreID == f.StoreID && d.WebhookID == f.WebhookID {
				has[d.EventID] = true
			}
		}
		for _, d := range s.pending {
			note(&d.Delivery)
		}
		for _, d := range s.over {
			note(&d)
		}
		var found []billhook.EventFor
		for _, e := range s.events {
			at := billhook.EventPosition{CreatedAt: e.CreatedAt, ID: e.ID}
			if e.StoreID == f.StoreID && newestFirst(f.After, at) > 0 && within(e.CreatedAt, f.From, f.Until) {
				found = append(found, billhook.EventFor{ID: e.ID, Type: e.Type, CreatedAt: e.CreatedAt, Has: has[e.ID], Test: e.IsTest(), Entity: e.Entity, Sequence: e.Sequence, Deliveries: e.Deliveries, ErasedAt: e.ErasedAt})
			}
		}
		slices.SortFunc(found, func(a, b billhook.EventFor) int {
			return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
		})
		return first(f.Limit, found), nil
	})
}
