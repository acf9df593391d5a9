package billhook_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/billhook/billhook"
)

// open lets a webhook's breaker open: twenty deliveries wait for a receiver that takes
// none. It returns how many requests that took.
func (w *world) openBreaker(in *inbox, hook billhook.Webhook) (requests int) {
	w.t.Helper()
	w.emitMany(20)
	settle(20 * time.Second)
	if h := w.health(hook.ID); h.State != billhook.BreakerOpen || time.Until(h.NextProbeAt) < 20*time.Second {
		w.t.Fatalf("%+v", h)
	}
	return len(in.all())
}

// retry retries a delivery by hand.
func (w *world) retry(id string) billhook.Delivery {
	w.t.Helper()
	d, err := w.client.Retry(context.Background(), "default", id)
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

// delivery reads a delivery.
func (w *world) delivery(id string) billhook.Delivery {
	w.t.Helper()
	d, err := w.client.Delivery(context.Background(), "default", id)
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

// test sends a test event.
func (w *world) test(hook billhook.Webhook) billhook.Delivery {
	w.t.Helper()
	d, err := w.client.Test(context.Background(), hook.StoreID, hook.ID, "order.paid")
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

// TestAskedAtOnce: a test event and a delivery that is retried by hand are the probe,
// at once, whatever waits before them.
func TestAskedAtOnce(t *testing.T) {
	for name, with := range map[string]func(*billhook.Registration){
		"alone": func(*billhook.Registration) {},
		"order": inOrder,
		"batch": func(r *billhook.Registration) { r.Batch = billhook.Batching{MaxEvents: 10, MaxWaitMs: 1000} },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				w.run()
				in, status := switched(500)
				hook := w.register(w.serve(9000, in), patient, with)
				made := w.openBreaker(in, hook)
				came := func(d billhook.Delivery) {
					t.Helper()
					before := time.Now()
					synctest.Wait()
					all := in.all()
					if len(all) == made || !strings.Contains(all[made].body, d.EventID) || !time.Now().Equal(before) {
						t.Fatalf("%d requests after %d, and the next is not %s", len(all), made, d.EventID)
					}
					made++
				}
				only := func() {
					t.Helper()
					if n := len(in.all()); n != made {
						t.Fatalf("%d requests, %d expected: the breaker is open", n, made)
					}
				}
				came(w.test(hook))
				settle(time.Second)
				last := w.emit("order.paid", `{"last":true}`)
				settle(time.Second)
				only()
				lastID := w.deliveries(billhook.DeliveryFilter{EventID: last.ID})[0].ID
				if d := w.delivery(lastID); !strings.HasPrefix(d.Reason, "it waits: ") {
					t.Errorf("why it waits: %q", d.Reason)
				}
				came(w.retry(lastID))
				settle(100 * time.Millisecond) // until that is written
				if d := w.delivery(lastID); !strings.HasPrefix(d.Reason, "your shop answered 500") || strings.Count(d.Reason, "; it waits: ") != 1 {
					t.Errorf("why it waits: %q", d.Reason)
				}
				if h := w.health(hook.ID); h.State != billhook.BreakerOpen || time.Until(h.NextProbeAt) < time.Minute {
					t.Errorf("after a probe that was asked for: %+v", h)
				}
				settle(time.Second)
				only()
				status.Store(200)
				came(w.retry(lastID)) // in an order another test would be behind the first
				settle(100 * time.Millisecond)
				if d := w.delivery(lastID); d.Status != billhook.StatusDelivered || d.Reason != "" {
					t.Errorf("once it has come: %+v", d)
				}
				settle(time.Minute)
				if left := w.deliveries(billhook.DeliveryFilter{Status: billhook.StatusPending}); len(left) > 0 {
					t.Errorf("%d deliveries wait still", len(left))
				}
			})
		})
	}
}

// TestAskedBehind: what is held back behind another of its entity does not come before
// it; but that one is the probe.
func TestAskedBehind(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		in, _ := switched(500)
		hook := w.register(w.serve(9000, in), patient, inOrder)
		made := w.openBreaker(in, hook)
		settle(15 * time.Second) // all are due, but for those of the probes
		first, second := w.emitAbout("a", 1), w.emitAbout("a", 2)
		w.retry(w.deliveries(billhook.DeliveryFilter{EventID: second.ID})[0].ID)
		synctest.Wait()
		if all := in.all(); len(all) != made+1 || strings.Contains(all[made].body, second.ID) {
			t.Errorf("%d requests, %d expected", len(all), made+1)
		}
		settle(time.Second)
		w.retry(w.deliveries(billhook.DeliveryFilter{EventID: first.ID})[0].ID)
		synctest.Wait()
		if all := in.all(); len(all) != made+2 || !strings.Contains(all[made+1].body, first.ID) {
			t.Errorf("%d requests, %d expected", len(all), made+2)
		}
	})
}

// TestAskedIsNoStorm: whoever asks for many gets one a second, and no more than a few.
func TestAskedIsNoStorm(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		in, _ := switched(500)
		hook := w.register(w.serve(9000, in), patient)
		made := w.openBreaker(in, hook)
		for i := range 200 {
			w.emit("order.paid", fmt.Sprint(i))
		}
		for _, d := range w.deliveries(billhook.DeliveryFilter{Limit: 100}) {
			w.retry(d.ID)
			w.retry(d.ID) // once is enough
		}
		settle(10500 * time.Millisecond)
		if n := len(in.all()) - made; n != 11 {
			t.Errorf("%d requests in ten seconds", n)
		}
		settle(50 * time.Second)
		if n := len(in.all()) - made; n != 16 && n != 17 {
			t.Errorf("%d requests in a minute", n)
		}
		settle(2 * time.Minute)
		if n := len(in.all()) - made; n > 20 {
			t.Errorf("%d requests in three minutes", n)
		}
	})
}

// TestManyAskedAreProbed: a retry of all that a filter finds is told by one probe, at
// once, whether there is a point; the rest waits for the breaker.
func TestManyAskedAreProbed(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		in, status := switched(500)
		hook := w.register(w.serve(9000, in), once)
		w.emitMany(300)
		settle(10 * time.Second) // 300 are dead
		w.emitMany2(300, 20)
		settle(time.Minute)
		if h := w.health(hook.ID); h.State != billhook.BreakerOpen {
			t.Fatalf("%+v", h)
		}
		settle(time.Until(w.health(hook.ID).NextProbeAt) + 10*time.Second)
		made := len(in.all())
		retry := func() {
			t.Helper()
			if _, err := w.client.StartRecovery(t.Context(), billhook.RecoveryRequest{RecoveryPlan: billhook.RecoveryPlan{
				Kind: billhook.RecoveryRetry, WebhookID: hook.ID, DeliveryStatus: billhook.StatusDead,
			}}); err != nil {
				t.Fatal(err)
			}
		}
		retry()
		settle(2 * time.Second)
		if n := len(in.all()) - made; n < 1 || n > 2 {
			t.Errorf("%d probes at once", n)
		}
		settle(30 * time.Second)
		if n := len(in.all()) - made; n > 2 {
			t.Errorf("%d probes in half a minute", n)
		}
		status.Store(200)
		retry()
		settle(2 * time.Second)
		if h := w.health(hook.ID); h.State != billhook.BreakerClosed {
			t.Errorf("after a probe that was taken: %+v", h)
		}
		settle(5 * time.Minute)
		if left := w.deliveries(billhook.DeliveryFilter{Status: billhook.StatusDead}); len(left) > 0 {
			t.Errorf("%d deliveries are dead still", len(left))
		}
	})
}

// TestAskedOfAnotherNode: the node that is asked has what it retries for its own, and
// sends it, whatever the node thinks of the receiver that had it.
func TestAskedOfAnotherNode(t *testing.T) {
	clusterBubble(t, func(t *testing.T, c *cluster) {
		in, _ := switched(500)
		owner, other := c.node(c.open()), c.node(c.open())
		owner.run()
		other.run()
		hook := owner.hook("default", c.serve(9000, in), "*")
		for i := range 20 {
			owner.emit("order.paid", fmt.Sprint(i))
		}
		settle(7 * time.Minute) // until both know that it fails
		if h, err := owner.Health(t.Context(), "default", hook.ID); err != nil || h.State != billhook.BreakerOpen {
			t.Fatalf("%+v, %v", h, err)
		}
		waiting, err := owner.Deliveries(t.Context(), billhook.DeliveryFilter{Status: billhook.StatusPending, Limit: 1})
		if err != nil || len(waiting) != 1 {
			t.Fatal(waiting, err)
		}
		for _, n := range []*node{other, owner, other} {
			before := len(in.all())
			if _, err := n.Retry(t.Context(), "default", waiting[0].ID); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			all := in.all()
			if len(all) != before+1 || !strings.Contains(all[before].body, waiting[0].EventID) {
				t.Errorf("%d requests at once", len(all)-before)
			}
			settle(2 * time.Second)
		}
	})
}
