package postgres

import (
	"context"
	"time"

	"github.com/billhook/billhook"
)

// Configuration reads all stores, webhooks, API keys and event types, the deleted and
// the revoked too, as they were at one moment: the reading sessions' isolation sees
// to that. Commits wait for it, so it does not wait for lists.
func (d *Database) Configuration(ctx context.Context) (billhook.Configuration, error) {
	return d.engineReader.Configuration(ctx)
}

// Outbox reads events that others asked for in SQL and that are this node's to
// deal with, oldest first.
func (d *Database) Outbox(ctx context.Context, limit int) ([]billhook.Asked, error) {
	return d.engineReader.Outbox(ctx, d.owner(), limit)
}

// Lanes names every webhook for which this node owns pending deliveries, once.
func (d *Database) Lanes(ctx context.Context) ([]billhook.Lane, error) {
	return d.engineReader.Lanes(ctx, d.owner())
}

// Pending reads the lane's pending deliveries that this node owns and that come
// after the position.
func (d *Database) Pending(ctx context.Context, lane billhook.Lane, after billhook.Position, limit int) ([]billhook.Pending, error) {
	return d.engineReader.Pending(ctx, d.owner(), lane, after, limit)
}

// Newest reads the newest delivery of an event type that is held back in a strand
// behind a sequence.
func (d *Database) Newest(ctx context.Context, of billhook.Strand, eventType string, sequence int64) (billhook.Pending, error) {
	return d.engineReader.Newest(ctx, of, eventType, sequence)
}

// Stuck reads strands of which something is held back and nothing is to be sent. It
// may take long, as a list may.
func (d *Database) Stuck(ctx context.Context, limit int) ([]billhook.Strand, error) {
	return d.reader.Stuck(ctx, limit)
}

// Event reads one event, or billhook.ErrNotFound.
func (d *Database) Event(ctx context.Context, storeID, id string) (billhook.Event, error) {
	return d.engineReader.Event(ctx, storeID, id)
}

// Events reads events, newest first.
func (d *Database) Events(ctx context.Context, f billhook.EventFilter) ([]billhook.Event, error) {
	return d.reader.Events(ctx, f)
}

// Delivery reads one delivery, or billhook.ErrNotFound.
func (d *Database) Delivery(ctx context.Context, storeID, id string) (billhook.Delivery, error) {
	return d.reader.Delivery(ctx, storeID, id)
}

// Deliveries reads deliveries, pending and over, by id descending.
func (d *Database) Deliveries(ctx context.Context, f billhook.DeliveryFilter) ([]billhook.Delivery, error) {
	return d.reader.Deliveries(ctx, f)
}

// Edge finds how far back n deliveries reach that an index leads to.
func (d *Database) Edge(ctx context.Context, f billhook.DeliveryFilter, n int) (billhook.DeliveryEdge, error) {
	return d.reader.Edge(ctx, f, n)
}

// EventsAbout reads the ids of the newest events about an entity of whatever type.
func (d *Database) EventsAbout(ctx context.Context, storeID, entityID string, limit int) ([]string, error) {
	return d.reader.EventsAbout(ctx, storeID, entityID, limit)
}

// Attempts reads a delivery's attempts, first to last.
func (d *Database) Attempts(ctx context.Context, storeID, deliveryID string) ([]billhook.Attempt, error) {
	return d.reader.Attempts(ctx, storeID, deliveryID)
}

// Audit reads entries of the audit log, newest first.
func (d *Database) Audit(ctx context.Context, f billhook.AuditFilter) ([]billhook.AuditEntry, error) {
	return d.reader.Audit(ctx, f)
}

// AuditHeads reads the ends of the store's chains.
func (d *Database) AuditHeads(ctx context.Context, storeID string) ([]billhook.AuditHead, error) {
	return d.reader.AuditHeads(ctx, storeID)
}

// AuditFloors reads where the store's chains begin.
func (d *Database) AuditFloors(ctx context.Context, storeID string) ([]billhook.AuditFloor, error) {
	return d.reader.AuditFloors(ctx, storeID)
}

// Erasures reads erasures, by id descending.
func (d *Database) Erasures(ctx context.Context, f billhook.ErasureFilter) ([]billhook.Erasure, error) {
	return d.reader.Erasures(ctx, f)
}

// AuditChain reads entries of one chain, complete, from the number on.
func (d *Database) AuditChain(ctx context.Context, storeID string, chain, from int64, limit int) ([]billhook.AuditEntry, error) {
	return d.reader.AuditChain(ctx, storeID, chain, from, limit)
}

// AuditSince reads a store's entries, complete, that come after the position.
func (d *Database) AuditSince(ctx context.Context, storeID string, after billhook.EventPosition, until time.Time, limit int) ([]billhook.AuditEntry, error) {
	return d.reader.AuditSince(ctx, storeID, after, until, limit)
}

// Backlog counts a lane's pending deliveries.
func (d *Database) Backlog(ctx context.Context, lane billhook.Lane, dueBefore, createdBefore time.Time) (billhook.Backlog, error) {
	return d.reader.Backlog(ctx, d.owner(), lane, dueBefore, createdBefore)
}

// Ledger reads a webhook's days, the latest first.
func (d *Database) Ledger(ctx context.Context, f billhook.LedgerFilter) ([]billhook.LedgerDay, error) {
	return d.reader.Ledger(ctx, f)
}

// ActivityCounts reads what was counted of a store.
func (d *Database) ActivityCounts(ctx context.Context, storeID string, from, to time.Time) ([]billhook.ActivityCount, error) {
	return d.reader.ActivityCounts(ctx, storeID, from, to)
}

// Backlogs counts what is pending for each webhook.
func (d *Database) Backlogs(ctx context.Context, storeID string) ([]billhook.LaneBacklog, error) {
	return d.reader.Backlogs(ctx, storeID)
}

// LedgerSince is the first day of a store of which all is counted.
func (d *Database) LedgerSince(ctx context.Context, storeID string) (time.Time, error) {
	return d.reader.LedgerSince(ctx, storeID)
}

// Forgotten is up to when the deliveries of a store's events may be gone.
func (d *Database) Forgotten(ctx context.Context, storeID string) (time.Time, error) {
	return d.reader.Forgotten(ctx, storeID)
}

// Counted reads a store's deliveries that come after the id, by id.
func (d *Database) Counted(ctx context.Context, storeID, after string, limit int) ([]billhook.Counted, error) {
	return d.reader.Counted(ctx, storeID, after, limit)
}

// Recovery reads one recovery, or billhook.ErrNotFound.
func (d *Database) Recovery(ctx context.Context, storeID, id string) (billhook.Recovery, error) {
	return d.reader.Recovery(ctx, storeID, id)
}

// Recoveries reads recoveries, by id descending.
func (d *Database) Recoveries(ctx context.Context, f billhook.RecoveryFilter) ([]billhook.Recovery, error) {
	return d.reader.Recoveries(ctx, f)
}

// RecoveryOutcome counts what became of a recovery's deliveries.
func (d *Database) RecoveryOutcome(ctx context.Context, storeID, id string, after int64, limit int) (counted billhook.RecoveryOutcome, reached int64, err error) {
	return d.reader.RecoveryOutcome(ctx, storeID, id, after, limit)
}

// Over reads deliveries that are over, by id ascending.
func (d *Database) Over(ctx context.Context, f billhook.OverFilter) ([]billhook.Delivery, error) {
	return d.reader.Over(ctx, f)
}

// EventsFor reads events, oldest first, and whether a webhook has them.
func (d *Database) EventsFor(ctx context.Context, f billhook.EventsForFilter) ([]billhook.EventFor, error) {
	return d.reader.EventsFor(ctx, f)
}

// ChainEnds reads where the store's chains end.
func (d *Database) ChainEnds(ctx context.Context, storeID string) ([]billhook.ChainEnd, error) {
	return d.reader.ChainEnds(ctx, storeID)
}

// ChainEvents reads events of one chain, by number.
func (d *Database) ChainEvents(ctx context.Context, r billhook.ChainRange) ([]billhook.ChainEvent, error) {
	return d.reader.ChainEvents(ctx, r)
}

// ChainsSince reads the first event of each chain that is from a time or later.
func (d *Database) ChainsSince(ctx context.Context, storeID string, since time.Time) ([]billhook.ChainEnd, error) {
	return d.reader.ChainsSince(ctx, storeID, since)
}
