// Command shop is a small shop that tells others of its orders: each order and its event
// are written in one transaction, in SQLite or in PostgreSQL.
//
//	go run ./examples/shop
//	go run ./examples/shop --database-url postgres://…
//
// It uses Billhook as a library. The warehouse that it tells is its own, so that there is
// something to see; --webhook names another.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	addr := flag.String("addr", cmp.Or(os.Getenv("SHOP_ADDR"), "127.0.0.1:3001"), "address of the shop")
	file := flag.String("data", "data/shop.db", "SQLite file of orders and events")
	url := flag.String("database-url", "", "PostgreSQL in place of the file")
	webhook := flag.String("webhook", "", "where orders are told to; default: the shop's own warehouse")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *addr, *file, *url, *webhook); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, addr, file, url, webhook string) error {
	s, err := open(ctx, file, url)
	if err != nil {
		return err
	}
	defer s.close()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	base := "http://" + listener.Addr().String()
	if webhook == "" {
		webhook = base + "/warehouse"
	}
	if err := s.tell(ctx, webhook); err != nil {
		return err
	}
	handler, err := s.handler()
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	stopped := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		_ = server.Shutdown(grace) // who has no answer by then may ask again
	})
	defer stopped()
	delivered := make(chan error, 1)
	go func() { delivered <- s.client.Run(ctx) }()
	fmt.Printf("The shop takes orders: curl %s/orders -d total=4999\n", base)
	err = server.Serve(listener)
	stop()
	if ended := <-delivered; ended != nil {
		return ended
	}
	if err == http.ErrServerClosed {
		return nil
	}
	return err
}
