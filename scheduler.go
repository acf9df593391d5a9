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
)

// A scheduler decides which delivery is sent next. Lanes that have one due
// take turns, and receivers that hang have a share of the requests under way, so
// that a webhook with many, or thousands that hang, cost the others nothing.
type scheduler struct {
	db        Database
	committer *committer
	logger    *slog.Logger
	deliver   delivering
	// lookup finds a webhook; nil when it is deleted, as deleted tells, or another
	// node has made it and this one does not know of it yet; then unknown sees to
	// that.
	lookup  func(Lane) *endpoint
	deleted func(Lane) bool
	unknown func()
	// retire says what makes the webhook of an outcome inactive, if that is called
	// for, and retired takes in what became of that: unheard where another node's
	// change of the webhook came first. reload, between transactions, hears of it.
	retire  func(*Outcome) *revision
	retired func(*revision) (unheard bool)
	reload  func()
	// releasing is called where a webhook's held deliveries are to be released.
	releasing func()
	// held is Database.Held.
	held func() bool
	// died is told of deliveries that are out of attempts. It must not wait.
	died func(*Outcome)
	// mind sees to what an attempt means for how long a webhook has failed.
	mind        func(key Lane, e *endpoint, succeeded bool, at time.Time)
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
	// unrecordedBytes is the data of events that outcomes keep which are not on disk.
	unrecordedBytes int
	senders         sync.WaitGroup
	// remembered counts the receivers that are bad by what waited for them alone, of the
	// minute that began at rememberedAt.
	remembered   int
	rememberedAt time.Time
	// askedBehind is what somebody wants sent now, of the transaction being handed over,
	// and what was held back in its strand before its end.
	askedBehind []Pending
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
func (s *scheduler) begin(ctx context.Context, deliver delivering) error {
	s.mu.Lock()
	s.running, s.deliver = true, deliver
	s.jobs, s.quit = make(chan job), make(chan struct{})
	s.mu.Unlock()
	err := s.reread(ctx)
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.running = false // nobody would ever stop it
	}
	return err
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
		if len(l.waiting) > 0 && l.pace == nil && !l.waiting[0].DueAt.After(now) {
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
func (s *scheduler) push(deliveries []Pending) { s.takeEach(deliveries, (*lane).add) }

// takeEach has each delivery's lane take it, by one of the ways of a lane to do so.
func (s *scheduler) takeEach(deliveries []Pending, take func(l *lane, p Pending, window int, mem *memory) bool) {
	if !s.running {
		return // the database has them, and begin finds them there
	}
	for _, p := range deliveries {
		if p.Behind {
			continue // nobody's to send, until a transaction releases it
		}
		l := s.lane(p.Lane)
		if l.asleep() {
			l.rewind(&s.mem)
			continue
		}
		if !take(l, p, s.window(), &s.mem) {
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
	s.see(l)
	s.setPace(l)
	s.tend(l)
}

// see looks the lane's webhook up.
func (s *scheduler) see(l *lane) {
	if l.endpoint = s.lookup(l.key); l.endpoint != nil {
		l.endpoint.record.follow(l.key, &l.endpoint.webhook, time.Now())
	}
}

// relimited is relimit for others.
func (s *scheduler) relimited(storeID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.relimit(storeID)
	s.dispatch()
}

// relimit has what waits for the rate of its store, or for a place of it, try anew.
// It is for hand-overs.
func (s *scheduler) relimit(storeID string) {
	s.lines.recallAll(storeID)
	for _, key := range slices.SortedFunc(maps.Keys(s.lanes), Lane.compare) {
		l := s.lanes[key]
		if key.StoreID != storeID || l.endpoint == nil {
			continue
		}
		l.slot, l.endpoint.tenancy.rate = time.Time{}, bucket{}
		s.tend(l)
	}
}

// load is how many requests of a lane may be under way now, 0 where it has none yet,
// and what waits in it and is due: as far as memory knows, or as much as there can be
// where there is more of that in the database.
func (s *scheduler) load(key Lane) (places, overdue int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, now := s.lanes[key], time.Now()
	if l == nil {
		return 0, 0
	}
	if l.endpoint != nil {
		places = l.endpoint.places()
	}
	if l.more && !l.horizon.DueAt.After(now) {
		return places, maxInt
	}
	for i := range l.waiting {
		if !l.waiting[i].DueAt.After(now) {
			overdue++
		}
	}
	return places, overdue
}

func (s *scheduler) lane(key Lane) *lane {
	l := s.lanes[key]
	if l == nil {
		l = &lane{key: key, known: map[string]bool{}}
		s.lanes[key] = l
		s.see(l)
		s.setPace(l)
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
	if l.asleep() {
		l.sleep(&s.mem)
	}
	if l.wantsMore(s.window()) {
		l.reading = true
		s.committer.submit(write{parts: commitParts / 8, after: func(error) { s.read(l) }})
	}
	if l.queued || !l.open() || l.first() == nil {
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
	s.wake(l, l.readyAt())
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
