package billhook

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

const (
	// recoveriesAtOnce is how many recoveries a node has in hand.
	recoveriesAtOnce = 1000
	// recoveryRetry is how long after a failure a node goes on.
	recoveryRetry = time.Second
	// rouseAfter is how long after the first of many hints it looks once for all.
	rouseAfter = time.Second
	// roomLook is how long a recovery waits for room in a lane at first, roomLookLast
	// at most. One of many webhooks that has waited for one of them for patience goes
	// on with a few all the same, so that a receiver that hangs does not keep the
	// others from theirs.
	roomLook, roomLookLast = 100 * time.Millisecond, time.Second
	patience               = 5 * time.Second
	impatient              = 10
)

// A recoverer makes the steps of the recoveries that this node owns, one after the
// other, each as soon as its rate has room. A step reads a page, picks what is to
// be sent, and writes that together with how far it has come: a crash before the
// commit leaves nothing of it, one after it leaves deliveries that are pending.
type recoverer struct {
	client *Client
	woken  chan struct{} // has something in it when there may be more recoveries
	// rousing: a timer will wake it.
	rousing atomic.Bool
}

func newRecoverer(c *Client) *recoverer { return &recoverer{client: c, woken: make(chan struct{}, 1)} }

// wake has the recoverer look for recoveries that are nobody's.
func (r *recoverer) wake() {
	select {
	case r.woken <- struct{}{}:
	default: // it is about to look
	}
}

// rouse is wake for whoever hears of what nobody owns, which may be often and is
// hardly ever a recovery.
func (r *recoverer) rouse() {
	if r.rousing.CompareAndSwap(false, true) {
		time.AfterFunc(rouseAfter, func() {
			r.rousing.Store(false)
			r.wake()
		})
	}
}

// A running recovery, and when it goes on.
type runningRecovery struct {
	Recovery
	at time.Time
	// stuck is since when it has waited for room; zero where it has not.
	stuck time.Time
}

// wait puts a recovery off that finds no room, for longer each time.
func (r *runningRecovery) wait() {
	now := time.Now()
	if r.stuck.IsZero() {
		r.stuck = now
	}
	r.at = now.Add(min(max(now.Sub(r.stuck), roomLook), roomLookLast))
}

// run works until ctx ends.
func (r *recoverer) run(ctx context.Context) {
	var own []*runningRecovery
	for ctx.Err() == nil {
		again, err := r.adopt(ctx)
		if err == nil {
			own = goingOn(own, again)
			err = r.work(ctx, own)
		}
		if err != nil && ctx.Err() == nil {
			if ErrorCode(err) != CodeUnavailable { // of which the committer tells
				r.client.config.Logger.Error("cannot go on with recoveries; trying again", "err", err)
			}
			wait(ctx, recoveryRetry)
		}
	}
}

// adopt takes over recoveries that are nobody's, and reads all of this node's anew.
func (r *recoverer) adopt(ctx context.Context) ([]*runningRecovery, error) {
	a := &Adoption{Limit: recoveriesAtOnce}
	err := r.client.committer.do(ctx, write{parts: 1, add: func(b *Batch) { b.Adoptions = append(b.Adoptions, a) }})
	if err != nil {
		return nil, err
	}
	own := make([]*runningRecovery, len(a.Recoveries))
	for i := range a.Recoveries {
		own[i] = &runningRecovery{Recovery: a.Recoveries[i], at: time.Now()}
	}
	return own, nil
}

// goingOn has those that were running before, and have made no step since, wait as they
// did: a node may be woken more often than they may go on.
func goingOn(before, now []*runningRecovery) []*runningRecovery {
	type named struct{ store, id string }
	had := make(map[named]*runningRecovery, len(before))
	for _, r := range before {
		had[named{r.StoreID, r.ID}] = r
	}
	for _, r := range now {
		if b := had[named{r.StoreID, r.ID}]; b != nil && b.Step == r.Step {
			r.at, r.stuck = b.at, b.stuck
		}
	}
	return now
}

// work makes steps until there may be recoveries that it does not have, or one was
// ended or taken over by others.
func (r *recoverer) work(ctx context.Context, own []*runningRecovery) error {
	for {
		next := first(own)
		var in <-chan time.Time // never, where there is none
		var t *time.Timer
		if next != nil {
			t = time.NewTimer(time.Until(next.at))
			in = t.C
		}
		select {
		case <-ctx.Done():
		case <-r.woken:
		case <-in:
			stale, err := r.step(ctx, next)
			if err == nil && !stale {
				continue
			}
			if err != nil {
				return err
			}
		}
		if t != nil {
			t.Stop()
		}
		return nil
	}
}

// first is the recovery whose turn it is: of those that could go on, the one that
// has waited longest.
func first(own []*runningRecovery) (found *runningRecovery) {
	for _, r := range own {
		if r.Status == RecoveryRunning && (found == nil || r.at.Before(found.at)) {
			found = r
		}
	}
	return found
}

// step makes one step, or finds that there is none to make yet.
func (r *recoverer) step(ctx context.Context, run *runningRecovery) (stale bool, err error) {
	c := r.client
	s := &RecoveryStep{Recovery: run.Recovery}
	next := &s.Recovery
	if next.Error = r.obstacle(next); next.Error != "" {
		next.Status = RecoveryFailed
	} else {
		quota, room := next.quota(now()), r.room
		if next.WebhookID == "" && !run.stuck.IsZero() && time.Since(run.stuck) >= patience {
			quota, room = min(quota, impatient), endless
		}
		taken, more, err := r.look(ctx, next, quota, room)
		if err != nil {
			return false, err
		}
		if more && len(taken) == 0 && next.After == run.After {
			run.wait()
			return false, nil
		}
		next.spread(taken, now())
		switch {
		case !more:
			next.Status = RecoveryDone
		case next.Kind == RecoveryReplay:
			s.Replays = taken
		default:
			s.Retries = taken
		}
	}
	next.Step++
	next.UpdatedAt = now()
	if next.Status != RecoveryRunning {
		s.Audit = recoveryEnd(next, next.UpdatedAt)
	}
	err = c.committer.do(ctx, write{
		parts: 1 + len(s.Retries) + len(s.Replays),
		add:   func(b *Batch) { b.RecoverySteps = append(b.RecoverySteps, s) },
		handOver: func() {
			c.scheduler.push(s.Deliveries)
			if run.Queued == 0 { // whoever asked is to see soon what becomes of it
				for i := range s.Deliveries {
					c.scheduler.probe(s.Deliveries[i].Lane)
				}
			}
		},
	})
	if err != nil || s.Stale {
		return s.Stale, err
	}
	run.Recovery, run.stuck = s.Result(), time.Time{}
	run.at = run.nextStepAt(now())
	return false, nil
}

// look reads the recovery's next page and picks from it, up to a quota and as there
// is room for; it moves the recovery on as far as it has looked. Nothing is taken
// from a page that is the last, which has nothing. (more: it is not.)
func (r *recoverer) look(ctx context.Context, rec *Recovery, quota int, room func(*Recovery, Lane) int) (taken []Pending, more bool, err error) {
	if rec.Kind == RecoveryReplay {
		return r.lookAtEvents(ctx, rec, quota, room)
	}
	c := r.client
	page, err := c.db.Over(ctx, OverFilter{
		StoreID: rec.StoreID, WebhookID: rec.WebhookID, Statuses: rec.Statuses(), After: rec.After.ID, Limit: recoveryPage,
	})
	if err != nil {
		return nil, false, err
	}
	rooms := map[string]int{}
	limit := c.horizonOf(rec.StoreID, now()).keeps()
	kept := func(d *Delivery) bool { return d.ErasedAt.IsZero() && d.CreatedAt.After(limit.Payloads) }
	taken = rec.pick(page, quota, kept, func(webhookID string) reach {
		lane := Lane{StoreID: rec.StoreID, WebhookID: webhookID}
		to := c.reach(lane)
		if to == unheard {
			c.outdate()
		}
		if to != reachable {
			return to
		}
		left, ok := rooms[webhookID]
		if !ok {
			left = room(rec, lane)
		}
		if rooms[webhookID] = left - 1; left <= 0 {
			return full
		}
		return reachable
	})
	for i := range taken {
		if e := c.registry.endpoint(taken[i].Lane); e != nil && e.webhook.orders(taken[i].EventType) {
			taken[i].Place = &Place{}
		}
	}
	return taken, len(page) > 0, nil
}

func (r *recoverer) lookAtEvents(ctx context.Context, rec *Recovery, quota int, room func(*Recovery, Lane) int) (taken []Pending, more bool, err error) {
	c, lane := r.client, Lane{StoreID: rec.StoreID, WebhookID: rec.WebhookID}
	e := c.registry.endpoint(lane)
	if e == nil {
		c.outdate()
		return nil, true, nil
	}
	if quota = min(quota, room(rec, lane)); quota <= 0 {
		return nil, true, nil
	}
	page, err := c.db.EventsFor(ctx, EventsForFilter{Lane: lane, After: rec.After, From: rec.From, Until: rec.until(), Limit: recoveryPage})
	if err != nil {
		return nil, false, err
	}
	_, v, err := c.registry.emitting(rec.StoreID)
	if err != nil {
		return nil, false, err
	}
	limit := c.horizonOf(rec.StoreID, now()).keeps()
	// What nobody had, or came before the webhook, it had not.
	kept := func(of *EventFor) bool {
		known := of.CreatedAt.After(limit.Attempts) || of.Deliveries == 0 || of.CreatedAt.Before(e.webhook.CreatedAt)
		return of.ErasedAt.IsZero() && of.CreatedAt.After(limit.Payloads) && known
	}
	taken, err = rec.pickEvents(page, quota, &e.webhook, kept, func(of *EventFor) (bool, error) { return c.passes(ctx, e, v, of) })
	if err != nil {
		return nil, false, err
	}
	at := now()
	for i := range taken {
		taken[i].ID = newID(e.profile.IDs.Delivery, at)
		if at.After(taken[i].CreatedAt) { // else another node's clock is ahead
			taken[i].CreatedAt = at
		}
	}
	return taken, len(page) > 0, nil
}

// passes reports whether a webhook gets an event of a type that it wants, as it is now
// and as the event was: which version of its type that is of is not on record, so it is
// taken to be of the one that was current when it was accepted.
func (c *Client) passes(ctx context.Context, to *endpoint, v vocabulary, of *EventFor) (bool, error) {
	version := 0
	if t := v.own.live(of.Type); t != nil {
		version = t.versionAt(of.CreatedAt)
		if !takesVersion(&t.EventTypeDefinition, to.webhook.EventVersions[of.Type], version) {
			return false, nil
		}
	}
	if to.webhook.Filter == "" {
		return true, nil
	}
	e, err := c.db.Event(ctx, to.webhook.StoreID, of.ID)
	if err != nil {
		return false, unlessGone(err)
	}
	matches, err := to.filter.matches(to.webhook.Filter, c.config.Filters, &Payload{Event: &e, Version: version})
	return matches && err == nil, nil // without a value it does not get it, as when it is emitted
}

func unlessGone(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// room is how many more deliveries may wait for a webhook. A live one comes before
// all that are due later; so that those that are due already do not hold it up for
// long, there are never more than the webhook takes in two turns of all its places,
// with as many to a request as it wants, or in a quarter of a second at the recovery's
// rate.
func (r *recoverer) room(rec *Recovery, l Lane) int {
	places, overdue := r.client.scheduler.load(l)
	if e := r.client.registry.endpoint(l); e != nil {
		if places == 0 {
			places = e.concurrency
		}
		places *= max(e.webhook.Batch.MaxEvents, 1)
	}
	return max(2*places, rec.RatePerSecond/4) - overdue
}

// endless is the room of who need not heed it.
func endless(*Recovery, Lane) int { return countLimit + 1 }

// obstacle says why a recovery cannot go on for good; "" where it can.
func (r *recoverer) obstacle(rec *Recovery) string {
	c := r.client
	if s, ok := c.registry.stored(rec.StoreID); ok && !s.DeletedAt.IsZero() {
		return say("gone.store")
	}
	if rec.WebhookID == "" {
		return ""
	}
	switch c.reach(Lane{StoreID: rec.StoreID, WebhookID: rec.WebhookID}) {
	case deleted:
		return say("gone.webhook")
	case inactive:
		return say("inactive")
	}
	return ""
}
