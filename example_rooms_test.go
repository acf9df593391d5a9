package billhook_test

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/filter"
	"github.com/billhook/billhook/schema"
	"github.com/billhook/billhook/sqlite"
	"github.com/billhook/billhook/telemetry"
)

// Schemas and filters each come from a package of their own.
func ExampleNew_filters() {
	inFolder(func(ctx context.Context, url string) error {
		db, err := sqlite.Open("shop.db", sqlite.Options{})
		if err != nil {
			return err
		}
		defer db.Close()
		client, err := billhook.New(db, billhook.Config{Schemas: schema.Language{}, Filters: filter.New()})
		if err != nil {
			return err
		}
		fmt.Println(client.CheckFilter("data.total > 100"))
		fmt.Println(billhook.ErrorCode(client.CheckFilter("total > 100")))
		return client.Close()
	})
	// Output:
	// <nil>
	// invalid
}

// Spans of emits and attempts go to your own provider.
func ExampleNew_tracer() {
	inFolder(func(ctx context.Context, url string) error {
		db, err := sqlite.Open("shop.db", sqlite.Options{})
		if err != nil {
			return err
		}
		defer db.Close()
		client, err := billhook.New(db, billhook.Config{
			Tracer: telemetry.NewTracer(otel.GetTracerProvider()), // or your own provider
		})
		if err != nil {
			return err
		}
		traceparent, tracestate := "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", ""
		ctx = billhook.WithTraceContext(ctx, billhook.ParseTraceContext(traceparent, tracestate))
		event, err := client.Emit(ctx, billhook.Emission{Type: "order.paid", Data: []byte(`{}`)})
		if err != nil {
			return err
		}
		fmt.Println(event.Type)
		return client.Close()
	})
	// Output:
	// order.paid
}
