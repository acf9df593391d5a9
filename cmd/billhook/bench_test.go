package main

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/billhook/billhook/internal/bench"
	"github.com/billhook/billhook/internal/postgrestest"
)

// TestOpenPlaceForHistory: what is seeded has partitions of its weeks.
func TestOpenPlaceForHistory(t *testing.T) {
	ctx, url := context.Background(), postgrestest.Start(t).Database(t)
	db, err := openPlace(ctx, bench.Place{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	on, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer on.Close(ctx)
	oldest := time.Now().Add(-bench.SeedAge).UTC()
	for oldest.Weekday() != time.Monday {
		oldest = oldest.AddDate(0, 0, -1)
	}
	for _, table := range []string{"events", "deliveries", "attempts"} {
		var there bool
		name := "billhook." + table + "_" + oldest.Format("20060102")
		if err := on.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", name).Scan(&there); err != nil {
			t.Fatal(err)
		}
		if !there {
			t.Errorf("there is no %s", name)
		}
	}
}
