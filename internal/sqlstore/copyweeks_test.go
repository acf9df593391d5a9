package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// TestCopyIntoWeeks copies a history of months, interrupted again and again:
// what it has of a week is in that week's partition, so that it can go with it.
// What is too old or has no time is in the default one.
func TestCopyIntoWeeks(t *testing.T) {
	now := time.Now()
	from, to := filePlace(t), serverPlace(t)
	ages := []int{0, 1, 2, 6, 7, 8, 20, 45, 80, 81, 150, 400, 1500, -100, 2500, -2000} // days
	fillAges(t, from, now, ages)
	for run := 1; ; run++ {
		p, err := diesAt(t, from, to, run)
		if err == nil {
			proved(t, p, nil)
			break
		}
		if !errors.Is(err, errDied) {
			t.Fatal(err)
		}
	}
	app := connect(t, to)
	byDefault := map[string]int{}
	for table, column := range map[string]string{"events": "created_at", "deliveries": "created_at", "attempts": "started_at"} {
		rows, err := app.Query(fmt.Sprintf("SELECT tableoid::regclass::text, %s FROM billhook.%s", column, table))
		check(t, err)
		defer rows.Close()
		for rows.Next() {
			var partition string
			var nanos int64
			check(t, rows.Scan(&partition, &nanos))
			if partition == "billhook."+table+"_default" {
				byDefault[table]++
				if age := now.Sub(time.Unix(0, nanos)); nanos != 0 && age < 2000*24*time.Hour && age > -300*24*time.Hour {
					t.Errorf("%s of %v are in the default partition", table, time.Unix(0, nanos).UTC())
				}
				continue
			}
			at := time.Unix(0, nanos).UTC()
			for at.Weekday() != time.Monday {
				at = at.AddDate(0, 0, -1)
			}
			if want := "billhook." + table + "_" + at.Format("20060102"); partition != want {
				t.Errorf("%s of %v are in %s, want %s", table, time.Unix(0, nanos).UTC(), partition, want)
			}
		}
		check(t, rows.Err())
	}
	// Two are too far away, and one has no time; its attempts have.
	equal(t, "in the default partitions", byDefault, map[string]int{"events": 3, "deliveries": 3, "attempts": 2})
	same(t, from, to)

	// What waited is over now, in its week: the partition of its deliveries was
	// made although the source had none that were over.
	db := use(t, to)
	check(t, db.Join(context.Background()))
	claim := &billhook.Claim{Limit: 100}
	b := &billhook.Batch{Claims: []*billhook.Claim{claim}}
	check(t, db.Commit(context.Background(), b))
	for i := range claim.Deliveries {
		(&filling{t: t, db: db}).attempt(&claim.Deliveries[i], billhook.StatusDelivered)
	}
	var n int
	check(t, app.QueryRow("SELECT count(*) FROM billhook.deliveries_default").Scan(&n))
	if len(claim.Deliveries) != 1 || n != 3 {
		t.Errorf("%d waited, %d are in the default partition", len(claim.Deliveries), n)
	}
}

// fillAges puts in an event of each age, in days, whose delivery came through at
// the second attempt, a week later; one of no time; and one, of an age that no
// other has, that waits.
func fillAges(t *testing.T, p place, now time.Time, ages []int) {
	t.Helper()
	db := use(t, p)
	check(t, db.Join(context.Background()))
	f := &filling{t: t, db: db}
	f.configure()
	for i, age := range append(ages, -1, 300) {
		created := now.AddDate(0, 0, -age)
		due := created
		if i == len(ages) {
			created = time.Time{}
		}
		e := &billhook.Emit{Event: billhook.Event{
			StoreID: "default", ID: fmt.Sprintf("evt_%d", i), Type: "order.paid", Data: []byte("{}"), OccurredAt: created, CreatedAt: created, Deliveries: 1,
		}}
		e.Deliveries = []billhook.Pending{{
			Lane:     billhook.Lane{StoreID: "default", WebhookID: "wh_1"},
			Position: billhook.Position{DueAt: due, ID: fmt.Sprintf("dlv_%d", i)},
			EventID:  e.Event.ID, EventType: e.Event.Type, CreatedAt: created,
		}}
		f.commit(&billhook.Batch{Emits: []*billhook.Emit{e}})
		if i == len(ages)+1 {
			continue
		}
		d := e.Deliveries[0]
		f.attempt(&d, billhook.StatusPending)
		d.DueAt = due.AddDate(0, 0, 7)
		f.attempt(&d, billhook.StatusDelivered)
	}
	check(t, db.Close())
}
