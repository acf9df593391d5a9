package dashboard

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// TestKeyIsShownOnce: the answer that makes a key has its secret, which is one, and no
// other page does.
func TestKeyIsShownOnce(t *testing.T) {
	f := newFixture(t)
	b := f.signedIn(rootSecret)
	w := b.post("/stores/mine/keys", "name", "Kiosk", "permissions", "events:emit", "permissions", "webhooks:read", "days", "30")
	secret := regexp.MustCompile(`bhk_[A-Z0-9]+_[A-Z0-9]+`).FindString(w.Body.String())
	k, ok := f.client.Authenticate(secret)
	if w.Code != http.StatusOK || !ok {
		t.Fatalf("%d, and no key in it\n%s", w.Code, w.Body)
	}
	if k.StoreID != "mine" || k.Name != "Kiosk" || strings.Join(k.Permissions, " ") != "events:emit webhooks:read" {
		t.Errorf("the key is %+v", k)
	}
	if left := time.Until(k.ExpiresAt); left < 29*24*time.Hour || left > 30*24*time.Hour {
		t.Errorf("it expires in %v", left)
	}
	if w.Header().Get("Cache-Control") != "no-store" {
		t.Error("the secret may be kept")
	}
	list := b.get("/stores/mine/keys").Body.String()
	if !strings.Contains(list, "Kiosk") || strings.Contains(list, secret) {
		t.Error("the list has not the key, or its secret")
	}
	if strings.Contains(b.get("/keys").Body.String(), "Kiosk") || strings.Contains(b.get("/stores/theirs/keys").Body.String(), "Kiosk") {
		t.Error("the key is on another list")
	}
}

// TestKeysGiveNoMore: nobody makes a key that can do more than their own.
func TestKeysGiveNoMore(t *testing.T) {
	f := newFixture(t)
	end := time.Now().Add(48 * time.Hour).Truncate(time.Second)
	_, secret, err := f.client.CreateKey(t.Context(), billhook.KeyRequest{
		StoreID: "mine", Name: "short", Permissions: []string{billhook.PermissionKeysManage}, ExpiresAt: end,
	})
	if err != nil {
		t.Fatal(err)
	}
	b := f.signedIn(secret)
	if w := b.get("/stores/mine/keys"); strings.Contains(w.Body.String(), `value="audit:read"`) || !strings.Contains(w.Body.String(), `value="keys:manage"`) {
		t.Error("other permissions are offered than the viewer has")
	}
	if w := b.post("/stores/mine/keys", "name", "more", "permissions", "audit:read", "days", "7"); w.Code != http.StatusForbidden {
		t.Errorf("a permission that the viewer lacks: %d", w.Code)
	}
	for _, days := range []string{"", "1", "7"} {
		if w := b.post("/stores/mine/keys", "name", "in "+days, "permissions", "keys:manage", "days", days); w.Code != http.StatusOK {
			t.Fatalf("%q days: %d", days, w.Code)
		}
	}
	list, err := f.client.Keys(t.Context(), "mine", "", 10)
	if err != nil || len(list) != 4 {
		t.Fatalf("%d keys: %v", len(list), err)
	}
	for _, k := range list {
		if k.ExpiresAt.IsZero() || k.ExpiresAt.After(end) {
			t.Errorf("%s lasts until %v, and its maker until %v", k.Name, k.ExpiresAt, end)
		}
	}
}

// TestKeyRefused: what is wrong is told above the form, which keeps what was sent.
func TestKeyRefused(t *testing.T) {
	b := newFixture(t).signedIn(rootSecret)
	for _, form := range [][]string{
		{"name", "", "permissions", "audit:read"},
		{"name", "none"},
		{"name", "unknown", "permissions", "coffee:make"},
		{"name", "past", "permissions", "audit:read", "days", "-1"},
	} {
		w := b.post("/stores/mine/keys", form...)
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `role="alert"`) || !strings.Contains(w.Body.String(), `value="`+form[1]+`"`) {
			t.Errorf("%v: %d\n%s", form, w.Code, w.Body)
		}
	}
}

// TestRevokeEndsSessions: a session ends with its key, at once.
func TestRevokeEndsSessions(t *testing.T) {
	f := newFixture(t)
	secret := f.key("mine", billhook.PermissionKeysManage)
	k, _ := f.client.Authenticate(secret)
	b := f.signedIn(secret)
	if w := b.get("/stores/mine/keys/" + k.ID + "/revoke"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "you will be signed out") {
		t.Fatalf("%d\n%s", w.Code, w.Body)
	}
	if w := f.signedIn(rootSecret).post("/stores/mine/keys/" + k.ID + "/revoke"); w.Code != http.StatusSeeOther {
		t.Fatalf("revoke: %d", w.Code)
	}
	if w := b.get("/stores/mine/keys"); w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/signin") {
		t.Errorf("after its key is revoked: %d", w.Code)
	}
	if w := f.signedIn(rootSecret).post("/stores/mine/keys/" + k.ID + "/revoke"); w.Code != http.StatusNotFound {
		t.Errorf("revoke it again: %d", w.Code)
	}
}
