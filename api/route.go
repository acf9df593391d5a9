package api

import "net/http"

// A route is one operation of the API. The table of them is the only place
// where paths and permissions are told, and which keys may name which stores.
type route struct {
	method      string
	pattern     string // of http.ServeMux
	permission  string // that the key needs
	scope       scope  // which stores it is about
	operationID string // in openapi.json
	handle      func(*call) error
}

// ServeHTTP is called by the mux with the call that ServeHTTP of the server
// gave it.
func (rt *route) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := w.(*call)
	c.r, c.route = r, rt
	c.run()
}

func routes() []*route {
	all := []*route{
		{"GET", "/healthz", "", open, "getHealth", (*call).getHealth},
		{"GET", "/readyz", "", open, "getReadiness", (*call).getReadiness},
		{"GET", "/metrics", StoresManage, allStores, "getMetrics", (*call).getMetrics},
		{"GET", "/openapi.json", "", open, "getOpenAPI", (*call).getOpenAPI},

		{"POST", "/api/stores", StoresManage, allStores, "createStore", (*call).createStore},
		{"GET", "/api/stores", StoresManage, allStores, "listStores", (*call).listStores},
		{"GET", "/api/stores/{id}", StoresManage, aStore, "getStore", (*call).getStore},
		{"PATCH", "/api/stores/{id}", StoresManage, aStore, "updateStore", (*call).updateStore},
		{"DELETE", "/api/stores/{id}", StoresManage, allStores, "deleteStore", (*call).deleteStore},
		{"GET", "/api/stores/{id}/jwks.json", "", open, "getPublicKeys", (*call).getPublicKeys},

		{"GET", "/api/nodes", StoresManage, allStores, "listNodes", (*call).listNodes},

		{"POST", "/api/keys", KeysManage, inStore, "createKey", (*call).createKey},
		{"GET", "/api/keys", KeysManage, inStore, "listKeys", (*call).listKeys},
		{"GET", "/api/keys/{id}", KeysManage, inStore, "getKey", (*call).getKey},
		{"DELETE", "/api/keys/{id}", KeysManage, inStore, "revokeKey", (*call).revokeKey},

		// A schema can have events refused, so that it is the store's to manage, and not
		// for those who manage webhooks. These may read what there is to subscribe to.
		{"POST", "/api/event-types", StoresManage, inStore, "createEventType", (*call).createEventType},
		{"GET", "/api/event-types", WebhooksRead, inStore, "listEventTypes", (*call).listEventTypes},
		{"GET", "/api/event-types/{name}", WebhooksRead, inStore, "getEventType", (*call).getEventType},
		{"PUT", "/api/event-types/{name}", StoresManage, inStore, "putEventType", (*call).putEventType},
		{"PATCH", "/api/event-types/{name}", StoresManage, inStore, "updateEventType", (*call).updateEventType},
		{"DELETE", "/api/event-types/{name}", StoresManage, inStore, "deleteEventType", (*call).deleteEventType},

		{"POST", "/api/events", EventsEmit, inStore, "emitEvent", (*call).emitEvent},
		{"POST", "/api/events/batch", EventsEmit, inStore, "emitEvents", (*call).emitEvents},
		{"GET", "/api/events", DeliveriesRead, inStore, "listEvents", (*call).listEvents},
		{"GET", "/api/events/stream", DeliveriesRead, inStore, "streamEvents", (*call).streamEvents},
		{"GET", "/api/events/{id}", DeliveriesRead, inStore, "getEvent", (*call).getEvent},

		{"GET", "/api/activity", DeliveriesRead, inStore, "getActivity", (*call).getActivity},

		{"GET", "/api/deliveries", DeliveriesRead, inStore, "listDeliveries", (*call).listDeliveries},
		{"GET", "/api/deliveries/{id}", DeliveriesRead, inStore, "getDelivery", (*call).getDelivery},
		{"GET", "/api/deliveries/{id}/request", DeliveriesRead, inStore, "getDeliveryRequest", (*call).getDeliveryRequest},
		{"POST", "/api/deliveries/{id}/retry", DeliveriesRetry, inStore, "retryDelivery", (*call).retryDelivery},
		{"POST", "/api/deliveries/retry", DeliveriesRetry, inStore, "retryDeliveries", (*call).retryDeliveries},

		{"GET", "/api/recoveries", DeliveriesRetry, inStore, "listRecoveries", (*call).listRecoveries},
		{"GET", "/api/recoveries/{id}", DeliveriesRetry, inStore, "getRecovery", (*call).getRecovery},
		{"POST", "/api/recoveries/{id}/cancel", DeliveriesRetry, inStore, "cancelRecovery", (*call).cancelRecovery},

		{"POST", "/api/erasures", StoresManage, inStore, "createErasure", (*call).createErasure},
		{"GET", "/api/erasures", StoresManage, inStore, "listErasures", (*call).listErasures},
		{"GET", "/api/erasures/{id}", StoresManage, inStore, "getErasure", (*call).getErasure},

		// It needs more, for each capability that it hands on: portal.go.
		{"POST", "/api/portal-sessions", WebhooksRead, inStore, "createPortalSession", (*call).createPortalSession},

		{"GET", "/api/audit", AuditRead, inStore, "listAudit", (*call).listAudit},
		{"GET", "/api/audit/{entityType}/{entityId}", AuditRead, inStore, "listEntityAudit", (*call).listEntityAudit},
	}
	all = append(all, webhookRoutes("/api/webhooks", "")...)
	// 003_… registers at /v2/webhooks; the rest of the resource follows.
	return append(all, webhookRoutes("/v2/webhooks", "V2")...)
}

// webhookRoutes are the operations of webhooks below a path; the suffix keeps
// their operation ids apart.
func webhookRoutes(path, suffix string) []*route {
	return []*route{
		{"POST", path, WebhooksManage, inStore, "createWebhook" + suffix, (*call).createWebhook},
		{"GET", path, WebhooksRead, inStore, "listWebhooks" + suffix, (*call).listWebhooks},
		{"GET", path + "/{id}", WebhooksRead, inStore, "getWebhook" + suffix, (*call).getWebhook},
		{"PATCH", path + "/{id}", WebhooksManage, inStore, "updateWebhook" + suffix, (*call).updateWebhook},
		{"DELETE", path + "/{id}", WebhooksManage, inStore, "deleteWebhook" + suffix, (*call).deleteWebhook},
		{"GET", path + "/{id}/secret", WebhooksManage, inStore, "revealWebhookSecret" + suffix, (*call).revealSecret},
		{"POST", path + "/{id}/compare-secret", WebhooksManage, inStore, "compareWebhookSecret" + suffix, (*call).compareSecret},
		{"POST", path + "/{id}/rotate-secret", WebhooksManage, inStore, "rotateWebhookSecret" + suffix, (*call).rotateSecret},
		{"POST", path + "/{id}/test", WebhooksManage, inStore, "testWebhook" + suffix, (*call).testWebhook},
		{"POST", path + "/{id}/recover", DeliveriesRetry, inStore, "recoverWebhook" + suffix, (*call).recoverWebhook},
		{"POST", path + "/{id}/replay", DeliveriesRetry, inStore, "replayWebhook" + suffix, (*call).replayWebhook},
		{"GET", path + "/{id}/health", WebhooksRead, inStore, "getWebhookHealth" + suffix, (*call).getWebhookHealth},
		{"POST", path + "/filter/dry-run", DeliveriesRead, inStore, "tryFilter" + suffix, (*call).tryFilter},
		{"GET", path + "/{id}/filter", DeliveriesRead, inStore, "getWebhookFilter" + suffix, (*call).getWebhookFilter},
		{"POST", path + "/{id}/filter/dry-run", DeliveriesRead, inStore, "tryWebhookFilter" + suffix, (*call).tryFilter},
		{"GET", path + "/{id}/deliveries", DeliveriesRead, inStore, "listWebhookDeliveries" + suffix, (*call).listWebhookDeliveries},
		{"GET", path + "/{id}/ledger", DeliveriesRead, inStore, "getWebhookLedger" + suffix, (*call).getLedger},
	}
}
