package billhook

import (
	"cmp"
	"context"
	"strings"
)

// CreateStore makes a new store.
func (c *Client) CreateStore(ctx context.Context, s Store) (Store, error) {
	if s.ID == "" {
		return Store{}, invalid("/id", "is missing")
	}
	if err := checkID(s.ID, "/id", 64, '_'); err != nil {
		return Store{}, err
	}
	s.Name = cmp.Or(s.Name, s.ID)
	s.Profile = cmp.Or(s.Profile, c.config.Profile)
	s.CreatedAt = now()
	s.UpdatedAt = s.CreatedAt
	return c.writeStore(ctx, s, true)
}

// Store finds a store.
func (c *Client) Store(_ context.Context, id string) (Store, error) {
	s, _, err := c.registry.store(id)
	return s, err
}

// Stores lists the stores whose ids come after the given one, by id, at most
// limit.
func (c *Client) Stores(_ context.Context, after string, limit int) ([]Store, error) {
	return c.registry.storesAfter(after, limit), nil
}

// UpdateStore changes a store. A changed profile holds for every attempt from
// then on, those of events emitted before included.
func (c *Client) UpdateStore(ctx context.Context, id string, change StoreChange) (Store, error) {
	c.configuring.Lock()
	defer c.configuring.Unlock()
	s, _, err := c.registry.store(id)
	if err != nil {
		return Store{}, err
	}
	if change.Name != nil {
		s.Name = *change.Name
	}
	if change.Profile != nil {
		s.Profile = *change.Profile
	}
	s.UpdatedAt = now()
	return c.writeStoreLocked(ctx, s, false)
}

// DeleteStore deletes a store and its webhooks, and cancels what they wait
// for. Its history stays; its id is not given again.
func (c *Client) DeleteStore(ctx context.Context, id string) error {
	if id == DefaultStore {
		return &Error{Code: CodeConflict, Message: "the store default cannot be deleted", Hint: "delete its webhooks instead"}
	}
	c.configuring.Lock()
	defer c.configuring.Unlock()
	s, p, err := c.registry.store(id)
	if err != nil {
		return err
	}
	at := now()
	s.UpdatedAt, s.DeletedAt = at, at
	webhooks := c.registry.webhooksAfter(id, "", maxInt)
	err = c.committer.do(context.WithoutCancel(ctx), write{parts: 1 + len(webhooks), add: func(b *Batch) {
		b.Stores = append(b.Stores, &StoreWrite{Store: s})
		for _, w := range webhooks {
			w.UpdatedAt, w.DeletedAt = at, at
			b.Webhooks = append(b.Webhooks, &WebhookWrite{Webhook: w})
		}
	}})
	if err != nil {
		return err
	}
	if err := c.registry.putStore(s, p, c.config.WebhookConcurrency); err != nil {
		return err
	}
	for _, w := range webhooks {
		c.scheduler.refresh(Lane{StoreID: id, WebhookID: w.ID})
	}
	c.sender.forget(id)
	return nil
}

func (c *Client) writeStore(ctx context.Context, s Store, create bool) (Store, error) {
	c.configuring.Lock()
	defer c.configuring.Unlock()
	return c.writeStoreLocked(ctx, s, create)
}

func (c *Client) writeStoreLocked(ctx context.Context, s Store, create bool) (Store, error) {
	if err := checkText(s.Name, "/name", maxName, ""); err != nil {
		return Store{}, err
	}
	p := c.profiles[s.Profile]
	if p == nil {
		return Store{}, unknownProfile(s.Profile)
	}
	w := &StoreWrite{Store: s, Create: create}
	// Whoever asked may go away meanwhile; memory must follow the disk.
	if err := c.committer.do(context.WithoutCancel(ctx), write{parts: 1, add: func(b *Batch) { b.Stores = append(b.Stores, w) }}); err != nil {
		return Store{}, err
	}
	if w.Exists {
		return Store{}, &Error{Code: CodeDuplicate, Pointer: "/id", Message: "the store " + quote(s.ID) + " is there already, or was", Hint: "choose another id"}
	}
	if err := c.registry.putStore(s, p, c.config.WebhookConcurrency); err != nil {
		return Store{}, err
	}
	for _, w := range c.registry.webhooksAfter(s.ID, "", maxInt) {
		c.scheduler.refresh(Lane{StoreID: s.ID, WebhookID: w.ID})
	}
	return s, nil
}

const maxInt = int(^uint(0) >> 1)

func joined(names []string) string { return strings.Join(names, ", ") }
