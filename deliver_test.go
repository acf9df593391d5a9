package billhook_test

import (
	"context"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/sign"
)

func TestDeliver(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var in inbox
		hook := w.register(w.serve(9000, &in))
		e := w.emit("order.paid", `{ "id": "o_1", "total": 4999 }`)
		settle(time.Second)

		got := in.all()
		if len(got) != 1 {
			t.Fatalf("%d requests, want 1", len(got))
		}
		if err := sign.VerifyStandard([]string{hook.Secrets[0].Value}, got[0].header, []byte(got[0].body), time.Now(), time.Minute); err != nil {
			t.Errorf("signature: %v", err)
		}
		ds := w.deliveries(billhook.DeliveryFilter{EventID: e.ID})
		if len(ds) != 1 || ds[0].Status != billhook.StatusDelivered || ds[0].StatusCode != 200 || ds[0].Attempts != 1 {
			t.Fatalf("deliveries %+v", ds)
		}
		as, err := w.client.Attempts(context.Background(), "default", ds[0].ID)
		if err != nil || len(as) != 1 || !as[0].Success() {
			t.Errorf("attempts %+v, %v", as, err)
		}
	})
}
