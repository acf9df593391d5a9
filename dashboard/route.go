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
	const (
		read, manage = billhook.PermissionWebhooksRead, billhook.PermissionWebhooksManage
		deliveries   = billhook.PermissionDeliveriesRead
		retry        = billhook.PermissionDeliveriesRetry
	)
	return []*route{
		{"GET", "/{$}", "", anyone, "", (*page).home},
		{"GET", "/signin", "", open, "", (*page).signInForm},
		{"POST", "/signin", "", open, "", (*page).signIn},
		{"POST", "/signout", "", open, "", (*page).signOut},
		{"POST", "/preferences", "", open, "", (*page).prefer},
		{"GET", "/portal", "", open, "", (*page).portalForm},
		{"POST", "/portal", "", open, "", (*page).enterPortal},

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
		{"GET", "/stores/{store}/webhooks", read, inStore, "webhooks", (*page).webhooks},
		{"POST", "/stores/{store}/webhooks", manage, inStore, "", (*page).createWebhook},
		// No webhook's id has a "+" in it.
		{"GET", "/stores/{store}/webhooks/+new", manage, inStore, "", (*page).newWebhook},
		{"GET", "/stores/{store}/webhooks/+check", manage, inStore, "", (*page).checkWebhook},
		{"GET", "/stores/{store}/webhooks/{id}", read, inStore, "", (*page).webhook},
		{"GET", "/stores/{store}/webhooks/{id}/receiver", read, inStore, "", (*page).receiver},
		{"GET", "/stores/{store}/webhooks/{id}/edit", manage, inStore, "", (*page).editWebhook},
		{"POST", "/stores/{store}/webhooks/{id}/edit", manage, inStore, "", (*page).updateWebhook},
		{"POST", "/stores/{store}/webhooks/{id}/activate", manage, inStore, "", (*page).activateWebhook},
		{"POST", "/stores/{store}/webhooks/{id}/deactivate", manage, inStore, "", (*page).deactivateWebhook},
		{"GET", "/stores/{store}/webhooks/{id}/delete", manage, inStore, "", (*page).confirmDelete},
		{"POST", "/stores/{store}/webhooks/{id}/delete", manage, inStore, "", (*page).deleteWebhook},
		{"POST", "/stores/{store}/webhooks/{id}/secret", manage, inStore, "", (*page).revealSecret},
		{"GET", "/stores/{store}/webhooks/{id}/rotate", manage, inStore, "", (*page).rotateForm},
		{"POST", "/stores/{store}/webhooks/{id}/rotate", manage, inStore, "", (*page).rotate},
		{"GET", "/stores/{store}/webhooks/{id}/test", manage, inStore, "", (*page).testForm},
		{"POST", "/stores/{store}/webhooks/{id}/test", manage, inStore, "", (*page).sendTest},
		{"GET", "/stores/{store}/webhooks/{id}/tests/{delivery}", deliveries, inStore, "", (*page).tested},
		{"GET", "/stores/{store}/webhooks/{id}/missed", retry, inStore, "", (*page).missedForm},
		{"POST", "/stores/{store}/webhooks/{id}/missed", retry, inStore, "", (*page).startMissed},
		{"GET", "/stores/{store}/webhooks/{id}/recoveries", retry, inStore, "", (*page).missedList},

		{"GET", "/stores/{store}/deliveries", billhook.PermissionDeliveriesRead, inStore, "deliveries", (*page).deliveries},
		{"GET", "/stores/{store}/deliveries/live", billhook.PermissionDeliveriesRead, inStore, "", (*page).liveDeliveries},
		{"GET", "/stores/{store}/deliveries/retry", billhook.PermissionDeliveriesRetry, inStore, "", (*page).retryAllForm},
		{"POST", "/stores/{store}/deliveries/retry", billhook.PermissionDeliveriesRetry, inStore, "", (*page).retryAll},
		{"GET", "/stores/{store}/deliveries/{id}", billhook.PermissionDeliveriesRead, inStore, "", (*page).delivery},
		{"GET", "/stores/{store}/deliveries/{id}/body", billhook.PermissionDeliveriesRead, inStore, "", (*page).deliveryBody},
		{"POST", "/stores/{store}/deliveries/{id}/retry", billhook.PermissionDeliveriesRetry, inStore, "", (*page).retryDelivery},

		{"GET", "/stores/{store}/recoveries/{id}", billhook.PermissionDeliveriesRetry, inStore, "", (*page).recovery},
		{"POST", "/stores/{store}/recoveries/{id}/cancel", billhook.PermissionDeliveriesRetry, inStore, "", (*page).cancelRecovery},

		{"GET", "/stores/{store}/events", billhook.PermissionDeliveriesRead, inStore, "events", (*page).events},
		{"GET", "/stores/{store}/events/{id}", billhook.PermissionDeliveriesRead, inStore, "", (*page).event},
		{"GET", "/stores/{store}/events/{id}/data", billhook.PermissionDeliveriesRead, inStore, "", (*page).eventData},

		{"GET", "/stores/{store}/event-types", read, inStore, "eventtypes", (*page).eventTypeList},
		{"POST", "/stores/{store}/event-types", billhook.PermissionStoresManage, inStore, "", (*page).createEventType},
		// No event type's name has a "+" in it.
		{"GET", "/stores/{store}/event-types/+new", billhook.PermissionStoresManage, inStore, "", (*page).newEventType},
		{"GET", "/stores/{store}/event-types/{name}", read, inStore, "", (*page).eventType},
		{"GET", "/stores/{store}/event-types/{name}/edit", billhook.PermissionStoresManage, inStore, "", (*page).editEventType},
		{"POST", "/stores/{store}/event-types/{name}/edit", billhook.PermissionStoresManage, inStore, "", (*page).updateEventType},
		{"GET", "/stores/{store}/event-types/{name}/delete", billhook.PermissionStoresManage, inStore, "", (*page).confirmDeleteEventType},
		{"POST", "/stores/{store}/event-types/{name}/delete", billhook.PermissionStoresManage, inStore, "", (*page).deleteEventType},

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
