package sim

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/billhook/billhook"
)

// check holds what is on record in the end against the book.
func (w *world) check() {
	db, err := w.backend.open()
	if err != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.fail("", "open at the end: %v", err)
		return
	}
	defer db.Close()
	for _, storeID := range w.stores {
		if err := w.checkStore(db, storeID); err != nil {
			panic(fmt.Sprint("read at the end: ", err))
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.book.events {
		w.checkPromise(e)
	}
	for _, name := range slices.Sorted(maps.Keys(w.book.lives)) {
		w.checkExchanges(w.book.lives[name])
		w.checkNewest(w.book.lives[name])
	}
	w.checkConcurrency()
	w.checkRecoveries()
}

const everything = 1 << 20

func (w *world) checkStore(db billhook.Database, storeID string) error {
	ctx := context.Background()
	events, err := db.Events(ctx, billhook.EventFilter{StoreID: storeID, Limit: everything})
	if err != nil {
		return err
	}
	deliveries, err := db.Deliveries(ctx, billhook.DeliveryFilter{StoreID: storeID, Limit: everything})
	if err != nil {
		return err
	}
	w.checkEvents(storeID, events)
	if err := w.checkLedger(db, storeID); err != nil {
		return err
	}
	found := map[string]bool{}
	for i := range deliveries {
		attempts, err := db.Attempts(ctx, storeID, deliveries[i].ID)
		if err != nil {
			return err
		}
		found[deliveries[i].ID] = true
		w.checkDelivery(&deliveries[i], attempts)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(w.book.lives)) {
		if l := w.book.lives[name]; l.event.storeID == storeID && !found[name] {
			w.fail(name, "was written and is not on record")
		}
	}
	return nil
}

func (w *world) checkEvents(storeID string, events []billhook.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	found := map[int]bool{}
	for _, got := range events {
		e := w.book.events[number(got.Data)-1]
		switch {
		case found[e.n]:
			w.fail(eventName(e.n), "is on record twice")
		case !e.written:
			w.fail(eventName(e.n), "is on record, and nobody wrote it")
		case got.Type != e.kind || got.IdempotencyKey != e.key || e.id != "" && got.ID != e.id || !bytes.Equal(got.Data, e.emission().Data):
			w.fail(eventName(e.n), "is on record as another: %+v", got)
		}
		found[e.n] = true
	}
	for _, e := range w.book.events {
		if e.storeID == storeID && e.written && !found[e.n] {
			w.fail(eventName(e.n), "was written and is not on record")
		}
	}
}

// checkDelivery holds a delivery on record against its life.
func (w *world) checkDelivery(d *billhook.Delivery, attempts []billhook.Attempt) {
	w.mu.Lock()
	defer w.mu.Unlock()
	l := w.book.lives[d.ID]
	if l == nil {
		w.fail(d.ID, "is on record, and nobody wrote it")
		return
	}
	if d.Status != l.status || d.Attempts != l.attempts || d.AttemptsBefore != l.before {
		w.fail(d.ID, "is on record as %s after %d attempts, %d before; should be %s, %d, %d", d.Status, d.Attempts, d.AttemptsBefore, l.status, l.attempts, l.before)
	}
	if len(attempts) != d.Attempts {
		w.fail(d.ID, "has %d attempts on record, and tells of %d", len(attempts), d.Attempts)
	}
	for i, a := range attempts {
		if a.Number != i+1 {
			w.fail(d.ID, "attempt %d on record has the number %d", i+1, a.Number)
		}
		if i > 0 && a.StartedAt.Before(attempts[i-1].StartedAt) {
			w.fail(d.ID, "attempt %d began before the one before it", a.Number)
		}
	}
	if d.Status != billhook.StatusPending && d.FinishedAt.IsZero() {
		w.fail(d.ID, "is %s, at no time", d.Status)
	}
}

// checkPromise: what was promised is there, and what was refused is not.
func (w *world) checkPromise(e *event) {
	switch {
	case e.promised && !e.written:
		w.fail(eventName(e.n), "was promised and never written")
	case e.written && !e.promised && !e.doubted:
		w.fail(eventName(e.n), "was refused, and is on disk")
	case e.body != "" && !e.written:
		w.fail(eventName(e.n), "was sent and never written")
	}
}

// checkExchanges: where nothing failed but receivers, nothing is sent twice. What
// is under way when its webhook is deleted, or when the grace of a process that is
// told to stop ends, has no attempt on record, and one attempt may be several
// requests of which nothing was written.
func (w *world) checkExchanges(l *life) {
	if w.climate.loose && slices.ContainsFunc(l.exchanges, func(e *exchange) bool { return e.fate.unread() }) {
		return
	}
	sent := len(l.exchanges)
	for _, e := range l.exchanges {
		if e.calledOff() {
			sent--
		}
	}
	if w.climate.calm && !l.hook.deleted() && sent != l.recorded {
		w.fail(l.name, "was sent %d times, and %d attempts of that are on record", sent, l.recorded)
	}
}

// calledOff reports whether a request was still under way when the grace of its
// process ended.
func (e *exchange) calledOff() bool {
	return !e.of.stopAt.IsZero() && !e.until.Before(e.of.stopAt.Add(stopGrace))
}

// checkConcurrency: no process ever had more requests to a webhook under way, or to
// those of a store, than it may. What ends at an instant makes room for what begins at it.
func (w *world) checkConcurrency() {
	type step struct {
		at   time.Time
		more int
		of   *exchange
	}
	steps, most := map[string][]step{}, map[string]int{}
	for _, l := range w.book.lives {
		for _, e := range l.exchanges {
			if e.life != l {
				continue // it counts once
			}
			until := e.until
			if until.IsZero() {
				until = time.Now()
			}
			lane, store := e.of.name+"/"+l.hook.id, e.of.name+", store "+l.event.storeID
			steps[lane] = append(steps[lane], step{e.from, 1, e}, step{until, -1, e})
			most[lane] = atMost(w.climate.concurrency, w.limits(l.hook.id).Concurrency)
			if l.event.storeID == stores[1] {
				steps[store] = append(steps[store], step{e.from, 1, e}, step{until, -1, e})
				most[store] = atMost(w.climate.inFlight, w.limits(stores[1]).Concurrency)
			}
		}
	}
	for _, lane := range slices.Sorted(maps.Keys(steps)) {
		slices.SortFunc(steps[lane], func(a, b step) int {
			return cmp.Or(a.at.Compare(b.at), a.more-b.more, cmp.Compare(a.of.life.name, b.of.life.name))
		})
		now := 0
		for _, s := range steps[lane] {
			if now += s.more; now > most[lane] {
				w.fail(s.of.life.name, "%d requests of %s are under way at once at %v, and %d may be", now, lane, s.at.Sub(w.began), most[lane])
				break
			}
		}
	}
}

// atMost is the smaller, where limit is one.
func atMost(n, limit int) int {
	if limit == 0 {
		return n
	}
	return min(n, limit)
}
