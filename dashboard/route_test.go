package dashboard

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/billhook/billhook"
)

// forms are what each POST of the table is sent, so that it does what it is for. A
// row of the table that has none here fails the test.
var forms = map[string][]string{
	"/signin":      {"key", rootSecret},
	"/signout":     {},
	"/preferences": {"theme", "dark"},
	"/portal":      {}, // take makes a token
	"/stores":      {"id", "made"},

	"/stores/{store}/deliveries/retry":          {"status", "dead", "key", "1"},
	"/stores/{store}/deliveries/{id}/retry":     {},
	"/stores/{store}/recoveries/{id}/cancel":    {},
	"/stores/{store}/webhooks":                  {"url", "http://127.0.0.1:1/new", "events", "*", "active", "yes"},
	"/stores/{store}/webhooks/{id}/edit":        {"url", "http://127.0.0.1:1/other", "events", "order.*"},
	"/stores/{store}/event-types":               {"name", "made.here"},
	"/stores/{store}/event-types/{name}/edit":   {"description", "other"},
	"/stores/{store}/event-types/{name}/delete": {},
	"/stores/{store}/webhooks/{id}/activate":    {},
	"/stores/{store}/webhooks/{id}/deactivate":  {},
	"/stores/{store}/webhooks/{id}/delete":      {},
	"/stores/{store}/webhooks/{id}/secret":      {},
	"/stores/{store}/webhooks/{id}/rotate":      {"overlap", "3600"},
	"/stores/{store}/webhooks/{id}/test":        {},
	"/stores/{store}/webhooks/{id}/missed":      {"kind", "replay", "since", "2026-01-01T00:00"},
	"/keys":                                     {"name", "test", "days", "30", "permissions", "keys:manage"},
	"/keys/{id}/revoke":                         {},
	"/stores/{store}/keys":                      {"name", "test", "days", "30", "permissions", "keys:manage"},
	"/stores/{store}/keys/{id}/revoke":          {},
	"/stores/{store}/settings":                  {"name", "Shop", "profile", "standard", "validation", "off"},
	"/stores/{store}/delete":                    {"id", "mine"},
}

// things are what the parts of a pattern stand for, in the store "mine": by the part's
// name, and of several parts of one name by what stands before, "webhooks/{id}"; those
// of pages that are about no store begin with a slash.
func things(f *fixture) map[string]string {
	all := f.thingsOf("mine")
	all["/keys/{id}"] = f.keyID("")
	return all
}

// theirs are the same of the store "theirs", to be looked for in "mine".
func theirs(f *fixture) map[string]string {
	return f.thingsOf("theirs")
}

func (f *fixture) thingsOf(store string) map[string]string {
	f.t.Helper()
	w := f.webhook(store, "http://127.0.0.1:1/"+store)
	d, err := f.client.Test(f.t.Context(), store, w.ID, "")
	if err != nil {
		f.t.Fatal(err)
	}
	plan := billhook.RecoveryPlan{Kind: billhook.RecoveryReplay, WebhookID: w.ID, From: w.CreatedAt}
	r, err := f.client.StartRecovery(f.t.Context(), billhook.RecoveryRequest{StoreID: store, RecoveryPlan: plan})
	if err != nil {
		f.t.Fatal(err)
	}
	_, err = f.client.CreateEventType(f.t.Context(), store, "only.of."+store, billhook.EventTypeChange{})
	if err != nil && billhook.ErrorCode(err) != billhook.CodeDuplicate {
		f.t.Fatal(err)
	}
	return map[string]string{
		"event-types/{name}": "only.of." + store,
		"webhooks/{id}":      w.ID, "tests/{delivery}": d.ID,
		"events/{id}": d.EventID, "deliveries/{id}": d.ID, "recoveries/{id}": r.ID,
		"keys/{id}": f.keyID(store),
	}
}

// pathOf puts a store and its things into a pattern.
func pathOf(t *testing.T, rt *route, store string, things map[string]string) string {
	t.Helper()
	parts := strings.Split(strings.TrimSuffix(rt.pattern, "{$}"), "/")
	for i, part := range parts {
		switch {
		case part == "{store}":
			parts[i] = store
		case strings.HasPrefix(part, "{"):
			name := parts[i-1] + "/" + part
			if rt.scope == allStores {
				name = "/" + name
			}
			if things[name] == "" {
				t.Fatalf("%s: this test has no %s: add one to things and theirs", rt.pattern, name)
			}
			parts[i] = things[name]
		}
	}
	return strings.Join(parts, "/")
}

// take asks for a route by a browser.
func take(t *testing.T, b *browser, rt *route, path string) (status int, location string) {
	t.Helper()
	if rt.method == http.MethodGet {
		ctx, cancel := context.WithCancel(t.Context())
		if strings.HasSuffix(rt.pattern, "/live") {
			cancel() // it would go on for ever
		}
		defer cancel()
		w := b.do(httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil))
		return w.Code, w.Header().Get("Location")
	}
	form, ok := forms[rt.pattern]
	if !ok {
		t.Fatalf("POST %s: this test has no form for it: add one to forms", rt.pattern)
	}
	if rt.pattern == "/portal" {
		form = []string{"token", b.f.portalToken("mine")}
	}
	w := b.post(path, form...)
	return w.Code, w.Header().Get("Location")
}

// TestRoutes: each route with each kind of key, and without. Who may gets an answer that
// is no refusal; who lacks the permission 403; to whom the store is none of theirs 404.
func TestRoutes(t *testing.T) {
	type visitor struct {
		name string
		// may says what it gets.
		may func(rt *route) int
		in  func(f *fixture, rt *route) *browser
	}
	const allowed = 0 // 200, or 303 to somewhere other than the sign-in
	visitors := []visitor{
		{"nobody", func(rt *route) int {
			if rt.scope == open {
				return allowed
			}
			return http.StatusUnauthorized
		}, func(f *fixture, _ *route) *browser { return f.browser() }},
		{"the root key", func(*route) int { return allowed }, func(f *fixture, _ *route) *browser { return f.signedIn(rootSecret) }},
		{"a key of the store, with the permission", func(rt *route) int {
			if rt.scope == allStores {
				return http.StatusForbidden
			}
			return allowed
		}, func(f *fixture, rt *route) *browser { return f.signedIn(f.key("mine", permissionOf(rt))) }},
		{"a key of the store, with all permissions but this", func(rt *route) int {
			switch {
			case rt.scope == allStores, rt.permission != "":
				return http.StatusForbidden
			}
			return allowed
		}, func(f *fixture, rt *route) *browser { return f.signedIn(f.key("mine", allBut(rt)...)) }},
		{"a key of another store, with all permissions", func(rt *route) int {
			switch rt.scope {
			case allStores:
				return http.StatusForbidden
			case inStore:
				return http.StatusNotFound
			}
			return allowed
		}, func(f *fixture, _ *route) *browser { return f.signedIn(f.key("theirs", billhook.PermissionEverything)) }},
		{"a key for all stores, with all permissions but this", func(rt *route) int {
			if rt.permission != "" {
				return http.StatusForbidden
			}
			return allowed
		}, func(f *fixture, rt *route) *browser { return f.signedIn(f.key("", allBut(rt)...)) }},
		{"a portal's token", func(rt *route) int { return inPortal(rt, http.StatusForbidden) },
			func(f *fixture, _ *route) *browser { return f.withToken("mine", billhook.PermissionEverything) }},
		{"a portal's cookie", func(rt *route) int { return inPortal(rt, allowed) },
			func(f *fixture, _ *route) *browser { return f.inPortal("mine") }},
		{"a token of another store", func(rt *route) int {
			if rt.scope == inStore {
				return http.StatusNotFound
			}
			return inPortal(rt, http.StatusForbidden)
		}, func(f *fixture, _ *route) *browser { return f.withToken("theirs", billhook.PermissionEverything) }},
		{"a token that is none", func(rt *route) int {
			if rt.scope == open {
				return http.StatusForbidden
			}
			return http.StatusUnauthorized
		}, func(f *fixture, _ *route) *browser { return f.bearing("nonsense") }},
	}
	for _, rt := range routes() {
		t.Run(rt.method+" "+rt.pattern, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			path := pathOf(t, rt, "mine", things(f))
			done := false // by one who may; what is done once may not be possible twice
			for _, v := range visitors {
				if done {
					f = newFixture(t)
					path = pathOf(t, rt, "mine", things(f))
				}
				status, location := take(t, v.in(f, rt), rt, path)
				if status == http.StatusSeeOther && strings.HasPrefix(location, "/signin") && rt.pattern != "/signout" {
					status = http.StatusUnauthorized
				}
				want := v.may(rt)
				done = want == allowed && rt.method != http.MethodGet
				if want == allowed && status != http.StatusOK && status != http.StatusSeeOther || want != allowed && status != want {
					t.Errorf("%s gets %d (%s), not %d", v.name, status, location, want)
				}
			}
			if rt.scope != inStore {
				return
			}
			root := f.signedIn(rootSecret)
			if status, _ := take(t, root, rt, pathOf(t, rt, "none", things(f))); status != http.StatusNotFound {
				t.Errorf("in a store that is not there: %d", status)
			}
			if strings.Count(rt.pattern, "{") > 1 {
				if status, _ := take(t, root, rt, pathOf(t, rt, "mine", theirs(f))); status != http.StatusNotFound {
					t.Errorf("something of another store's: %d", status)
				}
			}
		})
	}
}

func permissionOf(rt *route) string {
	if rt.permission != "" {
		return rt.permission
	}
	return billhook.PermissionWebhooksRead // a key must have one
}

// allBut are the permissions without the one that the route needs, and without those
// that it is part of.
func allBut(rt *route) []string {
	var all []string
	for _, p := range billhook.Permissions() {
		if rt.permission == "" || !billhook.Permits([]string{p}, rt.permission) {
			if p != billhook.PermissionEverything {
				all = append(all, p)
			}
		}
	}
	return all
}

// inPortal is what a portal session with all capabilities gets of a route, where what
// needs no key answers so: nothing of the operator's, whatever the API key may do.
func inPortal(rt *route, unkeyed int) int {
	all := []string{billhook.PermissionWebhooksManage, billhook.PermissionDeliveriesRead, billhook.PermissionDeliveriesRetry}
	switch {
	case rt.scope == open:
		return unkeyed
	case rt.scope == allStores, rt.permission != "" && !billhook.Permits(all, rt.permission):
		return http.StatusForbidden
	}
	return 0
}

// portalToken is that of a session of the store that may do what the permissions say, as
// far as a portal can, made by a key for everything.
func (f *fixture) portalToken(storeID string, permissions ...string) string {
	f.t.Helper()
	key, ok := f.client.Authenticate(f.key(storeID, billhook.PermissionEverything))
	capabilities := []string{billhook.PortalRead}
	for _, more := range []string{billhook.PortalManage, billhook.PortalReplay} {
		if billhook.Permits(permissions, billhook.PortalPermissions(more)[0]) {
			capabilities = append(capabilities, more)
		}
	}
	_, token, err := f.client.CreatePortalSession(f.t.Context(), billhook.PortalRequest{
		StoreID: storeID, Capabilities: capabilities, Actor: billhook.Reference{Type: "user", ID: "anna"}, KeyStoreID: key.StoreID, KeyID: key.ID,
	})
	if err != nil || !ok {
		f.t.Fatal(err, ok)
	}
	return token
}

// withToken is a script on another page, with a token.
func (f *fixture) withToken(storeID string, permissions ...string) *browser {
	f.t.Helper()
	return f.bearing(f.portalToken(storeID, permissions...))
}

func (f *fixture) bearing(token string) *browser {
	b := f.browser()
	b.header["Authorization"] = "Bearer " + token
	return b
}

// inPortal is a browser that has opened the link to a portal.
func (f *fixture) inPortal(storeID string) *browser {
	f.t.Helper()
	b := f.browser()
	if w := b.post("/portal", "token", f.portalToken(storeID, billhook.PermissionEverything)); w.Code != http.StatusSeeOther {
		f.t.Fatalf("open the portal: %d\n%s", w.Code, w.Body)
	}
	return b
}
