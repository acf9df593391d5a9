package billhook_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
)

// TestTestsAreNotRecovered: a test that failed is told to be one, and nothing sends it
// again, to its webhook or to another, but whoever retries it by hand.
func TestTestsAreNotRecovered(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.run()
		once := func(r *billhook.Registration) {
			r.RetryPolicy = &profile.RetryPolicy{MaxAttempts: 1}
		}
		hook := w.register(w.serve(9000, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(500) })), once)
		d, err := w.client.Test(ctx, "default", hook.ID, "order.paid")
		if err != nil || !d.Test {
			t.Fatalf("%+v, %v", d, err)
		}
		w.emit("order.paid", `{}`)
		settle(time.Minute)
		if d, err = w.client.Delivery(ctx, "default", d.ID); err != nil || d.Status != billhook.StatusDead || !d.Test {
			t.Fatalf("the test is %+v, %v", d, err)
		}
		var late inbox
		other := w.register(w.serve(9001, &late))
		since := time.Now().Add(-time.Hour)
		for _, plan := range []billhook.RecoveryPlan{
			{Kind: billhook.RecoveryRetry, DeliveryStatus: billhook.StatusDead},
			{Kind: billhook.RecoveryRecover, WebhookID: hook.ID, From: since},
			{Kind: billhook.RecoveryReplay, WebhookID: other.ID, From: since},
		} {
			if count, err := w.client.CountRecovery(ctx, billhook.RecoveryRequest{RecoveryPlan: plan}); err != nil || count.Found != 1 {
				t.Errorf("%s finds %d, %v; want the one that was no test", plan.Kind, count.Found, err)
			}
		}
		if _, err := w.client.Retry(ctx, "default", d.ID); err != nil {
			t.Errorf("by hand: %v", err)
		}
		if _, err := w.client.Emit(ctx, billhook.Emission{Type: "order.paid", Data: []byte(`{}`), IdempotencyKey: "test·mine"}); billhook.ErrorCode(err) != billhook.CodeInvalid {
			t.Errorf("a caller's key that says it is a test: %v", err)
		}
	})
}
