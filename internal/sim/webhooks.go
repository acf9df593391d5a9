package sim

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/billhook/billhook"
)

// wishes is what webhooks want.
var wishes = []weighted[[]string]{
	{4, []string{"*"}}, {2, []string{"order.*"}}, {1, []string{"order.paid"}}, {1, []string{"user.updated", "order.created"}},
}

func (w *world) urlOf(r *rand.Rand, id string) string {
	return fmt.Sprintf("http://127.0.0.1:%d/%s", w.receivers[r.IntN(len(w.receivers))].port, id)
}

// register adds a webhook.
func (w *world) register(p *process) {
	w.mu.Lock()
	w.registered++
	id := fmt.Sprintf("w%02d", w.registered)
	w.mu.Unlock()
	r := chance(w.plan.Seed, "webhook", id)
	policy := w.policy(id)
	registration := billhook.Registration{
		StoreID: stores[0], ID: id, URL: w.urlOf(r, id), Events: pick(r, wishes), RetryPolicy: &policy, Inactive: oneIn(r, 8),
		WebhookSettings: w.settingsOf(id),
	}
	if oneIn(r, 4) {
		registration.StoreID = stores[1]
	}
	if r := chance(w.plan.Seed, "held", id); oneIn(r, 2) {
		registration.WhenInactive = billhook.InactiveHold
		if oneIn(r, 3) {
			registration.Held = &billhook.HeldLimits{MaxCount: 1 + r.IntN(4)}
		}
		if oneIn(r, 4) {
			registration.Held = &billhook.HeldLimits{MaxAgeSeconds: 30 + r.IntN(60)}
		}
	}
	w.configure(p, func() {
		h, err := p.client.Register(context.Background(), registration)
		w.configured(p, id, h, err)
	})
}

// configure is call for one change after the other.
func (w *world) configure(p *process, f func()) {
	w.call(p, func() {
		p.configuring <- struct{}{}
		f()
		time.Sleep(between(chance(w.plan.Seed, "configure", p.name, time.Since(w.began)), time.Microsecond, time.Millisecond))
		<-p.configuring
	})
}

// configured notes that a process knows a webhook as it has just made it.
func (w *world) configured(p *process, id string, h billhook.Webhook, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	code := billhook.ErrorCode(err)
	switch {
	case err == nil:
		p.knows(&h)
	case code == billhook.CodeNotFound: // deleted, or not heard of yet
	case w.climate.calm && code != billhook.CodeConflict, code == "" && !p.dead && w.undisturbed(p, w.climate.lease):
		w.fail("", "%s cannot change %s: %v", p.name, id, err)
	}
	w.note("webhook %s is changed on %s: active %v, %v %s, %s", id, p.name, h.IsActive, h.Events, h.URL, code)
}

func (w *world) registerAnother(_ *rand.Rand, p *process) { w.register(p) }

// pickHook is a webhook that is not deleted, if there is one.
func (w *world) pickHook(r *rand.Rand) *hook {
	w.mu.Lock()
	defer w.mu.Unlock()
	live := w.liveHooks()
	if len(live) == 0 {
		return nil
	}
	return live[r.IntN(len(live))]
}

func (w *world) changeWebhook(r *rand.Rand, p *process) {
	h := w.pickHook(r)
	if h == nil {
		return
	}
	var change billhook.WebhookChange
	switch url, events := w.urlOf(r, h.id), pick(r, wishes); r.IntN(4) {
	case 0:
		change.URL = &url
	case 1:
		change.Events = &events
	default:
		active := oneIn(r, 2)
		change.IsActive = &active
		if active {
			change.HeldDeliveries = pick(r, []weighted[*billhook.Release]{
				{2, nil}, {1, &billhook.Release{}}, {2, &billhook.Release{RatePerSecond: float64(2 + r.IntN(20))}}, {1, &billhook.Release{Action: billhook.ReleaseDrop}},
			})
		}
	}
	w.update(p, h, change)
}

func (w *world) update(p *process, h *hook, change billhook.WebhookChange) {
	w.configure(p, func() {
		now, err := p.client.Update(context.Background(), h.storeID, h.id, change)
		w.configured(p, h.id, now, err)
	})
}

func (w *world) deleteWebhook(r *rand.Rand, p *process) {
	h := w.pickHook(r)
	if h == nil {
		return
	}
	w.configure(p, func() {
		err := p.client.Delete(context.Background(), h.storeID, h.id)
		w.mu.Lock()
		last := *h.last()
		w.mu.Unlock()
		w.configured(p, h.id, last, err)
	})
}
