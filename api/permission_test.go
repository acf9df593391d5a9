package api

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/billhook/billhook"
)

// bodies are what each operation that wants a body is sent, so that it succeeds
// once the key may do it. %s is a new id.
var bodies = map[string]string{
	"createStore":          `{"id":"%s"}`,
	"updateStore":          `{"name":"renamed"}`,
	"createKey":            `{"name":"%s","permissions":["keys:manage"]}`,
	"emitEvent":            `{"type":"order.paid","data":{"id":"%s"}}`,
	"emitEvents":           `{"events":[{"type":"order.paid","data":{"id":"%s"}}]}`,
	"retryDelivery":        ``,
	"createWebhook":        `{"url":"https://example.com/%s","events":["order.paid"],"isActive":false}`,
	"updateWebhook":        `{"name":"%s"}`,
	"compareWebhookSecret": `{"secret":"not-this-one"}`,
	"rotateWebhookSecret":  `{"gracePeriodSeconds":0}`,
	"testWebhook":          `{"type":"order.paid"}`,
	"createEventType":      `{"name":"%s","schema":{}}`,
	"putEventType":         `{"description":"%s"}`,
	"updateEventType":      `{"description":"%s"}`,
	"tryFilter":            `{"filter":"data.id == 1"}`,
	"tryWebhookFilter":     `{"filter":"data.id == 1"}`,
	"retryDeliveries":      `{"dryRun":true}`,
	"recoverWebhook":       `{"since":"2026-01-01T00:00:00Z","dryRun":true}`,
	"replayWebhook":        `{"since":"2026-01-01T00:00:00Z","dryRun":true}`,
	"cancelRecovery":       ``,
	"createErasure":        `{"entity":{"type":"customer","id":"%s"}}`,
	"createPortalSession":  `{"capabilities":["read"],"actor":{"type":"user","id":"%s"}}`,
}

// A shop is a store with one of everything that a path can name.
type shop struct {
	id     string
	things map[string]string // by the path's second part
}

// open makes a shop's store, if it has none, and one of everything in it.
func (s *shop) open(t *testing.T, client *billhook.Client) {
	t.Helper()
	if _, err := client.Store(t.Context(), s.id); err != nil {
		if _, err := client.CreateStore(t.Context(), billhook.Store{ID: s.id}); err != nil {
			t.Fatal(err)
		}
	}
	s.things = map[string]string{"stores": s.id, "audit": s.id}
	for _, kind := range []string{"webhooks", "keys", "event-types", "events", "deliveries", "recoveries", "erasures"} {
		s.renew(t, client, kind)
	}
}

// renew makes another thing of the kind where the one before has been used up.
func (s *shop) renew(t *testing.T, client *billhook.Client, kind string) {
	t.Helper()
	var id string
	var err error
	switch kind {
	case "webhooks":
		var w billhook.Webhook
		w, err = client.Register(t.Context(), billhook.Registration{StoreID: s.id, URL: "https://example.com/", Events: []string{"*"}})
		id = w.ID
	case "keys":
		var k billhook.APIKey
		k, _, err = client.CreateKey(t.Context(), billhook.KeyRequest{StoreID: s.id, Name: "k", Permissions: []string{EventsEmit}})
		id = k.ID
	case "event-types":
		var e billhook.EventType
		e, err = client.CreateEventType(t.Context(), s.id, "only."+s.id, billhook.EventTypeChange{})
		if billhook.ErrorCode(err) == billhook.CodeDuplicate {
			e, err = billhook.EventType{Name: "only." + s.id}, nil
		}
		id = e.Name
	case "events":
		var e billhook.Event
		e, err = client.Emit(t.Context(), billhook.Emission{StoreID: s.id, Type: "order.paid", Data: []byte(`{}`)})
		id = e.ID
	case "deliveries":
		var all []billhook.Delivery
		all, err = client.Deliveries(t.Context(), billhook.DeliveryFilter{StoreID: s.id, Limit: 1})
		if err == nil {
			id = all[0].ID
		}
	case "recoveries":
		var r billhook.Recovery
		r, err = client.StartRecovery(t.Context(), billhook.RecoveryRequest{StoreID: s.id, RecoveryPlan: billhook.RecoveryPlan{Kind: billhook.RecoveryRetry}})
		id = r.ID
	case "erasures":
		var e billhook.Erasure
		e, err = client.Erase(t.Context(), s.id, billhook.Reference{Type: "customer", ID: "c"})
		id = e.ID
	default:
		t.Fatalf("nothing is known of %s", kind)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.things[kind] = id
}

// kind is the second part of the pattern: what the id in it names.
func kind(rt *route) string {
	if parts := strings.Split(rt.pattern, "/"); len(parts) > 2 {
		return parts[2]
	}
	return ""
}

// target is what a request to the route names in its path, if anything, of the
// shop.
func (s *shop) target(t *testing.T, rt *route) string {
	t.Helper()
	if !strings.Contains(rt.pattern, "{") {
		return rt.pattern
	}
	id := s.things[kind(rt)]
	path := strings.NewReplacer("{id}", id, "{name}", id, "{entityType}", "store", "{entityId}", id).Replace(rt.pattern)
	if id == "" || strings.Contains(path, "{") {
		t.Fatalf("this test cannot fill %s", rt.pattern)
	}
	return path
}

// A holder is a key and what it is said to be.
type holder struct {
	permission, storeID string // "" is none and all
	secret              string
}

// about is the store that a request of the holder's is about who names one in
// x-store-id.
func (h holder) about(named string) string { return cmp.Or(h.storeID, named, billhook.DefaultStore) }

// also are the permissions that an operation needs beside the table's, with its body
// in bodies.
var also = map[string][]string{"createPortalSession": {DeliveriesRead}}

// permitted reports whether the holder may take the route.
func (h holder) permitted(rt *route) bool {
	return h.permission != "" && !slices.ContainsFunc(append([]string{rt.permission}, also[rt.operationID]...), func(wanted string) bool {
		return !billhook.Permits([]string{h.permission}, wanted)
	})
}

// want is the status that the table says the holder gets who names a store in
// x-store-id and a shop's thing in the path; 0 where the call succeeds.
func want(rt *route, h holder, named, pathStore string) int {
	hasID := strings.Contains(rt.pattern, "{id}") || strings.Contains(rt.pattern, "{name}") && rt.method != "PUT" // which makes what is not there
	switch {
	case rt.scope == open:
		return 0
	case !h.permitted(rt),
		h.storeID != "" && named != "" && named != h.storeID,
		h.storeID != "" && rt.scope == allStores,
		h.storeID != "" && rt.scope == aStore && pathStore != h.storeID:
		return http.StatusForbidden
	case rt.scope == inStore && hasID && pathStore != h.about(named):
		return http.StatusNotFound
	}
	return 0
}

// TestPermissions walks every route as every kind of key: each permission alone
// and none, of this store, of another and of all, naming no store, this one and
// the other, and the things of both. What is right is computed from the route
// table.
func TestPermissions(t *testing.T) {
	t.Parallel()
	const nothing = "nothing " // a key without permissions, which cannot be made
	var client *billhook.Client
	f := newFixture(t, billhook.Config{}, Config{Keys: Chain(
		func(secret string) (Key, bool) {
			storeID, ok := strings.CutPrefix(secret, nothing)
			return Key{StoreID: storeID}, ok
		},
		func(secret string) (Key, bool) { return StoredKeys(client)(secret) },
	)})
	client = f.client
	shops := []*shop{{id: "own"}, {id: "other"}}
	for _, s := range shops {
		s.open(t, client)
	}
	var holders []holder
	for _, storeID := range []string{"own", "other", ""} {
		holders = append(holders, holder{"", storeID, nothing + storeID})
		for _, p := range billhook.Permissions() {
			_, secret, err := client.CreateKey(t.Context(), billhook.KeyRequest{
				StoreID: storeID, AllStores: storeID == "", Name: "walker", Permissions: []string{p}})
			if err != nil {
				t.Fatal(err)
			}
			holders = append(holders, holder{p, storeID, secret})
		}
	}
	counts, fresh := map[int]int{}, 0
	for _, rt := range routes() {
		if open := rt.scope == open; open != (rt.permission == "") || !open && !slices.Contains(billhook.Permissions(), rt.permission) {
			t.Errorf("%s: scope %d with the permission %q", rt.operationID, rt.scope, rt.permission)
		}
		body, known := bodies[strings.TrimSuffix(rt.operationID, "V2")]
		if !known && (rt.method == "POST" || rt.method == "PATCH" || rt.method == "PUT") {
			t.Fatalf("this test has no body for %s", rt.operationID)
		}
		for _, h := range holders {
			for _, named := range []string{"", "own", "other"} {
				for _, s := range shops {
					if s != shops[0] && !strings.Contains(rt.pattern, "{") {
						continue // the path names nothing
					}
					target, sacrifice := s.target(t, rt), s
					if fresh++; rt.operationID == "deleteStore" && h.storeID == "" {
						// Not a store that is needed further on.
						sacrifice = &shop{id: fmt.Sprintf("brief-%d", fresh)}
						sacrifice.open(t, client)
						target = sacrifice.target(t, rt)
					}
					if rt.method == "PUT" { // makes what is not there, which others must not find
						target = strings.Replace(rt.pattern, "{name}", fmt.Sprintf("put-%d", fresh), 1)
					}
					text := body
					if strings.Contains(body, "%s") {
						text = fmt.Sprintf(body, fmt.Sprintf("new-%d", fresh))
					}
					got := f.ask(rt.method, target, h.secret, named, text)
					want := want(rt, h, named, s.id)
					counts[want]++
					if want == 0 && got.Code >= 300 || want != 0 && got.Code != want {
						t.Errorf("%s %s with %q of %q, x-store-id %q: answered %d, not %d: %s",
							rt.method, target, h.permission, h.storeID, named, got.Code, want, got.Body)
					}
					if none := strings.Contains(got.Body.String(), `"data":[]`); want == 0 && rt.operationID == "listEntityAudit" && none == (s.id == h.about(named)) {
						t.Errorf("%s of %q, x-store-id %q: answered %s", target, h.storeID, named, got.Body)
					}
					if rt.method == "DELETE" && got.Code < 300 && kind(rt) != "stores" {
						s.renew(t, client, kind(rt))
					}
				}
			}
		}
		for _, secret := range []string{"", "wrong", "bhk_AAAAAAAAAAAA_" + strings.Repeat("A", 52)} {
			got := f.ask(rt.method, shops[0].target(t, rt), secret, "", body)
			counts[http.StatusUnauthorized]++
			if (got.Code == http.StatusUnauthorized) == (rt.scope == open) {
				t.Errorf("%s %s with the key %q: answered %d", rt.method, rt.pattern, secret, got.Code)
			}
		}
	}
	all := 0
	for _, n := range counts {
		all += n
	}
	t.Logf("%d cases: %d succeed, %d need a key, %d forbidden, %d not found",
		all, counts[0], counts[http.StatusUnauthorized], counts[http.StatusForbidden], counts[http.StatusNotFound])
	if least := len(routes()) * (1 + len(billhook.Permissions())) * len(shops); all < least {
		t.Errorf("%d cases, not at least %d", all, least)
	}
	for status, n := range counts {
		if n < len(routes()) {
			t.Errorf("only %d cases of %d", n, status)
		}
	}
}

// ask sends a request with a key.
func (f *fixture) ask(method, target, secret, storeID, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("X-Request-Id", "same")
	if secret != "" {
		r.Header.Set("X-Api-Key", secret)
	}
	if storeID != "" {
		r.Header.Set("X-Store-Id", storeID)
	}
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	return w
}
