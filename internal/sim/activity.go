package sim

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/billhook/billhook"
)

// An activityKey names what one process has counted of a store in one bucket.
type activityKey struct {
	storeID string
	at      time.Time
	run     int64
}

func (w *writing) activityOf(b *billhook.Batch) {
	for _, n := range b.Activity {
		put(&w.undo, w.activity, activityKey{n.StoreID, n.At, n.Run}, *n)
	}
	for _, x := range b.ActivityExpiries {
		for k := range w.activity {
			if k.storeID == x.StoreID && k.at.Before(x.Before) {
				drop(&w.undo, w.activity, k)
			}
		}
	}
}

// ActivityCounts reads what was counted of a store.
func (h *Handle) ActivityCounts(_ context.Context, storeID string, from, to time.Time) ([]billhook.ActivityCount, error) {
	return read(h, func(s *Shared) (all []billhook.ActivityCount, err error) {
		for k, n := range s.activity {
			if k.storeID == storeID && within(k.at, from, to) {
				all = append(all, n)
			}
		}
		slices.SortFunc(all, func(a, b billhook.ActivityCount) int {
			return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Run, b.Run))
		})
		return all, nil
	})
}

// Backlogs counts what is pending for each webhook.
func (h *Handle) Backlogs(_ context.Context, storeID string) ([]billhook.LaneBacklog, error) {
	return read(h, func(s *Shared) (all []billhook.LaneBacklog, err error) {
		for _, d := range s.waitingFor(func(d waiting) bool { return asked(storeID, d.StoreID) }, len(s.pending)) {
			if n := len(all); n > 0 && all[n-1].Lane == d.lane() {
				all[n-1].Count++
				continue
			}
			all = append(all, billhook.LaneBacklog{Lane: d.lane(), Count: 1, DueAt: d.NextAttemptAt})
		}
		return all, nil
	})
}
