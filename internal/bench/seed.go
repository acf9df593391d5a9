package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
)

const (
	// seedBatch is how many events a transaction writes, as many as the
	// engine's largest.
	seedBatch = 512
	// SeedAge is how far back what is seeded begins; it ends now.
	SeedAge = 30 * 24 * time.Hour
	// farOff is when the part of a backlog that waits for its time is due.
	farOff = 24 * time.Hour
)

// seedPlace makes a place as a long life would have left it: Billhook itself
// makes the tables and registers the webhooks, each as path of the receiver and
// event type, then fill writes the rest through Commit.
func (b *bench) seedPlace(ctx context.Context, name string, webhooks map[string]string, fill func(context.Context, *seeder) error) (Place, error) {
	if b.openDatabase == nil {
		return Place{}, errors.New("no database to seed: Options.OpenDatabase is not set")
	}
	place, err := b.newPlace(ctx, name)
	if err != nil {
		return Place{}, err
	}
	s, err := b.startBillhook(ctx, place)
	if err != nil {
		return Place{}, err
	}
	defer s.stop()
	for path, event := range webhooks {
		if err := s.register(ctx, b.receiverURL(path), event); err != nil {
			return Place{}, err
		}
	}
	s.stop()

	db, err := b.openDatabase(ctx, place)
	if err != nil {
		return Place{}, fmt.Errorf("open database to seed: %w", err)
	}
	err = asNode(ctx, db, func(ctx context.Context) error { return fill(ctx, &seeder{bench: b, db: db}) })
	if err := errors.Join(err, db.Close()); err != nil {
		return Place{}, fmt.Errorf("seed database: %w", err)
	}
	return place, nil
}

// asNode does something as a node of the database, whose lease lasts until it
// is done, and then leaves to others what it owns.
func asNode(ctx context.Context, db billhook.Database, do func(context.Context) error) error {
	if err := db.Join(ctx); err != nil {
		return err
	}
	watching, stop := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		db.Watch(watching, func(billhook.Change) {})
	}()
	err := do(ctx)
	stop()
	<-watched
	return errors.Join(err, db.Leave(ctx))
}

// A seeder writes deliveries into a database that no engine has open, as a node
// of its own: an outcome counts only for what a node owns.
type seeder struct {
	bench *bench
	db    billhook.Database
}

// webhook finds the webhook that delivers to the path of the receiver.
func (s *seeder) webhook(ctx context.Context, path string) (billhook.Webhook, error) {
	all, err := s.db.Configuration(ctx)
	if err != nil {
		return billhook.Webhook{}, err
	}
	for _, w := range all.Webhooks {
		if w.URL == s.bench.receiverURL(path) {
			return w, nil
		}
	}
	return billhook.Webhook{}, fmt.Errorf("no webhook for %s", path)
}

// backlog writes rows pending deliveries for the hanging receiver. Every other
// one is due now, so that the windows of the lanes have to be kept small both
// against what is due and against what is not.
func (s *seeder) backlog(ctx context.Context, rows int) error {
	w, err := s.webhook(ctx, "/hang")
	if err != nil {
		return err
	}
	return s.write(ctx, w, otherType, rows, func(e *billhook.Emit, i int) {
		if i%2 == 1 {
			e.Deliveries[0].DueAt = time.Now().Add(farOff + time.Duration(i)*time.Millisecond)
		}
	}, nil)
}

// history writes rows delivered deliveries for the webhook that is measured.
func (s *seeder) history(ctx context.Context, rows int) error {
	w, err := s.webhook(ctx, "/hook/0")
	if err != nil {
		return err
	}
	return s.write(ctx, w, eventType, rows, nil, delivered)
}

// write commits rows events with one delivery each; change may alter an event
// before it is written, and finish, where there is one, ends its delivery in
// the transaction after.
func (s *seeder) write(ctx context.Context, w billhook.Webhook, event string, rows int,
	change func(e *billhook.Emit, i int), finish func(w billhook.Webhook, e *billhook.Emit) *billhook.Outcome,
) error {
	began := time.Now()
	step := SeedAge / time.Duration(max(rows, 1))
	var batch, last billhook.Batch
	for done := 0; done < rows || len(last.Emits) > 0; {
		batch = billhook.Batch{}
		if finish != nil {
			for _, e := range last.Emits {
				batch.Outcomes = append(batch.Outcomes, finish(w, e))
			}
		}
		for i := done; i < min(done+seedBatch, rows); i++ {
			e := newEmit(w, event, i, began.Add(step*time.Duration(i)-SeedAge))
			if change != nil {
				change(e, i)
			}
			batch.Emits = append(batch.Emits, e)
		}
		if batch.Empty() {
			break
		}
		if err := s.db.Commit(ctx, &batch); err != nil {
			return err
		}
		for _, o := range batch.Outcomes {
			if o.Stale {
				return fmt.Errorf("delivery %s was not pending", o.Delivery.ID)
			}
		}
		before := done
		done += len(batch.Emits)
		last = batch
		if done/progressRows > before/progressRows {
			s.bench.say("  %d of %d deliveries written, %.0f/s", done, rows, float64(done)/time.Since(began).Seconds())
		}
	}
	return nil
}

// progressRows is after how many rows seeding says how far it is.
const progressRows = 250_000

// The ids have the formats of the profile of a new store.
var (
	eventID    = profile.IDFormat{Prefix: "evt_", Style: profile.StyleULIDUpper}
	deliveryID = profile.IDFormat{Prefix: "dlv_", Style: profile.StyleULIDLower}
)

func newEmit(w billhook.Webhook, event string, i int, at time.Time) *billhook.Emit {
	at = at.UTC().Truncate(time.Millisecond)
	e := &billhook.Emit{Event: billhook.Event{
		StoreID: w.StoreID, ID: newID(eventID, at), Type: event,
		// Run 0 is never measured.
		Data:       orderData(0, i, at),
		Entity:     billhook.Reference{Type: "order", ID: fmt.Sprintf("ord_%d", i)},
		OccurredAt: at, CreatedAt: at, Deliveries: 1,
	}}
	e.Deliveries = []billhook.Pending{{
		Lane:     billhook.Lane{StoreID: w.StoreID, WebhookID: w.ID},
		Position: billhook.Position{DueAt: at, ID: newID(deliveryID, at)},
		EventID:  e.Event.ID, EventType: event, CreatedAt: at, Event: &e.Event,
	}}
	return e
}

// delivered is the outcome of a delivery that succeeded at once.
func delivered(w billhook.Webhook, e *billhook.Emit) *billhook.Outcome {
	p := e.Deliveries[0]
	return &billhook.Outcome{
		Delivery: p,
		Attempt: billhook.Attempt{
			StoreID: p.StoreID, DeliveryID: p.ID, Number: 1,
			StartedAt: p.CreatedAt.Add(time.Millisecond), Duration: 2 * time.Millisecond,
			URL: w.URL, StatusCode: http.StatusOK,
			ResponseHeaders: "Content-Length: 0\nDate: Mon, 02 Mar 2026 10:00:00 GMT\n",
		},
		Status: billhook.StatusDelivered,
	}
}

func newID(f profile.IDFormat, at time.Time) string {
	var random [10]byte
	_, _ = rand.Read(random[:]) // never fails
	return f.New(at, random)
}
