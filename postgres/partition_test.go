package postgres

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
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
	// Now, and not an hour ago: then it may have been another week, for which a new
	// database has no partition.
	now := time.Now().UTC()
	this := weeks(now)[0].from.Format("20060102")
	e := emit("evt_1", "wh_1", "wh_2")
	e.Event.CreatedAt, e.Deliveries[0].CreatedAt, e.Deliveries[1].CreatedAt = now, now, now
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
				if _, err := partition(ctx, on, weeks(later)); err != nil {
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
	all := weeks(later)
	for range 2 {
		taken, err := partition(ctx, on, all)
		check(t, err)
		equal(t, "taken", taken, []string{all[0].name()})
	}
	for i, w := range all[:6] {
		equal(t, w.name(), ask[bool](t, on, "SELECT to_regclass('billhook.'||$1) IS NOT NULL", w.name()), i > 0)
	}
	equal(t, "event", has(t, db, "early"), true)
	commitEmits(t, db, emit("after", "wh_1"))
}

// They can be moved by hand, as decision 9 says.
func TestMoveFromDefault(t *testing.T) {
	ctx := context.Background()
	db := joined(t, Options{})
	on := session(t, db)
	early, far := emit("early", "wh_1"), emit("far", "wh_1")
	early.Event.CreatedAt, far.Event.CreatedAt = time.Now().AddDate(0, 0, 100), time.Now().AddDate(90, 0, 0)
	commitEmits(t, db, early, far)
	w := weekOf(early.Event.CreatedAt)[0]
	rows := fmt.Sprintf(" billhook.events_default WHERE created_at >= %d AND created_at < %d; ", w.from.UnixNano(), w.to.UnixNano())
	execute(t, on, "BEGIN; ALTER TABLE billhook.events DETACH PARTITION billhook.events_default; "+
		fmt.Sprintf("CREATE TABLE billhook.%s PARTITION OF billhook.events FOR VALUES FROM (%d) TO (%d); ", w.name(), w.from.UnixNano(), w.to.UnixNano())+
		"INSERT INTO billhook.events SELECT * FROM"+rows+"DELETE FROM"+rows+
		"ALTER TABLE billhook.events ATTACH PARTITION billhook.events_default DEFAULT; COMMIT")
	taken, err := partition(ctx, on, weekOf(early.Event.CreatedAt))
	check(t, err)
	equal(t, "taken", len(taken), 0)
	equal(t, "partitions", partitionsOf(t, on, "events"), "billhook."+w.name()+" billhook.events_default")
	equal(t, "both are there", has(t, db, "early") && has(t, db, "far"), true)
}

// It is told of once.
func TestPartitionsTakenAreTold(t *testing.T) {
	ctx := context.Background()
	var log bytes.Buffer
	db := joined(t, Options{})
	on := session(t, db)
	later := time.Now().AddDate(0, 0, 100)
	e := emit("early", "wh_1")
	e.Event.CreatedAt = later
	commitEmits(t, db, e)
	teller := &Database{options: Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}}
	for range 3 {
		check(t, teller.partition(ctx, on, weeks(later)))
	}
	if got := strings.Count(log.String(), weekOf(later)[0].name()); got != 1 {
		t.Errorf("told %d times: %s", got, log.String())
	}
}

// Weeks far from now, and those of which there is nothing, get no partition.
func TestWeeksWith(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	day := func(text string) time.Time { at, _ := time.Parse("20060102", text); return at }
	var got []string
	for _, w := range weeksWith([]time.Time{
		time.Unix(0, 0), day("20011111"), day("20260302"), day("20260308"), day("20260309"), day("20270104"), day("20990101"), {},
	}, now) {
		if w.table == "events" {
			got = append(got, w.from.Format("20060102"))
		}
	}
	equal(t, "weeks", got, []string{"20260302", "20260302", "20260309", "20270104", "20261116", "20261123", "20261130", "20261207", "20261214"})
	equal(t, "since", len(daysSince(now.AddDate(0, 0, -30), now)), 30)
}

// A history that is written lands in weeks of its own.
func TestSince(t *testing.T) {
	old := time.Now().AddDate(0, 0, -30)
	db := joined(t, Options{Since: old})
	on := session(t, db)
	for i := range 31 {
		e := emit(fmt.Sprintf("evt_%d", i), "wh_1")
		e.Event.CreatedAt = old.AddDate(0, 0, i)
		e.Deliveries[0].CreatedAt = e.Event.CreatedAt
		commitEmits(t, db, e)
		o := delivered(e.Deliveries[0])
		check(t, db.Commit(context.Background(), &billhook.Batch{Outcomes: []*billhook.Outcome{o}}))
	}
	for _, table := range []string{"events", "deliveries"} {
		in := partitionsOf(t, on, table)
		if strings.Contains(in, "default") || strings.Count(in, table+"_") < 5 {
			t.Errorf("%s are in %s", table, in)
		}
	}
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
