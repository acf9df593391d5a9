package billhook_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// proved wants the default store's log to be as it was written, and so many entries
// of it to be in no chain.
func (w *world) proved(unlinked int64) billhook.AuditProof {
	w.t.Helper()
	p, err := w.client.VerifyAudit(context.Background(), "default")
	if err != nil {
		w.t.Fatal(err)
	}
	if p.Broken != nil || p.Unlinked != unlinked {
		w.t.Errorf("broken at %v; %d in no chain, want %d", p.Broken, p.Unlinked, unlinked)
	}
	return p
}

// TestAuditOfEmitTx: what a caller's transaction commits is in a chain soon after,
// be it for a webhook or for none, and also when nobody ran at the time.
func TestAuditOfEmitTx(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		shop := w.shop()
		for i := range 500 {
			w.order(shop, fmt.Sprint("before", i), i%2 == 0)
		}
		w.proved(250)
		w.run()
		settle(time.Second)
		before := w.proved(0).Entries
		w.order(shop, "o_1", true)
		w.order(shop, "o_2", false)
		settle(100 * time.Millisecond)
		if after := w.proved(0).Entries; after != before+1 {
			t.Errorf("%d entries after an order, %d before", after, before)
		}
	})
}

// TestAuditOnFullDisk: transactions that fail, whether they are on disk or not, leave
// a chain that holds, and so does the next start.
func TestAuditOnFullDisk(t *testing.T) {
	for _, mode := range []int32{1, 2} {
		t.Run(fmt.Sprint("mode=", mode), func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				db := &faulty{Database: w.db}
				w.useDatabase(db)
				w.run()
				for i := range 6 {
					w.emit("order.paid", `"good"`)
					db.fail.Store(mode * int32(i%2))
					_, _ = w.client.Emit(context.Background(), billhook.Emission{Type: "order.paid", Data: []byte(`"doubtful"`)}) // refused every second time
					db.fail.Store(0)
					settle(time.Minute)
				}
				least := w.proved(0).Entries
				if on := map[int32]int64{1: 10, 2: 13}[mode]; least != on { // with the store's own
					t.Errorf("%d entries, want %d", least, on)
				}
				w.halt()
				w.stopDatabase()
				w.open()
				w.run()
				w.emit("order.paid", `"after"`)
				settle(time.Second)
				if n := w.proved(0).Entries; n != least+1 {
					t.Errorf("%d entries after a new start, want %d", n, least+1)
				}
			})
		})
	}
}

// TestAuditOfChangedByAnother: a change that is made again, since another node came
// first, tells of what it really changed.
func TestAuditOfChangedByAnother(t *testing.T) {
	clusterBubble(t, func(t *testing.T, c *cluster) {
		ctx := billhook.WithCaller(context.Background(), billhook.Caller{Actor: billhook.Reference{Type: "user", ID: "u_1"}, RequestID: "r"})
		a := c.node(c.open())
		hook := a.hook("default", "http://127.0.0.1:9000/", "*")
		b := c.node(c.open()) // which hears of nothing, as it does not run
		name := "a's"
		if _, err := a.Update(ctx, "default", hook.ID, billhook.WebhookChange{Name: &name}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		other := "b's"
		if _, err := b.Update(ctx, "default", hook.ID, billhook.WebhookChange{Name: &other}); err != nil {
			t.Fatal(err)
		}
		all, err := b.Audit(ctx, billhook.AuditFilter{Event: billhook.AuditWebhookUpdate, Limit: 10})
		if err != nil || len(all) != 2 {
			t.Fatalf("%d entries, %v", len(all), err)
		}
		last := all[0]
		if !strings.Contains(last.Old, `"name":"a's"`) || !strings.Contains(last.New, `"name":"b's"`) || last.Actor.ID != "u_1" || last.RequestID != "r" {
			t.Errorf("on record is %+v", last)
		}
	})
}
