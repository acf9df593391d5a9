package billhook_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/billhook/billhook"
)

// crowd is a world in which many more webhooks hang than there are places for
// requests, beside one that answers.
func crowd(t *testing.T, test func(t *testing.T, w *world, good *inbox)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, dir, billhook.Config{MaxInFlight: 16})
		defer w.stop()
		w.run()
		good := &inbox{}
		w.register(w.serve(9000, good), wants("good"))
		hang := w.serve(9001, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}))
		for range 60 {
			w.register(hang, wants("bad"))
		}
		test(t, w, good)
	})
}

func wants(eventType string) func(*billhook.Registration) {
	return func(r *billhook.Registration) { r.Events = []string{eventType} }
}

// TestManyHang: receivers that hang, however many, leave places to one that has
// answered before.
func TestManyHang(t *testing.T) {
	crowd(t, func(t *testing.T, w *world, good *inbox) {
		w.emit("good", `0`)
		synctest.Wait()
		for range 5 {
			w.emit("bad", `0`)
		}
		for range 3 { // from unproven to slow, for some of them
			for i := range 100 {
				w.emit("good", fmt.Sprint(i))
			}
			before := time.Now()
			synctest.Wait()
			if len(good.all()) < 101 || !time.Now().Equal(before) {
				t.Fatalf("%d of 101 events came at once", len(good.all()))
			}
			settle(7 * time.Second)
			good.mu.Lock()
			good.requests = good.requests[:1]
			good.mu.Unlock()
		}
	})
}

// TestUnprovenWaitItsTurn: a receiver that has not answered yet waits for those
// that hang, but not for all of them to give up.
func TestUnprovenWaitItsTurn(t *testing.T) {
	crowd(t, func(t *testing.T, w *world, good *inbox) {
		w.emit("bad", `0`)
		w.emit("good", `0`)
		synctest.Wait()
		if n := len(good.all()); n != 0 {
			t.Fatalf("%d events came: nothing was in the way", n)
		}
		settle(5 * time.Minute)
		if n := len(good.all()); n != 1 {
			t.Fatalf("%d events came", n)
		}
	})
}

// TestChangedWebhookIsUnproven: where a webhook leads now has shown nothing yet.
func TestChangedWebhookIsUnproven(t *testing.T) {
	crowd(t, func(t *testing.T, w *world, good *inbox) {
		hooks, err := w.client.List(t.Context(), billhook.DefaultStore, "", 100)
		if err != nil {
			t.Fatal(err)
		}
		w.emit("good", `0`)
		synctest.Wait()
		to := w.serve(9002, good)
		for _, h := range hooks {
			if h.Events[0] == "good" {
				if _, err := w.client.Update(t.Context(), h.StoreID, h.ID, billhook.WebhookChange{URL: &to}); err != nil {
					t.Fatal(err)
				}
			}
		}
		w.emit("bad", `0`)
		w.emit("good", `1`)
		synctest.Wait()
		if n := len(good.all()); n != 1 {
			t.Errorf("%d events came", n)
		}
	})
}
