package billhook

import (
	"maps"
	"slices"
	"time"
)

const (
	// cancelStep is how many deliveries of a deleted webhook one transaction
	// cancels.
	cancelStep = 500
	// claimStep is how many deliveries that nobody owns one transaction takes
	// over.
	claimStep = 500
	// claimRetry is how long after a failure that is tried again.
	claimRetry = time.Second
)

// abandon ends the deliveries of a deleted webhook.
func (s *scheduler) abandon(l *lane) {
	l.dropAll(&s.mem)
	if l.reading {
		l.more = true // something came after what is being read or cancelled
		return
	}
	l.reading, l.more = true, false
	c := &Cancel{Lane: l.key, Reason: say("gone.webhook"), At: now(), Limit: cancelStep}
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
		handOver: func() { s.takeIn(c.Deliveries) },
		after:    func(err error) { s.claimed(c, err) },
	})
}

// takeIn pushes what was taken over, once it has told of its receivers what it can:
// those that hang must not take the places of those that are only new here.
func (s *scheduler) takeIn(deliveries []Pending) {
	if !s.running {
		return // as push
	}
	of := map[Lane][]Pending{}
	for _, p := range deliveries {
		if !p.Behind {
			of[p.Lane] = append(of[p.Lane], p)
		}
	}
	for _, key := range slices.SortedFunc(maps.Keys(of), Lane.compare) { // as reread
		s.remember(s.lane(key), of[key])
	}
	s.push(deliveries)
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
