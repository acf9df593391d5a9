package postgres

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// TestStuckErasure: an erasure of which a stranger has locked a delivery is passed over.
// That of another store, which comes after it, is finished meanwhile; the one that was
// stuck, once the lock is gone.
func TestStuckErasure(t *testing.T) {
	ctx := context.Background()
	db := open(t, Options{Lease: time.Second, Logger: slog.New(slog.DiscardHandler)})
	client, err := billhook.New(db, billhook.Config{AllowInsecure: true, Logger: slog.New(slog.DiscardHandler)})
	check(t, err)
	running, cancel := context.WithCancel(ctx)
	ran := make(chan error, 1)
	go func() { ran <- client.Run(running) }()
	defer func() {
		cancel()
		check(t, <-ran)
		check(t, client.Close())
	}()
	customer := billhook.Reference{Type: "customer", ID: "c_1"}
	stores := []string{"a", "b", "c"}
	for _, id := range stores {
		_, err := client.CreateStore(ctx, billhook.Store{ID: id})
		check(t, err)
		r := billhook.Registration{StoreID: id, URL: "http://127.0.0.1:9/", Events: []string{"*"}, Inactive: true}
		r.WhenInactive = billhook.InactiveHold
		_, err = client.Register(ctx, r)
		check(t, err)
		_, err = client.Emit(ctx, billhook.Emission{StoreID: id, Type: "order.paid", Data: []byte(`1`), Entity: customer})
		check(t, err)
	}
	stranger, err := session(t, db).Begin(ctx)
	check(t, err)
	defer func() { _ = stranger.Rollback(ctx) }()
	_, err = stranger.Exec(ctx, "SELECT 1 FROM billhook.pending WHERE store_id IN ('a', 'b') FOR UPDATE")
	check(t, err)
	var erasures []billhook.Erasure
	for _, id := range stores {
		e, err := client.Erase(ctx, id, customer)
		check(t, err)
		erasures = append(erasures, e)
	}
	finished := func(i int) bool {
		e, err := client.Erasure(ctx, stores[i], erasures[i].ID)
		check(t, err)
		return !e.FinishedAt.IsZero()
	}
	eventually(t, "the third store's erasure", func() bool { return finished(2) })
	equal(t, "finished beside the lock", []bool{finished(0), finished(1)}, []bool{false, false})
	check(t, stranger.Rollback(ctx))
	eventually(t, "the erasures that were stuck", func() bool { return finished(0) && finished(1) })
}
