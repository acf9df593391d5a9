package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"github.com/billhook/billhook"
)

// behind is the owner of what is held back in its strand (billhook.Place). No
// node's number is negative.
const behind = -2

const (
	placeColumns = "entity_type, entity_id, sequence"

	ofStrand = " WHERE store_id = ? AND webhook_id = ? AND entity_type = CAST(? AS TEXT) AND entity_id = CAST(? AS TEXT) AND entity_id IS NOT NULL"
	// selectNext reads what is next of a strand, if nothing of it is to be sent. It is
	// found first and judged then: SQLite would ask for what is to be sent once for each
	// row of the strand, which may be a hundred thousand.
	selectNext = selectPending + "WHERE store_id = ? AND id = (SELECT id FROM billhook.pending" + ofStrand + " AND owner = -2 ORDER BY sequence, id LIMIT 1) " +
		"AND NOT EXISTS (SELECT 1 FROM billhook.pending" + ofStrand + " AND owner >= 0)"
	giveOne = "UPDATE billhook.pending SET owner = ? WHERE store_id = ? AND id = ?"
	// releaseAll does both for any number of strands.
	releaseAll = "UPDATE billhook.pending SET owner = ?1 WHERE ctid = ANY (ARRAY(" +
		"SELECT found.place FROM unnest(?2::text[], ?3::text[], ?4::text[], ?5::text[]) AS own (store_id, webhook_id, entity_type, entity_id), " +
		"LATERAL (SELECT ctid AS place FROM billhook.pending AS p WHERE " + sameStrand + " AND p.owner = -2 ORDER BY p.sequence, p.id LIMIT 1) AS found " +
		"WHERE NOT EXISTS (SELECT 1 FROM billhook.pending AS p WHERE " + sameStrand + " AND p.owner >= 0 OFFSET 0))) RETURNING " + pendingFields
	sameStrand = "p.store_id = own.store_id AND p.webhook_id = own.webhook_id AND p.entity_type = own.entity_type AND p.entity_id = own.entity_id AND p.entity_id IS NOT NULL"

	selectNewest = selectPending + ofStrand + " AND owner = -2 AND event_type = ? AND sequence > CAST(? AS BIGINT) ORDER BY sequence DESC LIMIT 1"
	// selectStuck looks at all that is held back, so it is for now and then.
	selectStuck = "SELECT DISTINCT store_id, webhook_id, entity_type, entity_id FROM billhook.pending AS own WHERE own.entity_id IS NOT NULL AND own.owner = -2 " +
		"AND NOT EXISTS (SELECT 1 FROM billhook.pending AS p WHERE " + sameStrand + " AND p.owner >= 0) LIMIT CAST(? AS BIGINT)"

	// endStep is how many deliveries that are held back one Skip ends.
	endStep      = 500
	toSkip       = "SELECT id, created_at FROM billhook.pending" + ofStrand + " AND owner = -2 AND event_type = ? AND sequence < CAST(? AS BIGINT) ORDER BY sequence, id LIMIT CAST(? AS BIGINT)"
	toCancelBack = "SELECT id, created_at FROM billhook.listed WHERE store_id = ? AND webhook_id = ? AND owner = -2 AND due_at < ? AND created_at < ? ORDER BY due_at, id LIMIT CAST(? AS BIGINT)"

	// turnBuckets bounds the locks that one transaction takes: lanes share them.
	turnBuckets = 512
	firstTurn   = 0x62696c6c << 32
)

// A strands is what a transaction has to do with strands in the end.
type strands struct {
	touched  map[billhook.Strand]bool
	cancels  []*billhook.Cancel
	erasings []*erasing
}

// touch notes that the strand has lost something or got something. Who is no node
// sends nothing, and leaves it to who claims that.
func (w *Writer) touch(of billhook.Strand) {
	if w.Owner == Nobody || of == (billhook.Strand{}) {
		return
	}
	if w.strands.touched == nil {
		w.strands.touched = map[billhook.Strand]bool{}
	}
	w.strands.touched[of] = true
}

// placeOwner is who owns what comes into its strand.
func (w *Writer) placeOwner() int64 {
	if w.Owner == Nobody {
		return Nobody
	}
	return behind
}

// settle keeps what Place promises, at the end of a transaction: only from here on
// is anything written that is held back by others' transactions, and that only by
// who has the turns of their lanes, which are taken in one order.
func (w *Writer) settle(ctx context.Context, b *billhook.Batch) error {
	b.Released = nil
	if len(w.strands.touched)+len(w.strands.cancels)+len(w.strands.erasings) == 0 {
		return nil
	}
	var all []billhook.Strand
	for of := range w.strands.touched {
		all = append(all, of)
	}
	slices.SortFunc(all, compareStrands)
	if err := w.takeTurns(ctx, all); err != nil {
		return fmt.Errorf("take the turn of lanes: %w", err)
	}
	for _, e := range w.strands.erasings {
		if err := e.step(ctx); err != nil {
			return fmt.Errorf("erase: %w", err)
		}
	}
	for _, c := range w.strands.cancels {
		if err := w.cancelBehind(ctx, c); err != nil {
			return err
		}
	}
	for _, k := range b.Skips {
		if err := w.skipBehind(ctx, k); err != nil {
			return err
		}
	}
	released, err := w.release(ctx, all)
	if err != nil {
		return fmt.Errorf("release what was held back: %w", err)
	}
	// In the order of strands, whatever the database's.
	slices.SortFunc(released, func(p, q billhook.Pending) int { return compareStrands(p.Strand(), q.Strand()) })
	b.Released = withEvents(released, b.Emits)
	return nil
}

func compareStrands(a, b billhook.Strand) int {
	return cmp.Or(strings.Compare(a.StoreID, b.StoreID), strings.Compare(a.WebhookID, b.WebhookID),
		strings.Compare(a.Entity.Type, b.Entity.Type), strings.Compare(a.Entity.ID, b.Entity.ID))
}

// takeTurns locks the lanes against others that settle, until the transaction is
// over.
func (w *Writer) takeTurns(ctx context.Context, all []billhook.Strand) error {
	if w.dialect.Turns == "" {
		return nil
	}
	var turns []int64
	add := func(l billhook.Lane) {
		h := fnv.New64a()
		_, _ = h.Write([]byte(w.stored(l.StoreID) + "\x00" + w.stored(l.WebhookID)))
		turns = append(turns, firstTurn+int64(h.Sum64()%turnBuckets)) // #nosec G115 -- small
	}
	for _, of := range all {
		add(of.Lane)
	}
	for _, c := range w.strands.cancels {
		add(c.Lane)
	}
	slices.Sort(turns)
	turns = slices.Compact(turns)
	found, err := w.conn.Query(ctx, w.dialect.Turns, turns)
	_, err = collect(found, err, func(from Row) (n int64, err error) { return n, from.Scan(&n) })
	return err
}

// release makes the next of each strand the writer's in which nothing is to be
// sent.
func (w *Writer) release(ctx context.Context, all []billhook.Strand) (released []billhook.Pending, err error) {
	if w.dialect.Arrays {
		columns := make([][]*string, 4)
		for i := range all {
			of := &all[i]
			for c, text := range []*string{&of.StoreID, &of.WebhookID, &of.Entity.Type, &of.Entity.ID} {
				columns[c] = append(columns[c], text)
			}
		}
		found, err := w.conn.Query(ctx, releaseAll, w.Owner, columns[0], columns[1], columns[2], columns[3])
		return collect(found, err, scanPending)
	}
	for i := range all {
		args := strandArgs(all[i])
		p, err := scanPending(w.conn.QueryRow(ctx, selectNext, slices.Concat(args[:1], args, args)...))
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err == nil {
			_, err = w.conn.Exec(ctx, giveOne, w.Owner, p.StoreID, p.ID)
		}
		if err != nil {
			return nil, err
		}
		released = append(released, p)
	}
	return released, nil
}

func strandArgs(of billhook.Strand) []any {
	return []any{of.StoreID, of.WebhookID, of.Entity.Type, of.Entity.ID}
}

// withEvents gives those that the emits have brought their events.
func withEvents(released []billhook.Pending, emits []*billhook.Emit) []billhook.Pending {
	if len(released) == 0 || len(emits) == 0 {
		return released
	}
	type named struct{ store, id string }
	events := map[named]*billhook.Event{}
	for _, e := range emits {
		for i := range e.Deliveries {
			if p := &e.Deliveries[i]; p.Behind && e.Written() {
				events[named{p.StoreID, p.ID}] = p.Event
			}
		}
	}
	for i := range released {
		released[i].Event = events[named{released[i].StoreID, released[i].ID}]
	}
	return released
}

// skips ends deliveries whose turn had come, where they are as they were then and
// something newer still waits.
func (w *Writer) skips(ctx context.Context, all []*billhook.Skip) error {
	for _, k := range all {
		k.Stale, k.Behind = false, nil
		d := &k.Delivery
		n, err := w.conn.Exec(ctx, finishSkipped, k.Reason, nanos(k.At), d.StoreID, d.ID, int64(d.Attempts), w.Owner, k.Newest.Sequence)
		if err == nil && n > 0 {
			_, err = w.conn.Exec(ctx, dropOne, d.StoreID, d.ID)
		}
		if err != nil {
			return fmt.Errorf("skip delivery: %w", err)
		}
		if k.Stale = n == 0; !k.Stale {
			w.touch(d.Strand())
			of := accountOf(d.StoreID, d.WebhookID, d.CreatedAt)
			w.ledger.count(of, billhook.StatusPending, "", -1)
			w.ledger.count(of, billhook.StatusSkipped, k.Reason, 1)
		}
	}
	return nil
}

const (
	finishSkipped = "INSERT INTO billhook.deliveries (" + deliveryColumns + ") " +
		"SELECT store_id, id, webhook_id, event_id, event_type, 'skipped', attempts, attempts_before, status_code, CAST(? AS TEXT), created_at, last_attempt_at, CAST(? AS BIGINT) " +
		"FROM billhook.pending AS own WHERE store_id = ? AND id = ? AND attempts = ? AND owner = CAST(? AS BIGINT) " +
		// The attempts are no fence for one that was retried since, without an attempt.
		"AND EXISTS (SELECT 1 FROM billhook.pending AS p WHERE " + sameStrand + " AND p.owner = -2 AND p.event_type = own.event_type AND p.sequence >= CAST(? AS BIGINT))"
	dropOne = "DELETE FROM billhook.pending WHERE store_id = ? AND id = ?"
)

// skipBehind ends what is held back between a delivery that is skipped and the one
// that is sent in its place.
func (w *Writer) skipBehind(ctx context.Context, k *billhook.Skip) error {
	if k.Stale {
		return nil
	}
	args := append(strandArgs(k.Delivery.Strand()), k.Delivery.EventType, k.Newest.Sequence, int64(endStep))
	all, err := w.toEnd(ctx, toSkip, args...)
	if err != nil {
		return fmt.Errorf("read deliveries to skip: %w", err)
	}
	for _, e := range all {
		k.Behind = append(k.Behind, e.id)
	}
	return w.end(ctx, k.Delivery.Lane, all, billhook.StatusSkipped, k.Reason, k.At)
}

// cancelBehind ends what is held back in a deleted webhook's lane, up to the limit.
func (w *Writer) cancelBehind(ctx context.Context, c *billhook.Cancel) error {
	if c.Cancelled >= c.Limit {
		return nil
	}
	all, err := w.toEnd(ctx, toCancelBack, c.Lane.StoreID, c.Lane.WebhookID, bound(c.DueBefore), bound(c.CreatedBefore), int64(c.Limit-c.Cancelled))
	if err != nil {
		return fmt.Errorf("read deliveries to cancel: %w", err)
	}
	c.Cancelled += len(all)
	return w.end(ctx, c.Lane, all, cmp.Or(c.Status, billhook.StatusCancelled), c.Reason, c.At)
}

// toEnd reads the ids of deliveries, and when they were made.
func (w *Writer) toEnd(ctx context.Context, text string, args ...any) ([]ended, error) {
	found, err := w.conn.Query(ctx, text, args...)
	return collect(found, err, func(from Row) (e ended, err error) { return e, from.Scan(&e.id, &e.createdAt) })
}

// Newest reads the newest delivery of an event type that is held back in a strand
// behind a sequence.
func (r *Reader) Newest(ctx context.Context, of billhook.Strand, eventType string, sequence int64) (billhook.Pending, error) {
	rows, err := r.query(ctx, selectNewest, append(strandArgs(of), eventType, sequence)...)
	found, err := collect(rows, err, scanPending)
	if err != nil {
		return billhook.Pending{}, fmt.Errorf("read the newest delivery of an entity: %w", err)
	}
	if len(found) == 0 {
		return billhook.Pending{}, nil
	}
	return found[0], nil
}

// Stuck reads strands of which something is held back and nothing is to be sent.
func (r *Reader) Stuck(ctx context.Context, limit int) ([]billhook.Strand, error) {
	rows, err := r.query(ctx, selectStuck, int64(limit))
	all, err := collect(rows, err, func(from Row) (of billhook.Strand, err error) {
		return of, from.Scan(&of.StoreID, &of.WebhookID, &of.Entity.Type, &of.Entity.ID)
	})
	if err != nil {
		return nil, fmt.Errorf("look for deliveries that are held back: %w", err)
	}
	return all, nil
}
