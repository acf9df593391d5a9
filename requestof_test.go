package billhook_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// TestRequestOf: what is shown of a delivery is what its receiver got, but for what is
// secret; and before it was sent, what it will get.
func TestRequestOf(t *testing.T) {
	for name, batch := range map[string]billhook.Batching{"alone": {}, "in batches": {MaxEvents: 10}} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				in := &inbox{}
				const password = "let-me-in"
				hook := w.register(w.serve(80, in), func(r *billhook.Registration) {
					r.Headers, r.Batch = map[string]string{"X-Password": password}, batch
				})
				w.emit("order.paid", `{"id":"o_1","name":"Ünï"}`)
				id := w.deliveries(billhook.DeliveryFilter{})[0].ID
				of := func() billhook.Request {
					r, err := w.client.RequestOf(context.Background(), "default", id)
					if err != nil {
						t.Fatal(err)
					}
					return r
				}
				before := of()
				w.run()
				settle(time.Second)
				sent, got := of(), in.all()[0]
				same(t, "sent", []bool{before.Sent, sent.Sent}, []bool{false, true})
				same(t, "body before", string(before.Body), got.body)
				same(t, "body", string(sent.Body), got.body)
				same(t, "signature base", string(sent.SignatureBase), got.header.Get("webhook-id")+"."+got.header.Get("webhook-timestamp")+"."+got.body)
				same(t, "where to", sent.Method+" "+sent.URL, "POST "+hook.URL)
				hidden := ""
				for _, h := range sent.Headers {
					switch {
					case h.Hidden:
						hidden += " " + strings.ToLower(h.Name)
						same(t, h.Name, h.Value, "")
					default:
						same(t, h.Name, h.Value, got.header.Get(h.Name))
					}
					if got.header.Get(h.Name) == "" {
						t.Errorf("%s was not sent", h.Name)
					}
				}
				same(t, "hidden", hidden, " webhook-signature x-password")
				if len(sent.Headers) < 6 {
					t.Errorf("headers: %v", sent.Headers)
				}
				if _, err := w.client.RequestOf(context.Background(), "default", "dlv_none"); billhook.ErrorCode(err) != billhook.CodeNotFound {
					t.Errorf("of none: %v", err)
				}
			})
		})
	}
}
