package billhook

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"
)

const (
	// keyPoll is how often it is looked whether the keys have become others.
	keyPoll = time.Second
	// resealStep is how many webhooks one transaction seals anew.
	resealStep = 100
)

// keepKeys follows the Keyring until ctx ends: what a key opens that was missing
// is taken in, and reseal, which reports whether it is done, is called for every
// new set of keys until it is.
func (c *Client) keepKeys(ctx context.Context, reseal func() bool) {
	ring := c.config.Keyring
	if ring == nil {
		return
	}
	told, sealed := "", 0
	for ctx.Err() == nil {
		said := ""
		if err := ring.refresh(); err != nil {
			said = err.Error()
		}
		if said != told && said != "" {
			c.config.Logger.Error("cannot load the keys that seal secrets; those from before stay", "err", said)
		}
		told = said
		_, version := ring.now()
		if int(c.keysRead.Load()) != version {
			if err := c.reload(ctx); err != nil {
				c.outdate()
			}
		}
		if c.sealedLate.Swap(false) {
			sealed = 0
		}
		if version != sealed && reseal() {
			sealed = version
		}
		wait(ctx, keyPoll)
	}
}

// reseal seals every secret in the database under the first key, and lets go of
// those of webhooks that are deleted, alone or with their store. It stops early, and
// says so, where another node is at the same thing, or the database fails. A crash
// leaves every secret sealed under one key or another, never under none.
func (c *Client) reseal(ctx context.Context) (done bool) {
	all, err := c.db.Configuration(ctx)
	if err != nil {
		c.resealFailed(ctx, err)
		return false
	}
	deleted := map[string]bool{}
	for _, s := range all.Stores {
		deleted[s.ID] = !s.DeletedAt.IsZero()
	}
	open := c.opener()
	var stale []Webhook
	for i := range all.Webhooks {
		w := &all.Webhooks[i]
		gone := deleted[w.StoreID] || !w.DeletedAt.IsZero()
		if sealed, ok := open.resealed(w, gone); ok {
			stale = append(stale, sealed)
		}
	}
	for step := range slices.Chunk(stale, resealStep) {
		refused, err := c.writeResealed(ctx, step)
		if err != nil {
			c.resealFailed(ctx, err)
			return false
		}
		if refused > 0 { // let the other get ahead, and do what is left then
			wait(ctx, rand.N(2*time.Second)) // #nosec G404 -- spreads tries, guards nothing
			return false
		}
		if ctx.Err() != nil {
			return false
		}
	}
	if len(stale) > 0 {
		first, _ := c.config.Keyring.now()
		c.config.Logger.Info("secrets are sealed under the first key", "key", first, "webhooks", len(stale))
	}
	return true
}

func (c *Client) resealFailed(ctx context.Context, err error) {
	if ctx.Err() == nil {
		c.config.Logger.Error("cannot seal secrets under the first key; trying again", "err", err)
	}
}

// writeResealed writes webhooks that are sealed anew, and returns how many others
// have changed meanwhile.
func (c *Client) writeResealed(ctx context.Context, sealed []Webhook) (refused int, err error) {
	writes := make([]*WebhookWrite, len(sealed))
	for i, w := range sealed {
		writes[i] = &WebhookWrite{Was: w.UpdatedAt}
		// A nanosecond tells this version from the one before, and shows nowhere.
		sealed[i].UpdatedAt = w.UpdatedAt.Add(1)
	}
	seal := c.newSealing()
	var failure error
	err = c.committer.do(context.WithoutCancel(ctx), write{
		parts: len(writes),
		add: func(b *Batch) {
			for i := range sealed {
				sealed[i], writes[i].Webhook = seal.seal(sealed[i])
			}
			if seal.err == nil {
				b.Webhooks = append(b.Webhooks, writes...)
			}
		},
		handOver: func() {
			seal.written()
			if seal.err != nil {
				return
			}
			for i, wr := range writes {
				if wr.Refused {
					refused++
					continue
				}
				if _, ok := c.registry.stored(sealed[i].StoreID); !ok || len(sealed[i].Secrets) == 0 {
					continue // its store was left out, or has been deleted
				}
				failure = errors.Join(failure, c.putWebhook(sealed[i]))
				c.scheduler.refreshLane(Lane{StoreID: sealed[i].StoreID, WebhookID: sealed[i].ID})
			}
		},
	})
	return refused, errors.Join(err, seal.err, failure)
}
