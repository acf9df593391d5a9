package billhook

import "time"

// maxUnrecorded bounds the outcomes that wait to be written. At the bound
// nothing more is sent.
const maxUnrecorded = 4096

// A job is a delivery that is to be sent now, unless another doubt comes up.
type job struct {
	lane    *lane
	flight  *flight
	pending Pending
	doubts  int64
}

// dispatch finds a sender for every delivery that may be sent now.
func (s *scheduler) dispatch() {
	for {
		j, ok := s.next()
		if !ok {
			return
		}
		select {
		case s.jobs <- j: // to one that waits
		default:
			s.senders.Add(1)
			go s.send(j, s.jobs, s.quit)
		}
	}
}

// next takes the delivery whose turn it is.
func (s *scheduler) next() (job, bool) {
	now := time.Now()
	for s.running && !s.doubtful && s.held() && s.inFlight < s.maxInFlight && s.unrecorded < maxUnrecorded {
		l, standing := s.lines.first(s.maxInFlight, now)
		if l == nil {
			s.comeBack(now)
			break
		}
		if !l.due(now) {
			s.tend(l)
			s.lines.pass(standing, l.key.StoreID)
			continue
		}
		p := l.pop(&s.mem)
		l.pace.took(&p, now)
		l.sending++
		s.inFlight++
		f := s.lines.begin(standing, l.key.StoreID, now)
		s.tend(l)
		return job{l, f, p, s.doubts.Load()}, true
	}
	return job{}, false
}

// comeBack dispatches again when a place gets free by time alone.
func (s *scheduler) comeBack(now time.Time) {
	if s.comingBack {
		return
	}
	at := s.lines.roomAt(s.maxInFlight, now)
	if at.IsZero() {
		return
	}
	s.comingBack = true
	time.AfterFunc(at.Sub(now), func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.comingBack = false
		s.dispatch()
	})
}

// senderIdle is how long a sender waits for a job. A new one must first grow
// its stack, which costs as much as a tenth of a request.
const senderIdle = 5 * time.Second

// send makes attempts, one delivery after the other, until there is nothing to
// send for a while.
func (s *scheduler) send(j job, jobs <-chan job, quit <-chan struct{}) {
	defer s.senders.Done()
	idle := time.NewTimer(senderIdle)
	defer idle.Stop()
	for {
		for ok := true; ok; {
			j, ok = s.sendOne(j)
		}
		idle.Reset(senderIdle)
		select {
		case j = <-jobs:
		case <-idle.C:
			return
		case <-quit:
			return
		}
	}
}

// sendOne makes an attempt, has its outcome written and returns the next job,
// if there is one.
func (s *scheduler) sendOne(j job) (job, bool) {
	l := j.lane
	s.mu.Lock()
	deliver, endpoint := s.deliver, l.endpoint
	s.mu.Unlock()
	var o *Outcome
	if endpoint != nil && !endpoint.shut { // else deleted, or sealed shut, a moment ago
		o = deliver(endpoint, &j.pending, func() bool { return s.held() && s.doubts.Load() == j.doubts })
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight--
	s.lines.end(j.flight)
	l.sending--
	if o == nil {
		l.forget(j.pending.ID) // handed back: it waits in the database
		l.rewind(&s.mem)
	} else {
		endpoint.record = endpoint.record.after(&o.Attempt)
		s.unrecorded++
		s.record(l, o)
	}
	s.tend(l)
	return s.next()
}

// record has an outcome written and then acted on.
func (s *scheduler) record(l *lane, o *Outcome) {
	s.committer.submitLater(write{
		parts:    1,
		keep:     true,
		add:      func(b *Batch) { b.Outcomes = append(b.Outcomes, o) },
		handOver: func() { s.recorded(l, o) },
	})
}

func (s *scheduler) recorded(l *lane, o *Outcome) {
	s.unrecorded--
	if !s.holds(l) {
		return
	}
	if !l.moving {
		l.moving = true
		s.moving = append(s.moving, l)
	}
	changed := l.forget(o.Delivery.ID)
	switch {
	case o.Stale, changed:
		l.rewind(&s.mem)
	case o.Status == StatusPending:
		p := o.Delivery
		p.Attempts = o.Attempt.Number
		p.DueAt = o.NextAttemptAt
		l.add(p, s.window(), &s.mem)
	}
	s.tend(l)
}
