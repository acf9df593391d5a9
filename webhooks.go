package billhook

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/billhook/billhook/sign"
)

// Update changes a webhook. What it changes holds from the next attempt on.
func (c *Client) Update(ctx context.Context, storeID, id string, change WebhookChange) (Webhook, error) {
	if change.URL != nil {
		_, p, err := c.registry.store(storeID)
		if err != nil {
			return Webhook{}, err
		}
		if err := c.checkURL(ctx, *change.URL, storeID, p); err != nil {
			return Webhook{}, err
		}
	}
	w, err := c.change(ctx, AuditWebhookUpdate, storeID, id, func(w *Webhook) error {
		was := w.clone()
		change.apply(w)
		return change.applyHeld(&was, w)
	})
	if err == nil {
		c.scheduler.probeNow(Lane{StoreID: storeID, WebhookID: id}) // perhaps that was what it needed
	}
	return w, err
}

func (ch *WebhookChange) apply(w *Webhook) {
	if ch.URL != nil {
		w.URL = *ch.URL
	}
	if ch.Events != nil {
		w.Events = slices.Clone(*ch.Events)
	}
	if ch.Name != nil {
		w.Name = *ch.Name
	}
	if ch.Description != nil {
		w.Description = *ch.Description
	}
	if ch.IsActive != nil {
		w.IsActive = *ch.IsActive
		if w.IsActive { // whoever says so has seen to it
			w.InactiveReason, w.FailingSince = "", time.Time{}
		}
	}
	if ch.RetryPolicy != nil {
		w.RetryPolicy = *ch.RetryPolicy
	}
	if ch.Headers != nil {
		w.Headers = w.keepHeaders(*ch.Headers)
	}
	if ch.TLS != nil {
		w.TLS = w.TLS.replacedBy(*ch.TLS)
	}
	if ch.OverlapSignature != nil {
		w.OverlapSignature = *ch.OverlapSignature
	}
	if ch.Limits != nil {
		w.Limits = *ch.Limits
	}
	if ch.DeactivateAfterSeconds != nil {
		w.DeactivateAfterSeconds = *ch.DeactivateAfterSeconds
	}
	if ch.Filter != nil {
		w.Filter = *ch.Filter
	}
	if ch.EventVersions != nil {
		w.EventVersions = maps.Clone(*ch.EventVersions)
	}
	if ch.TraceContext != nil {
		w.TraceContext = *ch.TraceContext
	}
	if ch.Order != nil {
		w.Order = *ch.Order
	}
	if ch.Coalesce != nil {
		w.Coalesce.Latest = slices.Clone(ch.Coalesce.Latest)
	}
	if ch.Batch != nil {
		w.Batch = *ch.Batch
	}
	switch {
	case ch.Ed25519 == nil:
	case !*ch.Ed25519:
		w.KeyPairs = nil
	case len(w.KeyPairs) == 0:
		w.KeyPairs = []KeyPair{newKeyPair()}
	}
}

// Deactivate stops deliveries to a webhook; those that wait are held.
func (c *Client) Deactivate(ctx context.Context, storeID, id string) (Webhook, error) {
	inactive := false
	return c.Update(ctx, storeID, id, WebhookChange{IsActive: &inactive})
}

// Delete deletes a webhook and cancels what it waits for. Its deliveries stay
// on record.
func (c *Client) Delete(ctx context.Context, storeID, id string) error {
	_, err := c.change(ctx, AuditWebhookDelete, storeID, id, func(w *Webhook) error {
		w.DeletedAt = now()
		w.dropSecrets()
		return nil
	})
	return err
}

// A Rotation says how a webhook gets a new secret.
type Rotation struct {
	// Secret is the new one. Default: generated.
	Secret string
	// GracePeriod is how long the old secret signs too: 0 to 7 days.
	GracePeriod time.Duration
	// OverlapSignature changes the webhook's; "" leaves it.
	OverlapSignature string
}

// maxSecrets bounds the secrets that sign at a time: each is a signature in
// every delivery's header.
const maxSecrets = 5

// RotateSecret gives a webhook a new secret, the first in the result, and a new
// key pair if it has one. The old ones sign too until the grace period is over. Where they are sealed with a key
// that is lost, a grace period of 0 lets go of them.
func (c *Client) RotateSecret(ctx context.Context, storeID, id string, r Rotation) (Webhook, error) {
	if r.GracePeriod < 0 || r.GracePeriod > 7*24*time.Hour {
		return Webhook{}, invalid("/gracePeriodSeconds", "is not between 0 and 604800 (7 days)")
	}
	if r.Secret == "" {
		r.Secret = sign.NewSecret()
	} else if err := checkSecret(r.Secret); err != nil {
		return Webhook{}, err
	}
	return c.change(ctx, AuditSecretRotate, storeID, id, func(w *Webhook) error {
		if err := w.Unopened(); err != nil && r.GracePeriod > 0 {
			return err
		}
		at := now()
		secrets := []Secret{{Value: r.Secret}}
		for _, old := range w.Secrets {
			if old.expire(at, r.GracePeriod) && old.Value != r.Secret {
				secrets = append(secrets, old)
			}
		}
		if len(secrets) > maxSecrets {
			return &Error{Code: CodeConflict, Message: say("conflict.secrets"), Hint: "rotate with gracePeriodSeconds 0, or wait until one expires"}
		}
		if len(w.KeyPairs) > 0 {
			pairs := []KeyPair{newKeyPair()}
			for _, old := range w.KeyPairs {
				if old.expire(at, r.GracePeriod) {
					pairs = append(pairs, old)
				}
			}
			w.KeyPairs = pairs
		}
		w.OverlapSignature = cmp.Or(r.OverlapSignature, w.OverlapSignature)
		w.Secrets = secrets
		return nil
	})
}

// Reveal finds a webhook for someone who is to see its secrets, and has that on
// record first.
func (c *Client) Reveal(ctx context.Context, storeID, id string) (Webhook, error) {
	if _, err := c.Get(ctx, storeID, id); err != nil {
		return Webhook{}, err
	}
	if err := c.record(ctx, newAudit(ctx, storeID, AuditSecretReveal, Reference{entityWebhook, id})); err != nil {
		return Webhook{}, err
	}
	return c.Get(ctx, storeID, id)
}

// Get finds a webhook, its secrets included.
func (c *Client) Get(_ context.Context, storeID, id string) (Webhook, error) {
	if _, _, err := c.registry.store(storeID); err != nil {
		return Webhook{}, err
	}
	e := c.registry.endpoint(Lane{StoreID: storeID, WebhookID: id})
	if e == nil {
		return Webhook{}, notFound("webhook", id)
	}
	return e.webhook.clone(), nil
}

// List lists a store's webhooks whose ids come after the given one, by id, at
// most limit.
func (c *Client) List(_ context.Context, storeID, after string, limit int) ([]Webhook, error) {
	if _, _, err := c.registry.store(storeID); err != nil {
		return nil, err
	}
	return c.registry.webhooksAfter(storeID, after, limit), nil
}

// change applies a change, of the name in the audit log, to a webhook as it is now.
func (c *Client) change(ctx context.Context, done, storeID, id string, apply func(*Webhook) error) (Webhook, error) {
	defer c.configuring.lock(storeID)()
	return retryChanged(c, ctx, func() (Webhook, error) {
		before, err := c.Get(ctx, storeID, id)
		if err != nil {
			return Webhook{}, err
		}
		w := before
		if err := apply(&w); err != nil {
			return Webhook{}, err
		}
		w.UpdatedAt = nowAfter(before.UpdatedAt)
		return c.writeWebhook(ctx, done, &before, w)
	})
}

// writeWebhook writes a webhook in place of what it was before, nil for a new
// one, and what was done to it. It wants the store's lock.
func (c *Client) writeWebhook(ctx context.Context, done string, before *Webhook, w Webhook) (Webhook, error) {
	s, v, err := c.registry.emitting(w.StoreID) // again: it may be gone by now
	if err != nil {
		return Webhook{}, err
	}
	if w.IsActive {
		w.InactiveReason = ""
	} else {
		w.Release = nil // what is left of it is held again
	}
	w.RetryPolicy = completed(w.RetryPolicy, nearest(v.profile, s.RetryPolicy))
	if err := checkWebhook(before, &w, v); err != nil {
		return Webhook{}, err
	}
	if err := c.checkSelection(before, &w, v); err != nil {
		return Webhook{}, err
	}
	if err := w.settleTLS(before, now()); err != nil {
		return Webhook{}, err
	}
	wr := &WebhookWrite{Create: before == nil, Audit: newAudit(ctx, w.StoreID, done, Reference{entityWebhook, w.ID})}
	wr.Audit.Old, wr.Audit.New = auditWebhook(before, nil), auditWebhook(&w, before)
	if before != nil {
		wr.Was = before.UpdatedAt
	}
	seal := c.newSealing()
	var failure error
	// Whoever asked may go away meanwhile; memory must follow the disk.
	err = c.committer.do(context.WithoutCancel(ctx), write{
		parts: 1,
		add: func(b *Batch) {
			if w, wr.Webhook = seal.seal(w); seal.err == nil {
				b.Webhooks = append(b.Webhooks, wr)
			}
		},
		handOver: func() {
			if seal.err == nil && !wr.Refused {
				failure = c.putWebhook(w)
				c.scheduler.refreshLane(Lane{StoreID: w.StoreID, WebhookID: w.ID})
			}
			seal.written()
		},
	})
	if err = errors.Join(err, seal.err, failure); err != nil {
		return Webhook{}, err
	}
	switch {
	case wr.Refused && before != nil:
		return Webhook{}, errChanged
	case wr.Refused:
		return Webhook{}, &Error{Code: CodeDuplicate, Pointer: "/id", Message: "the webhook " + quote(w.ID) + " is there already, or was", Hint: "choose another id, or none"}
	}
	return w.clone(), nil
}

func orDefaultStore(id string) string {
	if id == "" {
		return DefaultStore
	}
	return id
}
