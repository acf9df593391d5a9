package billhook

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

const (
	// forgetEvery is how often it is looked for what is kept no longer, and for
	// erasures that another node was asked for or left unfinished.
	forgetEvery = 15 * time.Minute
	// stepTime is what one step should take of a transaction that others wait for.
	// They are to be held up by 10 ms at most, also by a step that the system lets wait
	// for others' work in the middle: the shorter, the rarer that is.
	stepTime = 2 * time.Millisecond
	// leastStep and mostStep bound how many events one step is given.
	leastStep, mostStep = 4, 256
	// calmLook and calmTries: a step lets emits and outcomes that wait go first,
	// unless they never cease.
	calmLook, calmTries = 2 * time.Millisecond, 25
	// eraseRetry is how long an erasure is left alone that is stuck, since others hold
	// a delivery of it: a transaction of a stranger's, say.
	eraseRetry = 5 * time.Second
	// breath is how long the writer is left alone between two steps at least.
	breath = 2 * time.Millisecond
)

// A forgetter forgets what is kept no longer, and erases what is to be erased: in
// steps, each a part of a transaction, as large as what the one before took allows.
// It has at most a third of the writer's time.
type forgetter struct {
	client *Client
	asked  chan struct{} // there is something to erase; holds one
	limit  int
	// floored are the stores whose chains begin where they should, and for when.
	floored map[string]time.Time
	// lessened is when each store's activity was last rid of what is old.
	lessened map[string]time.Time
}

func newForgetter(c *Client) *forgetter {
	return &forgetter{client: c, asked: make(chan struct{}, 1), limit: leastStep, floored: map[string]time.Time{}, lessened: map[string]time.Time{}}
}

// wake has what is to be erased erased soon.
func (f *forgetter) wake() {
	select {
	case f.asked <- struct{}{}:
	default:
	}
}

// run forgets until ctx ends. What fails is tried again by the next round.
func (f *forgetter) run(ctx context.Context) {
	next := time.Now()
	for {
		stuck, err := f.erase(ctx)
		if err != nil && ctx.Err() == nil {
			f.client.config.Logger.Error("cannot erase; trying again", "err", err)
		}
		if !time.Now().Before(next) {
			next = time.Now().Add(forgetEvery)
			if err := errors.Join(f.round(ctx), f.lessen(ctx)); err != nil && ctx.Err() == nil {
				f.client.config.Logger.Error("cannot forget what is kept no longer; trying again", "err", err)
			}
		}
		pause := time.Until(next)
		if stuck {
			pause = min(pause, eraseRetry)
		}
		t := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-f.asked:
			t.Stop()
		case <-t.C:
		}
	}
}

// round goes through all stores once. What fails for one keeps no other waiting.
func (f *forgetter) round(ctx context.Context) error {
	now := now()
	stores := append(f.client.registry.storedIDs(), AllStores)
	all := make(map[string]Horizon, len(stores))
	common := f.client.horizonOf(AllStores, now)
	for _, id := range stores {
		all[id] = f.client.horizonOf(id, now)
		common = common.earlier(all[id])
	}
	if !slices.ContainsFunc(stores, func(id string) bool { return !all[id].IsZero() }) {
		return nil
	}
	whole, err := f.client.db.Forget(ctx, common)
	if err != nil {
		return err
	}
	for _, id := range stores {
		h := all[id]
		floor := h.Records
		h = h.beyond(whole)
		if h.IsZero() && (floor.IsZero() || f.floored[id].Equal(floor)) {
			continue
		}
		if failed := f.expire(ctx, id, h, floor); failed != nil {
			err = errors.Join(err, fmt.Errorf("store %s: %w", id, failed))
		}
	}
	return err
}

const (
	// lessenEvery is how often a store's activity is rid of what is old, and lessenStep
	// of how many stores in one step.
	lessenEvery = 6 * time.Hour
	lessenStep  = 16
)

// lessen deletes activity that is old, of stores whose turn it is.
func (f *forgetter) lessen(ctx context.Context) error {
	at := now()
	var step []*ActivityExpiry
	for _, id := range append(f.client.registry.storedIDs(), AllStores) {
		if at.Sub(f.lessened[id]) < lessenEvery {
			continue
		}
		x := &ActivityExpiry{StoreID: id, Before: at.Add(-ActivityKept)}
		old, err := f.client.db.ActivityCounts(ctx, id, time.Time{}, x.Before)
		if err != nil {
			return err
		}
		if f.lessened[id] = at; len(old) > 0 {
			step = append(step, x)
		}
	}
	for some := range slices.Chunk(step, lessenStep) {
		err := f.step(ctx, write{parts: len(some), add: func(b *Batch) { b.ActivityExpiries = append(b.ActivityExpiries, some...) }})
		if err != nil {
			clear(f.lessened)
			return err
		}
		wait(ctx, breath)
	}
	return nil
}

// beyond leaves out what the database sees to in whole.
func (h Horizon) beyond(whole Horizon) Horizon {
	if h.Attempts.Equal(whole.Attempts) {
		h.Attempts = time.Time{}
	}
	if h.Payloads.Equal(whole.Payloads) {
		h.Payloads = time.Time{}
	}
	if h.Records.Equal(whole.Records) {
		h.Records = time.Time{}
	}
	return h
}

// expire goes on until a store has nothing left to forget.
func (f *forgetter) expire(ctx context.Context, storeID string, h Horizon, floor time.Time) error {
	for {
		x := &Expiry{StoreID: storeID, Horizon: h, Floor: floor, At: now(), Limit: f.limit}
		x.Audit = newAudit(context.Background(), storeID, AuditExpire, Reference{entityStore, storeID})
		err := f.step(ctx, write{parts: 1, add: func(b *Batch) { b.Expiries = append(b.Expiries, x) }})
		if err != nil {
			return err
		}
		if x.Busy {
			return nil
		}
		if !f.goOn(ctx, x.Done, x.Limit, x.Took) {
			f.floored[storeID] = floor
			return ctx.Err()
		}
	}
}

// erase goes on until no erasure waits, but for those that are stuck: each of them is
// passed over, and costs the others one step.
func (f *forgetter) erase(ctx context.Context) (stuck bool, err error) {
	waiting, err := f.client.db.Erasures(ctx, ErasureFilter{Waiting: true, Limit: 1})
	if err != nil || len(waiting) == 0 {
		return false, err
	}
	var after ErasurePosition
	for {
		x := &Erasing{After: after, Limit: f.limit, At: now(), Reason: say("gone.erased")}
		err := f.step(ctx, write{
			parts:    1,
			add:      func(b *Batch) { b.Erasings = append(b.Erasings, x) },
			handOver: func() { f.client.scheduler.lookAt(x.Lanes) },
		})
		if err != nil {
			return stuck, err
		}
		if x.Stuck {
			stuck, after = true, x.Of
		}
		if !f.goOn(ctx, x.Done, x.Limit, x.Took) {
			return stuck, ctx.Err()
		}
	}
}

// step writes a step once nobody else has something to write, or will not cease to.
func (f *forgetter) step(ctx context.Context, w write) error {
	for range calmTries {
		if ctx.Err() != nil || !f.client.committer.busy() {
			break
		}
		wait(ctx, calmLook)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return f.client.committer.do(ctx, w)
}

// goOn reports whether there may be more to do, and leaves the writer alone for
// twice as long as the step took before that.
func (f *forgetter) goOn(ctx context.Context, done, limit int, took time.Duration) bool {
	f.limit = nextLimit(limit, done, took)
	if done < limit {
		return false
	}
	wait(ctx, max(breath, 2*took))
	return ctx.Err() == nil
}

// nextLimit is how much the next step is given, after what the last one took.
func nextLimit(limit, done int, took time.Duration) int {
	switch {
	case took > stepTime:
		limit = int(float64(limit) * float64(stepTime) / float64(took))
	case took < stepTime*3/4 && done >= limit:
		limit += max(limit/4, 1)
	}
	return min(max(limit, leastStep), mostStep)
}
