package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/internal/postgrestest"
	"github.com/billhook/billhook/storetest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m)) }

func TestContract(t *testing.T) {
	again := func(t *testing.T, db billhook.Database) billhook.Database {
		return openAt(t, db.(*Database).config.ConnString(), Options{})
	}
	storetest.Run(t, storetest.Harness{
		Open: func(t *testing.T) billhook.Database { return open(t, Options{}) },
		Reopen: func(t *testing.T, db billhook.Database) billhook.Database {
			if err := db.Close(); err != nil {
				t.Fatalf("close: %v", err)
			}
			return again(t, db)
		},
		Begin:  func(t *testing.T, db billhook.Database) *sql.Tx { return beginSQL(t, db.(*Database)) },
		Second: again,
	})
}

// patience is how long a test waits for what must happen.
const patience = 30 * time.Second

// open opens a new database on the shared server.
func open(t testing.TB, o Options) *Database {
	t.Helper()
	return openAt(t, postgrestest.Shared(t).Database(t), o)
}

func openAt(t testing.TB, url string, o Options) *Database {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	db, err := Open(ctx, url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Logf("close: %v", err) // its server may be gone
		}
	})
	return db
}

// joined is open for a node.
func joined(t testing.TB, o Options) *Database {
	t.Helper()
	db := open(t, o)
	check(t, db.Join(context.Background()))
	return db
}

// second opens the same database for another node.
func second(t testing.TB, db *Database, o Options) *Database {
	t.Helper()
	other := openAt(t, db.config.ConnString(), o)
	check(t, other.Join(context.Background()))
	return other
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		t.Errorf("%s: got %s, want %s", what, g, w)
	}
}

// eventually asks until the answer is yes.
func eventually(t testing.TB, what string, yes func() bool) {
	t.Helper()
	for until := time.Now().Add(patience); !yes(); {
		if time.Now().After(until) {
			t.Fatalf("not within %v: %s", patience, what)
		}
		pause(context.Background(), 5*time.Millisecond)
	}
}

// session is a connection beside the database's own.
func session(t testing.TB, db *Database) *pgx.Conn {
	t.Helper()
	on, err := pgx.ConnectConfig(context.Background(), db.config)
	check(t, err)
	t.Cleanup(func() { hangUp(on) })
	return on
}

func execute(t testing.TB, on querier, text string, args ...any) {
	t.Helper()
	if _, err := on.Exec(context.Background(), text, args...); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// ask reads one value.
func ask[T any](t testing.TB, on querier, text string, args ...any) (value T) {
	t.Helper()
	if err := on.QueryRow(context.Background(), text, args...).Scan(&value); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return value
}

// beginSQL begins a transaction of an application's, on connections of its own.
func beginSQL(t testing.TB, db *Database) *sql.Tx {
	t.Helper()
	app := stdlib.OpenDB(*db.config)
	t.Cleanup(func() { app.Close() })
	tx, err := app.Begin()
	check(t, err)
	return tx
}

// emit is an event with a delivery for each webhook, all due since long.
func emit(id string, webhooks ...string) *billhook.Emit {
	at := time.Now().UTC().Round(0).Add(-time.Hour)
	e := &billhook.Emit{OwnID: true, Event: billhook.Event{
		StoreID: "default", ID: id, Type: "order.paid", Data: []byte(`{"id":"` + id + `"}`), CreatedAt: at, OccurredAt: at, Deliveries: len(webhooks),
		TraceContext: billhook.ParseTraceContext("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "shop="+id),
	}}
	for i, webhook := range webhooks {
		e.Deliveries = append(e.Deliveries, billhook.Pending{
			Lane: billhook.Lane{StoreID: "default", WebhookID: webhook}, Position: billhook.Position{DueAt: at, ID: fmt.Sprintf("dlv_%s_%d", id, i)},
			EventID: id, EventType: "order.paid", CreatedAt: at,
		})
	}
	return e
}

func emits(n int, prefix string, webhooks ...string) (all []*billhook.Emit) {
	for i := range n {
		all = append(all, emit(fmt.Sprintf("%s_%05d", prefix, i), webhooks...))
	}
	return all
}

func commitEmits(t testing.TB, db *Database, emits ...*billhook.Emit) {
	t.Helper()
	check(t, db.Commit(context.Background(), &billhook.Batch{Emits: emits}))
}

func delivered(p billhook.Pending) *billhook.Outcome {
	return &billhook.Outcome{Delivery: p, Status: billhook.StatusDelivered, Attempt: billhook.Attempt{
		StoreID: p.StoreID, DeliveryID: p.ID, Number: p.Attempts + 1, StartedAt: time.Now().UTC().Round(0), StatusCode: 200,
	}}
}

// claim takes over at most limit deliveries.
func claim(t testing.TB, db *Database, limit int) []billhook.Pending {
	t.Helper()
	c := &billhook.Claim{Limit: limit}
	check(t, db.Commit(context.Background(), &billhook.Batch{Claims: []*billhook.Claim{c}}))
	return c.Deliveries
}

func has(t testing.TB, db *Database, id string) bool {
	t.Helper()
	_, err := db.Event(context.Background(), "default", id)
	if err != nil && !errors.Is(err, billhook.ErrNotFound) {
		t.Fatal(err)
	}
	return err == nil
}

// A watched database keeps the changes that Watch tells of.
type watched struct {
	t       testing.TB
	changes chan billhook.Change
}

// watch runs Watch until the test, or what stop is for, ends.
func watch(t testing.TB, db *Database) (w *watched, stop func()) {
	t.Helper()
	w = &watched{t, make(chan billhook.Change, 1000)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		db.Watch(ctx, func(c billhook.Change) {
			select {
			case w.changes <- c:
			default: // nobody is interested
			}
		})
	}()
	stop = func() {
		cancel()
		select {
		case <-done:
		case <-time.After(patience):
			t.Error("Watch does not end")
		}
	}
	t.Cleanup(stop)
	return w, stop
}

// until waits for such a change and forgets those before it.
func (w *watched) until(what string, such func(billhook.Change) bool) billhook.Change {
	w.t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case c := <-w.changes:
			if such(c) {
				return c
			}
		case <-timeout:
			w.t.Fatalf("Watch does not tell of %s", what)
		}
	}
}

// settled waits until Watch has told what it begins with: the listener and the
// poll do, each once.
func (w *watched) settled(db *Database) {
	w.t.Helper()
	w.until("the beginning", func(c billhook.Change) bool { return c.Asked })
	eventually(w.t, "the first poll", func() bool { return db.version.Load() != 0 })
	on := session(w.t, db)
	for range 2 {
		execute(w.t, on, notify, channelAsked, "")
		w.until("what was asked for", func(c billhook.Change) bool { return c.Asked })
	}
}

func ids(all []billhook.Pending) (names []string) {
	for _, p := range all {
		names = append(names, p.ID)
	}
	slices.Sort(names)
	return names
}
