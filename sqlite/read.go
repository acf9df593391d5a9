package sqlite

import (
	"context"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/internal/sqlstore"
)

// read runs one read for a caller.
func read[T any](d *Database, f func(*sqlstore.Reader) (T, error)) (T, error) {
	return readOn(d, func(c *connections) *sqlstore.Reader { return c.readers.listed }, f)
}

// readShort runs one of the engine's own reads.
func readShort[T any](d *Database, f func(*sqlstore.Reader) (T, error)) (T, error) {
	return readOn(d, func(c *connections) *sqlstore.Reader { return c.engineReaders.listed }, f)
}

// readOn runs one read while the connections are sure to stay.
func readOn[T any](d *Database, on func(*connections) *sqlstore.Reader, f func(*sqlstore.Reader) (T, error)) (T, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var none T
	switch {
	case d.closed:
		return none, errClosed
	case d.conns == nil:
		return none, errFailed
	}
	return f(on(d.conns))
}

// Configuration reads all stores, webhooks, API keys and event types, the deleted and
// the revoked too.
func (d *Database) Configuration(ctx context.Context) (billhook.Configuration, error) {
	return readShort(d, func(r *sqlstore.Reader) (billhook.Configuration, error) { return r.Configuration(ctx) })
}

// Lanes names every webhook that has pending deliveries owned, once.
func (d *Database) Lanes(ctx context.Context) ([]billhook.Lane, error) {
	return readLanes(ctx, d, func(r *sqlstore.Reader) ([]billhook.Lane, error) { return r.Lanes(ctx, owner) })
}

// Pending reads the lane's pending deliveries, owned, that come after the
// position.
func (d *Database) Pending(ctx context.Context, lane billhook.Lane, after billhook.Position, limit int) ([]billhook.Pending, error) {
	return readLanes(ctx, d, func(r *sqlstore.Reader) ([]billhook.Pending, error) { return r.Pending(ctx, owner, lane, after, limit) })
}

// Newest reads the newest delivery of an event type that is held back in a strand
// behind a sequence.
func (d *Database) Newest(ctx context.Context, of billhook.Strand, eventType string, sequence int64) (billhook.Pending, error) {
	return readShort(d, func(r *sqlstore.Reader) (billhook.Pending, error) { return r.Newest(ctx, of, eventType, sequence) })
}

// Stuck reads strands of which something is held back and nothing is to be sent. It
// may take long, as a list may.
func (d *Database) Stuck(ctx context.Context, limit int) ([]billhook.Strand, error) {
	return read(d, func(r *sqlstore.Reader) ([]billhook.Strand, error) { return r.Stuck(ctx, limit) })
}

// Event reads one event, or billhook.ErrNotFound.
func (d *Database) Event(ctx context.Context, storeID, id string) (billhook.Event, error) {
	return readShort(d, func(r *sqlstore.Reader) (billhook.Event, error) { return r.Event(ctx, storeID, id) })
}

// Events reads events, newest first.
func (d *Database) Events(ctx context.Context, f billhook.EventFilter) ([]billhook.Event, error) {
	return read(d, func(r *sqlstore.Reader) ([]billhook.Event, error) { return r.Events(ctx, f) })
}

// Delivery reads one delivery, or billhook.ErrNotFound.
func (d *Database) Delivery(ctx context.Context, storeID, id string) (billhook.Delivery, error) {
	return read(d, func(r *sqlstore.Reader) (billhook.Delivery, error) { return r.Delivery(ctx, storeID, id) })
}

// Deliveries reads deliveries, pending and over, by id descending.
func (d *Database) Deliveries(ctx context.Context, f billhook.DeliveryFilter) ([]billhook.Delivery, error) {
	if f.WebhookID != "" {
		return readListed(ctx, d, func(r *sqlstore.Reader) ([]billhook.Delivery, error) { return r.Deliveries(ctx, f) })
	}
	return read(d, func(r *sqlstore.Reader) ([]billhook.Delivery, error) { return r.Deliveries(ctx, f) })
}

// Edge finds how far back n deliveries reach that an index leads to.
func (d *Database) Edge(ctx context.Context, f billhook.DeliveryFilter, n int) (billhook.DeliveryEdge, error) {
	return readListed(ctx, d, func(r *sqlstore.Reader) (billhook.DeliveryEdge, error) { return r.Edge(ctx, f, n) })
}

// EventsAbout reads the ids of the newest events about an entity of whatever type.
func (d *Database) EventsAbout(ctx context.Context, storeID, entityID string, limit int) ([]string, error) {
	return read(d, func(r *sqlstore.Reader) ([]string, error) { return r.EventsAbout(ctx, storeID, entityID, limit) })
}

// Attempts reads a delivery's attempts, first to last.
func (d *Database) Attempts(ctx context.Context, storeID, deliveryID string) ([]billhook.Attempt, error) {
	return read(d, func(r *sqlstore.Reader) ([]billhook.Attempt, error) { return r.Attempts(ctx, storeID, deliveryID) })
}

// Outbox is empty: Go is at hand wherever the file is, and EmitTx with it.
func (d *Database) Outbox(context.Context, int) ([]billhook.Asked, error) { return nil, nil }

// Audit reads entries of the audit log, newest first.
func (d *Database) Audit(ctx context.Context, f billhook.AuditFilter) ([]billhook.AuditEntry, error) {
	return read(d, func(r *sqlstore.Reader) ([]billhook.AuditEntry, error) { return r.Audit(ctx, f) })
}

// AuditHeads reads the ends of the store's chains.
func (d *Database) AuditHeads(ctx context.Context, storeID string) ([]billhook.AuditHead, error) {
	return read(d, func(r *sqlstore.Reader) ([]billhook.AuditHead, error) { return r.AuditHeads(ctx, storeID) })
}

// AuditFloors reads where the store's chains begin.
func (d *Database) AuditFloors(ctx context.Context, storeID string) ([]billhook.AuditFloor, error) {
	return read(d, func(r *sqlstore.Reader) ([]billhook.AuditFloor, error) { return r.AuditFloors(ctx, storeID) })
}

// Erasures reads erasures, by id descending.
func (d *Database) Erasures(ctx context.Context, f billhook.ErasureFilter) ([]billhook.Erasure, error) {
	return read(d, func(r *sqlstore.Reader) ([]billhook.Erasure, error) { return r.Erasures(ctx, f) })
}

// Forget does nothing: rows go one by one, and their pages are used again.
func (d *Database) Forget(context.Context, billhook.Horizon) (billhook.Horizon, error) {
	return billhook.Horizon{}, nil
}

// AuditChain reads entries of one chain, complete, from the number on.
func (d *Database) AuditChain(ctx context.Context, storeID string, chain, from int64, limit int) ([]billhook.AuditEntry, error) {
	return read(d, func(r *sqlstore.Reader) ([]billhook.AuditEntry, error) {
		return r.AuditChain(ctx, storeID, chain, from, limit)
	})
}

// AuditSince reads a store's entries, complete, that come after the position.
func (d *Database) AuditSince(ctx context.Context, storeID string, after billhook.EventPosition, until time.Time, limit int) ([]billhook.AuditEntry, error) {
	return read(d, func(r *sqlstore.Reader) ([]billhook.AuditEntry, error) {
		return r.AuditSince(ctx, storeID, after, until, limit)
	})
}

// Backlog counts a lane's pending deliveries.
func (d *Database) Backlog(ctx context.Context, lane billhook.Lane, dueBefore, createdBefore time.Time) (billhook.Backlog, error) {
	return readListed(ctx, d, func(r *sqlstore.Reader) (billhook.Backlog, error) {
		return r.Backlog(ctx, owner, lane, dueBefore, createdBefore)
	})
}

// Ledger reads a webhook's days, the latest first.
func (d *Database) Ledger(ctx context.Context, f billhook.LedgerFilter) ([]billhook.LedgerDay, error) {
	return read(d, func(r *sqlstore.Reader) ([]billhook.LedgerDay, error) { return r.Ledger(ctx, f) })
}

// ActivityCounts reads what was counted of a store.
func (d *Database) ActivityCounts(ctx context.Context, storeID string, from, to time.Time) ([]billhook.ActivityCount, error) {
	return read(d, func(r *sqlstore.Reader) ([]billhook.ActivityCount, error) {
		return r.ActivityCounts(ctx, storeID, from, to)
	})
}

// Backlogs counts what is pending for each webhook.
func (d *Database) Backlogs(ctx context.Context, storeID string) ([]billhook.LaneBacklog, error) {
	return readListed(ctx, d, func(r *sqlstore.Reader) ([]billhook.LaneBacklog, error) { return r.Backlogs(ctx, storeID) })
}

// LedgerSince is the first day of a store of which all is counted.
func (d *Database) LedgerSince(ctx context.Context, storeID string) (time.Time, error) {
	return read(d, func(r *sqlstore.Reader) (time.Time, error) { return r.LedgerSince(ctx, storeID) })
}

// Forgotten is up to when the deliveries of a store's events may be gone.
func (d *Database) Forgotten(ctx context.Context, storeID string) (time.Time, error) {
	return read(d, func(r *sqlstore.Reader) (time.Time, error) { return r.Forgotten(ctx, storeID) })
}

// Counted reads a store's deliveries that come after the id, by id.
func (d *Database) Counted(ctx context.Context, storeID, after string, limit int) ([]billhook.Counted, error) {
	return read(d, func(r *sqlstore.Reader) ([]billhook.Counted, error) { return r.Counted(ctx, storeID, after, limit) })
}

// Recovery reads one recovery, or billhook.ErrNotFound.
func (d *Database) Recovery(ctx context.Context, storeID, id string) (billhook.Recovery, error) {
	return read(d, func(r *sqlstore.Reader) (billhook.Recovery, error) { return r.Recovery(ctx, storeID, id) })
}

// Recoveries reads recoveries, by id descending.
func (d *Database) Recoveries(ctx context.Context, f billhook.RecoveryFilter) ([]billhook.Recovery, error) {
	return read(d, func(r *sqlstore.Reader) ([]billhook.Recovery, error) { return r.Recoveries(ctx, f) })
}

// RecoveryOutcome counts what became of a recovery's deliveries.
func (d *Database) RecoveryOutcome(ctx context.Context, storeID, id string, after int64, limit int) (counted billhook.RecoveryOutcome, reached int64, err error) {
	counted, err = read(d, func(r *sqlstore.Reader) (all billhook.RecoveryOutcome, err error) {
		all, reached, err = r.RecoveryOutcome(ctx, storeID, id, after, limit)
		return all, err
	})
	return counted, reached, err
}

// Over reads deliveries that are over, by id ascending.
func (d *Database) Over(ctx context.Context, f billhook.OverFilter) ([]billhook.Delivery, error) {
	return read(d, func(r *sqlstore.Reader) ([]billhook.Delivery, error) { return r.Over(ctx, f) })
}

// EventsFor reads events, oldest first, and whether a webhook has them.
func (d *Database) EventsFor(ctx context.Context, f billhook.EventsForFilter) ([]billhook.EventFor, error) {
	return read(d, func(r *sqlstore.Reader) ([]billhook.EventFor, error) { return r.EventsFor(ctx, f) })
}

// ChainEnds reads where the store's chains end.
func (d *Database) ChainEnds(ctx context.Context, storeID string) ([]billhook.ChainEnd, error) {
	return read(d, func(r *sqlstore.Reader) ([]billhook.ChainEnd, error) { return r.ChainEnds(ctx, storeID) })
}

// ChainEvents reads events of one chain, by number.
func (d *Database) ChainEvents(ctx context.Context, a billhook.ChainRange) ([]billhook.ChainEvent, error) {
	return read(d, func(r *sqlstore.Reader) ([]billhook.ChainEvent, error) { return r.ChainEvents(ctx, a) })
}

// ChainsSince reads the first event of each chain that is from a time or later.
func (d *Database) ChainsSince(ctx context.Context, storeID string, since time.Time) ([]billhook.ChainEnd, error) {
	return read(d, func(r *sqlstore.Reader) ([]billhook.ChainEnd, error) { return r.ChainsSince(ctx, storeID, since) })
}
