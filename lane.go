package billhook

import (
	"container/heap"
	"slices"
	"time"
)

// A lane is the queue of one webhook. It holds in memory only a window of
// what waits, the earliest due; the rest stays in the database. The invariant,
// true between any two transactions of the committer:
//
//	every pending delivery of the webhook is known here, or more is true and
//	it comes after horizon.
//
// All methods want the scheduler's lock.
type lane struct {
	key      Lane
	endpoint *endpoint // nil once the webhook is deleted

	waiting waitingHeap
	// asked are the few that somebody wants sent now, while the receiver's breaker is
	// open: each is its probe, and goes before all that waits.
	asked []Pending
	// known has the ids of the deliveries that wait here, are being sent, or
	// wait for their outcome to be recorded; true for those that were changed
	// on disk meanwhile.
	known map[string]bool
	// sending counts the requests under way, and retiring those that were answered
	// 410 and are not written yet: meanwhile nothing more is sent to be answered so.
	sending, retiring int
	// hearing: another node has changed the webhook, which is read now; nothing is
	// sent until it is known how.
	hearing bool

	more    bool
	horizon Position
	// reading: the next window is being read from the database.
	reading bool
	// rewound: what is being read is no longer the next window.
	rewound bool
	// rewinds counts how often the lane was rewound: what was taken out before the last
	// time may have become another's, or have been erased.
	rewinds int

	// moving: the transaction that is being handed over has an outcome of it.
	moving bool
	// queued: the lane stands in the scheduler's line of ready lanes.
	queued bool
	// pace is at what rate what was held goes; nil for none that is set.
	pace *releasePace
	// timer makes the lane ready when its first delivery becomes due, at
	// wakeAt.
	timer  *time.Timer
	wakeAt time.Time
	// slot is the lane's turn of its store's rate; zero for none yet.
	slot time.Time
}

// add takes in a delivery that was just committed or read, unless it belongs
// to what stays in the database. It reports false for one that is being sent:
// its outcome says what comes next.
func (l *lane) add(p Pending, window int, mem *memory) bool {
	if _, ok := l.known[p.ID]; ok {
		return l.move(p)
	}
	if l.more && p.Position.Compare(l.horizon) > 0 {
		return true
	}
	l.known[p.ID] = false
	mem.hold(&p)
	heap.Push(&l.waiting, p)
	if len(l.waiting) > window {
		l.shrink(window/2, mem)
	}
	return true
}

// move gives a waiting delivery its new place, after a manual retry.
func (l *lane) move(p Pending) bool {
	i := slices.IndexFunc(l.waiting, func(q Pending) bool { return q.ID == p.ID })
	if i < 0 {
		return false
	}
	p.Event = l.waiting[i].Event
	l.waiting[i] = p
	heap.Fix(&l.waiting, i)
	return true
}

// shrink keeps the first n and leaves the others to the database.
func (l *lane) shrink(n int, mem *memory) {
	slices.SortFunc(l.waiting, func(a, b Pending) int { return a.Position.Compare(b.Position) })
	l.bound(l.waiting[n-1].Position)
	l.drop(n, mem)
}

// bound draws the horizon nearer, to p. It never moves away: only a read of what
// lies beyond can do that.
func (l *lane) bound(p Position) {
	if !l.more || p.Compare(l.horizon) < 0 {
		l.more, l.horizon = true, p
	}
}

// drop lets go of all that waits but the first n.
func (l *lane) drop(n int, mem *memory) {
	l.letGo(l.waiting[n:], mem)
	l.waiting = l.waiting[:n]
}

// dropAll lets go of all that waits, and of what was asked for.
func (l *lane) dropAll(mem *memory) {
	l.drop(0, mem)
	l.letGo(l.asked, mem)
	l.asked = nil
}

func (l *lane) letGo(all []Pending, mem *memory) {
	for i := range all {
		mem.release(&all[i])
		delete(l.known, all[i].ID)
	}
	clear(all)
}

// forget lets go of a delivery that is over, or that someone else deals with,
// and reports whether it was changed on disk while it was being sent.
func (l *lane) forget(id string) (changed bool) {
	changed = l.known[id]
	delete(l.known, id)
	return changed
}

// rewind makes the lane let go of all that waits and read it from the beginning
// again, where memory may have lost track of what is on disk.
func (l *lane) rewind(mem *memory) {
	l.dropAll(mem)
	l.rewound = true
	l.rewinds++
	l.more = true
	l.horizon = Position{}
}

// wantsMore reports whether the next window should be read.
func (l *lane) wantsMore(window int) bool {
	return l.more && !l.reading && l.endpoint != nil && !l.asleep() && len(l.waiting) <= window/4
}

// due reports whether a delivery may be sent now.
func (l *lane) due(now time.Time) bool {
	return l.open() && l.first() != nil && !l.readyAt().After(now)
}

// first is the delivery whose turn is next, nil where none waits.
func (l *lane) first() *Pending {
	switch {
	case len(l.asked) > 0:
		return &l.asked[0]
	case len(l.waiting) > 0:
		return &l.waiting[0]
	}
	return nil
}

// readyAt is when the first that waits may be sent, as far as time alone decides.
func (l *lane) readyAt() time.Time {
	r, at := l.endpoint.record, l.firstAt()
	if l.endpoint.batches() && len(l.asked) == 0 {
		at = later(at, l.completeAt())
	}
	at = later(later(at, r.throttledUntil), l.slot)
	if l.endpoint.webhook.Limits.RatePerSecond > 0 {
		at = later(at, r.rate.at)
	}
	if r.breaker.open {
		b := r.breaker
		if len(l.asked) > 0 {
			b = b.ask()
		}
		at = later(at, b.probeAt)
	}
	return at
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// reserve has the lane take its turn of the store's rate, and reports whether that
// is now. Lanes that find none left get the next ones in the order in which they
// ask, so that each asks once.
func (l *lane) reserve(now time.Time) bool {
	every := l.endpoint.tenancy.settings.Load().Limits.every()
	if every == 0 || !l.slot.IsZero() {
		return true
	}
	l.slot = l.endpoint.tenancy.rate.take(every, now)
	return !l.slot.After(now)
}

// begin counts a request in that begins now, and reports whether it is the
// breaker's probe.
func (l *lane) begin(now time.Time) (probe bool) {
	r := l.endpoint.record
	if l.sending == 0 && now.Sub(r.usedAt) > idleAfter {
		r.allowance = r.allowance.rested()
	}
	if every := l.endpoint.webhook.Limits.every(); every > 0 {
		r.rate.take(every, now)
	}
	l.slot = time.Time{}
	l.sending++
	r.breaker.probing = r.breaker.open
	return r.breaker.open
}

// open reports whether the webhook would take another request.
func (l *lane) open() bool {
	return l.endpoint != nil && !l.asleep() && !l.pace.shut() && !l.endpoint.shut && l.sending < l.endpoint.places() && l.retiring == 0 && !l.hearing
}

// empty reports whether nothing is left that the lane must remember.
func (l *lane) empty() bool {
	return len(l.known) == 0 && !l.more && !l.reading && !l.queued && !l.hearing && l.pace == nil
}

// pop takes out the first.
func (l *lane) pop(mem *memory) (p Pending) {
	if len(l.asked) > 0 {
		p = l.asked[0]
		l.asked[0] = Pending{}
		l.asked = l.asked[1:]
	} else {
		p = heap.Pop(&l.waiting).(Pending)
	}
	mem.release(&p)
	return p
}

// memory counts what waits in all lanes together.
type memory struct {
	deliveries int
	eventBytes int
}

// hold counts a delivery in; beyond eventMemory it gives up the event's data,
// which is read from the database again when the delivery is sent.
func (m *memory) hold(p *Pending) {
	m.deliveries++
	if p.Event == nil {
		return
	}
	if m.eventBytes+len(p.Event.Data) > eventMemory {
		p.Event = nil
		return
	}
	m.eventBytes += len(p.Event.Data)
}

func (m *memory) release(p *Pending) {
	m.deliveries--
	if p.Event != nil {
		m.eventBytes -= len(p.Event.Data)
	}
}

// A waitingHeap has the delivery that comes first at its top.
type waitingHeap []Pending

func (h waitingHeap) Len() int           { return len(h) }
func (h waitingHeap) Less(i, j int) bool { return h[i].Position.Compare(h[j].Position) < 0 }
func (h waitingHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *waitingHeap) Push(x any)        { *h = append(*h, x.(Pending)) }
func (h *waitingHeap) Pop() any {
	old := *h
	p := old[len(old)-1]
	old[len(old)-1] = Pending{}
	*h = old[:len(old)-1]
	return p
}
