package billhook_test

import (
	"context"
	"strings"
	"testing"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
)

// whole is a registration that says something of everything.
func whole(url string) billhook.Registration {
	never := int64(0)
	return billhook.Registration{
		URL: url, Events: []string{"order.*", "cart.left"}, Name: "n", Description: "d", Inactive: true,
		RetryPolicy: &profile.RetryPolicy{MaxAttempts: 3}, Headers: map[string]string{"X-Token": "t"}, OverlapSignature: billhook.SignNew,
		Ed25519: true, IdempotencyKey: "whole",
		WebhookSettings: billhook.WebhookSettings{
			Limits: billhook.Limits{Concurrency: 3}, DeactivateAfterSeconds: &never, Filter: "",
			Order: billhook.OrderEntity, Coalesce: billhook.Coalesce{Latest: []string{"cart.left"}},
			WhenInactive: billhook.InactiveHold, Held: &billhook.HeldLimits{MaxCount: 7}, Batch: billhook.Batching{MaxEvents: 2}, TraceContext: true,
		},
	}
}

// TestRegisterTwice: a repeat with the same key answers the webhook that the first one has
// made, also after a restart, and one that asks for something else is told in what.
func TestRegisterTwice(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		register := func(r billhook.Registration) billhook.Webhook {
			t.Helper()
			hook, err := w.client.Register(ctx, r)
			if err != nil {
				t.Fatal(err)
			}
			return hook
		}
		url := w.serve(9000, &inbox{})
		plain := billhook.Registration{URL: url, Events: []string{"*"}, IdempotencyKey: "plain"}
		empty := plain // the same, in more words
		empty.Headers, empty.EventVersions, empty.Coalesce.Latest = map[string]string{}, map[string]int{}, []string{}
		first, all := register(plain), register(whole(url))
		own := whole(url)
		own.ID, own.Secret = "wh_own", "whsec_a-secret-of-its-own"
		register(own)
		for range 2 {
			for _, r := range []billhook.Registration{plain, empty} {
				if again := register(r); again.ID != first.ID || again.Secrets[0].Value != first.Secrets[0].Value {
					t.Errorf("%+v, then %+v", first, again)
				}
			}
			if again := register(whole(url)); again.ID != all.ID || again.KeyPairs[0].Public != all.KeyPairs[0].Public {
				t.Errorf("%+v, then %+v", all, again)
			}
			if again := register(own); again.ID != "wh_own" {
				t.Errorf("%+v", again)
			}
			w.reopen(func(*billhook.Config) {})
		}
		for name, change := range map[string]func(*billhook.Registration){
			"url":              func(r *billhook.Registration) { r.URL += "other" },
			"events":           func(r *billhook.Registration) { r.Events = []string{"*"} },
			"name":             func(r *billhook.Registration) { r.Name = "" },
			"description":      func(r *billhook.Registration) { r.Description = "" },
			"isActive":         func(r *billhook.Registration) { r.Inactive = false },
			"retryPolicy":      func(r *billhook.Registration) { r.RetryPolicy = nil },
			"headers":          func(r *billhook.Registration) { r.Headers = map[string]string{"X-Token": "u"} },
			"secrets":          func(r *billhook.Registration) { r.Secret = "whsec_another-secret" },
			"overlapSignature": func(r *billhook.Registration) { r.OverlapSignature = "" },
			"ed25519":          func(r *billhook.Registration) { r.Ed25519 = false },
			"limits":           func(r *billhook.Registration) { r.Limits.Concurrency++ },
			"order":            func(r *billhook.Registration) { r.Order = "" },
			"coalesce":         func(r *billhook.Registration) { r.Coalesce.Latest = nil },
			"held":             func(r *billhook.Registration) { r.Held = nil },
			"batch, name":      func(r *billhook.Registration) { r.Batch.MaxEvents++; r.Name = "" },
			"traceContext":     func(r *billhook.Registration) { r.TraceContext = false },
		} {
			r := whole(url)
			change(&r)
			if _, err := w.client.Register(ctx, r); billhook.ErrorCode(err) != billhook.CodeKeyReused || !strings.Contains(err.Error(), "asked for in "+name) || strings.Contains(err.Error(), "whsec_") {
				t.Errorf("another %s: %v", name, err)
			}
			r.ID, r.Secret = "wh_own", own.Secret
			if _, err := w.client.Register(ctx, r); name != "secrets" && billhook.ErrorCode(err) != billhook.CodeDuplicate {
				t.Errorf("another %s of an id: %v", name, err)
			}
		}
		own.IdempotencyKey = ""
		if _, err := w.client.Register(ctx, own); billhook.ErrorCode(err) != billhook.CodeDuplicate {
			t.Errorf("an id without a key: %v", err)
		}
		if err := w.client.Delete(ctx, billhook.DefaultStore, first.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := w.client.Register(ctx, plain); billhook.ErrorCode(err) != billhook.CodeKeyReused {
			t.Errorf("after it was deleted: %v", err)
		}
		if _, err := w.client.CreateStore(ctx, billhook.Store{ID: "other"}); err != nil {
			t.Fatal(err)
		}
		other := whole(url)
		other.StoreID = "other"
		if hook := register(other); hook.ID == all.ID {
			t.Error("stores share keys")
		}
	})
}

// TestRegisterTwiceAtOnce: of one key there is one webhook, whichever nodes are asked at
// the same time, and whether or not they have heard of each other's.
func TestRegisterTwiceAtOnce(t *testing.T) {
	clusterBubble(t, func(t *testing.T, c *cluster) {
		a, b := c.node(c.open()), c.node(c.open())
		url := c.serve(9000, &inbox{})
		made := make(chan billhook.Webhook)
		const each = 4
		for range each {
			for _, n := range []*node{a, b} {
				go func() {
					hook, err := n.Register(context.Background(), whole(url))
					if err != nil {
						t.Error(err)
					}
					made <- hook
				}()
			}
		}
		first := <-made
		for range 2*each - 1 {
			if hook := <-made; hook.ID != first.ID || hook.Secrets[0].Value != first.Secrets[0].Value {
				t.Errorf("%s and %s", first.ID, hook.ID)
			}
		}
	})
}
