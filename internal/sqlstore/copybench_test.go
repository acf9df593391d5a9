package sqlstore_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// BenchmarkCopy copies 100,000 events of 500 bytes with a delivery each, nine of
// ten of them delivered. The proof at the end is part of it.
func BenchmarkCopy(b *testing.B) {
	const events = 100_000
	for _, pair := range pairs {
		b.Run(pair.name, func(b *testing.B) {
			from := pair.from(b)
			seed(b, from, events)
			b.ResetTimer()
			rows := int64(0)
			for range b.N {
				p, err := copyOnce(b, from, pair.to(b), 0, nil)
				proved(b, p, err)
				for _, c := range p.Tables {
					rows += c.To.Rows
				}
			}
			b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(b.N*events)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

func seed(b *testing.B, p place, events int) {
	db := use(b, p)
	ctx := context.Background()
	check(b, db.Join(ctx))
	check(b, db.Commit(ctx, &billhook.Batch{Stores: []*billhook.StoreWrite{{Create: true, Store: billhook.Store{ID: "default", CreatedAt: at(0)}}}}))
	data, now := bytes.Repeat([]byte("payload "), 62), time.Now()
	for first := 0; first < events; first += 2000 {
		emits, outcomes := &billhook.Batch{}, &billhook.Batch{}
		for i := first; i < first+2000; i++ {
			now = now.Add(time.Microsecond)
			pending := billhook.Pending{
				Lane:     billhook.Lane{StoreID: "default", WebhookID: fmt.Sprintf("wh_%026d", i%20)},
				Position: billhook.Position{DueAt: now, ID: fmt.Sprintf("dlv_%026d", i)},
				EventID:  fmt.Sprintf("evt_%026d", i), EventType: "order.created", CreatedAt: now,
			}
			emits.Emits = append(emits.Emits, &billhook.Emit{
				Event: billhook.Event{
					StoreID: "default", ID: pending.EventID, Type: pending.EventType, Data: data, CreatedAt: now, OccurredAt: now, Deliveries: 1,
					Entity: billhook.Reference{Type: "order", ID: "ord_1042"}, Actor: billhook.Reference{Type: "user", ID: "usr_7"},
				},
				Deliveries: []billhook.Pending{pending},
			})
			if i%10 == 0 {
				continue
			}
			outcomes.Outcomes = append(outcomes.Outcomes, &billhook.Outcome{
				Delivery: pending, Status: billhook.StatusDelivered,
				Attempt: billhook.Attempt{
					StoreID: "default", DeliveryID: pending.ID, Number: 1, StartedAt: now, Duration: 42 * time.Millisecond,
					URL: "https://shop.example.com/hooks/billhook", StatusCode: 200,
					ResponseHeaders: "Content-Type: application/json\nContent-Length: 2\nServer: nginx", ResponseBody: []byte("{}"),
				},
			})
		}
		check(b, db.Commit(ctx, emits))
		check(b, db.Commit(ctx, outcomes))
	}
	check(b, db.Close())
}
