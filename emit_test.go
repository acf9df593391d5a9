package billhook_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/sign"
)

// store makes a store of a profile.
func (w *world) store(id, profile string) {
	w.t.Helper()
	if _, err := w.client.CreateStore(context.Background(), billhook.Store{ID: id, Profile: profile}); err != nil {
		w.t.Fatal(err)
	}
}

// TestRefusedEmits: each names what is wrong and leaves no trace.
func TestRefusedEmits(t *testing.T) {
	deep := strings.Repeat("[", 100) + strings.Repeat("]", 100)
	long := strings.Repeat("x", 1000)
	tests := []struct {
		name    string
		e       billhook.Emission
		code    billhook.Code
		pointer string
	}{
		{"no type", billhook.Emission{Data: []byte("{}")}, billhook.CodeInvalid, "/type"},
		{"long type", billhook.Emission{Type: long, Data: []byte("{}")}, billhook.CodeInvalid, "/type"},
		{"type of odd characters", billhook.Emission{Type: "order paid", Data: []byte("{}")}, billhook.CodeInvalid, "/type"},
		{"unknown type", billhook.Emission{StoreID: "closed", Type: "order.unheard", Data: []byte("{}")}, billhook.CodeUnknownEventType, "/type"},
		{"no data", billhook.Emission{Type: "order.paid"}, billhook.CodeInvalid, "/data"},
		{"not JSON", billhook.Emission{Type: "order.paid", Data: []byte("{a:1}")}, billhook.CodeInvalidJSON, "/data"},
		{"two values", billhook.Emission{Type: "order.paid", Data: []byte("{}{}")}, billhook.CodeInvalidJSON, "/data"},
		{"not UTF-8", billhook.Emission{Type: "order.paid", Data: []byte("\"\xff\"")}, billhook.CodeInvalidJSON, "/data"},
		{"too deep", billhook.Emission{Type: "order.paid", Data: []byte(deep)}, billhook.CodeTooDeep, "/data"},
		{"too large", billhook.Emission{Type: "order.paid", Data: []byte(`"` + strings.Repeat("x", 1<<20) + `"`)}, billhook.CodeTooLarge, "/data"},
		{"inexact number", billhook.Emission{StoreID: "closed", Type: "order.paid", Data: []byte(`{"items":[{"id":9007199254740993}]}`)}, billhook.CodeInexactNumber, "/data/items/0/id"},
		{"bad id", billhook.Emission{Type: "order.paid", ID: "a b", Data: []byte("{}")}, billhook.CodeInvalid, "/id"},
		{"long id", billhook.Emission{Type: "order.paid", ID: long, Data: []byte("{}")}, billhook.CodeInvalid, "/id"},
		{"bad key", billhook.Emission{Type: "order.paid", IdempotencyKey: "a\nb", Data: []byte("{}")}, billhook.CodeInvalid, "/idempotencyKey"},
		{"half an entity", billhook.Emission{Type: "order.paid", Entity: billhook.Reference{Type: "order"}, Data: []byte("{}")}, billhook.CodeInvalid, "/entity"},
		{"long actor", billhook.Emission{Type: "order.paid", Actor: billhook.Reference{Type: "user", ID: long}, Data: []byte("{}")}, billhook.CodeInvalid, "/actor/id"},
		{"time out of range", billhook.Emission{Type: "order.paid", OccurredAt: time.Unix(-1e10, 0), Data: []byte("{}")}, billhook.CodeInvalid, "/occurredAt"},
		{"unknown store", billhook.Emission{StoreID: "nowhere", Type: "order.paid", Data: []byte("{}")}, billhook.CodeNotFound, ""},
		{"taken id", billhook.Emission{Type: "order.paid", ID: "taken", Data: []byte("{}")}, billhook.CodeDuplicate, "/id"},
		{"reused key", billhook.Emission{Type: "order.paid", IdempotencyKey: "used", Data: []byte("{}")}, billhook.CodeKeyReused, ""},
	}
	bubble(t, func(t *testing.T, w *world) {
		w.store("closed", "elective-commerce")
		w.emit("order.paid", "0")
		if _, err := w.client.Emit(context.Background(), billhook.Emission{Type: "order.paid", ID: "taken", IdempotencyKey: "used", Data: []byte("1")}); err != nil {
			t.Fatal(err)
		}
		for _, tt := range tests {
			_, err := w.client.Emit(context.Background(), tt.e)
			var e *billhook.Error
			if !errors.As(err, &e) || e.Code != tt.code || !strings.HasPrefix(e.Pointer, tt.pointer) || e.Message == "" {
				t.Errorf("%s: %v (%+v)", tt.name, err, e)
			}
			if tt.code == billhook.CodeDuplicate || tt.code == billhook.CodeKeyReused {
				continue // told of each event of a batch by itself
			}
			good := billhook.Emission{Type: "order.paid", Data: []byte("{}")}
			_, err = w.client.EmitBatch(context.Background(), tt.e.StoreID, []billhook.Emission{good, tt.e})
			if !errors.As(err, &e) || e.Code != tt.code || e.Code != billhook.CodeNotFound && !strings.HasPrefix(e.Pointer, "/events/1"+tt.pointer) {
				t.Errorf("%s in a batch: %v", tt.name, err)
			}
		}
		for store, want := range map[string]int{"default": 2, "closed": 0} {
			es, err := w.client.Events(context.Background(), billhook.EventFilter{StoreID: store, Limit: 100})
			if err != nil || len(es) != want {
				t.Errorf("store %s has %d events, %v; want %d", store, len(es), err, want)
			}
		}
	})
}

func TestIdempotentEmit(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var in inbox
		w.register(w.serve(9000, &in))
		e := billhook.Emission{Type: "order.paid", IdempotencyKey: "k1", Data: []byte(`{"a":1}`)}
		first, err := w.client.Emit(context.Background(), e)
		if err != nil {
			t.Fatal(err)
		}
		results := make(chan billhook.Event)
		for range 10 {
			go func() {
				again, err := w.client.Emit(context.Background(), e)
				if err != nil {
					t.Error(err)
				}
				results <- again
			}()
		}
		for range 10 {
			if again := <-results; again.ID != first.ID || !again.CreatedAt.Equal(first.CreatedAt) || again.Deliveries != 1 {
				t.Errorf("a repeat answers %+v, first %+v", again, first)
			}
		}
		batch, err := w.client.EmitBatch(context.Background(), "default", []billhook.Emission{
			{Type: "order.paid", ID: "same", Data: []byte("1")}, {Type: "order.paid", ID: "same", Data: []byte("2")}, e,
		})
		if err != nil || batch[0].Err != nil || billhook.ErrorCode(batch[1].Err) != billhook.CodeDuplicate || batch[2].Err != nil || batch[2].Event.ID != first.ID {
			t.Errorf("batch %+v, %v", batch, err)
		}
		settle(time.Second)
		wantEach(t, &in, 2, 0)
	})
}

func TestRefusedWebhooks(t *testing.T) {
	ok := billhook.Registration{URL: "https://192.0.2.1/", Events: []string{"*"}} // never dialled
	with := func(f func(*billhook.Registration)) billhook.Registration {
		r := ok
		f(&r)
		return r
	}
	url := func(u string) billhook.Registration { return with(func(r *billhook.Registration) { r.URL = u }) }
	type test struct {
		name    string
		r       billhook.Registration
		code    billhook.Code
		pointer string
	}
	tests := []test{
		{"no URL", url(""), billhook.CodeInvalid, "/url"},
		{"no events", with(func(r *billhook.Registration) { r.Events = nil }), billhook.CodeInvalid, "/events"},
		{"an empty event", with(func(r *billhook.Registration) { r.Events = []string{"*", ""} }), billhook.CodeInvalid, "/events/1"},
		{"an odd pattern", with(func(r *billhook.Registration) { r.Events = []string{"*.paid"} }), billhook.CodeInvalid, "/events/0"},
		{"an unknown event", with(func(r *billhook.Registration) { r.Events = []string{"order.unheard"} }), billhook.CodeUnknownEventType, "/events/0"},
		{"an unknown prefix", with(func(r *billhook.Registration) { r.Events = []string{"pizza.*"} }), billhook.CodeUnknownEventType, "/events/0"},
		{"an empty secret's worth", with(func(r *billhook.Registration) { r.Secret = "\x01" }), billhook.CodeInvalid, "/secret"},
		{"a long name", with(func(r *billhook.Registration) { r.Name = strings.Repeat("x", 300) }), billhook.CodeInvalid, "/name"},
		{"a bad id", with(func(r *billhook.Registration) { r.ID = "a/b" }), billhook.CodeInvalid, "/id"},
		{"a taken id", with(func(r *billhook.Registration) { r.ID = "taken"; r.URL = "http://127.0.0.1:9000/" }), billhook.CodeDuplicate, "/id"},
	}
	for _, u := range []string{"/hook", "example.com/hook", "ftp://example.com/", "https://", "https:///path", "https:opaque", "https://user@example.com/", "https://u:p@example.com/", "https://example.com/#x", "https://example.com/#", "https://example.com:0/", "https://example.com:99999/", "https://example.com:/", "https://exa mple.com/", "https://example.com\\@evil/", "https://%zz/", "http://" + strings.Repeat("a", 3000), "javascript:alert(1)", "https://0x7f.1/", "https://169.254.169.254/"} {
		tests = append(tests, test{u, url(u), billhook.CodeURLRefused, "/url"})
	}
	bubble(t, func(t *testing.T, w *world) {
		w.store("shop", "elective-commerce")
		w.register("http://127.0.0.1:9000/", func(r *billhook.Registration) { r.ID = "taken"; r.StoreID = "shop" })
		for _, tt := range tests {
			tt.r.StoreID = "shop"
			if tt.pointer != "/url" && tt.code != billhook.CodeDuplicate {
				tt.r.URL = "http://127.0.0.1:9000/"
			}
			_, err := w.client.Register(context.Background(), tt.r)
			var e *billhook.Error
			if !errors.As(err, &e) || e.Code != tt.code || e.Pointer != tt.pointer || e.Message == "" {
				t.Errorf("%s: %v", tt.name, err)
			}
		}
		all, err := w.client.List(context.Background(), "shop", "", 100)
		if err != nil || len(all) != 1 {
			t.Errorf("%d webhooks, %v; want the one", len(all), err)
		}
	})
}

// TestSecureByDefault: without AllowInsecure neither http:// nor addresses of
// our own are let in.
func TestSecureByDefault(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		config := w.config
		config.AllowInsecure = false
		client, err := billhook.New(w.db, config)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range []string{"http://93.184.216.34/", "https://127.0.0.1/", "https://localhost/", "https://10.0.0.1/", "https://[::1]/", "https://[::ffff:10.0.0.1]/", "http://localhost:3000/webhooks"} {
			_, err := client.Register(context.Background(), billhook.Registration{URL: u, Events: []string{"*"}})
			if billhook.ErrorCode(err) != billhook.CodeURLRefused {
				t.Errorf("%s: %v", u, err)
			}
		}
		if _, err := client.Register(context.Background(), billhook.Registration{URL: "https://93.184.216.34/", Events: []string{"*"}}); err != nil {
			t.Errorf("a public address: %v", err)
		}
	})
}

// TestRotateSecret: both secrets sign until the grace period is over.
func TestRotateSecret(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var in inbox
		hook := w.register(w.serve(9000, &in))
		before := hook.Secrets[0].Value
		rotated, err := w.client.RotateSecret(context.Background(), "default", hook.ID, billhook.Rotation{GracePeriod: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		after := rotated.Secrets[0].Value
		verify := func(secret string) error {
			settle(time.Second)
			last := in.all()[len(in.all())-1]
			return sign.VerifyStandard([]string{secret}, last.header, []byte(last.body), time.Now(), time.Minute)
		}
		w.emit("order.paid", "1")
		if verify(before) != nil || verify(after) != nil {
			t.Errorf("during the overlap: old %v, new %v", verify(before), verify(after))
		}
		time.Sleep(2 * time.Hour)
		w.emit("order.paid", "2")
		if verify(before) == nil || verify(after) != nil {
			t.Errorf("after it: old %v, new %v", verify(before), verify(after))
		}
		if _, err := w.client.RotateSecret(context.Background(), "default", hook.ID, billhook.Rotation{GracePeriod: 8 * 24 * time.Hour}); billhook.ErrorCode(err) != billhook.CodeInvalid {
			t.Errorf("a grace of 8 days: %v", err)
		}
	})
}

func TestTestEvent(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		w.store("shop", "litestore")
		var one, other inbox
		hook := w.register(w.serve(9000, &one), func(r *billhook.Registration) {
			r.StoreID, r.Events = "shop", []string{"commission.earned"}
		})
		w.register(w.serve(9001, &other), func(r *billhook.Registration) { r.StoreID = "shop" })
		d, err := w.client.Test(context.Background(), "shop", hook.ID, "")
		if err != nil || d.EventType != "commission.earned" {
			t.Fatalf("%+v, %v", d, err)
		}
		settle(time.Second)
		if len(one.all()) != 1 || len(other.all()) != 0 || !strings.Contains(one.all()[0].body, `"commissionId":"commission-444"`) {
			t.Errorf("arrived: %+v and %d elsewhere", one.all(), len(other.all()))
		}
	})
}
