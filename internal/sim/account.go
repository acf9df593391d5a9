package sim

import (
	"context"

	"github.com/billhook/billhook"
)

// checkLedger holds a store's ledger against the deliveries that are on record, and
// against the book: what was matched, what came of it, and what was skipped.
func (w *world) checkLedger(db billhook.Database, storeID string) error {
	ctx := context.Background()
	w.mu.Lock()
	var ids []string
	for _, h := range w.book.hooks {
		if h.storeID == storeID {
			ids = append(ids, h.id)
		}
	}
	w.mu.Unlock()
	check, err := billhook.CheckLedger(ctx, db, storeID, ids, 0)
	if err != nil {
		return err
	}
	w.mu.Lock()
	for _, d := range check.Differences {
		w.fail("", "%v", d)
	}
	w.mu.Unlock()
	for _, id := range ids {
		days, err := db.Ledger(ctx, billhook.LedgerFilter{StoreID: storeID, WebhookID: id})
		if err != nil {
			return err
		}
		w.balance(id, days)
	}
	return nil
}

// balance holds a webhook's ledger against the book.
func (w *world) balance(hookID string, days []billhook.LedgerDay) {
	w.mu.Lock()
	defer w.mu.Unlock()
	got, want := map[string]int64{}, map[string]int64{}
	for _, d := range days {
		got["matched"] += d.Matched
		got[string(billhook.StatusPending)] += d.Pending
		got[string(billhook.StatusDelivered)] += d.Delivered
		got[string(billhook.StatusDead)] += d.Dead
		got[string(billhook.StatusCancelled)] += d.Cancelled
		for reason, n := range d.Skipped {
			if reason == billhook.SkipInactive {
				got[reason] += n
			} else {
				got[string(billhook.StatusSkipped)] += n
			}
		}
	}
	for _, l := range w.book.lives {
		if l.hook.id == hookID {
			want["matched"]++
			want[string(l.status)]++
		}
	}
	if n := w.book.skipped[hookID]; n > 0 {
		want["matched"] += n
		want[billhook.SkipInactive] = n
	}
	for what := range got {
		if got[what] != want[what] {
			w.fail(hookID, "the ledger has %d %s, and it was %d", got[what], what, want[what])
		}
	}
	for what := range want {
		if _, is := got[what]; !is {
			w.fail(hookID, "the ledger has no %s, and it was %d", what, want[what])
		}
	}
}
