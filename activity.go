package billhook

import (
	"cmp"
	"context"
	"slices"
	"time"
)

const (
	// ActivityBucket is how long the parts are in which activity is counted. They
	// begin at whole multiples of it since 1970, in UTC.
	ActivityBucket = 5 * time.Minute
	// ActivityKept is for how long they are kept.
	ActivityKept = 8 * 24 * time.Hour
	// maxActivityPoints bounds an answer: all that is kept, in the smallest steps.
	maxActivityPoints = int(ActivityKept / ActivityBucket)
	// activityPoints is about how many points there are where no step is asked for.
	activityPoints = 96
)

// An ActivityCount is what one process has counted of a store in one bucket. It holds
// all of that: who writes it again writes more of the same.
type ActivityCount struct {
	StoreID string // or AllStores, for the sum
	// At is the bucket's beginning.
	At time.Time
	// Run tells apart those who count.
	Run int64
	// Delivered counts deliveries, Failed attempts, and Dead deliveries again.
	Delivered, Failed, Dead int64
	// Waiting is how many were pending, held ones too, when it was looked, on all nodes
	// together; NotSampled where this process did not look.
	Waiting int64
	// Latencies are from when a delivery was due first to when it was acknowledged.
	Latencies Latencies
}

// NotSampled is ActivityCount.Waiting of a process that did not look.
const NotSampled = -1

// An ActivityExpiry deletes what was counted of a store before a time.
type ActivityExpiry struct {
	StoreID string
	Before  time.Time
}

// A LaneBacklog is how much is pending for a webhook, whoever owns it.
type LaneBacklog struct {
	Lane
	Count int64
	// DueAt is when the first of them is, or was, due.
	DueAt time.Time
}

// Activities are read for those who look at what is going on.
type Activities interface {
	// ActivityCounts reads what was counted of a store, or of AllStores, in buckets
	// that begin from then to before then, ordered by At and Run.
	ActivityCounts(ctx context.Context, storeID string, from, to time.Time) ([]ActivityCount, error)
	// Backlogs counts what is pending for each webhook of a store, or with "" of all,
	// ordered by store and webhook. Webhooks for which nothing is are left out.
	Backlogs(ctx context.Context, storeID string) ([]LaneBacklog, error)
}

// An ActivityQuery asks for a series.
type ActivityQuery struct {
	// StoreID is ignored with AllStores. Default: DefaultStore.
	StoreID   string
	AllStores bool
	// Since and Until are moved to the beginning and the end of their steps. Default:
	// the hour before Until, and now.
	Since, Until time.Time
	// Step is a multiple of ActivityBucket. Default: the smallest of which there are
	// about a hundred.
	Step time.Duration
}

// An Activity is what has happened in a while.
type Activity struct {
	Since, Until time.Time
	Step         time.Duration
	// Points are all steps, the earliest first, with those in which nothing happened.
	Points []ActivityPoint
	// Total sums them up. Its Waiting is how many wait now.
	Total ActivityPoint
}

// An ActivityPoint is one step.
type ActivityPoint struct {
	At time.Time
	// Delivered counts deliveries that were acknowledged, Failed attempts that were
	// not, and Dead deliveries that were given up.
	Delivered, Failed, Dead int64
	// Waiting is the most deliveries that waited, held ones too, each time that it was
	// looked: about every five minutes.
	Waiting int64
	// P50 and P95 are in which time half of the deliveries were acknowledged, and 95 in
	// a hundred, from when they were due first; 0 where there were none.
	P50, P95 time.Duration

	latencies Latencies
}

// Activity tells what has happened to the deliveries of a store, or of all. It is a
// statistic: of the last seconds before a crash it has nothing, and other nodes' is
// some seconds old, or minutes with thousands of busy stores. The ledger is exact.
func (c *Client) Activity(ctx context.Context, q ActivityQuery) (Activity, error) {
	q.StoreID = orDefaultStore(q.StoreID)
	if q.AllStores {
		q.StoreID = AllStores
	} else if _, _, err := c.registry.store(q.StoreID); err != nil {
		return Activity{}, err
	}
	if err := q.settle(now()); err != nil {
		return Activity{}, err
	}
	counts, err := list(ctx, &c.turns, q.StoreID, q, "ask for a shorter time", func(ctx context.Context, q ActivityQuery) ([]ActivityCount, error) {
		return c.db.ActivityCounts(ctx, q.StoreID, q.Since, q.Until)
	})
	if err != nil {
		return Activity{}, err
	}
	a := q.series(c.activity.over(q.StoreID, counts, q.Since, q.Until))
	of := q.StoreID
	if q.AllStores {
		of = ""
	}
	backlogs, err := list(ctx, &c.turns, q.StoreID, of, "ask again later", c.db.Backlogs)
	for i := range backlogs {
		a.Total.Waiting += backlogs[i].Count
	}
	return a, err
}

// Backlogs tells how much waits for each webhook of a store, held deliveries too:
// webhooks for which nothing does are left out.
func (c *Client) Backlogs(ctx context.Context, storeID string) ([]LaneBacklog, error) {
	storeID = orDefaultStore(storeID)
	if _, _, err := c.registry.store(storeID); err != nil {
		return nil, err
	}
	return list(ctx, &c.turns, storeID, storeID, "ask again later", c.db.Backlogs)
}

// settle fills in what is left out, and says what cannot be.
func (q *ActivityQuery) settle(now time.Time) error {
	if q.Until.IsZero() {
		q.Until = now
	}
	if q.Since.IsZero() {
		q.Since = q.Until.Add(-time.Hour)
	}
	if !q.Since.Before(q.Until) {
		return invalid("/since", "is not before the end")
	}
	if q.Until.Sub(q.Since) > ActivityKept {
		return &Error{Code: CodeInvalid, Pointer: "/since", Message: "is more than 8 days before the end", Hint: "activity is kept for 8 days; the ledger has all days"}
	}
	if q.Step == 0 {
		q.Step = ActivityBucket
		for q.Until.Sub(q.Since)/q.Step > activityPoints {
			q.Step *= 2
		}
	}
	if q.Step < ActivityBucket || q.Step%ActivityBucket != 0 || q.Step > ActivityKept {
		return invalid("/step", "is not a multiple of 5 minutes, up to 8 days")
	}
	q.Since, q.Until = q.Since.UTC().Truncate(q.Step), q.Until.UTC().Add(q.Step-1).Truncate(q.Step)
	return nil
}

// series sums counts up in steps.
func (q *ActivityQuery) series(counts []ActivityCount) Activity {
	a := Activity{Since: q.Since, Until: q.Until, Step: q.Step, Total: ActivityPoint{At: q.Since}}
	a.Points = make([]ActivityPoint, min(int(q.Until.Sub(q.Since)/q.Step), maxActivityPoints+1))
	for i := range a.Points {
		a.Points[i].At = q.Since.Add(time.Duration(i) * q.Step)
	}
	for i := range counts {
		n := &counts[i]
		at := int(n.At.Sub(q.Since) / q.Step)
		if n.At.Before(q.Since) || at >= len(a.Points) {
			continue
		}
		a.Points[at].add(n)
		a.Total.add(n)
	}
	for i := range a.Points {
		a.Points[i].settle()
	}
	a.Total.settle()
	a.Total.Waiting = 0
	return a
}

func (p *ActivityPoint) add(n *ActivityCount) {
	p.Delivered += n.Delivered
	p.Failed += n.Failed
	p.Dead += n.Dead
	p.Waiting = max(p.Waiting, n.Waiting)
	p.latencies.AddAll(&n.Latencies)
}

func (p *ActivityPoint) settle() {
	p.P50, p.P95 = p.latencies.Quantile(0.5), p.latencies.Quantile(0.95)
}

// over is what is on disk with what this process has in memory in the place of what it
// has written of that.
func (t *activityTally) over(storeID string, counts []ActivityCount, from, to time.Time) []ActivityCount {
	own := t.countsOf(storeID, from, to)
	counts = slices.DeleteFunc(counts, func(n ActivityCount) bool {
		return slices.ContainsFunc(own, func(o ActivityCount) bool { return o.Run == n.Run && o.At.Equal(n.At) })
	})
	counts = append(counts, own...)
	slices.SortFunc(counts, func(a, b ActivityCount) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Run, b.Run)) })
	return counts
}
