package billhook_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// lock keeps the file from all others who write, until it is ended.
func (w *world) lock(shop *sql.DB) (tx *sql.Tx) {
	w.t.Helper()
	w.patiently(func() (err error) {
		tx, err = shop.Begin()
		return err
	})
	return tx
}

// TestEmitTxFoundAfterFailedClaim: what waits for a claim at the start is found
// although the first claim fails, and nothing else is written.
func TestEmitTxFoundAfterFailedClaim(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		in := &inbox{}
		w.register(w.serve(9000, in))
		shop := w.shop()
		defer shop.Close()
		w.order(shop, "ord_1", true)
		w.stopDatabase()
		w.open()
		tx := w.lock(shop)
		w.run()
		settle(time.Minute) // far longer than a claim waits for the file
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		settle(time.Minute)
		wantEach(t, in, 1, 0)
	})
}

// TestEmitTxFoundByNextRun: an order whose transaction began during one Run and
// is committed during the next is found by that.
func TestEmitTxFoundByNextRun(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		in := &inbox{}
		w.register(w.serve(9000, in))
		shop := w.shop()
		defer shop.Close()
		w.run()
		settle(time.Second)
		tx := w.lock(shop)
		defer tx.Rollback()
		if _, err := w.client.EmitTx(context.Background(), tx, billhook.Emission{Type: "order.paid", Data: []byte("1")}); err != nil {
			t.Fatal(err)
		}
		settle(20 * time.Millisecond)
		w.halt()
		w.run()
		settle(time.Minute) // far longer than a claim waits for the file
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		settle(time.Minute)
		wantEach(t, in, 1, 0)
	})
}

// TestFollowBesideRun: a Follow beside a Run on one file takes no news away from it.
func TestFollowBesideRun(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		in := &inbox{}
		w.register(w.serve(9000, in))
		shop := w.shop()
		defer shop.Close()
		w.run()
		ctx, cancel := context.WithCancel(context.Background())
		followed := make(chan struct{})
		go func() {
			defer close(followed)
			w.client.Follow(ctx)
		}()
		defer func() {
			cancel()
			<-followed
		}()
		settle(time.Second)
		for i := range 3 {
			w.order(shop, fmt.Sprintf("ord_%d", i), true)
			settle(time.Second)
			wantEach(t, in, i+1, 0)
		}
	})
}

// TestBusyFileNeedsNoRecovery: emits are refused while another program writes to
// the file, and the moment it has written they are not: nothing has to be
// recovered, which a program that only reads could keep from working.
func TestBusyFileNeedsNoRecovery(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		db := &touched{Database: w.db}
		w.useDatabase(db)
		in := &inbox{}
		w.register(w.serve(9000, in))
		shop := w.shop()
		defer shop.Close()
		w.run()
		settle(time.Second)

		report, err := sql.Open("sqlite", "file:"+w.path)
		if err != nil {
			t.Fatal(err)
		}
		defer report.Close()
		reading, err := report.Begin()
		if err != nil {
			t.Fatal(err)
		}
		defer reading.Rollback()
		var events int
		if err := reading.QueryRow("SELECT count(*) FROM billhook_events").Scan(&events); err != nil {
			t.Fatal(err)
		}
		w.emit("order.paid", `"beside a reader"`)
		settle(time.Second)

		w.order(shop, "ord_1", true) // there is something to claim
		writing := w.lock(shop)
		_, err = w.client.Emit(ctx, billhook.Emission{Type: "order.paid", Data: []byte(`"refused"`)})
		if billhook.ErrorCode(err) != billhook.CodeUnavailable || !errors.Is(err, billhook.ErrUntouched) {
			t.Errorf("emit while another program writes: %v, want %v", err, billhook.ErrUntouched)
		}
		settle(time.Minute)
		if err := writing.Rollback(); err != nil {
			t.Fatal(err)
		}
		w.emit("order.paid", `"after the writer"`)
		settle(time.Minute)
		wantEach(t, in, 3, 0)
		if n := db.recoveries.Load(); n != 0 {
			t.Errorf("%d recoveries of a file that was busy, want none", n)
		}
	})
}
