package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/billhook/billhook"
)

// A listed is a file of which some deliveries to one webhook are written.
type listed struct {
	*testing.T
	path string
	db   *Database
	all  []billhook.Pending
}

var listedLane = billhook.Lane{StoreID: "default", WebhookID: "wh"}

func newListed(t *testing.T) *listed {
	l := &listed{T: t, path: filepath.Join(t.TempDir(), "billhook.db")}
	l.db = open(t, l.path)
	return l
}

// emit commits an event with a delivery, and what else is given.
func (l *listed) emit(b *billhook.Batch) {
	l.Helper()
	n := len(l.all) + 1
	event, at := fmt.Sprint("evt_", n), time.Unix(int64(n), 0).UTC()
	p := billhook.Pending{
		Lane: listedLane, Position: billhook.Position{DueAt: at, ID: fmt.Sprint("dlv_", n)}, EventID: event, EventType: "test", CreatedAt: at,
	}
	l.all = append(l.all, p)
	b.Emits = append(b.Emits, &billhook.Emit{
		Event:      billhook.Event{StoreID: "default", ID: event, Type: "test", CreatedAt: at, OccurredAt: at, Data: []byte("{}"), Deliveries: 1},
		Deliveries: []billhook.Pending{p},
	})
	if err := l.db.Commit(context.Background(), b); err != nil {
		l.Fatal(err)
	}
}

// rows are how many rows that wait the file has, and how many of them are listed.
func (l *listed) rows() string {
	l.Helper()
	file, err := sql.Open("sqlite", source(l.path))
	if err != nil {
		l.Fatal(err)
	}
	defer file.Close()
	var n, listed int
	err = file.QueryRow("SELECT COUNT(*), COALESCE(SUM(listed), 0) FROM billhook_pending").Scan(&n, &listed)
	if err != nil {
		l.Fatal(err)
	}
	return fmt.Sprintf("%d, %d listed", n, listed)
}

func (l *listed) want(want string) {
	l.Helper()
	if got := l.rows(); got != want {
		l.Errorf("the file has %s, not %s", got, want)
	}
}

// found fails where a look by webhook does not find all that waits.
func (l *listed) found() {
	l.Helper()
	ctx := context.Background()
	list, err := l.db.Deliveries(ctx, billhook.DeliveryFilter{StoreID: "default", WebhookID: "wh", Status: billhook.StatusPending, Limit: 100, MaxBytes: 1 << 20})
	if err != nil || len(list) != len(l.all) {
		l.Errorf("its list has %d deliveries of %d: %v", len(list), len(l.all), err)
	}
	l.foundInLane()
}

func (l *listed) foundInLane() {
	l.Helper()
	ctx := context.Background()
	lanes, err := l.db.Lanes(ctx)
	if err != nil || len(lanes) != 1 {
		l.Errorf("there are %d lanes: %v", len(lanes), err)
	}
	pending, err := l.db.Pending(ctx, listedLane, billhook.Position{}, 100)
	if err != nil || len(pending) != len(l.all) {
		l.Errorf("its lane has %d deliveries of %d: %v", len(pending), len(l.all), err)
	}
}

func TestListing(t *testing.T) {
	t.Run("a read by webhook lists", func(t *testing.T) {
		l := newListed(t)
		l.emit(&billhook.Batch{})
		l.emit(&billhook.Batch{})
		l.want("2, 0 listed")
		l.found()
		l.want("2, 2 listed")
		l.emit(&billhook.Batch{})
		l.want("3, 2 listed")
		l.found()
		l.want("3, 3 listed")
	})

	t.Run("what is over soon is never listed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := newListed(t)
			defer l.db.Close()
			l.found0()
			l.emit(&billhook.Batch{})
			first := l.all[0]
			time.Sleep(2 * time.Second)
			// The commit that ends it is the one that would have listed it.
			l.emit(&billhook.Batch{Outcomes: []*billhook.Outcome{{Delivery: first, Status: billhook.StatusDelivered,
				Attempt: billhook.Attempt{StoreID: "default", DeliveryID: first.ID, Number: 1, StartedAt: first.CreatedAt, StatusCode: 200}}}})
			l.all = l.all[1:]
			l.want("1, 0 listed")
			l.found()
		})
	})

	t.Run("what waits is listed after a second", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := newListed(t)
			defer l.db.Close()
			l.found0()
			l.emit(&billhook.Batch{})
			time.Sleep(500 * time.Millisecond)
			l.emit(&billhook.Batch{})
			l.want("2, 0 listed")
			time.Sleep(time.Second)
			l.emit(&billhook.Batch{})
			l.want("3, 2 listed")
		})
	})

	t.Run("a batch that looks by webhook lists first", func(t *testing.T) {
		l := newListed(t)
		l.emit(&billhook.Batch{})
		c := &billhook.Cancel{Lane: listedLane, Limit: 10, At: time.Unix(9, 0)}
		l.emit(&billhook.Batch{Cancels: []*billhook.Cancel{c}})
		if c.Cancelled != 1 {
			t.Errorf("%d deliveries were cancelled, not 1", c.Cancelled)
		}
		l.all = l.all[1:]
		l.found()
	})

	t.Run("after a start nobody knows, and all are found", func(t *testing.T) {
		l := newListed(t)
		l.emit(&billhook.Batch{})
		l.emit(&billhook.Batch{})
		l.db.Close()
		l.want("2, 0 listed")
		l.db = open(t, l.path)
		l.foundInLane()
		l.want("2, 2 listed")
	})

	t.Run("where nothing can be written, all are found", func(t *testing.T) {
		l := newListed(t)
		l.emit(&billhook.Batch{})
		file, err := sql.Open("sqlite", source(l.path))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		conn, err := file.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
			t.Fatal(err)
		}
		l.db.options.BusyWait = 20 * time.Millisecond
		l.found()
		l.want("1, 0 listed")
		if _, err := conn.ExecContext(t.Context(), "ROLLBACK"); err != nil {
			t.Fatal(err)
		}
		l.found()
		l.want("1, 1 listed")
	})
}

// found0 has the database learn that nothing waits.
func (l *listed) found0() {
	l.Helper()
	if lanes, err := l.db.Lanes(context.Background()); err != nil || len(lanes) != 0 {
		l.Fatalf("there are %d lanes: %v", len(lanes), err)
	}
}
