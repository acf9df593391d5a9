package billhook_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
)

// replay has all events replayed to a webhook, and waits until it has them.
func (w *world) replay(hook billhook.Webhook) billhook.Recovery {
	w.t.Helper()
	r := ended(w.t, w.client, start(w.t, w.client, billhook.RecoveryRequest{RecoveryPlan: billhook.RecoveryPlan{
		Kind: billhook.RecoveryReplay, WebhookID: hook.ID, From: time.Now().Add(-time.Hour), RatePerSecond: 10_000,
	}}), time.Minute)
	settle(time.Minute)
	return r
}

// TestReplayFiltered: a replay is of what the webhook's filter lets through, and of
// versions that it reads.
func TestReplayFiltered(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.reopen(speak)
		w.run()
		w.define("giftcard.redeemed", giftcard)
		settle(time.Second)
		w.emit("giftcard.redeemed", `{"id":"old"}`)
		settle(time.Second)
		broken := `{"type":"object","required":["cents"]}`
		if _, err := w.client.UpdateEventType(ctx, "default", "giftcard.redeemed", billhook.EventTypeChange{Schema: &broken, Force: true}); err != nil {
			t.Fatal(err)
		}
		settle(time.Second)
		w.emit("giftcard.redeemed", `{"cents":1}`)
		for i := range 700 {
			w.emit("order.paid", fmt.Sprintf(`{"total":%d}`, i))
		}
		w.emit("order.paid", `{"total":"many"}`)
		settle(time.Second)

		var large, follows, pinned inbox
		for i, tt := range []struct {
			in     *inbox
			with   func(*billhook.Registration)
			queued int
			first  string
		}{
			{&large, func(r *billhook.Registration) { r.Events, r.Filter = []string{"order.*"}, "data.total >= 690" }, 10, `{"total":690}`},
			{&follows, func(r *billhook.Registration) { r.Events = []string{"giftcard.*"} }, 1, `{"cents":1}`},
			{&pinned, func(r *billhook.Registration) {
				r.Events, r.EventVersions = []string{"giftcard.*"}, map[string]int{"giftcard.redeemed": 1}
			}, 1, `{"id":"old"}`},
		} {
			hook := w.register(w.serve(9000+i, tt.in), tt.with)
			r := w.replay(hook)
			if r.Status != billhook.RecoveryDone || r.Found != tt.queued || r.Queued != tt.queued {
				t.Errorf("%s: %+v", tt.first, r)
			}
			if got := tt.in.all(); len(got) != tt.queued || !slices.ContainsFunc(got, func(r received) bool { return strings.Contains(r.body, tt.first) }) {
				t.Errorf("%s: %d came", tt.first, len(got))
			}
		}
	})
}

// TestReplayOrdered: what is replayed to a webhook in order comes in the order of its
// entities, also beside what is emitted meanwhile.
func TestReplayOrdered(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		const n = 50
		for i := range n {
			for _, item := range []string{"a", "b"} {
				w.emitAbout(item, i)
			}
		}
		settle(time.Second)
		in := newStrictness(t)
		in.takes = 20*time.Millisecond + 137
		in.fails = func(item string, at int64) bool { return false }
		hook := w.register(w.serve(9000, in), inOrder)
		if r := w.replay(hook); r.Queued != 2*n {
			t.Errorf("%+v", r)
		}
		w.emitAbout("a", n)
		settle(time.Second)
		if in.last["a"] != n+1 || in.last["b"] != n {
			t.Errorf("delivered up to %v", in.last)
		}
	})
}

// TestRecoverOrdered: what died one after the other comes back in the order of its
// entity.
func TestRecoverOrdered(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		down := true
		in := newStrictness(t)
		in.repeat = true
		in.takes = 20*time.Millisecond + 137
		in.fails = func(string, int64) bool { return down }
		gate := inbox{answer: func(n int, r received) int {
			if down {
				return 400
			}
			return in.take(n, r)
		}}
		hook := w.register(w.serve(9000, &gate), inOrder, func(r *billhook.Registration) { r.RetryPolicy = &profile.RetryPolicy{MaxAttempts: 1} })
		const n = 8
		for i := range n {
			w.emitAbout("a", i)
			settle(time.Second)
		}
		if dead := len(w.deliveries(billhook.DeliveryFilter{Status: billhook.StatusDead})); dead != n {
			t.Fatalf("%d are dead", dead)
		}
		down = false
		r := ended(t, w.client, start(t, w.client, billhook.RecoveryRequest{RecoveryPlan: billhook.RecoveryPlan{
			Kind: billhook.RecoveryRecover, WebhookID: hook.ID, From: time.Now().Add(-time.Hour), RatePerSecond: 10_000,
		}}), time.Minute)
		settle(time.Minute)
		if r.Queued != n || in.last["a"] != n {
			t.Errorf("delivered up to %v, after %+v", in.last, r)
		}
	})
}

// TestRecoverSkipped: what was skipped for a newer one does not come again.
func TestRecoverSkipped(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		in := inbox{answer: func(int, received) int { time.Sleep(time.Second + 137); return 200 }}
		hook := w.register(w.serve(9000, &in), func(r *billhook.Registration) { r.Coalesce.Latest = []string{"*"} })
		for i := range 5 {
			w.emitAbout("a", i)
		}
		settle(time.Minute)
		skipped := len(w.deliveries(billhook.DeliveryFilter{Status: billhook.StatusSkipped}))
		r := ended(t, w.client, start(t, w.client, billhook.RecoveryRequest{RecoveryPlan: billhook.RecoveryPlan{
			Kind: billhook.RecoveryRecover, WebhookID: hook.ID, From: time.Now().Add(-time.Hour),
		}}), time.Minute)
		if skipped == 0 || r.Status != billhook.RecoveryDone || r.Found != 0 {
			t.Errorf("%d were skipped; %+v", skipped, r)
		}
	})
}
