package billhook_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
)

// alerted are the alerts that a world's Client told.
type alerted struct {
	mu  sync.Mutex
	all []billhook.Alert
}

func (a *alerted) add(al billhook.Alert) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, al)
}

// of are those of a type.
func (a *alerted) of(kind string) (found []billhook.Alert) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, al := range a.all {
		if al.Type == kind {
			found = append(found, al)
		}
	}
	return found
}

// alertBubble runs a test with a world whose alerts go to told, and to a webhook of
// the system's store.
func alertBubble(t *testing.T, test func(t *testing.T, w *world, told *alerted, system *inbox)) {
	t.Helper()
	bubble(t, func(t *testing.T, w *world) {
		told, system := &alerted{}, &inbox{}
		w.reopen(func(c *billhook.Config) { c.OnAlert = told.add })
		ctx := context.Background()
		if _, err := w.client.CreateStore(ctx, billhook.Store{ID: billhook.SystemStore, Profile: "standard"}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.client.Register(ctx, billhook.Registration{StoreID: billhook.SystemStore, URL: w.serve(9900, system), Events: []string{"*"}}); err != nil {
			t.Fatal(err)
		}
		w.run()
		test(t, w, told, system)
	})
}

// TestDeadIsOneIncident: four thousand dead deliveries of a webhook are one message, and
// another that counts the rest; to the system's store too, signed and with the webhook's
// name.
func TestDeadIsOneIncident(t *testing.T) {
	alertBubble(t, func(t *testing.T, w *world, told *alerted, system *inbox) {
		var requests atomic.Int32
		half := w.serve(9000, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			if requests.Add(1)%2 == 0 { // of one that takes none at all, fewer are tried
				rw.WriteHeader(500)
			}
		}))
		hook := w.register(half, once, func(r *billhook.Registration) { r.Name = "till" })
		const n = 4000
		batch := slices.Repeat([]billhook.Emission{{Type: "order.paid", Data: []byte(`1`)}}, 1000)
		for range 2 * n / len(batch) {
			if _, err := w.client.EmitBatch(context.Background(), "", batch); err != nil {
				t.Fatal(err)
			}
		}
		settle(9 * time.Minute)
		first := told.of(billhook.AlertDeliveryDead)
		if len(first) != 1 || first[0].WebhookID != hook.ID || first[0].WebhookName != "till" || first[0].Count != 0 || first[0].Reason == "" {
			t.Fatalf("told of %d incidents: %+v", len(first), first)
		}
		settle(12 * time.Hour)
		all := told.of(billhook.AlertDeliveryDead)
		counted := 1
		for _, al := range all[1:] {
			counted += al.Count
		}
		if counted != n || len(all) > 80 {
			t.Errorf("%d dead deliveries counted in %d messages, want %d in few", counted, len(all), n)
		}
		got := system.all()
		if len(got) != len(all) {
			t.Errorf("%d events of the system's store for %d alerts", len(got), len(all))
		}
		var sent struct {
			Type string
			Data billhook.Alert
		}
		if err := json.Unmarshal([]byte(got[0].body), &sent); err != nil || sent.Type != billhook.AlertDeliveryDead || sent.Data.WebhookID != hook.ID {
			t.Errorf("the event is %s (%v)", got[0].body, err)
		}
		if got[0].header.Get("Webhook-Signature") == "" {
			t.Error("the event is not signed")
		}
	})
}

// TestQuietEnds: what happens again after it was quiet for long is told at once.
func TestQuietEnds(t *testing.T) {
	alertBubble(t, func(t *testing.T, w *world, told *alerted, _ *inbox) {
		w.register(w.serve(9000, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(500) })), once)
		for day := range 3 {
			w.emit("order.paid", fmt.Sprint(day))
			settle(24 * time.Hour)
			if got := told.of(billhook.AlertDeliveryDead); len(got) != day+1 || got[day].Count != 0 {
				t.Fatalf("day %d: %+v", day, got)
			}
		}
	})
}

// TestHealthAlerts: a webhook on its way to deactivation is told of at 50, 70 and 90
// percent, once each, then that it is inactive; one that comes back is told of too.
func TestHealthAlerts(t *testing.T) {
	alertBubble(t, func(t *testing.T, w *world, told *alerted, system *inbox) {
		var up bool
		var mu sync.Mutex
		flaky := w.serve(9000, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			if !up {
				rw.WriteHeader(500)
			}
		}))
		hour := int64(3600)
		often := func(r *billhook.Registration) {
			r.DeactivateAfterSeconds = &hour
			r.RetryPolicy = &profile.RetryPolicy{MaxAttempts: 100, BackoffMultiplier: 1, InitialDelay: time.Minute, MaxDelay: time.Minute, RetryOn: profile.RetryOnAny}
		}
		back := w.register(flaky, often)
		w.emit("order.paid", `1`)
		settle(45 * time.Minute)
		mu.Lock()
		up = true
		mu.Unlock()
		settle(10 * time.Minute)
		lost := w.register(w.serve(9001, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(500) })), often)
		w.emit("order.paid", `2`)
		settle(3 * time.Hour)

		var got []string
		for _, al := range told.all {
			name := map[string]string{back.ID: "back", lost.ID: "lost"}[al.WebhookID]
			got = append(got, fmt.Sprintf("%s %s %d", al.Type, name, al.Percent))
		}
		want := []string{
			"webhook.failing back 50", "webhook.failing back 70", "webhook.recovered back 0",
			"webhook.failing lost 50", "webhook.failing lost 70", "webhook.failing lost 90", "webhook.deactivated lost 0",
		}
		if !slices.Equal(got, want) {
			t.Errorf("told\n%q, want\n%q", got, want)
		}
		if n := len(system.all()); n != len(want) {
			t.Errorf("%d events of the system's store, want %d", n, len(want))
		}
	})
}

// TestAlertsOfTheSystem: troubles of the system's own webhooks are not told to them.
func TestAlertsOfTheSystem(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		told := &alerted{}
		w.reopen(func(c *billhook.Config) { c.OnAlert = told.add })
		if _, err := w.client.CreateStore(context.Background(), billhook.Store{ID: billhook.SystemStore, Profile: "standard"}); err != nil {
			t.Fatal(err)
		}
		dead := w.serve(9900, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(500) }))
		w.register(dead, once)
		w.register(dead, once, func(r *billhook.Registration) { r.StoreID = billhook.SystemStore })
		w.run()
		w.emit("order.paid", `1`)
		settle(24 * time.Hour)
		if n := len(told.all); n != 1 {
			t.Errorf("%d alerts, want 1: %+v", n, told.all)
		}
	})
}

// TestGoneIsTold: a webhook that is inactive since its receiver wants no more is told
// of, once.
func TestGoneIsTold(t *testing.T) {
	alertBubble(t, func(t *testing.T, w *world, told *alerted, _ *inbox) {
		hook := w.register(w.serve(9000, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(410) })))
		w.emitMany(5)
		settle(time.Hour)
		all := told.of(billhook.AlertWebhookDeactivated)
		if len(all) != 1 || all[0].WebhookID != hook.ID || !strings.Contains(all[0].Reason, "410") {
			t.Errorf("told %+v", all)
		}
	})
}
