package billhook_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/billhook/billhook"
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
		if _, err := w.client.Erase(t.Context(), "default", billhook.Reference{Type: "customer", ID: "1"}); err != nil {
			t.Fatal(err)
		}
		settle(time.Minute)
		in.wantSizes(1, 1)
		in.wantOnce(2)
		w.wantStatus(map[billhook.Status]int{billhook.StatusDelivered: 2, billhook.StatusCancelled: 1})
	})
}
