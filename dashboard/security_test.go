package dashboard

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/billhook/billhook"
)

// TestOtherSitesPages: what another site's page sends is refused, sign-in included, and
// nothing is done.
func TestOtherSitesPages(t *testing.T) {
	f := newFixture(t)
	b := f.signedIn(rootSecret)
	for name, header := range map[string]map[string]string{
		"another site":                   {"Sec-Fetch-Site": "cross-site"},
		"another host of the domain":     {"Sec-Fetch-Site": "same-site"},
		"an older browser, another site": {"Origin": "https://evil.example"},
	} {
		for _, path := range []string{"/stores", "/signin", "/signout", "/preferences"} {
			r := httptest.NewRequest(http.MethodPost, path, strings.NewReader("id=evil&key="+rootSecret))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			for n, v := range header {
				r.Header.Set(n, v)
			}
			if w := b.do(r); w.Code != http.StatusForbidden {
				t.Errorf("%s: %s: %d", name, path, w.Code)
			}
		}
	}
	if _, err := f.client.Store(t.Context(), "evil"); billhook.ErrorCode(err) != billhook.CodeNotFound {
		t.Error("it has made a store")
	}
}

// TestHeaders: every page, also of an error, has what browsers need to hear.
func TestHeaders(t *testing.T) {
	f := newFixture(t)
	b := f.signedIn(rootSecret)
	for _, path := range []string{"/stores", "/nowhere", "/stores/none/webhooks", "/signin", "/"} {
		h := b.get(path).Header()
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cache-Control": "no-store",
		} {
			if got := h.Get(name); !strings.HasPrefix(got, want) {
				t.Errorf("%s: %s: %q", path, name, got)
			}
		}
		for _, word := range []string{"unsafe", "http:", "https:", "*"} {
			if strings.Contains(h.Get("Content-Security-Policy"), word) {
				t.Errorf("%s: the policy has %s", path, word)
			}
		}
	}
}

// TestNothingInline: no page has a script, a style or an address of somebody else's in
// it, whatever it shows.
func TestNothingInline(t *testing.T) {
	f := newFixture(t)
	name := `<script>alert(1)</script>"'><img src=x onerror=alert(1)>`
	if _, err := f.client.UpdateStore(t.Context(), "mine", billhook.StoreChange{Name: &name}); err != nil {
		t.Fatal(err)
	}
	b := f.signedIn(rootSecret)
	for _, path := range []string{"/stores", "/stores/mine/webhooks", "/signin"} {
		body := b.get(path).Body.String()
		for _, bad := range []string{"<script>", "<style", " style=", "onerror=alert(1)>", "src=\"http", "href=\"http"} {
			if strings.Contains(body, bad) {
				t.Errorf("%s holds %s", path, bad)
			}
		}
	}
}

// TestFlash: only our own words are told, whatever the address says.
func TestFlash(t *testing.T) {
	f := newFixture(t)
	b := f.signedIn(rootSecret)
	w := b.post("/stores", "id", "new")
	if to := w.Header().Get("Location"); to != "/stores/new?done=stores.done.created" {
		t.Fatalf("it leads to %q", to)
	}
	to := b.get("/stores/new?done=stores.done.created").Header().Get("Location")
	if body := b.get(to).Body.String(); !strings.Contains(body, "The store was created.") {
		t.Errorf("%s does not say what was done", to)
	}
	for _, done := range []string{"You+won", "signin.wrong", "stores.done.nothing"} {
		if body := b.get("/stores?done=" + done).Body.String(); strings.Contains(body, `class="flash"`) {
			t.Errorf("done=%s is told", done)
		}
	}
}

// TestFragment: without the frame, under a token, for scripts of other origins; a
// cookie counts for nothing beside it.
func TestFragment(t *testing.T) {
	f := newFixture(t)
	f.webhook("mine", "http://127.0.0.1:1/mine")
	b := f.withToken("mine", billhook.PermissionWebhooksRead)
	w := b.get("/stores/mine/webhooks")
	body := w.Body.String()
	if w.Code != http.StatusOK || !strings.HasPrefix(body, `<div class="billhook-page"`) || !strings.Contains(body, "127.0.0.1:1/mine") {
		t.Errorf("%d\n%s", w.Code, body)
	}
	for _, frame := range []string{"<html", "<head", "<header", "<!doctype", "menu"} {
		if strings.Contains(body, frame) {
			t.Errorf("it holds %s", frame)
		}
	}
	signed := f.signedIn(rootSecret)
	signed.header["Authorization"] = "Bearer nonsense"
	if w := signed.get("/stores/mine/webhooks"); w.Code != http.StatusUnauthorized {
		t.Errorf("a wrong token beside a cookie: %d", w.Code)
	}
	signed.header = map[string]string{fragmentHeader: "1"}
	if w := signed.get("/stores/mine/webhooks"); w.Code != http.StatusOK || !strings.HasPrefix(w.Body.String(), `<div class="billhook-page"`) || w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("a fragment for our own script: %d %v", w.Code, w.Header())
	}
}
