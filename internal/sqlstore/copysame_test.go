package sqlstore_test

import (
	"context"
	"testing"

	"github.com/billhook/billhook"
)

// same compares all that the engine can read of two databases.
func same(t *testing.T, from, to place) {
	t.Helper()
	ctx, everything := context.Background(), 1_000_000
	a, b := use(t, from), use(t, to)
	defer a.Close()
	defer b.Close()
	all, err := a.Configuration(ctx)
	check(t, err)
	all2, err := b.Configuration(ctx)
	check(t, err)
	equal(t, "configuration", all2, all)
	waiting := 0
	for _, s := range all.Stores {
		events, err := a.Events(ctx, billhook.EventFilter{StoreID: s.ID, Limit: everything})
		check(t, err)
		events2, err := b.Events(ctx, billhook.EventFilter{StoreID: s.ID, Limit: everything})
		check(t, err)
		for _, list := range [][]billhook.Event{events, events2} {
			for i := range list {
				list[i].Data = append([]byte{}, list[i].Data...)
			}
		}
		equal(t, "events", events2, events)
		deliveries, err := a.Deliveries(ctx, billhook.DeliveryFilter{StoreID: s.ID, Limit: everything})
		check(t, err)
		deliveries2, err := b.Deliveries(ctx, billhook.DeliveryFilter{StoreID: s.ID, Limit: everything})
		check(t, err)
		for _, list := range [][]billhook.Delivery{deliveries, deliveries2} {
			for i := range list {
				list[i].Payload = append([]byte{}, list[i].Payload...)
			}
		}
		equal(t, "deliveries", deliveries2, deliveries)
		for _, d := range deliveries {
			if d.Status == billhook.StatusPending {
				waiting++
			}
			attempts, err := a.Attempts(ctx, s.ID, d.ID)
			check(t, err)
			for i := range attempts {
				attempts[i].ResponseHeaders = to.text(attempts[i].ResponseHeaders)
			}
			attempts2, err := b.Attempts(ctx, s.ID, d.ID)
			check(t, err)
			equal(t, "attempts", attempts2, attempts)
		}
	}
	if n := claimable(t, b); n != waiting || waiting == 0 {
		t.Errorf("%d deliveries wait, %d can be had", waiting, n)
	}
}

// claimable is how much a node that joins can send: what it owns, and what
// nobody does.
func claimable(t *testing.T, db billhook.Database) (n int) {
	t.Helper()
	ctx := context.Background()
	check(t, db.Join(ctx))
	c := &billhook.Claim{Limit: 1_000_000}
	check(t, db.Commit(ctx, &billhook.Batch{Claims: []*billhook.Claim{c}}))
	lanes, err := db.Lanes(ctx)
	check(t, err)
	for _, lane := range lanes {
		pending, err := db.Pending(ctx, lane, billhook.Position{}, 1_000_000)
		check(t, err)
		n += len(pending)
	}
	return n
}
