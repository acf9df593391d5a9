package main

// An example is a command that does an operation, and a part of what it answers.
type example struct {
	operation, shell, answer string
}

type group struct {
	title, words string
	examples     []example
}

const (
	auth = ` -H "x-api-key: $KEY"`
	body = auth + ` -H 'content-type: application/json'`
)

func get(operation, path, answer string) example {
	return example{operation, `curl -s "$API` + path + `"` + auth, answer}
}

func send(operation, method, path, json, answer string) example {
	return example{operation, `curl -s -X ` + method + ` "$API` + path + `"` + body + " \\\n  -d '" + json + `'`, answer}
}

func post(operation, path, json, answer string) example {
	return example{operation, `curl -s "$API` + path + `"` + body + " \\\n  -d '" + json + `'`, answer}
}

func act(operation, method, path, answer string) example {
	return example{operation, `curl -s -X ` + method + ` "$API` + path + `"` + auth, answer}
}

// keep is an example whose answer's id the later ones need.
func keep(variable string, e example) example {
	e.shell = variable + "=$(" + e.shell + ` | jq -r .id); echo "$` + variable + `"`
	return e
}

// groups are all operations, in the order of the page, in which the examples work.
var groups = []group{
	{"Stores", "A store is a tenant: one merchant's shop.", []example{
		post("createStore", "/api/stores", `{"id": "shop-7", "name": "Shop 7", "profile": "standard"}`, `{"id":"shop-7"`),
		get("listStores", "/api/stores?limit=10", `"id":"shop-7"`),
		get("getStore", "/api/stores/shop-7", `"name":"Shop 7"`),
		send("updateStore", "PATCH", "/api/stores/shop-7", `{"name": "Shop Seven", "retryPolicy": "three-days"}`, `"name":"Shop Seven"`),
		{"getPublicKeys", `curl -s "$API/api/stores/shop-7/jwks.json"`, `{"keys":[]}`},
		act("deleteStore", "DELETE", "/api/stores/shop-7", ""),
	}},
	{"Webhooks", "A webhook is a registered address of a store, and what it wants.", []example{
		post("createWebhook", "/api/webhooks", `{"id": "wh_1", "url": "http://127.0.0.1:3000/hooks", "events": ["order.*"], "name": "Warehouse"}`, `{"id":"wh_1"…"secret":"whsec_`),
		get("listWebhooks", "/api/webhooks?limit=10", `{"data":[{"id":"wh_1"`),
		get("getWebhook", "/api/webhooks/wh_1", `"name":"Warehouse"`),
		send("updateWebhook", "PATCH", "/api/webhooks/wh_1", `{"events": ["order.paid", "order.cancelled"], "filter": "data.total > 0"}`, `"events":["order.paid","order.cancelled"]`),
		get("revealWebhookSecret", "/api/webhooks/wh_1/secret", `"secret":"whsec_`),
		post("compareWebhookSecret", "/api/webhooks/wh_1/compare-secret", `{"secret": "whsec_bm90IHRoZSBzZWNyZXQgb2YgdGhpcw=="}`, `false`),
		post("rotateWebhookSecret", "/api/webhooks/wh_1/rotate-secret", `{"gracePeriodSeconds": 3600}`, `"secret":"whsec_`),
		post("testWebhook", "/api/webhooks/wh_1/test", `{"type": "order.paid"}`, `"event":"order.paid"`),
		get("getWebhookHealth", "/api/webhooks/wh_1/health", `"state":"`),
		get("getWebhookFilter", "/api/webhooks/wh_1/filter", `"filter":"data.total > 0"`),
		post("tryFilter", "/api/webhooks/filter/dry-run", `{"filter": "data.total > 100", "events": ["order.*"]}`, `"matched":`),
		post("tryWebhookFilter", "/api/webhooks/wh_1/filter/dry-run", `{"filter": "data.total > 100"}`, `"matched":`),
		post("recoverWebhook", "/api/webhooks/wh_1/recover", `{"since": "2026-03-15T10:00:00Z", "dryRun": true}`, `"dryRun":true`),
		post("replayWebhook", "/api/webhooks/wh_1/replay", `{"since": "2026-03-15T10:00:00Z", "types": ["order.paid"], "dryRun": true}`, `"dryRun":true`),
	}},
	{"Event types", "The store's catalogue ([Catalogue](CATALOGUE.md)).", []example{
		post("createEventType", "/api/event-types", `{"name": "giftcard.redeemed", "description": "A gift card was redeemed.", "examples": [{"id": "g_1", "value": 25}]}`, `"name":"giftcard.redeemed"`),
		get("listEventTypes", "/api/event-types?limit=10", `"name":"giftcard.redeemed"`),
		get("getEventType", "/api/event-types/giftcard.redeemed", `"name":"giftcard.redeemed"`),
		send("putEventType", "PUT", "/api/event-types/giftcard.redeemed", `{"description": "A gift card was redeemed at the till."}`, `at the till`),
		send("updateEventType", "PATCH", "/api/event-types/giftcard.redeemed", `{"description": "A gift card was redeemed."}`, `"description":"A gift card was redeemed."`),
		act("deleteEventType", "DELETE", "/api/event-types/giftcard.redeemed", ""),
	}},
	{"Events", "An event is something that happened in a store. 202 means that it is on disk.", []example{
		{"emitEvent", `curl -s "$API/api/events"` + body + ` -H 'idempotency-key: o_1-paid' ` + "\\\n" + `  -d '{"id": "evt_1", "type": "order.paid", "data": {"orderId": "o_1", "total": 4999}, "entity": {"type": "order", "id": "o_1"}}'`, `{"id":"evt_1","type":"order.paid"…"deliveries":1`},
		post("emitEvents", "/api/events/batch", `{"events": [{"type": "order.paid", "data": {"total": 1}}, {"type": "order.paid", "data": {"total": 2}}]}`, `"deliveries":1`),
		get("listEvents", "/api/events?type=order.paid&limit=10", `"id":"evt_1"`),
		get("getEvent", "/api/events/evt_1", `"sequence":1`),
		{"streamEvents", `curl -s --no-buffer --max-time 2 "$API/api/events/stream?events=order.*"` + auth + ` || test $? -eq 28 # the time is over`, "event: start"},
	}},
	{"Deliveries", "A delivery is one event for one webhook ([what a status means](CONCEPTS.md#what-a-status-means)).", []example{
		{"listDeliveries", `DELIVERY=$(curl -s "$API/api/deliveries?eventId=evt_1&limit=10"` + auth + ` | jq -r '.data[0].id'); echo "$DELIVERY"`, ""},
		get("listWebhookDeliveries", "/api/webhooks/wh_1/deliveries?limit=10", `"webhookId":"wh_1"`),
		get("getDelivery", "/api/deliveries/$DELIVERY", `"attemptLog":[`),
		get("getDeliveryRequest", "/api/deliveries/$DELIVERY/request", `"bodyBase64":"`),
		act("retryDelivery", "POST", "/api/deliveries/$DELIVERY/retry", `"status":"pending"`),
		post("retryDeliveries", "/api/deliveries/retry", `{"status": "dead", "event": "order.paid", "dryRun": true}`, `"dryRun":true`),
		get("getWebhookLedger", "/api/webhooks/wh_1/ledger", `"matched":`),
		get("getActivity", "/api/activity", `"stepSeconds":`),
	}},
	{"Recoveries", "Getting back what was missed ([Recovery](RECOVERY.md)).", []example{
		keep("RECOVERY", example{"", `curl -s "$API/api/webhooks/wh_1/replay"` + body + ` -d '{"since": "2026-03-15T10:00:00Z"}'`, ""}).as("getRecovery", `; curl -s "$API/api/recoveries/$RECOVERY"`+auth, `"kind":"replay"`),
		get("listRecoveries", "/api/recoveries?limit=10", `"kind":"replay"`),
		act("cancelRecovery", "POST", "/api/recoveries/$RECOVERY/cancel", `"kind":"replay"`),
	}},
	{"Audit", "What was done in a store, by whom.", []example{
		get("listAudit", "/api/audit?event=webhooks.create&limit=10", `"event":"webhooks.create"`),
		get("listEntityAudit", "/api/audit/order/o_1", `"event":"order.paid"`),
	}},
	{"Erasures", "Forgetting what payloads say of somebody ([Retention](RETENTION.md)).", []example{
		keep("ERASURE", post("createErasure", "/api/erasures", `{"entity": {"type": "customer", "id": "c_1001"}}`, "")),
		get("listErasures", "/api/erasures?limit=10", `"id":"c_1001"`),
		get("getErasure", "/api/erasures/$ERASURE", `"entity":{"type":"customer","id":"c_1001"}`),
	}},
	{"Keys", "Who may do what ([API keys](SECURITY.md#api-keys)).", []example{
		keep("ID", post("createKey", "/api/keys", `{"name": "warehouse", "permissions": ["webhooks:read", "deliveries:read"]}`, "")),
		get("listKeys", "/api/keys?limit=10", `"name":"warehouse"`),
		get("getKey", "/api/keys/$ID", `"permissions":["webhooks:read","deliveries:read"]`),
		act("revokeKey", "DELETE", "/api/keys/$ID", ""),
	}},
	{"Portal", "A store's pages for its merchant ([Portal](PORTAL.md)).", []example{
		post("createPortalSession", "/api/portal-sessions", `{"capabilities": ["read", "manage"], "actor": {"type": "user", "id": "anna"}}`, `"token":"`),
	}},
	{"The end of a webhook", "", []example{
		act("deleteWebhook", "DELETE", "/api/webhooks/wh_1", ""),
	}},
	{"Health of the service", "", []example{
		{"getHealth", `curl -s "$API/healthz"`, `"status":"ok"`},
		{"getReadiness", `curl -s "$API/readyz"`, `"status":"ready"`},
		get("listNodes", "/api/nodes", `"alive":true`),
		get("getMetrics", "/metrics", "billhook_events_accepted_total"),
		{"getOpenAPI", `curl -s "$API/openapi.json"`, `"openapi":`},
	}},
}

// as makes of a command that prepares an example the whole of it.
func (e example) as(operation, then, answer string) example {
	return example{operation, e.shell + "\n" + then[2:], answer}
}
