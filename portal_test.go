package billhook_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// TestPortalSession: a session is what was asked for, for as long, on record, and on a
// token that no other purpose takes.
func TestPortalSession(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.store("shop", "")
		ctx := billhook.WithCaller(context.Background(), billhook.Caller{Actor: billhook.Reference{Type: "apiKey", ID: "key_platform"}, RequestID: "req_1"})
		made, token, err := w.client.CreatePortalSession(ctx, billhook.PortalRequest{
			StoreID: "shop", Capabilities: []string{"read", "replay"}, Actor: billhook.Reference{Type: "user", ID: "anna"}, Language: "de", Theme: "dark",
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := w.client.PortalSession(token)
		if err != nil || got.StoreID != "shop" || got.ID != made.ID || got.Actor.ID != "anna" || got.Language != "de" || got.Theme != "dark" ||
			!slices.Equal(got.Permissions, []string{"webhooks:read", "deliveries:read", "deliveries:retry"}) || !got.ExpiresAt.Equal(time.Now().Add(time.Hour)) {
			t.Errorf("%+v, %v", got, err)
		}
		list, err := w.client.Audit(ctx, billhook.AuditFilter{StoreID: "shop", Event: billhook.AuditPortalCreate, Limit: 10})
		if err != nil || len(list) != 1 || list[0].Actor.ID != "key_platform" || list[0].Entity != (billhook.Reference{Type: "portalSession", ID: made.ID}) ||
			!strings.Contains(list[0].New, `"capabilities":["read","replay"],"actor":{"type":"user","id":"anna"}`) {
			t.Errorf("on record: %+v, %v", list, err)
		}
		if strings.Contains(list[0].New, token) {
			t.Error("the token is on record")
		}
		if _, ok := w.client.ReadToken("dashboard sessions", token); ok {
			t.Error("it is a token for another purpose")
		}
		session := w.client.SignToken("dashboard sessions", []byte(`{"store":"shop","expires":"2999-01-01T00:00:00Z"}`))
		wantEnded(t, w.client, session, "no portal session")
		time.Sleep(time.Hour - 1)
		if _, err := w.client.PortalSession(token); err != nil {
			t.Errorf("just before its end: %v", err)
		}
		time.Sleep(time.Nanosecond)
		wantEnded(t, w.client, token, "expired")

		own, token, err := w.client.CreatePortalSession(ctx, billhook.PortalRequest{StoreID: "shop", Capabilities: []string{"read"}, ExpiresIn: 24 * time.Hour})
		if err != nil || own.Actor != (billhook.Reference{Type: "portalSession", ID: own.ID}) || !own.ExpiresAt.Equal(time.Now().Add(24*time.Hour)) {
			t.Errorf("without an actor: %+v, %v", own, err)
		}
		if err := w.client.DeleteStore(ctx, "shop"); err != nil {
			t.Fatal(err)
		}
		wantEnded(t, w.client, token, "store")
	})
}

func wantEnded(t *testing.T, client *billhook.Client, token, why string) {
	t.Helper()
	got, err := client.PortalSession(token)
	if billhook.ErrorCode(err) != billhook.CodeSessionEnded || !strings.Contains(err.Error(), why) || got.StoreID != "" {
		t.Errorf("%+v, %v, not that it is over: %s", got, err, why)
	}
}

// TestPortalSessionOfKey: it ends with its key, and is never more than the key.
func TestPortalSessionOfKey(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.store("shop", "")
		read := []string{billhook.PermissionWebhooksRead, billhook.PermissionDeliveriesRead}
		create := func(k billhook.APIKey, storeID string, capabilities ...string) (billhook.PortalSession, string, error) {
			return w.client.CreatePortalSession(ctx, billhook.PortalRequest{StoreID: storeID, Capabilities: capabilities, KeyStoreID: k.StoreID, KeyID: k.ID})
		}
		revoked, _ := createKey(t, w.client, billhook.KeyRequest{StoreID: "shop", Permissions: read})
		brief, _ := createKey(t, w.client, billhook.KeyRequest{AllStores: true, Permissions: []string{"*"}, ExpiresAt: time.Now().Add(10 * time.Minute)})
		_, ofRevoked, err := create(revoked, "shop", "read")
		if err != nil {
			t.Fatal(err)
		}
		session, ofBrief, err := create(brief, "shop", "read", "manage", "replay")
		if err != nil || !session.ExpiresAt.Equal(brief.ExpiresAt) {
			t.Fatalf("it lasts until %v, its key until %v: %v", session.ExpiresAt, brief.ExpiresAt, err)
		}
		_, _, err = create(revoked, "shop", "read", "manage")
		wantPointer(t, err, "/capabilities/1")
		manages, _ := createKey(t, w.client, billhook.KeyRequest{StoreID: "shop", Permissions: []string{billhook.PermissionWebhooksManage, billhook.PermissionDeliveriesRead}})
		_, _, err = create(manages, "shop", "read", "manage", "replay")
		wantPointer(t, err, "/capabilities/2")
		_, _, err = create(revoked, "default", "read")
		wantPointer(t, err, "/storeId")
		if err := w.client.RevokeKey(ctx, "shop", revoked.ID); err != nil {
			t.Fatal(err)
		}
		wantEnded(t, w.client, ofRevoked, "revoked")
		_, _, err = create(revoked, "shop", "read")
		wantPointer(t, err, "/keyId")
		if got, err := w.client.PortalSession(ofBrief); err != nil || len(got.Permissions) != 4 {
			t.Errorf("another key's: %+v, %v", got, err)
		}
		time.Sleep(10 * time.Minute)
		wantEnded(t, w.client, ofBrief, "expired")
	})
}

func wantPointer(t *testing.T, err error, pointer string) {
	t.Helper()
	e, ok := err.(*billhook.Error)
	if !ok || e.Pointer != pointer {
		t.Errorf("%v is not about %s", err, pointer)
	}
}

// TestPortalSessionOfOutsideKey: a key that the Client does not keep is asked for by its
// id, and what it lost, the session has lost.
func TestPortalSessionOfOutsideKey(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		outside := map[string]billhook.APIKey{"root:1": {ID: "root:1", Permissions: []string{"*"}}, "root:2": {ID: "root:2", StoreID: "shop", Permissions: []string{"*"}}}
		request := billhook.PortalRequest{Capabilities: []string{"read", "manage"}, KeyID: "root:1"}
		_, _, err := w.client.CreatePortalSession(t.Context(), request)
		wantPointer(t, err, "/keyId") // nobody knows it
		w.reopen(func(c *billhook.Config) {
			c.Keyring, _ = billhook.NewKeyring(func() ([]billhook.SealKey, error) { return []billhook.SealKey{{ID: "a", Key: [32]byte{1}}}, nil })
			c.OutsideKey = func(id string) (billhook.APIKey, bool) { k, ok := outside[id]; return k, ok }
		})
		_, token, err := w.client.CreatePortalSession(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		w.reopen() // it is in its token alone
		if got, err := w.client.PortalSession(token); err != nil || len(got.Permissions) != 3 {
			t.Errorf("%+v, %v", got, err)
		}
		outside["root:1"] = billhook.APIKey{ID: "root:1", Permissions: []string{billhook.PermissionDeliveriesRead}}
		if got, err := w.client.PortalSession(token); err != nil || !slices.Equal(got.Permissions, []string{billhook.PermissionDeliveriesRead}) {
			t.Errorf("its key can do less now: %+v, %v", got, err)
		}
		delete(outside, "root:1")
		wantEnded(t, w.client, token, "revoked")
		_, _, err = w.client.CreatePortalSession(t.Context(), billhook.PortalRequest{Capabilities: []string{"read"}, KeyID: "root:2"})
		wantPointer(t, err, "/keyId") // for one store, and not said so
	})
}

// TestPortalRequest: what is wrong with a request is said of its member.
func TestPortalRequest(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		read := []string{"read"}
		for pointer, r := range map[string]billhook.PortalRequest{
			"/capabilities":   {Capabilities: []string{"manage"}},
			"/capabilities/1": {Capabilities: []string{"read", "everything"}},
			"/capabilities/2": {Capabilities: []string{"manage", "read", "manage"}},
			"/expiresIn":      {Capabilities: read, ExpiresIn: 24*time.Hour + 1},
			"/actor":          {Capabilities: read, Actor: billhook.Reference{Type: "user"}},
			"/actor/type":     {Capabilities: read, Actor: billhook.Reference{Type: "apiKey", ID: "root"}},
			"/actor/id":       {Capabilities: read, Actor: billhook.Reference{Type: "user", ID: "a\nb"}},
			"/language":       {Capabilities: read, Language: `de"><script>`},
			"/theme":          {Capabilities: read, Theme: "pink"},
		} {
			_, token, err := w.client.CreatePortalSession(t.Context(), r)
			if wantPointer(t, err, pointer); token != "" {
				t.Errorf("%s: a token all the same", pointer)
			}
		}
		_, _, err := w.client.CreatePortalSession(t.Context(), billhook.PortalRequest{StoreID: "none", Capabilities: read})
		if billhook.ErrorCode(err) != billhook.CodeNotFound {
			t.Errorf("in a store that is not there: %v", err)
		}
		list, err := w.client.Audit(t.Context(), billhook.AuditFilter{Event: billhook.AuditPortalCreate, Limit: 10})
		if err != nil || len(list) != 0 {
			t.Errorf("what was refused is on record: %+v, %v", list, err)
		}
	})
}
