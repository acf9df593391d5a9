package billhook_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

func createKey(t *testing.T, client *billhook.Client, r billhook.KeyRequest) (billhook.APIKey, string) {
	t.Helper()
	if r.Permissions == nil {
		r.Permissions = []string{billhook.PermissionEventsEmit}
	}
	r.Name = "till 3"
	k, secret, err := client.CreateKey(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	return k, secret
}

// accepted reports whether a secret is that of the key.
func accepted(t *testing.T, client *billhook.Client, secret string, k billhook.APIKey) bool {
	t.Helper()
	got, ok := client.Authenticate(secret)
	if ok && (got.ID != k.ID || got.StoreID != k.StoreID || got.Salt != nil || got.Hash != nil) {
		t.Errorf("the secret of %+v is that of %+v", k, got)
	}
	if !ok && got.ID != "" {
		t.Errorf("refused, and yet %+v", got)
	}
	return ok
}

func TestAPIKeys(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.store("shop", "")
		here, secret := createKey(t, w.client, billhook.KeyRequest{Permissions: []string{"events:emit", "webhooks:read"}})
		there, theirs := createKey(t, w.client, billhook.KeyRequest{StoreID: "shop"})
		all, everywhere := createKey(t, w.client, billhook.KeyRequest{AllStores: true, Permissions: []string{"*"}})
		if here.StoreID != "default" || there.StoreID != "shop" || all.StoreID != "" || here.Salt != nil || here.Hash != nil {
			t.Errorf("made %+v, %+v, %+v", here, there, all)
		}
		for range 2 { // as they are, and after a restart
			if !accepted(t, w.client, secret, here) || !accepted(t, w.client, theirs, there) || !accepted(t, w.client, everywhere, all) {
				t.Error("a new key is refused")
			}
			for storeID, want := range map[string]string{"default": here.ID, "shop": there.ID, "": all.ID} {
				list, err := w.client.Keys(ctx, storeID, "", 10)
				if err != nil || len(list) != 1 || list[0].ID != want || list[0].Hash != nil || list[0].Salt != nil {
					t.Errorf("keys of %q: %+v, %v", storeID, list, err)
				}
			}
			got, err := w.client.Key(ctx, "default", here.ID)
			if err != nil || got.Name != "till 3" || len(got.Permissions) != 2 || got.Hash != nil || !strings.HasPrefix(secret, got.Prefix+"_") {
				t.Errorf("%+v, %v", got, err)
			}
			for _, storeID := range []string{"shop", "", "none"} {
				if _, err := w.client.Key(ctx, storeID, here.ID); billhook.ErrorCode(err) != billhook.CodeNotFound {
					t.Errorf("the key of another store, from %q: %v", storeID, err)
				}
				if err := w.client.RevokeKey(ctx, storeID, here.ID); billhook.ErrorCode(err) != billhook.CodeNotFound {
					t.Errorf("the key of another store, revoked from %q: %v", storeID, err)
				}
			}
			w.stopDatabase()
			w.open()
		}
		if err := w.client.RevokeKey(ctx, "default", here.ID); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if accepted(t, w.client, secret, here) || !accepted(t, w.client, theirs, there) {
				t.Error("a revoked key is accepted, or another is not")
			}
			if err := w.client.RevokeKey(ctx, "default", here.ID); billhook.ErrorCode(err) != billhook.CodeNotFound {
				t.Errorf("revoked again: %v", err)
			}
			if list, err := w.client.Keys(ctx, "default", "", 10); err != nil || len(list) != 0 {
				t.Errorf("keys: %+v, %v", list, err)
			}
			w.stopDatabase()
			w.open()
		}
		if err := w.client.DeleteStore(ctx, "shop"); err != nil {
			t.Fatal(err)
		}
		if accepted(t, w.client, theirs, there) || !accepted(t, w.client, everywhere, all) {
			t.Error("a key of a deleted store is accepted, or one for all stores is not")
		}
		if _, err := w.client.Keys(ctx, "shop", "", 10); billhook.ErrorCode(err) != billhook.CodeNotFound {
			t.Errorf("keys of a deleted store: %v", err)
		}
	})
}

// TestSecretIsNotKept: what is on disk is salted, and has no secret in it.
func TestSecretIsNotKept(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		_, one := createKey(t, w.client, billhook.KeyRequest{})
		_, two := createKey(t, w.client, billhook.KeyRequest{})
		kept, err := w.db.Configuration(context.Background())
		if err != nil || len(kept.Keys) != 2 {
			t.Fatalf("%+v, %v", kept.Keys, err)
		}
		for i, k := range kept.Keys {
			if len(k.Salt) != 16 || len(k.Hash) != 32 || string(k.Salt) == string(kept.Keys[1-i].Salt) {
				t.Errorf("salt %x, hash %x", k.Salt, k.Hash)
			}
			text := strings.Join([]string{k.ID, k.Name, k.Prefix, string(k.Salt), string(k.Hash)}, " ")
			for _, secret := range []string{one, two} {
				if strings.Contains(text, secret[len(k.Prefix)+1:]) {
					t.Errorf("%+v holds a secret", k)
				}
			}
		}
	})
}

func TestAPIKeyExpires(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		at := time.Now().Add(time.Hour)
		k, secret := createKey(t, w.client, billhook.KeyRequest{ExpiresAt: at})
		time.Sleep(time.Hour - 1)
		if !accepted(t, w.client, secret, k) {
			t.Error("refused before it expires")
		}
		time.Sleep(time.Nanosecond)
		if accepted(t, w.client, secret, k) {
			t.Error("accepted when it has expired")
		}
		if got, err := w.client.Key(context.Background(), "default", k.ID); err != nil || !got.ExpiresAt.Equal(at) {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestAPIKeyRefuses(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx, one := context.Background(), []string{billhook.PermissionEventsEmit}
		for _, tt := range []struct {
			request billhook.KeyRequest
			pointer string
			code    billhook.Code
		}{
			{billhook.KeyRequest{Permissions: one}, "/name", billhook.CodeInvalid},
			{billhook.KeyRequest{Name: strings.Repeat("x", 201), Permissions: one}, "/name", billhook.CodeInvalid},
			{billhook.KeyRequest{Name: "a\nb", Permissions: one}, "/name", billhook.CodeInvalid},
			{billhook.KeyRequest{Name: "x"}, "/permissions", billhook.CodeInvalid},
			{billhook.KeyRequest{Name: "x", Permissions: []string{"events:emit", "events:read"}}, "/permissions/1", billhook.CodeInvalid},
			{billhook.KeyRequest{Name: "x", Permissions: []string{"*", "*"}}, "/permissions/1", billhook.CodeInvalid},
			{billhook.KeyRequest{Name: "x", Permissions: one, ExpiresAt: time.Now()}, "/expiresAt", billhook.CodeInvalid},
			{billhook.KeyRequest{Name: "x", Permissions: one, ExpiresAt: time.Now().AddDate(300, 0, 0)}, "/expiresAt", billhook.CodeInvalid},
			{billhook.KeyRequest{Name: "x", Permissions: one, StoreID: "default", AllStores: true}, "/allStores", billhook.CodeInvalid},
			{billhook.KeyRequest{Name: "x", Permissions: one, StoreID: "none"}, "there is no store", billhook.CodeNotFound},
		} {
			_, secret, err := w.client.CreateKey(ctx, tt.request)
			if secret != "" || billhook.ErrorCode(err) != tt.code || !strings.HasPrefix(err.Error(), tt.pointer) {
				t.Errorf("%+v: %v", tt.request, err)
			}
		}
		kept, err := w.db.Configuration(ctx)
		if err != nil || len(kept.Keys) != 0 {
			t.Errorf("a refused call left %+v, %v", kept.Keys, err)
		}
	})
}

// TestAPIKeysOfOtherNodes: a key that another node has made is accepted, and
// one that it has revoked is not, as soon as this one hears of changes.
func TestAPIKeysOfOtherNodes(t *testing.T) {
	clusterBubble(t, func(t *testing.T, c *cluster) {
		one, other := c.node(c.open()), c.node(c.open())
		one.run()
		other.run()
		k, secret := createKey(t, one.Client, billhook.KeyRequest{})
		settle(lease)
		if !accepted(t, other.Client, secret, k) {
			t.Error("a key that another node has made is refused")
		}
		if err := other.RevokeKey(context.Background(), "default", k.ID); err != nil {
			t.Fatal(err)
		}
		settle(lease)
		if accepted(t, one.Client, secret, k) {
			t.Error("a key that another node has revoked is accepted")
		}
		if err := one.RevokeKey(context.Background(), "default", k.ID); billhook.ErrorCode(err) != billhook.CodeNotFound {
			t.Errorf("revoked on two nodes: %v", err)
		}
	})
}

// TestRevokedOnTwoNodes: who has not heard that a key is revoked finds out when
// it revokes it.
func TestRevokedOnTwoNodes(t *testing.T) {
	clusterBubble(t, func(t *testing.T, c *cluster) {
		ctx := context.Background()
		one := c.node(c.open())
		k, secret := createKey(t, one.Client, billhook.KeyRequest{})
		other := c.node(c.open())
		if err := one.RevokeKey(ctx, "default", k.ID); err != nil {
			t.Fatal(err)
		}
		if err := other.RevokeKey(ctx, "default", k.ID); billhook.ErrorCode(err) != billhook.CodeNotFound {
			t.Errorf("got %v", err)
		}
		if accepted(t, other.Client, secret, k) {
			t.Error("accepted")
		}
	})
}

// TestDocumentationNamesThePermissions: its table has them all.
func TestDocumentationNamesThePermissions(t *testing.T) {
	text, err := os.ReadFile("docs/SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, permission := range billhook.Permissions() {
		if !strings.Contains(string(text), "\n| `"+permission+"` | ") {
			t.Errorf("the table has no %s", permission)
		}
	}
}
