package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/billhook/billhook"
)

const (
	erasureColumns = "store_id, id, entity_type, entity_id, created_at, finished_at, events"
	selectErasures = "SELECT " + erasureColumns + " FROM billhook.erasures"
	// sameErasure finds one of the entity that is not finished. Nobody has many of them.
	sameErasure   = selectErasures + " WHERE store_id = ? AND finished_at = 0 AND entity_type = ? AND entity_id = ?"
	insertErasure = "INSERT INTO billhook.erasures (" + erasureColumns + ", phase, reached_at, reached_id) VALUES (?, ?, ?, ?, ?, 0, 0, 0, 0, '')"
	nextErasure   = "SELECT " + erasureColumns + ", phase, reached_at, reached_id FROM billhook.erasures WHERE finished_at = 0 AND (store_id, id) > (?, ?) ORDER BY store_id, id LIMIT 1"
	moveErasure   = "UPDATE billhook.erasures SET finished_at = ?, events = ?, phase = ?, reached_at = ?, reached_id = ? WHERE store_id = ? AND id = ?"

	// What the phases go through, up to when the erasure was asked for.
	eraseAbout = "SELECT id, created_at, COALESCE(delivery_ids, ''), LENGTH(data), erased_at, 1 FROM billhook.events " +
		"WHERE store_id = ? AND entity_type = ? AND entity_id = ? AND created_at <= ? AND created_at >= ? AND (created_at, id) > (?, ?) ORDER BY created_at, id LIMIT CAST(? AS BIGINT)"
	eraseBy = "SELECT id, created_at, COALESCE(delivery_ids, ''), LENGTH(data), erased_at, " +
		"CASE WHEN actor_type = ? AND actor_id = ? THEN 1 ELSE 0 END FROM billhook.events " +
		"WHERE store_id = ? AND created_at <= ? AND created_at >= ? AND (created_at, id) > (?, ?) ORDER BY created_at, id LIMIT CAST(? AS BIGINT)"

	// eraseRefused is for what never became an event.
	eraseRefused = "UPDATE billhook.outbox SET data = 'null' WHERE store_id = ? AND refused IS NOT NULL AND (entity_type = ? AND entity_id = ? OR actor_type = ? AND actor_id = ?)"
	lanesAmong   = "SELECT webhook_id, COALESCE(entity_type, ''), COALESCE(entity_id, ''), id, created_at FROM billhook.pending WHERE store_id = ? AND "
	emptyAnswers = " SET response_headers = NULL, response_body = NULL WHERE store_id = ? AND "
)

const (
	phaseAbout = iota
	phaseBy
	phaseOver
)

func scanErasure(from Row) (e billhook.Erasure, err error) {
	var created, finished int64
	err = from.Scan(erasureMembers(&e, &created, &finished)...)
	e.CreatedAt, e.FinishedAt = moment(created), moment(finished)
	return e, err
}

func erasureMembers(e *billhook.Erasure, created, finished *int64) []any {
	return []any{&e.StoreID, &e.ID, &e.Entity.Type, &e.Entity.ID, created, finished, &e.Events}
}

// Erasures reads erasures, by id descending.
func (r *Reader) Erasures(ctx context.Context, f billhook.ErasureFilter) ([]billhook.Erasure, error) {
	var where conditions
	where.text("store_id", f.StoreID)
	where.text("id", f.ID)
	if f.Waiting {
		where.add("finished_at = 0")
	}
	if f.Before != "" {
		where.add("id < ?", f.Before)
	}
	rows, err := r.query(ctx, selectErasures+where.String()+" ORDER BY id DESC LIMIT CAST(? AS BIGINT)", append(where.args, int64(f.Limit))...)
	all, err := collect(rows, err, scanErasure)
	if err != nil {
		return nil, fmt.Errorf("read erasures: %w", err)
	}
	return all, nil
}

// orderErasure puts an erasure on record, unless the same is at work already. Of two
// nodes that are asked at once both may; that costs a walk.
func (w *Writer) orderErasure(ctx context.Context, write *billhook.ErasureWrite) error {
	e := &write.Erasure
	write.Existing = nil
	found, err := scanErasure(w.conn.QueryRow(ctx, sameErasure, e.StoreID, e.Entity.Type, e.Entity.ID))
	if err == nil {
		write.Existing = &found
		return nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	return w.try(ctx, insertErasure, e.StoreID, e.ID, e.Entity.Type, e.Entity.ID, nanos(e.CreatedAt))
}

// An erasing is a step under way.
type erasing struct {
	*Writer
	x        *billhook.Erasing
	of       billhook.Erasure
	phase    int
	reached  position
	found    []past // all that were looked at
	affected []past // those of them that are to be erased
	strands  map[billhook.Strand]bool
}

// erase does a step of the first erasure from x.After on that waits and that no other
// node is at.
func (w *Writer) erase(ctx context.Context, x *billhook.Erasing) error {
	x.Done, x.Took, x.Lanes, x.Of, x.Finished, x.Stuck = 0, 0, nil, billhook.ErasurePosition{}, false, false
	if w.chains.chain == Nobody {
		return nil
	}
	if err := w.flush(ctx); err != nil {
		return err
	}
	began := time.Now()
	defer func() { x.Took = time.Since(began) }()
	if free, err := w.enterOld(ctx); err != nil || !free {
		return err
	}
	e := &erasing{Writer: w, x: x, strands: map[billhook.Strand]bool{}}
	var created, finished int64
	err := w.conn.QueryRow(ctx, nextErasure+w.dialect.Lock, x.After.StoreID, x.After.ID).Scan(append(erasureMembers(&e.of, &created, &finished), &e.phase, &e.reached.at, &e.reached.id)...)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return err
	}
	e.of.CreatedAt = moment(created)
	x.Of = billhook.ErasurePosition{StoreID: e.of.StoreID, ID: e.of.ID}
	if err := e.look(ctx); err != nil {
		return err
	}
	// What waits in strands is written once this transaction has their turns.
	waiting, err := e.waiting(ctx, "")
	if err != nil {
		return err
	}
	for _, v := range waiting {
		if v.strand.Entity != (billhook.Reference{}) {
			e.strands[v.strand] = true
			w.touch(v.strand)
		}
	}
	w.strands.erasings = append(w.strands.erasings, e)
	return nil
}

// step does what erase has begun.
func (e *erasing) step(ctx context.Context) error {
	x, began := e.x, time.Now()
	defer func() { x.Took += time.Since(began) }()
	free, err := e.cancel(ctx)
	if err != nil {
		return err
	}
	x.Done = x.Limit // there may be more, of another one at least
	if x.Stuck = !free; x.Stuck {
		return nil // others are about to write what would be cancelled
	}
	if err := e.blank(ctx); err != nil {
		return err
	}
	if len(e.found) > 0 {
		e.reached = e.found[len(e.found)-1].position
	}
	if len(e.found) == 0 {
		e.phase, e.reached = e.phase+1, position{}
	}
	at := int64(0)
	if e.phase == phaseOver {
		at, x.Finished = nanos(x.At), true
		of := e.of.Entity
		if e.dialect.Outbox {
			if err := e.try(ctx, eraseRefused, e.of.StoreID, of.Type, of.ID, of.Type, of.ID); err != nil {
				return err
			}
		}
	}
	return e.try(ctx, moveErasure, at, int64(e.of.Events), int64(e.phase), e.reached.at, e.reached.id, e.of.StoreID, e.of.ID)
}

// look reads the next events of the phase.
func (e *erasing) look(ctx context.Context) error {
	of, until := e.of.Entity, nanos(e.of.CreatedAt)
	text, args := eraseAbout, []any{e.of.StoreID, of.Type, of.ID, until, e.reached.at, e.reached.at, e.reached.id, int64(e.x.Limit)}
	if e.phase == phaseBy {
		text, args = eraseBy, []any{of.Type, of.ID, e.of.StoreID, until, e.reached.at, e.reached.at, e.reached.id, int64(e.x.Limit)}
	}
	rows, err := e.conn.Query(ctx, text, args...)
	type event struct {
		past
		meant bool
	}
	all, err := collect(rows, err, func(from Row) (v event, err error) {
		var ids string
		var erased, meant int64
		err = from.Scan(&v.id, &v.at, &ids, &v.bytes, &erased, &meant)
		v.erased, v.meant = erased != 0, meant != 0
		if err == nil {
			v.deliveries, err = idsOf(ids)
		}
		return v, err
	})
	bytes := int64(0)
	for i := range all {
		if all[i].meant {
			if bytes += all[i].bytes; bytes > maxStepBytes && len(e.affected) > 0 {
				break
			}
			e.affected = append(e.affected, all[i].past)
		}
		e.found = append(e.found, all[i].past)
	}
	if err != nil {
		return err
	}
	return e.withReplays(ctx, e.of.StoreID, e.affected)
}

// An awaited is a delivery that waits; its strand has no entity where it is in none.
type awaited struct {
	ended
	strand billhook.Strand
}

// waiting are those of the affected events' deliveries that wait.
func (e *erasing) waiting(ctx context.Context, lock string) ([]awaited, error) {
	ids := e.deliveries()
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := e.conn.Query(ctx, lanesAmong+e.among("id")+lock, e.of.StoreID, list(ids))
	return collect(rows, err, func(from Row) (v awaited, err error) {
		v.strand.StoreID = e.of.StoreID
		return v, from.Scan(&v.strand.WebhookID, &v.strand.Entity.Type, &v.strand.Entity.ID, &v.id, &v.createdAt)
	})
}

// cancel ends the deliveries that wait, whoever owns them: what their owners do then
// is stale. It reports whether none of them is locked by another, or in a strand of
// which this transaction has not the turn.
func (e *erasing) cancel(ctx context.Context) (free bool, err error) {
	there, err := e.waiting(ctx, "")
	if err != nil || len(there) == 0 {
		return err == nil, err
	}
	all, err := e.waiting(ctx, e.dialect.Lock)
	if err != nil || len(all) != len(there) {
		return false, err
	}
	for _, v := range all {
		if v.strand.Entity != (billhook.Reference{}) && !e.strands[v.strand] {
			return false, nil
		}
	}
	of := map[billhook.Lane][]ended{}
	for _, v := range all {
		of[v.strand.Lane] = append(of[v.strand.Lane], v.ended)
	}
	for _, lane := range slices.SortedFunc(maps.Keys(of), compareLanes) {
		if !slices.Contains(e.x.Lanes, lane) {
			e.x.Lanes = append(e.x.Lanes, lane)
		}
		if err := e.end(ctx, lane, of[lane], billhook.StatusCancelled, e.x.Reason, e.x.At); err != nil {
			return false, err
		}
	}
	return true, nil
}

// blank takes away data and answers.
func (e *erasing) blank(ctx context.Context) error {
	if ids := e.deliveries(); len(ids) > 0 {
		for _, t := range []struct{ table, column string }{{"attempts", "delivery_id"}, {"deliveries", "id"}} {
			if err := e.try(ctx, "UPDATE billhook."+t.table+emptyAnswers+e.among(t.column), e.of.StoreID, list(ids)); err != nil {
				return err
			}
		}
	}
	t := newSettling(e.Writer, e.of.StoreID, e.x.At, nil)
	for i := range e.affected {
		v := &e.affected[i]
		if i == 0 {
			t.first = v.at
		}
		t.last = max(t.last, v.at)
		if !v.erased {
			t.erased = append(t.erased, v.id)
		}
	}
	e.of.Events += len(t.erased)
	return t.eraseData(ctx)
}

func (e *erasing) deliveries() (ids []string) {
	for i := range e.affected {
		ids = append(ids, e.affected[i].deliveries...)
	}
	return ids
}

func compareLanes(a, b billhook.Lane) int {
	return cmp.Or(strings.Compare(a.StoreID, b.StoreID), strings.Compare(a.WebhookID, b.WebhookID))
}
