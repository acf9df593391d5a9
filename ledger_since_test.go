package billhook_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// TestReplayBeforeLedger: a replay of events from before the ledger was kept, and of
// some whose deliveries retention takes soon after, is no difference. What is wrong
// with a day that is in the account still is.
func TestReplayBeforeLedger(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		const day = 24 * time.Hour
		ctx := context.Background()
		w.reopen(func(c *billhook.Config) { c.Retention = billhook.Retention{AttemptDays: 6} })
		var in inbox
		first := w.register(w.serve(9000, &in))
		w.run()
		for range 4 { // on four days
			w.emit("order.paid", "1")
			w.emit("order.paid", "2")
			settle(day)
		}
		app, err := sql.Open("sqlite", "file:"+w.path)
		if err != nil {
			t.Fatal(err)
		}
		defer app.Close()
		write := func(text string, args ...any) {
			t.Helper()
			if _, err := app.Exec(text, args...); err != nil {
				t.Fatal(err)
			}
		}
		// As a file is that was made before there was a ledger: it begins with the third
		// day, and has nothing of what was then.
		since := billhook.DayOf(time.Now().Add(-2 * day))
		write("DELETE FROM billhook_ledger WHERE day < ?", since.UnixNano())
		write("INSERT INTO billhook_ledger (store_id, webhook_id, day, reason, node, matched, pending, delivered, dead, cancelled, skipped, changes) "+
			"VALUES ('default', '', ?, '', 0, 0, 0, 0, 0, 0, 0, 0)", since.UnixNano())
		w.balanced()

		hook := w.register(w.serve(9001, &in))
		r := ended(t, w.client, start(t, w.client, billhook.RecoveryRequest{RecoveryPlan: billhook.RecoveryPlan{
			Kind: billhook.RecoveryReplay, WebhookID: hook.ID, From: time.Now().Add(-5 * day), RatePerSecond: 1000,
		}}), time.Minute)
		settle(time.Minute)
		if r.Queued != 8 {
			t.Fatalf("%+v", r)
		}
		w.balanced()
		check := func(differ int) {
			t.Helper()
			k, err := w.client.CheckLedger(ctx, "default")
			if err != nil || len(k.Differences) != differ || k.Days != 3 {
				t.Errorf("%+v, %v", k, err)
			}
		}
		check(0)
		l, err := w.client.Ledger(ctx, billhook.LedgerFilter{WebhookID: hook.ID})
		if err != nil || len(l.Days) != 1 || l.Days[0].Matched != 8 || !l.Since.Equal(since) {
			t.Errorf("%+v, %v", l, err)
		}
		// Each day retention takes what was replayed of another one.
		for range 4 {
			settle(day)
			w.balanced()
		}
		if left := w.deliveries(billhook.DeliveryFilter{}); len(left) >= 16-4 || len(left) == 0 {
			t.Errorf("%d deliveries are left", len(left))
		}
		write("UPDATE billhook_ledger SET delivered = delivered + 1 WHERE webhook_id = ? AND day = ?", first.ID, billhook.DayOf(time.Now().Add(-5*day)).UnixNano())
		if k, err := w.client.CheckLedger(ctx, "default"); err != nil || len(k.Differences) != 1 {
			t.Errorf("a day that is in the account is wrong, and told is %+v, %v", k, err)
		}
	})
}
