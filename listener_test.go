package billhook_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/filter"
	"github.com/billhook/billhook/profile"
	"github.com/billhook/billhook/receive"
)

func listenTo(t *testing.T, c *billhook.Client, of billhook.Listening) *billhook.Listener {
	t.Helper()
	l, err := c.Listen(context.Background(), of)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func requestFor(t *testing.T, l *billhook.Listener, e *billhook.Event) billhook.SignedRequest {
	t.Helper()
	r, err := l.Request(e)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// canonical is a header as net/http reads it.
func canonical(h http.Header) http.Header {
	read := http.Header{}
	for name, values := range h {
		read[http.CanonicalHeaderKey(name)] = values
	}
	return read
}

// TestListenAsWebhook: whoever listens as a webhook gets the very request that its
// receiver gets, of every profile, alone and in batches, and while a secret rotates.
func TestListenAsWebhook(t *testing.T) {
	for _, name := range profile.Names() {
		for how, change := range map[string]func(*billhook.Registration){
			"plain":   func(*billhook.Registration) {},
			"batches": func(r *billhook.Registration) { r.Batch = billhook.Batching{MaxEvents: 10} },
			"all": func(r *billhook.Registration) {
				r.Headers, r.Ed25519, r.TraceContext = map[string]string{"X-Token": "t", "Idempotency-Key": "k"}, true, true
			},
		} {
			t.Run(name+"/"+how, func(t *testing.T) {
				bubble(t, func(t *testing.T, w *world) {
					w.reopen(func(c *billhook.Config) { c.Profile = name })
					store, err := w.client.CreateStore(context.Background(), billhook.Store{ID: "shop", Profile: name})
					if err != nil {
						t.Fatal(err)
					}
					in := &inbox{}
					url := w.serve(80, in)
					hook := w.register(url, func(r *billhook.Registration) { r.StoreID = store.ID; change(r) })
					w.rotateOnce(store.ID, hook.ID)
					w.run()
					p, _ := profile.Named(name)
					eventType := p.EventTypes[0]
					ctx := billhook.WithTraceContext(context.Background(), billhook.ParseTraceContext("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", ""))
					if _, err := w.client.Emit(ctx, billhook.Emission{StoreID: store.ID, Type: eventType.Name, Data: eventType.Example, IdempotencyKey: "once"}); err != nil {
						t.Fatal(err)
					}
					settle(time.Millisecond)
					events, _, err := w.client.EventsAfter(context.Background(), store.ID, cursorOf(t, w.client, store.ID), 10)
					if err != nil || len(events) != 1 {
						t.Fatalf("%d events, %v", len(events), err)
					}
					l := listenTo(t, w.client, billhook.Listening{StoreID: store.ID, WebhookID: hook.ID})
					r := requestFor(t, l, &events[0].Event)
					got := in.all()
					if len(got) != 1 {
						t.Fatalf("the receiver got %d requests", len(got))
					}
					same(t, "body", string(r.Body), got[0].body)
					same(t, "method", r.Method, http.MethodPost)
					delete(got[0].header, "Content-Length")
					delete(got[0].header, "Accept-Encoding")
					same(t, "headers", canonical(r.Header), got[0].header)
					same(t, "a secret to tell", l.Secret(), "")
				})
			})
		}
	}
}

func cursorOf(t *testing.T, c *billhook.Client, storeID string) string {
	t.Helper()
	cursor, err := c.EventCursor(context.Background(), storeID, time.Now().Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return cursor
}

// rotateOnce has two secrets sign.
func (w *world) rotateOnce(storeID, id string) {
	w.t.Helper()
	if _, err := w.client.RotateSecret(context.Background(), storeID, id, billhook.Rotation{}); err != nil {
		w.t.Fatal(err)
	}
}

// TestListenWithOwnSecret: what the store's own secret signs verifies, by every
// profile's header and by that of Standard Webhooks. The secret is the same after a
// restart, and another store has another.
func TestListenWithOwnSecret(t *testing.T) {
	for _, name := range profile.Names() {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, t.TempDir(), billhook.Config{Profile: name})
			defer w.stop()
			w.useKeys("a")
			w.reopen(func(c *billhook.Config) { c.Profile = name })
			store, err := w.client.CreateStore(t.Context(), billhook.Store{ID: "shop", Profile: name})
			if err != nil {
				t.Fatal(err)
			}
			p, _ := profile.Named(name)
			e := billhook.Event{StoreID: store.ID, ID: p.IDs.Event.New(time.Now(), [10]byte{1}), Type: p.EventTypes[0].Name, Data: p.EventTypes[0].Example, CreatedAt: time.Now()}
			l := listenTo(t, w.client, billhook.Listening{StoreID: store.ID})
			r := requestFor(t, l, &e)
			schemes := []receive.Scheme{receive.StandardHeaders}
			if p.Signature != nil {
				schemes = append(schemes, receive.ProfileHeader)
			}
			for _, scheme := range schemes {
				v, err := receive.New(receive.Config{Secrets: []string{l.Secret()}, Profile: name, Scheme: scheme})
				if err != nil {
					t.Fatal(err)
				}
				if m, err := v.Verify(canonical(r.Header), r.Body); err != nil || m.ID != e.ID {
					t.Errorf("scheme %v: %v, %v", scheme, m, err)
				}
				if _, err := v.Verify(canonical(r.Header), append([]byte(" "), r.Body...)); err == nil {
					t.Error("another body verifies")
				}
			}
			secret := l.Secret()
			if other := listenTo(t, w.client, billhook.Listening{}).Secret(); other == secret {
				t.Error("two stores have the same secret")
			}
			w.useKeys("ba") // b seals from now on, and a is still there
			w.reopen()
			same(t, "secret after a restart", listenTo(t, w.client, billhook.Listening{StoreID: store.ID}).Secret() == secret, true)
		})
	}
}

// TestListenerWants: patterns, and of a webhook its event types and its filter, as they
// are now. It need not be active.
func TestListenerWants(t *testing.T) {
	w := newWorld(t, t.TempDir(), billhook.Config{Filters: filter.New()})
	defer w.stop()
	hook := w.register("http://127.0.0.1:1/", func(r *billhook.Registration) {
		r.Events, r.Inactive, r.Filter = []string{"order.*"}, true, "data.total > 10"
	})
	e := func(eventType, data string) *billhook.Event {
		return &billhook.Event{StoreID: "default", Type: eventType, Data: []byte(data)}
	}
	for _, test := range []struct {
		of    billhook.Listening
		event *billhook.Event
		want  bool
	}{
		{billhook.Listening{}, e("order.paid", `{}`), true},
		{billhook.Listening{Events: []string{"order.*"}}, e("order.paid", `{}`), true},
		{billhook.Listening{Events: []string{"order.*"}}, e("cart.left", `{}`), false},
		{billhook.Listening{WebhookID: hook.ID}, e("order.paid", `{"total":11}`), true},
		{billhook.Listening{WebhookID: hook.ID}, e("order.paid", `{"total":10}`), false},
		{billhook.Listening{WebhookID: hook.ID}, e("order.paid", `{}`), false}, // the filter has no value
		{billhook.Listening{WebhookID: hook.ID}, e("cart.left", `{"total":11}`), false},
		{billhook.Listening{WebhookID: hook.ID, Events: []string{"order.sent"}}, e("order.paid", `{"total":11}`), false},
		{billhook.Listening{WebhookID: hook.ID, Events: []string{"order.sent"}}, e("order.sent", `{"total":11}`), true},
	} {
		got, err := listenTo(t, w.client, test.of).Wants(test.event)
		if err != nil || got != test.want {
			t.Errorf("%+v wants %s %s: %v, %v", test.of, test.event.Type, test.event.Data, got, err)
		}
	}
	l := listenTo(t, w.client, billhook.Listening{WebhookID: hook.ID})
	if err := w.client.Delete(t.Context(), "default", hook.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Wants(e("order.paid", `{"total":11}`)); billhook.ErrorCode(err) != billhook.CodeNotFound {
		t.Errorf("after the webhook is gone: %v", err)
	}
	if _, err := l.Request(e("order.paid", `{}`)); billhook.ErrorCode(err) != billhook.CodeNotFound {
		t.Errorf("after the webhook is gone: %v", err)
	}
	for _, of := range []billhook.Listening{{StoreID: "none"}, {WebhookID: hook.ID}, {Events: []string{"order*"}}} {
		if _, err := w.client.Listen(t.Context(), of); err == nil {
			t.Errorf("%+v is accepted", of)
		}
	}
	gone := e("order.paid", "")
	gone.ErasedAt = time.Now()
	if _, err := listenTo(t, w.client, billhook.Listening{}).Request(gone); billhook.ErrorCode(err) != billhook.CodeConflict {
		t.Errorf("of what is no longer kept: %v", err)
	}
}

// TestListenIsOnRecord: as a webhook, once an hour for each caller; and not with the
// store's own secret.
func TestListenIsOnRecord(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		hook := w.register("http://127.0.0.1:1/")
		entries := func() int {
			all, err := w.client.Audit(context.Background(), billhook.AuditFilter{Event: billhook.AuditWebhookListen, Limit: 100})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range all {
				same(t, "entity", e.Entity, billhook.Reference{Type: "webhook", ID: hook.ID})
			}
			return len(all)
		}
		as := func(actor string) {
			ctx := billhook.WithCaller(context.Background(), billhook.Caller{Actor: billhook.Reference{Type: "apiKey", ID: actor}})
			if _, err := w.client.Listen(ctx, billhook.Listening{WebhookID: hook.ID}); err != nil {
				t.Fatal(err)
			}
		}
		listenTo(t, w.client, billhook.Listening{})
		same(t, "with the store's own secret", entries(), 0)
		as("a")
		as("a")
		same(t, "again at once", entries(), 1)
		as("b")
		same(t, "another", entries(), 2)
		settle(time.Hour)
		as("a")
		same(t, "an hour later", entries(), 3)
	})
}
