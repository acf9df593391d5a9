package receive

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/billhook/billhook/internal/postgrestest"
)

// shop is a receiver's database: the inbox and a table of its own.
type shop struct {
	*sql.DB
	Inbox
	add string // puts an order into its own table
}

// onEach runs a test on each database that there is a server of.
func onEach(t *testing.T, f func(t *testing.T, s shop)) {
	for name, open := range map[string]func(t *testing.T) shop{
		"sqlite": func(t *testing.T) shop {
			file := filepath.Join(t.TempDir(), "shop.db")
			db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(60000)&_pragma=journal_mode(WAL)")
			if err != nil {
				t.Fatal(err)
			}
			return shop{db, Inbox{Dialect: SQLite}, "INSERT INTO orders (id) VALUES (?)"}
		},
		"postgres": func(t *testing.T) shop {
			db, err := sql.Open("pgx", postgrestest.Shared(t).Database(t))
			if err != nil {
				t.Fatal(err)
			}
			return shop{db, Inbox{Dialect: PostgreSQL, Table: "seen_2"}, "INSERT INTO orders (id) VALUES ($1)"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			t.Cleanup(func() { s.Close() })
			ddl, err := s.DDL()
			if err != nil {
				t.Fatal(err)
			}
			s.exec(t, ddl)
			s.exec(t, ddl) // at every start
			s.exec(t, "CREATE TABLE orders (id text)")
			f(t, s)
		})
	}
}

func (s shop) exec(t *testing.T, statement string) {
	t.Helper()
	if _, err := s.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func (s shop) count(t *testing.T, table string) (n int) {
	t.Helper()
	if err := s.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func (s shop) begin(t *testing.T) *sql.Tx {
	t.Helper()
	tx, err := s.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tx.Rollback() })
	return tx
}

func (s shop) seen(t *testing.T, tx *sql.Tx, id string, want bool) {
	t.Helper()
	if seen, err := s.Seen(t.Context(), tx, id); err != nil || seen != want {
		t.Errorf("%s: seen %v, %v", id, seen, err)
	}
}

func finish(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestInboxSeen(t *testing.T) {
	onEach(t, func(t *testing.T, s shop) {
		tx := s.begin(t)
		s.seen(t, tx, "evt_1", false)
		s.seen(t, tx, "evt_1", true) // in this transaction
		s.seen(t, tx, "evt_2", false)
		finish(t, tx.Rollback())

		tx = s.begin(t)
		s.seen(t, tx, "evt_1", false)
		finish(t, tx.Commit())

		tx = s.begin(t)
		for id, want := range map[string]bool{
			"evt_1": true, "EVT_1": false, "evt_1 ": false, "evt_2": false, "évt": false, "'; --": false, strings.Repeat("x", 255): false,
		} {
			s.seen(t, tx, id, want)
		}
		for _, id := range []string{"", strings.Repeat("x", 256)} {
			if _, err := s.Seen(t.Context(), tx, id); err == nil {
				t.Errorf("an id of %d bytes was let in", len(id))
			}
		}
		finish(t, tx.Commit())
	})
}

func TestInboxDo(t *testing.T) {
	onEach(t, func(t *testing.T, s shop) {
		failure := errors.New("failure")
		handle := func(outcome error) error {
			return s.Do(t.Context(), s.DB, "evt_1", func(tx *sql.Tx) error {
				if _, err := tx.ExecContext(t.Context(), s.add, "o_1"); err != nil {
					t.Error(err)
				}
				return outcome
			})
		}
		if err := handle(failure); !errors.Is(err, failure) || s.count(t, "orders") != 0 {
			t.Errorf("a failure: %v, %d orders", err, s.count(t, "orders"))
		}
		for range 3 {
			if err := handle(nil); err != nil || s.count(t, "orders") != 1 {
				t.Errorf("%v, %d orders", err, s.count(t, "orders"))
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Do(ctx, s.DB, "evt_2", func(*sql.Tx) error { t.Error("it was handled"); return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("after the sender went away: %v", err)
		}
	})
}

// TestInboxTwoAtOnce: the second transaction waits for the first, and sees the
// event just if the first has committed.
func TestInboxTwoAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, s shop) {
		for i, commits := range []bool{true, false} {
			id := fmt.Sprint("evt_", i)
			first := s.begin(t)
			s.seen(t, first, id, false)
			type answer struct {
				seen bool
				err  error
			}
			second := make(chan answer, 1)
			go func() {
				tx, err := s.BeginTx(context.WithoutCancel(t.Context()), nil)
				if err != nil {
					second <- answer{err: err}
					return
				}
				defer tx.Rollback()
				seen, err := s.Seen(context.WithoutCancel(t.Context()), tx, id)
				if err == nil {
					err = tx.Commit()
				}
				second <- answer{seen, err}
			}()
			s.waits(t, func() bool { return len(second) > 0 })
			select {
			case a := <-second:
				t.Fatalf("the second did not wait: %+v", a)
			default:
			}
			if commits {
				finish(t, first.Commit())
			} else {
				finish(t, first.Rollback())
			}
			if a := <-second; a.err != nil || a.seen != commits {
				t.Errorf("the first commits: %v; the second: seen %v, %v", commits, a.seen, a.err)
			}
			tx := s.begin(t)
			s.seen(t, tx, id, true)
			finish(t, tx.Rollback())
		}
	})
}

// waits returns when a transaction waits for another, where the database tells,
// or has not waited.
func (s shop) waits(t *testing.T, answered func() bool) {
	t.Helper()
	for s.Dialect == PostgreSQL && !answered() {
		var waiting int
		err := s.QueryRowContext(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&waiting)
		if err != nil {
			t.Fatal(err)
		}
		if waiting > 0 {
			return
		}
	}
}

// TestInboxManyAtOnce has many transactions with few events, some rolled back.
func TestInboxManyAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, s shop) {
		s.SetMaxOpenConns(8)
		const events, repeats = 10, 6
		var wg sync.WaitGroup
		var tried [events]atomic.Int32
		for range repeats {
			for i := range events {
				wg.Go(func() {
					err := s.Do(t.Context(), s.DB, fmt.Sprint("evt_", i), func(tx *sql.Tx) error {
						if i%2 == 0 && tried[i].Add(1) <= 2 {
							return ErrBody
						}
						_, err := tx.ExecContext(t.Context(), s.add, fmt.Sprint("o_", i))
						return err
					})
					if err != nil && !errors.Is(err, ErrBody) {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		if n, distinct := s.count(t, "orders"), s.count(t, "(SELECT DISTINCT id FROM orders) AS o"); n != events || distinct != events {
			t.Errorf("%d orders, %d of them different, of %d events", n, distinct, events)
		}
	})
}

func TestInboxPurge(t *testing.T) {
	onEach(t, func(t *testing.T, s shop) {
		tx := s.begin(t)
		for _, id := range []string{"evt_1", "evt_2", "evt_3"} {
			s.seen(t, tx, id, false)
		}
		finish(t, tx.Commit())
		table := map[Dialect]string{SQLite: "webhook_inbox", PostgreSQL: "seen_2"}[s.Dialect]
		s.exec(t, "UPDATE "+table+" SET received_at = received_at - 3600 WHERE id <> 'evt_3'")
		if n, err := s.Purge(t.Context(), s.DB, time.Now().Add(-2*time.Hour)); n != 0 || err != nil {
			t.Errorf("before all: %d, %v", n, err)
		}
		if n, err := s.Purge(t.Context(), s.DB, time.Now().Add(-30*time.Minute)); n != 2 || err != nil {
			t.Errorf("before the last: %d, %v", n, err)
		}
		tx = s.begin(t)
		s.seen(t, tx, "evt_1", false)
		s.seen(t, tx, "evt_3", true)
		finish(t, tx.Rollback())
	})
}

func TestInboxRefuses(t *testing.T) {
	for _, i := range []Inbox{{}, {Dialect: 4}, {Dialect: SQLite, Table: "a b"}, {Dialect: SQLite, Table: "1a"}, {Dialect: MySQL, Table: "a;"}, {Dialect: SQLite, Table: strings.Repeat("a", 49)}} {
		if ddl, err := i.DDL(); err == nil {
			t.Errorf("%+v: %s", i, ddl)
		}
		if _, err := i.Seen(t.Context(), nil, "evt_1"); err == nil { // before it asks the database
			t.Errorf("%+v: let in", i)
		}
		if _, err := i.Purge(t.Context(), nil, time.Now()); err == nil {
			t.Errorf("%+v: purged", i)
		}
	}
}
