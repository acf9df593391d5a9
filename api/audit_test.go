package api

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/billhook/billhook"
)

// done lists what is on record in the store, as "event entity actor request".
func (f *fixture) done(t testing.TB, storeID, rest string) (all []string) {
	t.Helper()
	there := map[string]string{"x-store-id": storeID}
	for _, e := range f.do(t, exchange{method: "GET", path: "/api/audit" + rest, header: there, status: 200}).data() {
		all = append(all, fmt.Sprint(e["event"], " ", e["entityType"], "/", e["entityId"], " ", e["actorType"], "/", e["actorId"], " ", e["requestId"]))
	}
	return all
}

// Whatever changes or shows something is on record, with who did it.
func TestAudit(t *testing.T) {
	f := newFixture(t, development(), Config{})
	request := 0
	call := func(method, path, body string, status int) answer {
		request++
		return f.do(t, exchange{method: method, path: path, body: body, status: status, header: map[string]string{"x-request-id": fmt.Sprint("r", request)}})
	}
	id := call("POST", "/api/webhooks", `{"url":"https://example.com/hook","events":["*"]}`, 201).text("id")
	call("PATCH", "/api/webhooks/"+id, `{"name":"new"}`, 200)
	call("PATCH", "/api/webhooks/"+id, `{"name":1}`, 422)
	call("POST", "/v2/webhooks/"+id+"/rotate-secret", "", 200)
	call("GET", "/api/webhooks/"+id+"/secret", "", 200)
	call("GET", "/api/webhooks/none/secret", "", 404)
	test := call("POST", "/api/webhooks/"+id+"/test", `{"type":"order.paid"}`, 202)
	call("POST", "/api/events", `{"type":"t","id":"e1","data":1,"actor":{"type":"user","id":"u_1"},"entity":{"type":"order","id":"o_1"}}`, 202)
	call("POST", "/api/deliveries/"+test.text("id")+"/retry", "", 202)
	call("GET", "/api/webhooks", "", 200)
	call("PATCH", "/api/stores/default", `{"name":"Shop"}`, 200)
	call("DELETE", "/api/webhooks/"+id, "", 204)
	got := f.done(t, "default", "")
	webhook, key := " webhook/"+id+" apiKey/root ", " apiKey/root "
	want := []string{
		"webhooks.delete" + webhook + "r12",
		"stores.update store/default" + key + "r11",
		"deliveries.retry delivery/" + test.text("id") + key + "r9",
		"t order/o_1 user/u_1 r8",
		"webhooks.test" + webhook + "r7",
		"order.paid order/ord_1001" + key + "r7",
		"webhooks.revealSecret" + webhook + "r5",
		"webhooks.rotateSecret" + webhook + "r4",
		"webhooks.update" + webhook + "r2",
		"webhooks.create" + webhook + "r1",
		"stores.create store/default <nil>/<nil> <nil>",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("on record is\n%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	f.run(t, []exchange{
		{name: "old and new", method: "GET", path: "/api/audit?event=webhooks.update", status: 200, has: []string{`"oldValue":{"url":"https://example.com/hook"`, `"name":"new"`, `"source":"billhook"`, `"overlapSignature":"old"`}, lacks: []string{`"oldValue":null`, `"overlapSignature":""`}},
		{name: "an event", method: "GET", path: "/api/audit/order/o_1", status: 200, has: []string{`"id":"e1"`, `"source":"event"`, `"oldValue":null`, `"chain":1,"number":`}, lacks: []string{"aud_"}},
		{name: "a deletion", method: "GET", path: "/api/audit?event=webhooks.delete", status: 200, has: []string{`"newValue":null`}},
		{name: "an actor", method: "GET", path: "/api/audit?actorId=u_1", status: 200, has: []string{`"id":"e1"`}, lacks: []string{"aud_"}},
		{name: "a time", method: "GET", path: "/api/audit?to=2026-01-01", status: 200, has: []string{`"data":[]`}},
		{name: "a pattern", method: "GET", path: "/api/audit?event=webhooks.*", status: 422, has: []string{`"parameter":"event"`, "patterns are for webhooks"}},
		{name: "a pattern of deliveries", method: "GET", path: "/api/deliveries?event=order.*", status: 422, has: []string{`"parameter":"event"`}},
		{name: "a pattern of events", method: "GET", path: "/api/events?type=*", status: 422, has: []string{`"parameter":"type"`}},
		{name: "a bad limit", method: "GET", path: "/api/audit?limit=101", status: 422},
		{name: "another list's cursor", method: "GET", path: "/api/audit?cursor=" + positionCursor(eventCursor, billhook.EventPosition{ID: "x"}), status: 422, has: []string{`"parameter":"cursor"`}},
		{name: "an unknown parameter", method: "GET", path: "/api/audit/order/o_1?entityId=x", status: 422, has: []string{`"parameter":"entityId"`}},
		{name: "an unknown store", method: "GET", path: "/api/audit", header: map[string]string{"x-store-id": "nope"}, status: 404, has: []string{`there is no store \"nope\"`}},
	})
	if proof, err := f.client.VerifyAudit(t.Context(), "default"); err != nil || proof.Broken != nil || proof.Entries != int64(len(want)) {
		t.Errorf("verified: %+v, %v", proof, err)
	}
}

// Keys are on record with who made them and by which request; one for all stores
// is so in the default store. Nothing of a key's secret is.
func TestAuditOfKeys(t *testing.T) {
	f := newFixture(t, development(), Config{})
	f.do(t, exchange{method: "POST", path: "/api/stores", body: `{"id":"shop"}`, status: 201})
	maker, makerSecret := f.key(t, "shop", `{"name":"maker","permissions":["keys:manage","events:emit"]}`)
	by := func(secret, request string) map[string]string {
		return map[string]string{"x-api-key": secret, "x-request-id": request}
	}
	made := f.do(t, exchange{method: "POST", path: "/api/keys", header: by(makerSecret, "r1"), status: 201,
		body: `{"name":"till","permissions":["events:emit"],"expiresAt":"2100-01-01T00:00:00Z"}`})
	shared := f.do(t, exchange{method: "POST", path: "/api/keys", header: by(rootKey, "r2"), status: 201,
		body: `{"name":"all","permissions":["*"],"allStores":true}`})
	id, sharedID, sharedSecret := made.text("id"), shared.text("id"), shared.text("key")
	f.run(t, []exchange{
		{name: "refused", method: "POST", path: "/api/keys", header: by(makerSecret, "r3"), body: `{"name":"x","permissions":["*"]}`, status: 403},
		{name: "wrong", method: "POST", path: "/api/keys", header: by(makerSecret, "r4"), body: `{"name":"x"}`, status: 422},
		{name: "not its own", method: "DELETE", path: "/api/keys/" + sharedID, header: by(makerSecret, "r5"), status: 404},
		{name: "revoke", method: "DELETE", path: "/api/keys/" + id, header: by(makerSecret, "r6"), status: 204},
		{name: "revoke twice", method: "DELETE", path: "/api/keys/" + id, header: by(makerSecret, "r7"), status: 404},
		{name: "revoke itself", method: "DELETE", path: "/api/keys/" + sharedID, header: by(sharedSecret, "r8"), status: 204},
	})
	there := map[string]string{"x-store-id": "shop"}
	for _, x := range []struct {
		store, id string
		want      []string
	}{
		{"shop", id, []string{"keys.revoke apiKey/" + id + " apiKey/" + maker + " r6", "keys.create apiKey/" + id + " apiKey/" + maker + " r1"}},
		{"default", sharedID + "?allStores=true", []string{"keys.revoke apiKey/" + sharedID + " apiKey/" + sharedID + " r8", "keys.create apiKey/" + sharedID + " apiKey/root r2"}},
		{"shop", sharedID, nil},
		{"default", sharedID, nil},
		{"default", id, nil},
	} {
		if got := f.done(t, x.store, "/apiKey/"+x.id); !slices.Equal(got, x.want) {
			t.Errorf("of %s in %s is on record %q, not %q", x.id, x.store, got, x.want)
		}
	}
	secret := func(a answer) string { return strings.TrimPrefix(a.text("key"), a.text("prefix")+"_") }
	lacks := []string{secret(made), secret(shared), makerSecret, "salt", `"key"`}
	till := `{"name":"till","prefix":"` + made.text("prefix") + `","permissions":["events:emit"],"allStores":false,"expiresAt":"2100-01-01T00:00:00Z"}`
	f.run(t, []exchange{
		{name: "made", method: "GET", path: "/api/audit?event=keys.create&entityId=" + id + "&entityType=apiKey", header: there, status: 200, has: []string{`"oldValue":null,"newValue":` + till}},
		{name: "revoked", method: "GET", path: "/api/audit?event=keys.revoke", header: there, status: 200, has: []string{`"oldValue":` + till + `,"newValue":null`}},
		{name: "all of the store", method: "GET", path: "/api/audit", header: there, status: 200, has: []string{id, maker}, lacks: append(lacks, `"r3"`, `"r4"`, `"r5"`, `"r7"`)},
		{name: "what is for all stores", method: "GET", path: "/api/audit?allStores=true", status: 200, has: []string{sharedID, `"allStores":true`}, lacks: lacks},
		{name: "what is for all stores, for one", method: "GET", path: "/api/audit?allStores=true", header: by(makerSecret, "r9"), status: 403},
	})
}

// A new request has an id of its own, and its answer tells it.
func TestAuditTellsTheRequest(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	h := f.do(t, exchange{method: "POST", path: "/api/events/batch", body: `{"events":[{"type":"t","data":1},{"type":"t","data":2}]}`, status: 202}).Header()
	got := f.done(t, "default", "?event=t")
	if want := "t <nil>/<nil> apiKey/root " + h.Get("X-Request-Id"); len(got) != 2 || got[0] != want || got[1] != want || !strings.Contains(want, " req_") {
		t.Errorf("on record is %q; want twice %q", got, want)
	}
}

// Ids of entities are any text, and come as they are.
func TestAuditOfAnyEntity(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	for i, id := range []string{"a/b", "a%2Fb", "a b", "№ 1?x=1&y", "a+b", "..%", "a/../b"} {
		event := fmt.Sprint("e", i)
		f.emit(t, fmt.Sprintf(`{"type":"t","id":%q,"data":1,"entity":{"type":"an order","id":%q}}`, event, id))
		for _, path := range []string{"/api/audit/an%20order/" + url.PathEscape(id), "/api/audit?entityType=an+order&entityId=" + url.QueryEscape(id)} {
			found := f.do(t, exchange{method: "GET", path: path, status: 200}).data()
			if len(found) != 1 || found[0]["id"] != event || found[0]["entityId"] != id {
				t.Errorf("%s finds %v", path, found)
			}
		}
	}
}

func TestAuditPages(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	var batch []string
	for i := range 119 {
		batch = append(batch, fmt.Sprintf(`{"type":"t","data":%d}`, i))
	}
	f.do(t, exchange{method: "POST", path: "/api/events/batch", body: `{"events":[` + strings.Join(batch, ",") + `]}`, status: 202})
	seen, cursor := map[any]bool{}, ""
	for _, want := range []int{50, 50, 20} {
		page := f.do(t, exchange{method: "GET", path: "/api/audit" + cursor, status: 200})
		for _, e := range page.data() {
			seen[e["id"]] = true
		}
		if len(page.data()) != want {
			t.Fatalf("a page of %d, not %d", len(page.data()), want)
		}
		if want == 50 {
			cursor = "?cursor=" + page.text("nextCursor")
		}
	}
	if len(seen) != 120 {
		t.Errorf("%d of 120 entries", len(seen))
	}
}

// No secret, and no value of a header, is ever on record.
func TestAuditKeepsNoSecrets(t *testing.T) {
	f := newFixture(t, development(), Config{})
	id := f.register(t, `{"url":"https://example.com/hook","events":["*"],"secret":"whsec_distinctive1AAAAAAAAAAAAAAAAAAAA","headers":{"X-Token":"distinctive2"}}`)
	f.run(t, []exchange{
		{name: "change", method: "PATCH", path: "/api/webhooks/" + id, body: `{"headers":{"X-Token":"distinctive3","X-Other":"distinctive4"}}`, status: 200},
		{name: "rotate", method: "POST", path: "/api/webhooks/" + id + "/rotate-secret", body: `{"secret":"whsec_distinctive5AAAAAAAAAAAAAAAAAAAA"}`, status: 200},
		{name: "reveal", method: "GET", path: "/api/webhooks/" + id + "/secret", status: 200, has: []string{"distinctive1", "distinctive5"}},
		{name: "delete", method: "DELETE", path: "/api/webhooks/" + id, status: 204},
		{name: "on record", method: "GET", path: "/api/audit", status: 200, lacks: []string{"distinctive", "whsec_"},
			has: []string{"webhooks.revealSecret", `"headers":{"X-Other":"***","X-Token":"*** (changed)"}`, `"secrets":"*** (changed)"`}},
	})
	if err := f.client.Delete(t.Context(), "default", id); billhook.ErrorCode(err) != billhook.CodeNotFound {
		t.Errorf("deleted twice: %v", err)
	}
}

func TestAuditNeedsItsPermission(t *testing.T) {
	keys := func(secret string) (Key, bool) { return Key{Permissions: []string{secret}}, true }
	f := newFixture(t, billhook.Config{}, Config{Keys: keys})
	for _, path := range []string{"/api/audit", "/api/audit/order/o_1"} {
		f.do(t, exchange{method: "GET", path: path, header: map[string]string{"x-api-key": AuditRead}, status: 200})
		f.do(t, exchange{method: "GET", path: path, header: map[string]string{"x-api-key": DeliveriesRead}, status: 403, has: []string{"audit:read"}})
	}
}
