package billhook_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// TestReplay: a webhook that is added later gets what it missed, in order, once.
func TestReplay(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.run()
		var first, late inbox
		w.register(w.serve(9000, &first))
		var all []string
		for i := range 300 {
			kind := []string{"order.paid", "order.created", "user.created"}[i%3]
			e := w.emit(kind, fmt.Sprintf(`{"n":%d}`, i))
			if kind != "user.created" {
				all = append(all, e.ID)
			}
			settle(time.Second)
		}
		since := time.Now().Add(-time.Hour)
		hook := w.register(w.serve(9001, &late), func(r *billhook.Registration) { r.Events = []string{"order.*"} })
		live := w.emit("order.paid", `{}`)
		settle(time.Second)
		request := billhook.RecoveryRequest{RecoveryPlan: billhook.RecoveryPlan{Kind: billhook.RecoveryReplay, WebhookID: hook.ID, From: since, RatePerSecond: 50}}
		count, err := w.client.CountRecovery(ctx, request)
		if err != nil || count.Found != len(all) || count.AtLeast {
			t.Fatalf("a dry run finds %+v, %v; want %d", count, err, len(all))
		}
		if n := len(late.all()); n != 1 {
			t.Fatalf("%d came before the replay", n)
		}
		one, other := start(t, w.client, request), start(t, w.client, request)
		one, other = ended(t, w.client, one, time.Hour), ended(t, w.client, other, time.Hour)
		settle(time.Minute)
		if one.Queued+other.Queued != len(all) {
			t.Errorf("%d and %d were queued of %d", one.Queued, other.Queued, len(all))
		}
		got := late.all()
		if len(got) != len(all)+1 || got[0].header.Get("Webhook-Id") != live.ID {
			t.Fatalf("%d came, want %d", len(got), len(all)+1)
		}
		seen := map[string]bool{}
		for i, r := range got[1:] {
			id := r.header.Get("Webhook-Id")
			if seen[id] {
				t.Fatalf("%s came twice", id)
			}
			if seen[id] = true; one.Queued == len(all) && id != all[i] {
				t.Fatalf("%s came as number %d, and not %s", id, i, all[i])
			}
		}
		// Nothing is left, not for a narrower one either, nor for the first webhook.
		for _, again := range []billhook.RecoveryPlan{request.RecoveryPlan, {Kind: billhook.RecoveryReplay, WebhookID: hook.ID, From: since, Types: []string{"order.paid"}}} {
			if count, err := w.client.CountRecovery(ctx, billhook.RecoveryRequest{RecoveryPlan: again}); err != nil || count != (billhook.RecoveryCount{}) {
				t.Errorf("found again: %+v, %v", count, err)
			}
		}
		if ds := w.deliveries(billhook.DeliveryFilter{EventID: all[0]}); len(ds) != 2 {
			t.Errorf("of an event that was replayed: %+v", ds)
		}
		wantEach(t, &first, 301, 0)
	})
}

// TestReplayInOrder: at a rate of one place, what comes is in the order of the
// events.
func TestReplayInOrder(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.config.WebhookConcurrency = 1
		w.reopen()
		w.run()
		const n = 700
		since := time.Now()
		for i := range n {
			w.emit("order.paid", fmt.Sprint(i))
		}
		settle(time.Second)
		var in inbox
		hook := w.register(w.serve(9000, &in))
		ended(t, w.client, start(t, w.client, billhook.RecoveryRequest{RecoveryPlan: billhook.RecoveryPlan{
			Kind: billhook.RecoveryReplay, WebhookID: hook.ID, From: since, RatePerSecond: 10_000,
		}}), time.Minute)
		settle(time.Minute)
		got := in.all()
		if len(got) != n {
			t.Fatalf("%d came of %d", len(got), n)
		}
		events, err := w.client.Events(context.Background(), billhook.EventFilter{Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range got {
			if want := events[len(events)-1-i].ID; r.header.Get("Webhook-Id") != want {
				t.Fatalf("%s came as number %d, and not %s", r.header.Get("Webhook-Id"), i, want)
			}
		}
	})
}
