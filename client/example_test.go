package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/billhook/billhook/api"
	"github.com/billhook/billhook/client"
)

func Example() {
	url, stop := startService() // in place of `billhook serve --dev`, at http://127.0.0.1:4000
	defer stop()

	ctx := context.Background()
	c, err := client.New(client.Config{BaseURL: url, APIKey: rootKey})
	if err != nil {
		log.Fatal(err)
	}
	_, err = c.Webhooks.Create(ctx, client.NewWebhook{URL: "http://127.0.0.1:3000/hook", Events: []string{"order.*"}})
	if err != nil {
		log.Fatal(err)
	}
	event, err := c.Events.Emit(ctx, client.NewEvent{
		Type:   "order.paid",
		Data:   map[string]any{"orderId": "o_1", "total": 4999},
		Entity: &client.Reference{Type: "order", ID: "o_1"},
	})
	if err != nil {
		log.Fatal(err)
	}
	for d, err := range c.Deliveries.All(ctx, client.DeliveryFilter{EventID: event.ID}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(d.Event, "is", d.Status)
	}

	_, err = c.Webhooks.Create(ctx, client.NewWebhook{URL: "127.0.0.1:3000/hook", Events: []string{"order.*"}})
	var refused *client.Error
	if errors.As(err, &refused) {
		fmt.Println(refused.Code, refused.Pointer)
	}
	// Output:
	// order.paid is pending
	// url_refused /url
}

func ExampleStores_Update() {
	url, stop := startService()
	defer stop()
	c, err := client.New(client.Config{BaseURL: url, APIKey: rootKey})
	if err != nil {
		log.Fatal(err)
	}
	store, err := c.Stores.Update(context.Background(), "default", client.StoreChange{
		Name:        client.To("The shop"),
		RetryPolicy: client.ToDefault[client.NewRetryPolicy](),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(store.Name, store.RetryPolicy == nil)
	// Output: The shop true
}

// startService starts the API on a database of its own.
func startService() (url string, stop func()) {
	folder, err := os.MkdirTemp("", "billhook-example-")
	if err != nil {
		log.Fatal(err)
	}
	s, shut, err := open(filepath.Join(folder, "billhook.db"), api.Config{})
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(s.handler)
	return server.URL, func() {
		server.Close()
		shut()
		os.RemoveAll(folder)
	}
}
