package billhook_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
)

func activity(t *testing.T, c *billhook.Client, q billhook.ActivityQuery) billhook.Activity {
	t.Helper()
	a, err := c.Activity(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// numbers are a point's, in one line.
func numbers(p billhook.ActivityPoint) string {
	return fmt.Sprintf("%d delivered, %d failed, %d dead, %d waiting", p.Delivered, p.Failed, p.Dead, p.Waiting)
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		t.Errorf("%s: got %s, want %s", what, g, w)
	}
}

// rows are what is on disk of a store's activity.
func rows(t *testing.T, db billhook.Database, storeID string) []billhook.ActivityCount {
	t.Helper()
	all, err := db.ActivityCounts(context.Background(), storeID, time.Time{}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestActivity follows a day: what succeeded, what failed, what waited, and how long
// it took; from memory at once, from disk after a restart, and for all stores.
func TestActivity(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		time.Sleep(time.Until(time.Now().Truncate(time.Hour).Add(time.Hour + time.Minute)))
		took, status := 20*time.Millisecond, 200
		url := w.serve(80, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			time.Sleep(took)
			rw.WriteHeader(status)
		}))
		w.register(url, func(r *billhook.Registration) {
			r.RetryPolicy = &profile.RetryPolicy{MaxAttempts: 2, InitialDelay: 15 * time.Minute, BackoffMultiplier: 1, MaxDelay: time.Hour}
		})
		w.run()
		settle(time.Second)
		began := time.Now()
		for range 19 {
			w.emit("order.paid", `1`)
		}
		settle(time.Second)
		took = 2 * time.Second
		w.emit("order.paid", `1`)
		settle(3 * time.Second)
		now := activity(t, w.client, billhook.ActivityQuery{})
		same(t, "at once", numbers(now.Total), "20 delivered, 0 failed, 0 dead, 0 waiting")
		if p := now.Total; p.P50 < 15*time.Millisecond || p.P50 > 150*time.Millisecond || p.P95 < p.P50 || p.P95 > 2500*time.Millisecond {
			t.Errorf("half in %v, 95%% in %v", p.P50, p.P95)
		}
		same(t, "on disk", len(rows(t, w.db, "default")), 0)
		settle(10 * time.Second)
		same(t, "on disk after a while", len(rows(t, w.db, "default")), 1)

		status = 500
		time.Sleep(5 * time.Minute)
		w.emit("order.paid", `2`)
		settle(3 * time.Second)
		same(t, "after a failure", numbers(activity(t, w.client, billhook.ActivityQuery{}).Total), "20 delivered, 1 failed, 0 dead, 1 waiting")
		settle(40 * time.Minute)
		want := []string{
			"20 delivered, 0 failed, 0 dead, 0 waiting", "0 delivered, 1 failed, 0 dead, 0 waiting", "0 delivered, 0 failed, 0 dead, 1 waiting",
			"0 delivered, 0 failed, 0 dead, 1 waiting", "0 delivered, 1 failed, 1 dead, 1 waiting", "0 delivered, 0 failed, 0 dead, 0 waiting",
		}
		check := func(what string) {
			t.Helper()
			for _, q := range []billhook.ActivityQuery{{Since: began, Until: began.Add(30 * time.Minute)}, {Since: began, Until: began.Add(30 * time.Minute), AllStores: true}} {
				a := activity(t, w.client, q)
				var got []string
				for _, p := range a.Points[:6] {
					got = append(got, numbers(p))
				}
				same(t, what, got, want)
				same(t, what, numbers(a.Total), "20 delivered, 2 failed, 1 dead, 0 waiting")
			}
		}
		check("later")
		w.reopen()
		check("after a restart")

		a := activity(t, w.client, billhook.ActivityQuery{Since: began, Until: began.Add(time.Hour), Step: time.Hour})
		same(t, "by the hour", numbers(a.Points[0]), "20 delivered, 2 failed, 1 dead, 1 waiting")

		before := len(rows(t, w.db, billhook.AllStores))
		w.run()
		settle(24 * time.Hour)
		same(t, "rows after a day on which nothing happened", len(rows(t, w.db, billhook.AllStores)), before)
		settle(8 * 24 * time.Hour)
		same(t, "rows after nine days", len(rows(t, w.db, billhook.AllStores)), 0)
	})
}

// TestActivityRefused: what cannot be asked for is named.
func TestActivityRefused(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		for pointer, q := range map[string]billhook.ActivityQuery{
			"/since": {Since: time.Now().Add(-9 * 24 * time.Hour)},
			"/step":  {Step: time.Minute},
			"":       {StoreID: "nobody"},
		} {
			_, err := w.client.Activity(context.Background(), q)
			if e, ok := err.(*billhook.Error); !ok || e.Pointer != pointer {
				t.Errorf("%+v: %v", q, err)
			}
		}
	})
}

// TestActivityOfTwoNodes: each node knows what the other has done, after a while.
func TestActivityOfTwoNodes(t *testing.T) {
	clusterBubble(t, func(t *testing.T, c *cluster) {
		url := c.serve(80, &inbox{})
		first, second := c.node(c.open()), c.node(c.open())
		first.hook("", url, "order.paid")
		first.run()
		second.run()
		for range 3 {
			first.emit("order.paid", `1`)
			second.emit("order.paid", `2`)
			second.emit("order.paid", `3`)
		}
		settle(30 * time.Second)
		for _, n := range c.nodes {
			same(t, "both", activity(t, n.Client, billhook.ActivityQuery{}).Total.Delivered, 9)
			same(t, "both, all stores", activity(t, n.Client, billhook.ActivityQuery{AllStores: true}).Total.Delivered, 9)
		}
	})
}

// TestActivityIsBounded: of thousands of busy stores so many rows are written at a
// time, all of them in a few minutes, and none twice for nothing.
func TestActivityIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const stores = 10_000
		counting := billhook.NewTallyForTest()
		var outcomes []*billhook.Outcome
		for i := range stores {
			outcomes = append(outcomes, &billhook.Outcome{
				Delivery: billhook.Pending{Lane: billhook.Lane{StoreID: fmt.Sprint("s", i)}, CreatedAt: time.Now()},
				Attempt:  billhook.Attempt{StartedAt: time.Now(), Duration: time.Millisecond, StatusCode: 200}, Status: billhook.StatusDelivered,
			})
		}
		b := &billhook.Batch{Outcomes: outcomes}
		counting.Count(b, time.Now())
		allocated := testing.AllocsPerRun(5, func() { counting.Count(b, time.Now()) })
		same(t, "allocations for 10,000 attempts", allocated, 0)
		seen, most := map[string]int{}, 0
		for range 30 {
			time.Sleep(10 * time.Second)
			written := counting.Take(time.Now())
			most = max(most, len(written))
			for _, n := range written {
				seen[n.StoreID]++
			}
		}
		same(t, "rows at a time", most, 1000)
		same(t, "stores written", len(seen), stores+1)
		for id, n := range seen {
			if n != 1 {
				t.Fatalf("%s: written %d times, and nothing had changed", id, n)
			}
		}
		time.Sleep(10 * time.Minute)
		counting.Take(time.Now())
		same(t, "stores in memory when all is over", counting.Len(), 0)
	})
}
