package billhook_test

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
	"github.com/billhook/billhook/receive"
)

// has reports whether one of the messages is of the event.
func has(all []receive.Message, id string) bool {
	return slices.ContainsFunc(all, func(m receive.Message) bool { return m.ID == id })
}

// TestBatchPoison: an event that the receiver never takes takes no other with it,
// whatever the policy says of how it fails, and each attempt is on record.
func TestBatchPoison(t *testing.T) {
	for _, test := range []struct {
		status, attempts int
		on               string
		sizes            []int // at the most of the requests with the bad one: it may be the last in line
	}{
		{500, 10, profile.RetryOnAny, []int{100, 25, 6, 1, 1, 1, 1, 1, 1, 1}},
		{500, 3, profile.RetryOnAny, []int{100, 25, 1}},
		{500, 2, profile.RetryOnAny, []int{100, 1}},
		{422, 10, profile.RetryOnServerErrors, []int{100, 25, 6, 1}}, // not tried again, once it is alone
		{422, 2, profile.RetryOnServerErrors, []int{100, 1}},
	} {
		t.Run(fmt.Sprint(test.status, test.attempts), func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				w.run()
				in := batchbox{answer: func(_ int, all []receive.Message) int {
					if has(all, "e42") {
						return test.status
					}
					return 200
				}}
				w.batches(9000, &in, batched(100, time.Second, every(time.Minute, test.attempts), func(r *billhook.Registration) { r.RetryPolicy.RetryOn = test.on }))
				w.emitTogether(0, 300)
				settle(30 * time.Minute)
				in.wantOnce(299)
				w.wantStatus(map[billhook.Status]int{billhook.StatusDelivered: 299, billhook.StatusDead: 1})
				var sizes []int
				var ids []string
				for _, r := range in.got() {
					if has(r.all, "e42") {
						sizes, ids = append(sizes, len(r.all)), append(ids, r.id)
					}
				}
				fits := func(size, most int) bool { return size <= most }
				// Refused for good it is given up when it is alone, which may be sooner.
				if n := len(sizes); n == 0 || n < len(test.sizes) && (test.status == 500 || sizes[n-1] > 1) || !slices.EqualFunc(sizes, test.sizes[:n], fits) {
					t.Errorf("the bad one came in batches of %v, want %v", sizes, test.sizes)
				}
				dead := w.deliveries(billhook.DeliveryFilter{Status: billhook.StatusDead})
				attempts, err := w.client.Attempts(t.Context(), "default", dead[0].ID)
				if err != nil || len(attempts) != len(sizes) {
					t.Fatalf("%d attempts on record: %v", len(attempts), err)
				}
				for i, a := range attempts {
					if a.Number != i+1 || a.BatchSize != sizes[i] || a.BatchID != ids[i] || a.StatusCode != test.status || (a.ResponseHeaders == "") != (sizes[i] > 1) {
						t.Errorf("attempt %d is on record as %+v", i+1, a)
					}
				}
				if n := len(in.got()); test.attempts == 10 && n > 3+4+5+6+6 {
					t.Errorf("%d requests", n)
				}
			})
		})
	}
}

// TestBatchPoisonAndAge: where the last attempt is the last because the delivery gets too
// old, it is alone too, and does not wait for company: no other is dead for it.
func TestBatchPoisonAndAge(t *testing.T) {
	for _, maxAge := range []time.Duration{3*time.Minute - time.Second, 2*time.Minute + time.Second} {
		t.Run(maxAge.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				w.run()
				in := batchbox{answer: func(_ int, all []receive.Message) int {
					if has(all, "e42") {
						return 500
					}
					return 200
				}}
				w.batches(9000, &in, batched(100, time.Second, every(time.Minute, 10), func(r *billhook.Registration) {
					r.RetryPolicy.MaxAge, r.RetryPolicy.Timeout = maxAge, 5*time.Second
				}))
				w.emitTogether(0, 100)
				settle(10 * time.Minute)
				in.wantOnce(99)
				w.wantStatus(map[billhook.Status]int{billhook.StatusDelivered: 99, billhook.StatusDead: 1})
			})
		})
	}
}

// TestBatchOutage: what failed together is tried again in company, not one by one, and
// jitter does not spread it.
func TestBatchOutage(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		in := batchbox{answer: func(n int, _ []receive.Message) int {
			if n <= 2 {
				return 500
			}
			return 200
		}}
		w.batches(9000, &in, batched(100, 0, every(time.Minute, 5), func(r *billhook.Registration) { r.RetryPolicy.Jitter = 0.5 }))
		w.emitTogether(0, 200)
		settle(5 * time.Minute)
		in.wantSizes(100, 100, 25, 25, 25, 25, 25, 25, 25, 25)
		in.wantOnce(200)
	})
}

// TestBatchID: the same events have the same id, whoever sends them and when; others
// have another.
func TestBatchID(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		in := batchbox{answer: func(n int, _ []receive.Message) int {
			if n == 1 {
				return 500
			}
			return 200
		}}
		w.batches(9000, &in, batched(12, time.Second, every(time.Minute, 5)))
		w.emitTogether(0, 2)
		settle(30 * time.Second)
		w.reopen()
		w.run()
		settle(2 * time.Minute)
		w.emitTogether(5, 2)
		settle(time.Minute)
		in.wantSizes(2, 2, 2)
		got := in.got()
		if got[0].id != got[1].id || got[0].body != got[1].body || got[1].id == got[2].id {
			t.Errorf("ids %s, %s, %s", got[0].id, got[1].id, got[2].id)
		}
	})
}

// TestBatchAcrossRestarts: what waits for company is not lost when a node stops, nor
// does it wait longer for that.
func TestBatchAcrossRestarts(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		var in batchbox
		w.run()
		w.batches(9000, &in, batched(100, time.Minute))
		w.emitTogether(0, 30)
		settle(20 * time.Second)
		w.reopen()
		in.wantSizes()
		w.run()
		settle(10 * time.Second)
		w.emitTogether(30, 30)
		settle(time.Minute)
		in.wantSizes(60)
		if at := in.got()[0].at; at != time.Minute {
			t.Errorf("came after %v", at)
		}
		// What is due for longer than that goes at once.
		w.emitTogether(60, 30)
		w.halt()
		settle(10 * time.Minute)
		w.run()
		settle(time.Second)
		in.wantSizes(60, 30)
		in.wantOnce(90)
	})
}

// TestBatchUnwritten: a process that ends after the answer and before it is written
// sends the same once more, with the same id, and nothing is lost.
func TestBatchUnwritten(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		var in batchbox
		var fills atomic.Bool // the disk, with the first outcome
		db := &faulty{Database: w.db}
		db.onBatch = func(b *billhook.Batch) {
			if fills.Load() && len(b.Outcomes) > 0 {
				db.fail.Store(1)
			}
		}
		w.useDatabase(db)
		w.run()
		w.batches(9000, &in, batched(10, time.Minute))
		fills.Store(true)
		w.emitTogether(0, 10)
		settle(time.Second)
		in.wantSizes(10)
		fills.Store(false)
		w.halt()
		db.fail.Store(0)
		w.reopen()
		w.run()
		settle(2 * time.Minute)
		w.wantStatus(map[billhook.Status]int{billhook.StatusDelivered: 10})
		for _, r := range in.got() {
			if r.id != in.got()[0].id || len(r.all) != 10 {
				t.Errorf("%s has %d", r.id, len(r.all))
			}
		}
	})
}

// TestBatchRecovered: what a recovery brings back comes in batches too, as fast as it was
// asked for.
func TestBatchRecovered(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		var in batchbox
		hook := w.batches(9000, &in, batched(100, 10*time.Second))
		bury(t, w.db, "default", hook.ID, 300)
		w.run()
		settle(time.Second)
		began := time.Now()
		ended(t, w.client, start(t, w.client, retryAll(100)), time.Minute)
		settle(20 * time.Second)
		in.wantSizes(100, 100, 100)
		if last := in.began.Add(in.got()[2].at).Sub(began); last > 5*time.Second {
			t.Errorf("the last came after %v", last)
		}
	})
}
