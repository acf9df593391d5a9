package api

import "net/http"

// A route is one operation of the API. The table of them is the only place
// where paths and permissions are told.
type route struct {
	method      string
	pattern     string // of http.ServeMux
	permission  string // that the key needs; "" is open to everyone
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
		{"GET", "/healthz", "", "getHealth", (*call).getHealth},
		{"GET", "/readyz", "", "getReadiness", (*call).getReadiness},
		{"GET", "/openapi.json", "", "getOpenAPI", (*call).getOpenAPI},

		{"POST", "/api/stores", StoresManage, "createStore", (*call).createStore},
		{"GET", "/api/stores", StoresManage, "listStores", (*call).listStores},
		{"GET", "/api/stores/{id}", StoresManage, "getStore", (*call).getStore},
		{"PATCH", "/api/stores/{id}", StoresManage, "updateStore", (*call).updateStore},
		{"DELETE", "/api/stores/{id}", StoresManage, "deleteStore", (*call).deleteStore},

		{"POST", "/api/events", EventsEmit, "emitEvent", (*call).emitEvent},
		{"POST", "/api/events/batch", EventsEmit, "emitEvents", (*call).emitEvents},
		{"GET", "/api/events", DeliveriesRead, "listEvents", (*call).listEvents},
		{"GET", "/api/events/{id}", DeliveriesRead, "getEvent", (*call).getEvent},

		{"GET", "/api/deliveries", DeliveriesRead, "listDeliveries", (*call).listDeliveries},
		{"GET", "/api/deliveries/{id}", DeliveriesRead, "getDelivery", (*call).getDelivery},
		{"POST", "/api/deliveries/{id}/retry", DeliveriesRetry, "retryDelivery", (*call).retryDelivery},

		{"GET", "/api/audit", AuditRead, "listAudit", (*call).listAudit},
		{"GET", "/api/audit/{entityType}/{entityId}", AuditRead, "listEntityAudit", (*call).listEntityAudit},
	}
	all = append(all, webhookRoutes("/api/webhooks", "")...)
	// 003_… registers at /v2/webhooks; the rest of the resource follows.
	return append(all, webhookRoutes("/v2/webhooks", "V2")...)
}

// webhookRoutes are the operations of webhooks below a path; the suffix keeps
// their operation ids apart.
func webhookRoutes(path, suffix string) []*route {
	return []*route{
		{"POST", path, WebhooksManage, "createWebhook" + suffix, (*call).createWebhook},
		{"GET", path, WebhooksRead, "listWebhooks" + suffix, (*call).listWebhooks},
		{"GET", path + "/{id}", WebhooksRead, "getWebhook" + suffix, (*call).getWebhook},
		{"PATCH", path + "/{id}", WebhooksManage, "updateWebhook" + suffix, (*call).updateWebhook},
		{"DELETE", path + "/{id}", WebhooksManage, "deleteWebhook" + suffix, (*call).deleteWebhook},
		{"GET", path + "/{id}/secret", WebhooksManage, "revealWebhookSecret" + suffix, (*call).revealSecret},
		{"POST", path + "/{id}/rotate-secret", WebhooksManage, "rotateWebhookSecret" + suffix, (*call).rotateSecret},
		{"POST", path + "/{id}/test", WebhooksManage, "testWebhook" + suffix, (*call).testWebhook},
		{"GET", path + "/{id}/deliveries", DeliveriesRead, "listWebhookDeliveries" + suffix, (*call).listWebhookDeliveries},
	}
}
