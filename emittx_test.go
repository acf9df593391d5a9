package billhook_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// shop is the database of the caller, who keeps orders in Billhook's file.
func (w *world) shop() *sql.DB {
	w.t.Helper()
	db, err := sql.Open("sqlite", "file:"+w.path+"?_txlock=immediate")
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { db.Close() })
	w.patiently(func() error {
		_, err := db.Exec("CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY)")
		return err
	})
	return db
}

// patiently does it again while the engine is writing. SQLite's own busy_timeout
// would sleep where the bubble cannot see it.
func (w *world) patiently(do func() error) {
	w.t.Helper()
	for range 1000 {
		err := do()
		if err == nil {
			return
		}
		if !strings.Contains(err.Error(), "SQLITE_BUSY") {
			w.t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
	w.t.Fatal("the file is locked all the time")
}

// order writes an order and emits its event in one transaction.
func (w *world) order(shop *sql.DB, id string, commit bool) {
	w.t.Helper()
	ctx := context.Background()
	var tx *sql.Tx
	w.patiently(func() (err error) {
		tx, err = shop.BeginTx(ctx, nil)
		return err
	})
	defer tx.Rollback()
	if _, err := tx.Exec("INSERT INTO orders VALUES (?)", id); err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.client.EmitTx(ctx, tx, billhook.Emission{Type: "order.paid", Data: fmt.Appendf(nil, `{"id":%q}`, id)}); err != nil {
		w.t.Fatal(err)
	}
	if commit {
		if err := tx.Commit(); err != nil {
			w.t.Fatal(err)
		}
	}
}

// TestEmitTx: an event is delivered if its order was committed, within 100 ms,
// and never if not.
func TestEmitTx(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		in := &inbox{}
		w.register(w.serve(9000, in))
		shop := w.shop()
		defer shop.Close()
		// However long it was quiet before: the last is longer than anything is looked for.
		quiet := []time.Duration{0, time.Second, 40 * time.Second, 15 * time.Minute}
		for i := range 12 {
			before := len(in.all())
			w.order(shop, fmt.Sprintf("ord_%d", i), i%3 != 0)
			settle(100 * time.Millisecond)
			if got, want := len(in.all())-before, min(i%3, 1); got != want {
				t.Fatalf("order %d: %d requests within 100 ms, want %d", i, got, want)
			}
			settle(quiet[i%len(quiet)])
		}
		var orders int
		if err := shop.QueryRow("SELECT COUNT(*) FROM orders").Scan(&orders); err != nil || orders != len(in.all()) {
			t.Errorf("%d orders, %d requests, %v", orders, len(in.all()), err)
		}
	})
}

// TestEmitTxFoundAtStart: what was committed while nothing ran is delivered by
// the next Run.
func TestEmitTxFoundAtStart(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		in := &inbox{}
		w.register(w.serve(9000, in))
		shop := w.shop()
		defer shop.Close()
		for i := range 1200 { // more than one claim takes
			w.order(shop, fmt.Sprintf("ord_%d", i), true)
		}
		w.stopDatabase()
		w.open()
		w.run()
		settle(time.Minute)
		if got := len(in.all()); got != 1200 {
			t.Errorf("%d requests, want 1200", got)
		}
	})
}

// TestEmitTxRefused: what Emit would refuse leaves nothing, and the caller's
// transaction as it was.
func TestEmitTxRefused(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.register("http://127.0.0.1:9000/hook")
		shop := w.shop()
		defer shop.Close()
		var tx *sql.Tx
		w.patiently(func() (err error) {
			tx, err = shop.BeginTx(ctx, nil)
			return err
		})
		defer tx.Rollback()
		if _, err := w.client.EmitTx(ctx, tx, billhook.Emission{Type: "order.paid", Data: []byte("{")}); billhook.ErrorCode(err) != billhook.CodeInvalidJSON {
			t.Errorf("bad data: got %v", err)
		}
		if _, err := w.client.EmitTx(ctx, shop, billhook.Emission{Type: "order.paid", Data: []byte("1")}); err == nil || !strings.Contains(err.Error(), "*sql.DB") {
			t.Errorf("no transaction: got %v", err)
		}
		if _, err := w.client.EmitTx(ctx, tx, billhook.Emission{ID: "evt_1", Type: "order.paid", Data: []byte("1")}); err != nil {
			t.Error(err)
		}
		if _, err := w.client.EmitTx(ctx, tx, billhook.Emission{ID: "evt_1", Type: "order.paid", Data: []byte("2")}); billhook.ErrorCode(err) != billhook.CodeDuplicate {
			t.Errorf("duplicate: got %v", err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		events, err := w.client.Events(ctx, billhook.EventFilter{Limit: 10})
		if err != nil || len(events) != 1 || string(events[0].Data) != "1" {
			t.Errorf("events: %v, %v", events, err)
		}
	})
}
