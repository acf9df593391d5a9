package sqlstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/billhook/billhook"
)

const (
	selectOutbox = "SELECT store_id, number, type, data, COALESCE(id, ''), COALESCE(idempotency_key, ''), COALESCE(entity_type, ''), COALESCE(entity_id, ''), " +
		"COALESCE(actor_type, ''), COALESCE(actor_id, ''), occurred_at, asked_at FROM billhook.outbox WHERE refused IS NULL ORDER BY number LIMIT ?"
	refuseAsked = "UPDATE billhook.outbox SET refused = ? WHERE store_id = ? AND number = ?"
)

var deleteAsked = &bulk{
	what:   "take from the outbox",
	change: "DELETE FROM billhook.outbox",
	table:  "billhook.outbox",
	where:  "store_id = ?1",
	name:   "number",
	shared: 1,
	row:    []string{bigintKind},
}

// takeAsked takes those that were asked for from the outbox, and leaves out
// those that are not there any more.
func (w *Writer) takeAsked(ctx context.Context, emits []*billhook.Emit) ([]*billhook.Emit, error) {
	var asked []*billhook.Emit
	for _, e := range emits {
		if e.Asked != 0 {
			asked = append(asked, e)
		}
	}
	if len(asked) == 0 {
		return emits, nil
	}
	gone, err := w.each(ctx, deleteAsked, rows{
		n:      len(asked),
		same:   func(i, j int) bool { return asked[i].Event.StoreID == asked[j].Event.StoreID },
		shared: func(args []any, i int) []any { return append(args, asked[i].Event.StoreID) },
		own:    func(args []any, i int) []any { return append(args, asked[i].Asked) },
	})
	if err != nil || len(gone) == 0 {
		return emits, err
	}
	for _, i := range gone {
		asked[i].Gone = true
	}
	return slices.DeleteFunc(slices.Clone(emits), func(e *billhook.Emit) bool { return e.Gone }), nil
}

func (w *Writer) refuse(ctx context.Context, r *billhook.Refusal) error {
	if _, err := w.conn.Exec(ctx, refuseAsked, r.Reason, r.StoreID, r.Number); err != nil {
		return fmt.Errorf("refuse what was asked for: %w", err)
	}
	return nil
}

// Outbox reads what was asked for, oldest first.
func (r *Reader) Outbox(ctx context.Context, limit int) ([]billhook.Asked, error) {
	rows, err := r.query(ctx, selectOutbox, int64(limit))
	all, err := collect(rows, err, scanAsked)
	if err != nil {
		return nil, fmt.Errorf("read outbox: %w", err)
	}
	return all, nil
}

func scanAsked(from Row) (a billhook.Asked, err error) {
	var occurred, at int64
	e := &a.Emission
	err = from.Scan(&e.StoreID, &a.Number, &e.Type, &e.Data, &e.ID, &e.IdempotencyKey, &e.Entity.Type, &e.Entity.ID, &e.Actor.Type, &e.Actor.ID, &occurred, &at)
	e.OccurredAt, a.At = moment(occurred), moment(at)
	return a, err
}
