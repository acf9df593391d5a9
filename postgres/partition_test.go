package postgres

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/billhook/billhook"
)

func TestWeeks(t *testing.T) {
	berlin := time.FixedZone("", 3600)
	for _, test := range []struct {
		now         time.Time
		first, last string
	}{
		{time.Date(2026, 11, 22, 23, 59, 59, 999, time.UTC), "events_20261116", "attempts_20261214"},
		{time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), "events_20261123", "attempts_20261221"},
		{time.Date(2026, 11, 23, 0, 30, 0, 0, berlin), "events_20261116", "attempts_20261214"},
		{time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC), "events_20261228", "attempts_20270125"},
		{time.Date(2027, 1, 3, 0, 0, 0, 0, time.UTC), "events_20261228", "attempts_20270125"},
	} {
		all := weeks(test.now)
		equal(t, test.now.String(), []string{all[0].name(), all[len(all)-1].name()}, []string{test.first, test.last})
		for i, w := range all {
			if i >= 4 && !w.from.Equal(all[i-4].to) || w.to.Sub(w.from) != 7*24*time.Hour {
				t.Errorf("%s is from %v to %v", w.name(), w.from, w.to)
			}
		}
	}
}

// partitionsOf are those that the table has rows in.
func partitionsOf(t *testing.T, on querier, table string) string {
	t.Helper()
	return ask[string](t, on, "SELECT COALESCE(string_agg(DISTINCT tableoid::regclass::text, ' '), '') FROM billhook."+table)
}

func TestRowsLandInTheirWeek(t *testing.T) {
	ctx := context.Background()
	db := joined(t, Options{})
	on := session(t, db)
	this := weeks(time.Now().Add(-time.Hour))[0].from.Format("20060102")
	e := emit("evt_1", "wh_1", "wh_2")
	commitEmits(t, db, e)
	again := delivered(e.Deliveries[0])
	again.Status, again.NextAttemptAt = billhook.StatusPending, time.Now()
	check(t, db.Commit(ctx, &billhook.Batch{Outcomes: []*billhook.Outcome{again, delivered(e.Deliveries[1])}}))
	equal(t, "events", partitionsOf(t, on, "events"), "billhook.events_"+this)
	equal(t, "deliveries", partitionsOf(t, on, "deliveries"), "billhook.deliveries_"+this)
	if got := partitionsOf(t, on, "attempts"); !strings.HasPrefix(got, "billhook.attempts_2") {
		t.Errorf("attempts: got %s", got)
	}
	old := emit("old", "wh_1")
	old.Event.CreatedAt, old.Deliveries[0].CreatedAt = time.Time{}, time.Date(2001, 2, 3, 0, 0, 0, 0, time.UTC)
	commitEmits(t, db, old)
	equal(t, "old events", partitionsOf(t, on, "events"), "billhook.events_"+this+" billhook.events_default")
	got, err := db.Event(ctx, "default", "old")
	check(t, err)
	equal(t, "created", got.CreatedAt.IsZero(), true)
}

// Nodes look after the partitions at once, and again and again.
func TestPartitionAtOnce(t *testing.T) {
	ctx := context.Background()
	db := open(t, Options{})
	later := time.Now().AddDate(0, 0, 100)
	for range 2 {
		var making sync.WaitGroup
		for range 5 {
			on := session(t, db)
			making.Go(func() {
				if err := partition(ctx, on, later); err != nil {
					t.Error(err)
				}
			})
		}
		making.Wait()
	}
	on := session(t, db)
	for _, w := range weeks(later) {
		equal(t, w.name(), ask[bool](t, on, "SELECT to_regclass('billhook.'||$1) IS NOT NULL", w.name()), true)
	}
}

// A week of which the default partition has rows stays there; the others of its
// time are made.
func TestPartitionTooLate(t *testing.T) {
	ctx := context.Background()
	db := joined(t, Options{})
	on := session(t, db)
	later := time.Now().AddDate(0, 0, 100)
	e := emit("early", "wh_1")
	e.Event.CreatedAt = later
	commitEmits(t, db, e)
	for range 2 {
		check(t, partition(ctx, on, later))
	}
	all := weeks(later)
	for i, w := range all[:6] {
		equal(t, w.name(), ask[bool](t, on, "SELECT to_regclass('billhook.'||$1) IS NOT NULL", w.name()), i > 0)
	}
	equal(t, "event", has(t, db, "early"), true)
	commitEmits(t, db, emit("after", "wh_1"))
}

// One that cannot be made, because somebody reads for too long, is made later.
func TestPartitionInTheWay(t *testing.T) {
	ctx := context.Background()
	db := open(t, Options{})
	on, reading := session(t, db), session(t, db)
	w := weeks(time.Now().AddDate(0, 0, 100))[0]
	check(t, pgx.BeginFunc(ctx, reading, func(tx pgx.Tx) error {
		execute(t, tx, "SELECT count(*) FROM billhook.events")
		if err := makePartition(ctx, on, w); !isCode(err, lockNotAvailable) {
			return fmt.Errorf("got %v, want a lock timeout", err)
		}
		return nil
	}))
	check(t, makePartition(ctx, on, w))
}
