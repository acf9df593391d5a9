package billhook

import (
	"context"
	"errors"
	"slices"
	"time"
)

const (
	// heldEvery is how often it is looked what is held, and how much is left of a
	// release.
	heldEvery = time.Minute
	// heldSoon is how soon where something else has to happen first.
	heldSoon = time.Second
	// heldStep is how many deliveries one transaction ends.
	heldStep = 500
)

// keepHeld sees to what is held, until ctx ends: that it is no more and no older
// than may be, and that it goes as was asked when its webhook is active again. Each
// node sees to what it owns. All that it must remember is the webhook's Release.
func (c *Client) keepHeld(ctx context.Context) {
	var looked time.Time
	for ctx.Err() == nil {
		next := heldEvery
		if time.Since(looked) >= heldEvery {
			looked = time.Now()
			for _, l := range sorted(c.scheduler.holding()) {
				c.heldFailed(ctx, l, c.boundHeld(ctx, l))
			}
		}
		for _, l := range sorted(c.registry.releasing()) {
			again, err := c.release(ctx, l)
			if c.heldFailed(ctx, l, err) {
				again = heldSoon
			}
			next = min(next, again)
		}
		timer := time.NewTimer(next)
		select {
		case <-c.releases:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

func sorted(lanes []Lane) []Lane {
	slices.SortFunc(lanes, Lane.compare)
	return lanes
}

func (c *Client) heldFailed(ctx context.Context, l Lane, err error) bool {
	if err != nil && ctx.Err() == nil {
		c.config.Logger.Error("cannot see to what is held for a webhook; trying again", "store", l.StoreID, "webhook", l.WebhookID, "err", err)
	}
	return err != nil
}

// wakeKeeper has keepHeld look at what is to be released.
func (c *Client) wakeKeeper() {
	select {
	case c.releases <- struct{}{}:
	default: // it is about to look
	}
}

// boundHeld skips the oldest of what is held and is too old, or too much. Of what
// is too much each node skips as large a part as it has of all.
func (c *Client) boundHeld(ctx context.Context, l Lane) error {
	e := c.registry.endpoint(l)
	if e == nil || e.webhook.IsActive {
		return nil
	}
	most, age := e.webhook.HeldBounds()
	for n := heldStep; n == heldStep; {
		var err error
		n, _, err = c.skip(ctx, &Cancel{Lane: l, Reason: skippedHeldAge, DueBefore: now().Add(-age), Limit: heldStep})
		if err != nil {
			return err
		}
	}
	b, err := c.db.Backlog(ctx, l, time.Time{}, time.Time{})
	if err != nil || b.All <= most || b.Own == 0 {
		return err
	}
	excess := int(float64(b.All-most) * b.share())
	for excess > 0 {
		n, _, err := c.skip(ctx, &Cancel{Lane: l, Reason: skippedHeldCount, Limit: min(excess, heldStep)})
		if err != nil || n == 0 {
			return err
		}
		excess -= n
	}
	return nil
}

// skip ends deliveries that are held and that nothing is being done with, in one
// transaction, and reports how many and whether it was the time for that.
func (c *Client) skip(ctx context.Context, end *Cancel) (n int, done bool, err error) {
	end.Status, end.At = StatusSkipped, now()
	quiet := false // the committer's until it says that it is done
	err = c.committer.do(ctx, write{
		parts: commitParts / 4,
		add: func(b *Batch) {
			if quiet = c.scheduler.quiet(end.Lane); quiet {
				b.Cancels = append(b.Cancels, end)
			}
		},
	})
	if err != nil {
		return 0, false, err
	}
	return end.Cancelled, quiet, nil
}

// release goes on with what becomes of what was held for a webhook that is active,
// and says when to go on. A release is over when no node has anything left of it;
// whichever sees that first says so.
func (c *Client) release(ctx context.Context, l Lane) (again time.Duration, err error) {
	e := c.registry.endpoint(l)
	if e == nil || e.webhook.Release == nil {
		return heldEvery, nil
	}
	r := *e.webhook.Release
	var due, created time.Time
	if r.Action == ReleaseDrop {
		created = r.Before
		n, done, err := c.skip(ctx, &Cancel{Lane: l, Reason: skippedDropped, CreatedBefore: created, Limit: heldStep})
		switch {
		case err != nil:
			return 0, err
		case n == heldStep:
			return 0, nil
		case !done:
			return heldSoon, nil
		}
	} else {
		due = r.Before
	}
	b, err := c.db.Backlog(ctx, l, due, created)
	switch {
	case err != nil:
		return 0, err
	case b.All == 0:
		return c.released(ctx, l, &r)
	case r.Action == ReleaseDrop: // what is nobody's yet, or another node's
		return heldSoon, nil
	}
	c.scheduler.share(l, &r, b)
	return heldEvery, nil
}

// released notes that a release is over, unless the webhook is being changed: then
// it is looked at once more. It waits for nobody's change, and so for no caller.
func (c *Client) released(ctx context.Context, l Lane, r *Release) (again time.Duration, err error) {
	before, err := c.Get(ctx, l.StoreID, l.WebhookID)
	if err != nil || before.Release == nil || !before.Release.same(r) {
		return heldSoon, nil // deleted, or somebody wants something else
	}
	w := before
	w.Release, w.UpdatedAt = nil, nowAfter(before.UpdatedAt)
	_, err = c.writeWebhook(ctx, AuditWebhookUpdate, &before, w)
	if errors.Is(err, errChanged) {
		err = nil
	}
	return heldSoon, err
}

// releasing are the webhooks of which something is being released.
func (r *registry) releasing() (all []Lane) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, t := range r.stores {
		if !t.store.DeletedAt.IsZero() {
			continue
		}
		for _, e := range t.webhooks {
			if e.webhook.Release != nil {
				all = append(all, Lane{StoreID: t.store.ID, WebhookID: e.webhook.ID})
			}
		}
	}
	return all
}

// byActivity are the ids of a store's webhooks, those that are active and those
// that are not.
func (r *registry) byActivity(storeID string) (active, inactive []string) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	t := r.stores[storeID]
	if t == nil {
		return nil, nil
	}
	for id, e := range t.webhooks {
		if e.webhook.IsActive {
			active = append(active, id)
		} else {
			inactive = append(inactive, id)
		}
	}
	return active, inactive
}
