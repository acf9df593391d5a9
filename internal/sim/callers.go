package sim

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/billhook/billhook"
)

var kinds = []string{"order.paid", "order.created", "user.updated"}

func prefixOf(kind string) string {
	prefix, _, _ := strings.Cut(kind, ".")
	return prefix
}

// newEvent is one that nobody has tried to emit yet.
func (w *world) newEvent(r *rand.Rand) *event {
	w.mu.Lock()
	defer w.mu.Unlock()
	e := &event{n: len(w.book.events) + 1, storeID: stores[0], kind: kinds[r.IntN(len(kinds))]}
	if oneIn(r, 5) {
		e.storeID = stores[1]
	}
	if oneIn(r, 4) {
		e.id = fmt.Sprint("own-", e.n)
	}
	if oneIn(r, 4) {
		e.key = fmt.Sprint("key-", e.n)
	}
	w.book.events = append(w.book.events, e)
	w.about(e)
	return e
}

func (e *event) emission() billhook.Emission {
	return billhook.Emission{StoreID: e.storeID, Type: e.kind, Data: fmt.Appendf(nil, `{"n":%d}`, e.n), ID: e.id, IdempotencyKey: e.key, Entity: e.entity, DeliverAt: e.deliverAt}
}

// try notes that an event is emitted at this instant.
func (w *world) try(p *process, events ...*event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range events {
		w.tried(p, e.n)
		w.note("%s is emitted on %s", eventName(e.n), p.name)
	}
}

// told holds what a caller was told of an event against the truth.
func (w *world) told(p *process, e *event, got billhook.Event, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	code := billhook.ErrorCode(err)
	switch {
	case err == nil:
		e.promised = true
		if !e.written || number(got.Data) != e.n {
			w.fail(eventName(e.n), "is accepted and not on disk, or is another: %s", got.Data)
		}
	case code == "" && isContext(err):
		e.doubted = true
	case code == billhook.CodeDuplicate && e.id != "" && e.written:
	case code == billhook.CodeUnavailable && (!w.climate.calm || e.entity != billhook.Reference{}): // a caller's transaction may have the entity
	case code == billhook.CodeNotFound && !slices.Contains(stores, e.storeID): // not heard of yet
	default:
		w.fail(eventName(e.n), "is refused by %s: %v", p.name, err)
	}
	if err != nil {
		w.note("%s is refused: %s", eventName(e.n), code)
	}
}

func isContext(err error) bool { return strings.Contains(err.Error(), "context ") }

// patience is how long a caller waits for an answer: some give up soon.
func patience(r *rand.Rand) time.Duration {
	if oneIn(r, 10) {
		return between(r, 100*time.Microsecond, 50*time.Millisecond)
	}
	return time.Hour
}

func (w *world) emit(r *rand.Rand, p *process, e *event) {
	waits := patience(r)
	w.call(p, func() {
		ctx, cancel := context.WithTimeout(context.Background(), waits)
		defer cancel()
		w.try(p, e)
		got, err := p.client.Emit(ctx, e.emission())
		w.told(p, e, got, err)
	})
}

func (w *world) emitOne(r *rand.Rand, p *process) { w.emit(r, p, w.newEvent(r)) }

// emitBurst emits many, faster than they are delivered.
func (w *world) emitBurst(r *rand.Rand, p *process) {
	for range 10 + r.IntN(30) {
		w.emit(r, p, w.newEvent(r))
		time.Sleep(between(r, 1, 10*time.Millisecond))
	}
}

// emitAgain repeats an event that has an id or a key, on any node.
func (w *world) emitAgain(r *rand.Rand, p *process) {
	w.mu.Lock()
	var known []*event
	for _, e := range w.book.events {
		if e.id != "" || e.key != "" {
			known = append(known, e)
		}
	}
	w.mu.Unlock()
	if len(known) > 0 {
		w.emit(r, p, known[r.IntN(len(known))])
	}
}

func (w *world) emitBatch(r *rand.Rand, p *process) {
	var events []*event
	var emissions []billhook.Emission
	for range 1 + r.IntN(8) {
		e := w.newEvent(r)
		e.storeID = stores[0]
		events, emissions = append(events, e), append(emissions, e.emission())
	}
	waits := patience(r)
	w.call(p, func() {
		ctx, cancel := context.WithTimeout(context.Background(), waits)
		defer cancel()
		w.try(p, events...)
		results, err := p.client.EmitBatch(ctx, stores[0], emissions)
		for i, e := range events {
			if err != nil {
				w.told(p, e, billhook.Event{}, err)
			} else {
				w.told(p, e, results[i].Event, results[i].Err)
			}
		}
	})
}

// emitInTx emits in a transaction of the caller's, which then takes a while and
// is committed or not; that of a process that crashed never is.
func (w *world) emitInTx(r *rand.Rand, p *process) {
	events := []*event{w.newEvent(r), w.newEvent(r)}
	w.call(p, func() {
		tx, end, err := w.backend.begin()
		if err != nil {
			w.tell("%s: begin: %v", p.name, err)
			return
		}
		for _, e := range events {
			w.try(p, e)
			if _, err := p.client.EmitTx(context.Background(), tx, e.emission()); err != nil {
				w.tell("%s: emit in transaction: %v", p.name, err)
			}
		}
		time.Sleep(between(r, 0, 3*time.Second))
		w.mu.Lock()
		commit := !p.dead && !oneIn(r, 4)
		w.mu.Unlock()
		if !commit {
			if w.flaw.keeps {
				_ = end.Commit()
			} else {
				_ = end.Rollback()
			}
			w.tell("the transaction of %s is rolled back", eventName(events[0].n))
			return
		}
		err = end.Commit()
		w.mu.Lock()
		defer w.mu.Unlock()
		w.note("the transaction of %s is committed: %v", eventName(events[0].n), err == nil)
		for _, em := range w.staged[tx] {
			if err == nil {
				w.book.events[number(em.Event.Data)-1].promised = true
				w.wrote(nil, em)
			}
		}
	})
}

// emitBySQL puts an event into the outbox.
func (w *world) emitBySQL(r *rand.Rand, _ *process) {
	if w.backend.owned() {
		w.ask(w.newEvent(r))
	}
}

func (w *world) ask(e *event) {
	w.mu.Lock()
	e.promised = true
	w.note("%s is asked for in SQL, for %s", eventName(e.n), e.storeID)
	w.mu.Unlock()
	w.backend.ask(e.emission())
}

// openStore makes a store, for which an event is asked for at once, before other
// nodes have heard of it, or can.
func (w *world) openStore(r *rand.Rand, p *process) {
	blind := w.machines[r.IntN(len(w.machines))]
	unheard := !w.climate.calm && blind != p.m
	if unheard {
		w.mu.Lock()
		w.strike(noReads, blind, between(r, w.climate.lease/4, w.climate.lease))
		w.mu.Unlock()
	}
	w.configure(p, func() {
		id := "popup-" + p.name + "-" + fmt.Sprint(r.IntN(1000))
		_, err := p.client.CreateStore(context.Background(), billhook.Store{ID: id})
		w.tell("store %s is opened on %s: %v", id, p.name, err)
		if err != nil {
			return
		}
		w.mu.Lock()
		w.stores = append(w.stores, id)
		w.mu.Unlock()
		if w.backend.owned() {
			e := w.newEvent(r)
			e.storeID = id
			w.ask(e)
		}
		if unheard && oneIn(r, 2) {
			p.crash("when it has opened a store")
		}
	})
}

// retryOne retries a delivery by hand, one that waits or any.
func (w *world) retryOne(r *rand.Rand, p *process) {
	waits := oneIn(r, 2)
	w.mu.Lock()
	var lives []*life
	for _, name := range slices.Sorted(maps.Keys(w.book.lives)) {
		if l := w.book.lives[name]; !waits || !l.over() {
			lives = append(lives, l)
		}
	}
	w.mu.Unlock()
	if len(lives) == 0 {
		return
	}
	l := lives[r.IntN(len(lives))]
	w.call(p, func() {
		_, err := p.client.Retry(context.Background(), l.event.storeID, l.name)
		w.tell("%s a retry on %s: %v", l.name, p.name, err)
	})
}
