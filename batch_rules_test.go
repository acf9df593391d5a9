package billhook_test

import (
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/receive"
)

// TestBatchLimits: rate and concurrency count requests.
func TestBatchLimits(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var rated batchbox
		w.batches(9000, &rated, batched(10, 0, func(r *billhook.Registration) { r.Limits.RatePerSecond = 8 }))
		w.emitTogether(0, 100)
		settle(5 * time.Second)
		for i, r := range rated.got() {
			if want := time.Duration(i) * 125 * time.Millisecond; r.at != want || len(r.all) != 10 {
				t.Errorf("request %d with %d came after %v, want %v", i+1, len(r.all), r.at, want)
			}
		}
		rated.wantOnce(100)
		many := batchbox{takes: time.Second}
		w.batches(9001, &many, batched(10, 0, func(r *billhook.Registration) { r.Limits.Concurrency = 2 }))
		w.emitTogether(1000, 60)
		settle(500 * time.Millisecond)
		if places := w.client.Stats().InFlight; places != 1 {
			t.Errorf("%d requests are under way, want the first", places)
		}
		settle(time.Second)
		if places := w.client.Stats().InFlight; places != 2 {
			t.Errorf("%d requests are under way, want 2", places)
		}
		settle(10 * time.Second)
		many.wantOnce(60)
		many.wantSizes(10, 10, 10, 10, 10, 10)
	})
}

// TestBatchBreaker: requests open it, one delivery probes, and what waits has no
// attempt counted.
func TestBatchBreaker(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var mu sync.Mutex
		dead := true
		in := batchbox{takes: 3 * time.Second, answer: func(int, []receive.Message) int {
			mu.Lock()
			defer mu.Unlock()
			if dead {
				return 500
			}
			return 200
		}}
		hook := w.batches(9000, &in, batched(10, 0, every(time.Hour, 5)))
		w.emitTogether(0, 200)
		settle(14 * time.Second)
		health := func() billhook.BreakerState {
			h, err := w.client.Health(t.Context(), "default", hook.ID)
			if err != nil {
				t.Fatal(err)
			}
			return h.State
		}
		if state := health(); state != billhook.BreakerClosed { // four requests, forty deliveries
			t.Errorf("after %v it is %s", in.sizes(), state)
		}
		settle(2 * time.Second)
		if state := health(); state != billhook.BreakerOpen {
			t.Errorf("after %v it is %s", in.sizes(), state)
		}
		in.wantSizes(10, 10, 10, 10, 10)
		settle(3 * time.Minute)
		in.wantSizes(10, 10, 10, 10, 10, 1, 1)
		mu.Lock()
		dead = false
		mu.Unlock()
		settle(2 * time.Minute)
		if sizes := in.sizes(); len(sizes) != 23 || sizes[7] != 1 || sizes[8] != 10 {
			t.Errorf("batches of %v", sizes) // 147 wait after the third probe
		}
		for _, d := range w.deliveries(billhook.DeliveryFilter{Status: billhook.StatusDelivered}) {
			if d.Attempts != 1 {
				t.Errorf("%d attempts of one that waited", d.Attempts)
			}
		}
	})
}

// TestBatchGone: 410 is about the webhook and ends all; Retry-After is heard for all.
func TestBatchGone(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		in := batchbox{after: "100", answer: func(n int, _ []receive.Message) int { return []int{503, 200, 200, 410}[n-1] }}
		hook := w.batches(9000, &in, batched(10, time.Second, every(time.Second, 5)))
		w.emitTogether(0, 4)
		settle(2 * time.Minute)
		in.wantSizes(4, 2, 2)
		if at := in.got()[1].at; at != 101*time.Second {
			t.Errorf("came again after %v", at)
		}
		w.emitTogether(4, 10)
		settle(10 * time.Second)
		if now, err := w.client.Get(t.Context(), "default", hook.ID); err != nil || now.IsActive || now.InactiveReason == "" {
			t.Errorf("active %v (%s), %v", now.IsActive, now.InactiveReason, err)
		}
		w.wantStatus(map[billhook.Status]int{billhook.StatusDelivered: 4, billhook.StatusDead: 10})
	})
}

// TestBatchOrder: at most one of an entity is in a batch, in its order, with its number.
func TestBatchOrder(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		last := map[string]int64{}
		in := batchbox{}
		w.batches(9000, &in, batched(10, 100*time.Millisecond, inOrder))
		for n := range 5 {
			for _, item := range []string{"a", "b", "c"} {
				w.emitAbout(item, n)
			}
		}
		w.emit("order.paid", `{"item":"none"}`)
		settle(10 * time.Second)
		in.wantOnce(16)
		for _, r := range in.got() {
			numbers := strings.Split(r.sequence, ", ")
			if len(numbers) != len(r.all) {
				t.Fatalf("%q for %d events", r.sequence, len(r.all))
			}
			seen := map[string]bool{}
			for i, m := range r.all {
				item := itemOf(string(m.Data))
				n, err := strconv.ParseInt(numbers[i], 10, 64)
				if item == "none" && n == 0 {
					continue
				}
				if err != nil || seen[item] || n != last[item]+1 {
					t.Errorf("%s: %s after %d, twice %v", item, numbers[i], last[item], seen[item])
				}
				seen[item], last[item] = true, n
			}
		}
	})
}

// TestBatchSkips: what a newer one has taken the place of is left out of the batch.
func TestBatchSkips(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var in batchbox
		w.batches(9000, &in, batched(10, time.Second, func(r *billhook.Registration) { r.Coalesce.Latest = []string{"inventory.*"} }))
		w.emitAbout("a", 1)
		w.emitAbout("b", 1)
		w.emit("order.paid", `{}`)
		settle(500 * time.Millisecond)
		w.emitAbout("a", 2)
		settle(10 * time.Second)
		in.wantOnce(3)
		if has := strings.Contains(in.got()[0].body, `"item":"a"`); has || len(in.got()[0].all) != 2 {
			t.Errorf("the first batch is %s", in.got()[0].body)
		}
		w.wantStatus(map[billhook.Status]int{billhook.StatusDelivered: 3, billhook.StatusSkipped: 1})
	})
}

// TestBatchStale: of what is under way one is retried by hand: its outcome counts for
// nothing, that of the others does.
func TestBatchStale(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		in := batchbox{takes: time.Second, answer: func(n int, _ []receive.Message) int { return []int{500, 200, 200, 200}[n-1] }}
		w.batches(9000, &in, batched(10, 0, every(time.Hour, 2)))
		w.emitTogether(0, 3)
		settle(500 * time.Millisecond)
		one := w.deliveries(billhook.DeliveryFilter{EventID: "e1"})[0]
		if _, err := w.client.Retry(t.Context(), "default", one.ID); err != nil {
			t.Fatal(err)
		}
		settle(10 * time.Second)
		settle(2 * time.Hour)
		in.wantOnce(3)
		w.wantStatus(map[billhook.Status]int{billhook.StatusDelivered: 3})
	})
}

// TestBatchChanges: a webhook that is made inactive, is deleted or has no batches any
// more while deliveries wait for company.
func TestBatchChanges(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var in batchbox
		var plain inbox
		hook := w.batches(9000, &in, batched(10, time.Minute))
		change := func(c billhook.WebhookChange) {
			t.Helper()
			if _, err := w.client.Update(t.Context(), "default", hook.ID, c); err != nil {
				t.Fatal(err)
			}
		}
		no, yes := false, true
		w.emitTogether(0, 3)
		settle(time.Second)
		change(billhook.WebhookChange{IsActive: &no})
		settle(5 * time.Minute)
		in.wantSizes()
		change(billhook.WebhookChange{IsActive: &yes})
		settle(time.Second)
		in.wantSizes(3) // it waited long enough
		w.emitTogether(3, 3)
		settle(time.Second)
		change(billhook.WebhookChange{Batch: &billhook.Batching{MaxEvents: 3, MaxWaitMs: 60_000}})
		settle(time.Millisecond)
		in.wantSizes(3, 3) // it is full now
		url := w.serve(9001, &plain)
		w.emitTogether(6, 2)
		settle(time.Second)
		change(billhook.WebhookChange{URL: &url, Batch: &billhook.Batching{}})
		settle(time.Millisecond)
		wantEach(t, &plain, 2, 0)
		change(billhook.WebhookChange{Batch: &billhook.Batching{MaxEvents: 10, MaxWaitMs: 60_000}})
		w.emitTogether(8, 2)
		settle(time.Second)
		if err := w.client.Delete(t.Context(), "default", hook.ID); err != nil {
			t.Fatal(err)
		}
		settle(2 * time.Minute)
		wantEach(t, &plain, 2, 0)
		w.wantStatus(map[billhook.Status]int{billhook.StatusDelivered: 8, billhook.StatusCancelled: 2})
	})
}

// TestBatchTest: a test of a webhook is an event like any other, and comes in an array.
func TestBatchTest(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var in batchbox
		hook := w.batches(9000, &in, batched(10, time.Second))
		if _, err := w.client.Test(t.Context(), "default", hook.ID, "order.paid"); err != nil {
			t.Fatal(err)
		}
		settle(2 * time.Second)
		in.wantSizes(1)
	})
}

// TestBatchRelease: what was held goes in batches, of no more a second than was asked
// for.
func TestBatchRelease(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var in batchbox
		hook := w.batches(9000, &in, batched(10, time.Second, func(r *billhook.Registration) {
			r.Inactive, r.WhenInactive = true, billhook.InactiveHold
		}))
		w.emitTogether(0, 40)
		settle(time.Minute)
		yes := true
		if _, err := w.client.Update(t.Context(), "default", hook.ID, billhook.WebhookChange{IsActive: &yes, HeldDeliveries: &billhook.Release{RatePerSecond: 5}}); err != nil {
			t.Fatal(err)
		}
		settle(time.Minute)
		in.wantSizes(10, 10, 10, 10)
		for i, r := range in.got() {
			if since := r.at - in.got()[0].at; since != time.Duration(2*i)*time.Second {
				t.Errorf("batch %d came %v after the first", i+1, since)
			}
		}
	})
}

// TestBatchTooOld: what has become too old is not sent, and the others are.
func TestBatchTooOld(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		var in batchbox
		w.batches(9000, &in, batched(10, time.Second, every(time.Minute, 5), func(r *billhook.Registration) { r.RetryPolicy.MaxAge = time.Hour }))
		w.emitTogether(0, 3)
		settle(2 * time.Hour)
		w.emitTogether(3, 3)
		w.run()
		settle(time.Minute)
		in.wantOnce(3)
		w.wantStatus(map[billhook.Status]int{billhook.StatusDelivered: 3, billhook.StatusDead: 3})
		for _, d := range w.deliveries(billhook.DeliveryFilter{Status: billhook.StatusDead}) {
			if a, err := w.client.Attempts(t.Context(), "default", d.ID); err != nil || len(a) != 1 || a[0].Failure != billhook.FailureExpired || a[0].BatchSize != 0 {
				t.Errorf("%+v, %v", a, err)
			}
		}
	})
}
