package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/billhook/billhook"
)

const (
	eventColumns = "store_id, id, type, created_at, occurred_at, entity_type, entity_id, actor_type, actor_id, idempotency_key, deliveries, delivery_ids, data, request_id, sequence, chain, number, hash, trace_context"
	eventFields  = "store_id, id, type, created_at, occurred_at, COALESCE(entity_type, ''), COALESCE(entity_id, ''), " +
		"COALESCE(actor_type, ''), COALESCE(actor_id, ''), COALESCE(idempotency_key, ''), COALESCE(request_id, ''), COALESCE(sequence, 0), COALESCE(trace_context, ''), deliveries, data, erased_at"
	selectEvents = "SELECT " + eventFields + " FROM billhook.events"
	eventByID    = selectEvents + " WHERE store_id = ? AND id = ?"
	eventByKey   = selectEvents + " WHERE store_id = ? AND idempotency_key = ?"
)

var (
	// insertEvents leaves out events whose id or key is taken.
	insertEvents = &bulk{
		what:   "insert events",
		insert: "billhook.events (" + eventColumns + ")",
		name:   "id",
		shared: 2,
		row: []string{"?1", textKind, textKind, bigintKind, bigintKind, textKind, textKind, textKind, textKind, textKind, bigintKind, textKind, byteaKind,
			textKind, bigintKind, "?2", bigintKind, byteaKind, textKind},
		after: " ON CONFLICT DO NOTHING",
	}
	// insertFresh is for events whose keys are reserved. Looking for a conflict
	// that cannot be would cost PostgreSQL a quarter of the work.
	insertFresh = &bulk{what: insertEvents.what, insert: insertEvents.insert, shared: insertEvents.shared, row: insertEvents.row}
)

// Emits writes the events, and then the deliveries of those that were new.
func (w *Writer) Emits(ctx context.Context, emits []*billhook.Emit) error {
	emits = byStore(emits, func(e *billhook.Emit) string { return e.Event.StoreID })
	for _, e := range emits {
		e.Existing, e.Gone, e.Event.Sequence = nil, false, 0
	}
	// Before anything is taken from the outbox, where those stay.
	emits, err := w.putAside(ctx, emits)
	if err != nil {
		return fmt.Errorf("look for keys that others hold: %w", err)
	}
	if emits, err = w.takeAsked(ctx, emits); err != nil {
		return err
	}
	insert := insertEvents
	if w.dialect.Keys {
		insert = insertFresh
		if emits, err = w.reserve(ctx, emits); err != nil {
			return err
		}
	}
	if err := w.openAll(ctx, emits); err != nil {
		return err
	}
	if err := w.takeNumbers(ctx, emits); err != nil {
		return err
	}
	var before head // the event being written, which may be there already
	taken, err := w.each(ctx, insert, rows{
		n:      len(emits),
		same:   func(i, j int) bool { return emits[i].Event.StoreID == emits[j].Event.StoreID },
		shared: func(args []any, i int) []any { return append(args, emits[i].Event.StoreID, w.chains.chain) },
		missed: func(i int) {
			w.chains.back(emits[i].Event.StoreID, before)
			w.numberBack(&emits[i].Event)
		},
		own: func(args []any, i int) []any {
			e, ids := &emits[i].Event, deliveryIDs(emits[i])
			before = w.chains.heads(e.StoreID)
			number, hash := w.addEvent(e, ids)
			return append(args, e.ID, e.Type, nanos(e.CreatedAt), nanos(e.OccurredAt), optional(e.Entity.Type), optional(e.Entity.ID),
				optional(e.Actor.Type), optional(e.Actor.ID), optional(e.IdempotencyKey), int64(e.Deliveries), ids, blob(e.Data),
				optional(e.RequestID), w.number(e), number, hash, optional(e.TraceContext.String()))
		},
	})
	if err != nil {
		return err
	}
	if err := w.giveBackNumbers(ctx); err != nil {
		return err
	}
	for _, i := range taken {
		if emits[i].Existing, err = w.existing(ctx, &emits[i].Event); err != nil {
			return fmt.Errorf("read event %q: %w", emits[i].Event.ID, err)
		}
	}
	var waiting []waiting
	for _, e := range emits {
		if e.Existing == nil {
			for i := range e.Deliveries {
				p := &e.Deliveries[i]
				one := newWaiting(p)
				if p.Behind = false; p.Place != nil {
					p.Place.Sequence = e.Event.Sequence
					w.holdBack(&one)
				}
				waiting = append(waiting, one)
			}
			w.ledger.matched(e)
		}
	}
	return w.wait(ctx, waiting)
}

// deliveryIDs is a JSON array, or NULL for none.
func deliveryIDs(e *billhook.Emit) any {
	if len(e.Deliveries) == 0 {
		return nil
	}
	ids := make([]string, len(e.Deliveries))
	for i := range e.Deliveries {
		ids[i] = e.Deliveries[i].ID
	}
	text, _ := json.Marshal(ids) // strings cannot fail
	return string(text)
}

// existing is the event that stands in the way of a new one: the one with its
// key, else the one with its id.
func (w *Writer) existing(ctx context.Context, e *billhook.Event) (*billhook.Event, error) {
	if e.IdempotencyKey != "" {
		found, err := scanEvent(w.conn.QueryRow(ctx, eventByKey, e.StoreID, e.IdempotencyKey))
		if !errors.Is(err, sql.ErrNoRows) {
			return &found, err
		}
	}
	found, err := scanEvent(w.conn.QueryRow(ctx, eventByID, e.StoreID, e.ID))
	return &found, err
}

// Event reads one event, or billhook.ErrNotFound.
func (r *Reader) Event(ctx context.Context, storeID, id string) (billhook.Event, error) {
	rows, err := r.query(ctx, eventByID, storeID, id)
	return only(rows, err, scanEvent, "event")
}

// Events reads events, newest first.
func (r *Reader) Events(ctx context.Context, f billhook.EventFilter) ([]billhook.Event, error) {
	var where conditions
	where.text("store_id", f.StoreID)
	where.text("type", f.Type)
	where.text("entity_type", f.EntityType)
	where.text("entity_id", f.EntityID)
	where.between("created_at", f.From, f.To)
	if r.dialect.Keys && f.From.IsZero() {
		// The index for this list is one of rows that have a time, so that nobody
		// looks for an id in it.
		where.add("created_at >= ?", int64(math.MinInt64))
	}
	if f.Before != (billhook.EventPosition{}) {
		where.add("(created_at, id) < (?, ?)", nanos(f.Before.CreatedAt), f.Before.ID)
	}
	text := selectEvents + where.String() + " ORDER BY created_at DESC, id DESC LIMIT CAST(? AS BIGINT)"
	rows, err := r.query(ctx, text, append(where.args, int64(f.Limit))...)
	all, err := collectUpTo(f.MaxBytes, rows, err, scanEvent, func(e *billhook.Event) int { return len(e.Data) })
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return all, nil
}

func scanEvent(from Row) (e billhook.Event, err error) {
	var created, occurred, erased int64
	var trace string
	err = from.Scan(&e.StoreID, &e.ID, &e.Type, &created, &occurred, &e.Entity.Type, &e.Entity.ID, &e.Actor.Type, &e.Actor.ID,
		&e.IdempotencyKey, &e.RequestID, &e.Sequence, &trace, &e.Deliveries, &e.Data, &erased)
	e.CreatedAt, e.OccurredAt, e.ErasedAt = moment(created), moment(occurred), moment(erased)
	e.TraceContext = billhook.ReadTraceContext(trace)
	if erased != 0 {
		e.Data = nil
	}
	return e, err
}
