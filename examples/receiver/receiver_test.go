package main

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"

	"github.com/billhook/billhook/receive/receivetest"
)

// TestOnce: an event that comes again, at once, at the same time or after a restart, is
// handled once, and what is not signed is not.
func TestOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "receiver.db")
	d := receivetest.New("standard", exampleSecret, "order.paid", `{"orderId":"o_1","total":4999}`)
	other := receivetest.New("standard", exampleSecret, "order.paid", `{"orderId":"o_1","total":1}`)
	forged := receivetest.New("standard", "whsec_Zm9yZ2VkZm9yZ2VkZm9yZ2VkZm9yZ2VkZm9yZ2Vk", "order.paid", `{"orderId":"o_1","total":5}`)
	elsewhere := receivetest.New("standard", exampleSecret, "order.created", `{}`)
	for range 2 { // starts
		r, err := open(t.Context(), file, exampleSecret)
		if err != nil {
			t.Fatal(err)
		}
		h := r.handler()
		send := func(d *receivetest.Delivery, want int) {
			w, req := httptest.NewRecorder(), d.Request()
			req.URL.Path = "/webhooks"
			if h.ServeHTTP(w, req); w.Code != want {
				t.Errorf("%d, not %d: %s", w.Code, want, w.Body)
			}
		}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() { send(d, http.StatusNoContent) })
		}
		all.Wait()
		send(other, http.StatusNoContent)
		send(elsewhere, http.StatusNoContent)
		send(forged, http.StatusUnauthorized)
		var total int
		if err := r.db.QueryRow("SELECT total FROM paid WHERE order_id = 'o_1'").Scan(&total); err != nil || total != 5000 {
			t.Errorf("%d is paid, not 5000: %v", total, err)
		}
		if err := r.db.Close(); err != nil {
			t.Error(err)
		}
	}
}
