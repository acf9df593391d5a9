package billhook

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// laneWindow is how many waiting deliveries a lane holds in memory, and
	// crowdedWindow how many once all lanes together hold windowTotal.
	laneWindow    = 8192
	crowdedWindow = 64
	windowTotal   = 64 << 10
	// behindAt is how many wait in lanes that move before emits are paced.
	behindAt = 2048
	// readStep is how many of a lane's deliveries are read at a time; commits
	// wait meanwhile.
	readStep = 512
	// eventMemory bounds the data of events kept for waiting deliveries, in
	// bytes; the others' is read from the database when they are sent.
	eventMemory = 32 << 20
	// maxUnrecorded bounds the outcomes that wait to be written. At the bound
	// nothing more is sent.
	maxUnrecorded = 4096
	// cancelStep is how many deliveries of a deleted webhook one transaction
	// cancels.
	cancelStep = 500
	// claimStep is how many deliveries that nobody owns one transaction takes
	// over.
	claimStep = 500
	// claimRetry is how long after a failure that is tried again.
	claimRetry = time.Second
)

// A scheduler decides which delivery is sent next. Lanes that have one due
// take turns, and receivers that hang have a share of the requests under way, so
// that a webhook with many, or thousands that hang, cost the others nothing.
type scheduler struct {
	db        Database
	committer *committer
	logger    *slog.Logger
	// deliver makes one attempt and blocks until it is over. It returns nil
	// when the attempt was called off, because sending stops or held says no.
	deliver func(e *endpoint, p *Pending, held func() bool) *Outcome
	// lookup finds a webhook; nil when it is deleted, as deleted tells, or another
	// node has made it and this one does not know of it yet; then unknown sees to
	// that.
	lookup  func(Lane) *endpoint
	deleted func(Lane) bool
	unknown func()
	// held is Database.Held.
	held        func() bool
	maxInFlight int
	laneWindow  int

	mu         sync.Mutex
	running    bool
	jobs       chan job      // to senders that wait for one
	quit       chan struct{} // closed when sending stops
	lanes      map[Lane]*lane
	lines      lines
	mem        memory
	inFlight   int
	comingBack bool // a timer will dispatch
	unrecorded int
	senders    sync.WaitGroup
	// moving are the lanes that the transaction being handed over has outcomes
	// of, and backlog is what waited in those of the last one. What waits for a
	// receiver that hangs, or is not due, is no reason to hold up emits.
	moving  []*lane
	backlog int
	// claiming: what nobody owns is being taken over; claimMore: and once more
	// after that.
	claiming, claimMore bool
	// doubtful: what this node owns may have become another's, so nothing is sent
	// until it is read anew. doubts counts how often that was so.
	doubtful bool
	doubts   atomic.Int64
}

// window is how many waiting deliveries a lane may hold now.
func (s *scheduler) window() int {
	if s.mem.deliveries > windowTotal {
		return crowdedWindow
	}
	return s.laneWindow
}

// begin starts sending: it reads which lanes have something and hands what is
// committed from now on to them. It runs between transactions.
func (s *scheduler) begin(ctx context.Context, deliver func(*endpoint, *Pending, func() bool) *Outcome) error {
	s.mu.Lock()
	s.running, s.deliver = true, deliver
	s.jobs, s.quit = make(chan job), make(chan struct{})
	s.mu.Unlock()
	return s.reread(ctx)
}

// reread makes every lane that has something on disk read it from the
// beginning. It runs between transactions.
func (s *scheduler) reread(ctx context.Context) error {
	lanes, err := s.db.Lanes(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.doubtful = false
	if !s.running {
		return nil
	}
	for _, key := range lanes {
		s.lane(key)
	}
	// Those that have nothing there are read too: what they hold may be gone. In
	// one order, so that a simulation goes the same way each time.
	for _, key := range slices.SortedFunc(maps.Keys(s.lanes), Lane.compare) {
		l := s.lanes[key]
		l.endpoint = s.lookup(key)
		l.rewind(&s.mem)
		s.tend(l)
	}
	return nil
}

// doubt calls off what is about to be sent, and sends nothing until trust or
// reread. A node that was taken for dead and is one again holds a lease, but not
// what memory has.
func (s *scheduler) doubt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.doubtful = true
	s.doubts.Add(1)
}

// trust ends a doubt that nothing came of.
func (s *scheduler) trust() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.doubtful = false
	s.dispatch()
}

// stop ends sending and waits for the attempts under way; cancel is called
// when grace is over, and ends them.
func (s *scheduler) stop(grace time.Duration, cancel func()) {
	s.mu.Lock()
	s.running = false
	close(s.quit)
	s.mu.Unlock()
	t := time.AfterFunc(grace, cancel)
	s.senders.Wait()
	t.Stop()
	cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, l := range s.lanes {
		if l.timer != nil {
			l.timer.Stop()
		}
		delete(s.lanes, key)
	}
	s.lines.empty()
	s.mem = memory{}
}

// handOver takes in what a transaction wrote.
func (s *scheduler) handOver(all func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all()
	s.backlog = 0
	now := time.Now()
	for _, l := range s.moving {
		l.moving = false
		if len(l.waiting) > 0 && !l.waiting[0].DueAt.After(now) {
			s.backlog += len(l.waiting)
		}
	}
	clear(s.moving)
	s.moving = s.moving[:0]
	s.dispatch()
}

// behind reports whether more is accepted than is delivered.
func (s *scheduler) behind() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running && s.backlog > behindAt
}

// push takes in deliveries that were just committed. It is for hand-overs.
func (s *scheduler) push(deliveries []Pending) {
	if !s.running {
		return // the database has them, and begin finds them there
	}
	for _, p := range deliveries {
		l := s.lane(p.Lane)
		if !l.add(p, s.window(), &s.mem) {
			// A manual retry of what is being sent: its outcome may be in the
			// same transaction, so what is true is on disk alone.
			l.known[p.ID] = true
		}
		s.tend(l)
	}
}

// refresh lets a lane know that its webhook changed.
func (s *scheduler) refresh(key Lane) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refreshLane(key)
	s.dispatch()
}

// refreshLane is refresh for hand-overs.
func (s *scheduler) refreshLane(key Lane) {
	if !s.running {
		return
	}
	l := s.lane(key)
	before := l.endpoint
	l.endpoint = s.lookup(key)
	if before != nil && l.endpoint != nil && before.webhook.URL == l.endpoint.webhook.URL {
		l.endpoint.record = before.record // a change of anything else clears no one's name
	}
	s.tend(l)
}

func (s *scheduler) lane(key Lane) *lane {
	l := s.lanes[key]
	if l == nil {
		l = &lane{key: key, endpoint: s.lookup(key), known: map[string]bool{}}
		s.lanes[key] = l
	}
	return l
}

// tend does what a lane's state asks for: stand in line, wait for its first
// delivery's time, read more, or be cleared away.
func (s *scheduler) tend(l *lane) {
	if l.endpoint == nil && s.deleted(l.key) {
		s.abandon(l)
		return
	}
	if l.endpoint == nil {
		s.unknown()
	}
	if l.wantsMore(s.window()) {
		l.reading = true
		s.committer.submit(write{parts: commitParts / 8, after: func(error) { s.read(l) }})
	}
	if l.queued || !l.open() || len(l.waiting) == 0 {
		if l.empty() {
			s.clear(l)
		}
		return
	}
	now := time.Now()
	if l.due(now) {
		s.lines.join(l)
		return
	}
	s.wake(l, l.waiting[0].DueAt)
}

// wake tends the lane again at a time.
func (s *scheduler) wake(l *lane, at time.Time) {
	if l.timer != nil && l.wakeAt.Equal(at) {
		return
	}
	l.wakeAt = at
	in := time.Until(at)
	if l.timer != nil {
		l.timer.Reset(in)
		return
	}
	l.timer = time.AfterFunc(in, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		l.wakeAt = time.Time{}
		if s.holds(l) {
			s.tend(l)
			s.dispatch()
		}
	})
}

// read fetches a lane's next window. It runs between transactions.
func (s *scheduler) read(l *lane) {
	s.mu.Lock()
	limit := min(readStep, s.window()/2)
	after := l.horizon
	l.rewound = false
	running := s.running
	s.mu.Unlock()
	if !running {
		return
	}
	rows, err := s.db.Pending(context.Background(), l.key, after, limit)

	s.mu.Lock()
	defer s.mu.Unlock()
	l.reading = false
	if !s.holds(l) {
		return
	}
	if err != nil {
		s.logger.Error("cannot read waiting deliveries; trying again", "store", l.key.StoreID, "webhook", l.key.WebhookID, "err", err)
		s.wake(l, time.Now().Add(time.Second))
		return
	}
	if l.rewound { // while it was read: what was read is not the next window
		s.tend(l)
		return
	}
	l.more = false // what was read is let in, and beyond it lies nothing
	for _, p := range rows {
		l.add(p, s.window(), &s.mem)
	}
	l.remember(rows)
	if len(rows) == limit {
		l.bound(rows[len(rows)-1].Position)
	}
	s.tend(l)
	s.dispatch()
}

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

// abandon ends the deliveries of a deleted webhook.
func (s *scheduler) abandon(l *lane) {
	l.drop(0, &s.mem)
	if l.reading {
		l.more = true // something came after what is being read or cancelled
		return
	}
	l.reading, l.more = true, false
	c := &Cancel{Lane: l.key, Reason: "the webhook was deleted", At: now(), Limit: cancelStep}
	s.committer.submit(write{
		parts: commitParts / 4,
		add:   func(b *Batch) { b.Cancels = append(b.Cancels, c) },
		after: func(err error) { s.abandoned(l, c, err) },
	})
}

func (s *scheduler) abandoned(l *lane, c *Cancel, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.reading = false
	switch {
	case !s.holds(l):
	case err != nil:
		s.logger.Error("cannot cancel a deleted webhook's deliveries; trying again", "webhook", l.key.WebhookID, "err", err)
		s.wake(l, time.Now().Add(time.Second))
	case c.Cancelled == c.Limit || l.more:
		s.abandon(l)
	case l.sending == 0:
		s.clear(l)
	}
}

// claim takes over what nobody owns.
func (s *scheduler) claim() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.claiming {
		s.claimMore = true
		return
	}
	if !s.running {
		return
	}
	s.claiming, s.claimMore = true, false
	c := &Claim{Limit: claimStep}
	s.committer.submit(write{
		parts:    commitParts / 4,
		add:      func(b *Batch) { b.Claims = append(b.Claims, c) },
		handOver: func() { s.push(c.Deliveries) },
		after:    func(err error) { s.claimed(c, err) },
	})
}

func (s *scheduler) claimed(c *Claim, err error) {
	s.mu.Lock()
	s.claiming = false
	again := s.claimMore || len(c.Deliveries) == c.Limit
	s.mu.Unlock()
	switch {
	case err != nil:
		time.AfterFunc(claimRetry, s.claim)
	case again:
		s.claim()
	}
}

// look reads lanes anew in which deliveries went to another node, and sends
// what waited for the lease to be renewed.
func (s *scheduler) look(lanes []Lane) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range lanes {
		if l := s.lanes[key]; l != nil {
			l.rewind(&s.mem)
			s.tend(l)
		}
	}
	s.dispatch()
}

// holds reports whether the lane is still one of the scheduler's. One that was
// cleared away, or that a former Run had, may have left a timer or an outcome.
func (s *scheduler) holds(l *lane) bool { return s.running && s.lanes[l.key] == l }

// clear forgets a lane that has nothing to remember.
func (s *scheduler) clear(l *lane) {
	if l.timer != nil {
		l.timer.Stop()
	}
	if s.lanes[l.key] == l {
		delete(s.lanes, l.key)
	}
}

// now is the time as Billhook keeps it: UTC and without a monotonic clock, so
// that what is read back equals what was written.
func now() time.Time { return time.Now().UTC().Round(0) }
