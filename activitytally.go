package billhook

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	// tallyEvery is how often what was counted is written. A crash costs as much.
	tallyEvery = 10 * time.Second
	// tallyRows is how many rows are written each time, of stores that have changed, but
	// a twentieth of these at least: so thousands of busy stores cost the writer no more,
	// and are written more seldom, each within three minutes or so. A transaction has
	// at most tallyStep of them.
	tallyRows, tallyShare = 1000, 20
	tallyStep             = 128
)

// An activityTally counts what transactions have written, by store and in buckets of time. Its
// memory is that of the stores that are busy, a few hundred bytes for each.
type activityTally struct {
	// run tells its counts from those of other processes, and of this one's next life.
	run int64

	mu  sync.Mutex
	all map[activityKey]*counted
	// last is what was counted in last: most of a batch is of few stores.
	last, total *counted
	// looked is the bucket in which it was looked how many wait.
	looked time.Time
	// waiting: some did, or there was something since.
	waiting bool
	// dirty is how many have something that is not on disk.
	dirty int

	// begun has something in it when there is something new; holds one.
	begun chan struct{}
}

// An activityKey names a store's part of a time.
type activityKey struct {
	storeID string
	at      time.Time
}

type counted struct {
	ActivityCount
	// changes counts what was added; those up to written are on disk, or on their way,
	// since then.
	changes, written uint64
	since            time.Time
}

func newActivityTally() *activityTally {
	var random [8]byte
	_, _ = rand.Read(random[:])                                                                                                                // never fails
	return &activityTally{run: int64(binary.BigEndian.Uint64(random[:]) >> 1), all: map[activityKey]*counted{}, begun: make(chan struct{}, 1)} // #nosec G115 -- 63 bits
}

// count counts what a transaction has written.
func (t *activityTally) count(b *Batch, at time.Time) {
	if len(b.Outcomes)+len(b.Emits)+len(b.Claims)+len(b.Retries)+len(b.RecoverySteps) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting = true // perhaps: it is to be looked once more
	at = at.UTC().Truncate(ActivityBucket)
	for _, o := range b.Outcomes {
		if o.Stale {
			continue
		}
		t.of(o.Delivery.StoreID, at).outcome(o)
		t.total.outcome(o)
	}
	select {
	case t.begun <- struct{}{}:
	default:
	}
}

// of is what is counted of a store in a bucket; total is that of all stores then. It
// wants t.mu.
func (t *activityTally) of(storeID string, at time.Time) *counted {
	if t.total == nil || !t.total.At.Equal(at) {
		t.total, t.last = t.get(AllStores, at), nil
	}
	if t.last == nil || t.last.StoreID != storeID {
		t.last = t.get(storeID, at)
	}
	return t.last
}

func (t *activityTally) get(storeID string, at time.Time) *counted {
	key := activityKey{storeID, at}
	n := t.all[key]
	if n == nil {
		n = &counted{ActivityCount: ActivityCount{StoreID: storeID, At: at, Run: t.run, Waiting: NotSampled}}
		t.all[key] = n
	}
	return n
}

func (n *counted) outcome(o *Outcome) {
	n.changes++
	a := &o.Attempt
	switch {
	case o.Status == StatusDelivered:
		n.Delivered++
		n.Latencies.Add(a.StartedAt.Add(a.Duration).Sub(later(o.Delivery.CreatedAt, o.Delivery.FirstDue)))
	case a.Failure != FailureExpired: // else nothing was asked of anybody
		n.Failed++
	}
	if o.Status == StatusDead {
		n.Dead++
	}
}

// countsOf is what memory has of a store.
func (t *activityTally) countsOf(storeID string, from, to time.Time) (all []ActivityCount) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for at := from.Truncate(ActivityBucket); at.Before(to); at = at.Add(ActivityBucket) {
		if n := t.all[activityKey{storeID, at}]; n != nil {
			all = append(all, n.ActivityCount)
		}
	}
	return all
}

// take is what is to be written now, those first that were written longest ago; all
// of it at the end. It forgets what is over and on disk.
func (t *activityTally) take(at time.Time, all bool) (rows []*counted, copies []*ActivityCount) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for key, n := range t.all {
		switch {
		case n.changes > n.written:
			rows = append(rows, n)
		case at.Sub(key.at) > ActivityBucket+tallyEvery && at.Sub(n.since) > tallyEvery:
			delete(t.all, key)
		}
	}
	t.last, t.total = nil, nil // may be among those that are forgotten
	slices.SortFunc(rows, func(a, b *counted) int {
		return cmp.Or(a.since.Compare(b.since), a.At.Compare(b.At), cmp.Compare(a.StoreID, b.StoreID))
	})
	if t.dirty = 0; !all && len(rows) > tallyRows {
		n := max(tallyRows, len(rows)/tallyShare)
		t.dirty = len(rows) - n
		rows = rows[:n]
	}
	copies = make([]*ActivityCount, len(rows))
	for i, n := range rows {
		one := n.ActivityCount
		n.written, n.since, copies[i] = n.changes, at, &one
	}
	return rows, copies
}

// failed has rows written again.
func (t *activityTally) failed(rows []*counted) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, n := range rows {
		n.written = 0
		t.all[activityKey{n.StoreID, n.At}] = n
	}
	t.dirty += len(rows)
}

// run writes the tally until ctx ends. While nothing happens and nothing waits it
// sleeps.
func (c *Client) keepTally(ctx context.Context) {
	t := c.activity
	for {
		c.sample(ctx)
		if !t.rest(ctx) {
			return
		}
		c.writeTally(false)
	}
}

// rest waits until there may be something to write; false when ctx ended first.
func (t *activityTally) rest(ctx context.Context) bool {
	t.mu.Lock()
	waiting, more := t.waiting, t.dirty > 0
	t.mu.Unlock()
	if !more {
		var look <-chan time.Time // how many wait
		if waiting {
			timer := time.NewTimer(time.Until(time.Now().Truncate(ActivityBucket).Add(ActivityBucket)))
			defer timer.Stop()
			look = timer.C
		}
		select {
		case <-ctx.Done():
			return false
		case <-look:
			return true
		case <-t.begun:
		}
	}
	wait(ctx, tallyEvery)
	return ctx.Err() == nil
}

// writeTally has what was counted written: all of it, at a stop.
func (c *Client) writeTally(all bool) {
	rows, copies := c.activity.take(now(), all)
	for len(rows) > 0 {
		n := min(len(rows), tallyStep)
		some, part := rows[:n], copies[:n]
		c.committer.submit(write{
			parts: n,
			add:   func(b *Batch) { b.Activity = append(b.Activity, part...) },
			after: func(err error) {
				if err != nil {
					c.activity.failed(some)
				}
			},
		})
		rows, copies = rows[n:], copies[n:]
	}
}

// sample counts how many wait, once in each bucket, unless another node has.
func (c *Client) sample(ctx context.Context) {
	t, at := c.activity, now().Truncate(ActivityBucket)
	t.mu.Lock()
	looked := t.looked.Equal(at)
	t.mu.Unlock()
	if looked {
		return
	}
	others, err := c.db.ActivityCounts(ctx, AllStores, at, at.Add(ActivityBucket))
	if err != nil {
		return // a statistic; the next time
	}
	known := slices.ContainsFunc(others, func(n ActivityCount) bool { return n.Waiting != NotSampled })
	waiting := map[string]int64{}
	if !known {
		backlogs, err := c.db.Backlogs(ctx, "")
		if err != nil {
			return
		}
		for _, b := range backlogs {
			waiting[b.StoreID] += b.Count
			waiting[AllStores] += b.Count
		}
	}
	t.sampled(at, waiting, known || len(waiting) > 0)
}

// sampled takes in how many wait in each store. Another node's sample says nothing of
// how many that are, so that they may be looked for again.
func (t *activityTally) sampled(at time.Time, waiting map[string]int64, some bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.looked, t.waiting = at, some
	for _, id := range slices.Sorted(maps.Keys(waiting)) {
		n := t.get(id, at)
		n.Waiting = waiting[id]
		n.changes++
	}
	if len(waiting) > 0 {
		select {
		case t.begun <- struct{}{}:
		default:
		}
	}
}
