package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/billhook/billhook"
)

const (
	selectOutbox = "SELECT store_id, number, type, data, COALESCE(id, ''), COALESCE(idempotency_key, ''), COALESCE(entity_type, ''), COALESCE(entity_id, ''), " +
		"COALESCE(actor_type, ''), COALESCE(actor_id, ''), occurred_at, deliver_at, asked_at FROM billhook.outbox"
	// selectShare reads what a node is to deal with: the living take turns, so that
	// no two do the same work, and one entity's are all one node's, in their order.
	// Who comes and goes may make two of them take one entry: the second finds it
	// gone.
	selectShare = selectOutbox + ", (SELECT GREATEST(count(*), 1) AS living, count(*) FILTER (WHERE epoch < ?) AS before FROM billhook.nodes WHERE state = 'alive') AS nodes " +
		"WHERE refused IS NULL AND abs(CASE WHEN entity_id IS NULL THEN number ELSE hashtext(entity_type || '/' || entity_id) END % nodes.living) = nodes.before ORDER BY number LIMIT CAST(? AS BIGINT)"
	// selectOverdue reads what whoever's turn it was has not dealt with in time. It
	// may be dead.
	selectOverdue = selectOutbox + " WHERE refused IS NULL AND asked_at < (extract(epoch FROM clock_timestamp()) * 1000000)::bigint * 1000 - ? ORDER BY number LIMIT CAST(? AS BIGINT)"
	refuseAsked   = "UPDATE billhook.outbox SET refused = ? WHERE store_id = ? AND number = ?"
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

// overdue is after how long an entry of the outbox is anyone's.
const overdue = 2 * time.Second

// Outbox reads what was asked for and is the owner's to deal with, oldest first;
// where there is none of that, what is anyone's.
func (r *Reader) Outbox(ctx context.Context, owner int64, limit int) ([]billhook.Asked, error) {
	rows, err := r.query(ctx, selectShare, owner, int64(limit))
	all, err := collect(rows, err, scanAsked)
	if err == nil && len(all) == 0 {
		rows, err = r.query(ctx, selectOverdue, overdue.Nanoseconds(), int64(limit))
		all, err = collect(rows, err, scanAsked)
	}
	if err != nil {
		return nil, fmt.Errorf("read outbox: %w", err)
	}
	return all, nil
}

func scanAsked(from Row) (a billhook.Asked, err error) {
	var occurred, deliver, at int64
	e := &a.Emission
	err = from.Scan(&e.StoreID, &a.Number, &e.Type, &e.Data, &e.ID, &e.IdempotencyKey, &e.Entity.Type, &e.Entity.ID, &e.Actor.Type, &e.Actor.ID, &occurred, &deliver, &at)
	e.OccurredAt, e.DeliverAt, a.At = moment(occurred), moment(deliver), moment(at)
	return a, err
}
