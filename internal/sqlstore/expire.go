package sqlstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/billhook/billhook"
)

const (
	selectMark = "SELECT attempts_at, attempts_id, payloads_at, payloads_id, records_at, records_id, floored_at FROM billhook.retention WHERE store_id = ?"
	insertMark = "INSERT INTO billhook.retention (store_id, attempts_at, attempts_id, payloads_at, payloads_id, records_at, records_id, floored_at) " +
		"VALUES (?, 0, '', 0, '', 0, '', 0) ON CONFLICT DO NOTHING"
	moveMark = "UPDATE billhook.retention SET attempts_at = ?, attempts_id = ?, payloads_at = ?, payloads_id = ?, records_at = ?, records_id = ?, floored_at = ? WHERE store_id = ?"

	pastColumns = "id, created_at, COALESCE(delivery_ids, ''), LENGTH(data), erased_at, COALESCE(idempotency_key, ''), chain, number FROM billhook.events "
	// selectPast reads events from a position on, the oldest first.
	selectPast = "SELECT " + pastColumns + "WHERE store_id = ? AND created_at < ? AND created_at >= ? AND (created_at, id) > (?, ?) ORDER BY created_at, id LIMIT CAST(? AS BIGINT)"

	selectLate = "SELECT id, created_at FROM billhook.late WHERE store_id = ? AND (created_at, id) > (?, ?) ORDER BY created_at, id LIMIT CAST(? AS BIGINT)"
	insertLate = "INSERT INTO billhook.late (store_id, created_at, id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
	deleteLate = "DELETE FROM billhook.late WHERE store_id = ? AND created_at = ? AND id = ?"

	eraseData = "UPDATE billhook.events SET data = ?, data_hash = ?, erased_at = ?, trace_context = NULL WHERE store_id = ? AND id = ? AND created_at = ? AND erased_at = 0"

	selectOldAudit = "SELECT created_at, id, chain, number FROM billhook.audit WHERE store_id = ? AND created_at < ? ORDER BY created_at, id LIMIT CAST(? AS BIGINT)"
	// deleteRecoverySteps is of those whose deliveries were all made before a time.
	deleteRecoverySteps = "DELETE FROM billhook.recovery_steps WHERE store_id = ? AND (recovery_id, step) IN " +
		"(SELECT recovery_id, step FROM billhook.recovery_steps WHERE store_id = ? AND created_to < ? ORDER BY created_to LIMIT CAST(? AS BIGINT))"

	deleteAudit = "DELETE FROM billhook.audit WHERE store_id = ? AND created_at = ? AND id = ?"
)

const (
	// maxStepBytes bounds the data that one step erases, which is read for its hash.
	maxStepBytes = 1 << 20
	// rowsAnEvent is how many rows a step may deal with for each event of its limit:
	// the event itself, and its deliveries.
	rowsAnEvent = 4
)

// A mark is how far a store has forgotten what.
type mark struct {
	attempts, payloads, records position
	floored                     int64
}

type position struct {
	at int64
	id string
}

func (p position) before(q position) bool { return p.at < q.at || p.at == q.at && p.id < q.id }

// A past event is one whose time has come.
type past struct {
	position
	deliveries []string
	replays    map[string]account // of deliveries among them that replays made
	bytes      int64
	erased     bool
	key        string
	place      place
}

// A place is an entry's in a chain.
type place struct{ chain, number int64 }

// expire does a step for a store, unless another node is at it.
func (w *Writer) expire(ctx context.Context, x *billhook.Expiry) error {
	x.Done, x.Took, x.Busy = 0, 0, false
	if w.chains.chain == Nobody {
		return nil
	}
	if err := w.flush(ctx); err != nil {
		return err
	}
	began := time.Now()
	defer func() { x.Took = time.Since(began) }()
	m, err := w.mark(ctx, x.StoreID)
	if x.Busy = m == nil; err != nil || m == nil {
		return err
	}
	before := *m
	s := &expiring{Writer: w, x: x}
	if err := s.step(ctx, m); err != nil || *m == before {
		return err
	}
	return w.run(ctx, "mark what a store has forgotten", moveMark, m.attempts.at, m.attempts.id, m.payloads.at, m.payloads.id,
		m.records.at, m.records.id, m.floored, x.StoreID)
}

// mark reads and locks a store's, and makes it where there is none. It is nil where
// another node has it.
func (w *Writer) mark(ctx context.Context, storeID string) (*mark, error) {
	if free, err := w.enterOld(ctx); err != nil || !free {
		return nil, err
	}
	for range 2 {
		m := &mark{}
		err := w.conn.QueryRow(ctx, selectMark+w.dialect.Lock, storeID).Scan(&m.attempts.at, &m.attempts.id, &m.payloads.at, &m.payloads.id,
			&m.records.at, &m.records.id, &m.floored)
		if !errors.Is(err, sql.ErrNoRows) {
			return m, err
		}
		if _, err := w.conn.Exec(ctx, insertMark, storeID); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// enterOld reports whether old events may be changed in this transaction.
func (w *Writer) enterOld(ctx context.Context) (free bool, err error) {
	if w.dialect.Enter == "" {
		return true, nil
	}
	err = w.conn.QueryRow(ctx, w.dialect.Enter).Scan(&free)
	return free, err
}

// An expiring is a step under way.
type expiring struct {
	*Writer
	x      *billhook.Expiry
	floors map[int64]int64
}

// step forgets records first: what goes with them need not go before.
func (s *expiring) step(ctx context.Context, m *mark) error {
	if err := s.moveFloors(ctx, m); err != nil {
		return err
	}
	x := s.x
	if !x.Records.IsZero() {
		if err := s.pass(ctx, x.Records, &m.records, (*settling).record); err != nil {
			return err
		}
		if err := s.audit(ctx); err != nil {
			return err
		}
	}
	for _, part := range []struct {
		before time.Time
		reach  *position
		do     func(*settling, *past)
	}{
		{x.Attempts, &m.attempts, (*settling).attempts},
		{x.Payloads, &m.payloads, (*settling).payload},
	} {
		if part.before.IsZero() {
			continue
		}
		if part.reach.before(m.records) {
			*part.reach = m.records
		}
		if err := s.pass(ctx, part.before, part.reach, part.do); err != nil {
			return err
		}
	}
	if err := s.recoverySteps(ctx); err != nil {
		return err
	}
	return s.late(ctx)
}

// pass deals with the next events of before a time.
func (s *expiring) pass(ctx context.Context, before time.Time, reach *position, do func(*settling, *past)) error {
	limit := s.x.Limit - s.x.Done
	if limit <= 0 {
		return nil
	}
	rows, err := s.conn.Query(ctx, selectPast, s.x.StoreID, nanos(before), reach.at, reach.at, reach.id, int64(limit))
	all, err := collect(rows, err, scanPast)
	if err != nil || len(all) == 0 {
		return err
	}
	found := len(all)
	all = upTo(all, limit*rowsAnEvent)
	t := newSettling(s.Writer, s.x.StoreID, s.x.At, s.floors)
	if err := t.find(ctx, all); err != nil {
		return err
	}
	for i := range all {
		do(t, &all[i])
	}
	if err := t.settle(ctx); err != nil {
		return err
	}
	for e := range t.late {
		if err := s.try(ctx, insertLate, s.x.StoreID, e.at, e.id); err != nil {
			return err
		}
	}
	*reach = all[len(all)-1].position
	if s.x.Done += len(all); len(all) < found {
		s.x.Done = s.x.Limit // there are more
	}
	return nil
}

// late looks once more at some of the events that a delivery needed, each time at
// others.
func (s *expiring) late(ctx context.Context) error {
	limit := s.x.Limit - s.x.Done
	if limit <= 0 {
		return nil
	}
	after := s.lateAfter[s.x.StoreID]
	rows, err := s.conn.Query(ctx, selectLate, s.x.StoreID, after.at, after.id, int64(limit))
	waiting, err := collect(rows, err, func(from Row) (p position, err error) { return p, from.Scan(&p.id, &p.at) })
	if err != nil {
		return err
	}
	s.lookLater(waiting, limit)
	if len(waiting) == 0 {
		return nil
	}
	ids := make([]string, len(waiting))
	for i, p := range waiting {
		ids[i] = p.id
	}
	rows, err = s.conn.Query(ctx, "SELECT "+pastColumns+"WHERE store_id = ? AND "+s.among("id"), s.x.StoreID, list(ids))
	all, err := collect(rows, err, scanPast)
	if err != nil {
		return err
	}
	t := newSettling(s.Writer, s.x.StoreID, s.x.At, s.floors)
	if err := t.find(ctx, all); err != nil {
		return err
	}
	for i := range all {
		e := &all[i]
		at := moment(e.at)
		attempts, payload := at.Before(s.x.Attempts), at.Before(s.x.Payloads)
		switch {
		case at.Before(s.x.Records):
			t.record(e)
			continue
		case !attempts && !payload: // it has more time now than it had
			t.late[e.position] = true
		}
		if attempts {
			t.attempts(e)
		}
		if payload {
			t.payload(e)
		}
	}
	if err := t.settle(ctx); err != nil {
		return err
	}
	for _, p := range waiting {
		if t.late[p] {
			continue
		}
		if err := s.try(ctx, deleteLate, s.x.StoreID, p.at, p.id); err != nil {
			return err
		}
		s.x.Done = s.x.Limit // there may be more of them
	}
	return nil
}

// lookLater has the next look begin where this one has ended.
func (s *expiring) lookLater(seen []position, limit int) {
	if s.lateAfter == nil {
		s.lateAfter = map[string]position{}
	}
	delete(s.lateAfter, s.x.StoreID)
	if len(seen) == limit {
		s.lateAfter[s.x.StoreID] = seen[limit-1]
	}
}

// recoverySteps deletes what is told of deliveries that have gone.
func (s *expiring) recoverySteps(ctx context.Context) error {
	limit := s.x.Limit - s.x.Done
	if limit <= 0 || s.x.Attempts.IsZero() {
		return nil
	}
	n, err := s.conn.Exec(ctx, deleteRecoverySteps, s.x.StoreID, s.x.StoreID, nanos(s.x.Attempts), int64(limit))
	s.x.Done += int(n)
	return err
}

// audit deletes the oldest entries that are below their chain's beginning.
func (s *expiring) audit(ctx context.Context) error {
	limit := s.x.Limit - s.x.Done
	if limit <= 0 {
		return nil
	}
	type entry struct {
		position
		place
	}
	rows, err := s.conn.Query(ctx, selectOldAudit, s.x.StoreID, nanos(s.x.Records), int64(limit))
	all, err := collect(rows, err, func(from Row) (e entry, err error) { return e, from.Scan(&e.at, &e.id, &e.chain, &e.number) })
	if err != nil {
		return err
	}
	for _, e := range all {
		if e.chain == 0 || e.number > s.floors[e.chain] {
			continue
		}
		if err := s.try(ctx, deleteAudit, s.x.StoreID, e.at, e.id); err != nil {
			return err
		}
		s.x.Done++
	}
	return nil
}

func scanPast(from Row) (e past, err error) {
	var deliveries string
	var erased int64
	err = from.Scan(&e.id, &e.at, &deliveries, &e.bytes, &erased, &e.key, &e.place.chain, &e.place.number)
	if e.erased = erased != 0; err == nil {
		e.deliveries, err = idsOf(deliveries)
	}
	return e, err
}

// idsOf are the elements of a JSON array, or none of an empty text.
func idsOf(array string) (ids []string, err error) {
	if array != "" {
		err = json.Unmarshal([]byte(array), &ids)
	}
	return ids, err
}

// upTo are the first of the events, one at least, up to a bound on their data and one on
// their rows: those before them, by which a step is measured, may have had fewer.
func upTo(all []past, most int) []past {
	bytes, rows := int64(0), 0
	for i := range all {
		bytes += all[i].bytes
		rows += 1 + len(all[i].deliveries)
		if i > 0 && (bytes > maxStepBytes || rows > most) {
			return all[:i]
		}
	}
	return all
}

// among asks a column to have one of the elements of an argument, which list makes.
func (w *Writer) among(column string) string { return w.dialect.among(column) }

func (d Dialect) among(column string) string {
	elements := "(SELECT value FROM " + d.Elements("?") + ")"
	if d.Arrays {
		return column + " = ANY (ARRAY" + elements + ")" // each is looked up
	}
	return column + " IN " + elements
}

// list is a JSON array.
func list(texts []string) string {
	if len(texts) == 0 {
		return "[]"
	}
	text, _ := json.Marshal(texts) // strings cannot fail
	return string(text)
}

// try executes a statement, or queues it, whether or not there is a row for it.
func (w *Writer) try(ctx context.Context, text string, args ...any) error {
	if w.queue != nil {
		w.queue.Queue(text, args, func(_ int64, err error) error { return err })
		return nil
	}
	_, err := w.conn.Exec(ctx, text, args...)
	return err
}

func hashOf(data []byte) []byte {
	hash := sha256.Sum256(data)
	return hash[:]
}
