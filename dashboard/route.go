package dashboard

import "github.com/billhook/billhook"

// A route is one thing that a viewer can do. The table of them is the only place
// where paths and permissions are told.
type route struct {
	method     string
	pattern    string // of http.ServeMux
	permission string // that the viewer needs
	scope      scope  // which stores it is about
	// nav is the area whose strings have its name in the navigation, as area.nav;
	// "" for pages that are not in it. They stand there in the table's order.
	nav    string
	handle func(*page) error
}

// name tells the route from others: "GET /stores/{store}".
func (rt *route) name() string {
	if rt.pattern == "" {
		return "other"
	}
	return rt.method + " " + rt.pattern
}

// A scope says which store a route is about, and so who may take it.
type scope int

const (
	// inStore is about {store} in the path. To the key of one store all others are
	// as if they were not there.
	inStore scope = iota
	// allStores is for keys that are for all stores.
	allStores
	// anyone is for whoever has signed in.
	anyone
	// open needs no key.
	open
)

func routes() []*route {
	return []*route{
		{"GET", "/{$}", "", anyone, "", (*page).home},
		{"GET", "/signin", "", open, "", (*page).signInForm},
		{"POST", "/signin", "", open, "", (*page).signIn},
		{"POST", "/signout", "", open, "", (*page).signOut},
		{"POST", "/preferences", "", open, "", (*page).prefer},

		{"GET", "/overview", billhook.PermissionDeliveriesRead, allStores, "overview", (*page).overviewOfAll},
		{"GET", "/stores", billhook.PermissionStoresManage, allStores, "stores", (*page).stores},
		{"POST", "/stores", billhook.PermissionStoresManage, allStores, "", (*page).createStore},
		{"GET", "/nodes", billhook.PermissionStoresManage, allStores, "nodes", (*page).nodes},
		{"GET", "/audit", billhook.PermissionAuditRead, allStores, "audit", (*page).audit},
		{"GET", "/keys", billhook.PermissionKeysManage, allStores, "keys", (*page).keys},
		{"POST", "/keys", billhook.PermissionKeysManage, allStores, "", (*page).createKey},
		{"GET", "/keys/{id}/revoke", billhook.PermissionKeysManage, allStores, "", (*page).confirmRevoke},
		{"POST", "/keys/{id}/revoke", billhook.PermissionKeysManage, allStores, "", (*page).revokeKey},

		{"GET", "/stores/{store}", "", inStore, "", (*page).storeHome},
		{"GET", "/stores/{store}/overview", billhook.PermissionDeliveriesRead, inStore, "overview", (*page).overviewOfStore},
		{"GET", "/stores/{store}/webhooks", billhook.PermissionWebhooksRead, inStore, "webhooks", (*page).webhooks},

		{"GET", "/stores/{store}/audit", billhook.PermissionAuditRead, inStore, "audit", (*page).audit},
		{"GET", "/stores/{store}/keys", billhook.PermissionKeysManage, inStore, "keys", (*page).keys},
		{"POST", "/stores/{store}/keys", billhook.PermissionKeysManage, inStore, "", (*page).createKey},
		{"GET", "/stores/{store}/settings", billhook.PermissionStoresManage, inStore, "settings", (*page).settings},
		{"POST", "/stores/{store}/settings", billhook.PermissionStoresManage, inStore, "", (*page).updateSettings},
		{"GET", "/stores/{store}/delete", billhook.PermissionStoresManage, allStores, "", (*page).confirmDeleteStore},
		{"POST", "/stores/{store}/delete", billhook.PermissionStoresManage, allStores, "", (*page).deleteStore},
		{"GET", "/stores/{store}/keys/{id}/revoke", billhook.PermissionKeysManage, inStore, "", (*page).confirmRevoke},
		{"POST", "/stores/{store}/keys/{id}/revoke", billhook.PermissionKeysManage, inStore, "", (*page).revokeKey},
	}
}
