package billhook_test

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
)

// TestStorePolicy: the nearest policy wins, and a store's reaches the webhooks that
// have none of their own on all nodes, from the next attempt on.
func TestStorePolicy(t *testing.T) {
	t.Run("changed on the node that sends", func(t *testing.T) {
		clusterBubble(t, func(t *testing.T, c *cluster) {
			c.config = c.config.WithRandom(without)
			n := c.node(c.open())
			n.run()
			c.storePolicy(n, n)
		})
	})
	t.Run("changed on another", func(t *testing.T) {
		clusterBubble(t, func(t *testing.T, c *cluster) {
			c.config = c.config.WithRandom(without)
			sender, changer := c.node(c.open()), c.node(c.open())
			sender.run()
			changer.run()
			c.storePolicy(sender, changer)
		})
	})
}

func (c *cluster) storePolicy(sender, changer *node) {
	t, ctx := c.t, context.Background()
	follows, own := inbox{answer: func(int, received) int { return 500 }}, inbox{answer: func(int, received) int { return 500 }}
	sender.hook("", c.serve(9000, &follows), "*")
	mine := profile.RetryPolicy{MaxAttempts: 4, BackoffMultiplier: 1, InitialDelay: 10 * time.Minute, MaxDelay: time.Hour}
	if _, err := sender.Register(ctx, billhook.Registration{URL: c.serve(9001, &own), Events: []string{"*"}, RetryPolicy: &mine}); err != nil {
		t.Fatal(err)
	}
	hourly := &profile.RetryPolicy{Delays: []time.Duration{time.Hour, time.Hour, time.Hour, time.Hour}, RetryOn: profile.RetryOnAny}
	later := &profile.RetryPolicy{Delays: []time.Duration{3 * time.Hour, 3 * time.Hour, 3 * time.Hour}}
	var none *profile.RetryPolicy
	change := func(policy *profile.RetryPolicy) billhook.Store {
		s, err := changer.UpdateStore(ctx, "default", billhook.StoreChange{RetryPolicy: &policy})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	litestore := "litestore"
	if _, err := changer.UpdateStore(ctx, "default", billhook.StoreChange{Profile: &litestore}); err != nil {
		t.Fatal(err)
	}
	settle(time.Second)
	if s := change(hourly); s.RetryPolicy.MaxAttempts != 5 || s.RetryPolicy.BackoffMultiplier != 2 {
		t.Errorf("the store has the policy %+v", s.RetryPolicy)
	}
	settle(time.Minute)
	sender.emit("review.created", `{}`)
	settle(90 * time.Minute) // two attempts are made, and the third is set for in half an hour
	change(later)
	settle(time.Hour) // that was made, and the fourth is set for three hours after
	change(none)
	settle(4 * time.Hour)
	want := seconds(3600, 3600, 3*3600, 16) // of five, as the profile has it
	if got := follows.gaps(); !reflect.DeepEqual(got, want) {
		t.Errorf("the store's retries came after %v, want %v", got, want)
	}
	if got, want := own.gaps(), seconds(600, 600, 600); !reflect.DeepEqual(got, want) {
		t.Errorf("the webhook's own came after %v, want %v", got, want)
	}
	all, err := changer.Audit(ctx, billhook.AuditFilter{Event: billhook.AuditStoreUpdate, Limit: 10})
	if err != nil || len(all) != 4 || !strings.Contains(all[2].New, `"delays":[3600000,3600000,3600000,3600000]`) || strings.Contains(all[0].New, "retryPolicy") {
		t.Errorf("on record are %+v, %v", all, err)
	}
}

// TestStorePolicyIsChecked: what is out of range is refused, and leaves no trace.
func TestStorePolicyIsChecked(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		bad := &profile.RetryPolicy{MaxAttempts: 3, MaxAge: time.Millisecond}
		_, err := w.client.UpdateStore(ctx, "default", billhook.StoreChange{RetryPolicy: &bad})
		if billhook.ErrorCode(err) != billhook.CodeInvalid || !strings.HasPrefix(err.Error(), "/retryPolicy/maxAge: ") {
			t.Errorf("changed: %v", err)
		}
		_, err = w.client.CreateStore(ctx, billhook.Store{ID: "new", StoreSettings: billhook.StoreSettings{RetryPolicy: bad}})
		if billhook.ErrorCode(err) != billhook.CodeInvalid {
			t.Errorf("created: %v", err)
		}
		// What a caller was given, or gave, is the caller's own.
		good := &profile.RetryPolicy{Delays: []time.Duration{time.Hour}}
		s, err := w.client.UpdateStore(ctx, "default", billhook.StoreChange{RetryPolicy: &good})
		if err != nil {
			t.Fatal(err)
		}
		good.Delays[0], s.RetryPolicy.Delays[0] = 1, 2
		if s, _ := w.client.Store(ctx, "default"); s.RetryPolicy.Delays[0] != time.Hour {
			t.Errorf("the store has the policy %+v", s.RetryPolicy)
		}
		if _, err := w.client.Store(ctx, "new"); billhook.ErrorCode(err) != billhook.CodeNotFound {
			t.Errorf("a store that was refused: %v", err)
		}
	})
}
