package billhook_test

import (
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// TestDeactivation: nothing but failures for the set time, a restart between, makes
// a webhook inactive with a reason; who makes it active again begins anew.
func TestDeactivation(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		in, status := switched(500)
		after := int64(3600)
		hook := w.register(w.serve(9000, in), patient, func(r *billhook.Registration) { r.DeactivateAfterSeconds = &after })
		start := time.Now()
		w.emitMany(40)
		get := func() billhook.Webhook {
			t.Helper()
			h, err := w.client.Get(t.Context(), "default", hook.ID)
			if err != nil {
				t.Fatal(err)
			}
			return h
		}
		settle(20 * time.Minute)
		if h := get(); !h.IsActive || h.FailingSince.Sub(start).Abs() > time.Second {
			t.Errorf("after 20 minutes: %+v", h)
		}
		w.halt()
		w.reopen()
		w.run()
		settle(35 * time.Minute)
		if !get().IsActive {
			t.Error("inactive too soon")
		}
		settle(10 * time.Minute)
		if h := get(); h.IsActive || h.InactiveReason == "" {
			t.Errorf("after 65 minutes: %+v", h)
		}
		status.Store(200)
		active := true
		if _, err := w.client.Update(t.Context(), "default", hook.ID, billhook.WebhookChange{IsActive: &active}); err != nil {
			t.Fatal(err)
		}
		settle(time.Minute)
		if h := get(); !h.IsActive || h.InactiveReason != "" || !h.FailingSince.IsZero() {
			t.Errorf("active again: %+v", h)
		}
		if rest := w.deliveries(billhook.DeliveryFilter{Status: billhook.StatusPending}); len(rest) != 0 {
			t.Errorf("%d still wait", len(rest))
		}
	})
}
