package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestNearby: a name that may be a stranger's is refused in words, and all others pass.
func TestNearby(t *testing.T) {
	reached := 0
	handler := Nearby(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached++ }), "https://Hooks.example:8443/billhook")
	ask := func(host string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "/api/webhooks", nil)
		r.Host = host
		handler.ServeHTTP(w, r)
		return w
	}
	near := []string{
		"127.0.0.1:4000", "127.0.0.1", "10.1.2.3:80", "203.0.113.7", "[::1]:4000", "[::1]", "[fe80::1%25eth0]:4000", "localhost", "LocalHost.:4000",
		"billhook:4000", "shop.localhost", "host.docker.internal:4000", "printer.local", "a.b.test.", "hooks.example", "HOOKS.example:4000",
	}
	for _, host := range near {
		if w := ask(host); w.Code != 200 {
			t.Errorf("%s: answered %d", host, w.Code)
		}
	}
	if reached != len(near) {
		t.Errorf("%d of %d got there", reached, len(near))
	}
	for _, host := range []string{
		"", ":4000", ".", "evil.example", "evil.example:4000", "127.0.0.1.evil.example", "localhost.evil.example", "hooks.example.evil.example", "x.hooks.example",
		"evil.example.", "evillocalhost.example", "[evil.example]", "a.testing", "0x7f.1.example", "127.0.0.1:4000:evil.example", "-.example",
	} {
		w := ask(host)
		checkSchema(t, loadDocument(t).Components.Schemas["Problem"], w.Body.Bytes())
		if text := w.Body.String(); w.Code != 421 || w.Header().Get("Content-Type") != "application/problem+json" || reached != len(near) || !strings.Contains(text, `"code":"misdirected"`) || !strings.Contains(text, "--public-url") {
			t.Errorf("%q: answered %d, %s", host, w.Code, text)
		}
	}
	none := Nearby(handler, "")
	w := httptest.NewRecorder()
	if none.ServeHTTP(w, httptest.NewRequest("GET", "http://hooks.example/", nil)); w.Code != 421 {
		t.Errorf("without a public URL: answered %d", w.Code)
	}
}
