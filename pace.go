package billhook

import "time"

// paceSlack is how much of the time that a lane was late by it may catch up with:
// timers are late by a little each.
const paceSlack = 100 * time.Millisecond

// A releasePace is at what rate what was held for a webhook is sent. It is the scheduler's,
// under its lock.
type releasePace struct {
	release Release
	// every is the time from one request to the next, and next when the next may be.
	// While every is 0 it is not known how much of what is held is this node's, and
	// the lane stays shut.
	every time.Duration
	next  time.Time
}

// asleep reports whether what waits in the lane is neither sent nor looked at: it is
// all left to the database, however much that is.
func (l *lane) asleep() bool { return l.endpoint != nil && l.endpoint.webhook.asleep() }

// asleep reports whether nothing is sent to the webhook for now.
func (w *Webhook) asleep() bool {
	return !w.IsActive || w.Release != nil && w.Release.Action == ReleaseDrop
}

// sleep lets go of what waits, if there is any.
func (l *lane) sleep(mem *memory) {
	if l.first() != nil {
		l.rewind(mem)
	}
}

// shut reports whether the lane waits for its pace.
func (p *releasePace) shut() bool { return p != nil && p.every == 0 }

// covers reports whether a delivery is one of those that were held.
func (p *releasePace) covers(d *Pending) bool { return p != nil && d.DueAt.Before(p.release.Before) }

// took notes that a delivery is being sent.
func (p *releasePace) took(d *Pending, now time.Time) {
	if !p.covers(d) {
		return
	}
	late := now.Add(-paceSlack)
	switch {
	case p.next.IsZero(): // the first
		p.next = now
	case p.next.Before(late):
		p.next = late
	}
	p.next = p.next.Add(p.every)
}

// left notes that a delivery that was taken is not sent after all.
func (p *releasePace) left(d *Pending) {
	if p.covers(d) && !p.next.IsZero() {
		p.next = p.next.Add(-p.every)
	}
}

// firstAt is when the first of those that wait may be sent.
func (l *lane) firstAt() time.Time {
	first := l.first()
	if l.pace.covers(first) && l.pace.next.After(first.DueAt) {
		return l.pace.next
	}
	return first.DueAt
}

// setPace gives a lane the pace that its webhook asks for.
func (s *scheduler) setPace(l *lane) {
	var r *Release
	if l.endpoint != nil {
		r = l.endpoint.webhook.Release
	}
	if r == nil {
		l.pace = nil
		return
	}
	s.releasing()
	switch {
	case r.Action != ReleaseDeliver:
		l.pace = nil
	case l.pace == nil || !l.pace.release.same(r):
		l.pace = &releasePace{release: *r}
	}
}

func (r *Release) same(o *Release) bool {
	return r.Action == o.Action && r.RatePerSecond == o.RatePerSecond && r.Before.Equal(o.Before)
}

// share gives a lane its part of a release's rate: what of the held is this node's.
func (s *scheduler) share(key Lane, r *Release, b Backlog) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lanes[key]
	if l == nil || l.pace == nil || !l.pace.release.same(r) {
		return
	}
	l.pace.every = max(time.Duration(float64(time.Second)/(r.RatePerSecond*b.share())), 1)
	s.tend(l)
	s.dispatch()
}

// holding are the lanes in which something of this node's is held.
func (s *scheduler) holding() (all []Lane) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, l := range s.lanes {
		if l.asleep() && l.more {
			all = append(all, key)
		}
	}
	return all
}

// quiet reports whether nothing of a lane's is under way, nor will be soon: what
// ends a delivery then has no attempt beside it. It is asked between transactions,
// when no webhook changes.
func (s *scheduler) quiet(key Lane) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.lookup(key)
	l := s.lanes[key]
	return e != nil && e.webhook.asleep() && (l == nil || l.asleep() && len(l.known) == 0)
}
