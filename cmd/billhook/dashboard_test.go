package main

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/api"
	"github.com/billhook/billhook/dashboard"
	"github.com/billhook/billhook/sqlite"
)

// TestBeside: the API answers for its paths, however they are written, and the
// dashboard for all others.
func TestBeside(t *testing.T) {
	say := func(what string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, what) })
	}
	both := beside(say("api"), say("dashboard"))
	for path, want := range map[string]string{
		"/": "dashboard", "/stores": "dashboard", "/apiary": "dashboard", "/healthzz": "dashboard", "/nowhere": "dashboard",
		"/api": "api", "/api/": "api", "/api/nowhere": "api", "//api/stores": "api", "/v2/webhooks": "api",
		"/healthz": "api", "/readyz": "api", "/metrics": "api", "/openapi.json": "api",
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL = &url.URL{Path: path}
		both.ServeHTTP(w, r)
		if got := w.Body.String(); got != want {
			t.Errorf("%s is for the %s", path, got)
		}
	}
}

// TestDashboardKeys: a root key is found again by its name while it is accepted, and a
// stored one while it may be used.
func TestDashboardKeys(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, filepath.Join(dir, "billhook.db"), nil)
		keys := dashboardKeys{root: newRootKeys("one root key of many", "another root key"), client: client}
		root, ok := keys.Match("another root key")
		if !ok || root.StoreID != "" || root.Actor.ID != "root" || strings.Contains(root.ID, "another") {
			t.Fatalf("%+v, %v", root, ok)
		}
		if again, ok := keys.Find("", root.ID); !ok || again.ID != root.ID {
			t.Errorf("%+v, %v", again, ok)
		}
		if _, ok := keys.Find("default", root.ID); ok {
			t.Error("it is found in a store")
		}
		if _, ok := (dashboardKeys{root: newRootKeys("one root key of many"), client: client}).Find("", root.ID); ok {
			t.Error("a root key that is accepted no more is found")
		}
		stored, secret, err := client.CreateKey(t.Context(), billhook.KeyRequest{
			Name: "merchant", Permissions: []string{billhook.PermissionWebhooksRead}, ExpiresAt: time.Now().Add(time.Hour),
		})
		if err != nil {
			t.Fatal(err)
		}
		if k, ok := keys.Match(secret); !ok || k.ID != stored.ID || k.StoreID != "default" {
			t.Errorf("%+v, %v", k, ok)
		}
		if _, ok := keys.Find("default", stored.ID); !ok {
			t.Error("a stored key is not found")
		}
		if _, ok := keys.Find("", stored.ID); ok {
			t.Error("it is found for all stores")
		}
		if _, ok := keys.Match("nonsense"); ok {
			t.Error("nonsense is a key")
		}
		time.Sleep(time.Hour)
		if _, ok := keys.Find("default", stored.ID); ok {
			t.Error("it has expired, and is found")
		}
	})
}

// TestSessionsOutlive: a session holds on another node that has the same keys, after a
// restart, and while the keys that seal secrets are rotated; it ends when its key is
// gone from among them.
func TestSessionsOutlive(t *testing.T) {
	old, young := billhook.SealKey{ID: "a", Key: [32]byte{1}}, billhook.SealKey{ID: "b", Key: [32]byte{2}}
	pages := func(keys ...billhook.SealKey) http.Handler {
		client := newClient(t, filepath.Join(t.TempDir(), "billhook.db"), keys)
		return dashboard.New(client, dashboard.Config{Keys: dashboardKeys{root: newRootKeys("a root key of tests"), client: client}})
	}
	form := strings.NewReader("key=" + url.QueryEscape("a root key of tests"))
	r := httptest.NewRequest(http.MethodPost, "/signin", form)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	pages(old).ServeHTTP(w, r)
	if w.Code != http.StatusSeeOther || len(w.Result().Cookies()) != 1 {
		t.Fatalf("sign in: %d\n%s", w.Code, w.Body)
	}
	cookie := w.Result().Cookies()[0]
	for name, x := range map[string]struct {
		keys []billhook.SealKey
		want int
	}{
		"the same keys":       {[]billhook.SealKey{old}, http.StatusOK},
		"a new key is there":  {[]billhook.SealKey{young, old}, http.StatusOK},
		"the old one is gone": {[]billhook.SealKey{young}, http.StatusSeeOther},
		"keys of its own":     {nil, http.StatusSeeOther},
	} {
		r := httptest.NewRequest(http.MethodGet, "/stores", nil)
		r.AddCookie(cookie)
		w := httptest.NewRecorder()
		pages(x.keys...).ServeHTTP(w, r)
		if w.Code != x.want {
			t.Errorf("%s: %d, not %d", name, w.Code, x.want)
		}
	}
}

// newClient makes a Client on a file, with the keys, or without.
func newClient(t *testing.T, file string, keys []billhook.SealKey) *billhook.Client {
	t.Helper()
	config := billhook.Config{Logger: slog.New(slog.DiscardHandler)}
	if keys != nil {
		ring, err := billhook.NewKeyring(func() ([]billhook.SealKey, error) { return keys, nil })
		if err != nil {
			t.Fatal(err)
		}
		config.Keyring = ring
	}
	db, err := sqlite.Open(file, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	client, err := billhook.New(db, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		client.Close()
		db.Close()
	})
	return client
}

// TestPortalFlags: an origin has the one form in which browsers send it, or it would
// never be found.
func TestPortalFlags(t *testing.T) {
	good := portalFlags{PublicURL: "https://hooks.example/billhook", PortalOrigin: []string{"https://admin.shop.example", "http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"}}
	if err := good.check(); err != nil {
		t.Error(err)
	}
	for _, origin := range []string{"*", "null", "", "admin.shop.example", "https://admin.shop.example/", "https://Admin.shop.example", "https://admin.shop.example:443", "http://admin.shop.example:80", "https://a@b.example", "ftp://b.example", "https://*.shop.example"} {
		if err := (portalFlags{PortalOrigin: []string{origin}}).check(); err == nil || !strings.Contains(err.Error(), "--portal-origin="+origin) {
			t.Errorf("%q: %v", origin, err)
		}
	}
	for _, public := range []string{"hooks.example", "https://", "https://hooks.example/?a=b", "https://hooks.example/#x"} {
		if err := (portalFlags{PublicURL: public}).check(); err == nil {
			t.Errorf("%q is taken", public)
		}
	}
}

// TestRootPortal: a portal session of a root key ends when that key is accepted no more.
func TestRootPortal(t *testing.T) {
	keys := newRootKeys("a root key of tests")
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "billhook.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	client, err := billhook.New(db, billhook.Config{
		Logger: slog.New(slog.DiscardHandler), OutsideKey: func(id string) (billhook.APIKey, bool) { return keys.find(id) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/api/portal-sessions", strings.NewReader(`{"capabilities":["read","manage","replay"]}`))
	r.Header.Set("X-Api-Key", "a root key of tests")
	api.New(client, api.Config{Keys: keys.root}).ServeHTTP(w, r)
	var made struct{ Token string }
	if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil || w.Code != http.StatusCreated {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if s, err := client.PortalSession(made.Token); err != nil || len(s.Permissions) != 4 {
		t.Errorf("%+v, %v", s, err)
	}
	keys = newRootKeys("another root key")
	if _, err := client.PortalSession(made.Token); billhook.ErrorCode(err) != billhook.CodeSessionEnded {
		t.Errorf("its key is gone: %v", err)
	}
}
