package e2e

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/postgres"
)

// A shop is a platform's own program: it keeps orders in a table of its own, in
// the database that it shares with Billhook's nodes, and delivers nothing itself.
type shop struct {
	pool   *pgxpool.Pool
	db     *sql.DB
	client *billhook.Client
}

func openShop(t *testing.T, url string) *shop {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	db, err := postgres.Open(ctx, url, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	client, err := billhook.New(db, billhook.Config{AllowInsecure: true, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{pool: pool, db: stdlib.OpenDBFromPool(pool), client: client}
	if _, err := pool.Exec(ctx, "CREATE TABLE orders (id TEXT PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	followed := make(chan struct{})
	go func() {
		client.Follow(ctx)
		close(followed)
	}()
	t.Cleanup(func() {
		cancel()
		<-followed
		if err := errors.Join(s.db.Close(), client.Close(), db.Close()); err != nil {
			t.Error(err)
		}
		pool.Close()
	})
	return s
}

// order writes an order and emits its event in one transaction: of pgx, or of
// database/sql.
func (s *shop) order(ctx context.Context, id string, native, commit bool) error {
	const insert = "INSERT INTO orders (id) VALUES ($1)"
	emission := billhook.Emission{ID: id, Type: "order.paid", Data: []byte(dataOf(id))}
	if native {
		tx, err := s.pool.Begin(ctx)
		if err != nil {
			return err
		}
		defer tx.Rollback(ctx)
		_, err = tx.Exec(ctx, insert, id)
		if err == nil {
			_, err = s.client.EmitTx(ctx, tx, emission)
		}
		if err != nil || !commit {
			return err
		}
		return tx.Commit(ctx)
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	_, err = tx.ExecContext(ctx, insert, id)
	if err == nil {
		_, err = s.client.EmitTx(ctx, tx, emission)
	}
	if err != nil || !commit {
		return err
	}
	return tx.Commit()
}

// orders reads the ids of those that were committed.
func (s *shop) orders(t *testing.T) (ids []string) {
	t.Helper()
	rows, err := s.db.Query("SELECT id FROM orders")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return ids
}

// TestOrders: of 10,000 orders, three in ten rolled back, exactly the committed
// ones' events are delivered, while nodes are killed all the time.
func TestOrders(t *testing.T) {
	t.Parallel()
	orders := 10_000
	if testing.Short() {
		orders = 1_000
	}
	c := startNodes(t, 3)
	r := receive(t)
	c.nodes[0].register("/api/webhooks", fmt.Sprintf(`{"url":"%s/steady","events":["*"]}`, r.URL))
	s := openShop(t, c.url)

	done := make(chan struct{})
	kills := 0
	var killing sync.WaitGroup
	killing.Go(func() {
		for {
			select {
			case <-time.After(300 * time.Millisecond):
			case <-done:
				return
			}
			victim := rand.IntN(len(c.nodes))
			c.nodes[victim].kill()
			r.lifeGoesOn()
			c.nodes[victim] = c.start()
			kills++
		}
	})
	const workers = 8
	var working sync.WaitGroup
	errs := make([]error, workers)
	for worker := range workers {
		working.Go(func() {
			for i := worker; i < orders; i += workers {
				if err := s.order(context.Background(), fmt.Sprintf("ord_%d", i), i%2 == 0, i%10 >= 3); err != nil {
					errs[worker] = err
					return
				}
			}
		})
	}
	working.Wait()
	close(done)
	killing.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	ids := s.orders(t)
	if want := orders * 7 / 10; len(ids) != want {
		t.Fatalf("%d orders were committed, not %d", len(ids), want)
	}
	r.acknowledged("/steady", ids)
	c.nodes[0].settled(patience)
	r.check()
	r.mu.Lock()
	defer r.mu.Unlock()
	if got := len(r.seen["/steady"]); got != len(ids) {
		t.Errorf("%d events were delivered, %d orders committed", got, len(ids))
	}
	t.Logf("%d of %d orders committed, each delivered; %d nodes killed", len(ids), orders, kills)
}

// TestOrderLatency: what a transaction committed is delivered within 100 ms by a
// node that runs elsewhere.
func TestOrderLatency(t *testing.T) {
	c := startNodes(t, 2)
	r := receive(t)
	c.nodes[0].register("/api/webhooks", fmt.Sprintf(`{"url":"%s/steady","events":["*"]}`, r.URL))
	s := openShop(t, c.url)
	var took []time.Duration
	for i := range 100 {
		id := fmt.Sprintf("ord_%d", i)
		if err := s.order(context.Background(), id, i%2 == 0, true); err != nil {
			t.Fatal(err)
		}
		committed := time.Now()
		r.acknowledged("/steady", []string{id})
		took = append(took, time.Since(committed))
	}
	slices.Sort(took)
	t.Logf("from commit to receipt: median %v, p95 %v, longest %v (looked at every 5 ms)", took[50], took[95], took[99])
	if took[50] > 100*time.Millisecond {
		t.Errorf("the median is %v, more than 100 ms", took[50])
	}
}
