package sim

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
)

// A writing is a transaction of one owner's on a Shared whose lock it has.
type writing struct {
	*Shared
	owner int64
	undo  undo
	// touched are the strands that have lost or got something.
	touched []billhook.Strand
}

// transact runs f and takes back all that it did if it fails. It wants s.mu.
func (s *Shared) transact(owner int64, f func(*writing) error) error {
	w := &writing{Shared: s, owner: owner}
	err := f(w)
	if err != nil {
		w.undo.run()
	}
	return err
}

func (w *writing) batch(b *billhook.Batch) error {
	for _, s := range b.Stores {
		w.store(s)
		w.enter(s.Audit, !s.Refused)
	}
	for _, h := range b.Webhooks {
		w.webhook(h)
		w.enter(h.Audit, !h.Refused)
	}
	for _, k := range b.Keys {
		w.apiKey(k)
		w.enter(k.Audit, !k.Refused)
	}
	for _, t := range b.EventTypes {
		w.eventType(t)
		w.enter(t.Audit, !t.Refused)
	}
	if len(b.Stores)+len(b.Webhooks)+len(b.Keys)+len(b.EventTypes) > 0 {
		w.configured++ // once too often if the rest fails, which costs a look
	}
	for _, o := range b.Outcomes {
		w.outcome(o)
	}
	for _, k := range b.Skips {
		w.skip(k)
	}
	for _, r := range b.Retries {
		w.retry(r)
		w.enter(r.Audit, r.Delivery != nil)
	}
	if err := w.recover(b); err != nil {
		return err
	}
	for _, c := range b.Cancels {
		w.cancel(c)
	}
	for _, r := range b.Refusals {
		w.refuse(r)
	}
	for _, e := range b.Emits {
		if err := w.emit(e); err != nil {
			return err
		}
	}
	for _, c := range b.Claims {
		w.claim(c)
	}
	for _, x := range b.Expiries {
		w.expire(x)
	}
	for _, e := range b.Erasures {
		w.orderErasure(e)
		w.enter(e.Audit, e.Existing == nil)
	}
	for _, x := range b.Erasings {
		w.erase(x)
	}
	w.activityOf(b)
	for _, f := range b.Frees {
		w.touch(f.Strand)
	}
	w.settle(b)
	for _, e := range b.Entries {
		w.enter(e, true)
	}
	return nil
}

func (w *writing) store(s *billhook.StoreWrite) {
	before, is := w.stores[s.Store.ID]
	s.Refused = is == s.Create || !s.Create && !before.UpdatedAt.Equal(s.Was)
	if !s.Refused {
		put(&w.undo, w.stores, s.Store.ID, s.Store)
	}
}

func (w *writing) webhook(h *billhook.WebhookWrite) {
	k := key{h.Webhook.StoreID, h.Webhook.ID}
	before, is := w.webhooks[k]
	h.Refused = is == h.Create || !h.Create && !before.UpdatedAt.Equal(h.Was)
	if !h.Refused {
		put(&w.undo, w.webhooks, k, cloned(h.Webhook))
	}
}

func (w *writing) apiKey(a *billhook.KeyWrite) {
	k := key{a.Key.StoreID, a.Key.ID}
	before, is := w.apiKeys[k]
	a.Refused = is == a.Create || !a.Create && !before.UpdatedAt.Equal(a.Was)
	if !a.Refused {
		put(&w.undo, w.apiKeys, k, clonedKey(a.Key))
	}
}

func (w *writing) eventType(t *billhook.EventTypeWrite) {
	k := key{t.EventType.StoreID, t.EventType.Name}
	before, is := w.eventTypes[k]
	t.Refused = is == t.Create || !t.Create && !before.UpdatedAt.Equal(t.Was)
	if !t.Refused {
		put(&w.undo, w.eventTypes, k, clonedType(t.EventType))
	}
}

func clonedType(t billhook.EventType) billhook.EventType {
	t.Examples, t.Versions = slices.Clone(t.Examples), slices.Clone(t.Versions)
	return t
}

func clonedKey(k billhook.APIKey) billhook.APIKey {
	k.Salt, k.Hash, k.Permissions = bytes.Clone(k.Salt), bytes.Clone(k.Hash), slices.Clone(k.Permissions)
	return k
}

func clonedPolicy(p *profile.RetryPolicy) *profile.RetryPolicy {
	if p == nil {
		return nil
	}
	policy := p.Clone()
	return &policy
}

// cloned is a copy that shares nothing.
func cloned(h billhook.Webhook) billhook.Webhook {
	h.Events, h.Headers = slices.Clone(h.Events), maps.Clone(h.Headers)
	h.EventVersions = maps.Clone(h.EventVersions)
	h.Coalesce.Latest = slices.Clone(h.Coalesce.Latest)
	h.Secrets, h.KeyPairs = slices.Clone(h.Secrets), slices.Clone(h.KeyPairs)
	h.RetryPolicy = clonedPolicy(h.RetryPolicy)
	if h.Held != nil {
		held := *h.Held
		h.Held = &held
	}
	if h.Release != nil {
		release := *h.Release
		h.Release = &release
	}
	if h.TLS != nil {
		tls := *h.TLS
		h.TLS = &tls
	}
	return h
}

// owns reports whether the delivery is the writer's to finish.
func (w *writing) owns(d waiting) bool {
	return w.owner != nobody && (d.owner == w.owner || w.unfenced)
}

func (w *writing) outcome(o *billhook.Outcome) {
	k := key{o.Delivery.StoreID, o.Delivery.ID}
	d, is := w.pending[k]
	o.Stale = !is || !w.owns(d) || d.Attempts != o.Delivery.Attempts
	if o.Stale {
		return
	}
	a := o.Attempt
	a.ResponseBody = bytes.Clone(a.ResponseBody)
	put(&w.undo, w.attempts, k, append(slices.Clip(w.attempts[k]), a))
	d.Status, d.Reason, d.Attempts = o.Status, o.Reason, d.Attempts+1
	d.StatusCode, d.LastAttemptAt, d.NextAttemptAt = a.StatusCode, a.StartedAt, o.NextAttemptAt
	d.owner = w.owner
	if o.Status == billhook.StatusPending {
		put(&w.undo, w.pending, k, d)
		return
	}
	d.FinishedAt = a.StartedAt.Add(a.Duration)
	w.touch(d.strand())
	w.finish(k, d.Delivery)
}

// finish moves a delivery from what waits to what is over.
func (w *writing) finish(k key, d billhook.Delivery) {
	d.NextAttemptAt = time.Time{}
	drop(&w.undo, w.pending, k)
	put(&w.undo, w.over, k, d)
	w.count(&d, billhook.StatusPending, -1)
	w.count(&d, d.Status, 1)
}

func (w *writing) retry(r *billhook.Retry) {
	r.Delivery = nil
	k := key{r.StoreID, r.DeliveryID}
	d, is := w.pending[k]
	if is && d.owner == behind {
		p := d.pending()
		p.Behind, r.Delivery = true, &p
		return
	}
	if is {
		w.bereave(d)
	} else {
		over, was := w.over[k]
		if !was {
			return
		}
		drop(&w.undo, w.over, k)
		w.count(&over, over.Status, -1)
		w.count(&over, billhook.StatusPending, 1)
		d.Delivery = over
		d.Status, d.AttemptsBefore, d.FinishedAt = billhook.StatusPending, over.Attempts, time.Time{}
		if e := w.events[key{d.StoreID, d.EventID}]; r.Ordered && e.Sequence > 0 {
			d.place = &billhook.Place{Entity: e.Entity, Sequence: e.Sequence}
		}
	}
	d.owner, d.NextAttemptAt = w.owner, r.DueAt
	if !is && d.place != nil {
		d.owner = w.placeOwner()
	}
	put(&w.undo, w.pending, k, d)
	w.touch(d.strand())
	p := d.pending()
	p.Behind = d.owner != w.owner
	r.Delivery = &p
}

// bereave lets the owner of a delivery know that another has it now.
func (w *writing) bereave(d waiting) {
	n, is := w.nodes[d.owner]
	if is && d.owner != w.owner {
		n.left = append(slices.Clip(n.left), d.lane())
		put(&w.undo, w.nodes, d.owner, n)
	}
}

func (w *writing) cancel(c *billhook.Cancel) {
	c.Cancelled = 0
	within := func(d waiting) bool {
		return d.lane() == c.Lane && within(d.NextAttemptAt, time.Time{}, c.DueBefore) && within(d.CreatedAt, time.Time{}, c.CreatedBefore)
	}
	mine := func(d waiting) bool { return w.owner != nobody && d.owner == w.owner && within(d) }
	held := func(d waiting) bool { return w.owner != nobody && d.owner == behind && within(d) }
	ends := w.waitingFor(mine, c.Limit)
	for _, d := range append(ends, w.waitingFor(held, c.Limit-len(ends))...) {
		w.touch(d.strand())
		d.Status, d.Reason, d.FinishedAt = cmp.Or(c.Status, billhook.StatusCancelled), c.Reason, c.At
		w.finish(key{d.StoreID, d.ID}, d.Delivery)
		c.Cancelled++
	}
}

func (w *writing) emit(e *billhook.Emit) error {
	e.Existing, e.Held = nil, false // in here nobody waits
	if of, is := entityOf(&e.Event); is && w.holders[of] != nil {
		e.Held = true // a caller's transaction has it
		return nil
	}
	if e.Gone = !w.take(e.Asked); e.Gone {
		return nil
	}
	if e.Existing = w.existing(&e.Event); e.Existing != nil {
		return nil
	}
	w.number(e)
	k := key{e.Event.StoreID, e.Event.ID}
	put(&w.undo, w.events, k, e.Event)
	if e.Event.IdempotencyKey != "" {
		put(&w.undo, w.byKey, key{e.Event.StoreID, e.Event.IdempotencyKey}, e.Event.ID)
	}
	for i := range e.Deliveries {
		p := &e.Deliveries[i]
		if p.Place != nil {
			p.Place.Sequence = e.Event.Sequence
		}
		if err := w.wait(p); err != nil {
			return err
		}
	}
	for _, s := range e.Skipped {
		w.matched(billhook.Lane{StoreID: e.Event.StoreID, WebhookID: s.WebhookID}, e.Event.CreatedAt, s.Reason)
	}
	return nil
}

// wait adds a delivery that waits.
func (w *writing) wait(p *billhook.Pending) error {
	k := key{p.StoreID, p.ID}
	_, waits := w.pending[k]
	_, is := w.over[k]
	if waits || is {
		return errTaken
	}
	owner := w.owner
	var place *billhook.Place
	if p.Behind = p.Place != nil; p.Behind {
		copied := *p.Place
		owner, place = w.placeOwner(), &copied
		w.touch(p.Strand())
	}
	put(&w.undo, w.pending, k, waiting{owner: owner, place: place, firstDue: p.FirstDue, Delivery: billhook.Delivery{
		StoreID: p.StoreID, ID: p.ID, WebhookID: p.WebhookID, EventID: p.EventID, EventType: p.EventType,
		Status: billhook.StatusPending, Attempts: p.Attempts, AttemptsBefore: p.AttemptsBefore,
		CreatedAt: p.CreatedAt, NextAttemptAt: p.DueAt,
	}})
	w.matched(p.Lane, p.CreatedAt, "")
	return nil
}

// existing is the event that stands in the way of a new one: the one with its
// key, else the one with its id.
func (s *Shared) existing(e *billhook.Event) *billhook.Event {
	id := e.ID
	if e.IdempotencyKey != "" {
		id = cmp.Or(s.byKey[key{e.StoreID, e.IdempotencyKey}], id)
	}
	found, is := s.events[key{e.StoreID, id}]
	if !is {
		return nil
	}
	return &found
}

func (w *writing) claim(c *billhook.Claim) {
	w.bury(w.owner)
	c.Deliveries = nil
	for _, d := range w.waitingFor(func(d waiting) bool { return d.owner == nobody }, c.Limit) {
		p := d.pending()
		if p.Behind = d.place != nil; p.Behind {
			w.touch(d.strand())
			d.owner = behind
		} else {
			d.owner = w.owner
		}
		c.Deliveries = append(c.Deliveries, p)
		put(&w.undo, w.pending, key{d.StoreID, d.ID}, d)
	}
}
