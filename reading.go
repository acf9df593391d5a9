package billhook

import (
	"context"
	"maps"
	"slices"
	"time"
)

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
		s.see(l)
		s.setPace(l)
		l.rewind(&s.mem)
		s.tend(l)
	}
	return nil
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
	s.remember(l, rows)
	if len(rows) == limit {
		l.bound(rows[len(rows)-1].Position)
	}
	s.tend(l)
	s.dispatch()
}

// look reads lanes anew in which deliveries went to another node, and sends
// what waited for the lease to be renewed.
func (s *scheduler) look(lanes []Lane) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lookAt(lanes)
	s.dispatch()
}

// lookAnywhere is look for all lanes.
func (s *scheduler) lookAnywhere() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lookAt(slices.SortedFunc(maps.Keys(s.lanes), Lane.compare))
	s.dispatch()
}

// lookAt is look for hand-overs.
func (s *scheduler) lookAt(lanes []Lane) {
	for _, key := range lanes {
		if l := s.lanes[key]; l != nil {
			l.rewind(&s.mem)
			s.tend(l)
		}
	}
}
