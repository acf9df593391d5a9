package billhook_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
)

// twoNodes runs a test with two nodes that tell alerts, to told and to a webhook of
// the system's store.
func twoNodes(t *testing.T, test func(t *testing.T, c *cluster, a, b *node, told *alerted, system *inbox), with ...func(*billhook.Config)) {
	t.Helper()
	clusterBubble(t, func(t *testing.T, c *cluster) {
		told, system := &alerted{}, &inbox{}
		c.config.OnAlert = told.add
		for _, change := range with {
			change(&c.config)
		}
		a, b := c.node(c.open()), c.node(c.open())
		ctx := context.Background()
		if _, err := a.CreateStore(ctx, billhook.Store{ID: billhook.SystemStore, Profile: "standard"}); err != nil {
			t.Fatal(err)
		}
		a.hook(billhook.SystemStore, c.serve(9900, system), "*")
		a.run()
		b.run()
		test(t, c, a, b, told, system)
	})
}

// alertsIn are the alerts that a webhook of the system's store was sent.
func alertsIn(t *testing.T, system *inbox) (all []billhook.Alert) {
	t.Helper()
	for _, r := range system.all() {
		var sent struct{ Data billhook.Alert }
		if err := json.Unmarshal([]byte(r.body), &sent); err != nil {
			t.Fatal(err)
		}
		all = append(all, sent.Data)
	}
	return all
}

func kindsOf(all []billhook.Alert) (kinds []string) {
	for _, al := range all {
		kinds = append(kinds, fmt.Sprintf("%s %d", al.Type, al.Percent))
	}
	slices.Sort(kinds)
	return kinds
}

// everySeven is a webhook that is tried every seven minutes and made inactive after an
// hour of failures.
func everySeven(r *billhook.Registration) {
	hour := int64(3600)
	r.DeactivateAfterSeconds = &hour
	r.RetryPolicy = &profile.RetryPolicy{MaxAttempts: 100, BackoffMultiplier: 1, InitialDelay: 7 * time.Minute, MaxDelay: 7 * time.Minute, RetryOn: profile.RetryOnAny}
}

// TestFailingOnTwoNodes: two nodes see a webhook fail, not from the same moment on, and
// the one that saw it last is the first to note it. Each stage is one event, and so is
// that it is inactive, or that it is back.
func TestFailingOnTwoNodes(t *testing.T) {
	twoNodes(t, func(t *testing.T, c *cluster, a, b *node, told *alerted, system *inbox) {
		var up atomic.Bool
		r := billhook.Registration{Events: []string{"*"}, URL: c.serve(9000, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			if !up.Load() {
				rw.WriteHeader(500)
			}
		}))}
		everySeven(&r)
		if _, err := a.Register(context.Background(), r); err != nil {
			t.Fatal(err)
		}
		settle(lease) // the other has heard of it
		fail := func() {
			a.emit("order.paid", `1`)
			settle(10 * time.Second)
			b.emit("order.paid", `2`)
			settle(5*time.Minute + 5*time.Second)
			b.emit("order.paid", `3`) // and b notes it
		}
		fail()
		settle(45 * time.Minute)
		up.Store(true)
		settle(15 * time.Minute)
		want := []string{"webhook.failing 50", "webhook.failing 70", "webhook.recovered 0"}
		if got := kindsOf(alertsIn(t, system)); !slices.Equal(got, want) {
			t.Errorf("events of the system's store:\n%q, want\n%q", got, want)
		}
		up.Store(false)
		fail()
		settle(3 * time.Hour)
		want = append(want, "webhook.failing 50", "webhook.failing 70", "webhook.failing 90", "webhook.deactivated 0")
		slices.Sort(want)
		if got := kindsOf(alertsIn(t, system)); !slices.Equal(got, want) {
			t.Errorf("events of the system's store:\n%q, want\n%q", got, want)
		}
		// To mail and the like each node tells of what it sees; what one of them has
		// done is told by that one.
		if n := len(told.of(billhook.AlertWebhookDeactivated)) + len(told.of(billhook.AlertWebhookRecovered)); n != 2 {
			t.Errorf("told %d times of what was done twice", n)
		}
		if n := len(told.of(billhook.AlertWebhookFailing)); n < 5 || n > 10 {
			t.Errorf("told %d times of five stages, by two nodes", n)
		}
	})
}

// TestDeadOnTwoNodes: each node tells of the deliveries that died on it, the first at
// once and the others as one. None is left out and none is told by both.
func TestDeadOnTwoNodes(t *testing.T) {
	twoNodes(t, func(t *testing.T, c *cluster, a, b *node, told *alerted, system *inbox) {
		var requests atomic.Int32
		half := c.serve(9000, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			if requests.Add(1)%2 == 0 {
				rw.WriteHeader(500)
			}
		}))
		r := billhook.Registration{URL: half, Events: []string{"*"}}
		once(&r)
		if _, err := a.Register(context.Background(), r); err != nil {
			t.Fatal(err)
		}
		settle(lease)
		const each = 200
		for range each {
			a.emit("order.paid", `1`)
			b.emit("order.paid", `2`)
		}
		settle(9 * time.Minute)
		if n := len(alertsIn(t, system)); n != 2 {
			t.Errorf("%d events at first, want one of each node", n)
		}
		settle(time.Hour)
		all := alertsIn(t, system)
		n := 0
		for _, al := range all {
			n += max(al.Count, 1)
		}
		if n != each || len(all) > 6 || len(all) != len(told.of(billhook.AlertDeliveryDead)) {
			t.Errorf("%d dead deliveries in %d events, want %d in few; %d told", n, len(all), each, len(told.all))
		}
	})
}

// TestBacklogOnTwoNodes: a node that has more than its places can send is late. It tells
// so once, however long that lasts, and once that it is over; the other, which has
// places left, tells nothing. When both are late, each tells so.
func TestBacklogOnTwoNodes(t *testing.T) {
	twoNodes(t, func(t *testing.T, c *cluster, a, b *node, told *alerted, system *inbox) {
		slowly := c.serve(9000, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-time.After(5 * time.Second):
			case <-r.Context().Done():
			}
		}))
		for range 3 { // that take one at a time each: two of them wait for a place
			if _, err := a.Register(context.Background(), billhook.Registration{URL: slowly, Events: []string{"*"}}); err != nil {
				t.Fatal(err)
			}
		}
		settle(lease)
		want := func(high, recovered int) {
			t.Helper()
			all := alertsIn(t, system)
			n := len(told.of(billhook.AlertBacklogHigh)) + len(told.of(billhook.AlertBacklogRecovered))
			if len(all) != high+recovered || n != len(all) {
				t.Fatalf("%d events, %d told, want %d of being late and %d of its end: %+v", len(all), n, high, recovered, all)
			}
			ends := map[time.Time]int{}
			for _, al := range all {
				switch al.Type {
				case billhook.AlertBacklogHigh:
					high--
					ends[al.Since]--
					if al.OverdueSeconds < 300 || al.Since.IsZero() || al.Reason == "" {
						t.Errorf("told %+v", al)
					}
				case billhook.AlertBacklogRecovered:
					recovered--
					ends[al.Since]++
				}
			}
			if high != 0 || recovered != 0 {
				t.Fatalf("told %+v", all)
			}
			for since, n := range ends {
				if n > 0 {
					t.Errorf("the end of a backlog since %v is told, and not that", since)
				}
			}
		}
		// Twelve a minute go: an hour of it.
		for range 240 {
			a.emit("order.paid", `1`)
		}
		settle(4 * time.Minute)
		want(0, 0)
		settle(4 * time.Minute)
		want(1, 0)
		settle(50 * time.Minute)
		b.emit("order.paid", `2`) // which b sends at once
		want(1, 0)
		settle(time.Hour)
		want(1, 1)
		for range 120 {
			a.emit("order.paid", `3`)
			b.emit("order.paid", `4`)
		}
		settle(15 * time.Minute)
		want(3, 1)
		settle(2 * time.Hour)
		want(3, 3)
	}, func(config *billhook.Config) { config.MaxInFlight = 1 })
}
