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
	// and not one that waits. One that succeeds gives its place among the young
	// back, one that fails does not: so many failures begin in so long, and no more,
	// however quick they are, while receivers that are well are as quickly known.
	youth = 100 * time.Millisecond
)

// after is the standing after one more attempt, with so many failures in a row.
func (s standing) after(a *Attempt, failures int) standing {
	switch {
	case a.Success() && a.Duration <= quickAnswer:
		return good
	case a.Success():
		return slow
	case s == unproven || failures >= badAfter:
		return bad
	}
	return s
}

// share is how many of so many requests under way may be to receivers of the
// standing, and how many of these may be young. What is left, a quarter at least, is
// for the good: those of all other standings together, in however many
// stores, cannot take it.
func (s standing) share(of int) (all, young int) {
	switch s {
	case unproven:
		return max(of*3/8, 1), max(of/64, 1)
	case slow:
		return max(of/4, 1), of
	case bad:
		return max(of/8, 1), max(of/64, 1)
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
	old      bool // or done
	// record is the receiver's; probe: the request is its breaker's probe.
	record *record
	probe  bool
}

// storeRoom reports whether a store that has so many places may take another: twice
// as many as are free, and one always. One store alone can take two thirds, two take
// two fifths each, and so on: any number of them leave half of what each has
// (dynamic thresholds, Choudhury and Hahne 1998).
func storeRoom(has, free int) bool { return has < max(2*free, 1) }

// limited reports whether the lane's store has as many requests under way as it
// wants at the most.
func (ls *lines) limited(l *lane) bool {
	if l.endpoint == nil {
		return false
	}
	most := l.endpoint.tenancy.settings.Load().Limits.Concurrency
	return most > 0 && ls.ofStore[l.key.StoreID] >= most
}

// pop takes the next lane whose store may take one of the places out of the line
// that are free there and among all; nil if there is none.
func (ls *lines) pop(ln *line, free, ofAll int) *lane {
	for len(ln.ready) > 0 {
		l := ln.ready[0]
		ln.ready[0] = nil
		ln.ready = ln.ready[1:]
		if storeRoom(ln.ofStore[l.key.StoreID], min(free, ofAll)) && storeRoom(ls.ofStore[l.key.StoreID], ofAll) && !ls.limited(l) {
			return l
		}
		if ln.aside == nil {
			ln.aside = map[string][]*lane{}
		}
		ln.aside[l.key.StoreID] = append(ln.aside[l.key.StoreID], l)
	}
	return nil
}

// recall lets so many of a store's lanes that were put aside stand in line again.
func (ln *line) recall(storeID string, n int) {
	waiting := ln.aside[storeID]
	if len(waiting) == 0 {
		return
	}
	n = min(n, len(waiting))
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
	// inFlight counts the requests of all, and ofStore those of each store.
	inFlight int
	ofStore  map[string]int
}

// recall lets one of a store's lanes in each line stand in it again, or all of them
// where no place of the store's is left whose end would recall them.
func (ls *lines) recall(storeID string) {
	n := 1
	if ls.ofStore[storeID] == 0 {
		n = maxInt
	}
	for s := range ls.of {
		ls.of[s].recall(storeID, n)
	}
}

func (ls *lines) recallAll(storeID string) {
	for s := range ls.of {
		ls.of[s].recall(storeID, maxInt)
	}
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
		if l := ls.pop(own, all-own.inFlight, maxInFlight-ls.inFlight); l != nil {
			l.queued = false
			return l, s
		}
	}
	return nil, 0
}

// pass is for a lane that was first and has nothing to send: another of its
// store may have its turn.
func (ls *lines) pass(s standing, storeID string) {
	if ls.ofStore[storeID] == 0 {
		ls.recallAll(storeID)
		return
	}
	ls.of[s].recall(storeID, 1)
}

// begin gives a request of the standing its place, and end takes it back.
func (ls *lines) begin(s standing, storeID string, now time.Time) *flight {
	own := &ls.of[s]
	f := &flight{standing: s, storeID: storeID, oldAt: now.Add(youth)}
	own.inFlight++
	ls.inFlight++
	if own.ofStore == nil {
		own.ofStore = map[string]int{}
	}
	own.ofStore[storeID]++
	if ls.ofStore == nil {
		ls.ofStore = map[string]int{}
	}
	ls.ofStore[storeID]++
	if s == good {
		f.old = true // nobody asks
		return f
	}
	own.young++
	own.flights = append(own.flights, f)
	return f
}

func (ls *lines) end(f *flight, succeeded bool) {
	own := &ls.of[f.standing]
	own.inFlight--
	ls.inFlight--
	if succeeded || f.standing == slow {
		own.age(f)
	}
	if own.ofStore[f.storeID]--; own.ofStore[f.storeID] == 0 {
		delete(own.ofStore, f.storeID)
	}
	if ls.ofStore[f.storeID]--; ls.ofStore[f.storeID] == 0 {
		delete(ls.ofStore, f.storeID)
	}
	ls.recall(f.storeID)
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

// remember tells from what a lane has waiting what its receiver has shown to a process
// before this one: whether it has failed to take most of it. Where these are as many
// requests as open a breaker, and as old, it is open from the beginning. A few keep their
// schedule, but not those of thousands of receivers that are all due as a process starts:
// beyond as many of them as there are places for the bad, more than one request is
// enough. Since when the receiver fails cannot be told; where that was for long, the
// webhook has it.
func (s *scheduler) remember(l *lane, rows []Pending) {
	tried, requests := 0, 0
	var last, oldest time.Time
	for i := range rows {
		if rows[i].Attempts == rows[i].AttemptsBefore {
			continue
		}
		tried++
		if at := rows[i].CreatedAt; oldest.IsZero() || at.Before(oldest) {
			oldest = at
		}
		// What was sent together is due together.
		if at := rows[i].DueAt; l.endpoint == nil || !l.endpoint.batches() || !at.Equal(last) {
			requests, last = requests+1, at
		}
	}
	if l.endpoint == nil || l.endpoint.record.standing != unproven || tried <= len(rows)/2 {
		return
	}
	r, at := l.endpoint.record, time.Now()
	r.standing = bad
	if at.Sub(s.rememberedAt) > probeEvery {
		s.remembered, s.rememberedAt = 0, at
	}
	s.remembered++
	places, _ := bad.share(s.maxInFlight)
	failed := requests >= breakerDeliveries && at.Sub(oldest) >= breakerAfter
	if crowd := requests > 1 && s.remembered > places; (failed || crowd) && !r.breaker.open {
		r.breaker = r.breaker.resume(time.Time{}, at, l.key.spread(0))
	}
}

// standing is that of the lane's receiver.
func (l *lane) standing() standing {
	if l.endpoint == nil {
		return unproven
	}
	return l.endpoint.record.standing
}
