package billhook_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/sqlite"
)

// docs/LIBRARY.md shows parts of the examples, and a test holds that they are the same.

// A process that registers a webhook, emits, and delivers.
func Example() {
	inFolder(func(ctx context.Context, url string) error {
		db, err := sqlite.Open("shop.db", sqlite.Options{})
		if err != nil {
			return err
		}
		defer db.Close()
		client, err := billhook.New(db, billhook.Config{AllowInsecure: true}) // http:// and this machine: for development
		if err != nil {
			return err
		}
		ctx, stop := context.WithCancel(ctx)
		var running sync.WaitGroup
		defer running.Wait()
		defer stop()
		running.Go(func() { client.Run(ctx) }) // delivers until ctx ends

		hook, err := client.Register(ctx, billhook.Registration{URL: url, Events: []string{"order.*"}})
		if err != nil {
			return err
		}
		event, err := client.Emit(ctx, billhook.Emission{
			Type: "order.paid", Data: []byte(`{"orderId":"o_1","total":4999}`),
			Entity:         billhook.Reference{Type: "order", ID: "o_1"},
			IdempotencyKey: "paid-o_1",
		})
		if err != nil {
			return err
		}
		fmt.Println(event.Type, "is on disk; the receiver verifies it with", hook.Secrets[0].Value[:6]+"…")
		show(ctx, client, billhook.StatusDelivered)
		return nil
	})
	// Output:
	// order.paid is on disk; the receiver verifies it with whsec_…
	// order.paid delivered after 1 attempt: 204
}

func inTransaction(ctx context.Context, url string) error {
	return with(ctx, "tx.db", billhook.Config{AllowInsecure: true}, func(client *billhook.Client) error {
		if _, err := client.Register(ctx, billhook.Registration{URL: url, Events: []string{"*"}}); err != nil {
			return err
		}
		// The same file, for the shop's own tables.
		shop, err := sql.Open("sqlite", "file:tx.db?_pragma=busy_timeout(5000)&_txlock=immediate")
		if err != nil {
			return err
		}
		defer shop.Close()
		if _, err := shop.Exec("CREATE TABLE orders (id TEXT PRIMARY KEY, total INTEGER)"); err != nil {
			return err
		}
		if err := pay(ctx, shop, client); err != nil {
			return err
		}
		show(ctx, client, billhook.StatusDelivered)
		return nil
	})
}

func pay(ctx context.Context, shop *sql.DB, client *billhook.Client) error {
	tx, err := shop.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, "INSERT INTO orders (id, total) VALUES ('o_1', 4999)"); err != nil {
		return err
	}
	if _, err := client.EmitTx(ctx, tx, billhook.Emission{Type: "order.paid", Data: []byte(`{"orderId":"o_1"}`)}); err != nil {
		return err
	}
	return tx.Commit() // and now it is delivered
}

// An event commits with the order, or is not there.
func ExampleClient_EmitTx() {
	inFolder(inTransaction)
	// Output:
	// order.paid delivered after 1 attempt: 204
}

// inFolder runs an example in a folder of its own, with a receiver that takes everything.
func inFolder(example func(ctx context.Context, url string) error) {
	withReceiver(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }), example)
}

func withReceiver(receiver http.Handler, example func(ctx context.Context, url string) error) {
	folder, err := os.MkdirTemp("", "billhook-example-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	before, err := os.Getwd()
	if err != nil {
		log.Fatal(err)
	}
	if err := os.Chdir(filepath.Clean(folder)); err != nil {
		log.Fatal(err)
	}
	defer os.Chdir(before)
	server := httptest.NewServer(receiver)
	defer server.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := example(ctx, server.URL); err != nil {
		fmt.Println(err)
	}
}

// with opens a file, delivers while f runs, and closes it.
func with(ctx context.Context, file string, config billhook.Config, f func(client *billhook.Client) error) error {
	db, err := sqlite.Open(file, sqlite.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	client, err := billhook.New(db, config)
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- client.Run(running) }()
	err = f(client)
	stop()
	if runErr := <-ended; err == nil {
		err = runErr
	}
	if closeErr := client.Close(); err == nil {
		err = closeErr
	}
	return err
}

// show waits until a delivery has the status, and prints how it stands with it.
func show(ctx context.Context, client *billhook.Client, status billhook.Status) billhook.Delivery {
	for ctx.Err() == nil {
		found, err := client.Deliveries(ctx, billhook.DeliveryFilter{StoreID: billhook.DefaultStore, Status: status, Limit: 1})
		if err != nil {
			fmt.Println(err)
			break
		}
		if len(found) == 1 {
			d, plural := found[0], "s"
			if d.Attempts == 1 {
				plural = ""
			}
			fmt.Printf("%s %s after %d attempt%s: %d\n", d.EventType, d.Status, d.Attempts, plural, d.StatusCode)
			return d
		}
		time.Sleep(5 * time.Millisecond)
	}
	fmt.Println("nothing is", status)
	return billhook.Delivery{}
}
