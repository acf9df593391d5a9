package billhook

import (
	"container/heap"
	"context"
	"iter"
	"time"
)

// completeAt is when the batch that begins with the first delivery may go: when it is
// full, when what comes next is not for it, or when the first has waited long enough.
func (l *lane) completeAt() time.Time {
	e, first := l.endpoint, &l.waiting[0]
	until, most := first.DueAt.Add(e.webhook.Batch.wait()), e.company(first)
	if most == 1 || until.Equal(first.DueAt) {
		return first.DueAt
	}
	b := gathering{of: e, most: most}
	if !l.waiting.each(0, until, func(p *Pending) bool { return b.takes(p) && !b.full() }) {
		b = gathering{of: e, most: most} // its order decides when
		for p := range l.waiting.inOrder() {
			if !b.takes(p) || b.full() {
				return p.DueAt
			}
		}
	}
	if l.more && !l.reading && l.horizon.DueAt.Before(until) {
		return later(first.DueAt, l.horizon.DueAt) // it is as many as memory has room for
	}
	return until
}

// popCompany takes those that are due out of the lane that go with the first.
func (l *lane) popCompany(first *Pending, now time.Time, mem *memory) (company []Pending) {
	b := gathering{of: l.endpoint, most: l.endpoint.company(first)}
	b.takes(first)
	for len(l.waiting) > 0 && !b.full() && !l.waiting[0].DueAt.After(now) && b.takes(&l.waiting[0]) {
		p := l.pop(mem)
		l.pace.took(&p, now)
		company = append(company, p)
	}
	return company
}

// A gathering is a batch on its way to be full. All in it may have as much company:
// what was refused before does not come between what is new.
type gathering struct {
	of             *endpoint
	most, n, bytes int
}

// takes takes in a delivery, in its turn, or reports that it is not for the batch. How
// large an event is that is not in memory is found out when the body is made.
func (b *gathering) takes(p *Pending) bool {
	size := 0
	if e := p.Event; e != nil {
		size = len(e.Data) + 2*len(e.ID) + len(e.Type) + len(e.IdempotencyKey) + envelopeRest
	}
	if b.n > 0 && (b.of.company(p) != b.most || b.bytes+size > b.of.webhook.Batch.Bytes()) {
		return false
	}
	b.n, b.bytes = b.n+1, b.bytes+size
	return true
}

// envelopeRest is about what an envelope has around what is the event's, in bytes.
const envelopeRest = 96

func (b *gathering) full() bool { return b.n >= b.most }

// each visits those that are due until then, below place i of the heap, in any order;
// false where one visit was.
func (h waitingHeap) each(i int, until time.Time, visit func(*Pending) bool) bool {
	return i >= len(h) || h[i].DueAt.After(until) ||
		visit(&h[i]) && h.each(2*i+1, until, visit) && h.each(2*i+2, until, visit)
}

// inOrder yields what waits in its order, at a cost that follows from how many are
// asked for, not from how many there are.
func (h waitingHeap) inOrder() iter.Seq[*Pending] {
	return func(yield func(*Pending) bool) {
		next := &frontier{of: h}
		reach := func(i int) {
			if i < len(h) {
				heap.Push(next, i)
			}
		}
		for reach(0); len(next.at) > 0; {
			i := heap.Pop(next).(int)
			if !yield(&h[i]) {
				return
			}
			reach(2*i + 1)
			reach(2*i + 2)
		}
	}
}

// A frontier has the places in a heap of which all above were seen.
type frontier struct {
	of waitingHeap
	at []int
}

func (f *frontier) Len() int           { return len(f.at) }
func (f *frontier) Less(i, j int) bool { return f.of.Less(f.at[i], f.at[j]) }
func (f *frontier) Swap(i, j int)      { f.at[i], f.at[j] = f.at[j], f.at[i] }
func (f *frontier) Push(x any)         { f.at = append(f.at, x.(int)) }
func (f *frontier) Pop() any {
	last := f.at[len(f.at)-1]
	f.at = f.at[:len(f.at)-1]
	return last
}

// sendTogether makes the attempt of a job's deliveries, without those that a newer one
// has taken the place of.
func (s *scheduler) sendTogether(deliver delivering, e *endpoint, j *job, held func() bool) sending {
	var skips []*Skip
	var left, all []Pending
	for _, p := range append([]Pending{j.pending}, j.company...) {
		if len(left) > 0 { // nor would it be known of this one
			left = append(left, p)
			continue
		}
		switch k, sure := s.superseded(e, &p); {
		case k != nil:
			skips = append(skips, k)
		case !sure:
			left = append(left, p)
		default:
			all = append(all, p)
		}
	}
	var came sending
	if len(all) > 0 {
		came = deliver.together(e, all, held, func(left []Pending) { s.leave(j, left) })
	}
	came.skips = skips
	came.unsure = came.unsure || len(left) > 0
	came.left = append(came.left, left...)
	return came
}

// deliverTogether makes one attempt of all deliveries, as many as the body has room
// for, in one request. Those of which nothing can be sent any more are ended beside it.
func (s *sender) deliverTogether(ctx context.Context, e *endpoint, all []Pending, held func() bool, leave func([]Pending)) (came sending) {
	ready := s.ready(ctx, e, all, &came)
	body, n := e.batchBody(ready)
	for _, p := range ready[n:] {
		came.left = append(came.left, *p)
	}
	if ready = ready[:n]; n == 0 {
		return came
	}
	if !came.unsure && len(came.left) > 0 {
		leave(came.left) // they need not wait for this one's answer
		came.left = nil
	}
	a := &Attempt{StoreID: e.webhook.StoreID, StartedAt: now(), URL: e.webhook.URL}
	spans := make([]AttemptSpan, n)
	for i, p := range ready {
		_, spans[i] = s.startAttempt(p.Event, p, a.of(p))
	}
	if !s.unencrypted(e, a) {
		// It belongs to as many traces as events, so it tells of none.
		events := make([]*Event, n)
		for i, p := range ready {
			events[i] = p.Event
		}
		a.BatchID, a.BatchSize = batchID(events), n
		if !s.exchange(ctx, e, a, e.header(a.BatchID, "", sequenceText(events...), TraceContext{}, a.StartedAt, body), body, held) {
			for i, p := range ready {
				if came.left = append(came.left, *p); spans[i] != nil {
					spans[i].End(nil)
				}
			}
			came.unsure = true
			return came
		}
	}
	if n > 1 {
		a.ResponseHeaders, a.ResponseBody = "", nil
	}
	// With one number for all, those that are tried again are so together.
	random, first := s.config.random(), len(came.outcomes)
	for i, p := range ready {
		came.outcomes = append(came.outcomes, s.outcome(e, p, p.Event, a.of(p), spans[i], random))
	}
	came.asked = came.outcomes[first]
	return came
}

// ready reads the events of as many of the deliveries as there may be room for, and
// ends those of which nothing can be sent any more.
func (s *sender) ready(ctx context.Context, e *endpoint, all []Pending, came *sending) (ready []*Pending) {
	bytes := 0
	for i := range all {
		p := &all[i]
		if came.unsure || bytes > e.webhook.Batch.Bytes() {
			came.left = append(came.left, *p) // unread: memory has one request's data
			continue
		}
		event, o := s.eventOf(ctx, e, p)
		if o != nil {
			came.outcomes = append(came.outcomes, o)
			continue
		}
		if event == nil {
			came.left, came.unsure = append(came.left, *p), true
			continue
		}
		p.Event = event
		if at := now(); expired(p, e.policy, at) {
			came.outcomes = append(came.outcomes, s.late(e, p, at))
			continue
		}
		ready, bytes = append(ready, p), bytes+len(event.Data)
	}
	return ready
}

// late ends a delivery that has become too old.
func (s *sender) late(e *endpoint, p *Pending, at time.Time) *Outcome {
	a := &Attempt{
		StoreID: p.StoreID, DeliveryID: p.ID, Number: p.Attempts + 1, StartedAt: at, URL: e.webhook.URL,
		Failure: FailureExpired, Error: waitedTooLong(p, e.policy.MaxAge, at),
	}
	_, span := s.startAttempt(p.Event, p, a)
	return s.outcome(e, p, p.Event, a, span, 0)
}

// of is the attempt as that of one of the deliveries that it was made for.
func (a *Attempt) of(p *Pending) *Attempt {
	own := *a
	own.DeliveryID, own.Number = p.ID, p.Attempts+1
	return &own
}

// batchBody is the array of as many envelopes as may be together, and how many they are:
// one at least.
func (e *endpoint) batchBody(ready []*Pending) (body []byte, n int) {
	body = append(body, '[')
	for i, p := range ready {
		end := len(body)
		if i > 0 {
			body = append(body, ',')
		}
		if body = e.appendEnvelope(body, p.Event); i > 0 && len(body)+len("]") > e.webhook.Batch.Bytes() {
			return append(body[:end], ']'), i
		}
	}
	return append(body, ']'), len(ready)
}
