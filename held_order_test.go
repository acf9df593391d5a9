package billhook_test

import (
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// TestHeldInOrder: what is held for a webhook with an order is bounded, and goes at the
// rate that was asked for, as anything else, although most of it is held back behind
// the first of its entity.
func TestHeldInOrder(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		in := &inbox{}
		hook := w.register(w.serve(9000, in), holding, inOrder, func(r *billhook.Registration) { r.Held = &billhook.HeldLimits{MaxCount: 200} })
		w.run()
		w.setActive(hook.ID, false, nil)
		for n := range 700 {
			w.emitAbout("a", n) // the lane is empty between any two
		}
		settle(2 * time.Minute)
		w.wantLedger(hook.ID, billhook.LedgerDay{Matched: 700, Held: 200, Skipped: map[string]int64{billhook.SkipHeldCount: 500}})
		w.setActive(hook.ID, true, &billhook.Release{RatePerSecond: 10})
		settle(10 * time.Second)
		if n := len(in.all()); n < 95 || n > 105 {
			t.Errorf("%d requests in 10 s at 10 a second", n)
		}
		settle(3 * time.Minute)
		w.wantLedger(hook.ID, billhook.LedgerDay{Matched: 700, Delivered: 200, Skipped: map[string]int64{billhook.SkipHeldCount: 500}})
	})
}
