package billhook_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
)

// bury has n deliveries to a webhook die, one a millisecond, without a request, while
// nobody else is writing. A node must have joined.
func bury(t *testing.T, db billhook.Database, storeID, webhookID string, n int) {
	t.Helper()
	const step = 500
	at := time.Now().UTC().Round(0).Add(-time.Duration(n) * time.Millisecond)
	for first := 0; first < n; first += step {
		emits, outcomes := &billhook.Batch{}, &billhook.Batch{}
		for i := first; i < min(first+step, n); i++ {
			made := at.Add(time.Duration(i) * time.Millisecond)
			p := billhook.Pending{
				Lane:     billhook.Lane{StoreID: storeID, WebhookID: webhookID},
				Position: billhook.Position{DueAt: made, ID: fmt.Sprintf("dlv_%s_%07d", webhookID, i)},
				EventID:  fmt.Sprintf("evt_%s_%07d", webhookID, i), EventType: "order.paid", CreatedAt: made,
			}
			emits.Emits = append(emits.Emits, &billhook.Emit{Deliveries: []billhook.Pending{p}, Event: billhook.Event{
				StoreID: storeID, ID: p.EventID, Type: p.EventType, Data: fmt.Appendf(nil, `{"n":%d}`, i), CreatedAt: made, OccurredAt: made, Deliveries: 1,
			}})
			outcomes.Outcomes = append(outcomes.Outcomes, &billhook.Outcome{
				Delivery: p, Status: billhook.StatusDead, Reason: "no answer",
				Attempt: billhook.Attempt{StoreID: storeID, DeliveryID: p.ID, Number: 1, StartedAt: made, Failure: billhook.FailureConnect, Error: "no answer"},
			})
		}
		if err := errors.Join(db.Commit(context.Background(), emits), db.Commit(context.Background(), outcomes)); err != nil {
			t.Fatal(err)
		}
		for _, o := range outcomes.Outcomes {
			if o.Stale {
				t.Fatal("who buries owns nothing")
			}
		}
	}
}

// retryAll is the request for all that is dead.
func retryAll(rate int, with ...func(*billhook.RecoveryRequest)) billhook.RecoveryRequest {
	r := billhook.RecoveryRequest{RecoveryPlan: billhook.RecoveryPlan{Kind: billhook.RecoveryRetry, RatePerSecond: rate}}
	for _, f := range with {
		f(&r)
	}
	return r
}

func start(t *testing.T, c *billhook.Client, r billhook.RecoveryRequest) billhook.Recovery {
	t.Helper()
	started, err := c.StartRecovery(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	return started
}

func progress(t *testing.T, c *billhook.Client, r billhook.Recovery) billhook.Recovery {
	t.Helper()
	now, err := c.Recovery(context.Background(), r.StoreID, r.ID)
	if err != nil {
		t.Fatal(err)
	}
	return now
}

// became counts what became of what a recovery has made pending.
func became(t *testing.T, c *billhook.Client, r billhook.Recovery) billhook.RecoveryOutcome {
	t.Helper()
	o, err := c.RecoveryOutcome(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// ended waits for a recovery's end, at most so long.
func ended(t *testing.T, c *billhook.Client, r billhook.Recovery, within time.Duration) billhook.Recovery {
	t.Helper()
	for until := time.Now().Add(within); ; settle(time.Second) {
		if r = progress(t, c, r); r.Status != billhook.RecoveryRunning {
			return r
		}
		if time.Now().After(until) {
			t.Fatalf("not over after %v: %+v", within, r)
		}
	}
}

// TestRetryOfMany: twenty thousand that are dead, or with BILLHOOK_FULL=1 a hundred
// thousand, are accepted at once, made
// pending at the rate, can be watched, and come once each; so does what is emitted
// meanwhile, without delay.
func TestRetryOfMany(t *testing.T) {
	n := sized(20_000, 5_000, 100_000)
	bubble(t, func(t *testing.T, w *world) {
		const rate = 5_000
		var in inbox
		hook := w.register(w.serve(9000, &in))
		bury(t, w.db, "default", hook.ID, n)
		w.run()
		settle(time.Second)
		began := time.Now()
		r := start(t, w.client, retryAll(rate))
		if took := time.Since(began); took > 100*time.Millisecond || r.Status != billhook.RecoveryRunning {
			t.Errorf("accepted after %v: %+v", took, r)
		}
		before := 0
		for i := 0; ; i++ {
			settle(100 * time.Millisecond)
			now := progress(t, w.client, r)
			if i%10 == 5 {
				if o := became(t, w.client, now); o.Delivered+o.Waiting != now.Queued || o.Delivered == 0 || o.Waiting == 0 {
					t.Fatalf("of %d that are queued %+v", now.Queued, o)
				}
			}
			if now.Queued < before || now.Found != now.Queued {
				t.Fatalf("progress %+v after %d", now.RecoveryProgress, before)
			}
			if limit := int(float64(rate)*(time.Since(began)+time.Second).Seconds()) + 250; now.Queued > limit {
				t.Fatalf("%d are queued after %v", now.Queued, time.Since(began))
			}
			if before = now.Queued; now.Status != billhook.RecoveryRunning {
				r = now
				break
			}
			if i%20 == 0 {
				emitted := time.Now()
				e := w.emit("order.created", `{}`)
				settle(time.Second / 4)
				ds := w.deliveries(billhook.DeliveryFilter{EventID: e.ID})
				if len(ds) != 1 || ds[0].Status != billhook.StatusDelivered || ds[0].LastAttemptAt.Sub(emitted) > 50*time.Millisecond {
					t.Fatalf("what is emitted meanwhile: %+v", ds)
				}
			}
		}
		t.Logf("%d queued in %v", r.Queued, time.Since(began))
		if r.Status != billhook.RecoveryDone || r.Queued != n || r.Left != (billhook.RecoveryLeft{}) {
			t.Errorf("in the end %+v", r)
		}
		settle(time.Minute)
		if o := became(t, w.client, r); o != (billhook.RecoveryOutcome{Delivered: n}) {
			t.Errorf("in the end %+v", o)
		}
		came := map[string]int{}
		for _, got := range in.all() {
			came[got.header.Get("Webhook-Id")]++
		}
		for i := range n {
			if id := fmt.Sprintf("evt_%s_%07d", hook.ID, i); came[id] != 1 {
				t.Fatalf("%s came %d times", id, came[id])
			}
		}
		if left := w.deliveries(billhook.DeliveryFilter{Status: billhook.StatusDead}); len(left) > 0 {
			t.Errorf("%d are still dead", len(left))
		}
		log, err := w.client.Audit(context.Background(), billhook.AuditFilter{EntityType: "recovery", EntityID: r.ID, Limit: 9})
		if err != nil || len(log) != 2 || log[0].Event != billhook.AuditRecoveryEnd || log[1].Event != billhook.AuditRecoveryCreate {
			t.Errorf("on record: %+v, %v", log, err)
		}
	})
}

// TestCancelRecovery: what is queued goes on, and the rest stays as it is.
func TestCancelRecovery(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		const n, rate = 1500, 100
		ctx := context.Background()
		var in inbox
		hook := w.register(w.serve(9000, &in))
		bury(t, w.db, "default", hook.ID, n)
		w.run()
		r := start(t, w.client, retryAll(rate))
		settle(10 * time.Second)
		r, err := w.client.CancelRecovery(ctx, "default", r.ID)
		if err != nil || r.Status != billhook.RecoveryCancelled || r.Queued < 9*rate || r.Queued > 12*rate {
			t.Fatalf("cancelled as %+v, %v", r, err)
		}
		settle(time.Minute)
		if again := progress(t, w.client, r); again.Queued != r.Queued || again.Status != billhook.RecoveryCancelled {
			t.Errorf("it went on: %+v", again)
		}
		again, err := w.client.CancelRecovery(ctx, "default", r.ID)
		if err != nil || again.UpdatedAt != r.UpdatedAt {
			t.Errorf("cancelled again: %+v, %v", again, err)
		}
		if came, left := len(in.all()), len(w.deliveries(billhook.DeliveryFilter{Status: billhook.StatusDead})); came != r.Queued || left != n-r.Queued {
			t.Errorf("%d came and %d are dead of %d, when %d were queued", came, left, n, r.Queued)
		}
		// What was left can be had by another.
		done := ended(t, w.client, start(t, w.client, retryAll(10_000)), time.Minute)
		settle(time.Minute)
		if came := len(in.all()); came != n || done.Queued != n-r.Queued {
			t.Errorf("%d of %d came in the end; %+v", came, n, done)
		}
		log, err := w.client.Audit(ctx, billhook.AuditFilter{EntityType: "recovery", EntityID: r.ID, Limit: 9})
		if err != nil || len(log) != 2 || log[0].Event != billhook.AuditRecoveryCancel {
			t.Errorf("on record: %+v, %v", log, err)
		}
	})
}

// TestRecoveriesOverlap: of several at once, and retries by hand beside them, each
// delivery is taken by one.
func TestRecoveriesOverlap(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		const n = 2000
		var in inbox
		hook := w.register(w.serve(9000, &in))
		bury(t, w.db, "default", hook.ID, n)
		w.run()
		var all []billhook.Recovery
		for i := range 3 {
			all = append(all, start(t, w.client, retryAll(100*(i+1))))
			settle(time.Second)
		}
		since := time.Now().Add(-time.Hour)
		all = append(all, start(t, w.client, billhook.RecoveryRequest{RecoveryPlan: billhook.RecoveryPlan{Kind: billhook.RecoveryRecover, WebhookID: hook.ID, From: since}}))
		byHand := 0
		for i := n - 1; i > n-100; i -= 7 {
			d, err := w.client.Retry(context.Background(), "default", fmt.Sprintf("dlv_%s_%07d", hook.ID, i))
			if err != nil || d.Status != billhook.StatusPending {
				t.Fatalf("%+v, %v", d, err)
			}
			byHand++
		}
		queued := 0
		for i := range all {
			r := ended(t, w.client, all[i], time.Hour)
			if queued += r.Queued; r.Status != billhook.RecoveryDone || r.Queued+r.Left.Changed != r.Found {
				t.Errorf("%+v", r)
			}
		}
		settle(time.Minute)
		if queued != n-byHand {
			t.Errorf("%d were queued, and %d by hand, of %d", queued, byHand, n)
		}
		wantEach(t, &in, n, 0)
	})
}

// TestRecoveryTakesOnce: what dies again while a recovery is under way is not sent
// by it again, nor by one that was asked for before.
func TestRecoveryTakesOnce(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		const n = 400
		in := inbox{answer: func(int, received) int { return 500 }}
		hook := w.register(w.serve(9000, &in), func(r *billhook.Registration) { r.RetryPolicy = &profile.RetryPolicy{MaxAttempts: 1} })
		bury(t, w.db, "default", hook.ID, n)
		w.run()
		fast, slow := start(t, w.client, retryAll(10_000)), start(t, w.client, retryAll(50))
		fast, slow = ended(t, w.client, fast, time.Hour), ended(t, w.client, slow, time.Hour)
		settle(time.Minute)
		if came := len(in.all()); came != n || fast.Queued+slow.Queued != n {
			t.Errorf("%d of %d came; %d and %d were queued", came, n, fast.Queued, slow.Queued)
		}
		third := ended(t, w.client, start(t, w.client, retryAll(1000)), time.Hour) // asked for after that
		settle(10 * time.Hour)                                                     // one a minute, while the receiver counts as dead
		if came := len(in.all()); came != 2*n || third.Queued != n {
			t.Errorf("%d came in the end, after %+v", came, third)
		}
	})
}

// TestRecoveryLeaves: what cannot be sent is left, and told of; and a recovery of
// one webhook ends when that does.
func TestRecoveryLeaves(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		var in inbox
		url := w.serve(9000, &in)
		here, off, gone := w.register(url), w.register(url), w.register(url)
		for i, hook := range []billhook.Webhook{here, off, gone} {
			bury(t, w.db, "default", hook.ID, 100*(i+1))
		}
		w.run()
		if _, err := w.client.Deactivate(ctx, "default", off.ID); err != nil {
			t.Fatal(err)
		}
		if err := w.client.Delete(ctx, "default", gone.ID); err != nil {
			t.Fatal(err)
		}
		count, err := w.client.CountRecovery(ctx, retryAll(0))
		if want := (billhook.RecoveryCount{Found: 100, Left: billhook.RecoveryLeft{Inactive: 200, Deleted: 300}}); err != nil || count != want {
			t.Errorf("counted %+v, %v", count, err)
		}
		r := ended(t, w.client, start(t, w.client, retryAll(10_000)), time.Minute)
		if r.Found != 600 || r.Queued != 100 || r.Left != (billhook.RecoveryLeft{Inactive: 200, Deleted: 300}) {
			t.Errorf("%+v", r.RecoveryProgress)
		}
		of := func(hook billhook.Webhook) billhook.RecoveryRequest {
			return billhook.RecoveryRequest{RecoveryPlan: billhook.RecoveryPlan{Kind: billhook.RecoveryRecover, WebhookID: hook.ID, From: time.Now().Add(-time.Hour), RatePerSecond: 1}}
		}
		for hook, code := range map[string]billhook.Code{off.ID: billhook.CodeConflict, gone.ID: billhook.CodeNotFound, "wh_none": billhook.CodeNotFound} {
			if _, err := w.client.StartRecovery(ctx, of(billhook.Webhook{ID: hook})); billhook.ErrorCode(err) != code {
				t.Errorf("recover %s: %v", hook, err)
			}
		}
		for _, end := range []func(id string) error{
			func(id string) error { _, err := w.client.Deactivate(ctx, "default", id); return err },
			func(id string) error { return w.client.Delete(ctx, "default", id) },
		} {
			settle(time.Minute) // nobody else is writing
			hook := w.register(url)
			bury(t, w.db, "default", hook.ID, 50)
			r := start(t, w.client, of(hook))
			settle(10 * time.Second)
			if err := end(hook.ID); err != nil {
				t.Fatal(err)
			}
			if r = ended(t, w.client, r, time.Minute); r.Status != billhook.RecoveryFailed || r.Error == "" || r.Queued < 9 || r.Queued > 12 {
				t.Errorf("%+v", r)
			}
		}
	})
}

// TestRecoveryIdempotency: a repeat answers the first, another request is refused.
func TestRecoveryIdempotency(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		keyed := func(r *billhook.RecoveryRequest) { r.IdempotencyKey = "once" }
		first := start(t, w.client, retryAll(0, keyed))
		if again := start(t, w.client, retryAll(0, keyed)); again.ID != first.ID {
			t.Errorf("a repeat is %s, not %s", again.ID, first.ID)
		}
		if _, err := w.client.StartRecovery(ctx, retryAll(7, keyed)); billhook.ErrorCode(err) != billhook.CodeKeyReused {
			t.Errorf("another with the key: %v", err)
		}
		for range 99 {
			start(t, w.client, retryAll(0))
		}
		if _, err := w.client.StartRecovery(ctx, retryAll(0)); billhook.ErrorCode(err) != billhook.CodeConflict {
			t.Errorf("one too many: %v", err)
		}
		if again := start(t, w.client, retryAll(0, keyed)); again.ID != first.ID {
			t.Errorf("a repeat is %s, not %s", again.ID, first.ID)
		}
		w.run()
		settle(time.Minute)
		running, err := w.client.Recoveries(ctx, billhook.RecoveryFilter{Status: billhook.RecoveryRunning, Limit: 9})
		if err != nil || len(running) != 0 {
			t.Errorf("still running: %+v, %v", running, err)
		}
	})
}
