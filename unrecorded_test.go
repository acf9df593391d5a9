package billhook_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// TestUnrecordedBytes: while the database takes nothing, what has failed and is to be
// sent again keeps the data of its events only as far as there is memory for it, and
// what is over keeps none. Once it takes something again, all are sent with their data.
func TestUnrecordedBytes(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		const hooks, bound = 60, 16 << 20
		db := &faulty{Database: w.db}
		var mu sync.Mutex
		var most, kept, let int
		db.onBatch = func(b *billhook.Batch) {
			mu.Lock()
			defer mu.Unlock()
			if db.fail.Load() == 0 {
				return
			}
			bytes := 0
			for _, o := range b.Outcomes {
				switch e := o.Delivery.Event; {
				case o.Status != billhook.StatusPending && e != nil:
					t.Errorf("%s is %s and keeps its event", o.Delivery.ID, o.Status)
				case o.Status != billhook.StatusPending:
				case e == nil:
					let++
				default:
					kept++
					bytes += len(e.Data)
				}
			}
			most = max(most, bytes)
		}
		w.useDatabase(db)
		var in inbox
		up := map[string]bool{}
		// All are under way before the first is answered: from then on nothing is written.
		var answered time.Time
		for i := range hooks {
			url := w.serve(9000+i, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				time.Sleep(time.Until(answered))
				mu.Lock()
				first := !up[r.Host]
				up[r.Host] = true
				mu.Unlock()
				if first && i%4 != 0 {
					db.fail.Store(1) // from the first attempts on
					rw.WriteHeader(500)
					return
				}
				db.fail.Store(1)
				in.ServeHTTP(rw, r)
			}))
			w.register(url)
		}
		w.run()
		answered = time.Now().Add(5 * time.Second)
		data := fmt.Sprintf(`"%s"`, strings.Repeat("x", 1<<20-2))
		if e := w.emit("order.paid", data); e.Deliveries != hooks {
			t.Fatalf("%d deliveries", e.Deliveries)
		}
		settle(7 * time.Second)
		mu.Lock()
		if most > bound || kept == 0 || let == 0 {
			t.Errorf("%d MiB were kept, %d times an event, and %d times none", most>>20, kept, let)
		}
		t.Logf("%d MiB", most>>20)
		mu.Unlock()
		db.fail.Store(0)
		for range 100 {
			settle(time.Minute)
			db.fail.Store(0)
		}
		if n := w.statuses(billhook.DeliveryFilter{})[billhook.StatusDelivered]; n != hooks {
			t.Errorf("%d are delivered, want %d", n, hooks)
		}
		for _, r := range in.all() {
			if !strings.Contains(r.body, data) {
				t.Error("a body is without its data")
			}
		}
	})
}
