package billhook

import "time"

// A standing is what a webhook's receiver has shown of itself since this process
// began. It decides how many of all requests under way may be to its like: a
// request to a receiver that hangs keeps its place for as long as an attempt may
// take, and ten thousand of those must not take the places of the others.
type standing uint8

const (
	unproven  standing = iota // it has not answered yet
	quick                     // its last answer, whatever it said, came within quickAnswer
	slow                      // it did not
	standings = 3
)

// quickAnswer is how soon an answer, or a refusal, is quick.
const quickAnswer = time.Second

// standingAfter is what an attempt that took so long shows.
func standingAfter(took time.Duration) standing {
	if took <= quickAnswer {
		return quick
	}
	return slow
}

// share is how many of the requests under way may be to receivers of the
// standing. What is left is for those that are quick.
func (s standing) share(of int) int {
	switch s {
	case unproven:
		return max(of/2, 1)
	case slow:
		return max(of/4, 1)
	}
	return of
}

// A line is of lanes of one standing that have a delivery due. They take turns.
type line struct {
	ready    []*lane
	inFlight int
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

// first takes the lane whose turn it is out of its line, which has room for
// another request; nil if there is none.
func (ls *lines) first(maxInFlight int) (*lane, standing) {
	for range standings {
		s := ls.next
		ls.next = (s + 1) % standings
		own := &ls.of[s]
		if len(own.ready) == 0 || own.inFlight >= s.share(maxInFlight) {
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
