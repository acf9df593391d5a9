package billhook_test

import (
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
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

// TestStoreKeepsToItsPlaces: receivers of one store that answered well and hang
// since leave places to those of others, however many they are.
func TestStoreKeepsToItsPlaces(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, dir, billhook.Config{MaxInFlight: 16, WebhookConcurrency: 4})
		defer w.stop()
		w.run()
		var hang atomic.Bool
		url := w.serve(9000, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			if hang.Load() {
				<-r.Context().Done()
			}
		}))
		w.store("bad", "standard")
		for range 20 {
			w.register(url, func(r *billhook.Registration) { r.StoreID = "bad" })
		}
		good := &inbox{}
		w.register(w.serve(9001, good))
		emit := func(store string) {
			if _, err := w.client.Emit(t.Context(), billhook.Emission{StoreID: store, Type: "t", Data: []byte(`1`)}); err != nil {
				t.Fatal(err)
			}
		}
		emit("bad")
		emit(billhook.DefaultStore)
		settle(time.Minute) // all are good now
		hang.Store(true)
		for range 10 {
			emit("bad")
		}
		settle(time.Millisecond)
		for range 50 {
			emit(billhook.DefaultStore)
		}
		synctest.Wait()
		if n := len(good.all()); n != 51 {
			t.Errorf("%d of 51 events came at once", n)
		}
		hang.Store(false)
		settle(time.Hour)
		if left := w.deliveries(billhook.DeliveryFilter{StoreID: "bad", Status: billhook.StatusPending}); len(left) > 0 {
			t.Errorf("%d deliveries of the store that hung wait still", len(left))
		}
	})
}

// TestMaxWebhooks: a store has so many webhooks and keys, and no more.
func TestMaxWebhooks(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, dir, billhook.Config{MaxWebhooks: 2, MaxKeys: 2})
		defer w.stop()
		hook := w.register("http://127.0.0.1:9000/")
		w.register("http://127.0.0.1:9000/")
		r := billhook.Registration{URL: "http://127.0.0.1:9000/", Events: []string{"*"}}
		if _, err := w.client.Register(t.Context(), r); billhook.ErrorCode(err) != billhook.CodeConflict {
			t.Errorf("a third webhook: %v", err)
		}
		if err := w.client.Delete(t.Context(), hook.StoreID, hook.ID); err != nil {
			t.Fatal(err)
		}
		w.register("http://127.0.0.1:9000/")
		key := billhook.KeyRequest{Name: "k", Permissions: []string{billhook.PermissionEventsEmit}}
		for i, want := range []billhook.Code{"", "", billhook.CodeConflict} {
			if _, _, err := w.client.CreateKey(t.Context(), key); billhook.ErrorCode(err) != want {
				t.Errorf("key %d: %v", i, err)
			}
		}
	})
}
