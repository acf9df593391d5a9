package billhook_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// troubles are the names of the webhooks that fail.
func (w *world) troubles(storeID string, limit int) (names []string) {
	w.t.Helper()
	list, err := w.client.Troubles(context.Background(), storeID, limit)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, one := range list {
		if one.Webhook.InactiveReason == "" && one.Health.FailingSince.IsZero() || one.Health.LastError == "" && one.Webhook.FailingSince.IsZero() {
			w.t.Errorf("%s has no trouble: %+v", one.Webhook.Name, one.Health)
		}
		names = append(names, one.Webhook.Name)
	}
	return names
}

// TestTroubles: who fails is told, the last to begin first, and no more once they
// succeed or are deleted; a restart knows those that were noted.
func TestTroubles(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		expect := func(when, storeID string, limit int, want ...string) {
			t.Helper()
			if got := w.troubles(storeID, limit); !slices.Equal(got, want) {
				t.Errorf("%s: %v, not %v", when, got, want)
			}
		}
		w.run()
		good, _ := switched(200)
		old, oldStatus := switched(500)
		late, lateStatus := switched(500)
		named := func(name string, in *inbox, port int) billhook.Webhook {
			return w.register(w.serve(port, in), patient, func(r *billhook.Registration) { r.Name = name })
		}
		named("good", good, 9000)
		first := named("first", old, 9001)
		w.emit("order.paid", `{}`)
		settle(time.Minute)
		second := named("second", late, 9002)
		expect("one fails", "", 10, "first")
		w.emit("order.paid", `{}`)
		settle(10 * time.Minute)
		expect("two fail", "", 10, "second", "first")
		expect("the first of two", "default", 1, "second")
		if _, err := w.client.CreateStore(context.Background(), billhook.Store{ID: "other"}); err != nil {
			t.Fatal(err)
		}
		expect("another store", "other", 10)
		if _, err := w.client.Troubles(context.Background(), "none", 10); billhook.ErrorCode(err) != billhook.CodeNotFound {
			t.Errorf("a store that is not there: %v", err)
		}

		w.reopen() // and nothing runs yet
		expect("after a restart", "", 10, "second", "first")
		w.run()
		lateStatus.Store(200)
		settle(3 * time.Minute)
		expect("one works again", "", 10, "first")
		lateStatus.Store(500)
		w.emit("order.paid", `{}`)
		settle(time.Minute)
		expect("and fails once more", "", 10, "second", "first")
		if err := w.client.Delete(context.Background(), "default", second.ID); err != nil {
			t.Fatal(err)
		}
		expect("one is deleted", "", 10, "first")
		oldStatus.Store(410) // wants no more
		settle(3 * time.Minute)
		if h := w.health(first.ID); h.Reason == "" {
			t.Errorf("the webhook is not inactive: %+v", h)
		}
		expect("one is made inactive", "", 10, "first")
	})
}
