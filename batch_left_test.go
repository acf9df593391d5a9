package billhook_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/receive"
)

// emitLarge emits events of so many bytes, each about a customer of its number, while
// nothing is sent: memory does not have their data then.
func (w *world) emitLarge(first, n, bytes int) {
	w.t.Helper()
	for i := range n {
		e := numbered(first + i)
		e.Entity = billhook.Reference{Type: "customer", ID: fmt.Sprint(first + i)}
		e.Data = fmt.Appendf(nil, `"%0*d"`, bytes-2, first+i)
		if _, err := w.client.Emit(w.t.Context(), e); err != nil {
			w.t.Fatal(err)
		}
		settle(time.Millisecond) // each is due later
	}
}

// TestBatchErasedMeanwhile: what had no room in a body and was erased while that was
// under way is not sent from memory.
func TestBatchErasedMeanwhile(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		in := batchbox{takes: 5 * time.Second}
		w.batches(9000, &in, batched(10, 0, func(r *billhook.Registration) { r.Batch.MaxBytes = 1024 }))
		w.emitLarge(0, 3, 900)
		w.run()
		settle(time.Second)
		if n := w.client.Stats().Waiting; n != 2 {
			t.Errorf("%d wait beside the request that had no room for them, want 2", n)
		}
		if _, err := w.client.Erase(t.Context(), "default", billhook.Reference{Type: "customer", ID: "1"}); err != nil {
			t.Fatal(err)
		}
		settle(time.Minute)
		in.wantSizes(1, 1)
		in.wantOnce(2)
		w.wantStatus(map[billhook.Status]int{billhook.StatusDelivered: 2, billhook.StatusCancelled: 1})
	})
}

// TestBatchReadsWhatFits: of events that memory does not have, no more are read for a
// request than there is room for, and the one that shows it.
func TestBatchReadsWhatFits(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		var reads, requests atomic.Int64
		db := &faulty{Database: w.db, onEvent: func() error {
			if n := reads.Add(1); n > 2*(requests.Load()+1) {
				t.Errorf("%d events were read for the first %d requests", n, requests.Load()+1)
			}
			return nil
		}}
		w.useDatabase(db)
		in := batchbox{answer: func(int, []receive.Message) int { requests.Add(1); return 200 }}
		w.batches(9000, &in, batched(10, 0, func(r *billhook.Registration) { r.Batch.MaxBytes, r.Limits.Concurrency = 1024, 1 }))
		w.emitLarge(0, 10, 900)
		w.run()
		settle(time.Minute)
		in.wantSizes(1, 1, 1, 1, 1, 1, 1, 1, 1, 1)
		in.wantOnce(10)
		if n := reads.Load(); n != 10 {
			t.Errorf("%d reads of 10 events", n)
		}
	})
}

// A blind database cannot look for newer deliveries.
type blind struct{ billhook.Database }

func (blind) Newest(context.Context, billhook.Strand, string, int64) (billhook.Pending, error) {
	return billhook.Pending{}, errDisk
}

// TestBatchOfWhatCannotBeRead: a database that fails keeps a request, and a stop, no
// longer for many deliveries than for one.
func TestBatchOfWhatCannotBeRead(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.useDatabase(blind{w.db})
		var in batchbox
		w.batches(9000, &in, batched(100, 0, func(r *billhook.Registration) { r.Coalesce.Latest = []string{"order.*"} }))
		w.emitLarge(0, 50, 100)
		w.run()
		settle(500 * time.Millisecond)
		began := time.Now()
		w.halt()
		if took := time.Since(began); took > time.Second {
			t.Errorf("the stop took %v", took)
		}
		in.wantSizes()
		w.wantStatus(map[billhook.Status]int{billhook.StatusPending: 50})
	})
}

// TestBatchReleaseOfLarge: what had no room counts as not sent: what was held goes at the
// rate that was asked for.
func TestBatchReleaseOfLarge(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var in batchbox
		hook := w.batches(9000, &in, batched(10, 0, func(r *billhook.Registration) {
			r.Inactive, r.WhenInactive, r.Batch.MaxBytes = true, billhook.InactiveHold, 1024
		}))
		w.emitLarge(0, 20, 900)
		settle(time.Minute)
		yes := true
		if _, err := w.client.Update(t.Context(), "default", hook.ID, billhook.WebhookChange{IsActive: &yes, HeldDeliveries: &billhook.Release{RatePerSecond: 5}}); err != nil {
			t.Fatal(err)
		}
		settle(time.Minute)
		in.wantOnce(20)
		for i, r := range in.got() {
			if since := r.at - in.got()[0].at; since != time.Duration(i)*200*time.Millisecond || len(r.all) != 1 {
				t.Errorf("batch %d of %d came %v after the first", i+1, len(r.all), since)
			}
		}
	})
}
