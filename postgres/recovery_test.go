package postgres

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// bury has n deliveries to a webhook die without a request.
func bury(t *testing.T, db *Database, webhookID string, n int) {
	t.Helper()
	const step = 1000
	at := time.Now().UTC().Round(0).Add(-time.Hour)
	for first := 0; first < n; first += step {
		emits, outcomes := &billhook.Batch{}, &billhook.Batch{}
		for i := first; i < min(first+step, n); i++ {
			e := emit(fmt.Sprintf("evt_%07d", i), webhookID)
			e.OwnID, e.Deliveries[0].CreatedAt = false, at.Add(time.Duration(i)*time.Millisecond)
			emits.Emits = append(emits.Emits, e)
			o := delivered(e.Deliveries[0])
			o.Status, o.Reason, o.Attempt.StartedAt = billhook.StatusDead, "no answer", e.Deliveries[0].CreatedAt
			outcomes.Outcomes = append(outcomes.Outcomes, o)
		}
		check(t, db.Commit(context.Background(), emits))
		check(t, db.Commit(context.Background(), outcomes))
	}
}

// TestRetryOfMany: many that are dead are accepted at once, and come once each,
// although the node that began with them is gone half way.
func TestRetryOfMany(t *testing.T) {
	n := 100_000
	if testing.Short() {
		n = 5_000
	}
	ctx := context.Background()
	var mu sync.Mutex
	came := map[string]int{}
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		mu.Lock()
		came[r.Header.Get("Webhook-Id")]++
		mu.Unlock()
	}))
	defer receiver.Close()

	node := func(db *Database) (client *billhook.Client, stop func()) {
		client, err := billhook.New(db, billhook.Config{AllowInsecure: true, Logger: slog.New(slog.DiscardHandler)})
		check(t, err)
		ctx, cancel := context.WithCancel(ctx)
		ran := make(chan error, 1)
		go func() { ran <- client.Run(ctx) }()
		return client, func() {
			cancel()
			check(t, <-ran)
			check(t, client.Close())
		}
	}
	db := joined(t, Options{Lease: time.Second})
	bury(t, db, "wh_many", n)
	first, stop := node(db)
	_, err := first.Register(ctx, billhook.Registration{ID: "wh_many", URL: receiver.URL, Events: []string{"*"}})
	check(t, err)

	began := time.Now()
	r, err := first.StartRecovery(ctx, billhook.RecoveryRequest{
		RecoveryPlan: billhook.RecoveryPlan{Kind: billhook.RecoveryRetry, RatePerSecond: 10_000}, IdempotencyKey: "once",
	})
	check(t, err)
	t.Logf("%d accepted in %v", n, time.Since(began))
	other := openAt(t, db.config.ConnString(), Options{Lease: time.Second})
	second, stopSecond := node(other)
	defer stopSecond()
	eventually(t, "a part of it", func() bool {
		r, err = second.Recovery(ctx, "default", r.ID)
		return err == nil && r.Queued >= n/10
	})
	stop()
	again, err := second.StartRecovery(ctx, billhook.RecoveryRequest{
		RecoveryPlan: billhook.RecoveryPlan{Kind: billhook.RecoveryRetry, RatePerSecond: 10_000}, IdempotencyKey: "once",
	})
	check(t, err)
	equal(t, "a repeat", again.ID, r.ID)
	for until := time.Now().Add(100 * time.Second); r.Status == billhook.RecoveryRunning && time.Now().Before(until); pause(ctx, 100*time.Millisecond) {
		r, err = second.Recovery(ctx, "default", r.ID)
		check(t, err)
	}
	equal(t, "in the end", fmt.Sprint(r.Status, r.Queued, r.Left), fmt.Sprint(billhook.RecoveryDone, n, billhook.RecoveryLeft{}))
	eventually(t, "all of it", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(came) == n
	})
	t.Logf("%d came in %v", n, time.Since(began))
	pause(ctx, 200*time.Millisecond)
	mu.Lock()
	defer mu.Unlock()
	for id, times := range came {
		if times != 1 {
			t.Errorf("%s came %d times", id, times)
		}
	}
}

// TestRetryBesideRecovery: what one node takes in steps and another by hand at the
// same moment is pending once, and whoever comes second is told so.
func TestRetryBesideRecovery(t *testing.T) {
	const n, step = 60, 20
	ctx := context.Background()
	db := joined(t, Options{})
	other := second(t, db, Options{})
	bury(t, db, "wh_1", n)
	dead, err := db.Over(ctx, billhook.OverFilter{StoreID: "default", Statuses: []billhook.Status{billhook.StatusDead}, Limit: n})
	check(t, err)
	r := billhook.Recovery{StoreID: "default", ID: "rcv_1", Status: billhook.RecoveryRunning, CreatedAt: time.Now().UTC().Round(0)}
	r.Kind = billhook.RecoveryRecover
	check(t, db.Commit(ctx, &billhook.Batch{Recoveries: []*billhook.RecoveryWrite{{Recovery: r}}}))

	steps, byHand := 0, make(chan int, 1)
	go func() {
		found := 0
		for i := n - 1; i >= 0; i-- { // they meet half way
			retry := &billhook.Retry{StoreID: "default", DeliveryID: dead[i].ID, DueAt: time.Now()}
			if err := other.Commit(ctx, &billhook.Batch{Retries: []*billhook.Retry{retry}}); err != nil {
				t.Errorf("retry by hand: %v", err)
				break
			}
			if retry.Delivery != nil && retry.Delivery.AttemptsBefore == 1 {
				found++
			}
		}
		byHand <- found
	}()
	for first := 0; first < n; first += step {
		s := &billhook.RecoveryStep{Recovery: r}
		s.Recovery.Step++
		for _, d := range dead[first : first+step] {
			s.Retries = append(s.Retries, billhook.Pending{
				Lane: billhook.Lane{StoreID: d.StoreID, WebhookID: d.WebhookID}, Position: billhook.Position{ID: d.ID, DueAt: time.Now()}, CreatedAt: d.CreatedAt,
			})
		}
		check(t, db.Commit(ctx, &billhook.Batch{RecoverySteps: []*billhook.RecoveryStep{s}}))
		equal(t, "stale", s.Stale, false)
		r = s.Result()
		steps += len(s.Deliveries)
	}
	equal(t, "found by hand", <-byHand, n)
	equal(t, "counted", r.Queued+r.Left.Changed, n)
	on := session(t, db)
	equal(t, "pending", ask[int](t, on, "SELECT count(*) FROM billhook.pending"), n)
	equal(t, "over", ask[int](t, on, "SELECT count(*) FROM billhook.deliveries"), 0)
	equal(t, "attempts", ask[int](t, on, "SELECT count(*) FROM billhook.attempts"), n)
	if steps == 0 || steps == n {
		t.Logf("the steps took %d of %d", steps, n)
	}
}
