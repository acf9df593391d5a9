package sim

import (
	"slices"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
)

// A book is what the world knows to be true: what was asked for, what callers
// were told, and what every transaction wrote. The engine's promises are held
// against it. It is guarded by w.mu.
type book struct {
	// events has every event that anyone tried to emit, by number.
	events []*event
	// lives has every delivery that was written, by name.
	lives map[string]*life
	// named has the names of the events on disk, by id.
	named map[string]string
	// hooks has every webhook that was written, in the order of their names.
	hooks []*hook
	// sequences has the number of each entity's last event.
	sequences map[entity]int64
	// skipped counts the events on disk that webhooks wanted and did not get.
	skipped map[string]int64
	// recoveries has every recovery that was written, by id.
	recoveries map[string]*recovery
}

func newBook() book {
	return book{lives: map[string]*life{}, named: map[string]string{}, sequences: map[entity]int64{}, skipped: map[string]int64{}, recoveries: map[string]*recovery{}}
}

// An event is one that callers tried to emit, perhaps more than once.
type event struct {
	n       int
	storeID string
	kind    string
	id, key string // the caller's own
	entity  billhook.Reference
	// deliverAt is zero for at once.
	deliverAt time.Time
	tries     []try

	// promised: a caller was told that it is accepted, or committed a
	// transaction that it is in, or a row of the outbox.
	promised bool
	// doubted: it may be there although no caller was told so.
	doubted bool
	// written: it is on disk.
	written    bool
	deliveries []string // their names
	body       string   // of its first request
}

// A try is what an event was for at a time when someone tried to emit it: which
// webhooks the process must have matched by then, and which it may have, since
// it learns of others' changes later.
type try struct {
	at        time.Time
	must, may []string
}

// A hook is a webhook and all that it ever was.
type hook struct {
	storeID, id string
	versions    []billhook.Webhook
	since       []time.Time // of each version
	// told is how many versions there were when somebody last changed it: that a
	// release is over is noted by a process, and nothing that others must hear of.
	told int
}

func (h *hook) last() *billhook.Webhook { return &h.versions[len(h.versions)-1] }

func (h *hook) deleted() bool { return len(h.versions) > 0 && !h.last().DeletedAt.IsZero() }

// takes reports whether a version of a webhook wants an event.
func takes(v *billhook.Webhook, kind string) bool {
	holds := v.WhenInactive == billhook.InactiveHold || v.WhenInactive == "" && v.InactiveReason != ""
	return (v.IsActive || holds) && v.DeletedAt.IsZero() && slices.ContainsFunc(v.Events, func(pattern string) bool {
		return pattern == "*" || pattern == kind || pattern == prefixOf(kind)+".*"
	})
}

func (w *world) hook(id string) *hook {
	for _, h := range w.book.hooks {
		if h.id == id {
			return h
		}
	}
	return nil
}

// hookOf is hook, or one without versions where nobody has written it.
func (w *world) hookOf(id string) *hook {
	if h := w.hook(id); h != nil {
		return h
	}
	return &hook{id: id}
}

// live are the webhooks that are not deleted.
func (w *world) liveHooks() (all []*hook) {
	for _, h := range w.book.hooks {
		if !h.deleted() {
			all = append(all, h)
		}
	}
	return all
}

// knows notes which version of a webhook a process has. It wants w.mu.
func (p *process) knows(v *billhook.Webhook) {
	h := p.w.hook(v.ID)
	if h == nil {
		return
	}
	for i := range h.versions {
		same := h.versions[i].UpdatedAt.Equal(v.UpdatedAt) && h.versions[i].DeletedAt.Equal(v.DeletedAt)
		if k := p.known[v.ID]; same && i+1 > k.versions {
			p.known[v.ID] = knowledge{versions: i + 1, before: k.versions, since: time.Now()}
		}
	}
}

// A knowledge is how many versions of a webhook a process has heard of, and how
// many it had before, by which it may still go for an instant.
type knowledge struct {
	versions, before int
	since            time.Time
}

// versions are those of the webhook that the process may go by now: the last
// that it knows of, or any later one. absent: it may not know of the webhook.
func (p *process) versions(h *hook) (may []billhook.Webhook, absent bool) {
	k := p.known[h.id]
	if time.Since(k.since) <= p.underWay() {
		k.versions = k.before
	}
	return h.versions[max(k.versions-1, 0):], k.versions == 0
}

// tried notes that a process is trying to emit an event at this instant. It
// wants w.mu.
func (w *world) tried(p *process, n int) {
	e := w.book.events[n-1]
	t := try{at: time.Now()}
	for _, h := range w.book.hooks {
		if h.storeID != e.storeID {
			continue
		}
		w.heard(p, h)
		may, absent := p.versions(h)
		all, any := !absent, false
		for i := range may {
			does := takes(&may[i], e.kind)
			all, any = all && does, any || does
		}
		if all {
			t.must = append(t.must, h.id)
		}
		if any {
			t.may = append(t.may, h.id)
		}
	}
	e.tries = append(e.tries, t)
}

// heard checks that a process has not gone for long without a webhook's last
// version, where nothing kept it from reading that. It wants w.mu.
func (w *world) heard(p *process, h *hook) {
	missed := p.known[h.id].versions
	if missed >= h.told {
		return
	}
	for _, since := range []time.Time{h.since[missed], p.upAt} {
		if time.Since(since) < longAgo*w.climate.lease {
			return
		}
	}
	if w.undisturbed(p, longAgo*w.climate.lease) && p.stopAt.IsZero() {
		w.fail(h.id, "%s has not heard of what it has been since %v", p.name, h.since[missed].Sub(w.began))
	}
}

// A life is all that happened to a delivery.
type life struct {
	name  string
	event *event
	hook  *hook
	// owner is the process that accepted it or took it over last; nil for
	// nobody.
	owner   *process
	owned   bool // by anybody, ever
	ownedAt time.Time
	// losers are the processes that lost it together with their lease.
	losers  []*process
	status  billhook.Status
	endedAt time.Time // of its last attempt
	overAt  time.Time
	// superseded: it was skipped since something newer of its entity waits.
	superseded bool
	attempts   int
	before     int // that no longer count
	dueAt      time.Time

	// place is its place in the order of its entity; nil for none. revived: it was
	// over, and a retry by hand has brought it back.
	place   *billhook.Place
	revived bool

	exchanges []*exchange
	// recorded counts the exchanges of which there is an attempt on record.
	recorded int
}

// attempt is the exchange that an attempt of a process's ended with, or nil. One
// attempt may be several of which nothing was written.
func (l *life) attempt(p *process, a *billhook.Attempt) *exchange {
	i := slices.IndexFunc(l.exchanges, func(e *exchange) bool { return e.of == p && e.from.Equal(a.StartedAt) })
	if i < 0 {
		return nil
	}
	for i+1 < len(l.exchanges) && l.exchanges[i].goesOn(l.exchanges[i+1]) {
		i++
	}
	return l.exchanges[i]
}

// belongTo makes it the process's, or nobody's.
func (l *life) belongTo(p *process) {
	l.owner, l.owned, l.ownedAt = p, l.owned || p != nil, time.Now()
	l.losers = slices.DeleteFunc(l.losers, func(q *process) bool { return q == p })
}

func (l *life) over() bool { return l.status != billhook.StatusPending }

// belongs reports whether the process is the owner, as far as there are owners.
func (w *world) belongs(l *life, p *process) bool {
	return l.owner == p || l.owner != nil && !w.backend.owned()
}

// policy is that of a webhook for all its life. Without jitter: that comes from
// chance outside the seed.
func (w *world) policy(hookID string) profile.RetryPolicy {
	r := chance(w.plan.Seed, "policy", hookID)
	initial := pick(r, []weighted[time.Duration]{{1, 0}, {4, 50 * time.Millisecond}, {4, time.Second}, {3, 20 * time.Second}, {1, 3 * time.Minute}})
	p := profile.RetryPolicy{
		MaxAttempts: 1 + r.IntN(6), BackoffMultiplier: 1 + float64(r.IntN(4)), InitialDelay: initial, MaxDelay: longestDelay,
		RetryOn: pick(r, []weighted[string]{{4, profile.RetryOnAny}, {1, profile.RetryOnServerErrors}}),
	}
	if oneIn(r, 3) {
		p.MaxDelay = max(initial, 2*time.Second)
	}
	return p
}

// limits are those of a webhook for all its life, or of a store.
func (w *world) limits(id string) billhook.Limits {
	r := chance(w.plan.Seed, "limits", id)
	return billhook.Limits{
		RatePerSecond: pick(r, []weighted[float64]{{5, 0}, {1, 5 + 20*r.Float64()}}),
		Concurrency:   pick(r, []weighted[int]{{3, 0}, {2, 1 + r.IntN(3)}}),
	}
}

// longestDelay is the longest between two attempts of any delivery.
const longestDelay = 10 * time.Minute
