package sim

import (
	"context"
	"slices"
	"time"

	"github.com/billhook/billhook"
)

// The model keeps the audit log and no chains: those are of bytes on a disk, and
// storetest asks for them only where a Harness has them.

func (w *writing) enter(e *billhook.AuditEntry, happened bool) {
	if e != nil && happened {
		put(&w.undo, w.audit, key{e.StoreID, e.ID}, *e)
	}
}

// entries are all of a store, or of all stores, newest first. It wants s.mu.
func (s *Shared) entries(storeID string) (all []billhook.AuditEntry) {
	for _, e := range s.audit {
		if asked(storeID, e.StoreID) {
			all = append(all, e)
		}
	}
	for _, e := range s.events {
		if asked(storeID, e.StoreID) {
			all = append(all, billhook.AuditEntry{
				StoreID: e.StoreID, ID: e.ID, Event: e.Type, Entity: e.Entity, Actor: e.Actor, RequestID: e.RequestID, CreatedAt: e.CreatedAt,
				Emitted: true, OccurredAt: e.OccurredAt, IdempotencyKey: e.IdempotencyKey, Deliveries: e.Deliveries,
			})
		}
	}
	slices.SortFunc(all, func(a, b billhook.AuditEntry) int { return newestFirst(place(&a), place(&b)) })
	return all
}

func place(e *billhook.AuditEntry) billhook.EventPosition {
	return billhook.EventPosition{CreatedAt: e.CreatedAt, ID: e.ID}
}

// Audit reads entries, newest first.
func (h *Handle) Audit(_ context.Context, f billhook.AuditFilter) ([]billhook.AuditEntry, error) {
	return read(h, func(s *Shared) ([]billhook.AuditEntry, error) {
		var found []billhook.AuditEntry
		for _, e := range s.entries(f.StoreID) {
			before := f.Before == (billhook.EventPosition{}) || newestFirst(f.Before, place(&e)) < 0
			if before && asked(f.EntityType, e.Entity.Type) && asked(f.EntityID, e.Entity.ID) && asked(f.Event, e.Event) &&
				asked(f.ActorID, e.Actor.ID) && within(e.CreatedAt, f.From, f.To) && !(e.Emitted && billhook.IsAuditName(f.Event)) {
				found = append(found, e)
			}
		}
		return first(f.Limit, found), nil
	})
}

// AuditHeads has none.
func (h *Handle) AuditHeads(context.Context, string) ([]billhook.AuditHead, error) { return nil, nil }

// AuditChain has none.
func (h *Handle) AuditChain(context.Context, string, int64, int64, int) ([]billhook.AuditEntry, error) {
	return nil, nil
}

// AuditSince reads a store's entries that come after the position.
func (h *Handle) AuditSince(_ context.Context, storeID string, after billhook.EventPosition, until time.Time, limit int) ([]billhook.AuditEntry, error) {
	return read(h, func(s *Shared) ([]billhook.AuditEntry, error) {
		var found []billhook.AuditEntry
		for _, e := range slices.Backward(s.entries(storeID)) {
			if newestFirst(after, place(&e)) > 0 && within(e.CreatedAt, time.Time{}, until) {
				found = append(found, e)
			}
		}
		return first(limit, found), nil
	})
}

// ChainEnds has none.
func (h *Handle) ChainEnds(context.Context, string) ([]billhook.ChainEnd, error) { return nil, nil }

// ChainEvents has none.
func (h *Handle) ChainEvents(context.Context, billhook.ChainRange) ([]billhook.ChainEvent, error) {
	return nil, nil
}

// ChainsSince has none.
func (h *Handle) ChainsSince(context.Context, string, time.Time) ([]billhook.ChainEnd, error) {
	return nil, nil
}
