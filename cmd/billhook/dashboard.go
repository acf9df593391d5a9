package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
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
		return rootSession(hash), true
	case isStored:
		return storedSession(stored), true
	}
	return dashboard.Key{}, false
}

// Find finds a root key by what rootSession names it, and others by their id.
func (k dashboardKeys) Find(storeID, id string) (dashboard.Key, bool) {
	for _, hash := range k.root {
		if root := rootSession(hash); storeID == "" && id == root.ID {
			return root, true
		}
	}
	stored, err := k.client.Key(context.Background(), storeID, id)
	if err != nil || !stored.ExpiresAt.IsZero() && !time.Now().Before(stored.ExpiresAt) {
		return dashboard.Key{}, false
	}
	return storedSession(stored), true
}

// rootSession names a root key by a hash of its hash: a session must end with its
// key, and tell nothing by which the key could be used.
func rootSession(hash [sha256.Size]byte) dashboard.Key {
	name := sha256.Sum256(append([]byte("billhook root key "), hash[:]...))
	return dashboard.Key{ID: "root:" + hex.EncodeToString(name[:16]), Actor: billhook.Reference{Type: "apiKey", ID: rootActor}, Permissions: []string{billhook.PermissionEverything}}
}

func storedSession(k billhook.APIKey) dashboard.Key {
	return dashboard.Key{StoreID: k.StoreID, ID: k.ID, Name: k.Name, Actor: billhook.Reference{Type: "apiKey", ID: k.ID}, Permissions: k.Permissions, ExpiresAt: k.ExpiresAt}
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
