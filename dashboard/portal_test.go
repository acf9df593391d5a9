package dashboard

import (
	"crypto/sha512"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/billhook/billhook"
)

// TestPortalOrigins: pages of the origins that the operator names may send requests by a
// token and read the answers. Nobody's may send a cookie, and nobody else's is heard.
func TestPortalOrigins(t *testing.T) {
	f := newFixture(t)
	token := f.portalToken("mine", billhook.PermissionEverything)
	from := func(origin, method, path string, header ...string) *httptest.ResponseRecorder {
		b := f.browser()
		if method != http.MethodOptions {
			b.header["Authorization"] = "Bearer " + token
		}
		if origin != "" {
			b.header["Origin"], b.header["Sec-Fetch-Site"] = origin, "cross-site"
		}
		for i := 0; i+1 < len(header); i += 2 {
			b.header[header[i]] = header[i+1]
		}
		return b.do(httptest.NewRequest(method, path, nil))
	}
	const page = "/stores/mine/webhooks"
	asks := []string{"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization"}
	for _, origin := range []string{"https://evil.example", "null", "https://admin.shop.example.evil.example", "http://admin.shop.example", "https://ADMIN.shop.example", "https://admin.shop.example:8443"} {
		if w := from(origin, http.MethodGet, page); w.Code != http.StatusForbidden || allowsAnything(w) || strings.Contains(w.Body.String(), "Webhooks") {
			t.Errorf("%s reads: %d %v", origin, w.Code, w.Header())
		}
		if w := from(origin, http.MethodOptions, page, asks...); allowsAnything(w) {
			t.Errorf("%s is told that it may: %v", origin, w.Header())
		}
	}
	for name, w := range map[string]*httptest.ResponseRecorder{
		"the preflight": from(platform, http.MethodOptions, page, asks...), "a page": from(platform, http.MethodGet, page),
		"a page that is not there": from(platform, http.MethodGet, "/stores/mine/nothing"), "one of another store": from(platform, http.MethodGet, "/stores/theirs/webhooks"),
		"the way on": from(platform, http.MethodGet, "/"),
	} {
		h := w.Header()
		if h.Get("Access-Control-Allow-Origin") != platform || h.Get("Access-Control-Allow-Credentials") != "" || !strings.Contains(strings.Join(h.Values("Vary"), ","), "Origin") {
			t.Errorf("%s: %d %v", name, w.Code, h)
		}
		if !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Errorf("%s may be framed: %v", name, h)
		}
	}
	if h := from(platform, http.MethodOptions, page, asks...).Header().Get("Access-Control-Allow-Headers"); h != "Authorization, Content-Type, Billhook-Fragment, Billhook-Language" {
		t.Errorf("it may send %s", h)
	}
	if w := from("", http.MethodGet, page); w.Code != http.StatusOK {
		t.Errorf("from no page: %d", w.Code)
	}
	if w := from("https://hooks.example", http.MethodGet, page, "Sec-Fetch-Site", "same-origin"); w.Code != http.StatusOK {
		t.Errorf("from our own: %d", w.Code)
	}
	// With a cookie in place of a token it is another site's page, and no more.
	b := f.inPortal("mine")
	b.header = map[string]string{"Origin": platform, "Sec-Fetch-Site": "cross-site"}
	if w := b.get(page); allowsAnything(w) {
		t.Errorf("with a cookie: %v", w.Header())
	}
	if w := b.post("/stores/mine/webhooks"); w.Code != http.StatusForbidden && w.Code != http.StatusMethodNotAllowed && w.Code != http.StatusNotFound {
		t.Errorf("a form with a cookie: %d", w.Code)
	}
}

func allowsAnything(w *httptest.ResponseRecorder) bool {
	for name := range w.Header() {
		if strings.HasPrefix(name, "Access-Control-") {
			return true
		}
	}
	return false
}

// TestPortalToken: a token with any byte changed is refused, as is one that is over; what
// is told is what to do.
func TestPortalToken(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := newFixtureIn(t, dir)
		token := f.portalToken("mine")
		const page = "/stores/mine/webhooks"
		if w := f.bearing(token).get(page); w.Code != http.StatusOK {
			t.Fatalf("%d", w.Code)
		}
		for i := range token {
			bad := []byte(token)
			if bad[i] == 'A' {
				bad[i] = 'B'
			} else {
				bad[i] = 'A'
			}
			if w := f.bearing(string(bad)).get(page); w.Code != http.StatusUnauthorized {
				t.Fatalf("byte %d changed: %d", i, w.Code)
			}
		}
		w := f.bearing(token[1:]).get(page)
		if body := w.Body.String(); !strings.HasPrefix(body, `<div class="billhook-page"`) || !strings.Contains(body, "This session has ended") || !strings.Contains(body, "Open it again") {
			t.Errorf("it does not say what to do:\n%s", body)
		}
		time.Sleep(time.Hour)
		if w := f.bearing(token).get(page); w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), "has expired") {
			t.Errorf("expired: %d", w.Code)
		}
		token = f.portalToken("mine")
		keys, err := f.client.Keys(t.Context(), "mine", "", 10)
		if err != nil || len(keys) != 2 {
			t.Fatal(keys, err)
		}
		for _, k := range keys {
			if err := f.client.RevokeKey(t.Context(), "mine", k.ID); err != nil {
				t.Fatal(err)
			}
		}
		if w := f.bearing(token).get(page); w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), "revoked") {
			t.Errorf("its key is revoked: %d", w.Code)
		}
	})
}

// TestPortalPages: the store's pages and no others, in navigation too, in the language
// that the page around them or the session names.
func TestPortalPages(t *testing.T) {
	f := newFixture(t)
	f.webhook("mine", "http://127.0.0.1:1/mine")
	f.webhook("theirs", "http://127.0.0.1:1/theirs")
	b := f.withToken("mine", billhook.PermissionEverything)
	body := b.get("/stores/mine/webhooks").Body.String()
	for _, bad := range []string{"theirs", `href="/stores"`, "/keys", "/nodes", "/audit", "signin", "signout"} {
		if strings.Contains(body, bad) {
			t.Errorf("it holds %s:\n%s", bad, body)
		}
	}
	if !strings.Contains(body, `href="/stores/mine/webhooks" aria-current="page"`) || !strings.Contains(body, "127.0.0.1:1/mine") {
		t.Errorf("it lacks the way around:\n%s", body)
	}
	if to := b.get("/").Header().Get("Location"); to != "/stores/mine" {
		t.Errorf("the way on is %q", to)
	}
	b.header["Accept-Language"] = "en"
	b.header[languageHeader] = "de"
	if body := b.get("/stores/theirs/webhooks").Body.String(); !strings.Contains(body, `lang="de"`) || strings.Contains(body, "Shop theirs") {
		t.Errorf("another store's:\n%s", body)
	}
	_, token, err := f.client.CreatePortalSession(t.Context(), billhook.PortalRequest{StoreID: "mine", Capabilities: []string{"read"}, Language: "de-AT", Theme: "dark"})
	if err != nil {
		t.Fatal(err)
	}
	b = f.bearing(token)
	b.header["Accept-Language"] = "en"
	b.cookies[languageCookie] = "en" // nobody's to send beside a token
	if body := b.get("/stores/mine/webhooks").Body.String(); !strings.Contains(body, `lang="de"`) {
		t.Errorf("the session's language is not that of\n%s", body)
	}
	whole := f.browser()
	whole.post("/portal", "token", token)
	if body := whole.get("/stores/mine/webhooks").Body.String(); !strings.Contains(body, `<html lang="de" data-theme="dark">`) {
		t.Errorf("the session's language and theme are not those of\n%s", body)
	}
}

// TestPortalActor: what is done in a portal is on record as done by the platform's user.
func TestPortalActor(t *testing.T) {
	f := newFixture(t)
	its, err := f.client.PortalSession(f.portalToken("mine"))
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]*browser{"by a token": f.withToken("mine"), "by a cookie": f.inPortal("mine")} {
		r := httptest.NewRequest(http.MethodGet, "/stores/mine/webhooks", nil)
		for n, v := range b.header {
			r.Header.Set(n, v)
		}
		for n, v := range b.cookies {
			r.AddCookie(&http.Cookie{Name: n, Value: v})
		}
		s := f.handler.(*server)
		p := newPage(s, &route{scope: inStore}, httptest.NewRecorder(), r)
		r.SetPathValue("store", "mine")
		if err := p.admit(); err != nil {
			t.Fatal(err)
		}
		w, err := p.client.Register(p.Context(), billhook.Registration{StoreID: "mine", URL: "http://127.0.0.1:1/new", Events: []string{"*"}})
		if err != nil {
			t.Fatal(err)
		}
		list, err := f.client.Audit(t.Context(), billhook.AuditFilter{StoreID: "mine", EntityType: "webhook", EntityID: w.ID, Limit: 1})
		if err != nil || len(list) != 1 || list[0].Actor != its.Actor || its.Actor.ID != "anna" {
			t.Errorf("%s: %+v, %v", name, list, err)
		}
	}
}

// TestPortalLink: a link's token becomes a cookie that scripts cannot read, whole or by
// itself, and stands in no page or address; it takes the place of another session, and
// another that of it.
func TestPortalLink(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := newFixtureIn(t, dir)
		token := f.portalToken("mine")
		b := f.browser()
		if body := b.get("/portal").Body.String(); !strings.Contains(body, `data-enter="now"`) || !strings.Contains(body, "Without JavaScript") {
			t.Errorf("%s", body)
		}
		b.header["X-Forwarded-Proto"] = "https"
		w := b.post("/portal", "token", " https://hooks.example/portal#"+token+"\n")
		c := w.Result().Cookies()[0]
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/" || c.Name != "__Host-billhook-portal" || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Value != token {
			t.Errorf("%d %+v", w.Code, c)
		}
		w = b.get("/stores/mine/webhooks")
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Shop mine") || strings.Contains(w.Body.String(), token) {
			t.Errorf("%d\n%s", w.Code, w.Body)
		}
		if w := f.browser().post("/portal", "token", token[1:]); w.Code != http.StatusUnauthorized || len(w.Result().Cookies()) != 0 {
			t.Errorf("a wrong token: %d", w.Code)
		}
		if w := b.post("/signout"); w.Header().Get("Location") != "/portal?done=portal.done.left" || len(b.cookies) != 0 {
			t.Errorf("after leaving: %v %v", w.Header(), b.cookies)
		}

		operator := f.signedIn(rootSecret)
		if body := operator.get("/portal").Body.String(); !strings.Contains(body, `data-enter="ask"`) || !strings.Contains(body, "signs you out") {
			t.Errorf("an operator is not asked:\n%s", body)
		}
		operator.post("/portal", "token", token)
		if operator.cookies["billhook"] != "" || operator.get("/stores").Code != http.StatusForbidden {
			t.Errorf("two sessions: %v", operator.cookies)
		}
		operator.post("/signin", "key", rootSecret)
		if operator.cookies["billhook-portal"] != "" || operator.get("/stores").Code != http.StatusOK {
			t.Errorf("two sessions: %v", operator.cookies)
		}

		merchant := f.inPortal("mine")
		time.Sleep(time.Hour)
		w = merchant.get("/stores/mine/webhooks")
		if w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), "This session has ended") || strings.Contains(w.Body.String(), "API key that") {
			t.Errorf("it is over: %d\n%s", w.Code, w.Body)
		}
	})
}

// TestComponent: the component is at an address that stays, for every origin, and its
// hash is the one that docs/PORTAL.md has for pinning.
func TestComponent(t *testing.T) {
	f := newFixture(t)
	w := f.browser().get("/portal.js")
	h := w.Header()
	if w.Code != http.StatusOK || h.Get("Content-Type") != "text/javascript; charset=utf-8" || h.Get("Access-Control-Allow-Origin") != "*" ||
		h.Get("Cross-Origin-Resource-Policy") != "cross-origin" || h.Get("Cache-Control") != "public, max-age=300" {
		t.Errorf("%d %v", w.Code, h)
	}
	b := f.browser()
	b.header["If-None-Match"] = h.Get("ETag")
	if again := b.get("/portal.js"); again.Code != http.StatusNotModified {
		t.Errorf("asked again: %d", again.Code)
	}
	if w.Body.Len() > 24<<10 {
		t.Errorf("it has %d bytes", w.Body.Len())
	}
	if strings.Contains(w.Body.String(), "\nimport ") {
		t.Error("it imports what its hash does not cover")
	}
	sum := sha512.Sum384(w.Body.Bytes())
	manual, err := os.ReadFile("../docs/PORTAL.md")
	if err != nil {
		t.Fatal(err)
	}
	if want := "sha384-" + base64.StdEncoding.EncodeToString(sum[:]); !strings.Contains(string(manual), want) {
		t.Errorf("docs/PORTAL.md has not the hash %s", want)
	}
}
