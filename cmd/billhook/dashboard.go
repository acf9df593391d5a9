package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/dashboard"
)

// dashboardKeys are the keys that the dashboard accepts: those of the API.
type dashboardKeys struct {
	root   rootKeys
	client *billhook.Client
}

// Match asks both kinds, so that the time does not tell which one it was.
func (k dashboardKeys) Match(secret string) (dashboard.Key, bool) {
	hash, isRoot := k.root.match(secret)
	stored, isStored := k.client.Authenticate(secret)
	switch {
	case isRoot:
		return rootSession(rootID(hash)), true
	case isStored:
		return storedSession(stored), true
	}
	return dashboard.Key{}, false
}

// Find finds a root key by what rootID names it, and others by their id.
func (k dashboardKeys) Find(storeID, id string) (dashboard.Key, bool) {
	if root, ok := k.root.find(id); ok && storeID == "" {
		return rootSession(root.ID), true
	}
	stored, err := k.client.Key(context.Background(), storeID, id)
	if err != nil || !stored.ExpiresAt.IsZero() && !time.Now().Before(stored.ExpiresAt) {
		return dashboard.Key{}, false
	}
	return storedSession(stored), true
}

func rootSession(id string) dashboard.Key {
	return dashboard.Key{ID: id, Actor: billhook.Reference{Type: "apiKey", ID: rootActor}, Permissions: []string{billhook.PermissionEverything}}
}

func storedSession(k billhook.APIKey) dashboard.Key {
	return dashboard.Key{StoreID: k.StoreID, ID: k.ID, Name: k.Name, Actor: billhook.Reference{Type: "apiKey", ID: k.ID}, Permissions: k.Permissions, ExpiresAt: k.ExpiresAt}
}

// portalFlags say where browsers find the dashboard, and which others' pages may show
// parts of it.
type portalFlags struct {
	PublicURL    string   `env:"BILLHOOK_PUBLIC_URL" placeholder:"URL" help:"Where browsers find this service, for links to portals. Default: as the API was addressed."`
	PortalOrigin []string `env:"BILLHOOK_PORTAL_ORIGIN" placeholder:"ORIGIN" help:"An origin like https://admin.shop.example whose pages may show <billhook-portal>; may be given more than once."`
}

func (f portalFlags) check() error {
	if u, err := url.Parse(f.PublicURL); f.PublicURL != "" && (err != nil || !isWeb(u) || u.RawQuery != "" || u.Fragment != "") {
		return fmt.Errorf("--public-url=%s: give it like https://hooks.example", f.PublicURL)
	}
	for _, origin := range f.PortalOrigin {
		// It is compared with what browsers send, which has one form: that of the URL
		// without a path, in small letters, without the port that is usual.
		u, err := url.Parse(origin)
		usual := err == nil && (u.Scheme == "https" && u.Port() == "443" || u.Scheme == "http" && u.Port() == "80")
		if err != nil || !isWeb(u) || usual || strings.Contains(u.Host, "*") || origin != strings.ToLower(u.Scheme+"://"+u.Host) {
			return fmt.Errorf("--portal-origin=%s: give it as browsers write it, like https://admin.shop.example or http://127.0.0.1:8080: small letters, no path, no / at the end", origin)
		}
	}
	return nil
}

func isWeb(u *url.URL) bool {
	return (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil
}

// apiPaths are the API's; all others are the dashboard's.
var apiPaths = []string{"/api", "/v2", "/healthz", "/readyz", "/metrics", "/openapi.json"}

// beside serves the API and the dashboard by their paths. No ServeMux does it: it
// would redirect what the API answers with a problem document.
func beside(api, dashboard http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := "/" + strings.TrimLeft(r.URL.Path, "/") // //api/stores is meant for the API too
		for _, its := range apiPaths {
			if path == its || strings.HasPrefix(path, its+"/") {
				api.ServeHTTP(w, r)
				return
			}
		}
		dashboard.ServeHTTP(w, r)
	})
}
