package billhook_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/billhook/billhook"
)

// A slow database finds nothing until its caller gives up.
type slow struct{ billhook.Database }

func (slow) Deliveries(ctx context.Context, _ billhook.DeliveryFilter) ([]billhook.Delivery, error) {
	<-ctx.Done()
	return nil, errors.New("interrupted")
}

// TestSlowList: a list that takes too long is given up with a hint, unless it
// was the caller who gave up.
func TestSlowList(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.useDatabase(slow{w.db})
		_, err := w.client.Deliveries(context.Background(), billhook.DeliveryFilter{EventType: "never", Limit: 1})
		if billhook.ErrorCode(err) != billhook.CodeTooSlow {
			t.Errorf("got %v", err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := w.client.Deliveries(ctx, billhook.DeliveryFilter{Limit: 1}); err == nil || billhook.ErrorCode(err) != "" {
			t.Errorf("a caller who gave up: got %v", err)
		}
	})
}

// A counting database finds nothing until it is told to, and counts who asks.
type counting struct {
	billhook.Database
	mu           sync.Mutex
	inside, most map[string]int
	enough       chan struct{}
}

func (c *counting) Events(ctx context.Context, f billhook.EventFilter) ([]billhook.Event, error) {
	c.mu.Lock()
	c.inside[f.StoreID]++
	c.most[f.StoreID] = max(c.most[f.StoreID], c.inside[f.StoreID])
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.inside[f.StoreID]--
		c.mu.Unlock()
	}()
	if f.StoreID != billhook.DefaultStore {
		return nil, nil
	}
	select {
	case <-c.enough:
		return nil, nil
	case <-ctx.Done():
		return nil, errors.New("interrupted")
	}
}

// TestListTurns: of one store's lists two are read at a time, of all kinds
// together; another store's are not kept waiting, and to wait for one's turn is not
// to read for long.
func TestListTurns(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		c := &counting{Database: w.db, inside: map[string]int{}, most: map[string]int{}, enough: make(chan struct{})}
		w.useDatabase(c)
		ctx := context.Background()
		if _, err := w.client.CreateStore(ctx, billhook.Store{ID: "other"}); err != nil {
			t.Fatal(err)
		}
		ask := func() <-chan billhook.Code {
			codes := make(chan billhook.Code, 2)
			for range 2 {
				go func() {
					_, err := w.client.Events(ctx, billhook.EventFilter{})
					codes <- billhook.ErrorCode(err)
				}()
			}
			synctest.Wait()
			return codes
		}
		first := ask() // they read until 10 s
		time.Sleep(4 * time.Second)
		second := ask() // they wait until 10 s, and then may read until 20 s
		time.Sleep(time.Second)
		third := ask() // they wait until 15 s, in vain

		start := time.Now()
		if _, err := w.client.Events(ctx, billhook.EventFilter{StoreID: "other"}); err != nil || !time.Now().Equal(start) {
			t.Errorf("another store's, after %v: %v", time.Since(start), err)
		}
		given, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if _, err := w.client.Audit(given, billhook.AuditFilter{}); !errors.Is(err, context.DeadlineExceeded) || billhook.ErrorCode(err) != "" {
			t.Errorf("a caller who gave up waiting: %v", err)
		}
		time.Sleep(13 * time.Second)
		close(c.enough)
		for _, of := range []struct {
			codes <-chan billhook.Code
			want  billhook.Code
		}{{first, billhook.CodeTooSlow}, {second, ""}, {third, billhook.CodeRateLimited}} {
			for range 2 {
				if got := <-of.codes; got != of.want {
					t.Errorf("got %q, not %q", got, of.want)
				}
			}
		}
		if _, err := w.client.Deliveries(ctx, billhook.DeliveryFilter{Limit: 1}); err != nil {
			t.Errorf("with nobody left: %v", err)
		}
		if most := c.most[billhook.DefaultStore]; most != 2 {
			t.Errorf("%d lists at a time", most)
		}
	})
}
