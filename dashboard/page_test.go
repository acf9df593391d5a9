package dashboard

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/billhook/billhook"
)

// newTestPage is a page of the store "mine", for a viewer who may do all, below a path
// that a proxy takes away.
func newTestPage(t *testing.T, target string) (*page, *httptest.ResponseRecorder) {
	t.Helper()
	f := newFixture(t)
	s := &server{client: f.client, cfg: Config{BasePath: "/hooks", Keys: fixtureKeys{f.client}, Logger: slog.New(slog.DiscardHandler)}, routes: routes(), words: mustLoadWords()}
	w := httptest.NewRecorder()
	p := newPage(s, &route{scope: inStore}, w, httptest.NewRequest(http.MethodGet, target, nil))
	p.key = rootOfTests
	p.store = billhook.Store{ID: "mine", Name: "Shop mine"}
	return p, w
}

// TestLinks: every address has the base path, and what is put into one stays one part
// of it.
func TestLinks(t *testing.T) {
	p, _ := newTestPage(t, "/stores/mine/webhooks?status=dead&cursor=c1&done=stores.done.created")
	for got, want := range map[string]string{
		p.Root():                              "/hooks/",
		p.Root("stores"):                      "/hooks/stores",
		p.To():                                "/hooks/stores/mine",
		p.To("webhooks", "a/b?c#d"):           "/hooks/stores/mine/webhooks/a%2Fb%3Fc%23d",
		p.Here():                              "/hooks/stores/mine/webhooks?cursor=c1&status=dead",
		p.Here("cursor", "c2"):                "/hooks/stores/mine/webhooks?cursor=c2&status=dead",
		p.Here("cursor", "", "status", "a b"): "/hooks/stores/mine/webhooks?status=a+b",
	} {
		if got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
	p.within("Webhooks", "webhooks")
	var crumbs []string
	for _, c := range p.Crumbs() {
		crumbs = append(crumbs, c.Text+" "+c.URL)
	}
	if got := strings.Join(crumbs, "; "); got != "Stores /hooks/stores; Shop mine /hooks/stores/mine; Webhooks /hooks/stores/mine/webhooks" {
		t.Errorf("the crumbs are %s", got)
	}
	if pager := p.pager("c2"); pager.First != "/hooks/stores/mine/webhooks?status=dead" || pager.Next != "/hooks/stores/mine/webhooks?cursor=c2&status=dead" {
		t.Errorf("%+v", pager)
	}
}

// TestCut: a list that has more than a page goes on after the last that is shown.
func TestCut(t *testing.T) {
	id := func(n *int) string { return strings.Repeat("x", *n) }
	for size, next := range map[int]int{0: 0, 1: 0, pageSize: 0, pageSize + 1: pageSize - 1} {
		list := make([]int, size)
		for i := range list {
			list[i] = i
		}
		shown, cursor := cut(list, id)
		if len(shown) != min(size, pageSize) || len(cursor) != next {
			t.Errorf("of %d: %d are shown, then from %d", size, len(shown), len(cursor))
		}
	}
}

// TestRaw: what came from outside is a file to keep, whatever it is and is called.
func TestRaw(t *testing.T) {
	p, w := newTestPage(t, "/")
	text := "<script>alert(1)</script>\x1b[31m"
	if err := p.raw("evil\"\r\nX: y.html", text); err != nil {
		t.Fatal(err)
	}
	h := w.Header()
	if w.Body.String() != text || h.Get("Content-Type") != "text/plain; charset=utf-8" || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") || strings.ContainsAny(h.Get("Content-Disposition"), "\r\n") {
		t.Errorf("%v\n%s", h, w.Body)
	}
}

// TestOurFailure: what failed on our side is told to the log, and to the viewer only
// where to look.
func TestOurFailure(t *testing.T) {
	f := newFixture(t)
	var log bytes.Buffer
	s, ok := New(f.client, Config{Keys: fixtureKeys{f.client}, Logger: slog.New(slog.NewTextHandler(&log, nil))}).(*server)
	if !ok {
		t.Fatal("New makes something else")
	}
	for name, handle := range map[string]func(*page) error{
		"an error": func(*page) error { return errors.New("the disk said no") },
		"a panic":  func(*page) error { panic("the disk said no") },
	} {
		log.Reset()
		w := httptest.NewRecorder()
		s.handler(&route{scope: open, handle: handle}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		id := w.Header().Get("X-Request-Id")
		if w.Code != http.StatusInternalServerError || id == "" || !strings.Contains(w.Body.String(), id) || strings.Contains(w.Body.String(), "disk") {
			t.Errorf("%s: %d\n%s", name, w.Code, w.Body)
		}
		if !strings.Contains(log.String(), id) || !strings.Contains(log.String(), "the disk said no") {
			t.Errorf("%s: the log has %s", name, log.String())
		}
	}
}

// TestActor: what is done here is on record as the key's.
func TestActor(t *testing.T) {
	f := newFixture(t)
	if w := f.signedIn(rootSecret).post("/stores", "id", "new"); w.Code != http.StatusSeeOther {
		t.Fatalf("%d", w.Code)
	}
	entries, err := f.client.Audit(t.Context(), billhook.AuditFilter{StoreID: "new", Limit: 10})
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v, %v", entries, err)
	}
	if e := entries[0]; e.Actor != rootOfTests.Actor || e.RequestID == "" {
		t.Errorf("%+v", e)
	}
}

// TestLanguage: what was chosen, else what the browser asks for, else English.
func TestLanguage(t *testing.T) {
	f := newFixture(t)
	b := f.browser()
	for accept, want := range map[string]string{"": "en", "de-AT,en;q=0.5": "de", "fr": "en", "fr,de;q=0.3": "de", ";;;": "en"} {
		b.header["Accept-Language"] = accept
		if body := b.get("/signin").Body.String(); !strings.Contains(body, `<html lang="`+want+`"`) {
			t.Errorf("Accept-Language: %s has not %s", accept, want)
		}
	}
	b.post("/preferences", "language", "de", "next", "/signin")
	b.header["Accept-Language"] = "en"
	if body := b.get("/signin").Body.String(); !strings.Contains(body, `<html lang="de"`) || !strings.Contains(body, "Anmelden") {
		t.Error("the choice does not hold")
	}
}

// TestAssets: an asset is there by its hash for good, compressed for who takes that, and
// by another node's hash for now.
func TestAssets(t *testing.T) {
	a := mustLoadAssets()
	get := func(path, name, value string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set(name, value)
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		return w
	}
	for name := range a.files {
		plain, zipped := get(a.path(name), "Accept-Encoding", "gzip;q=0"), get(a.path(name), "Accept-Encoding", "br, gzip")
		z, err := gzip.NewReader(zipped.Body)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		text, err := io.ReadAll(z)
		if err != nil || plain.Body.String() != string(text) || len(text) == 0 {
			t.Errorf("%s: compressed it is another: %v", name, err)
		}
		if h := plain.Header(); !strings.Contains(h.Get("Cache-Control"), "immutable") || h.Get("Content-Type") == "" || h.Get("Content-Encoding") != "" {
			t.Errorf("%s: %v", name, h)
		}
		if w := get(a.path(name), "If-None-Match", plain.Header().Get("ETag")); w.Code != http.StatusNotModified || w.Body.Len() != 0 {
			t.Errorf("%s, again: %d", name, w.Code)
		}
	}
	if w := get(assetsPath+"another/billhook.css", "Accept", "*/*"); w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-cache" {
		t.Errorf("by another hash: %d %v", w.Code, w.Header())
	}
	if w := get(a.path("../dashboard.go"), "Accept", "*/*"); w.Code != http.StatusNotFound {
		t.Errorf("what is no asset: %d", w.Code)
	}
}
