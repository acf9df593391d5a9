// Command portal is a pretend platform: the admin of a shop, in which a merchant sees to
// the webhooks of their own store, with <billhook-portal>.
//
//	go run ./examples/portal
//
// starts Billhook for development beside it; with --billhook and --key it uses one that
// runs. It knows Billhook by its HTTP API alone, as a platform in any language would.
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
	"time"
)

func main() {
	addr := flag.String("addr", cmp.Or(os.Getenv("PORTAL_ADDR"), "127.0.0.1:4001"), "address of the shop's admin")
	url := flag.String("billhook", "", "a Billhook that runs, started with --portal-origin for this address; default: start one")
	key := flag.String("key", os.Getenv("BILLHOOK_API_KEY"), "its API key; default: the variable BILLHOOK_API_KEY")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *addr, *url, *key); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, addr, url, key string) error {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	origin := "http://" + listener.Addr().String()
	if url == "" {
		started, err := startBillhook(ctx, origin)
		if err != nil {
			return err
		}
		defer started.stop()
		url, key = started.url, "dev-staff-key"
	}
	shop := &shop{billhook: url, key: key, store: "flowers", merchant: "anna"}
	if err := shop.open(ctx); err != nil {
		return fmt.Errorf("open the store: %w", err)
	}
	server := &http.Server{Handler: shop.handler(), ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	fmt.Printf("The shop's admin: %s/\n", origin)
	if err := server.Serve(listener); ctx.Err() == nil {
		return err
	}
	return nil
}
