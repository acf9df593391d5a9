package sim

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/billhook/billhook"
)

// committed books a transaction of a process's, at the instant when it is on
// disk, and holds it against what was there. It wants w.mu.
func (w *world) committed(p *process, b *billhook.Batch, cancelled []billhook.Delivery) {
	for _, write := range b.Webhooks {
		if !write.Refused {
			w.changed(&write.Webhook)
			if a := write.Audit; a != nil && ownChange(a.Event) {
				p.knows(&write.Webhook)
				w.note("webhook %s: %s by %s itself", write.Webhook.ID, a.Event, p.name)
			}
		}
	}
	for _, o := range b.Outcomes {
		if !o.Stale {
			w.finished(p, o)
			w.retired(p, o)
		} else if l := w.book.lives[o.Delivery.ID]; w.climate.calm && l != nil && l.status != billhook.StatusCancelled {
			w.fail(o.Delivery.ID, "an outcome of %s is stale in a calm world", p.name)
		}
	}
	for _, k := range b.Skips {
		if !k.Stale {
			w.skipped(p, k)
		}
	}
	for _, r := range b.Retries {
		if r.Delivery != nil {
			w.retried(p, r)
		}
	}
	w.recovered(p, b)
	for _, d := range cancelled {
		w.cancelled(&d)
	}
	for _, r := range b.Refusals {
		w.fail("", "%s refused what was asked for, number %d: %s", p.name, r.Number, r.Reason)
	}
	for _, em := range b.Emits {
		if em.Written() {
			w.wrote(p, em)
		}
	}
	for _, c := range b.Claims {
		for i := range c.Deliveries {
			w.claimed(p, &c.Deliveries[i])
		}
	}
	for i := range b.Released {
		w.released(p, &b.Released[i])
	}
}

// retired checks that a webhook is inactive whose receiver wants no more, unless it
// was changed after that was asked, or by somebody the process had not heard of.
func (w *world) retired(p *process, o *billhook.Outcome) {
	h := w.hook(o.Delivery.WebhookID)
	if !o.Deactivate || h == nil || h.deleted() {
		return
	}
	last, known := h.last(), p.known[h.id].versions
	switch {
	case !last.IsActive:
		w.note("%s is inactive, since it was answered 410: %t", h.id, last.InactiveReason != "")
	case known == len(h.versions) && !o.Attempt.StartedAt.Before(last.UpdatedAt):
		w.fail(h.id, "is active, and %s was answered 410 at %v", o.Delivery.ID, o.Attempt.StartedAt.Sub(w.began))
	}
}

// ownChange reports whether a change of a webhook is one that a process makes by
// itself, and so knows of without being told.
func ownChange(event string) bool {
	return event == billhook.AuditWebhookFail || event == billhook.AuditWebhookRecover || event == billhook.AuditWebhookDeactivate
}

func (w *world) changed(v *billhook.Webhook) {
	h := w.hook(v.ID)
	if h == nil {
		h = &hook{storeID: v.StoreID, id: v.ID}
		w.book.hooks = append(w.book.hooks, h)
		slices.SortFunc(w.book.hooks, func(a, b *hook) int { return strings.Compare(a.id, b.id) })
	}
	n := len(h.versions)
	over := n > 0 && h.last().Release != nil && v.Release == nil && v.IsActive && v.DeletedAt.IsZero()
	h.versions, h.since = append(h.versions, cloned(*v)), append(h.since, time.Now())
	if !over {
		h.told = n + 1
	}
}

// wrote books an event and its deliveries.
func (w *world) wrote(p *process, em *billhook.Emit) {
	n := number(em.Event.Data)
	e := w.book.events[n-1]
	if e.written {
		w.fail(eventName(n), "is on disk twice")
		return
	}
	w.numbered(em)
	e.written, w.book.named[em.Event.ID] = true, eventName(n)
	for i := range em.Deliveries {
		d := &em.Deliveries[i]
		e.deliveries = append(e.deliveries, d.WebhookID)
		l := &life{name: d.ID, event: e, hook: w.hookOf(d.WebhookID), status: billhook.StatusPending, dueAt: d.DueAt}
		if w.placed(l, em, d); d.Place == nil {
			l.belongTo(w.ownerAs(p))
		} else {
			l.belongTo(nil)
		}
		w.book.lives[d.ID] = l
	}
	for _, s := range em.Skipped {
		w.book.skipped[s.WebhookID]++
	}
	w.note("%s is written, for %v", eventName(n), e.deliveries)
	if em.Event.Deliveries != len(e.deliveries) {
		w.fail(eventName(n), "tells of %d deliveries and has %d", em.Event.Deliveries, len(e.deliveries))
	}
	w.matched(e, em)
}

// matched holds the webhooks that an event is for against those that wanted it
// when it was tried.
func (w *world) matched(e *event, em *billhook.Emit) {
	i := slices.IndexFunc(e.tries, func(t try) bool { return t.at.Equal(em.Event.CreatedAt) })
	if i < 0 && em.Asked != 0 {
		return // the process has looked for its store first
	}
	if i < 0 {
		w.fail(eventName(e.n), "is of %v, when nobody tried to emit it", em.Event.CreatedAt)
		return
	}
	for _, id := range e.tries[i].must {
		if !slices.Contains(e.deliveries, id) {
			w.fail(eventName(e.n), "is not for %s, which wanted it", id)
		}
	}
	for _, id := range e.deliveries {
		if !slices.Contains(e.tries[i].may, id) {
			w.fail(eventName(e.n), "is for %s, which did not want it", id)
		}
	}
}

// ownerAs is who owns what a process writes; p is nil for a caller's transaction.
func (w *world) ownerAs(p *process) *process {
	if p == nil || !p.joined && w.backend.owned() {
		return nil
	}
	return p
}

// doubt books that the caller of what is on disk was told otherwise, or nothing.
func (w *world) doubt(b *billhook.Batch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, em := range b.Emits {
		if em.Written() {
			w.book.events[number(em.Event.Data)-1].doubted = true
		}
	}
}

// finished books an attempt and what it left its delivery in.
func (w *world) finished(p *process, o *billhook.Outcome) {
	l, a := w.book.lives[o.Delivery.ID], &o.Attempt
	switch {
	case l == nil:
		w.fail(o.Delivery.ID, "an attempt of what is not on disk is on record")
		return
	case l.over():
		w.fail(l.name, "%s finished it, which was %s already", p.name, l.status)
		return
	case !w.belongs(l, p):
		w.fail(l.name, "%s has an attempt recorded, whose it is not", p.name)
	case a.Number != l.attempts+1:
		w.fail(l.name, "attempt %d is recorded after %d", a.Number, l.attempts)
	}
	l.attempts++
	var alone time.Duration // that the receiver asked to be left
	if e := l.attempt(p, a); e != nil {
		l.recorded++
		w.tells(l, e, a)
		if e.fate.kind == busy && a.StatusCode != 0 {
			alone = busyFor
		}
	} else {
		w.fail(l.name, "an attempt of %s at %v is on record, and no request began then (%s)", p.name, a.StartedAt.Sub(w.began), a.Error)
	}
	policy := w.policy(l.hook.id)
	made, end := l.attempts-l.before, a.StartedAt.Add(a.Duration)
	if e := l.attempt(p, a); e != nil {
		w.inBatch(l, e, a, made, policy.MaxAttempts)
	}
	last := !policy.Retries(a.StatusCode) && a.BatchSize < 2 || made >= policy.MaxAttempts || a.StatusCode == http.StatusGone
	if o.Deactivate != (a.StatusCode == http.StatusGone) {
		w.fail(l.name, "attempt %d was answered %d, and makes its webhook inactive: %v", made, a.StatusCode, o.Deactivate)
	}
	switch o.Status {
	case billhook.StatusDelivered:
		if !a.Success() {
			w.fail(l.name, "is delivered, and the receiver has not acknowledged it")
		}
	case billhook.StatusPending:
		due := end.Add(max(policy.Delay(made, 0), alone))
		if a.Success() || last || !o.NextAttemptAt.Equal(due) {
			w.fail(l.name, "attempt %d (%s) is followed by another at %v; the policy says %v, last %v", made, a.Error, o.NextAttemptAt, due, last)
		}
	case billhook.StatusDead:
		if a.Success() || !last || made > policy.MaxAttempts || o.Reason == "" {
			w.fail(l.name, "is dead after %d attempts of %d (%s), since %q", made, policy.MaxAttempts, a.Error, o.Reason)
		}
	default:
		w.fail(l.name, "an attempt left it %s", o.Status)
	}
	l.status, l.dueAt, l.endedAt = o.Status, o.NextAttemptAt, end
	w.note("%s attempt %d of %s is on record: %d %s, %s", l.name, a.Number, p.name, a.StatusCode, a.Failure, o.Status)
}

// tells holds what an attempt says of an answer against what was answered. A
// process that was paused meanwhile may have given up before it saw that.
func (w *world) tells(l *life, e *exchange, a *billhook.Attempt) {
	seen := e.answered && e.of.pausedUntil.Before(e.from)
	if a.StatusCode == 0 && seen || a.StatusCode != 0 && a.StatusCode != e.fate.code {
		w.fail(l.name, "attempt %d says that it was answered %d (%s), and it was %d", a.Number, a.StatusCode, a.Error, e.fate.code)
	}
	if acknowledged := a.StatusCode/100 == 2; a.Success() != acknowledged {
		w.fail(l.name, "attempt %d, which was answered %d, is a success: %v", a.Number, a.StatusCode, a.Success())
	}
}

func (w *world) retried(p *process, r *billhook.Retry) {
	l := w.book.lives[r.DeliveryID]
	if l == nil {
		w.fail(r.DeliveryID, "a retry found it, and it is not on disk")
		return
	}
	if l.over() {
		w.undead(l)
		l.status, l.before, l.revived = billhook.StatusPending, l.attempts, true
		l.dueAt = r.DueAt
		if l.place = nil; r.Delivery.Place != nil {
			place := *r.Delivery.Place
			l.place = &place
		}
		l.belongTo(nil)
	}
	if r.Delivery.Attempts != l.attempts || r.Delivery.AttemptsBefore != l.before {
		w.fail(l.name, "retried after %d attempts, %d before; should be %d, %d", r.Delivery.Attempts, r.Delivery.AttemptsBefore, l.attempts, l.before)
	}
	w.note("%s is retried by %s", l.name, p.name)
	if r.Delivery.Behind {
		return // it waits for its turn
	}
	l.dueAt = r.DueAt
	l.belongTo(w.ownerAs(p))
}

func (w *world) cancelled(d *billhook.Delivery) {
	l := w.book.lives[d.ID]
	switch {
	case l == nil:
		w.fail(d.ID, "is cancelled, and was not on disk")
	case l.status == d.Status:
	case l.over():
		w.fail(l.name, "is %s, and was %s", d.Status, l.status)
	default:
		l.status, l.overAt = d.Status, time.Now()
		w.note("%s is %s: %s", l.name, d.Status, d.Reason)
		if d.Status == billhook.StatusCancelled && !l.hook.deleted() {
			w.fail(l.name, "is cancelled, and its webhook is there")
		}
		if d.Status == billhook.StatusSkipped && (d.Reason == "" || billhook.SkipReason(d.Reason) == billhook.SkipOther || !l.hook.wasInactive()) {
			w.fail(l.name, "is skipped (%s), and its webhook was always active", d.Reason)
		}
	}
}

// wasInactive reports whether there was a time when the webhook was not active.
func (h *hook) wasInactive() bool {
	return slices.ContainsFunc(h.versions, func(v billhook.Webhook) bool { return !v.IsActive })
}

// claimed books that a process took a delivery over.
func (w *world) claimed(p *process, d *billhook.Pending) {
	l := w.book.lives[d.ID]
	if l != nil && d.Behind && l.status == billhook.StatusCancelled && l.overAt.Equal(time.Now()) {
		return // by the same transaction, which ends last what is held back
	}
	if l == nil || l.over() {
		w.fail(d.ID, "%s took over what does not wait", p.name)
		return
	}
	if q := l.owner; q != nil && q != p && !q.dead && w.backend.owned() && !w.shifted {
		if q.link.Database.Held() {
			w.fail(l.name, "%s took it from %s, whose lease lasts", p.name, q.name)
		}
		l.losers = append(l.losers, q)
	}
	if !l.dueAt.Equal(d.DueAt) || l.attempts != d.Attempts {
		w.fail(l.name, "is due at %v after %d attempts for who took it over, and was at %v after %d", d.DueAt, d.Attempts, l.dueAt, l.attempts)
	}
	if d.Behind {
		l.belongTo(nil)
		w.note("%s is held back", l.name)
		return
	}
	l.belongTo(p)
	w.note("%s is taken over by %s", l.name, p.name)
}

// lost books that a process is a new node, and owns nothing of what it did. It
// wants w.mu.
func (w *world) lost(p *process) {
	for _, l := range w.book.lives {
		if l.owner == p {
			l.owner = nil
			l.losers = append(l.losers, p)
		}
	}
	w.note("%s was taken for dead and is a new node", p.name)
}

// left books that a process gave up what it owned. It wants w.mu.
func (w *world) left(p *process) {
	for _, l := range w.book.lives {
		if l.owner == p {
			l.owner = nil
		}
	}
}
