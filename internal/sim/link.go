package sim

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/billhook/billhook"
)

// A link is a process's way to its database: it takes its time, and suffers
// what the weather and the process's own end bring.
type link struct {
	// Database is what it leads to. What the link has no method for goes straight
	// there.
	billhook.Database
	p *process
}

func newLink(p *process, db billhook.Database) *link {
	l := &link{Database: db, p: p}
	if h, ok := db.(*Handle); ok {
		h.before = func() error { return l.enter("beat") }
	}
	return l
}

// enter waits until a call can get through, or says why it cannot.
func (l *link) enter(what ...any) error {
	switch {
	case !l.p.stall(what...):
		return errDead
	case l.p.troubled(away):
		return errAway
	}
	return nil
}

// Commit writes the batch, unless the weather or the process's end is against
// it, and has the book of the world kept.
func (l *link) Commit(ctx context.Context, b *billhook.Batch) error {
	if !l.p.alive() {
		return errDead
	}
	return l.p.w.flaw.commit(l.commit(ctx, b))
}

func (l *link) commit(ctx context.Context, b *billhook.Batch) error {
	inOrder(b)
	l.nameReplays(b.RecoverySteps)
	w := l.p.w
	began := time.Since(w.began)
	r := chance(w.plan.Seed, "commit", l.p.name, began)
	time.Sleep(between(r, 50*time.Microsecond, w.climate.slowest))
	if len(b.RecoverySteps) > 0 && l.p.reached(beforeStep) || len(b.Emits) > 0 && l.p.reached(beforeCommit) || len(b.Outcomes) > 0 && l.p.reached(beforeOutcome) {
		return errDead
	}
	if err := l.enter("commit", began); err != nil {
		return err
	}
	switch {
	case l.p.troubled(full):
		return errWrite
	case l.p.troubled(taken):
		return fmt.Errorf("%s: %w", taken, billhook.ErrUntouched)
	}
	if err := l.write(ctx, b); err != nil {
		w.tell("%s: commit: %v", l.p.name, err)
		return err
	}
	muted := l.p.troubled(mute)
	if len(b.RecoverySteps) > 0 && l.p.reached(afterStep) || len(b.Emits) > 0 && l.p.reached(afterCommit) || len(b.Outcomes) > 0 && l.p.reached(afterOutcome) {
		w.doubt(b)
		return errDead
	}
	time.Sleep(between(r, 50*time.Microsecond, w.climate.slowest/2))
	switch {
	case !l.p.stall("answer", began):
		w.doubt(b)
		return errDead
	case muted:
		w.doubt(b)
		return errWrite
	}
	l.p.retires(b)
	return nil
}

// retires notes that a process knows of webhooks that it has made inactive itself.
func (p *process) retires(b *billhook.Batch) {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	for _, write := range b.Webhooks {
		if !write.Refused && write.Webhook.InactiveReason != "" {
			p.knows(&write.Webhook)
		}
	}
}

// write commits and books what was committed at the same instant.
func (l *link) write(ctx context.Context, b *billhook.Batch) error {
	w := l.p.w
	written := w.flaw.write(b)
	if err := l.Database.Commit(ctx, written); err != nil {
		return err
	}
	b.Released = written.Released
	w.flaw.answer(b)
	cancelled := l.cancelled(ctx, b)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.committed(l.p, b, cancelled)
	return nil
}

// cancelled finds which deliveries the batch has cancelled.
func (l *link) cancelled(ctx context.Context, b *billhook.Batch) (ids []billhook.Delivery) {
	for _, c := range b.Cancels {
		if c.Cancelled == 0 {
			continue
		}
		all, err := l.Database.Deliveries(ctx, billhook.DeliveryFilter{
			StoreID: c.Lane.StoreID, WebhookID: c.Lane.WebhookID, Status: cmp.Or(c.Status, billhook.StatusCancelled), Limit: 1 << 20,
		})
		if err != nil {
			panic(fmt.Sprint("read what was just written: ", err))
		}
		ids = append(ids, all...)
	}
	return ids
}

// inOrder makes the order of what came at one instant the same every time.
func inOrder(b *billhook.Batch) {
	slices.SortStableFunc(b.Emits, func(a, b *billhook.Emit) int { return cmp.Compare(number(a.Event.Data), number(b.Event.Data)) })
	name(b.Emits)
	slices.SortStableFunc(b.Outcomes, func(a, b *billhook.Outcome) int { return cmp.Compare(a.Delivery.ID, b.Delivery.ID) })
	slices.SortStableFunc(b.Skips, func(a, b *billhook.Skip) int { return cmp.Compare(a.Delivery.ID, b.Delivery.ID) })
}

// name gives deliveries names in place of the ids that the engine drew, and puts
// them in an order: both come from chance outside the seed, and decide what is
// sent first. An event's number is in its data.
func name(emits []*billhook.Emit) {
	for _, em := range emits {
		slices.SortFunc(em.Deliveries, func(a, b billhook.Pending) int { return cmp.Compare(a.WebhookID, b.WebhookID) })
		for i := range em.Deliveries {
			p := &em.Deliveries[i]
			p.ID = nameOf(number(em.Event.Data), p.WebhookID)
		}
	}
}

func nameOf(n int, webhookID string) string { return fmt.Sprintf("%s-%s", eventName(n), webhookID) }

func eventName(n int) string { return fmt.Sprintf("e%04d", n) }

// number is that of the event whose data this is.
func number(data []byte) int {
	var payload struct{ N int }
	if err := json.Unmarshal(data, &payload); err != nil || payload.N == 0 {
		panic(fmt.Sprintf("not an event of this world: %q", data))
	}
	return payload.N
}

// Recover opens the database anew.
func (l *link) Recover(ctx context.Context) error {
	if err := l.enter("recover"); err != nil {
		return err
	}
	time.Sleep(between(chance(l.p.w.plan.Seed, "recover", l.p.name, time.Since(l.p.w.began)), 10*time.Microsecond, 5*time.Millisecond))
	if l.p.troubled(full) {
		return errWrite
	}
	h, many := l.Database.(*Handle)
	if !many {
		return l.Database.Recover(ctx)
	}
	before := h.node()
	err := h.Recover(ctx)
	if h.node() != before {
		l.p.w.mu.Lock()
		defer l.p.w.mu.Unlock()
		l.p.w.lost(l.p)
	}
	return err
}

// EmitTx emits in a transaction of the caller's.
func (l *link) EmitTx(ctx context.Context, tx any, emits []*billhook.Emit) error {
	name(emits)
	if err := l.enter("tx", number(emits[0].Event.Data)); err != nil {
		return err
	}
	err := l.Database.EmitTx(ctx, tx, emits)
	l.p.w.mu.Lock()
	defer l.p.w.mu.Unlock()
	for _, em := range emits {
		if err == nil && em.Existing == nil {
			l.p.w.staged[tx] = append(l.p.w.staged[tx], em)
		}
	}
	return err
}

// Join makes the process a node.
func (l *link) Join(ctx context.Context) error {
	if err := l.enter("join"); err != nil {
		return err
	}
	err := l.Database.Join(ctx)
	l.p.w.mu.Lock()
	defer l.p.w.mu.Unlock()
	l.p.joined = err == nil
	return err
}

// Leave gives up what the node owns.
func (l *link) Leave(ctx context.Context) error {
	if err := l.enter("leave"); err != nil {
		return err
	}
	err := l.Database.Leave(ctx)
	l.p.w.mu.Lock()
	defer l.p.w.mu.Unlock()
	if err == nil && l.p.w.backend.owned() {
		l.p.joined = false
		l.p.w.left(l.p)
	}
	return err
}

// Held reports what the database does.
func (l *link) Held() bool {
	return l.Database.Held() || l.p.w.flaw.held
}

// Watch tells the process things a little later, and nothing while it is paused or
// dead.
func (l *link) Watch(ctx context.Context, seen func(billhook.Change)) {
	w := l.p.w
	l.Database.Watch(ctx, func(c billhook.Change) {
		time.Sleep(between(chance(w.plan.Seed, "watch", l.p.name, time.Since(w.began)), 10*time.Microsecond, 5*time.Millisecond))
		if !l.p.stall("watch") {
			return
		}
		w.flaw.seen(&c)
		// One after the other, since the process goes on at the instant when it has
		// the configuration.
		if c.Configuration {
			seen(billhook.Change{Configuration: true})
			time.Sleep(between(chance(w.plan.Seed, "seen", l.p.name, time.Since(w.began)), time.Microsecond, time.Millisecond))
		}
		c.Configuration = false
		seen(c)
	})
}
