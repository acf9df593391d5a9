package sim

import (
	"context"
	"time"

	"github.com/billhook/billhook"
)

// through makes a read of the engine's or a caller's.
func through[T any](l *link, what string, read func() (T, error)) (T, error) {
	var none T
	if l.p.w.climate.loose {
		time.Sleep(between(chance(l.p.w.plan.Seed, "read", l.p.name, what, time.Since(l.p.w.began)), 0, slowestRead))
	}
	if err := l.enter(what); err != nil {
		return none, err
	}
	if l.p.troubled(noReads) {
		return none, errAway
	}
	return read()
}

// Configuration reads it, and has it noted what the process knows from now on.
func (l *link) Configuration(ctx context.Context) (billhook.Configuration, error) {
	all, err := through(l, "configuration", func() (billhook.Configuration, error) { return l.Database.Configuration(ctx) })
	if err == nil {
		l.p.w.mu.Lock()
		defer l.p.w.mu.Unlock()
		for i := range all.Webhooks {
			l.p.knows(&all.Webhooks[i])
		}
	}
	return all, err
}

// Outbox reads what was asked for in SQL, which the process makes events of at
// this instant.
func (l *link) Outbox(ctx context.Context, limit int) ([]billhook.Asked, error) {
	w := l.p.w
	time.Sleep(between(chance(w.plan.Seed, "outbox", l.p.name, time.Since(w.began)), 10*time.Microsecond, 3*time.Millisecond))
	all, err := through(l, "outbox", func() ([]billhook.Asked, error) { return l.Database.Outbox(ctx, limit) })
	l.p.w.mu.Lock()
	defer l.p.w.mu.Unlock()
	for _, a := range all {
		l.p.w.tried(l.p, number(a.Emission.Data))
	}
	return all, err
}

func (l *link) Lanes(ctx context.Context) ([]billhook.Lane, error) {
	return through(l, "lanes", func() ([]billhook.Lane, error) { return l.Database.Lanes(ctx) })
}

func (l *link) Pending(ctx context.Context, lane billhook.Lane, after billhook.Position, limit int) ([]billhook.Pending, error) {
	w := l.p.w
	if r := chance(w.plan.Seed, "pending", l.p.name, lane.WebhookID, time.Since(w.began)); w.climate.loose && oneIn(r, 10) {
		time.Sleep(between(r, slowestRead, 2*time.Second))
	}
	rows, err := through(l, "pending "+lane.WebhookID, func() ([]billhook.Pending, error) { return l.Database.Pending(ctx, lane, after, limit) })
	return w.flaw.pending(rows), err
}

func (l *link) Event(ctx context.Context, storeID, id string) (billhook.Event, error) {
	w := l.p.w
	time.Sleep(between(chance(w.plan.Seed, "event", l.p.name, w.eventOf(id), time.Since(w.began)), time.Microsecond, quickRead))
	e, err := through(l, "event "+w.eventOf(id), func() (billhook.Event, error) { return l.Database.Event(ctx, storeID, id) })
	w.flaw.event(&e)
	return e, err
}

// eventOf is the name of the event with an id that the engine may have drawn.
func (w *world) eventOf(id string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.book.named[id]
}

func (l *link) Delivery(ctx context.Context, storeID, id string) (billhook.Delivery, error) {
	return through(l, "delivery "+id, func() (billhook.Delivery, error) { return l.Database.Delivery(ctx, storeID, id) })
}

func (l *link) Deliveries(ctx context.Context, f billhook.DeliveryFilter) ([]billhook.Delivery, error) {
	return through(l, "deliveries", func() ([]billhook.Delivery, error) { return l.Database.Deliveries(ctx, f) })
}

// Edge reads as the database does.
func (l *link) Edge(ctx context.Context, f billhook.DeliveryFilter, n int) (billhook.DeliveryEdge, error) {
	return through(l, "edge", func() (billhook.DeliveryEdge, error) { return l.Database.Edge(ctx, f, n) })
}

// Newest reads as the database does.
func (l *link) Newest(ctx context.Context, of billhook.Strand, eventType string, sequence int64) (billhook.Pending, error) {
	return through(l, "newest", func() (billhook.Pending, error) { return l.Database.Newest(ctx, of, eventType, sequence) })
}

// Stuck reads as the database does.
func (l *link) Stuck(ctx context.Context, limit int) ([]billhook.Strand, error) {
	return through(l, "stuck", func() ([]billhook.Strand, error) { return l.Database.Stuck(ctx, limit) })
}

// Backlog reads as the database does.
func (l *link) Backlog(ctx context.Context, lane billhook.Lane, dueBefore, createdBefore time.Time) (billhook.Backlog, error) {
	return through(l, "backlog "+lane.WebhookID, func() (billhook.Backlog, error) {
		return l.Database.Backlog(ctx, lane, dueBefore, createdBefore)
	})
}

// ActivityCounts reads as the database does.
func (l *link) ActivityCounts(ctx context.Context, storeID string, from, to time.Time) ([]billhook.ActivityCount, error) {
	return through(l, "activity "+storeID, func() ([]billhook.ActivityCount, error) {
		return l.Database.ActivityCounts(ctx, storeID, from, to)
	})
}

// Backlogs reads as the database does.
func (l *link) Backlogs(ctx context.Context, storeID string) ([]billhook.LaneBacklog, error) {
	return through(l, "backlogs "+storeID, func() ([]billhook.LaneBacklog, error) { return l.Database.Backlogs(ctx, storeID) })
}

func (l *link) Over(ctx context.Context, f billhook.OverFilter) ([]billhook.Delivery, error) {
	rows, err := through(l, "over", func() ([]billhook.Delivery, error) { return l.Database.Over(ctx, f) })
	return l.p.w.flaw.over(rows), err
}

func (l *link) EventsFor(ctx context.Context, f billhook.EventsForFilter) ([]billhook.EventFor, error) {
	return through(l, "events for "+f.WebhookID, func() ([]billhook.EventFor, error) { return l.Database.EventsFor(ctx, f) })
}
