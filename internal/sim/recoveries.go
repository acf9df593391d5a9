package sim

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/billhook/billhook"
)

// A recovery is one that was written, as it was last.
type recovery struct {
	billhook.Recovery
	name string
	// owed are the deliveries that were dead and meant when it was written, and that
	// nobody has made pending since; queued those that it has.
	owed, queued map[string]bool
}

// retryMany retries all that is dead in a store, or for one webhook, and may think
// better of it.
func (w *world) retryMany(r *rand.Rand, p *process) {
	request := billhook.RecoveryRequest{StoreID: stores[r.IntN(len(stores))]}
	request.Kind, request.RatePerSecond = billhook.RecoveryRetry, 1+r.IntN(3)
	if hooks := w.hooksOf(request.StoreID); oneIn(r, 3) && len(hooks) > 0 {
		request.WebhookID = hooks[r.IntN(len(hooks))]
	}
	w.recover(r, p, request)
}

// replayTo replays all events of a store to one of its webhooks.
func (w *world) replayTo(r *rand.Rand, p *process) {
	request := billhook.RecoveryRequest{StoreID: stores[r.IntN(len(stores))]}
	hooks := w.hooksOf(request.StoreID)
	if len(hooks) == 0 {
		return
	}
	request.Kind, request.RatePerSecond = billhook.RecoveryReplay, 1+r.IntN(3)
	request.WebhookID, request.From = hooks[r.IntN(len(hooks))], w.began.Add(-time.Hour)
	w.recover(r, p, request)
}

func (w *world) hooksOf(storeID string) (ids []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, h := range w.liveHooks() {
		if h.storeID == storeID {
			ids = append(ids, h.id)
		}
	}
	return ids
}

func (w *world) recover(r *rand.Rand, p *process, request billhook.RecoveryRequest) {
	cancels, after := oneIn(r, 3), between(r, 0, 5*time.Second)
	w.call(p, func() {
		started, err := p.client.StartRecovery(context.Background(), request)
		w.tell("a %s of %s%s on %s: %v", request.Kind, request.StoreID, request.WebhookID, p.name, err)
		if err != nil || !cancels {
			return
		}
		time.Sleep(after)
		_, err = p.client.CancelRecovery(context.Background(), request.StoreID, started.ID)
		w.tell("it is cancelled on %s: %v", p.name, err)
	})
}

// nameReplays does for the deliveries of replays what name does for those of emits.
func (l *link) nameReplays(steps []*billhook.RecoveryStep) {
	for _, s := range steps {
		for i := range s.Replays {
			p := &s.Replays[i]
			p.ID = fmt.Sprintf("%s-%s", l.p.w.eventOf(p.EventID), p.WebhookID)
		}
	}
}

// recovered books what a batch has done about recoveries. It wants w.mu.
func (w *world) recovered(p *process, b *billhook.Batch) {
	for _, write := range b.Recoveries {
		if write.Existing == nil {
			w.planned(&write.Recovery)
		}
	}
	for _, s := range b.RecoveryStops {
		if r := w.book.recoveries[s.ID]; s.Stopped {
			r.Status = billhook.RecoveryCancelled
			w.note("%s is cancelled", r.name)
		}
	}
	for _, s := range b.RecoverySteps {
		if !s.Stale {
			w.stepped(p, s)
		}
	}
}

func (w *world) planned(r *billhook.Recovery) {
	known := &recovery{Recovery: *r, name: fmt.Sprintf("r%03d", len(w.book.recoveries)+1), owed: map[string]bool{}, queued: map[string]bool{}}
	for name, l := range w.book.lives {
		if r.Kind == billhook.RecoveryRetry && l.event.storeID == r.StoreID && (r.WebhookID == "" || l.hook.id == r.WebhookID) && r.Takes(l.status, l.endedAt) {
			known.owed[name] = true
		}
	}
	w.book.recoveries[r.ID] = known
	w.note("%s is a %s of %d deliveries", known.name, r.Kind, len(known.owed))
}

// stepped books a step: each of its deliveries was dead, or is new.
func (w *world) stepped(p *process, s *billhook.RecoveryStep) {
	r := w.book.recoveries[s.Recovery.ID]
	if r == nil {
		w.fail("", "a step of a recovery that nobody wrote")
		return
	}
	if r.Status != billhook.RecoveryRunning || s.Recovery.Step != r.Step+1 {
		w.fail(r.name, "step %d of %s follows step %d, when it was %s", s.Recovery.Step, p.name, r.Step, r.Status)
	}
	r.Recovery = s.Result()
	for i := range s.Deliveries {
		d := &s.Deliveries[i]
		if r.queued[d.ID] {
			w.fail(d.ID, "%s makes it pending twice", r.name)
		}
		r.queued[d.ID] = true
		if r.Kind == billhook.RecoveryReplay {
			w.replayed(p, r, d)
			continue
		}
		l := w.book.lives[d.ID]
		if l == nil || l.status != billhook.StatusDead || !l.endedAt.Before(r.CreatedAt) {
			w.fail(d.ID, "%s makes it pending, and it was not dead by then", r.name)
			continue
		}
		w.undead(l)
		w.retried(p, &billhook.Retry{DeliveryID: d.ID, DueAt: d.DueAt, Delivery: d})
	}
	if r.Status != billhook.RecoveryRunning {
		w.note("%s is %s: %d queued of %d", r.name, r.Status, r.Queued, r.Found)
	}
}

// replayed books a new delivery of an event.
func (w *world) replayed(p *process, r *recovery, d *billhook.Pending) {
	i := slices.IndexFunc(w.book.events, func(e *event) bool { return e.written && eventName(e.n) == w.book.named[d.EventID] })
	if i < 0 {
		w.fail(d.ID, "is of no event")
		return
	}
	e := w.book.events[i]
	if slices.Contains(e.deliveries, d.WebhookID) {
		w.fail(eventName(e.n), "is replayed for %s, which has it", d.WebhookID)
	}
	if h := w.hook(d.WebhookID); h == nil || !slices.ContainsFunc(h.versions, func(v billhook.Webhook) bool { return takes(&v, e.kind) }) {
		w.fail(eventName(e.n), "is replayed for %s, which does not want it", d.WebhookID)
	}
	e.deliveries = append(e.deliveries, d.WebhookID)
	l := &life{name: d.ID, event: e, hook: w.hookOf(d.WebhookID), status: billhook.StatusPending, dueAt: d.DueAt}
	if d.Place != nil {
		place := *d.Place
		l.place, l.revived = &place, true // it comes after what was emitted since
	}
	if !d.Behind {
		l.belongTo(w.ownerAs(p))
	}
	w.book.lives[d.ID] = l
	w.note("%s is replayed by %s", l.name, r.name)
}

// undead books that a delivery is not dead any more: it is nobody's to queue.
func (w *world) undead(l *life) {
	for _, r := range w.book.recoveries {
		delete(r.owed, l.name)
	}
}

// checkRecoveries: one that has come to its end has left nothing that it was to make
// pending, but for what could not be sent at some time.
func (w *world) checkRecoveries() {
	for _, id := range slices.Sorted(maps.Keys(w.book.recoveries)) {
		r := w.book.recoveries[id]
		if r.Status != billhook.RecoveryDone {
			continue
		}
		if r.Found != r.Queued+r.Left.Deleted+r.Left.Inactive+r.Left.Forgotten+r.Left.Changed || r.Queued != len(r.queued) {
			w.fail(r.name, "tells of %+v, and has queued %d", r.RecoveryProgress, len(r.queued))
		}
		for _, name := range slices.Sorted(maps.Keys(r.owed)) {
			if h := w.book.lives[name].hook; !slices.ContainsFunc(h.versions, func(v billhook.Webhook) bool { return !v.IsActive || !v.DeletedAt.IsZero() }) {
				w.fail(name, "was dead when %s was asked for, and is still", r.name)
			}
		}
	}
}
