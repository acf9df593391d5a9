package billhook_test

import (
	"context"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

const bearer = "Bearer of-the-receiver"

func withHeaders(headers map[string]string) func(*billhook.Registration) {
	return func(r *billhook.Registration) { r.Headers = headers }
}

// wantBearer checks that the inbox has n requests, all with the header.
func wantBearer(t *testing.T, in *inbox, n int, value string) {
	t.Helper()
	all := in.all()
	for _, r := range all {
		if got := r.header.Get("Authorization"); got != value {
			t.Errorf("a delivery has the header %q", got)
		}
	}
	if len(all) != n {
		t.Errorf("%d deliveries have come, not %d", len(all), n)
	}
}

// TestHeadersAreSealed: values of headers are sealed like secrets, those from before
// there was a Keyring too, under each key that comes, and open where they are sent.
func TestHeadersAreSealed(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		var in inbox
		hook := w.register(w.serve(9000, &in), withHeaders(map[string]string{"Authorization": bearer, "X-Empty": ""}))
		file := w.useKeys("a")
		w.reopen()
		w.run()
		w.emit("order.paid", "1") // as it was kept
		settle(5 * time.Second)
		conf, err := w.db.Configuration(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if h := conf.Webhooks[0].Headers; len(h) != 2 || h["X-Empty"] != "" || strings.Contains(h["Authorization"], "receiver") || !strings.Contains(h["Authorization"], "v1:a:") {
			t.Errorf("in the database: %q", h)
		}
		file.set("ba")
		settle(5 * time.Second)
		file.set("b")
		settle(5 * time.Second)
		w.reopen()
		w.run()
		w.emit("order.paid", "2")
		settle(time.Second)
		wantBearer(t, &in, 2, bearer)

		// *** keeps it, however the name is written, and a new value takes its place.
		headers := map[string]string{"authorization": billhook.HeaderKept, "X-Other": "other"}
		if _, err := w.client.Update(ctx, "default", hook.ID, billhook.WebhookChange{Headers: &headers}); err != nil {
			t.Fatal(err)
		}
		wantSealed(t, w.db, 3, "b")
		w.reopen()
		w.run()
		w.emit("order.paid", "3")
		settle(time.Second)
		wantBearer(t, &in, 3, bearer)
		headers["authorization"] = "another"
		got, err := w.client.Update(ctx, "default", hook.ID, billhook.WebhookChange{Headers: &headers})
		if err != nil || !maps.Equal(got.Headers, headers) {
			t.Errorf("changed to %q: %v", got.Headers, err)
		}
		w.reopen()
		if got, err := w.client.Get(ctx, "default", hook.ID); err != nil || !maps.Equal(got.Headers, headers) {
			t.Errorf("after a restart %q: %v", got.Headers, err)
		}
		if err := w.client.Delete(ctx, "default", hook.ID); err != nil {
			t.Fatal(err)
		}
		wantSealed(t, w.db, 0, "")
	})
}

// TestHeaderSealedShut: a webhook with a header that cannot be opened waits, can be
// changed, and goes on when the key is back; or with another value, if it is lost.
func TestHeaderSealedShut(t *testing.T) {
	for _, lost := range []bool{false, true} {
		bubble(t, func(t *testing.T, w *world) {
			ctx := context.Background()
			var in inbox
			w.useKeys("a")
			w.reopen()
			hook := w.register(w.serve(9000, &in), withHeaders(map[string]string{"Authorization": bearer}))
			file := w.useKeys("b")
			w.reopen()
			w.run()
			w.rotate(hook.ID, billhook.Rotation{}) // the header is left
			conf, err := w.db.Configuration(ctx)
			if err != nil {
				t.Fatal(err)
			}
			sealed := conf.Webhooks[0].Headers["Authorization"]
			w.emit("order.paid", "1")
			settle(time.Minute)
			wantBearer(t, &in, 0, "")
			shut, err := w.client.Get(ctx, "default", hook.ID)
			if err != nil || shut.Unopened() == nil || !strings.Contains(shut.Unopened().Error(), `"a"`) {
				t.Errorf("%v, %v", err, shut.Unopened())
			}
			headers := map[string]string{"authorization": billhook.HeaderKept, "X-Other": "1"}
			if _, err := w.client.Update(ctx, "default", hook.ID, billhook.WebhookChange{Headers: &headers}); err != nil {
				t.Errorf("keep what cannot be opened: %v", err)
			}
			forged := map[string]string{"X-Other": sealed}
			if _, err := w.client.Update(ctx, "default", hook.ID, billhook.WebhookChange{Headers: &forged}); billhook.ErrorCode(err) != billhook.CodeInvalid {
				t.Errorf("what is sealed as a value of a caller's: %v", err)
			}
			conf, err = w.db.Configuration(ctx)
			if err != nil || conf.Webhooks[0].Headers["authorization"] != sealed {
				t.Fatalf("kept as %q: %v", conf.Webhooks[0].Headers, err)
			}
			if lost {
				headers["authorization"] = "another"
				if _, err := w.client.Update(ctx, "default", hook.ID, billhook.WebhookChange{Headers: &headers}); err != nil {
					t.Fatal(err)
				}
				settle(time.Minute)
				wantBearer(t, &in, 1, "another")
				return
			}
			file.set("ba")
			settle(5 * time.Second)
			wantBearer(t, &in, 1, bearer)
			wantSealed(t, w.db, 3, "b")
		})
	}
}

// TestHeaderSealIsBound: what is sealed opens at its own webhook and name alone.
func TestHeaderSealIsBound(t *testing.T) {
	for name, swap := range map[string]func(own, other map[string]string){
		"another webhook's": func(own, other map[string]string) { own["X-A"] = other["X-A"] },
		"another header's":  func(own, _ map[string]string) { own["X-A"] = own["X-B"] },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				w.useKeys("a")
				w.reopen()
				var in inbox
				url := w.serve(9000, &in)
				for _, id := range []string{"one", "two"} {
					w.register(url, withHeaders(map[string]string{"X-A": "value of a", "X-B": "value of b"}), func(r *billhook.Registration) { r.ID = id })
				}
				conf, err := w.db.Configuration(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				own := conf.Webhooks[0]
				swap(own.Headers, conf.Webhooks[1].Headers)
				write := &billhook.WebhookWrite{Webhook: own, Was: own.UpdatedAt}
				if err := w.db.Commit(context.Background(), &billhook.Batch{Webhooks: []*billhook.WebhookWrite{write}}); err != nil || write.Refused {
					t.Fatal(err, write.Refused)
				}
				w.reopen()
				if got, err := w.client.Get(context.Background(), "default", own.ID); err != nil || got.Unopened() == nil {
					t.Errorf("%q opens: %v", got.Headers, err)
				}
				w.run()
				w.emit("order.paid", "1")
				settle(time.Minute)
				if len(in.all()) != 1 {
					t.Errorf("%d requests, want that of the other webhook", len(in.all()))
				}
			})
		})
	}
}
