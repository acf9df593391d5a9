package billhook_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// dearest is a filter that may cost as much as one may, and filters so many of those a
// store may have.
const (
	dearest  = `data.a.exists(x, x in data.b)`
	dearests = 50
)

// TestFilterBudgetAtRegistration: a filter that could cost too much together with those
// of the store's other webhooks is refused; of another store, or for less than before,
// it is not.
func TestFilterBudgetAtRegistration(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.reopen(speak)
		url := w.serve(9000, &inbox{})
		filtered := func(storeID, filter string) (billhook.Webhook, error) {
			r := billhook.Registration{StoreID: storeID, URL: url, Events: []string{"*"}}
			r.Filter = filter
			return w.client.Register(ctx, r)
		}
		var hook billhook.Webhook
		for range dearests {
			var err error
			if hook, err = filtered("", dearest); err != nil {
				t.Fatal(err)
			}
		}
		plain, err := filtered("", "")
		if err != nil {
			t.Fatal(err)
		}
		_, err = filtered("", `data.total > 100`)
		wantRefusal(t, err, billhook.CodeInvalid, "/filter")
		if !strings.Contains(err.Error(), "5000003 of at most 5000000") {
			t.Errorf("the refusal does not tell how much it is: %v", err)
		}
		cheap, dear, off := `data.total > 100`, dearest, false
		_, err = w.client.Update(ctx, "default", plain.ID, billhook.WebhookChange{Filter: &cheap})
		wantRefusal(t, err, billhook.CodeInvalid, "/filter")
		// What is as it was is not asked for, and one that is not active counts as well.
		if _, err := w.client.Update(ctx, "default", hook.ID, billhook.WebhookChange{Filter: &dear, IsActive: &off}); err != nil {
			t.Fatal(err)
		}
		_, err = filtered("", cheap)
		wantRefusal(t, err, billhook.CodeInvalid, "/filter")
		if _, err := w.client.CreateStore(ctx, billhook.Store{ID: "other"}); err != nil {
			t.Fatal(err)
		}
		if _, err := filtered("other", dearest); err != nil {
			t.Errorf("in another store: %v", err)
		}
		if _, err := w.client.Update(ctx, "default", hook.ID, billhook.WebhookChange{Filter: &cheap}); err != nil {
			t.Fatalf("a cheaper one: %v", err)
		}
		if _, err := filtered("", cheap); err != nil {
			t.Errorf("where there is room again: %v", err)
		}
		_, err = filtered("", dearest)
		wantRefusal(t, err, billhook.CodeInvalid, "/filter")
		if err := w.client.Delete(ctx, "default", hook.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := filtered("", dearest); err == nil {
			t.Error("the room of a deleted cheap one is enough for a dear one")
		}
	})
}

// TestFilterBudgetOfAnEvent: for an event of which all filters cost far more than they
// should, those that are cheap have a value all the same, the event is accepted, and who
// does not get it is on record and has it back by a replay.
func TestFilterBudgetOfAnEvent(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.reopen(speak)
		in := &inbox{}
		url := w.serve(9000, in)
		const n = 120
		var hooks []billhook.Webhook
		for range n {
			hooks = append(hooks, w.register(url, func(r *billhook.Registration) { r.Filter = `"vip" in data.tags` }))
		}
		cheap := w.register(url, func(r *billhook.Registration) { r.Filter = `data.total > 100` })
		other := w.register(url, func(r *billhook.Registration) { r.Filter = `data.total > 1000` })
		plain := w.register(url)
		w.run()
		before := time.Now()
		e := w.emit("order.paid", fmt.Sprintf(`{"total":500,"tags":[%s"vip"]}`, strings.Repeat(`"a",`, 80_000)))
		got := map[string]bool{}
		for _, d := range w.deliveries(billhook.DeliveryFilter{EventID: e.ID}) {
			got[d.WebhookID] = true
		}
		if !got[cheap.ID] || !got[plain.ID] || got[other.ID] {
			t.Errorf("cheap %v, none %v, another %v", got[cheap.ID], got[plain.ID], got[other.ID])
		}
		if dear := len(got) - 2; dear < 50 || dear > 70 {
			t.Errorf("%d of %d webhooks whose filters are dear got it", dear, n)
		}
		left := slices.DeleteFunc(hooks, func(hook billhook.Webhook) bool { return got[hook.ID] })
		last := left[len(left)-1]
		failures, err := w.client.FilterFailures(ctx, "default", last.ID)
		if err != nil || failures.Count != 1 || !strings.Contains(failures.Last.Message, "together") {
			t.Errorf("failures: %+v, %v", failures, err)
		}
		ledger, err := w.client.Ledger(ctx, billhook.LedgerFilter{StoreID: "default", WebhookID: last.ID})
		if err != nil || len(ledger.Days) != 1 || ledger.Days[0].Skipped[billhook.SkipFilterFailed] != 1 {
			t.Errorf("the ledger: %+v, %v", ledger, err)
		}
		// The next event has a budget of its own.
		if e := w.emit("order.paid", `{"total":500,"tags":["vip"]}`); e.Deliveries != n+2 {
			t.Errorf("%d webhooks got a small one", e.Deliveries)
		}
		settle(time.Minute)
		r := start(t, w.client, billhook.RecoveryRequest{RecoveryPlan: billhook.RecoveryPlan{Kind: billhook.RecoveryReplay, WebhookID: last.ID, From: before.Add(-time.Second)}})
		if r = ended(t, w.client, r, time.Minute); r.Queued != 1 {
			t.Errorf("replayed: %+v", r.RecoveryProgress)
		}
		settle(time.Minute)
		if all := w.deliveries(billhook.DeliveryFilter{WebhookID: last.ID, Status: billhook.StatusDelivered}); len(all) != 2 {
			t.Errorf("the webhook has had %d events, want 2", len(all))
		}
	})
}
