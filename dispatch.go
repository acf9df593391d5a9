package billhook

import "time"

const (
	// maxUnrecorded bounds the outcomes that wait to be written. At the bound nothing
	// more is sent.
	maxUnrecorded = 4096
	// unrecordedMemory bounds the data of events that they keep for the next attempt,
	// in bytes: the others' is read from the database again.
	unrecordedMemory = 16 << 20
)

// A job is a delivery that is to be sent now, unless another doubt comes up.
type job struct {
	lane    *lane
	flight  *flight
	pending Pending
	// company are those that go with it, where its webhook has batches.
	company []Pending
	doubts  int64
	rewinds int // the lane's
}

// A delivering makes attempts and blocks until they are over.
type delivering struct {
	// alone makes that of one delivery. It returns nil when it was called off, because
	// sending stops or held says no.
	alone func(e *endpoint, p *Pending, held func() bool) *Outcome
	// together makes one of several, in one request, and may change them. Those that
	// it has no room for are left before it is made.
	together func(e *endpoint, all []Pending, held func() bool, leave func([]Pending)) sending
}

// A sending is what came of a job.
type sending struct {
	outcomes []*Outcome
	skips    []*Skip
	// asked is one of the outcomes whose receiver was asked, nil where nobody was.
	asked *Outcome
	// left were not sent. They wait on; unsure: it is not known how.
	left   []Pending
	unsure bool
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
	for s.running && !s.doubtful && s.held() && s.inFlight < s.maxInFlight && s.unrecorded < maxUnrecorded {
		now := time.Now() // anew: a lane that is due to tend must be due here as well
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
		if !l.reserve(now) {
			s.tend(l)
			s.lines.pass(standing, l.key.StoreID)
			continue
		}
		p := l.pop(&s.mem)
		l.pace.took(&p, now)
		var company []Pending
		if l.endpoint.batches() {
			company = l.popCompany(&p, now, &s.mem)
		}
		s.inFlight++
		f := s.lines.begin(standing, l.key.StoreID, now)
		f.record, f.probe = l.endpoint.record, l.begin(now)
		s.tend(l)
		return job{l, f, p, company, s.doubts.Load(), l.rewinds}, true
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
	held := func() bool { return s.held() && s.doubts.Load() == j.doubts }
	var came sending
	switch {
	case endpoint == nil || endpoint.shut: // deleted, or sealed shut, a moment ago
		came = sending{left: append(j.company, j.pending), unsure: true}
	case endpoint.batches():
		came = s.sendTogether(deliver, endpoint, &j, held)
	default:
		came = s.sendAlone(deliver, endpoint, &j, held)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight--
	s.lines.end(j.flight, came.asked == nil && len(came.skips) > 0 || came.asked != nil && came.asked.Attempt.Success())
	if j.flight.probe {
		j.flight.record.breaker.probing = false
	}
	s.giveBack(&j, &came)
	for _, k := range came.skips {
		s.unrecorded++
		s.skip(l, k)
	}
	more := came.asked != nil && s.learn(l, endpoint, j.flight, came.asked)
	if len(came.outcomes) > 0 {
		s.record(l, came.outcomes)
	}
	l.sending--
	s.tend(l)
	j, ok := s.next()
	if more {
		s.dispatch()
	}
	return j, ok
}

// sendAlone makes the attempt of one delivery.
func (s *scheduler) sendAlone(deliver delivering, e *endpoint, j *job, held func() bool) (came sending) {
	came.left = j.company // the webhook had batches a moment ago
	k, sure := s.superseded(e, &j.pending)
	if k != nil {
		came.skips = []*Skip{k}
		return came
	}
	if sure {
		if o := deliver.alone(e, &j.pending, held); o != nil {
			came.outcomes, came.asked = []*Outcome{o}, o
			return came
		}
	}
	came.left, came.unsure = append(came.left, j.pending), true
	return came
}

// leave gives back what a job's request has no room for.
func (s *scheduler) leave(j *job, left []Pending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.giveBack(j, &sending{left: left})
	s.tend(j.lane)
	s.dispatch()
}

// giveBack has what was not sent wait again.
func (s *scheduler) giveBack(j *job, came *sending) {
	l := j.lane
	came.unsure = came.unsure || len(came.left) > 0 && l.rewinds != j.rewinds
	for i := range came.left {
		p := &came.left[i]
		l.pace.left(p)
		if changed := l.forget(p.ID); changed {
			came.unsure = true
		} else if !came.unsure && s.holds(l) && l.endpoint != nil {
			l.add(*p, s.window(), &s.mem)
		}
	}
	if came.unsure {
		l.rewind(&s.mem) // it waits in the database
	}
}

// learn takes in what an attempt tells of its receiver, while it still has its
// place in the lane, and reports whether there are more of those now.
func (s *scheduler) learn(l *lane, e *endpoint, f *flight, o *Outcome) (more bool) {
	if o.Attempt.Failure == FailureExpired {
		return false // nothing was asked of it
	}
	at, before := time.Now(), e.places()
	probe := f.probe && f.record == e.record // else its URL has just become another
	e.record.learn(l.key, &o.Attempt, probe, l.sending >= before, e.concurrency, at)
	s.mind(l.key, e, o.Attempt.Success(), at)
	return e.places() > before
}

// record has the outcomes of one request written, in one transaction, and then acted
// on.
func (s *scheduler) record(l *lane, outcomes []*Outcome) {
	submit := s.committer.submitLater
	var last *Outcome // that says that the receiver wants no more
	for _, o := range outcomes {
		s.unrecorded++
		s.lighten(o)
		if o.Delivery.Place != nil {
			submit = s.committer.submit // others may wait behind it
		}
		if o.Deactivate {
			l.retiring++
			last = o
		}
	}
	var retiring *revision
	submit(write{
		parts: len(outcomes),
		keep:  true,
		add: func(b *Batch) {
			b.Outcomes = append(b.Outcomes, outcomes...)
			retiring = nil
			if last != nil {
				retiring = s.retire(last)
			}
			retiring.add(b)
		},
		handOver: func() {
			unheard := s.retired(retiring)
			for _, o := range outcomes {
				s.recorded(l, o)
			}
			if s.holds(l) {
				s.tend(l)
			}
			if unheard {
				s.hear(l)
			}
		},
	})
}

// lighten has an outcome that is to be written keep its event only if that is to be sent
// again, and there is memory for it: the database may take none for hours.
func (s *scheduler) lighten(o *Outcome) {
	e := o.Delivery.Event
	if e == nil {
		return
	}
	if o.Status != StatusPending || s.unrecordedBytes+len(e.Data) > unrecordedMemory {
		o.Delivery.Event = nil
		return
	}
	s.unrecordedBytes += len(e.Data)
}

func (s *scheduler) recorded(l *lane, o *Outcome) {
	s.unrecorded--
	if e := o.Delivery.Event; e != nil {
		s.unrecordedBytes -= len(e.Data)
	}
	if !s.holds(l) {
		return
	}
	if o.Deactivate {
		l.retiring--
	}
	if !l.moving {
		l.moving = true
		s.moving = append(s.moving, l)
	}
	changed := l.forget(o.Delivery.ID)
	if o.Status == StatusDead && !o.Stale {
		s.died(o)
	}
	switch {
	case o.Stale, changed:
		l.rewind(&s.mem)
	case o.Status == StatusPending:
		p := o.Delivery
		p.Attempts = o.Attempt.Number
		p.DueAt = o.NextAttemptAt
		l.add(p, s.window(), &s.mem)
	}
}

// hear reads what another node has made of a lane's webhook, before more is sent.
func (s *scheduler) hear(l *lane) {
	if l.hearing {
		return
	}
	l.hearing = true
	s.committer.submit(write{after: func(error) {
		s.reload()
		s.mu.Lock()
		defer s.mu.Unlock()
		l.hearing = false
		if s.holds(l) {
			s.tend(l)
			s.dispatch()
		}
	}})
}
