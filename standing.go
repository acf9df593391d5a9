package billhook

import "time"

// A standing is what a webhook's receiver has shown of itself, as far as this
// process knows. It decides how many of all requests under way may be to its like: a
// request to a receiver that hangs keeps its place for as long as an attempt may
// take, and ten thousand of those must not take the places, nor the processors,
// of the others.
type standing uint8

const (
	unproven  standing = iota // nothing yet
	good                      // it takes deliveries, the last one within quickAnswer
	slow                      // it takes deliveries, but not so quickly
	bad                       // it has taken none of the last few
	standings = 4
)

const (
	// quickAnswer is how soon a receiver that is good answers.
	quickAnswer = time.Second
	// badAfter is after how many failures in a row one that took deliveries is
	// bad: one failure among others must not send it to the end of a long line.
	badAfter = 5
	// youth is how long a request counts as young: as one that has work to do,
	// and not one that waits.
	youth = 100 * time.Millisecond
)

// A record is what is kept of a receiver's answers.
type record struct {
	standing standing
	failures int // in a row
}

// after is the record after one more attempt.
func (r record) after(a *Attempt) record {
	switch {
	case a.Failure == FailureExpired: // nothing was asked of it
		return r
	case a.Success() && a.Duration <= quickAnswer:
		return record{standing: good}
	case a.Success():
		return record{standing: slow}
	}
	r.failures++
	if r.standing == unproven || r.failures >= badAfter {
		r.standing = bad
	}
	return r
}

// share is how many of so many requests under way may be to receivers of the
// standing, and how many of these may be young. What is left is for the good.
func (s standing) share(of int) (all, young int) {
	switch s {
	case unproven:
		return max(of/2, 1), max(of/32, 1)
	case slow:
		return max(of/4, 1), of
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
	// ofStore are the places that each store has taken, and aside its lanes that
	// wait for one of them.
	ofStore map[string]int
	aside   map[string][]*lane
}

// A flight is the place of a request under way.
type flight struct {
	standing standing
	storeID  string
	oldAt    time.Time
	old      bool // or over
}

// storeRoom reports whether a store may take another place: a quarter of the
// line's are for any, and more only while half of them are free, so that no store
// can take what all have.
func (ln *line) storeRoom(storeID string, all int) bool {
	return ln.ofStore[storeID] < max(all/4, 1) || ln.inFlight < all/2
}

// pop takes the next lane whose store may take a place out of the line; nil if
// there is none.
func (ln *line) pop(all int) *lane {
	for len(ln.ready) > 0 {
		l := ln.ready[0]
		ln.ready[0] = nil
		ln.ready = ln.ready[1:]
		if ln.storeRoom(l.key.StoreID, all) {
			return l
		}
		if ln.aside == nil {
			ln.aside = map[string][]*lane{}
		}
		ln.aside[l.key.StoreID] = append(ln.aside[l.key.StoreID], l)
	}
	return nil
}

// recall lets one of a store's lanes that were put aside stand in line again, or
// all of them, where no place of the store's is left whose end would recall them.
func (ln *line) recall(storeID string) {
	waiting := ln.aside[storeID]
	n := min(1, len(waiting))
	if ln.ofStore[storeID] == 0 {
		n = len(waiting)
	}
	ln.ready = append(ln.ready, waiting[:n]...)
	if n == len(waiting) {
		delete(ln.aside, storeID)
		return
	}
	clear(waiting[:n])
	ln.aside[storeID] = waiting[n:]
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
		all, young := s.share(maxInFlight)
		if len(own.ready) == 0 || !own.room(all, young, now) {
			continue
		}
		if l := own.pop(all); l != nil {
			l.queued = false
			return l, s
		}
	}
	return nil, 0
}

// pass is for a lane that was first and has nothing to send: another of its
// store may have its turn.
func (ls *lines) pass(s standing, storeID string) { ls.of[s].recall(storeID) }

// begin gives a request of the standing its place, and end takes it back.
func (ls *lines) begin(s standing, storeID string, now time.Time) *flight {
	own := &ls.of[s]
	f := &flight{standing: s, storeID: storeID, oldAt: now.Add(youth)}
	own.inFlight++
	if own.ofStore == nil {
		own.ofStore = map[string]int{}
	}
	own.ofStore[storeID]++
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
	if own.ofStore[f.storeID]--; own.ofStore[f.storeID] == 0 {
		delete(own.ofStore, f.storeID)
	}
	own.recall(f.storeID)
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
		ls.of[s].ready, ls.of[s].aside = nil, nil
	}
}

// remember tells from what waits what the receiver has shown to a process before
// this one: whether it has failed to take most of it.
func (l *lane) remember(rows []Pending) {
	tried := 0
	for i := range rows {
		if rows[i].Attempts > rows[i].AttemptsBefore {
			tried++
		}
	}
	if l.endpoint != nil && l.endpoint.record.standing == unproven && tried > len(rows)/2 {
		l.endpoint.record.standing = bad
	}
}

// standing is that of the lane's receiver.
func (l *lane) standing() standing {
	if l.endpoint == nil {
		return unproven
	}
	return l.endpoint.record.standing
}
