package bench

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestReceiverCountsWhatCame(t *testing.T) {
	rc := newReceiver()
	post := func(path, body string) int {
		w := httptest.NewRecorder()
		rc.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, bytes.NewBufferString(body)))
		return w.Code
	}
	envelope := func(run, number int) string {
		return `{"id":"evt_1","data":` + string(orderData(run, number, time.Now().Add(-time.Second))) + `}`
	}
	for _, c := range []struct {
		path, body string
		status     int
	}{
		{"/reset?run=x", "", 400},
		{"/reset?run=3", "", 200},
		{"/hook/0", envelope(3, 1), 200},
		{"/hook/0", envelope(3, 1), 200}, // a duplicate
		{"/hook/0", envelope(3, 200), 200},
		{"/hook/1", envelope(3, 1), 200}, // the same event, another webhook
		{"/hook/2", envelope(3, 9), 200}, // not asked for below
		{"/hook/0", envelope(2, 5), 200}, // of an earlier run
		{"/hook/0", `{"hello":"world"}`, 200},
		{"/hook/100", envelope(3, 1), 404},
		{"/hook/x", envelope(3, 1), 404},
		{"/fail", "", 503},
		{"/elsewhere", "", 404},
		{"/stats?hooks=101", "", 400},
		{"/stats?hooks=2", "", 200},
	} {
		if got := post(c.path, c.body); got != c.status {
			t.Errorf("%s answers %d, want %d", c.path, got, c.status)
		}
	}
	got := rc.stats(2)
	if got.Total != 4 || got.Distinct != 3 || got.Strays != 2 || got.Latency.Count() != 3 {
		t.Errorf("stats are %+v", got)
	}
	if p50 := got.Latency.Quantile(0.5); p50 < time.Second || p50 > time.Minute {
		t.Errorf("latency is %v, want a little over a second", p50)
	}
	post("/reset?run=4", "")
	if got := rc.stats(maxHooks); got.Total != 0 || got.Distinct != 0 || got.First != 0 || got.Latency.Count() != 0 {
		t.Errorf("stats after a reset are %+v", got)
	}
}

func TestReceiverHangsUntilTheClientLeaves(t *testing.T) {
	rc := newReceiver()
	entered, left := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		defer close(left)
		rc.ServeHTTP(w, r)
	}))
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-entered
		cancel()
	}()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+"/hang", bytes.NewBufferString("{}"))
	if err != nil {
		t.Fatal(err)
	}
	if response, err := server.Client().Do(request); err == nil {
		_, _ = io.Copy(io.Discard, response.Body)
		response.Body.Close()
		t.Errorf("answered %d", response.StatusCode)
	}
	<-left
}
