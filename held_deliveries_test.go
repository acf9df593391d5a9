package billhook_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// setActive makes a webhook active or not, with what becomes of what is held.
func (w *world) setActive(id string, active bool, held *billhook.Release) {
	w.t.Helper()
	if _, err := w.client.Update(context.Background(), "default", id, billhook.WebhookChange{IsActive: &active, HeldDeliveries: held}); err != nil {
		w.t.Fatal(err)
	}
}

func holding(r *billhook.Registration) { r.WhenInactive = billhook.InactiveHold }

// balanced holds the ledger against the deliveries that there are.
func (w *world) balanced() {
	w.t.Helper()
	check, err := w.client.CheckLedger(context.Background(), "default")
	if err != nil || len(check.Differences) > 0 || check.Moving > 0 {
		w.t.Errorf("the ledger: %+v, %v", check, err)
	}
}

// ledger is a webhook's account of all days together.
func (w *world) ledger(id string) (sum billhook.LedgerDay) {
	w.t.Helper()
	l, err := w.client.Ledger(context.Background(), billhook.LedgerFilter{WebhookID: id})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, d := range l.Days {
		sum.Matched += d.Matched
		sum.Pending += d.Pending
		sum.Held += d.Held
		sum.Delivered += d.Delivered
		sum.Dead += d.Dead
		sum.Cancelled += d.Cancelled
		for reason, n := range d.Skipped {
			if sum.Skipped == nil {
				sum.Skipped = map[string]int64{}
			}
			sum.Skipped[reason] += n
		}
	}
	return sum
}

func (w *world) wantLedger(id string, want billhook.LedgerDay) {
	w.t.Helper()
	got := w.ledger(id)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		w.t.Errorf("the ledger has %+v, want %+v", got, want)
	}
	if got.Matched != got.Sum() {
		w.t.Errorf("%d matched, and %d in all", got.Matched, got.Sum())
	}
	w.balanced()
}

func (w *world) statuses(f billhook.DeliveryFilter) map[billhook.Status]int {
	w.t.Helper()
	n := map[billhook.Status]int{}
	for _, d := range w.deliveries(f) {
		n[d.Status]++
	}
	return n
}

// settings reads a webhook.
func (w *world) hook(id string) billhook.Webhook {
	w.t.Helper()
	h, err := w.client.Get(context.Background(), "default", id)
	if err != nil {
		w.t.Fatal(err)
	}
	return h
}

// TestHeld: what is emitted while a webhook is not active waits, shows as held, and
// is delivered in order when it is active again.
func TestHeld(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		in, other := &inbox{}, &inbox{}
		hook := w.register(w.serve(9000, in), holding)
		steady := w.register(w.serve(9001, other))
		w.run()
		w.setActive(hook.ID, false, nil)
		for i := range 40 {
			w.emit("order.paid", fmt.Sprint(i))
			time.Sleep(time.Millisecond)
		}
		settle(time.Hour)
		if n, m := len(in.all()), len(other.all()); n != 0 || m != 40 {
			t.Fatalf("%d requests to the inactive webhook, %d to the other", n, m)
		}
		if n := w.client.InMemory(); n != 0 {
			t.Errorf("%d of what is held are in memory", n)
		}
		for _, test := range []struct {
			filter billhook.DeliveryFilter
			want   int
		}{
			{billhook.DeliveryFilter{Status: billhook.StatusHeld}, 40},
			{billhook.DeliveryFilter{Status: billhook.StatusPending}, 0},
			{billhook.DeliveryFilter{Status: billhook.StatusHeld, WebhookID: hook.ID}, 40},
			{billhook.DeliveryFilter{Status: billhook.StatusPending, WebhookID: hook.ID}, 0},
			{billhook.DeliveryFilter{Status: billhook.StatusHeld, WebhookID: steady.ID}, 0},
			{billhook.DeliveryFilter{Status: billhook.StatusDelivered}, 40},
			{billhook.DeliveryFilter{}, 80},
		} {
			if got := len(w.deliveries(test.filter)); got != test.want {
				t.Errorf("%+v: %d deliveries, want %d", test.filter, got, test.want)
			}
		}
		if n := w.statuses(billhook.DeliveryFilter{WebhookID: hook.ID}); n[billhook.StatusHeld] != 40 {
			t.Errorf("they show as %v", n)
		}
		w.wantLedger(hook.ID, billhook.LedgerDay{Matched: 40, Held: 40})
		w.setActive(hook.ID, true, nil)
		w.emit("order.paid", "40")
		settle(time.Minute)
		w.wantLedger(hook.ID, billhook.LedgerDay{Matched: 41, Delivered: 41})
		got := in.all()
		if len(got) != 41 || w.hook(hook.ID).Release != nil {
			t.Fatalf("%d requests, release %+v", len(got), w.hook(hook.ID).Release)
		}
	})
}

// TestSkipWhenInactive: by default a webhook that somebody has made inactive gets
// none of what is emitted meanwhile, and one that Billhook has keeps it.
func TestSkipWhenInactive(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		in := &inbox{}
		hook := w.register(w.serve(9000, in))
		gone := &inbox{answer: func(n int, _ received) int {
			if n == 1 {
				return 410
			}
			return 200
		}}
		failing := w.register(w.serve(9001, gone))
		w.run()
		w.emit("order.paid", "0")
		settle(time.Second)
		w.setActive(hook.ID, false, nil)
		for range 3 {
			if e := w.emit("order.paid", "1"); e.Deliveries != 1 {
				t.Errorf("%d deliveries, want that of the one that holds", e.Deliveries)
			}
		}
		w.setActive(hook.ID, true, nil)
		settle(time.Minute)
		w.wantLedger(hook.ID, billhook.LedgerDay{Matched: 4, Delivered: 1, Skipped: map[string]int64{billhook.SkipInactive: 3}})
		w.wantLedger(failing.ID, billhook.LedgerDay{Matched: 4, Dead: 1, Held: 3})
		w.setActive(failing.ID, true, nil)
		settle(time.Minute)
		w.wantLedger(failing.ID, billhook.LedgerDay{Matched: 4, Dead: 1, Delivered: 3})
		if h := w.hook(failing.ID); h.InactiveReason != "" {
			t.Errorf("active, since %q", h.InactiveReason)
		}
	})
}

// TestReleaseAtRate: what was held goes at the rate that was asked for, in order,
// and new ones behind it, also over a restart.
func TestReleaseAtRate(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		in := &inbox{}
		hook := w.register(w.serve(9000, in), holding)
		w.run()
		w.setActive(hook.ID, false, nil)
		const held = 700 // more than a lane's window
		for i := range held {
			w.emit("order.paid", fmt.Sprint(i))
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Second)
		w.setActive(hook.ID, true, &billhook.Release{RatePerSecond: 10})
		began := time.Now()
		w.emit("order.paid", fmt.Sprint(held)) // behind all of them
		settle(30 * time.Second)
		if n := len(in.all()); n < 295 || n > 305 {
			t.Errorf("%d requests in 30 s at 10 a second", n)
		}
		w.reopen()
		w.run()
		settle(time.Minute)
		got := in.all()
		if len(got) != held+1 {
			t.Fatalf("%d requests, want %d", len(got), held+1)
		}
		if took := got[held-1].at.Sub(began); took < 69*time.Second || took > 73*time.Second {
			t.Errorf("%d went in %v at 10 a second", held, took)
		}
		// The last is what was emitted when it was active, and goes at the instant of the
		// one before.
		for i, r := range got[:held-1] {
			if !strings.HasSuffix(r.body, fmt.Sprintf(`"data":%d}`, i)) {
				t.Fatalf("request %d is %s", i, r.body)
			}
		}
		settle(2 * time.Minute)
		if r := w.hook(hook.ID).Release; r != nil {
			t.Errorf("all went, and the release is not over: %+v", r)
		}
		w.wantLedger(hook.ID, billhook.LedgerDay{Matched: held + 1, Delivered: held + 1})
	})
}

// TestReleaseByDropping: what was held is skipped, in steps, also over a restart,
// and what is emitted later is not.
func TestReleaseByDropping(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		in := &inbox{answer: func(n int, _ received) int {
			if n == 1 {
				return 503 // so that one waits for a time to come
			}
			return 200
		}}
		hook := w.register(w.serve(9000, in), holding)
		w.run()
		w.emit("order.paid", "0")
		settle(time.Millisecond)
		w.setActive(hook.ID, false, nil)
		const held = 1100
		for i := range held {
			w.emit("order.paid", fmt.Sprint(i))
		}
		w.halt() // what is to be dropped is what the database has
		time.Sleep(time.Second)
		w.setActive(hook.ID, true, &billhook.Release{Action: billhook.ReleaseDrop})
		w.emit("order.paid", `"new"`)
		w.reopen()
		if n := w.statuses(billhook.DeliveryFilter{})[billhook.StatusPending]; n != held+2 {
			t.Fatalf("%d wait", n)
		}
		w.run()
		settle(time.Minute)
		if n := len(in.all()); n != 2 {
			t.Errorf("%d requests, want the first and the new one", n)
		}
		w.wantLedger(hook.ID, billhook.LedgerDay{Matched: held + 2, Delivered: 1, Skipped: map[string]int64{billhook.SkipDropped: held + 1}})
		if r := w.hook(hook.ID).Release; r != nil {
			t.Errorf("all is dropped, and the release is not over: %+v", r)
		}
		// One that was dropped can be had by hand.
		d := w.deliveries(billhook.DeliveryFilter{Status: billhook.StatusSkipped})[0]
		if d.Reason == "" {
			t.Error("skipped without a reason")
		}
		if _, err := w.client.Retry(context.Background(), "default", d.ID); err != nil {
			t.Fatal(err)
		}
		settle(time.Minute)
		w.wantLedger(hook.ID, billhook.LedgerDay{Matched: held + 2, Delivered: 2, Skipped: map[string]int64{billhook.SkipDropped: held}})
	})
}

// TestReleaseEndsWithActivity: what is left of a release is held again when Billhook
// itself makes the webhook inactive, so that it can be dropped with all that came since.
func TestReleaseEndsWithActivity(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		in := &inbox{answer: func(n int, _ received) int {
			if n == 3 {
				return 410
			}
			return 200
		}}
		hook := w.register(w.serve(9000, in), holding)
		w.run()
		w.setActive(hook.ID, false, nil)
		for i := range 10 {
			w.emit("order.paid", fmt.Sprint(i))
		}
		time.Sleep(time.Second)
		w.setActive(hook.ID, true, &billhook.Release{RatePerSecond: 1})
		settle(30 * time.Second)
		if h := w.hook(hook.ID); h.IsActive || h.Release != nil {
			t.Errorf("active: %v, with %+v", h.IsActive, h.Release)
		}
		w.emit("order.paid", `"since"`)
		settle(time.Second)
		w.setActive(hook.ID, true, &billhook.Release{Action: billhook.ReleaseDrop})
		settle(time.Minute)
		w.wantLedger(hook.ID, billhook.LedgerDay{Matched: 11, Delivered: 2, Dead: 1, Skipped: map[string]int64{billhook.SkipDropped: 8}})
	})
}

// TestHeldBounds: of what is held the oldest are skipped that are too many, or too
// old.
func TestHeldBounds(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		few := w.register(w.serve(9000, &inbox{}), holding, func(r *billhook.Registration) { r.Held = &billhook.HeldLimits{MaxCount: 200} })
		young := w.register(w.serve(9001, &inbox{}), holding, func(r *billhook.Registration) { r.Held = &billhook.HeldLimits{MaxAgeSeconds: 3600} })
		w.run()
		w.setActive(few.ID, false, nil)
		w.setActive(young.ID, false, nil)
		for range 900 {
			w.emit("order.paid", `"old"`)
		}
		settle(2 * time.Minute)
		w.wantLedger(few.ID, billhook.LedgerDay{Matched: 900, Held: 200, Skipped: map[string]int64{billhook.SkipHeldCount: 700}})
		w.wantLedger(young.ID, billhook.LedgerDay{Matched: 900, Held: 900})
		settle(30 * time.Minute)
		w.emit("order.paid", `"new"`)
		settle(40 * time.Minute)
		w.wantLedger(few.ID, billhook.LedgerDay{Matched: 901, Held: 200, Skipped: map[string]int64{billhook.SkipHeldCount: 701}})
		w.wantLedger(young.ID, billhook.LedgerDay{Matched: 901, Held: 1, Skipped: map[string]int64{billhook.SkipHeldAge: 900}})
		left := w.deliveries(billhook.DeliveryFilter{WebhookID: young.ID, Status: billhook.StatusHeld})
		if len(left) != 1 || string(left[0].Payload) != `"new"` {
			t.Errorf("not the newest is left: %v", left)
		}
	})
}

// TestSkipWaitsForAttempts: what is being sent when its webhook is made inactive is
// not skipped beside that, however old it is.
func TestSkipWaitsForAttempts(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		in := &inbox{answer: func(int, received) int {
			time.Sleep(10 * time.Second)
			return 200
		}}
		hook := w.register(w.serve(9000, in), holding, func(r *billhook.Registration) { r.Held = &billhook.HeldLimits{MaxAgeSeconds: 1} })
		w.run() // it looks at what is held every minute from now on
		settle(55 * time.Second)
		w.emit("order.paid", "1")
		settle(time.Second)
		w.setActive(hook.ID, false, nil)
		w.emit("order.paid", "2")
		settle(3 * time.Minute)
		w.wantLedger(hook.ID, billhook.LedgerDay{Matched: 2, Delivered: 1, Skipped: map[string]int64{billhook.SkipHeldAge: 1}})
	})
}

// TestDeleteHeld: a webhook that is deleted takes with it what was held.
func TestDeleteHeld(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		hook := w.register(w.serve(9000, &inbox{}), holding)
		w.run()
		w.setActive(hook.ID, false, nil)
		for range 1200 {
			w.emit("order.paid", "1")
		}
		if err := w.client.Delete(context.Background(), "default", hook.ID); err != nil {
			t.Fatal(err)
		}
		settle(time.Minute)
		if n := w.statuses(billhook.DeliveryFilter{}); n[billhook.StatusCancelled] != 1200 {
			t.Errorf("%v", n)
		}
		w.balanced()
	})
}

// TestReleaseRefused: what cannot be done with what is held.
func TestReleaseRefused(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		hook := w.register(w.serve(9000, &inbox{}), holding)
		yes, no := true, false
		for _, test := range []struct {
			name    string
			change  billhook.WebhookChange
			code    billhook.Code
			pointer string
		}{
			{"nothing is held", billhook.WebhookChange{HeldDeliveries: &billhook.Release{}}, billhook.CodeConflict, "/heldDeliveries"},
			{"to be inactive", billhook.WebhookChange{IsActive: &no, HeldDeliveries: &billhook.Release{}}, billhook.CodeInvalid, "/heldDeliveries"},
			{"", billhook.WebhookChange{IsActive: &no}, "", ""},
			{"action", billhook.WebhookChange{IsActive: &yes, HeldDeliveries: &billhook.Release{Action: "keep"}}, billhook.CodeInvalid, "/heldDeliveries/action"},
			{"rate", billhook.WebhookChange{IsActive: &yes, HeldDeliveries: &billhook.Release{RatePerSecond: 10_001}}, billhook.CodeInvalid, "/heldDeliveries/ratePerSecond"},
			{"rate of dropping", billhook.WebhookChange{IsActive: &yes, HeldDeliveries: &billhook.Release{Action: "drop", RatePerSecond: 1}}, billhook.CodeInvalid, "/heldDeliveries/ratePerSecond"},
			{"still inactive", billhook.WebhookChange{HeldDeliveries: &billhook.Release{}}, billhook.CodeInvalid, "/heldDeliveries"},
			{"", billhook.WebhookChange{IsActive: &yes, HeldDeliveries: &billhook.Release{RatePerSecond: 1}}, "", ""},
			{"", billhook.WebhookChange{HeldDeliveries: &billhook.Release{RatePerSecond: 2}}, "", ""}, // while it lasts
		} {
			_, err := w.client.Update(context.Background(), "default", hook.ID, test.change)
			if billhook.ErrorCode(err) != test.code {
				t.Errorf("%s: %v", test.name, err)
			}
			if bad, ok := err.(*billhook.Error); ok && bad.Pointer != test.pointer {
				t.Errorf("%s: at %q, want %q", test.name, bad.Pointer, test.pointer)
			}
		}
		if r := w.hook(hook.ID).Release; r == nil || r.RatePerSecond != 2 {
			t.Errorf("the release is %+v", r)
		}
	})
}

// TestReleaseInOrder: where a webhook wants each entity's events in order, what was
// held goes at the whole rate that was asked for, however few entities it is about,
// and each entity's one after the other.
func TestReleaseInOrder(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		in := newStrictness(t)
		hook := w.register(w.serve(9000, in), holding, inOrder)
		w.run()
		w.setActive(hook.ID, false, nil)
		const held, items = 600, 20
		for n := range held {
			w.emitAbout(fmt.Sprint("item", n%items), n)
		}
		time.Sleep(time.Second)
		w.setActive(hook.ID, true, &billhook.Release{RatePerSecond: 10})
		settle(30 * time.Second)
		if n := len(in.all()); n < 295 || n > 305 {
			t.Errorf("%d requests in 30 s at 10 a second", n)
		}
		settle(40 * time.Second)
		if n := len(in.all()); n != held {
			t.Errorf("%d requests, want %d", n, held)
		}
		w.wantLedger(hook.ID, billhook.LedgerDay{Matched: held, Delivered: held})
	})
}

// TestHeldBoundInOrder: what is too much goes at once also where most of it is held
// back behind others of its entity.
func TestHeldBoundInOrder(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		hook := w.register(w.serve(9000, newStrictness(t)), holding, inOrder, func(r *billhook.Registration) { r.Held = &billhook.HeldLimits{MaxCount: 100} })
		w.run()
		w.setActive(hook.ID, false, nil)
		for n := range 300 {
			w.emitAbout(fmt.Sprint("item", n%3), n)
		}
		settle(2 * time.Minute)
		w.wantLedger(hook.ID, billhook.LedgerDay{Matched: 300, Held: 100, Skipped: map[string]int64{billhook.SkipHeldCount: 200}})
	})
}
