package billhook

import (
	"context"
	"errors"
	"time"

	"github.com/billhook/billhook/profile"
)

// errChanged means that what was to be replaced has been changed by another
// node.
var errChanged = errors.New("changed by another node")

// retryChanged makes a change again, on what it has become, where another node
// came first. It wants the store's lock.
func retryChanged[T any](c *Client, ctx context.Context, change func() (T, error)) (T, error) {
	const tries = 5
	for try := 1; ; try++ {
		changed, err := change()
		if !errors.Is(err, errChanged) {
			return changed, err
		}
		if try == tries {
			return changed, &Error{Code: CodeConflict, Message: "it is being changed by others all the time", Hint: "try again"}
		}
		if err := c.reload(ctx); err != nil {
			return changed, err
		}
	}
}

// heed takes in the configuration that another node has changed, before anything
// else that the node has heard of. Nobody tells of a change twice, so one that
// cannot be read now is read later.
func (c *Client) heed(ctx context.Context) {
	if err := c.reload(ctx); err != nil {
		c.outdate()
	}
}

// outdate has the configuration read anew soon, by who keeps it.
func (c *Client) outdate() {
	select {
	case c.outdated <- struct{}{}:
	default: // it is about to be read
	}
}

// keepConfigured takes in the configuration whenever another node has changed
// it, until ctx ends. Nobody tells of a change twice, so it tries until it can.
func (c *Client) keepConfigured(ctx context.Context) {
	for {
		select {
		case <-c.outdated:
		case <-ctx.Done():
			return
		}
		for {
			err := c.reload(ctx)
			if err == nil || ctx.Err() != nil {
				break
			}
			c.config.Logger.Error("cannot take in the configuration that another node has changed", "err", err)
			wait(ctx, time.Second)
		}
	}
}

// reload reads the configuration anew, between transactions.
func (c *Client) reload(ctx context.Context) error {
	loaded := make(chan error, 1)
	c.committer.submit(write{after: func(error) { loaded <- c.loadUsable(ctx) }})
	return <-loaded
}

// load reads the configuration into the registry. It runs between
// transactions, or before there are any. A store with a profile that this process
// has not got is left out, with its webhooks, and all else is taken in; the
// error, which has a code then, says so.
func (c *Client) load(ctx context.Context) error {
	_, keys := c.config.Keyring.now()
	all, err := c.db.Configuration(ctx)
	if err != nil {
		return err
	}
	c.loadKeys(all.Keys) // first: that one is revoked must not wait for a webhook that cannot be used
	var unusable error
	for _, s := range all.Stores {
		if known, ok := c.registry.stored(s.ID); ok && known.same(&s) {
			continue
		}
		p := c.profiles[s.Profile]
		if p == nil && !s.DeletedAt.IsZero() {
			p = c.profiles[c.config.Profile] // nothing is sent for it any more
		}
		if p == nil {
			unusable = &Error{
				Code: CodeInvalid, Message: "the store " + quote(s.ID) + " has the profile " + quote(s.Profile) + ", which is not there",
				Hint: "load its profile file",
			}
			continue
		}
		if err := c.putStore(s, p); err != nil {
			return err
		}
		c.scheduler.relimited(s.ID)
		for _, w := range c.registry.webhooksAfter(s.ID, "", maxInt) {
			c.scheduler.refresh(Lane{StoreID: s.ID, WebhookID: w.ID})
		}
	}
	for _, t := range all.EventTypes {
		if known, ok := c.registry.eventType(t.StoreID, t.Name); !ok || !known.same(&t) {
			c.registry.putEventType(t)
		}
	}
	open := c.opener()
	for _, w := range all.Webhooks {
		lane := Lane{StoreID: w.StoreID, WebhookID: w.ID}
		known := c.registry.endpoint(lane)
		if known != nil && !known.shut && known.webhook.same(&w) || known == nil && c.registry.deleted(lane) {
			continue
		}
		if _, ok := c.registry.stored(w.StoreID); !ok {
			continue // its store was left out
		}
		if err := open.open(&w); err != nil {
			if known != nil && known.shut && known.webhook.same(&w) {
				continue // as before
			}
			open.note(&w, err)
		}
		if err := c.putWebhook(w); err != nil {
			return err
		}
		c.scheduler.refresh(lane)
	}
	open.report()
	c.keysRead.Store(int64(keys))
	return unusable
}

// putStore takes a new or changed store into memory. Connections that its new limits
// may not allow are let go.
func (c *Client) putStore(s Store, p *profile.Profile) error {
	before, _ := c.registry.stored(s.ID)
	if err := c.registry.putStore(s, p, c.config.WebhookConcurrency); err != nil {
		return err
	}
	if !s.DeletedAt.IsZero() || !s.Egress.same(before.Egress) {
		c.sender.forget(s.ID)
	}
	return nil
}

// putWebhook takes a new, changed or deleted webhook into memory. Connections that
// were made with what it no longer has are let go.
func (c *Client) putWebhook(w Webhook) error {
	before := c.registry.endpoint(Lane{StoreID: w.StoreID, WebhookID: w.ID})
	if err := c.registry.putWebhook(w, c.config.WebhookConcurrency); err != nil {
		return err
	}
	if before != nil && before.identity != nil && (!w.DeletedAt.IsZero() || !before.webhook.TLS.same(w.TLS)) {
		c.sender.forgetWebhook(&w)
	}
	return nil
}

func (c *Client) loadKeys(keys []APIKey) {
	for _, k := range keys {
		known, ok := c.keys.find(k.StoreID, k.ID)
		if ok && known.same(&k) || !ok && !k.RevokedAt.IsZero() {
			continue
		}
		c.keys.put(k)
	}
}

// loadUsable is load where what can be used is enough.
func (c *Client) loadUsable(ctx context.Context) error {
	err := c.load(ctx)
	if ErrorCode(err) != "" {
		c.config.Logger.Error("a part of the configuration cannot be used", "err", err)
		return nil
	}
	return err
}

// same reports whether nothing was changed between the two.
func (s *Store) same(t *Store) bool {
	return s.UpdatedAt.Equal(t.UpdatedAt) && s.DeletedAt.Equal(t.DeletedAt)
}

func (t *EventType) same(u *EventType) bool {
	return t.UpdatedAt.Equal(u.UpdatedAt) && t.DeletedAt.Equal(u.DeletedAt)
}

func (w *Webhook) same(v *Webhook) bool {
	return w.UpdatedAt.Equal(v.UpdatedAt) && w.DeletedAt.Equal(v.DeletedAt)
}
