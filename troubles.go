package billhook

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

// A Trouble is a webhook whose receiver does not take what it is sent.
type Trouble struct {
	Webhook Webhook
	Health  Health
}

// Troubles lists webhooks of a store, or with "" of all, of which the last attempt has
// failed, and those that Billhook has made inactive: the active ones first, and of
// each those first that began last, at most limit. It knows what this node has seen, and
// what others have noted after some minutes.
func (c *Client) Troubles(ctx context.Context, storeID string, limit int) ([]Trouble, error) {
	if storeID != "" {
		if _, _, err := c.registry.store(storeID); err != nil {
			return nil, err
		}
	}
	type found struct {
		key      Lane
		isActive bool
		since    time.Time
	}
	var all []found
	// The scheduler waits for its lock; it gets it in between.
	for keys := range slices.Chunk(c.registry.suspects.of(storeID), 256) {
		c.scheduler.mu.Lock()
		for _, key := range keys {
			e := c.registry.endpoint(key)
			if e == nil || e.webhook.InactiveReason == "" && e.failingSince().IsZero() {
				// Under the lock: a failure that is learnt of now adds it again.
				c.registry.suspects.drop(key)
				continue
			}
			all = append(all, found{key, e.webhook.IsActive, e.failingSince()})
		}
		c.scheduler.mu.Unlock()
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(all, func(a, b found) int {
		if a.isActive != b.isActive {
			if a.isActive {
				return -1
			}
			return 1
		}
		return cmp.Or(b.since.Compare(a.since), cmp.Compare(a.key.StoreID, b.key.StoreID), cmp.Compare(a.key.WebhookID, b.key.WebhookID))
	})
	var troubles []Trouble
	for _, f := range all[:min(len(all), max(limit, 0))] {
		w, err := c.Get(ctx, f.key.StoreID, f.key.WebhookID)
		if err != nil {
			continue // deleted meanwhile
		}
		if h, err := c.Health(ctx, f.key.StoreID, f.key.WebhookID); err == nil {
			troubles = append(troubles, Trouble{w, h})
		}
	}
	return troubles, nil
}

// suspects are the webhooks that may fail: each that has failed since somebody looked.
// So looking costs what fails, and not what there is; and a success costs nothing.
type suspects struct {
	mu  sync.Mutex
	all map[Lane]struct{}
}

func (s *suspects) add(key Lane) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[Lane]struct{}{}
	}
	s.all[key] = struct{}{}
}

func (s *suspects) drop(key Lane) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, key)
}

// of are those of a store, or with "" of all.
func (s *suspects) of(storeID string) []Lane {
	s.mu.Lock()
	defer s.mu.Unlock()
	var some []Lane
	for key := range s.all {
		if storeID == "" || key.StoreID == storeID {
			some = append(some, key)
		}
	}
	return some
}
