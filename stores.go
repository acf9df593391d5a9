package billhook

import (
	"cmp"
	"context"
	"errors"
	"reflect"
	"strings"
	"time"

	"github.com/billhook/billhook/profile"
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
	defer c.configuring.lock(s.ID)()
	return c.writeStore(ctx, AuditStoreCreate, nil, s)
}

// Store finds a store.
func (c *Client) Store(_ context.Context, id string) (Store, error) {
	s, _, err := c.registry.store(id)
	return s.clone(), err
}

// Stores lists the stores whose ids come after the given one, by id, at most
// limit.
func (c *Client) Stores(_ context.Context, after string, limit int) ([]Store, error) {
	return c.registry.storesAfter(after, limit), nil
}

// UpdateStore changes a store. A changed profile or retry policy holds for every
// attempt from then on, those of events emitted before included.
func (c *Client) UpdateStore(ctx context.Context, id string, change StoreChange) (Store, error) {
	defer c.configuring.lock(id)()
	return retryChanged(c, ctx, func() (Store, error) {
		before, _, err := c.registry.store(id)
		if err != nil {
			return Store{}, err
		}
		s := before
		if change.Name != nil {
			s.Name = *change.Name
		}
		if change.Profile != nil {
			s.Profile = *change.Profile
		}
		if change.RetryPolicy != nil {
			s.RetryPolicy = *change.RetryPolicy
		}
		if change.Limits != nil {
			s.Limits = *change.Limits
		}
		if change.DeactivateAfterSeconds != nil {
			s.DeactivateAfterSeconds = *change.DeactivateAfterSeconds
		}
		if change.Validation != nil {
			s.Validation = *change.Validation
		}
		if change.Egress != nil {
			s.Egress = *change.Egress
		}
		if change.Retention != nil {
			s.Retention = *change.Retention
		}
		s.UpdatedAt = nowAfter(before.UpdatedAt)
		return c.writeStore(ctx, AuditStoreUpdate, &before, s)
	})
}

// DeleteStore deletes a store and its webhooks, and cancels what they wait
// for. Its history stays; its id is not given again.
func (c *Client) DeleteStore(ctx context.Context, id string) error {
	if id == DefaultStore {
		return &Error{Code: CodeConflict, Message: say("conflict.default"), Hint: "delete its webhooks instead"}
	}
	defer c.configuring.lock(id)()
	_, err := retryChanged(c, ctx, func() (Store, error) { return c.deleteStore(ctx, id) })
	return err
}

// deleteStore writes the store alone: its webhooks are deleted with it, since
// nothing is looked for in a deleted store.
func (c *Client) deleteStore(ctx context.Context, id string) (Store, error) {
	before, p, err := c.registry.store(id)
	if err != nil {
		return Store{}, err
	}
	s := before
	s.UpdatedAt = nowAfter(before.UpdatedAt)
	s.DeletedAt = s.UpdatedAt
	w := &StoreWrite{Store: s, Was: before.UpdatedAt, Audit: newAudit(ctx, id, AuditStoreDelete, Reference{entityStore, id})}
	w.Audit.Old = auditStore(&before)
	if err := c.commitStore(ctx, w, p); err != nil {
		return Store{}, err
	}
	if w.Refused {
		return Store{}, errChanged
	}
	return s, nil
}

// writeStore writes a store in place of what it was before, nil for a new one, and
// what was done to it.
// It wants the store's lock.
func (c *Client) writeStore(ctx context.Context, done string, before *Store, s Store) (Store, error) {
	if err := checkText(s.Name, "/name", maxName, ""); err != nil {
		return Store{}, err
	}
	if err := checkHealth(s.Limits, s.DeactivateAfterSeconds); err != nil {
		return Store{}, err
	}
	if err := checkValidation(s.Validation); err != nil {
		return Store{}, err
	}
	if err := s.settleEgress(before); err != nil {
		return Store{}, err
	}
	if s.Retention != nil {
		if err := s.Retention.check("/retention"); err != nil {
			return Store{}, err
		}
	}
	p := c.profiles[s.Profile]
	if p == nil {
		return Store{}, unknownProfile(s.Profile)
	}
	s.RetryPolicy = completed(s.RetryPolicy, p.RetryPolicy)
	if err := checkPolicy(s.RetryPolicy); err != nil {
		return Store{}, err
	}
	w := &StoreWrite{Store: s, Create: before == nil, Audit: newAudit(ctx, s.ID, done, Reference{entityStore, s.ID})}
	w.Audit.Old, w.Audit.New = auditStore(before), auditStore(&s)
	if before != nil {
		w.Was = before.UpdatedAt
	}
	if err := c.commitStore(ctx, w, p); err != nil {
		return Store{}, err
	}
	switch {
	case w.Refused && before != nil:
		return Store{}, errChanged
	case w.Refused:
		return Store{}, &Error{Code: CodeDuplicate, Pointer: "/id", Message: "the store " + quote(s.ID) + " is there already, or was", Hint: "choose another id"}
	}
	return s.clone(), nil
}

// commitStore writes a store, and lets memory know between transactions, so that
// what is read of other nodes' changes cannot be older.
func (c *Client) commitStore(ctx context.Context, w *StoreWrite, p *profile.Profile) error {
	var failure error
	// Whoever asked may go away meanwhile; memory must follow the disk.
	err := c.committer.do(context.WithoutCancel(ctx), write{
		parts: 1,
		add:   func(b *Batch) { b.Stores = append(b.Stores, w) },
		handOver: func() {
			if w.Refused {
				return
			}
			was, before, err := c.registry.store(w.Store.ID)
			failure = c.putStore(w.Store, p)
			c.scheduler.relimit(w.Store.ID)
			if err == nil && before == p && reflect.DeepEqual(was.StoreSettings, w.Store.StoreSettings) && w.Store.DeletedAt.IsZero() {
				return // no webhook sends otherwise for it
			}
			for _, h := range c.registry.webhooksAfter(w.Store.ID, "", maxInt) {
				c.scheduler.refreshLane(Lane{StoreID: w.Store.ID, WebhookID: h.ID})
			}
		},
	})
	return errors.Join(err, failure)
}

// nowAfter is the time of a change to what was changed then, by which two changes
// can be told apart whatever the clock does.
func nowAfter(then time.Time) time.Time {
	at := now()
	if !at.After(then) {
		at = then.Add(1)
	}
	return at
}

const maxInt = int(^uint(0) >> 1)

func joined(names []string) string { return strings.Join(names, ", ") }
