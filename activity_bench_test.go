package billhook_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// BenchmarkActivity is what counting costs for each outcome, in transactions of 256 of
// one store and of 100.
func BenchmarkActivity(b *testing.B) {
	for _, stores := range []int{1, 100} {
		b.Run(fmt.Sprint(stores, " stores"), func(b *testing.B) {
			t, batch, now := billhook.NewTallyForTest(), &billhook.Batch{}, time.Now()
			for i := range 256 {
				batch.Outcomes = append(batch.Outcomes, &billhook.Outcome{
					Delivery: billhook.Pending{Lane: billhook.Lane{StoreID: fmt.Sprint("store_", i%stores)}, CreatedAt: now},
					Attempt:  billhook.Attempt{StartedAt: now, Duration: 3 * time.Millisecond, StatusCode: 200}, Status: billhook.StatusDelivered,
				})
			}
			b.ReportAllocs()
			for b.Loop() {
				t.Count(batch, now)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/256, "ns/outcome")
		})
	}
}
