package storetest

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/billhook/billhook"
)

// balanced holds the ledger of the stores that tests use against the deliveries
// that they have left.
func (f *fixture) balanced() {
	f.Helper()
	for _, storeID := range []string{"default", "other"} {
		ctx := context.Background()
		rows, err := f.db.Counted(ctx, storeID, "", 1_000_000)
		if err != nil {
			return // the test has left a database that cannot be read
		}
		webhooks := map[string]bool{}
		for _, r := range rows {
			webhooks[r.WebhookID] = true
		}
		check, err := billhook.CheckLedger(ctx, f.db, storeID, slices.Sorted(maps.Keys(webhooks)), 0)
		if err != nil {
			f.Errorf("check ledger: %v", err)
		}
		for _, d := range check.Differences {
			f.Errorf("%v", d)
		}
		if check.Moving > 0 {
			f.Errorf("%d days have changed while nobody wrote", check.Moving)
		}
	}
}

// ledger reads a webhook's, without what counts its changes.
func (f *fixture) ledger(storeID, webhookID string) []billhook.LedgerDay {
	f.Helper()
	days := must[[]billhook.LedgerDay](f)(f.db.Ledger(context.Background(), billhook.LedgerFilter{StoreID: storeID, WebhookID: webhookID}))
	for i := range days {
		if days[i].Changes <= 0 {
			f.Errorf("%s: nothing has changed", days[i].Day)
		}
		days[i].Changes = 0
	}
	return days
}

// testLedger follows deliveries through all that can become of them.
func testLedger(f *fixture) {
	const day = 24 * 60 * 60
	first, second := billhook.DayOf(at(0)), billhook.DayOf(at(day))
	want := func(what string, of ...billhook.LedgerDay) {
		f.Helper()
		for i := range of {
			of[i].StoreID, of[i].WebhookID = "default", "wh_1"
		}
		f.equal(what, f.ledger("default", "wh_1"), of)
		f.balanced()
	}
	want("nothing")
	var emits []*billhook.Emit
	for i, second := range []int{1, 2, 3, 4, 5, day} {
		emits = append(emits, f.emit("default", "evt_"+string(rune('a'+i)), second, "wh_1"))
	}
	emits[0].Skipped = []billhook.Skipped{{WebhookID: "wh_2", Reason: billhook.SkipInactive}}
	f.commitEmits(emits...)
	want("emitted", billhook.LedgerDay{Day: second, Matched: 1, Pending: 1}, billhook.LedgerDay{Day: first, Matched: 5, Pending: 5})
	f.equal("skipped", f.ledger("default", "wh_2"), []billhook.LedgerDay{
		{StoreID: "default", WebhookID: "wh_2", Day: first, Matched: 1, Skipped: map[string]int64{billhook.SkipInactive: 1}},
	})
	f.equal("of another store", f.ledger("other", "wh_1"), []billhook.LedgerDay{})

	f.commitEmits(f.emit("default", "evt_a", 9, "wh_1")) // is there already
	again := outcome(emits[1].Deliveries[0], billhook.StatusPending)
	f.commitOutcomes(outcome(emits[0].Deliveries[0], billhook.StatusDelivered), again, outcome(emits[2].Deliveries[0], billhook.StatusDead))
	want("outcomes", billhook.LedgerDay{Day: second, Matched: 1, Pending: 1},
		billhook.LedgerDay{Day: first, Matched: 5, Pending: 3, Delivered: 1, Dead: 1})
	f.commitOutcomes(again, outcome(emits[0].Deliveries[0], billhook.StatusDead)) // stale
	want("stale outcomes", billhook.LedgerDay{Day: second, Matched: 1, Pending: 1},
		billhook.LedgerDay{Day: first, Matched: 5, Pending: 3, Delivered: 1, Dead: 1})

	skip := &billhook.Cancel{Lane: lane("default", "wh_1"), Status: billhook.StatusSkipped, Reason: "too much", At: at(50), Limit: 1}
	f.commit(&billhook.Batch{Cancels: []*billhook.Cancel{skip, {Lane: skip.Lane, Reason: "deleted", At: at(51), Limit: 1}}})
	want("cancels", billhook.LedgerDay{Day: second, Matched: 1, Pending: 1},
		billhook.LedgerDay{Day: first, Matched: 5, Pending: 1, Delivered: 1, Dead: 1, Cancelled: 1, Skipped: map[string]int64{billhook.SkipOther: 1}})

	for _, e := range emits[:5] {
		f.retry("default", e.Deliveries[0].ID, at(60))
	}
	want("retries", billhook.LedgerDay{Day: second, Matched: 1, Pending: 1}, billhook.LedgerDay{Day: first, Matched: 5, Pending: 5})
	f.equal("of a day", len(must[[]billhook.LedgerDay](f)(f.db.Ledger(context.Background(),
		billhook.LedgerFilter{StoreID: "default", WebhookID: "wh_1", From: first, To: second}))), 1)
	since := must[time.Time](f)(f.db.LedgerSince(context.Background(), "default"))
	f.equal("since", since, time.Time{})
}

// testCounted reads what is counted page by page.
func testCounted(f *fixture) {
	ctx := context.Background()
	var emits []*billhook.Emit
	for i := range 7 {
		emits = append(emits, f.emit("default", "evt_"+string(rune('a'+i)), i, "wh_1"))
	}
	f.commitEmits(append(emits, f.emit("other", "evt_a", 1, "wh_1"))...)
	f.commitOutcomes(outcome(emits[1].Deliveries[0], billhook.StatusDelivered), outcome(emits[3].Deliveries[0], billhook.StatusDead))
	var got []billhook.Counted
	for after := ""; ; {
		page := must[[]billhook.Counted](f)(f.db.Counted(ctx, "default", after, 3))
		for i := range page {
			page[i].Reason = ""
		}
		if got = append(got, page...); len(page) < 3 {
			break
		}
		after = page[2].ID
	}
	var want []billhook.Counted
	for i, e := range emits {
		status := billhook.StatusPending
		switch i {
		case 1:
			status = billhook.StatusDelivered
		case 3:
			status = billhook.StatusDead
		}
		want = append(want, billhook.Counted{ID: e.Deliveries[0].ID, WebhookID: "wh_1", Status: status, CreatedAt: at(i)})
	}
	f.equal("counted", got, want)
}

// testCancelBounds: only what is due, or was made, before a time.
func testCancelBounds(f *fixture) {
	var emits []*billhook.Emit
	for i := range 6 {
		e := f.emit("default", "evt_"+string(rune('a'+i)), 10*i, "wh_1")
		e.Deliveries[0].DueAt = at(100 - 10*i) // the oldest is due last
		emits = append(emits, e)
	}
	f.commitEmits(emits...)
	end := func(due, created time.Time, limit, want int) {
		f.Helper()
		c := &billhook.Cancel{Lane: lane("default", "wh_1"), Status: billhook.StatusSkipped, Reason: "why", At: at(200), DueBefore: due, CreatedBefore: created, Limit: limit}
		f.commit(&billhook.Batch{Cancels: []*billhook.Cancel{c}})
		f.equal("ended", c.Cancelled, want)
	}
	backlog := func(due, created time.Time, want int) {
		f.Helper()
		b, err := f.db.Backlog(context.Background(), lane("default", "wh_1"), due, created)
		f.equal("backlog", []any{b, err}, []any{billhook.Backlog{Own: want, All: want}, error(nil)})
	}
	backlog(time.Time{}, time.Time{}, 6)
	backlog(at(70), time.Time{}, 2)
	backlog(time.Time{}, at(20), 2)
	end(at(60), time.Time{}, 10, 1) // the sixth, due at 50
	end(time.Time{}, at(20), 10, 2) // the first and second
	end(at(70), at(30), 10, 0)
	d := f.delivery("default", emits[5].Deliveries[0].ID)
	f.equal("skipped", []any{d.Status, d.Reason, d.FinishedAt}, []any{billhook.StatusSkipped, "why", at(200)})
	f.equal("listed", len(f.list(billhook.DeliveryFilter{StoreID: "default", WebhookID: "wh_1", Status: billhook.StatusSkipped})), 3)
	f.equal("none cancelled", len(f.list(billhook.DeliveryFilter{StoreID: "default", Status: billhook.StatusCancelled})), 0)
	end(time.Time{}, time.Time{}, 2, 2)
	backlog(time.Time{}, time.Time{}, 1)

	// In a strand all but the first are held back.
	for i := range 4 {
		e := f.emit("default", "evt_in_"+string(rune('a'+i)), i, "wh_2")
		e.Event.Entity = billhook.Reference{Type: "order", ID: "o_1"}
		e.Deliveries[0].Place = &billhook.Place{Entity: e.Event.Entity}
		f.commitEmits(e)
	}
	b, err := f.db.Backlog(context.Background(), lane("default", "wh_2"), time.Time{}, time.Time{})
	f.equal("backlog with an order", []any{b, err}, []any{billhook.Backlog{Own: 1, Behind: 3, All: 4}, error(nil)})
}

// testEmitTxLedger: what a caller's transaction emits is counted when it commits,
// and taking it over changes nothing. Nobody waits for the transaction.
func testEmitTxLedger(f *fixture) {
	tx := f.harness.Begin(f.T, f.db)
	e := f.emit("default", "evt_1", 1, "wh_1", "wh_2")
	e.Skipped = []billhook.Skipped{{WebhookID: "wh_3", Reason: billhook.SkipInactive}}
	if err := f.db.EmitTx(context.Background(), tx, []*billhook.Emit{e}); err != nil {
		f.Fatal(err)
	}
	f.equal("before", f.ledger("default", "wh_1"), []billhook.LedgerDay{})
	if err := tx.Commit(); err != nil {
		f.Fatal(err)
	}
	for range 2 {
		f.balanced()
		f.equal("after", f.ledger("default", "wh_1"), []billhook.LedgerDay{{StoreID: "default", WebhookID: "wh_1", Day: billhook.DayOf(at(1)), Matched: 1, Pending: 1}})
		f.equal("skipped", f.ledger("default", "wh_3")[0].Skipped, map[string]int64{billhook.SkipInactive: 1})
		f.commit(&billhook.Batch{Claims: []*billhook.Claim{{Limit: 10}}})
	}
	back := f.harness.Begin(f.T, f.db)
	if err := f.db.EmitTx(context.Background(), back, []*billhook.Emit{f.emit("default", "evt_2", 1, "wh_1")}); err != nil {
		f.Fatal(err)
	}
	if err := back.Rollback(); err != nil {
		f.Fatal(err)
	}
	f.balanced()
}
