package billhook

import "time"

// A BreakerState says whether a webhook's deliveries are sent.
type BreakerState string

const (
	BreakerClosed   BreakerState = "closed"   // as they are due
	BreakerOpen     BreakerState = "open"     // none, until the next probe
	BreakerHalfOpen BreakerState = "halfOpen" // one, the probe, is under way
)

const (
	// A breaker opens when so many different deliveries have failed in a row, and
	// for so long. A delivery that fails alone keeps the schedule of its policy, to
	// which its receiver may have been built; so does a handful.
	breakerDeliveries = 5
	breakerAfter      = 10 * time.Second
	// probeEvery is how long it is at least from the end of a probe to the next.
	probeEvery = time.Minute
	// probeSpread is by how much longer it may be, so that receivers that failed
	// together are not probed together.
	probeSpread = 6 * time.Second
	// askEvery is how long it is from the end of a probe to one that somebody asks for.
	askEvery = time.Second
)

// A breaker keeps what waits for a receiver that is dead from being sent, but for
// a delivery now and then that shows whether it still is. What waits has no attempt
// counted. Its methods are pure.
type breaker struct {
	open, probing bool
	// since is when it opened or closed; zero where it never was open.
	since time.Time
	// probeAt is when the next delivery may be sent while it is open, and askAt when one
	// may that somebody asks for.
	probeAt, askAt time.Time

	// failures are the attempts that have failed in a row, and failingSince is when
	// the first did.
	failures     int
	failingSince time.Time
	// failed are the different deliveries of which those were, up to as many as
	// matter.
	failed  [breakerDeliveries]string
	differs int
}

func (b breaker) state() BreakerState {
	switch {
	case b.open && b.probing:
		return BreakerHalfOpen
	case b.open:
		return BreakerOpen
	}
	return BreakerClosed
}

// failure is the breaker after one more; spread, in [0, 1), is what the time of
// the next probe is made of.
func (b breaker) failure(deliveryID string, probe bool, at time.Time, spread float64) breaker {
	if b.failingSince.IsZero() {
		b.failingSince = at
	}
	b.failures++
	b.count(deliveryID)
	opens := !b.open && b.differs == breakerDeliveries && at.Sub(b.failingSince) >= breakerAfter
	if opens {
		b.open, b.since = true, at
	}
	if probe || opens {
		b.probing = false
		b.probeAt, b.askAt = at.Add(probeEvery+time.Duration(spread*float64(probeSpread))), at.Add(askEvery)
	}
	return b
}

func (b *breaker) count(deliveryID string) {
	for _, id := range b.failed[:b.differs] {
		if id == deliveryID {
			return
		}
	}
	if b.differs < breakerDeliveries {
		b.failed[b.differs] = deliveryID
		b.differs++
	}
}

// success closes it, whichever delivery that was.
func (b breaker) success(at time.Time) breaker {
	if b.open {
		b.since = at
	}
	return breaker{since: b.since}
}

// resume opens it for a receiver that is known to have failed since then (zero: it is
// not known since when), by what a process before this one or another node has seen. So that a process that starts
// does not try all of those at once, the first probes are spread over a while.
func (b breaker) resume(failingSince, at time.Time, spread float64) breaker {
	b.open, b.since, b.failingSince = true, at, failingSince
	b.probeAt = at.Add(time.Duration(spread * float64(probeEvery)))
	return b
}

// ask has the next delivery be the probe that somebody asks for.
func (b breaker) ask() breaker {
	if b.askAt.Before(b.probeAt) {
		b.probeAt = b.askAt
	}
	return b
}

// hearsay reports whether it is open without that anybody knows since when, and
// nothing of that was seen yet.
func (b breaker) hearsay() bool {
	return b.open && !b.probing && b.failures == 0 && b.failingSince.IsZero()
}

// forgive forgets the failures and has the next delivery tell, at once.
func (b breaker) forgive(at time.Time) breaker {
	return breaker{open: b.open, probing: b.probing, since: b.since, probeAt: at}
}
