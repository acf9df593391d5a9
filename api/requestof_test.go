package api

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/billhook/billhook"
)

// TestDeliveryRequest: the request is the one that is sent, without what is secret, and
// says so where it cannot be made.
func TestDeliveryRequest(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	hook := f.register(t, `{"url":"https://example.com/hook","events":["*"],"headers":{"X-Token":"hush-hush"}}`)
	f.emit(t, `{"type":"order.paid","data":{"total":4999}}`)
	d := f.do(t, exchange{method: "GET", path: "/api/deliveries", status: 200}).data()[0]
	path := "/api/deliveries/" + d["id"].(string) + "/request"
	got := f.do(t, exchange{method: "GET", path: path, status: 200, lacks: []string{"hush-hush", "v1,"}, has: []string{
		`"method":"POST"`, `"url":"https://example.com/hook"`, `"name":"X-Token","value":null`, `"name":"webhook-signature","value":null`, `"sent":false`, `"batchSize":null`,
	}})
	body, err := base64.StdEncoding.DecodeString(got.text("bodyBase64"))
	if err != nil || !strings.Contains(string(body), `"total":4999`) {
		t.Errorf("the body is %q, %v", body, err)
	}
	base, err := base64.StdEncoding.DecodeString(got.text("signatureBaseBase64"))
	if err != nil || !strings.HasPrefix(string(base), d["eventId"].(string)+".") || !strings.HasSuffix(string(base), "."+string(body)) {
		t.Errorf("what is signed is %q, %v", base, err)
	}
	f.run(t, []exchange{
		{name: "an unknown delivery", method: "GET", path: "/api/deliveries/nope/request", status: 404},
		{name: "delete the webhook", method: "DELETE", path: "/api/webhooks/" + hook, status: 204},
		{name: "its requests are not shown any more", method: "GET", path: path, status: 409, has: []string{`"code":"conflict"`}},
	})
}

// TestNodes: the one that answers is among them, and says which it is.
func TestNodes(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	f.do(t, exchange{method: "GET", path: "/api/nodes", status: 200, has: []string{`"own":true`, `"alive":true`, `"deliveries":0`, `"startedAt":"2`}})
}
