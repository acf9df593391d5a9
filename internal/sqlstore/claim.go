package sqlstore

import (
	"context"
	"fmt"

	"github.com/billhook/billhook"
)

// Nobody is the owner of what no node owns.
const Nobody = 0

const (
	selectUnowned = selectPending + "WHERE owner = 0 ORDER BY store_id, webhook_id, due_at, id LIMIT CAST(? AS BIGINT)"

	// selectLost reads lanes of one owner one after the other, each from a position
	// on, until there is enough.
	selectLost = "SELECT p.* FROM unnest(?1::text[], ?2::text[], ?3::bigint[], ?4::text[]) AS lane (store_id, webhook_id, due_at, id), LATERAL (" +
		selectPending + "WHERE store_id = lane.store_id AND webhook_id = lane.webhook_id AND owner = ?5 AND (due_at, id) > (lane.due_at, lane.id) " +
		"ORDER BY due_at, id LIMIT ?6"
	endSelectLost = ") AS p LIMIT ?6"
	// lanesAtOnce is how many lanes one such statement is given at most.
	lanesAtOnce = 256
)

var takeOver = &bulk{
	what:   "take over deliveries",
	change: "UPDATE billhook.pending SET owner = ?2",
	table:  "billhook.pending",
	where:  "store_id = ?1 AND owner = ?3",
	name:   "id",
	shared: 3,
	row:    []string{textKind},
}

// claim makes what nobody living owns the writer's: what is nobody's, and then
// what lost nodes had. Nothing can be added to that any more, and each row is
// written once.
func (w *Writer) claim(ctx context.Context, c *billhook.Claim) error {
	found, err := w.conn.Query(ctx, selectUnowned+w.dialect.Lock, int64(c.Limit))
	c.Deliveries, err = collect(found, err, scanPending)
	if err != nil {
		return fmt.Errorf("read unowned deliveries: %w", err)
	}
	var free, placed []billhook.Pending
	for i := range c.Deliveries {
		p := &c.Deliveries[i]
		if p.Behind = p.Place != nil; p.Behind {
			w.touch(p.Strand())
			placed = append(placed, *p)
		} else {
			free = append(free, *p)
		}
	}
	if err := w.takeFrom(ctx, Nobody, w.Owner, free); err != nil {
		return err
	}
	if err := w.takeFrom(ctx, Nobody, behind, placed); err != nil {
		return err
	}
	// Where it goes on with what an earlier claim has looked up, it looks once more
	// in the end.
	if err := w.foldLedger(ctx); err != nil {
		return err
	}
	for looks := 0; w.dialect.Lost != "" && len(c.Deliveries) < c.Limit; {
		if len(w.estates) == 0 {
			if looks++; looks > 1 {
				return nil
			}
			if err := w.findEstates(ctx); err != nil {
				return fmt.Errorf("look for deliveries of lost nodes: %w", err)
			}
			continue
		}
		if err := w.inherit(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// takeFrom gives deliveries to an owner that are another's, and locked.
func (w *Writer) takeFrom(ctx context.Context, owner, to int64, all []billhook.Pending) error {
	return w.all(ctx, takeOver, rows{
		n:      len(all),
		same:   func(i, j int) bool { return all[i].StoreID == all[j].StoreID },
		shared: func(args []any, i int) []any { return append(args, all[i].StoreID, to, owner) },
		own:    func(args []any, i int) []any { return append(args, all[i].ID) },
	})
}

// An estate is what a lost node owns still, as far as it is known: lanes, and in
// the first of them what comes after a position. It is kept from one claim to the
// next, since what was taken stays in the index for a while, and would have to be
// passed over each time.
type estate struct {
	owner int64
	lanes []billhook.Lane
	after billhook.Position
}

// findEstates looks for all of them anew, from the beginning.
func (w *Writer) findEstates(ctx context.Context) error {
	found, err := w.conn.Query(ctx, w.dialect.Lost)
	owners, err := collect(found, err, func(from Row) (owner int64, err error) { return owner, from.Scan(&owner) })
	if err != nil {
		return err
	}
	for _, owner := range owners {
		found, err := w.conn.Query(ctx, lanes, owner)
		left, err := collect(found, err, scanLane)
		if err != nil {
			return err
		}
		if len(left) > 0 {
			w.estates = append(w.estates, estate{owner: owner, lanes: left})
		}
	}
	return nil
}

// inherit takes from the first estate. What others have locked is left to them;
// it is found again by who looks anew.
func (w *Writer) inherit(ctx context.Context, c *billhook.Claim) error {
	e := &w.estates[0]
	limit := c.Limit - len(c.Deliveries)
	some := e.lanes[:min(len(e.lanes), lanesAtOnce)]
	stores, webhooks, ids := make([]*string, len(some)), make([]*string, len(some)), make([]*string, len(some))
	dues, first := make([]int64, len(some)), ""
	for i := range some {
		stores[i], webhooks[i], ids[i] = &some[i].StoreID, &some[i].WebhookID, &first
	}
	dues[0], ids[0] = nanos(e.after.DueAt), &e.after.ID
	found, err := w.conn.Query(ctx, selectLost+w.dialect.Lock+endSelectLost, stores, webhooks, dues, ids, e.owner, int64(limit))
	got, err := collect(found, err, scanPending)
	if err != nil {
		return fmt.Errorf("read deliveries of a lost node: %w", err)
	}
	if err := w.takeFrom(ctx, e.owner, w.Owner, got); err != nil {
		return err
	}
	c.Deliveries = append(c.Deliveries, got...)
	if len(got) == limit {
		e.goOn(got[limit-1])
		return nil
	}
	if e.lanes, e.after = e.lanes[len(some):], (billhook.Position{}); len(e.lanes) == 0 {
		w.estates = w.estates[1:]
	}
	return nil
}

// goOn leaves out what comes before a delivery, and that.
func (e *estate) goOn(last billhook.Pending) {
	for e.lanes[0] != last.Lane {
		e.lanes = e.lanes[1:]
	}
	e.after = last.Position
}

// SomeUnowned asks, with one look into each of four small indexes, whether there
// is something that nobody owns, or that is in no chain, or counted by nobody.
const SomeUnowned = "EXISTS (SELECT 1 FROM billhook.pending WHERE owner = 0) " +
	"OR EXISTS (SELECT 1 FROM billhook.events WHERE chain = 0) OR EXISTS (SELECT 1 FROM billhook.audit WHERE chain = 0) " +
	"OR EXISTS (SELECT 1 FROM billhook.ledger WHERE node < 0)"

// Unowned reports whether there is something that nobody owns, or that is in no
// chain.
func (r *Reader) Unowned(ctx context.Context) (bool, error) {
	rows, err := r.query(ctx, "SELECT 1 WHERE "+SomeUnowned)
	found, err := collect(rows, err, func(from Row) (n int, err error) { return n, from.Scan(&n) })
	return len(found) > 0, err
}
