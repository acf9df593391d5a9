package billhook_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/sqlite"
)

// A stopwatch measures the steps of forgetting, and the whole transactions that they
// are in, and tells when there is nothing left to forget.
type stopwatch struct {
	billhook.Database
	mu           sync.Mutex
	steps, whole []time.Duration
	events       int
	done         chan struct{}
	once         sync.Once
}

func (s *stopwatch) Commit(ctx context.Context, b *billhook.Batch) error {
	began := time.Now()
	err := s.Database.Commit(ctx, b)
	took := time.Since(began)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range b.Expiries {
		s.steps, s.whole = append(s.steps, x.Took), append(s.whole, took)
		if s.events += x.Done; x.Done < x.Limit && x.StoreID == "default" {
			s.once.Do(func() { close(s.done) })
		}
	}
	return err
}

// TestStepsAreShort forgets a month of events of all sizes on a real disk, by a real
// clock, and measures how long the steps hold the writer. The bound is for a machine
// that others use too; what it is to be is told in docs/RETENTION.md.
func TestStepsAreShort(t *testing.T) {
	ctx := context.Background()
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "billhook.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	const n = 20_000
	old, id := time.Now().UTC().AddDate(0, -2, 0), 0
	for id < n {
		b := &billhook.Batch{}
		for range 500 {
			id++
			lane := billhook.Lane{StoreID: "default", WebhookID: "wh"}
			at := old.Add(time.Duration(id) * time.Second)
			b.Emits = append(b.Emits, &billhook.Emit{
				Event: billhook.Event{
					StoreID: "default", ID: fmt.Sprint("evt_", id), Type: "test", CreatedAt: at, OccurredAt: at, Deliveries: 1,
					Data: fmt.Appendf(nil, `{"pad":"%s"}`, strings.Repeat("x", id*id%5000)),
				},
				Deliveries: []billhook.Pending{{Lane: lane, Position: billhook.Position{DueAt: at, ID: fmt.Sprint("dlv_", id)}, EventID: fmt.Sprint("evt_", id), EventType: "test", CreatedAt: at}},
			})
		}
		if err := db.Commit(ctx, b); err != nil {
			t.Fatal(err)
		}
		over := &billhook.Batch{}
		for _, e := range b.Emits {
			p := e.Deliveries[0]
			over.Outcomes = append(over.Outcomes, &billhook.Outcome{Delivery: p, Status: billhook.StatusDelivered, Attempt: billhook.Attempt{
				StoreID: p.StoreID, DeliveryID: p.ID, Number: 1, StartedAt: p.DueAt, StatusCode: 200, ResponseBody: []byte(strings.Repeat("y", 200)),
			}})
		}
		if err := db.Commit(ctx, over); err != nil {
			t.Fatal(err)
		}
	}
	watch := &stopwatch{Database: db, done: make(chan struct{})}
	client, err := billhook.New(watch, billhook.Config{Retention: billhook.Retention{PayloadDays: 7, AttemptDays: 14, AuditDays: 30}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	run, stop := context.WithCancel(ctx)
	ran := make(chan error, 1)
	began := time.Now()
	go func() { ran <- client.Run(run) }()
	<-watch.done
	took := time.Since(began)
	stop()
	if err := <-ran; err != nil {
		t.Error(err)
	}
	if left, err := client.Events(ctx, billhook.EventFilter{Limit: 1}); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	slices.Sort(watch.steps)
	slices.Sort(watch.whole)
	steps := len(watch.steps)
	at := func(all []time.Duration, share int) time.Duration { return all[(len(all)-1)*share/100] }
	t.Logf("%d events in %d steps and %v, %.0f a second: a step took %v (median), %v (99%%), %v (longest); with its transaction %v, %v, %v",
		watch.events, steps, took.Round(time.Millisecond), float64(watch.events)/took.Seconds(),
		at(watch.steps, 50), at(watch.steps, 99), at(watch.steps, 100), at(watch.whole, 50), at(watch.whole, 99), at(watch.whole, 100))
	if median := at(watch.steps, 50); median > 10*time.Millisecond {
		t.Errorf("half of the steps took over %v", median)
	}
	if longest := at(watch.steps, 95); longest > 100*time.Millisecond {
		t.Errorf("one step of twenty took over %v", longest)
	}
	if steps < n/256 {
		t.Errorf("only %d steps", steps)
	}
}
