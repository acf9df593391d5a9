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

// A stopwatch measures the steps of forgetting, the rest of the transactions that they
// are in, the transactions between those, which have none, and those after there was
// nothing left to forget, which is when done is closed.
type stopwatch struct {
	billhook.Database
	mu                                 sync.Mutex
	steps, rests, whole, others, after []time.Duration
	done                               chan struct{}
}

func (s *stopwatch) Commit(ctx context.Context, b *billhook.Batch) error {
	began := time.Now()
	err := s.Database.Commit(ctx, b)
	took := time.Since(began)
	s.mu.Lock()
	defer s.mu.Unlock()
	over := false
	select {
	case <-s.done:
		over = true
	default:
	}
	switch {
	case over:
		s.after = append(s.after, took)
	case len(b.Expiries) == 0:
		s.others = append(s.others, took)
	default:
		x := b.Expiries[0]
		s.steps, s.rests, s.whole = append(s.steps, x.Took), append(s.rests, took-x.Took), append(s.whole, took)
		if x.Done < x.Limit && x.StoreID == "default" {
			close(s.done)
		}
	}
	return err
}

// TestStepsAreShort forgets a month of events of all sizes on a real disk, by a real
// clock, while others emit, and measures how long the steps hold the writer. The rest of
// a step's transaction, the writing of its pages and the disk's sync, is told apart, and
// beside it what a transaction without a step takes. The bounds are for a machine that
// others use too; what is to be is told in docs/RETENTION.md.
func TestStepsAreShort(t *testing.T) {
	ctx := context.Background()
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "billhook.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	n := sized(20_000, 4_000, 20_000)
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
	var load sync.WaitGroup
	enough := make(chan struct{})
	for range 8 {
		load.Go(func() {
			every := time.NewTicker(20 * time.Millisecond)
			defer every.Stop()
			for {
				if _, err := client.Emit(ctx, billhook.Emission{Type: "test", Data: []byte(`{"pad":"z"}`)}); err != nil {
					t.Error(err)
				}
				select {
				case <-every.C:
				case <-enough:
					return
				}
			}
		})
	}
	<-watch.done
	took := time.Since(began)
	<-time.After(3 * time.Second) // of the load alone
	close(enough)
	load.Wait()
	stop()
	if err := <-ran; err != nil {
		t.Error(err)
	}
	if left, err := client.Events(ctx, billhook.EventFilter{To: began.Add(-time.Hour), Limit: 1}); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	steps := len(watch.steps)
	t.Logf("%d events in %d steps and %v, %.0f a second", n, steps, took.Round(time.Millisecond), float64(n)/took.Seconds())
	at := func(all []time.Duration, share int) time.Duration {
		return all[(len(all)-1)*share/100].Round(10 * time.Microsecond)
	}
	for _, v := range []struct {
		what string
		took []time.Duration
	}{
		{"a step", watch.steps}, {"the rest of its transaction", watch.rests}, {"both", watch.whole},
		{"a transaction between them", watch.others}, {"a transaction after all of them", watch.after},
	} {
		slices.Sort(v.took)
		t.Logf("%s: %v (median), %v (99%%), %v (longest of %d)", v.what, at(v.took, 50), at(v.took, 99), at(v.took, 100), len(v.took))
	}
	if median := at(watch.steps, 50); median > 10*time.Millisecond {
		t.Errorf("half of the steps took over %v", median)
	}
	if longest := at(watch.steps, 95); longest > 50*time.Millisecond {
		t.Errorf("one step of twenty took over %v", longest)
	}
	if steps < n/256 {
		t.Errorf("only %d steps", steps)
	}
}
