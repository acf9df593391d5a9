package billhook

import (
	"container/heap"
	"slices"
	"time"
)

// While a receiver's breaker is open, whoever acts has an answer at once all the same:
// what somebody asks for is the probe. It becomes the node's that is asked, so that it
// meets the breaker of that one, whichever node had it before.

// maxAsked is how many of a lane somebody may want sent now; more wait as all others.
const maxAsked = 16

// ask takes in a delivery that was just committed, as add does, and has it sent before
// all others where these wait for the breaker.
func (l *lane) ask(p Pending, window int, mem *memory) bool {
	same := func(q Pending) bool { return q.ID == p.ID }
	switch {
	case slices.ContainsFunc(l.asked, same):
		return true // once is enough
	case l.endpoint == nil || !l.endpoint.record.breaker.open || len(l.asked) == maxAsked:
		return l.add(p, window, mem)
	}
	if _, known := l.known[p.ID]; !known {
		l.known[p.ID] = false
		mem.hold(&p)
	} else if i := slices.IndexFunc(l.waiting, same); i >= 0 {
		p.Event = l.waiting[i].Event
		heap.Remove(&l.waiting, i)
	} else {
		return false
	}
	l.asked = append(l.asked, p)
	return true
}

// addNew is add for what was just emitted: it tells, at once, whether what was heard of
// its receiver is so.
func (l *lane) addNew(p Pending, window int, mem *memory) bool {
	if l.endpoint != nil && len(l.asked) == 0 && l.endpoint.record.breaker.hearsay() {
		return l.ask(p, window, mem)
	}
	return l.add(p, window, mem)
}

// pushNew is push of what was just emitted.
func (s *scheduler) pushNew(deliveries []Pending) { s.takeEach(deliveries, (*lane).addNew) }

// ask is push of what somebody wants to see sent now: where the receiver's breaker is
// open it is the probe.
func (s *scheduler) ask(deliveries []Pending) {
	s.takeEach(deliveries, (*lane).ask)
	for i := range deliveries {
		if deliveries[i].Behind {
			s.askedBehind = append(s.askedBehind, deliveries[i])
		}
	}
}

// release takes in what was held back in its strand until this transaction. It is the
// last of its hand-over. What was asked for and is held back still is told of by
// whatever is before it.
func (s *scheduler) release(deliveries []Pending) {
	asked := s.askedBehind
	s.askedBehind = nil
	for len(deliveries) > 0 && len(asked) > 0 {
		p, take := deliveries[0], s.push
		if i := slices.IndexFunc(asked, func(q Pending) bool { return q.Lane == p.Lane && q.ID == p.ID }); i >= 0 {
			asked, take = slices.Delete(asked, i, i+1), s.ask
		}
		take(deliveries[:1])
		deliveries = deliveries[1:]
	}
	s.push(deliveries)
	for _, p := range asked {
		s.probe(p.Lane)
	}
}

// probeNow is probe for others.
func (s *scheduler) probeNow(key Lane) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.probe(key)
	s.dispatch()
}

// probe has the next delivery of a webhook that fails tell, at once, how it stands. It
// is for hand-overs.
func (s *scheduler) probe(key Lane) {
	if l := s.lanes[key]; s.running && l != nil && l.endpoint != nil && l.endpoint.record.breaker.open {
		l.endpoint.record.breaker = l.endpoint.record.breaker.ask()
		s.tend(l)
	}
}

// keptUntil is up to when a receiver's open breaker keeps a delivery from being sent
// that would be due before, as far as this node knows; zero where it does not.
func (s *scheduler) keptUntil(key Lane, d *Delivery) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lanes[key]
	if l == nil || l.endpoint == nil || l.endpoint.record.breaker.state() != BreakerOpen {
		return time.Time{}
	}
	until := l.endpoint.record.breaker.probeAt
	if !d.NextAttemptAt.Before(until) || slices.ContainsFunc(l.asked, func(p Pending) bool { return p.ID == d.ID }) {
		return time.Time{}
	}
	return until
}
