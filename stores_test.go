package billhook_test

import (
	"context"
	"strings"
	"testing"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
)

func TestStores(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.store("b", "litestore")
		w.store("a", "")
		refused := []struct {
			store   billhook.Store
			pointer string
			code    billhook.Code
		}{
			{billhook.Store{}, "/id", billhook.CodeInvalid},
			{billhook.Store{ID: "a b"}, "/id", billhook.CodeInvalid},
			{billhook.Store{ID: strings.Repeat("x", 65)}, "/id", billhook.CodeInvalid},
			{billhook.Store{ID: "c", Profile: "none"}, "/profile", billhook.CodeInvalid},
			{billhook.Store{ID: "c", Name: strings.Repeat("x", 300)}, "/name", billhook.CodeInvalid},
			{billhook.Store{ID: "a"}, "/id", billhook.CodeDuplicate},
		}
		for _, tt := range refused {
			_, err := w.client.CreateStore(ctx, tt.store)
			if billhook.ErrorCode(err) != tt.code || !strings.HasPrefix(err.Error(), tt.pointer) {
				t.Errorf("%+v: %v", tt.store, err)
			}
		}
		name, standard := "Shop B", "standard"
		if _, err := w.client.UpdateStore(ctx, "b", billhook.StoreChange{Name: &name, Profile: &standard}); err != nil {
			t.Fatal(err)
		}
		if err := w.client.DeleteStore(ctx, "default"); billhook.ErrorCode(err) != billhook.CodeConflict {
			t.Errorf("the default store: %v", err)
		}

		// All of it is there again after a restart.
		w.stopDatabase()
		w.open()
		got, err := w.client.Store(ctx, "b")
		if err != nil || got.Name != name || got.Profile != standard {
			t.Errorf("%+v, %v", got, err)
		}
		list, err := w.client.Stores(ctx, "a", 1)
		if err != nil || len(list) != 1 || list[0].ID != "b" {
			t.Errorf("after a: %+v, %v", list, err)
		}
	})
}

// TestDeletionsLast: what was deleted is not back after a restart.
func TestDeletionsLast(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.store("gone", "")
		hook := w.register("http://127.0.0.1:9000/")
		if err := w.client.DeleteStore(ctx, "gone"); err != nil {
			t.Fatal(err)
		}
		if err := w.client.Delete(ctx, "default", hook.ID); err != nil {
			t.Fatal(err)
		}
		w.stopDatabase()
		w.open()
		if _, err := w.client.Store(ctx, "gone"); billhook.ErrorCode(err) != billhook.CodeNotFound {
			t.Errorf("the store: %v", err)
		}
		if _, err := w.client.Get(ctx, "default", hook.ID); billhook.ErrorCode(err) != billhook.CodeNotFound {
			t.Errorf("the webhook: %v", err)
		}
		for id, create := range map[string]func() error{
			"gone": func() error { _, err := w.client.CreateStore(ctx, billhook.Store{ID: "gone"}); return err },
			hook.ID: func() error {
				_, err := w.client.Register(ctx, billhook.Registration{ID: hook.ID, URL: hook.URL, Events: hook.Events})
				return err
			},
		} {
			if err := create(); billhook.ErrorCode(err) != billhook.CodeDuplicate {
				t.Errorf("%s was given again: %v", id, err)
			}
		}
	})
}

// TestUpdate: every member can be changed, holds from the next attempt on, and
// is there after a restart.
func TestUpdate(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		hook := w.register("http://127.0.0.1:9000/")
		url, events, name, description := "http://127.0.0.1:9001/", []string{"order.*"}, "Orders", "for the warehouse"
		policy := &profile.RetryPolicy{MaxAttempts: 3}
		headers := map[string]string{"X-A": "1"}
		inactive := false
		_, err := w.client.Update(ctx, "default", hook.ID, billhook.WebhookChange{
			URL: &url, Events: &events, Name: &name, Description: &description, RetryPolicy: &policy, Headers: &headers, IsActive: &inactive,
		})
		if err != nil {
			t.Fatal(err)
		}
		w.stopDatabase()
		w.open()
		got, err := w.client.Get(ctx, "default", hook.ID)
		if err != nil || got.URL != url || got.Events[0] != "order.*" || got.Name != name || got.Description != description ||
			got.RetryPolicy == nil || got.RetryPolicy.MaxAttempts != 3 || got.Headers["X-A"] != "1" || got.IsActive {
			t.Errorf("%+v, %v", got, err)
		}
		var none *profile.RetryPolicy
		if got, err = w.client.Update(ctx, "default", hook.ID, billhook.WebhookChange{RetryPolicy: &none}); err != nil || got.RetryPolicy != nil {
			t.Errorf("back to the profile's policy: %+v, %v", got, err)
		}
		bad := "ftp://x/"
		if _, err := w.client.Update(ctx, "default", hook.ID, billhook.WebhookChange{URL: &bad}); billhook.ErrorCode(err) != billhook.CodeURLRefused {
			t.Errorf("a bad URL: %v", err)
		}
		zero := &profile.RetryPolicy{}
		if _, err := w.client.Update(ctx, "default", hook.ID, billhook.WebhookChange{RetryPolicy: &zero}); billhook.ErrorCode(err) != billhook.CodeInvalid {
			t.Errorf("zero attempts: %v", err)
		}
		if again, _ := w.client.Get(ctx, "default", hook.ID); again.URL != url || again.RetryPolicy != nil {
			t.Errorf("a refused change left a trace: %+v", again)
		}
	})
}
