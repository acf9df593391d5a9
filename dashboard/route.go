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
		{"GET", "/portal", "", open, "", (*page).portalForm},
		{"POST", "/portal", "", open, "", (*page).enterPortal},

		{"GET", "/stores", billhook.PermissionStoresManage, allStores, "stores", (*page).stores},
		{"POST", "/stores", billhook.PermissionStoresManage, allStores, "", (*page).createStore},

		{"GET", "/stores/{store}", "", inStore, "", (*page).storeHome},
		{"GET", "/stores/{store}/webhooks", billhook.PermissionWebhooksRead, inStore, "webhooks", (*page).webhooks},
	}
}
