package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/billhook/billhook"
)

func TestPendingDelivery(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	hook := f.register(t, `{"url":"https://example.com/hook","events":["*"]}`)
	event := f.emit(t, `{"type":"order.paid","data":{"total":4999}}`)
	list := f.do(t, exchange{method: "GET", path: "/api/deliveries", status: 200, lacks: []string{"attemptLog"}, has: []string{
		`"webhookId":"` + hook + `"`, `"eventId":"` + event + `"`, `"event":"order.paid"`, `"payload":{"total":4999}`,
		`"status":"pending","statusCode":null,"success":false,"attempts":0,"lastAttemptAt":null,"nextAttemptAt":"2`, `"finishedAt":null,"reason":""`}})
	path := "/api/deliveries/" + list.data()[0]["id"].(string)
	query := func(name, query string, n int) {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{"/api/deliveries", "/api/webhooks/" + hook + "/deliveries"} {
				if strings.Contains(query, "webhookId") && !strings.HasSuffix(path, "/api/deliveries") {
					continue
				}
				if got := len(f.do(t, exchange{method: "GET", path: path + "?" + query, status: 200}).data()); got != n {
					t.Errorf("%s?%s has %d deliveries, not %d", path, query, got, n)
				}
			}
		})
	}
	query("webhook", "webhookId="+hook, 1)
	query("another webhook", "webhookId=nope", 0)
	query("event", "eventId="+event, 1)
	query("another event", "eventId=nope", 0)
	query("type", "event=order.paid", 1)
	query("another type", "event=order", 0)
	query("status", "status=pending", 1)
	query("another status", "status=dead", 0)
	query("since", "from=2026-03-01", 1)
	query("until", "to=2026-03-01T00:00:00Z", 0)
	query("a range", "from=2026-03-01&to=2199-12-31&limit=50", 1)
	query("a zone with a bare plus", "from=2026-03-01T00:00:00+02:00", 1)
	f.run(t, []exchange{
		{name: "get", method: "GET", path: path, status: 200, has: []string{`"attempts":0`, `"attemptLog":[]`}},
		{name: "retry", method: "POST", path: path + "/retry", status: 202, has: []string{`"status":"pending"`, `"payload":{"total":4999}`}, lacks: []string{"attemptLog"}},
		{name: "test", method: "POST", path: "/v2/webhooks/" + hook + "/test", status: 202, has: []string{`"webhookId":"` + hook + `"`, `"status":"pending"`, `"payload":`}},
		{name: "test a type", method: "POST", path: "/api/webhooks/" + hook + "/test", body: `{"type":"order.paid"}`, status: 202, has: []string{`"event":"order.paid"`}},
		{name: "deactivate", method: "PATCH", path: "/api/webhooks/" + hook, body: `{"isActive":false}`, status: 200},
		{name: "test what is not active", method: "POST", path: "/api/webhooks/" + hook + "/test", status: 409, has: []string{`"code":"conflict"`}},
		{name: "no new deliveries", method: "POST", path: "/api/events", body: `{"type":"order.paid","data":1}`, status: 202, has: []string{`"deliveries":0`}},
		{name: "delete", method: "DELETE", path: "/api/webhooks/" + hook, status: 204},
		{name: "retry without a webhook", method: "POST", path: path + "/retry", status: 409},
		{name: "the history stays", method: "GET", path: path, status: 200},
		{name: "an unknown delivery", method: "GET", path: "/api/deliveries/nope", status: 404},
		{name: "retry an unknown delivery", method: "POST", path: "/api/deliveries/nope/retry", status: 404},
	})
}

func TestAttempts(t *testing.T) {
	f := newFixture(t, development(), Config{})
	received := make(chan struct{}, 2)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("X-Seen", "one")
		w.Header().Add("X-Seen", "two")
		if r.URL.Path == "/bad" {
			w.WriteHeader(http.StatusTeapot)
			w.Write([]byte{0xff, 0xfe})
		} else {
			w.Write([]byte("thank you"))
		}
		received <- struct{}{}
	}))
	defer receiver.Close()
	policy := `,"retryPolicy":{"maxAttempts":2,"initialDelay":3600000,"maxDelay":3600000,"jitter":0,"retryOn":"any"}}`
	good := f.register(t, `{"events":["*"],"url":"`+receiver.URL+`/good"`+policy)
	bad := f.register(t, `{"events":["*"],"url":"`+receiver.URL+`/bad"`+policy)
	f.emit(t, `{"type":"order.paid","data":{"total":4999}}`)
	f.deliver(t, received, 2)

	delivery := func(webhook string) string {
		return "/api/deliveries/" + f.do(t, exchange{method: "GET", path: "/api/webhooks/" + webhook + "/deliveries", status: 200}).data()[0]["id"].(string)
	}
	f.run(t, []exchange{
		{name: "delivered", method: "GET", path: delivery(good), status: 200,
			has: []string{`"status":"delivered","statusCode":200,"success":true,"attempts":1,"lastAttemptAt":"2`, `"nextAttemptAt":null`, `"finishedAt":"2`,
				`"attemptLog":[{"number":1,"startedAt":"2`, `"durationMs":`, `"url":"` + receiver.URL + `/good"`, `"statusCode":200,"success":true,"failure":"","error":""`,
				`{"name":"X-Seen","value":"one"},{"name":"X-Seen","value":"two"}`, `"responseBody":"thank you","responseBodyEncoding":"utf-8"`}},
		{name: "failed once", method: "GET", path: delivery(bad), status: 200,
			has: []string{`"status":"pending","statusCode":418,"success":false,"attempts":1,"lastAttemptAt":"2`, `"nextAttemptAt":"2`, `"finishedAt":null`,
				`"statusCode":418,"success":false,"failure":"status","error":"`, `"responseBody":"//4=","responseBodyEncoding":"base64"`}},
		{name: "retry what is delivered", method: "POST", path: delivery(good) + "/retry", status: 202, has: []string{`"status":"pending"`, `"attempts":1`}},
	})
}

func TestDeliveryPages(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	f.register(t, `{"url":"https://example.com/hook","events":["*"]}`)
	for i := range 5 {
		f.emit(t, fmt.Sprintf(`{"type":"t","data":%d}`, i))
	}
	seen, cursor := map[string]bool{}, ""
	for range 2 {
		page := f.do(t, exchange{method: "GET", path: "/api/deliveries?limit=3" + cursor, status: 200})
		for _, d := range page.data() {
			seen[d["id"].(string)] = true
		}
		if next, ok := page.members()["nextCursor"].(string); ok {
			cursor = "&cursor=" + next
		}
	}
	if len(seen) != 5 {
		t.Errorf("%d of 5 deliveries", len(seen))
	}
}

func TestShowBody(t *testing.T) {
	full := strings.Repeat("x", billhook.MaxResponseKept-1)
	for _, x := range []struct{ body, encoding string }{
		{"", "utf-8"},
		{"é", "utf-8"},
		{full + "\xc3", "utf-8"},  // the cap cut an é
		{"x\xc3", "base64"},       // no cap did
		{full + "\xff", "base64"}, // not the beginning of anything
		{full + "y", "utf-8"},
	} {
		if _, encoding := showBody([]byte(x.body)); encoding != x.encoding {
			t.Errorf("%.5q…%d shows as %s", x.body, len(x.body), encoding)
		}
	}
}
