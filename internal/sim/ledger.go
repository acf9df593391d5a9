package sim

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/billhook/billhook"
)

// An account names a webhook's day.
type account struct {
	lane billhook.Lane
	day  time.Time
}

// tally changes an account.
func (w *writing) tally(lane billhook.Lane, createdAt time.Time, change func(*billhook.LedgerDay)) {
	a := account{lane, billhook.DayOf(createdAt)}
	d, is := w.ledger[a]
	if !is {
		d = billhook.LedgerDay{StoreID: lane.StoreID, WebhookID: lane.WebhookID, Day: a.day}
	}
	d.Skipped = maps.Clone(d.Skipped)
	d.Changes++
	change(&d)
	put(&w.undo, w.ledger, a, d)
}

// count adds n deliveries like this one, of a status.
func (w *writing) count(d *billhook.Delivery, status billhook.Status, n int64) {
	if w.miscounts && (d.Status == billhook.StatusCancelled || d.Status == billhook.StatusSkipped) {
		return
	}
	w.tally(billhook.Lane{StoreID: d.StoreID, WebhookID: d.WebhookID}, d.CreatedAt, func(day *billhook.LedgerDay) {
		switch status {
		case billhook.StatusPending:
			day.Pending += n
		case billhook.StatusDelivered:
			day.Delivered += n
		case billhook.StatusDead:
			day.Dead += n
		case billhook.StatusCancelled:
			day.Cancelled += n
		case billhook.StatusSkipped:
			skip(day, billhook.SkipReason(d.Reason), n)
		}
	})
}

func skip(day *billhook.LedgerDay, reason string, n int64) {
	if day.Skipped == nil {
		day.Skipped = map[string]int64{}
	}
	if day.Skipped[reason] += n; day.Skipped[reason] == 0 {
		delete(day.Skipped, reason)
	}
	if len(day.Skipped) == 0 {
		day.Skipped = nil
	}
}

// matched counts an event that a webhook wanted, which waits or is skipped.
func (w *writing) matched(lane billhook.Lane, createdAt time.Time, skipped string) {
	w.tally(lane, createdAt, func(day *billhook.LedgerDay) {
		day.Matched++
		if skipped == "" {
			day.Pending++
		} else {
			skip(day, skipped, 1)
		}
	})
}

// Ledger reads a webhook's days, the latest first.
func (h *Handle) Ledger(_ context.Context, f billhook.LedgerFilter) ([]billhook.LedgerDay, error) {
	return read(h, func(s *Shared) ([]billhook.LedgerDay, error) {
		var days []billhook.LedgerDay
		for a, d := range s.ledger {
			if a.lane == (billhook.Lane{StoreID: f.StoreID, WebhookID: f.WebhookID}) && within(a.day, f.From, f.To) {
				d.Skipped = maps.Clone(d.Skipped)
				days = append(days, d)
			}
		}
		slices.SortFunc(days, func(a, b billhook.LedgerDay) int { return b.Day.Compare(a.Day) })
		return days, nil
	})
}

// Forgotten is up to when the deliveries of a store's events may be gone.
func (h *Handle) Forgotten(_ context.Context, storeID string) (time.Time, error) {
	return read(h, func(s *Shared) (time.Time, error) { return s.forgotten[storeID], nil })
}

// LedgerSince is zero: all was counted from the beginning.
func (h *Handle) LedgerSince(context.Context, string) (time.Time, error) { return time.Time{}, nil }

// Counted reads a store's deliveries that come after the id, by id.
func (h *Handle) Counted(_ context.Context, storeID, after string, limit int) ([]billhook.Counted, error) {
	return read(h, func(s *Shared) ([]billhook.Counted, error) {
		var all []billhook.Counted
		add := func(d *billhook.Delivery) {
			if d.StoreID == storeID && d.ID > after {
				all = append(all, billhook.Counted{ID: d.ID, WebhookID: d.WebhookID, Status: d.Status, Reason: d.Reason, CreatedAt: d.CreatedAt})
			}
		}
		for _, d := range s.pending {
			add(&d.Delivery)
		}
		for _, d := range s.over {
			add(&d)
		}
		slices.SortFunc(all, func(a, b billhook.Counted) int { return cmp.Compare(a.ID, b.ID) })
		return first(limit, all), nil
	})
}

// Backlog counts a lane's pending deliveries.
func (h *Handle) Backlog(_ context.Context, lane billhook.Lane, dueBefore, createdBefore time.Time) (billhook.Backlog, error) {
	return read(h, func(s *Shared) (n billhook.Backlog, err error) {
		for _, d := range s.pending {
			if d.lane() != lane || !within(d.NextAttemptAt, time.Time{}, dueBefore) || !within(d.CreatedAt, time.Time{}, createdBefore) {
				continue
			}
			n.All++
			switch {
			case h.owns(d):
				n.Own++
			case d.owner == behind:
				n.Behind++
			}
		}
		return n, nil
	})
}
