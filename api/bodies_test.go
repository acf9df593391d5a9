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
	io.WriteString(rest, "x") // is read once all before it was counted
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
