package api

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/sqlite"
)

func TestOpenPaths(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{Version: "1.2.3"})
	keyless := map[string]string{"x-api-key": ""}
	f.run(t, []exchange{
		{name: "health", method: "GET", path: "/healthz", header: keyless, status: 200, has: []string{`"status":"ok"`, `"version":"1.2.3"`}},
		{name: "readiness", method: "GET", path: "/readyz", header: keyless, status: 200, has: []string{`"status":"ready"`}},
		{name: "document", method: "GET", path: "/openapi.json", header: keyless, status: 200, has: []string{`"openapi": "3.1.0"`, `"/v2/webhooks"`}},
	})
}

func TestUnknownPathsAndMethods(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	f.run(t, []exchange{
		{name: "unknown", method: "GET", path: "/api/nothing", status: 404, has: []string{`"code":"not_found"`, "/openapi.json"}},
		{name: "the root", method: "GET", path: "/", status: 404},
		{name: "a slash too much", method: "GET", path: "/api/webhooks/", status: 404},
		{name: "two slashes do not redirect", method: "POST", path: "/api//webhooks", status: 404},
		{name: "without a key", method: "GET", path: "/api/nothing", header: map[string]string{"x-api-key": ""}, status: 404},
	})
	for _, x := range []struct{ method, path, allow string }{
		{"PUT", "/api/webhooks", "GET, HEAD, POST"},
		{"POST", "/api/webhooks/1", "DELETE, GET, HEAD, PATCH"},
		{"DELETE", "/api/events", "GET, HEAD, POST"},
		{"PATCH", "/api/events/batch", "GET, HEAD, POST"},
		{"GET", "/v2/webhooks/1/test", "POST"},
		{"POST", "/healthz", "GET, HEAD"},
	} {
		a := f.do(t, exchange{method: x.method, path: x.path, status: 405, has: []string{`"code":"method_not_allowed"`, x.allow}})
		if got := a.Header().Get("Allow"); got != x.allow {
			t.Errorf("%s %s allows %q, not %q", x.method, x.path, got, x.allow)
		}
	}
	if h := f.do(t, exchange{method: "POST", path: "/api//webhooks", status: 404}).Header(); h.Get("Location") != "" {
		t.Errorf("redirects to %q", h.Get("Location"))
	}
}

func TestQueriesRefuse(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	bad := func(path, parameter string) exchange {
		return exchange{name: path, method: "GET", path: path, status: 422, has: []string{`"code":"invalid"`, `"parameter":"` + parameter + `"`}}
	}
	f.run(t, []exchange{
		bad("/api/deliveries?limit=0", "limit"),
		bad("/api/deliveries?limit=101", "limit"),
		bad("/api/deliveries?limit=-1", "limit"),
		bad("/api/deliveries?limit=x", "limit"),
		bad("/api/deliveries?limit=", "limit"),
		bad("/api/deliveries?limit=1&limit=2", "limit"),
		bad("/api/deliveries?cursor=x", "cursor"),
		bad("/api/deliveries?cursor=", "cursor"),
		bad("/api/deliveries?cursor="+idCursor(webhookCursor, "wh_1"), "cursor"),
		bad("/api/events?cursor="+idCursor(deliveryCursor, "dlv_1"), "cursor"),
		bad("/api/deliveries?from=yesterday", "from"),
		bad("/api/deliveries?from=", "from"),
		bad("/api/deliveries?to=2026-02-30", "to"),
		bad("/api/deliveries?status=lost", "status"),
		bad("/api/deliveries?webhookID=1", "webhookID"),
		bad("/api/deliveries?event=%zz", "query"),
		bad("/api/events?event=x", "event"),
		bad("/api/webhooks?offset=1", "offset"),
		bad("/api/stores?limit=1000", "limit"),
	})
}

// down is a database whose disk is full.
type down struct{ billhook.Database }

func (down) Commit(context.Context, *billhook.Batch) error { return errors.New("disk full") }
func (down) Recover(context.Context) error                 { return errors.New("disk full") }
func (down) Events(context.Context, billhook.EventFilter) ([]billhook.Event, error) {
	return nil, errors.New("page 17 is torn")
}

func TestOwnFailures(t *testing.T) {
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "billhook.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	quiet := billhook.Config{Logger: slog.New(slog.DiscardHandler)}
	healthy, err := billhook.New(db, billhook.Config{Logger: quiet.Logger, AllowInsecure: true})
	if err != nil {
		t.Fatal(err)
	}
	hook, err := healthy.Register(t.Context(), billhook.Registration{URL: "http://127.0.0.1:9/", Events: []string{"*"}})
	if err != nil {
		t.Fatal(err)
	}
	healthy.Close()
	client, err := billhook.New(down{db}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var log bytes.Buffer
	f := &fixture{t: t, client: client, handler: New(client, Config{Keys: RootKey(rootKey), Logger: slog.New(slog.NewTextHandler(&log, nil))})}

	for _, x := range []exchange{
		{method: "POST", path: "/api/events", body: `{"type":"t","data":1}`, status: 503, has: []string{`"code":"unavailable"`}},
		{method: "POST", path: "/api/events/batch", body: `{"events":[{"type":"t","data":1}]}`, status: 503},
		{method: "POST", path: "/api/webhooks", body: `{"url":"https://example.com/","events":["*"]}`, status: 503},
		{method: "GET", path: "/api/webhooks/" + hook.ID + "/secret", status: 503, lacks: []string{"whsec_"}}, // what cannot be on record is not shown
		{method: "GET", path: "/readyz", status: 503},
	} {
		if got := f.do(t, x).Header().Get("Retry-After"); got != "1" {
			t.Errorf("%s %s: Retry-After is %q", x.method, x.path, got)
		}
	}
	if log.Len() > 0 {
		t.Errorf("a 503 is logged by whoever could not store: %s", &log)
	}
	a := f.do(t, exchange{method: "GET", path: "/api/events", header: map[string]string{"x-request-id": "abc-1"}, status: 500,
		has: []string{`"code":"internal"`, `"requestId":"abc-1"`}, lacks: []string{"torn", "17"}})
	if a.Header().Get("X-Request-Id") != "abc-1" {
		t.Error("the answer does not name the request")
	}
	if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "torn") || !strings.Contains(got, "requestId=abc-1") {
		t.Errorf("the log has %q", got)
	}
}

func TestPanicIsOurFailure(t *testing.T) {
	var log bytes.Buffer
	h := New(nil, Config{Keys: RootKey(rootKey), Logger: slog.New(slog.NewTextHandler(&log, nil))}) // no client: every call panics
	r := httptest.NewRequest("GET", "/api/webhooks", nil)
	r.Header.Set("X-Api-Key", rootKey)
	r.Header.Set("X-Request-Id", "no\tgood")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "nil pointer") {
		t.Errorf("answered %d: %s", w.Code, w.Body)
	}
	if !strings.Contains(log.String(), "nil pointer") || strings.Contains(log.String(), "no\tgood") {
		t.Errorf("the log has %s", &log)
	}
	checkAnswer(t, "GET", "/api/webhooks", w.Code, w.Header(), w.Body.Bytes())
}
