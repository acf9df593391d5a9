package billhook_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// TestReleaseOfTwoNodes: the rate is that of all nodes together, whatever part of
// what is held each of them has.
func TestReleaseOfTwoNodes(t *testing.T) {
	clusterBubble(t, func(t *testing.T, c *cluster) {
		ctx, in := context.Background(), &inbox{}
		a, b := c.node(c.open()), c.node(c.open())
		a.run()
		b.run()
		hook, err := a.Register(ctx, billhook.Registration{URL: c.serve(9000, in), Events: []string{"*"}, Inactive: true, WebhookSettings: billhook.WebhookSettings{WhenInactive: billhook.InactiveHold}})
		if err != nil {
			t.Fatal(err)
		}
		settle(lease) // the other has heard of it
		for i := range 400 {
			n := a
			if i%4 == 0 {
				n = b
			}
			if _, err := n.Emit(ctx, billhook.Emission{Type: "order.paid", Data: fmt.Append(nil, i)}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Second)
		active := true
		if _, err := b.Update(ctx, "default", hook.ID, billhook.WebhookChange{IsActive: &active, HeldDeliveries: &billhook.Release{RatePerSecond: 10}}); err != nil {
			t.Fatal(err)
		}
		settle(20 * time.Second)
		if n := len(in.all()); n < 170 || n > 205 { // the other hears of it a little later
			t.Errorf("%d requests in 20 s at 10 a second", n)
		}
		settle(30 * time.Second)
		wantEach(t, in, 400, 0)
		settle(2 * time.Minute)
		for _, n := range []*node{a, b} {
			h, err := n.Get(ctx, "default", hook.ID)
			if err != nil || h.Release != nil {
				t.Errorf("the release is not over: %+v, %v", h.Release, err)
			}
		}
		check, err := a.CheckLedger(ctx, "default")
		if err != nil || check.Days == 0 || len(check.Differences) > 0 {
			t.Errorf("%+v, %v", check, err)
		}
	})
}

// TestCheckLedgerFinds: a counter that is wrong is told, and left as it is.
func TestCheckLedgerFinds(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		hook := w.register(w.serve(9000, &inbox{}))
		w.run()
		for range 5 {
			w.emit("order.paid", "1")
		}
		settle(time.Minute)
		w.balanced()
		w.halt()
		app, err := sql.Open("sqlite", "file:"+w.path)
		if err != nil {
			t.Fatal(err)
		}
		defer app.Close()
		for _, test := range []struct {
			statement     string
			matched, dead int64
		}{
			{"UPDATE billhook_ledger SET delivered = delivered - 1, dead = dead + 1", 5, 1},
			{"UPDATE billhook_ledger SET matched = matched + 1, dead = dead - 1, delivered = delivered + 1", 6, 0},
			{"DELETE FROM billhook_ledger", 0, 0},
		} {
			if _, err := app.Exec(test.statement); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				check, err := w.client.CheckLedger(ctx, "default")
				if err != nil || len(check.Differences) != 1 {
					t.Fatalf("%s: %+v, %v", test.statement, check, err)
				}
				if d := check.Differences[0]; d.Ledger.WebhookID != hook.ID || d.Ledger.Matched != test.matched || d.Ledger.Dead != test.dead || d.Found.Delivered != 5 {
					t.Errorf("%s: %v", test.statement, d)
				}
			}
		}
	})
}

// TestLedgersAreChecked: Run checks by itself, about once a day, and tells.
func TestLedgersAreChecked(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		var told []string
		w.reopen(func(c *billhook.Config) {
			c.LedgerChecked = func(storeID string, check billhook.LedgerCheck) {
				told = append(told, fmt.Sprint(storeID, check.Days, len(check.Differences)))
			}
		})
		w.register(w.serve(9000, &inbox{}))
		w.run()
		w.emit("order.paid", "1")
		settle(36 * time.Hour)
		w.halt()
		if len(told) == 0 || told[0] != "default1 0" && told[0] != "default 1 0" {
			t.Errorf("told %q", told)
		}
	})
}
