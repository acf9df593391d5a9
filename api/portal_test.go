package api

import (
	"net/url"
	"strings"
	"testing"

	"github.com/billhook/billhook"
)

// TestPortalSessions: what is asked for is handed on, no more than the key has, and is no
// API key itself.
func TestPortalSessions(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	if _, err := f.client.CreateStore(t.Context(), billhook.Store{ID: "shop"}); err != nil {
		t.Fatal(err)
	}
	_, all := f.key(t, "shop", `{"name":"platform","permissions":["*"]}`)
	id, reads := f.key(t, "shop", `{"name":"reads","permissions":["webhooks:read","deliveries:read"]}`)
	made := f.do(t, exchange{method: "POST", path: "/api/portal-sessions", header: map[string]string{"x-api-key": all, "x-forwarded-proto": "https"}, status: 201,
		body: `{"capabilities":["read","manage","replay"],"expiresIn":600,"actor":{"type":"user","id":"anna"},"language":"de","theme":"dark"}`})
	token := made.text("token")
	if want := "https://example.com/portal#" + token; made.text("url") != want {
		t.Errorf("the url is %s, not %s", made.text("url"), want)
	}
	if u, err := url.Parse(made.text("url")); err != nil || strings.Contains(u.RequestURI(), token) {
		t.Errorf("the token is in what a browser sends: %v, %v", u, err)
	}
	if made.Header().Get("Cache-Control") != "no-store" {
		t.Error("it may be kept")
	}
	session, err := f.client.PortalSession(token)
	if err != nil || session.StoreID != "shop" || session.Actor.ID != "anna" || len(session.Permissions) != 4 || session.Language != "de" || session.Theme != "dark" {
		t.Errorf("%+v, %v", session, err)
	}
	f.do(t, exchange{method: "GET", path: "/api/audit/portalSession/" + session.ID, header: map[string]string{"x-api-key": all}, status: 200,
		has: []string{`"event":"portalSessions.create"`, `"capabilities":["read","manage","replay"]`, `"actor":{"type":"user","id":"anna"}`}, lacks: []string{token}})

	with := func(secret string) map[string]string { return map[string]string{"x-api-key": secret} }
	ask := func(name, secret, body string, status int, has ...string) exchange {
		return exchange{name: name, method: "POST", path: "/api/portal-sessions", header: with(secret), body: body, status: status, has: has}
	}
	f.run(t, []exchange{
		ask("a key that reads hands on reading", reads, `{"capabilities":["read"],"actor":null,"expiresIn":null,"language":null,"theme":null}`, 201),
		ask("but not managing", reads, `{"capabilities":["read","manage"]}`, 403, `"pointer":"/capabilities/1"`, "webhooks:manage"),
		ask("nor replaying", reads, `{"capabilities":["read","replay"]}`, 403, `"pointer":"/capabilities/1"`, "deliveries:retry"),
		ask("no capabilities", all, `{}`, 422, `"pointer":"/capabilities"`),
		ask("one that there is not", all, `{"capabilities":["read","everything"]}`, 422, `"pointer":"/capabilities/1"`),
		ask("too long", all, `{"capabilities":["read"],"expiresIn":86401}`, 422, `"pointer":"/expiresIn"`),
		ask("for no time", all, `{"capabilities":["read"],"expiresIn":0}`, 422, `"pointer":"/expiresIn"`),
		ask("an actor of Billhook's own", all, `{"capabilities":["read"],"actor":{"type":"apiKey","id":"root"}}`, 422, `"pointer":"/actor/type"`),
		ask("half an actor", all, `{"capabilities":["read"],"actor":{"id":"anna"}}`, 422, `"pointer":"/actor/type"`),
		ask("no language", all, `{"capabilities":["read"],"language":"<de>"}`, 422, `"pointer":"/language"`),
		ask("no theme", all, `{"capabilities":["read"],"theme":"pink"}`, 422, `"pointer":"/theme"`),
		ask("a member that there is not", all, `{"capabilities":["read"],"storeId":"other"}`, 422, `"pointer":"/storeId"`),
		ask("a key without an id", rootKey, `{"capabilities":["read"]}`, 403, "no id"),
		{name: "the token is no API key", method: "GET", path: "/api/webhooks", header: with(token), status: 401},
		{name: "nor makes it sessions", method: "POST", path: "/api/portal-sessions", header: with(token), body: `{"capabilities":["read"]}`, status: 401},
	})
	f.do(t, exchange{method: "DELETE", path: "/api/keys/" + id, header: with(all), status: 204})
	f.do(t, ask("a revoked key", reads, `{"capabilities":["read"]}`, 401))
}

// TestPortalURL: where browsers find the portal is the operator's to say.
func TestPortalURL(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{PublicURL: "https://hooks.example/billhook/"})
	_, secret := f.key(t, "default", `{"name":"platform","permissions":["*"]}`)
	got := f.do(t, exchange{method: "POST", path: "/api/portal-sessions", header: map[string]string{"x-api-key": secret}, body: `{"capabilities":["read"]}`, status: 201})
	if want := "https://hooks.example/billhook/portal#"; !strings.HasPrefix(got.text("url"), want) {
		t.Errorf("the url is %s", got.text("url"))
	}
}
