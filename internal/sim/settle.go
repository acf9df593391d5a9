package sim

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/billhook/billhook"
)

// settle ends all faults, makes the receivers well, and lets time pass until
// nothing waits any more, within the time in which that must be.
func (w *world) settle() {
	r := chance(w.plan.Seed, "settle")
	w.mu.Lock()
	w.settling = true
	w.clear()
	w.note("the faults are over")
	for i, m := range w.machines {
		m.emitsOnly = false
		switch p := m.process; {
		case !w.climate.calm && i > 0 && oneIn(r, 3): // gone for good; others must take over
			m.ending = true
			p.stop()
		case p.emitsOnly:
			p.stop()
		default:
			p.crashAt, p.pauseAt = "", ""
		}
	}
	limit := longestDelay + 3*time.Minute
	if w.shifted {
		limit += 2 * time.Hour // one who was last heard of in the future is not missed before that
	}
	w.mu.Unlock()
	w.calls.Wait()
	time.Sleep(between(r, time.Millisecond, time.Second))
	w.activate()
	for end := time.Now().Add(limit); ; time.Sleep(5 * time.Second) {
		waits := w.waiting()
		if len(waits) == 0 {
			break
		}
		w.activate() // one may have been answered 410 to what was under way
		if time.Now().After(end) {
			w.mu.Lock()
			for _, name := range waits {
				w.fail(name, "still waits %v after the faults were over", limit)
			}
			w.mu.Unlock()
			break
		}
	}
	time.Sleep(longestPause*w.climate.lease + w.climate.lease)
	w.agree()
}

// activate makes all webhooks active, so that what waits for them can go.
func (w *world) activate() {
	for try := 0; try < 1000; try++ {
		w.mu.Lock()
		inactive := slices.DeleteFunc(w.liveHooks(), func(h *hook) bool { return h.last().IsActive })
		w.mu.Unlock()
		if len(inactive) == 0 {
			return
		}
		if p := w.someone(chance(w.plan.Seed, "activate", try)); p != nil {
			active := true
			w.update(p, inactive[0], billhook.WebhookChange{IsActive: &active})
			w.calls.Wait()
		}
		time.Sleep(between(chance(w.plan.Seed, "activating", try), time.Second, 2*time.Second))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fail("", "the webhooks cannot be activated")
}

// waiting are the names of the deliveries that wait, of what is being released, and
// of events that were promised and are not there.
func (w *world) waiting() (names []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(w.book.lives)) {
		if !w.book.lives[name].over() {
			names = append(names, name)
		}
	}
	for _, h := range w.liveHooks() {
		if h.last().Release != nil {
			names = append(names, "the release of "+h.id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(w.book.recoveries)) {
		if r := w.book.recoveries[id]; r.Status == billhook.RecoveryRunning {
			names = append(names, r.name)
		}
	}
	for _, e := range w.book.events {
		if e.promised && !e.written {
			names = append(names, eventName(e.n))
		}
	}
	return names
}

// agree checks that every process has the configuration that is on disk, and
// nothing of what is over.
func (w *world) agree() {
	for _, m := range w.machines {
		p := m.up()
		if p == nil {
			continue
		}
		if left := inMemory(p.client); left != "" {
			w.mu.Lock()
			w.fail("", "%s still holds %s", p.name, left)
			w.mu.Unlock()
		}
		for _, storeID := range w.stores {
			got, err := p.client.List(context.Background(), storeID, "", 1000)
			w.mu.Lock()
			want := slices.DeleteFunc(w.liveHooks(), func(h *hook) bool { return h.storeID != storeID })
			same := slices.EqualFunc(got, want, func(g billhook.Webhook, h *hook) bool {
				return g.ID == h.id && g.UpdatedAt.Equal(h.last().UpdatedAt)
			})
			if err != nil || !same {
				w.fail("", "%s knows other webhooks of %s than there are (%v)", p.name, storeID, err)
			}
			w.mu.Unlock()
		}
	}
}
