package postgres

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/billhook/billhook/internal/postgrestest"
)

// TestPartitionSince: the weeks of old events get partitions, but not without
// end, and once.
func TestPartitionSince(t *testing.T) {
	ctx, url := context.Background(), postgrestest.Shared(t).Database(t)
	if err := Migrate(ctx, url); err != nil {
		t.Fatal(err)
	}
	err := with(ctx, url, func(on *pgx.Conn) error {
		now := time.Now()
		for _, test := range []struct {
			weeks, partitions int
		}{{0, 1 + weeksAhead}, {7, 1 + weeksAhead + 7}, {7, 1 + weeksAhead + 7}, {200, 1 + weeksAhead + weeksBack}} {
			if err := partitionSince(ctx, on, now.AddDate(0, 0, -7*test.weeks), now); err != nil {
				return err
			}
			var n int
			if err := on.QueryRow(ctx, "SELECT count(*) FROM pg_inherits WHERE inhparent = 'billhook.events'::regclass").Scan(&n); err != nil {
				return err
			}
			if n-1 != test.partitions { // the default one is there before
				t.Errorf("%d weeks back: %d partitions, want %d", test.weeks, n-1, test.partitions)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
