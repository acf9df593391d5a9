// Command receiver takes webhooks and handles each event once, however often it is sent and
// whatever crashes: an inbox in its own database notes what was handled, in the transaction
// that handles it.
//
//	go run ./examples/receiver
//
// It links package receive and a database driver, and nothing of the sender.
package main

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	_ "modernc.org/sqlite"

	"github.com/billhook/billhook/receive"
)

// exampleSecret is the one of the README. Yours is shown once when you register.
const exampleSecret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=" // #nosec G101 -- an example's

func main() {
	addr := flag.String("addr", cmp.Or(os.Getenv("RECEIVER_ADDR"), "127.0.0.1:3000"), "address to listen on")
	file := flag.String("data", "data/receiver.db", "SQLite file of the inbox and of what is kept")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *addr, *file, cmp.Or(os.Getenv("WEBHOOK_SECRET"), exampleSecret)); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, addr, file, secret string) error {
	r, err := open(ctx, file, secret)
	if err != nil {
		return err
	}
	defer r.db.Close()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Printf("The receiver takes events on http://%s/webhooks\n", listener.Addr())
	server := &http.Server{Handler: r.handler(), ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() }) // who is cut off sends again
	if err := server.Serve(listener); ctx.Err() == nil {
		return err
	}
	return nil
}

// A receiver sums up what its customers have paid.
type receiver struct {
	db       *sql.DB
	inbox    receive.Inbox
	verifier *receive.Verifier
}

func open(ctx context.Context, file, secret string) (*receiver, error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	inbox := receive.Inbox{Dialect: receive.SQLite}
	ddl, err := inbox.DDL()
	if err == nil {
		_, err = db.ExecContext(ctx, ddl+"; CREATE TABLE IF NOT EXISTS paid (order_id TEXT PRIMARY KEY, total INTEGER NOT NULL)")
	}
	var verifier *receive.Verifier
	if err == nil {
		verifier, err = receive.New(receive.Config{Secrets: []string{secret}})
	}
	if err != nil {
		_ = db.Close()
		return nil, err
	}
	return &receiver{db: db, inbox: inbox, verifier: verifier}, nil
}

func (r *receiver) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /webhooks", r.verifier.Handler(func(ctx context.Context, m receive.Message) error {
		return r.inbox.Do(ctx, r.db, m.ID, func(tx *sql.Tx) error { return handle(ctx, tx, m) })
	}))
	return mux
}

// handle does what an event asks for, in the transaction that notes the event.
func handle(ctx context.Context, tx *sql.Tx, m receive.Message) error {
	if m.Type != "order.paid" {
		return nil
	}
	var order struct {
		OrderID string
		Total   int64
	}
	if err := json.Unmarshal(m.Data, &order); err != nil {
		return err
	}
	// Not idempotent by itself: twice would be wrong, and so it is done once.
	_, err := tx.ExecContext(ctx, `INSERT INTO paid (order_id, total) VALUES ($1, $2)
		ON CONFLICT (order_id) DO UPDATE SET total = total + excluded.total`, order.OrderID, order.Total)
	if err == nil {
		fmt.Printf("%s of %d for %s\n", m.ID, order.Total, order.OrderID)
	}
	return err
}
