package billhook

import "time"

// A standing is what a webhook's receiver has shown of itself since this process
// began. It decides how many of all requests under way may be to its like: a
// request to a receiver that hangs keeps its place for as long as an attempt may
// take, and ten thousand of those must not take the places, nor the processors,
// of the others.
type standing uint8

const (
	unproven  standing = iota // it has not answered yet
	good                      // it took its last delivery, within quickAnswer
	bad                       // it did not
	standings = 3
)

const (
	// quickAnswer is how soon a receiver that is good answers.
	quickAnswer = time.Second
	// youth is how long a request counts as young: as one that has work to do,
	// and not one that waits.
	youth = 100 * time.Millisecond
)

// standingAfter is what an attempt shows.
func standingAfter(a *Attempt) standing {
	if a.Success() && a.Duration <= quickAnswer {
		return good
	}
	return bad
}

// share is how many of so many requests under way may be to receivers of the
// standing, and how many of these may be young. What is left is for the good.
func (s standing) share(of int) (all, young int) {
	switch s {
	case unproven:
		return max(of/2, 1), max(of/32, 1)
	case bad:
		return max(of/4, 1), max(of/32, 1)
	}
	return of, of
}

// A line is of lanes of one standing that have a delivery due. They take turns.
type line struct {
	ready    []*lane
	inFlight int
	young    int
	flights  []*flight // the young in order of their times, and some that are over
}

// A flight is the place of a request under way.
type flight struct {
	standing standing
	oldAt    time.Time
	old      bool // or over
}

// room reports whether another request of the line may begin.
func (ln *line) room(all, young int, now time.Time) bool {
	for len(ln.flights) > 0 && (ln.flights[0].old || !ln.flights[0].oldAt.After(now)) {
		ln.age(ln.flights[0])
		ln.flights[0] = nil
		ln.flights = ln.flights[1:]
	}
	return ln.inFlight < all && ln.young < young
}

func (ln *line) age(f *flight) {
	if !f.old {
		f.old = true
		ln.young--
	}
}

// lines take turns, too, as far as their shares allow.
type lines struct {
	of   [standings]line
	next standing
}

// join has a lane stand in line.
func (ls *lines) join(l *lane) {
	l.queued = true
	own := &ls.of[l.standing()]
	own.ready = append(own.ready, l)
}

// first takes the lane whose turn it is out of its line; nil if there is none.
func (ls *lines) first(maxInFlight int, now time.Time) (*lane, standing) {
	for range standings {
		s := ls.next
		ls.next = (s + 1) % standings
		own := &ls.of[s]
		if all, young := s.share(maxInFlight); len(own.ready) == 0 || !own.room(all, young, now) {
			continue
		}
		l := own.ready[0]
		own.ready[0] = nil
		own.ready = own.ready[1:]
		l.queued = false
		return l, s
	}
	return nil, 0
}

// begin gives a request of the standing its place, and end takes it back.
func (ls *lines) begin(s standing, now time.Time) *flight {
	own := &ls.of[s]
	f := &flight{standing: s, oldAt: now.Add(youth)}
	own.inFlight++
	if s == good {
		f.old = true // nobody asks
		return f
	}
	own.young++
	own.flights = append(own.flights, f)
	return f
}

func (ls *lines) end(f *flight) {
	own := &ls.of[f.standing]
	own.inFlight--
	own.age(f)
}

// roomAt is when a line in which lanes stand has room because a request gets
// old; zero if there is none.
func (ls *lines) roomAt(maxInFlight int, now time.Time) (at time.Time) {
	for s := range ls.of {
		own := &ls.of[s]
		all, young := standing(s).share(maxInFlight)
		if len(own.ready) == 0 || own.room(all, young, now) || own.inFlight >= all || len(own.flights) == 0 {
			continue
		}
		if first := own.flights[0].oldAt; at.IsZero() || first.Before(at) {
			at = first
		}
	}
	return at
}

func (ls *lines) empty() {
	for s := range ls.of {
		ls.of[s].ready = nil
	}
}

// standing is that of the lane's receiver.
func (l *lane) standing() standing {
	if l.endpoint == nil {
		return unproven
	}
	return l.endpoint.standing
}
