package listen

import (
	"context"
	"time"

	"github.com/billhook/billhook/client"
)

const (
	// tailEvery is how often it is looked.
	tailEvery = time.Second
	// tailPage is how many deliveries are looked at in any case, the newest; more where
	// they have come since tailMargin before the newest one of before: several nodes'
	// clocks differ, and what is committed later may have an earlier time.
	tailPage, tailMargin = 100, 5 * time.Second
	// tailMost bounds the deliveries that are looked at at a time, and tailWatched those
	// that are watched until they are over.
	tailMost, tailWatched = 20_000, 5000
	// tailAlone is how many of the watched are looked at by themselves at a time: those
	// that are not among the newest, nor among the first that wait.
	tailAlone = 50
)

// A Tail shows deliveries as they change: those that are made while it runs, those that
// waited when it began, and those of before that wait again.
type Tail struct {
	Client *client.Client
	// Filter says which: WebhookID and Event.
	Filter client.DeliveryFilter
	// Changed is told of each change, in order for each delivery. Attempt is the request
	// that led to it, as far as the list tells: its Number, StatusCode, Success and
	// StartedAt, and Error for the last one; nil where it was none.
	Changed func(d *client.Delivery, a *client.Attempt)
	// Lost is told that it cannot be looked, once until it can again; it is tried on.
	Lost func(why error)
	// Missed is told that there was more than can be looked at.
	Missed func(why string)

	known  map[string]state
	turn   []string // of the watched, who is to be looked at alone
	newest time.Time
	// old is up to when all was seen by the last look: what is from before that, and not
	// known, was over then and waits again.
	old time.Time
	// floor is up to when the lists of what waits were too long to be looked through:
	// what is from before that may have waited all the time.
	floor time.Time
	// begun: what is there was noted.
	begun bool
}

// A state is what was shown of a delivery.
type state struct {
	attempts int
	status   client.DeliveryStatus
	created  time.Time
	// seen is the poll in which it was looked at last.
	seen int
}

func (s state) over() bool { return s.status != "pending" && s.status != "held" }

// Run looks until ctx ends, which is no error, or the service refuses for good.
func (t *Tail) Run(ctx context.Context) error {
	t.known = map[string]state{}
	for poll, failed := 1, 0; ; poll++ {
		wait := tailEvery
		err := t.look(ctx, poll)
		switch again, final := next(err, failed); {
		case ctx.Err() != nil:
			return nil
		case err == nil:
			failed = 0
		case final:
			return err
		default:
			if failed++; failed == 1 {
				t.Lost(err)
			}
			wait = max(wait, again)
		}
		if !pause(ctx, wait) {
			return nil
		}
	}
}

// look looks once at all that may have changed. After an error some was shown, and the
// next look shows the rest.
func (t *Tail) look(ctx context.Context, poll int) error {
	n := 0
	t.old = t.newest.Add(-tailMargin)
	for d, err := range t.Client.Deliveries.All(ctx, t.filter("")) {
		if err != nil {
			return err
		}
		if n++; n > tailPage && (!t.begun || d.CreatedAt.Before(t.old)) {
			break
		}
		if n > tailMost {
			t.Missed("more deliveries were made at once than can be looked at")
			break
		}
		if d.CreatedAt.After(t.newest) {
			t.newest = d.CreatedAt
		}
		if err := t.see(ctx, &d, poll); err != nil {
			return err
		}
	}
	for _, status := range []client.DeliveryStatus{"pending", "held"} {
		n := 0
		for d, err := range t.Client.Deliveries.All(ctx, t.filter(status)) {
			if err != nil {
				return err
			}
			if n++; n > 10*tailPage {
				if d.CreatedAt.After(t.floor) {
					t.floor = d.CreatedAt
				}
				break
			}
			if err := t.see(ctx, &d, poll); err != nil {
				return err
			}
		}
	}
	if err := t.lookAlone(ctx, poll); err != nil {
		return err
	}
	t.begun = true
	t.forget(poll)
	return nil
}

func (t *Tail) filter(status client.DeliveryStatus) client.DeliveryFilter {
	f := t.Filter
	f.Status, f.Limit = status, tailPage
	return f
}

// lookAlone looks at what is watched and was in no list: it is over most likely.
func (t *Tail) lookAlone(ctx context.Context, poll int) error {
	if len(t.turn) == 0 {
		for id, s := range t.known {
			if !s.over() && s.seen < poll {
				t.turn = append(t.turn, id)
			}
		}
	}
	for range min(tailAlone, len(t.turn)) {
		id := t.turn[0]
		if s := t.known[id]; s.seen < poll && !s.over() && !s.created.IsZero() {
			d, err := t.Client.Deliveries.Get(ctx, id)
			switch {
			case client.IsCode(err, "not_found"): // it is no longer kept
				delete(t.known, id)
			case err != nil:
				return err
			default:
				if err := t.see(ctx, &d.Delivery, poll); err != nil {
					return err
				}
			}
		}
		t.turn = t.turn[1:]
	}
	return nil
}

// see shows what has changed of a delivery.
func (t *Tail) see(ctx context.Context, d *client.Delivery, poll int) error {
	was, ok := t.known[d.ID]
	is := state{d.Attempts, d.Status, d.CreatedAt, poll}
	if !t.begun || !ok && !d.CreatedAt.After(t.floor) || ok && was.attempts == is.attempts && was.status == is.status {
		t.known[d.ID] = is
		return nil
	}
	switch {
	case !ok && d.CreatedAt.Before(t.old):
		t.Changed(d, nil) // one of before, which waits again
	case d.Attempts-was.attempts > 1:
		// More than one attempt was made since: they are on record.
		all, err := t.Client.Deliveries.Get(ctx, d.ID)
		if err != nil {
			return err
		}
		d = &all.Delivery
		is.attempts, is.status = d.Attempts, d.Status
		t.showAll(all, was.attempts)
	case d.Attempts > was.attempts:
		t.Changed(d, lastAttempt(d))
	default:
		t.Changed(d, nil)
	}
	t.known[d.ID] = is
	return nil
}

// showAll shows the attempts after the first ones: after all but the last the delivery
// was pending.
func (t *Tail) showAll(d *client.DeliveryWithAttempts, first int) {
	for i := range d.AttemptLog {
		a := &d.AttemptLog[i]
		if a.Number <= first {
			continue
		}
		then := d.Delivery
		if then.Attempts = a.Number; a.Number < d.Attempts {
			then.Status, then.StatusCode, then.Success, then.LastAttemptAt = "pending", a.StatusCode, false, &a.StartedAt
			then.NextAttemptAt, then.FinishedAt, then.Reason = nil, nil, a.Error
		}
		t.Changed(&then, a)
	}
}

// lastAttempt is what a list tells of it.
func lastAttempt(d *client.Delivery) *client.Attempt {
	a := &client.Attempt{Number: d.Attempts, StatusCode: d.StatusCode, Success: d.Success, Error: d.Reason}
	if d.LastAttemptAt != nil {
		a.StartedAt = *d.LastAttemptAt
	}
	return a
}

// forget lets go of what is over and was not among the newest, and of what is too much
// to be watched.
func (t *Tail) forget(poll int) {
	watched := 0
	for id, s := range t.known {
		switch {
		case s.seen == poll:
		case s.over():
			delete(t.known, id)
		default:
			watched++
		}
	}
	if watched <= tailWatched {
		return
	}
	t.Missed("more deliveries wait than can be watched: of some it is not seen when they are over")
	for id, s := range t.known {
		if !s.over() && s.seen < poll && watched > tailWatched {
			delete(t.known, id)
			watched--
		}
	}
}
