package sqlstore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// TestCopyKeepsOrder: what is held back is so at the target, and numbers go on.
func TestCopyKeepsOrder(t *testing.T) {
	ctx := context.Background()
	lane := billhook.Lane{StoreID: "default", WebhookID: "wh_1"}
	ordered := func(id string) *billhook.Emit {
		e := &billhook.Emit{OwnID: true, Event: billhook.Event{
			StoreID: "default", ID: id, Type: "item.moved", Data: []byte("{}"), CreatedAt: time.Now().UTC(), OccurredAt: time.Now().UTC(),
			Entity: billhook.Reference{Type: "item", ID: "a"}, Deliveries: 1,
		}}
		e.Deliveries = []billhook.Pending{{
			Lane: lane, Position: billhook.Position{DueAt: e.Event.CreatedAt, ID: "dlv_" + id}, EventID: id, EventType: e.Event.Type,
			CreatedAt: e.Event.CreatedAt, Place: &billhook.Place{Entity: e.Event.Entity},
		}}
		return e
	}
	for _, way := range []struct {
		name     string
		from, to func(testing.TB) place
	}{{"from a file", filePlace, serverPlace}, {"to a file", serverPlace, filePlace}} {
		t.Run(way.name, func(t *testing.T) {
			from, to := way.from(t), way.to(t)
			db := use(t, from)
			for i := range 3 {
				check(t, db.Commit(ctx, &billhook.Batch{Emits: []*billhook.Emit{ordered(fmt.Sprint("e", i))}}))
			}
			check(t, db.Close())
			proof, err := copyOnce(t, from, to, 1000, nil)
			proved(t, proof, err)
			db = use(t, to)
			defer db.Close()
			check(t, db.Join(ctx))
			next := ordered("e3")
			b := &billhook.Batch{Emits: []*billhook.Emit{next}, Claims: []*billhook.Claim{{Limit: 100}}}
			check(t, db.Commit(ctx, b))
			equal(t, "number", next.Event.Sequence, int64(4))
			for i := range 4 {
				waits, err := db.Pending(ctx, lane, billhook.Position{}, 100)
				check(t, err)
				if len(waits) != 1 || waits[0].EventID != fmt.Sprint("e", i) {
					t.Fatalf("to be sent: %+v, want e%d", waits, i)
				}
				o := &billhook.Outcome{Delivery: waits[0], Status: billhook.StatusDelivered, Attempt: billhook.Attempt{StoreID: "default", DeliveryID: waits[0].ID, Number: 1, StartedAt: time.Now().UTC()}}
				check(t, db.Commit(ctx, &billhook.Batch{Outcomes: []*billhook.Outcome{o}}))
			}
		})
	}
}
