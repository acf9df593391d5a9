package billhook_test

import (
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// TestRecoveryOfSlowWebhook: what waits for a receiver that is slower than the rate
// does not pile up, so that what is emitted comes soon.
func TestRecoveryOfSlowWebhook(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		const n = 1000
		in := inbox{answer: func(int, received) int { time.Sleep(time.Second); return 200 }}
		other := inbox{}
		slow, quick := w.register(w.serve(9000, &in)), w.register(w.serve(9001, &other), func(r *billhook.Registration) { r.Events = []string{"user.*"} })
		bury(t, w.db, "default", slow.ID, n)
		bury(t, w.db, "default", quick.ID, 50)
		w.run()
		r := start(t, w.client, retryAll(200))
		for range 5 {
			settle(2 * time.Second)
			if waits := len(w.deliveries(billhook.DeliveryFilter{Status: billhook.StatusPending})); waits > 400 {
				t.Fatalf("%d wait", waits)
			}
		}
		e := w.emit("order.paid", `{}`)
		settle(15 * time.Second)
		if ds := w.deliveries(billhook.DeliveryFilter{EventID: e.ID}); ds[0].Status != billhook.StatusDelivered {
			t.Errorf("what was emitted 15 s ago waits: %+v", progress(t, w.client, r))
		}
		ended(t, w.client, r, time.Hour)
		settle(10 * time.Minute)
		wantEach(t, &in, n+1, 0)
		wantEach(t, &other, 50, 0)
	})
}

// TestRecoveryIsPatientWhenWoken: however often a node hears of something that nobody
// owns, a recovery does not wait longer for a receiver that hangs.
func TestRecoveryIsPatientWhenWoken(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		hangs := inbox{answer: func(int, received) int { time.Sleep(20 * time.Second); return 200 }}
		var other inbox
		// By the names of their webhooks those of the one that hangs are looked at first.
		slow := w.register(w.serve(9000, &hangs), func(r *billhook.Registration) { r.ID = "wh_1" })
		quick := w.register(w.serve(9001, &other), func(r *billhook.Registration) { r.ID = "wh_2" })
		bury(t, w.db, "default", slow.ID, 60)
		bury(t, w.db, "default", quick.ID, 50)
		w.run()
		start(t, w.client, retryAll(4))
		for range 120 {
			settle(time.Second)
			w.client.WakeRecoverer()
		}
		if n := len(other.all()); n != 50 {
			t.Errorf("%d of 50 came to the receiver that does not hang", n)
		}
		w.halt()
		settle(time.Minute)
	})
}
