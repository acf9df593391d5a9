package sqlstore

import (
	"context"
	"fmt"

	"github.com/billhook/billhook"
)

// Nobody is the owner of what no node owns.
const Nobody = 0

const selectUnowned = selectPending + "WHERE owner = 0 ORDER BY store_id, webhook_id, due_at, id LIMIT ?"

var takeUnowned = &bulk{
	what:   "take over deliveries",
	change: "UPDATE billhook.pending SET owner = ?2",
	table:  "billhook.pending",
	where:  "store_id = ?1 AND owner = 0",
	name:   "id",
	shared: 2,
	row:    []string{textKind},
}

// claim makes what nobody owns the writer's.
func (w *Writer) claim(ctx context.Context, c *billhook.Claim) error {
	found, err := w.conn.Query(ctx, selectUnowned+w.dialect.Lock, int64(c.Limit))
	c.Deliveries, err = collect(found, err, scanPending)
	if err != nil {
		return fmt.Errorf("read unowned deliveries: %w", err)
	}
	return w.all(ctx, takeUnowned, rows{
		n:      len(c.Deliveries),
		same:   func(i, j int) bool { return c.Deliveries[i].StoreID == c.Deliveries[j].StoreID },
		shared: func(args []any, i int) []any { return append(args, c.Deliveries[i].StoreID, w.Owner) },
		own:    func(args []any, i int) []any { return append(args, c.Deliveries[i].ID) },
	})
}

// SomeUnowned asks, with one look into each of three small indexes, whether there
// is something that nobody owns, or that is in no chain.
const SomeUnowned = "EXISTS (SELECT 1 FROM billhook.pending WHERE owner = 0) " +
	"OR EXISTS (SELECT 1 FROM billhook.events WHERE chain = 0) OR EXISTS (SELECT 1 FROM billhook.audit WHERE chain = 0)"

// Unowned reports whether there is something that nobody owns, or that is in no
// chain.
func (r *Reader) Unowned(ctx context.Context) (bool, error) {
	rows, err := r.query(ctx, "SELECT 1 WHERE "+SomeUnowned)
	found, err := collect(rows, err, func(from Row) (n int, err error) { return n, from.Scan(&n) })
	return len(found) > 0, err
}
