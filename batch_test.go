package billhook_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/billhook/billhook"
)

// TestBatchFull: a batch that is full goes at once, the rest when its time is over, in
// the order in which they are due; beside it a webhook without batches gets what it
// always got.
func TestBatchFull(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var in batchbox
		var plain inbox
		w.batches(9000, &in, batched(10, time.Minute))
		w.register(w.serve(9001, &plain))
		w.emitTogether(0, 25)
		synctest.Wait()
		in.wantSizes(10, 10)
		wantEach(t, &plain, 25, 0)
		settle(time.Minute - time.Nanosecond)
		in.wantSizes(10, 10)
		settle(time.Nanosecond)
		in.wantSizes(10, 10, 5)
		if last := in.got()[2]; last.at != time.Minute {
			t.Errorf("the last came after %v", last.at)
		}
		in.wantOnce(25)
		// The bytes are those of single ones.
		single := map[string]bool{}
		for _, r := range plain.all() {
			single[r.body] = true
		}
		for _, r := range in.got() {
			var bodies []string
			for _, m := range r.all {
				bodies = append(bodies, string(m.Body))
				if !single[string(m.Body)] {
					t.Errorf("not as it was sent alone: %s", m.Body)
				}
			}
			if r.body != "["+strings.Join(bodies, ",")+"]" || !strings.HasPrefix(r.id, "batch_") {
				t.Errorf("%s: %s", r.id, r.body)
			}
		}
		settle(time.Second)
		w.wantStatus(map[billhook.Status]int{billhook.StatusDelivered: 50})
		// An eleventh that comes later does not wait for its own minute when ten are due.
		w.emitTogether(100, 9)
		settle(59 * time.Second)
		w.emitTogether(200, 1)
		synctest.Wait()
		in.wantSizes(10, 10, 5, 10)
	})
}

// TestBatchWaits: the first waits for as long as it may, and no longer, whoever comes
// after it.
func TestBatchWaits(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var in batchbox
		w.batches(9000, &in, batched(100, time.Second))
		for _, pause := range []time.Duration{300, 600, 600, 2000} {
			w.emit("order.paid", `{}`)
			settle(pause * time.Millisecond)
		}
		in.wantSizes(3, 1)
		// The second wait begins with the fourth event, at 1500 ms.
		for i, want := range []time.Duration{time.Second, 2500 * time.Millisecond} {
			if at := in.got()[i].at; at != want {
				t.Errorf("batch %d came after %v, want %v", i+1, at, want)
			}
		}
		// What is due later keeps nobody waiting, and is joined when it is due.
		in.began = time.Now()
		at := in.began.Add(10 * time.Second)
		for range 2 {
			if _, err := w.client.Emit(t.Context(), billhook.Emission{Type: "a", Data: []byte(`1`), DeliverAt: at}); err != nil {
				t.Fatal(err)
			}
		}
		w.emit("b", `{}`)
		settle(9500 * time.Millisecond)
		in.wantSizes(3, 1, 1)
		w.emit("b", `{}`)
		settle(2 * time.Second)
		in.wantSizes(3, 1, 1, 3)
		if at := in.got()[3].at; at != 10500*time.Millisecond {
			t.Errorf("came after %v", at)
		}
	})
}

// TestBatchAtOnce: without a time to wait, what is due goes; while the receiver is
// busy, company comes.
func TestBatchAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		in := batchbox{takes: 1050 * time.Millisecond}
		w.batches(9000, &in, batched(100, 0, func(r *billhook.Registration) { r.Limits.Concurrency = 1 }))
		for n := range 20 {
			w.emitTogether(n, 1)
			settle(100 * time.Millisecond)
		}
		settle(2 * time.Second)
		in.wantSizes(1, 10, 9)
		in.wantOnce(20)
	})
}

// TestBatchOfThousands: 1,000 events in batches of 100 are ten requests, and their
// outcomes are on record.
func TestBatchOfThousands(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		in := batchbox{takes: 5 * time.Millisecond}
		w.batches(9000, &in, batched(100, time.Second))
		w.emitTogether(0, 1000)
		settle(10 * time.Second)
		if n := len(in.got()); n != 10 {
			t.Errorf("%d requests for 1,000 events", n)
		}
		in.wantOnce(1000)
		w.wantStatus(map[billhook.Status]int{billhook.StatusDelivered: 1000})
		// More than a lane holds, read in windows.
		w.stopRun()
		if err := <-w.ran; err != nil {
			t.Fatal(err)
		}
		w.stopRun = nil
		for n := 1000; n < 4000; n += 1000 {
			w.emitTogether(n, 1000)
		}
		w.run()
		settle(10 * time.Second)
		in.wantOnce(4000)
		if n := len(in.got()); n > 10+60 {
			t.Errorf("%d requests for 4,000 events", n)
		}
	})
}

// TestBatchBytes: a body is no longer than it may be; what is longer alone goes alone.
// It is so also where the data is not in memory when the batch is put together; only
// nobody knows then that it is full.
func TestBatchBytes(t *testing.T) {
	for _, fresh := range []bool{true, false} {
		bubble(t, func(t *testing.T, w *world) {
			var in batchbox
			w.batches(9000, &in, batched(100, time.Minute, func(r *billhook.Registration) { r.Batch.MaxBytes = 4 << 10 }))
			if fresh {
				w.run()
				synctest.Wait()
			}
			var all []billhook.Emission
			for n := range 40 {
				size := 500
				if n == 20 {
					size = 5000
				}
				all = append(all, billhook.Emission{Type: "a", ID: fmt.Sprint("e", n), Data: []byte(`"` + strings.Repeat("x", size) + `"`)})
			}
			if _, err := w.client.EmitBatch(t.Context(), "default", all); err != nil {
				t.Fatal(err)
			}
			if !fresh {
				w.run()
			}
			settle(time.Second)
			before := len(in.got())
			settle(time.Minute)
			in.wantOnce(40)
			if n := len(in.got()); n > 9 || fresh && before < 5 {
				t.Errorf("%d requests, %d of them at once: %v", n, before, in.sizes())
			}
			for _, r := range in.got() {
				if len(r.body) > 4<<10 && len(r.all) > 1 {
					t.Errorf("%d bytes in a batch of %d", len(r.body), len(r.all))
				}
			}
			if n := w.client.InMemory(); n != 0 {
				t.Errorf("%d are held in memory in the end", n)
			}
		})
	}
}
