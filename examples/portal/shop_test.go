package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestShop: the page has a token for its merchant and not the API key; a new one is there
// for the page itself alone.
func TestShop(t *testing.T) {
	status := http.StatusCreated
	var asked []string
	billhook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Capabilities []string
			Actor        struct{ Type, ID string }
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		asked = append(asked, r.URL.Path+" "+r.Header.Get("X-Store-Id"))
		if r.URL.Path == "/api/portal-sessions" && (len(body.Capabilities) != 3 || body.Actor.ID != "anna" || r.Header.Get("X-Api-Key") != "the-key") {
			t.Errorf("%+v %v", body, r.Header)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"token":"abc.def","url":"http://hooks.example/portal#abc.def","detail":"no"}`)
	}))
	defer billhook.Close()
	s := &shop{billhook: billhook.URL, key: "the-key", store: "flowers", merchant: "anna"}
	if err := s.open(t.Context()); err != nil || strings.Join(asked, ",") != "/api/stores ,/api/webhooks flowers" {
		t.Errorf("%q, %v", asked, err)
	}
	ask := func(method, path, site string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, nil)
		r.Header.Set("Sec-Fetch-Site", site)
		w := httptest.NewRecorder()
		s.handler().ServeHTTP(w, r)
		return w
	}
	page := ask("GET", "/", "none").Body.String()
	if !strings.Contains(page, `token="abc.def"`) || strings.Contains(page, "the-key") || !strings.Contains(page, `src="`+billhook.URL+`/portal.js"`) {
		t.Errorf("the page is\n%s", page)
	}
	if w := ask("POST", "/portal-token", "same-origin"); w.Body.String() != "abc.def" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := ask("POST", "/portal-token", "cross-site"); w.Code != http.StatusForbidden {
		t.Errorf("for another site's page: %d %s", w.Code, w.Body)
	}
	status = http.StatusForbidden
	if w := ask("GET", "/", "none"); w.Code != http.StatusBadGateway {
		t.Errorf("without a session: %d %s", w.Code, w.Body)
	}
	status = http.StatusConflict
	if err := s.open(t.Context()); err != nil {
		t.Errorf("the store is there already: %v", err)
	}
}
