package billhook

import "time"

// An Observer is told what a Client does, for metrics, traces and logs. It is
// called on the way of every event, by many goroutines at once: it must be quick,
// must keep nothing that it is handed, and must not call the Client.
type Observer interface {
	// Accepted: the event and its deliveries are on disk. Those of EmitTx, whose
	// transaction is the caller's, are not told of.
	Accepted(e *Event)
	// Refused: an emit was not accepted, for a reason that Error.Code tells.
	Refused(code Code)
	// Attempted: an attempt is over, and this is what will be recorded of it, if
	// the delivery is still this node's by then. Event is what was sent, or what of it
	// is still kept where there was nothing left to send: FailureExpired, as where it
	// was too old.
	Attempted(o *Outcome, e *Event)
	// Committed: a transaction with so many parts is over, with its error.
	Committed(parts int, took time.Duration, err error)
}

// noObserver is there where nobody asks.
type noObserver struct{}

func (noObserver) Accepted(*Event)                     {}
func (noObserver) Refused(Code)                        {}
func (noObserver) Attempted(*Outcome, *Event)          {}
func (noObserver) Committed(int, time.Duration, error) {}

// Stats are what a Client has to do at a moment.
type Stats struct {
	// InFlight counts the requests under way, of at most MaxInFlight, and
	// Unrecorded the outcomes that are not on disk yet.
	InFlight, MaxInFlight, Unrecorded int
	// Waiting counts the deliveries that wait and are held in memory; Beyond the
	// webhooks that have more on disk.
	Waiting, Beyond int
	// Overdue is how long the delivery has been due that waits longest of all
	// those whose webhook would take it; 0 for none.
	Overdue time.Duration
	// Lanes counts the webhooks that have something to do, by what their
	// receivers have shown: "unproven", "good", "slow", "bad".
	Lanes map[string]int
	// Queued counts what waits to be written.
	Queued int
	// Writable is false from a transaction that failed until the next that works.
	Writable bool
	// Held: what this process owns is sure to be its own. Always false where it
	// does not run.
	Held bool
}

// Stats tells what there is to do now. It looks at every webhook that has
// something waiting.
func (c *Client) Stats() Stats {
	st := c.scheduler.stats()
	st.Queued, st.Writable = c.committer.state()
	return st
}

func (s *scheduler) stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := Stats{InFlight: s.inFlight, MaxInFlight: s.maxInFlight, Unrecorded: s.unrecorded, Waiting: s.mem.deliveries, Lanes: map[string]int{}, Held: s.running && s.held()}
	for standing := range standing(standings) {
		st.Lanes[standing.String()] = 0
	}
	now := time.Now()
	for _, l := range s.lanes {
		st.Lanes[l.standing().String()]++
		if l.more {
			st.Beyond++
		}
		if l.due(now) {
			st.Overdue = max(st.Overdue, now.Sub(l.first().DueAt))
		}
	}
	return st
}

func (s standing) String() string { return [standings]string{"unproven", "good", "slow", "bad"}[s] }
