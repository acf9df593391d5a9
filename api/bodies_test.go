package api

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/billhook/billhook"
)

// TestMaxBodies: what of bodies is in memory is bounded over all requests, counts
// as it comes, and counts no more once its request is over.
func TestMaxBodies(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{MaxBodies: 1000})
	emit := exchange{method: "POST", path: "/api/events", body: `{"type":"a","data":"` + strings.Repeat("x", 500) + `"}`, status: http.StatusAccepted}
	for range 5 {
		f.do(t, emit)
	}

	begun, rest := io.Pipe()
	ended := make(chan int)
	go func() {
		r := httptest.NewRequest("POST", "/api/events", begun)
		r.ContentLength = 900
		r.Header.Set("X-Api-Key", rootKey)
		w := httptest.NewRecorder()
		f.handler.ServeHTTP(w, r)
		ended <- w.Code
	}()
	io.WriteString(rest, `{"type":"a",`) // little of it has come: there is room
	f.do(t, emit)
	io.WriteString(rest, `"data":"`+strings.Repeat("x", 600))
	io.WriteString(rest, "") // is read once all before it was counted
	refused := emit
	refused.status, refused.has = http.StatusServiceUnavailable, []string{`"code":"unavailable"`, "too much is being sent"}
	if h := f.do(t, refused).Header(); h.Get("Retry-After") == "" {
		t.Error("it does not say when to come back")
	}
	rest.Close()
	if code := <-ended; code != http.StatusBadRequest {
		t.Errorf("the one that broke off: %d", code)
	}
	f.do(t, emit)
}

// TestMaxStoreBodies: a store's own keys together have a share, which neither those
// of another store nor those that are for all stores pay for.
func TestMaxStoreBodies(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{MaxBodies: 10_000, MaxStoreBodies: 1000})
	f.do(t, exchange{method: "POST", path: "/api/stores", body: `{"id":"other"}`, status: 201})
	key := func(store string) string {
		return f.do(t, exchange{method: "POST", path: "/api/keys", header: map[string]string{"X-Store-Id": store}, body: `{"name":"k","permissions":["*"]}`, status: 201}).text("key")
	}
	own, second, other := key("default"), key("default"), key("other")
	emit := func(key string) exchange {
		return exchange{method: "POST", path: "/api/events", header: map[string]string{"X-Api-Key": key}, status: http.StatusAccepted,
			body: `{"type":"a","data":"` + strings.Repeat("x", 500) + `"}`}
	}
	for range 5 {
		f.do(t, emit(own))
	}

	begun, rest := io.Pipe()
	ended := make(chan int)
	go func() {
		r := httptest.NewRequest("POST", "/api/events", begun)
		r.ContentLength = 900
		r.Header.Set("X-Api-Key", own)
		w := httptest.NewRecorder()
		f.handler.ServeHTTP(w, r)
		ended <- w.Code
	}()
	io.WriteString(rest, `{"type":"a","data":"`+strings.Repeat("x", 600))
	io.WriteString(rest, "") // is read once all before it was counted
	refused := emit(second)
	refused.status, refused.has = http.StatusTooManyRequests, []string{`"code":"rate_limited"`, "send too much at once"}
	if h := f.do(t, refused).Header(); h.Get("Retry-After") == "" {
		t.Error("it does not say when to come back")
	}
	f.do(t, emit(other))
	for range 3 {
		f.do(t, emit(rootKey))
	}
	rest.Close()
	if code := <-ended; code != http.StatusBadRequest {
		t.Errorf("the one that broke off: %d", code)
	}
	for range 3 { // nothing of the refused one is counted any more
		f.do(t, emit(second))
	}
}
