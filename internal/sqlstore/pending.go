package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/billhook/billhook"
)

const (
	pendingColumns = "store_id, id, webhook_id, event_id, event_type, attempts, attempts_before, status_code, reason, created_at, last_attempt_at, due_at, owner"

	// selectPending reads what a Pending holds.
	selectPending = "SELECT " + pendingFields + " FROM billhook.pending "
	pendingFields = "store_id, webhook_id, due_at, id, event_id, event_type, attempts, attempts_before, created_at, first_due, entity_type, entity_id, sequence"

	// lanes skips from store to store and within each from webhook to webhook,
	// so it costs as much as there are lanes and not as there are deliveries.
	// The owner is asked for last: that is one look for each lane, and nothing
	// that a planner could make a join with the whole table of. The order leaves
	// it the one index.
	lanes = `WITH RECURSIVE
		store (id) AS (
			SELECT MIN(store_id) FROM billhook.listed
			UNION ALL
			SELECT (SELECT MIN(store_id) FROM billhook.listed WHERE store_id > store.id) FROM store WHERE id IS NOT NULL
		),
		lane (store_id, webhook_id) AS (
			SELECT id, (SELECT MIN(webhook_id) FROM billhook.listed WHERE store_id = store.id) FROM store WHERE id IS NOT NULL
			UNION ALL
			SELECT store_id, (SELECT MIN(p.webhook_id) FROM billhook.listed p WHERE p.store_id = lane.store_id AND p.webhook_id > lane.webhook_id)
			FROM lane WHERE webhook_id IS NOT NULL
		)
		SELECT store_id, webhook_id FROM lane WHERE webhook_id IS NOT NULL
			AND (SELECT 1 FROM billhook.listed p WHERE p.store_id = lane.store_id AND p.webhook_id = lane.webhook_id AND p.owner = ?
				ORDER BY p.due_at, p.id LIMIT 1) IS NOT NULL`

	// Here and in all that runs often, CAST keeps SQLite from looking at the value
	// of an argument: at a LIMIT's, and at one that is compared with a column that
	// some partial index asks for. What it has looked at it plans anew each time,
	// which took four fifths of this statement.
	selectLane = "SELECT " + pendingFields + " FROM billhook.listed WHERE store_id = ? AND webhook_id = ? AND owner = CAST(? AS BIGINT) AND (due_at, id) > (?, ?) ORDER BY due_at, id LIMIT CAST(? AS BIGINT)"
)

// Most deliveries that are written to wait are new, and have less to tell.
var (
	insertPending = &bulk{
		what:   "insert pending deliveries",
		insert: "billhook.pending (" + pendingColumns + ", first_due)",
		shared: 2,
		row:    []string{"?1", textKind, textKind, textKind, textKind, bigintKind, bigintKind, bigintKind, textKind, bigintKind, bigintKind, bigintKind, "?2", bigintKind},
	}
	insertNew = &bulk{
		what:   "insert new deliveries",
		insert: "billhook.pending (" + pendingColumns + ")",
		shared: 2,
		row:    []string{"?1", textKind, textKind, textKind, textKind, "0", "0", "0", "NULL", bigintKind, "0", bigintKind, "?2"},
	}
	insertPlaced = &bulk{
		what:   "insert deliveries that are in an order",
		insert: "billhook.pending (" + pendingColumns + ", " + placeColumns + ")",
		shared: 1,
		row: []string{"?1", textKind, textKind, textKind, textKind, bigintKind, bigintKind, bigintKind, textKind, bigintKind, bigintKind, bigintKind, bigintKind,
			textKind, textKind, bigintKind},
	}
)

// A waiting is a row of what waits.
type waiting struct {
	*billhook.Pending
	attempts      int
	dueAt         int64
	statusCode    int
	reason        string
	lastAttemptAt int64
	owner         int64 // of one that is in a strand
}

func newWaiting(p *billhook.Pending) waiting {
	return waiting{Pending: p, attempts: p.Attempts, dueAt: nanos(p.DueAt)}
}

func (p *waiting) isNew() bool {
	return p.attempts+p.AttemptsBefore+p.statusCode == 0 && p.reason == "" && p.lastAttemptAt == 0 && p.FirstDue.IsZero()
}

// wait inserts the rows, which are in the order of their stores.
func (w *Writer) wait(ctx context.Context, all []waiting) error {
	if slices.ContainsFunc(all, inStrand) {
		if err := w.waitPlaced(ctx, slices.DeleteFunc(slices.Clone(all), func(p waiting) bool { return !inStrand(p) })); err != nil {
			return err
		}
		all = slices.DeleteFunc(all, inStrand)
	}
	fresh, b := true, insertNew
	for i := range all {
		fresh = fresh && all[i].isNew()
	}
	if fresh && w.late {
		b = insertUnlisted
		for i := range all {
			w.listing.added = append(w.listing.added, rowKey{all[i].StoreID, all[i].ID})
		}
	}
	own := func(args []any, i int) []any {
		p := &all[i]
		return append(args, p.ID, p.WebhookID, p.EventID, p.EventType, nanos(p.CreatedAt), p.dueAt)
	}
	if !fresh {
		b = insertPending
		own = func(args []any, i int) []any {
			p := &all[i]
			return append(args, p.ID, p.WebhookID, p.EventID, p.EventType, int64(p.attempts), int64(p.AttemptsBefore),
				int64(p.statusCode), optional(p.reason), nanos(p.CreatedAt), p.lastAttemptAt, p.dueAt, nanos(p.FirstDue))
		}
	}
	return w.all(ctx, b, rows{
		n:      len(all),
		same:   func(i, j int) bool { return all[i].StoreID == all[j].StoreID },
		shared: func(args []any, i int) []any { return append(args, all[i].StoreID, w.Owner) },
		own:    own,
	})
}

func inStrand(p waiting) bool { return p.Place != nil }

// waitPlaced is wait for deliveries that are in strands.
func (w *Writer) waitPlaced(ctx context.Context, all []waiting) error {
	return w.all(ctx, insertPlaced, rows{
		n:      len(all),
		same:   func(i, j int) bool { return all[i].StoreID == all[j].StoreID },
		shared: func(args []any, i int) []any { return append(args, all[i].StoreID) },
		own: func(args []any, i int) []any {
			p := &all[i]
			return append(args, p.ID, p.WebhookID, p.EventID, p.EventType, int64(p.attempts), int64(p.AttemptsBefore),
				int64(p.statusCode), optional(p.reason), nanos(p.CreatedAt), p.lastAttemptAt, p.dueAt, p.owner,
				p.Place.Entity.Type, p.Place.Entity.ID, p.Place.Sequence)
		},
	})
}

// Lanes names every webhook for which the owner has pending deliveries.
func (r *Reader) Lanes(ctx context.Context, owner int64) ([]billhook.Lane, error) {
	rows, err := r.query(ctx, lanes, owner)
	all, err := collect(rows, err, scanLane)
	if err != nil {
		return nil, fmt.Errorf("read lanes: %w", err)
	}
	return all, nil
}

func scanLane(from Row) (l billhook.Lane, err error) { return l, from.Scan(&l.StoreID, &l.WebhookID) }

// Pending reads the owner's deliveries of a lane after the position, at most
// limit.
func (r *Reader) Pending(ctx context.Context, owner int64, lane billhook.Lane, after billhook.Position, limit int) ([]billhook.Pending, error) {
	rows, err := r.query(ctx, selectLane, lane.StoreID, lane.WebhookID, owner, nanos(after.DueAt), after.ID, int64(limit))
	all, err := collect(rows, err, scanPending)
	if err != nil {
		return nil, fmt.Errorf("read pending deliveries: %w", err)
	}
	return all, nil
}

func scanPending(from Row) (p billhook.Pending, err error) {
	var due, created, first int64
	var kind, id sql.NullString
	var sequence sql.NullInt64
	err = from.Scan(&p.StoreID, &p.WebhookID, &due, &p.ID, &p.EventID, &p.EventType, &p.Attempts, &p.AttemptsBefore, &created, &first, &kind, &id, &sequence)
	p.DueAt, p.CreatedAt, p.FirstDue = moment(due), moment(created), moment(first)
	if id.Valid {
		p.Place = &billhook.Place{Entity: billhook.Reference{Type: kind.String, ID: id.String}, Sequence: sequence.Int64}
	}
	return p, err
}
