package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/billhook/billhook"
)

const benchEvent = `{"type":"order.paid","data":{"id":"order-uuid","orderNumber":"ORD-2026-000042","status":"pending",` +
	`"grandTotal":4999,"currency":"USD","items":[{"sku":"A-1","quantity":2,"price":19.99},{"sku":"B-2","quantity":1,"price":10.01}],` +
	`"customer":{"id":"cust_123","email":"customer@example.com"}},"actor":{"type":"user","id":"u_7"}}`

func BenchmarkReadEmission(b *testing.B) {
	text := []byte(benchEvent)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := readEmission(text); err != nil {
			b.Fatal(err)
		}
	}
}

// nowhere is a database that is infinitely fast: what remains is our own work.
type nowhere struct{ billhook.Database }

func (nowhere) Commit(context.Context, *billhook.Batch) error { return nil }
func (nowhere) Configuration(context.Context) (billhook.Configuration, error) {
	return billhook.Configuration{}, nil
}

// A sink is a ResponseWriter that keeps the status alone.
type sink struct {
	header http.Header
	status int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }
func (s *sink) WriteHeader(status int)      { s.status = status }

func benchmarkEmit(b *testing.B, handler http.Handler) {
	b.SetParallelism(64) // many callers wait for one commit
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r := httptest.NewRequest("POST", "/api/events", strings.NewReader(benchEvent))
			r.Header["Content-Type"] = headerJSON
			r.Header["X-Api-Key"] = []string{rootKey}
			w := &sink{header: http.Header{}}
			if handler.ServeHTTP(w, r); w.status != http.StatusAccepted {
				b.Errorf("answered %d", w.status)
				return
			}
		}
	})
}

func BenchmarkEmitNowhere(b *testing.B) {
	client, err := billhook.New(nowhere{}, billhook.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	benchmarkEmit(b, New(client, Config{Keys: RootKey(rootKey)}))
}

func BenchmarkEmitSQLite(b *testing.B) {
	benchmarkEmit(b, newFixture(b, billhook.Config{}, Config{}).handler)
}
