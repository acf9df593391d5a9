package sim

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/billhook/billhook"
)

func (d *waiting) lane() billhook.Lane {
	return billhook.Lane{StoreID: d.StoreID, WebhookID: d.WebhookID}
}

func (d *waiting) pending() billhook.Pending {
	return billhook.Pending{
		Lane: d.lane(), Position: billhook.Position{DueAt: d.NextAttemptAt, ID: d.ID},
		EventID: d.EventID, EventType: d.EventType, Attempts: d.Attempts, AttemptsBefore: d.AttemptsBefore, CreatedAt: d.CreatedAt,
		Place: d.place, FirstDue: d.firstDue,
	}
}

// waitingFor finds at most limit of what waits, lane by lane, the earliest due
// of each first. It wants s.mu.
func (s *Shared) waitingFor(wanted func(waiting) bool, limit int) []waiting {
	var found []waiting
	for _, d := range s.pending {
		if wanted(d) {
			found = append(found, d)
		}
	}
	slices.SortFunc(found, func(a, b waiting) int {
		return cmp.Or(cmp.Compare(a.StoreID, b.StoreID), cmp.Compare(a.WebhookID, b.WebhookID),
			a.NextAttemptAt.Compare(b.NextAttemptAt), cmp.Compare(a.ID, b.ID))
	})
	return first(limit, found)
}

func first[T any](limit int, all []T) []T { return all[:min(limit, len(all))] }

// Lanes names every webhook for which this node owns pending deliveries, once.
func (h *Handle) Lanes(context.Context) ([]billhook.Lane, error) {
	return read(h, func(s *Shared) ([]billhook.Lane, error) {
		var lanes []billhook.Lane
		for _, d := range s.waitingFor(h.owns, len(s.pending)) {
			lanes = append(lanes, d.lane())
		}
		return slices.Compact(lanes), nil
	})
}

// Pending reads the lane's pending deliveries that this node owns and that
// come after the position.
func (h *Handle) Pending(_ context.Context, lane billhook.Lane, after billhook.Position, limit int) ([]billhook.Pending, error) {
	return read(h, func(s *Shared) ([]billhook.Pending, error) {
		var found []billhook.Pending
		for _, d := range s.waitingFor(func(d waiting) bool {
			return h.owns(d) && d.lane() == lane && d.pending().Position.Compare(after) > 0
		}, limit) {
			found = append(found, d.pending())
		}
		return found, nil
	})
}

// Configuration reads all stores, webhooks, API keys and event types, the deleted and
// the revoked too.
func (h *Handle) Configuration(context.Context) (billhook.Configuration, error) {
	return read(h, func(s *Shared) (all billhook.Configuration, err error) {
		for _, one := range s.stores {
			all.Stores = append(all.Stores, one)
		}
		for _, one := range s.webhooks {
			all.Webhooks = append(all.Webhooks, cloned(one))
		}
		for _, one := range s.apiKeys {
			all.Keys = append(all.Keys, clonedKey(one))
		}
		for _, one := range s.eventTypes {
			all.EventTypes = append(all.EventTypes, clonedType(one))
		}
		slices.SortFunc(all.EventTypes, func(a, b billhook.EventType) int {
			return cmp.Or(cmp.Compare(a.StoreID, b.StoreID), cmp.Compare(a.Name, b.Name))
		})
		slices.SortFunc(all.Stores, func(a, b billhook.Store) int { return cmp.Compare(a.ID, b.ID) })
		slices.SortFunc(all.Webhooks, func(a, b billhook.Webhook) int {
			return cmp.Or(cmp.Compare(a.StoreID, b.StoreID), cmp.Compare(a.ID, b.ID))
		})
		slices.SortFunc(all.Keys, func(a, b billhook.APIKey) int {
			return cmp.Or(cmp.Compare(a.StoreID, b.StoreID), cmp.Compare(a.ID, b.ID))
		})
		return all, nil
	})
}

// Event reads one event, or billhook.ErrNotFound.
func (h *Handle) Event(_ context.Context, storeID, id string) (billhook.Event, error) {
	return read(h, func(s *Shared) (billhook.Event, error) {
		e, is := s.events[key{storeID, id}]
		if !is {
			return e, billhook.ErrNotFound
		}
		return e, nil
	})
}

// Events reads events, newest first.
func (h *Handle) Events(_ context.Context, f billhook.EventFilter) ([]billhook.Event, error) {
	return read(h, func(s *Shared) ([]billhook.Event, error) {
		var found []billhook.Event
		for _, e := range s.events {
			before := f.Before == (billhook.EventPosition{}) || newestFirst(f.Before, billhook.EventPosition{CreatedAt: e.CreatedAt, ID: e.ID}) < 0
			if before && asked(f.StoreID, e.StoreID) && asked(f.Type, e.Type) && asked(f.EntityType, e.Entity.Type) &&
				asked(f.EntityID, e.Entity.ID) && within(e.CreatedAt, f.From, f.To) {
				found = append(found, e)
			}
		}
		slices.SortFunc(found, func(a, b billhook.Event) int {
			return newestFirst(billhook.EventPosition{CreatedAt: a.CreatedAt, ID: a.ID}, billhook.EventPosition{CreatedAt: b.CreatedAt, ID: b.ID})
		})
		return upTo(f.MaxBytes, first(f.Limit, found), func(e *billhook.Event) int { return len(e.Data) }), nil
	})
}

// upTo is the rows up to the first that goes beyond so many bytes, with it.
func upTo[T any](most int, rows []T, size func(*T) int) []T {
	bytes := 0
	for i := range rows {
		if bytes += size(&rows[i]); most > 0 && bytes > most && i > 0 {
			return rows[:i+1]
		}
	}
	return rows
}

func newestFirst(a, b billhook.EventPosition) int {
	return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(b.ID, a.ID))
}

// asked reports whether a value is the one asked for; zero asks for none.
func asked[T comparable](want, value T) bool {
	var zero T
	return want == zero || want == value
}

func within(t, from, to time.Time) bool {
	return (from.IsZero() || !t.Before(from)) && (to.IsZero() || t.Before(to))
}

// Delivery reads one delivery, or billhook.ErrNotFound.
func (h *Handle) Delivery(_ context.Context, storeID, id string) (billhook.Delivery, error) {
	return read(h, func(s *Shared) (billhook.Delivery, error) {
		if d, is := s.pending[key{storeID, id}]; is {
			return s.payload(d.Delivery), nil
		}
		if d, is := s.over[key{storeID, id}]; is {
			return s.payload(d), nil
		}
		return billhook.Delivery{}, billhook.ErrNotFound
	})
}

func (s *Shared) payload(d billhook.Delivery) billhook.Delivery {
	e := s.events[key{d.StoreID, d.EventID}]
	d.Payload, d.Sequence, d.ErasedAt = e.Data, e.Sequence, e.ErasedAt
	d.Entity, d.Test = e.Entity, e.IsTest()
	return d
}

func (s *Shared) isTest(d *billhook.Delivery) bool {
	e := s.events[key{d.StoreID, d.EventID}]
	return e.IsTest()
}

// Deliveries reads deliveries, pending and over, by id descending.
func (h *Handle) Deliveries(_ context.Context, f billhook.DeliveryFilter) ([]billhook.Delivery, error) {
	return read(h, func(s *Shared) ([]billhook.Delivery, error) {
		var found []billhook.Delivery
		add := func(d billhook.Delivery) {
			if asked(f.StoreID, d.StoreID) && asked(f.WebhookID, d.WebhookID) && asked(f.EventID, d.EventID) && asked(f.EventType, d.EventType) &&
				asked(f.Status, d.Status) && within(d.CreatedAt, f.From, f.To) && (f.Before == "" || d.ID < f.Before) && d.ID >= f.NotBefore &&
				(f.Among == nil || slices.Contains(f.Among, d.WebhookID)) && s.mentions(&d, f.Search) && asked(f.Entity, s.events[key{d.StoreID, d.EventID}].Entity) {
				if d = s.payload(d); f.WithoutPayload {
					d.Payload = nil
				}
				found = append(found, d)
			}
		}
		for _, d := range s.pending {
			add(d.Delivery)
		}
		for _, d := range s.over {
			add(d)
		}
		slices.SortFunc(found, func(a, b billhook.Delivery) int {
			return cmp.Or(cmp.Compare(b.ID, a.ID), cmp.Compare(a.StoreID, b.StoreID))
		})
		return upTo(f.MaxBytes, first(f.Limit, found), func(d *billhook.Delivery) int { return len(d.Payload) }), nil
	})
}

// mentions reports whether a delivery has the text, or is named by it. It wants s.mu.
func (s *Shared) mentions(d *billhook.Delivery, text string) bool {
	e := s.events[key{d.StoreID, d.EventID}]
	has := func(in string) bool { return strings.Contains(folded(in), folded(text)) }
	return text == "" || text == d.ID || text == d.EventID || text == e.Entity.ID || has(d.EventType) || has(d.Reason) || has(string(e.Data))
}

// folded is a text with its ASCII letters in lower case.
func folded(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// Edge finds how far back n deliveries reach that the filter's webhook and status lead to.
func (h *Handle) Edge(ctx context.Context, f billhook.DeliveryFilter, n int) (edge billhook.DeliveryEdge, err error) {
	f.Entity, f.Among, f.Search, f.EventID, f.EventType, f.From, f.To, f.Limit, f.MaxBytes = billhook.Reference{}, nil, "", "", "", time.Time{}, time.Time{}, n, 0
	all, err := h.Deliveries(ctx, f)
	if err == nil && len(all) == n {
		edge = billhook.DeliveryEdge{ID: all[n-1].ID, CreatedAt: all[n-1].CreatedAt}
	}
	return edge, err
}

// EventsAbout reads the ids of the newest events about an entity of whatever type.
func (h *Handle) EventsAbout(ctx context.Context, storeID, entityID string, limit int) (ids []string, err error) {
	all, err := h.Events(ctx, billhook.EventFilter{StoreID: storeID, EntityID: entityID, Limit: limit})
	for _, e := range all {
		ids = append(ids, e.ID)
	}
	return ids, err
}

// Attempts reads a delivery's attempts, first to last.
func (h *Handle) Attempts(_ context.Context, storeID, deliveryID string) ([]billhook.Attempt, error) {
	return read(h, func(s *Shared) ([]billhook.Attempt, error) {
		all := slices.Clone(s.attempts[key{storeID, deliveryID}])
		for i := range all {
			all[i].ResponseBody = bytes.Clone(all[i].ResponseBody)
		}
		return all, nil
	})
}
