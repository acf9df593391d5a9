package sim

import (
	"maps"
	"slices"
	"time"

	"github.com/billhook/billhook"
)

// about gives an event what it is about, and perhaps a time. Numbers of its own, so
// that the others stay as they are.
func (w *world) about(e *event) {
	r := chance(w.plan.Seed, "about", e.n)
	if !oneIn(r, 3) {
		e.entity = billhook.Reference{Type: "item", ID: string(rune('a' + r.IntN(3)))}
	}
	if oneIn(r, 10) {
		e.deliverAt = time.Now().Add(between(r, time.Second, time.Minute)).UTC().Round(0)
	}
}

// settingsOf is what a webhook chooses for all its life, drawn by its id.
func (w *world) settingsOf(hookID string) (s billhook.WebhookSettings) {
	s.Limits, s.Batch = w.limits(hookID), w.batchingOf(hookID)
	r := chance(w.plan.Seed, "order", hookID)
	if oneIn(r, 3) {
		s.Order = billhook.OrderEntity
	}
	if oneIn(r, 4) {
		s.Coalesce.Latest = pick(r, []weighted[[]string]{{1, []string{"*"}}, {2, []string{"order.*"}}})
	}
	return s
}

func (h *hook) coalesces(kind string) bool {
	return slices.ContainsFunc(h.last().Coalesce.Latest, func(pattern string) bool {
		return pattern == "*" || pattern == prefixOf(kind)+".*"
	})
}

// numbered checks that an event has the number after that of the last one of its
// entity. It wants w.mu.
func (w *world) numbered(em *billhook.Emit) {
	of, is := entityOf(&em.Event)
	if is {
		w.book.sequences[of]++
	}
	if want := w.book.sequences[of]; em.Event.Sequence != want {
		w.fail(eventName(number(em.Event.Data)), "has the number %d of its entity, and %d comes next", em.Event.Sequence, want)
	}
}

// placed checks that a delivery is in a strand where its webhook wants that.
func (w *world) placed(l *life, em *billhook.Emit, d *billhook.Pending) {
	scheduled := d.DueAt.After(d.CreatedAt)
	want := em.Event.Entity != (billhook.Reference{}) && !scheduled && len(l.hook.versions) > 0 &&
		(l.hook.last().Order == billhook.OrderEntity || l.hook.coalesces(l.event.kind))
	if want != (d.Place != nil) {
		w.fail(l.name, "is in an order: %v; should be %v", !want, want)
	}
	if d.Place != nil {
		place := *d.Place
		if l.place = &place; place.Sequence != em.Event.Sequence || place.Entity != em.Event.Entity {
			w.fail(l.name, "has the place %+v, and its event has %d of %+v", place, em.Event.Sequence, em.Event.Entity)
		}
	}
}

// others are the lives of the same webhook and entity that are in an order.
func (w *world) others(l *life) (all []*life) {
	for _, name := range slices.Sorted(maps.Keys(w.book.lives)) {
		m := w.book.lives[name]
		if m != l && m.place != nil && m.hook == l.hook && m.place.Entity == l.place.Entity {
			all = append(all, m)
		}
	}
	return all
}

// isNext holds a request against what comes before it of its entity. What a retry by
// hand has brought back waits for what was begun meanwhile.
func (w *world) isNext(l *life) {
	if l.place == nil || l.over() {
		return
	}
	for _, m := range w.others(l) {
		if !m.over() && (m.underWay() || !m.revived && m.place.Sequence < l.place.Sequence) {
			w.fail(l.name, "is sent before %s is over, number %d after %d", m.name, l.place.Sequence, m.place.Sequence)
		}
	}
}

// underWay reports whether its owner has a request of it under way.
func (l *life) underWay() bool {
	n := len(l.exchanges)
	return n > 0 && l.owner != nil && l.exchanges[n-1].of == l.owner && !l.owner.dead && l.exchanges[n-1].until.IsZero()
}

// released books what a process may send from now on.
func (w *world) released(p *process, d *billhook.Pending) {
	l := w.book.lives[d.ID]
	if l == nil || l.over() || l.place == nil {
		w.fail(d.ID, "%s released what is not held back", p.name)
		return
	}
	l.belongTo(w.ownerAs(p))
	w.note("%s is released by %s", l.name, p.name)
}

// skipped books what is not sent since something newer waits.
func (w *world) skipped(p *process, k *billhook.Skip) {
	for _, id := range append([]string{k.Delivery.ID}, k.Behind...) {
		l := w.book.lives[id]
		if l == nil || l.over() || l.place == nil || !l.hook.coalesces(l.event.kind) {
			w.fail(id, "%s skipped it, and may not", p.name)
			continue
		}
		if l.underWay() {
			w.fail(id, "%s skipped it while it was under way", p.name)
		}
		if !slices.ContainsFunc(w.others(l), func(m *life) bool {
			return !m.over() && m.event.kind == l.event.kind && m.place.Sequence > l.place.Sequence
		}) {
			w.fail(id, "%s skipped it, and nothing newer waits", p.name)
		}
		l.status, l.overAt, l.superseded = billhook.StatusSkipped, time.Now(), true
		w.note("%s is skipped by %s", l.name, p.name)
	}
}

// checkNewest: the newest of a kind is never skipped.
func (w *world) checkNewest(l *life) {
	if l.superseded && !slices.ContainsFunc(w.others(l), func(m *life) bool {
		return m.event.kind == l.event.kind && m.place.Sequence > l.place.Sequence
	}) {
		w.fail(l.name, "is skipped, and nothing newer there is")
	}
}
