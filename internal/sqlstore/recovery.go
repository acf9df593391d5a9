package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/billhook/billhook"
)

const (
	insertRecovery = "INSERT INTO billhook.recoveries (" + recoveryColumns + ", owner) VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING"
	recoveryByKey  = selectRecovery + " WHERE store_id = ? AND idempotency_key = ?"
	stopRecovery   = "UPDATE billhook.recoveries SET status = 'cancelled', updated_at = ? WHERE store_id = ? AND id = ? AND status = 'running'"
	// beginStep locks the recovery until the transaction is over, if it is as it was:
	// the fence against going on with what someone else has ended or taken over.
	beginStep  = "UPDATE billhook.recoveries SET step = step + 1 WHERE store_id = ? AND id = ? AND owner = ? AND step = ? AND status = 'running'"
	finishStep = "UPDATE billhook.recoveries SET status = ?, progress = ?, updated_at = ? WHERE store_id = ? AND id = ?"

	adoptRecoveries = "UPDATE billhook.recoveries SET owner = ? WHERE status = 'running' AND "
	ownRecoveries   = selectRecovery + " WHERE status = 'running' AND owner = ? ORDER BY created_at, store_id, id LIMIT CAST(? AS BIGINT)"

	// A step's deliveries are looked up by their ids, in an array of JSON, and only
	// where those of their time are.
	overColumns  = "webhook_id, event_id, event_type, status, attempts, status_code, COALESCE(reason, ''), created_at, last_attempt_at, finished_at"
	keepAttempts = "INSERT INTO billhook.attempts (" + attemptColumns + ") SELECT " + endingAttempt + answerColumns + " FROM billhook.deliveries WHERE duration IS NOT NULL AND "
	// An event is never younger than its deliveries.
	placesOf = "SELECT id, entity_type, entity_id, sequence FROM billhook.events WHERE store_id = ? AND sequence IS NOT NULL AND created_at <= ? AND "
	// lateAgain looks for events up to which deliveries were forgotten.
	lateAgain = "INSERT INTO billhook.late (store_id, created_at, id) SELECT e.store_id, e.created_at, e.id FROM billhook.retention AS m, billhook.events AS e " +
		"WHERE m.store_id = ? AND e.store_id = m.store_id AND (e.created_at, e.id) <= (m.attempts_at, m.attempts_id) AND "
	noteStep   = "INSERT INTO billhook.recovery_steps (store_id, recovery_id, step, created_from, created_to, delivery_ids) VALUES (?, ?, ?, ?, ?, ?)"
	forgetOver = "DELETE FROM billhook.deliveries WHERE "
)

// insertReplays leaves out events of which the webhook has a replay's delivery. One
// that another transaction is about to add is waited for.
var insertReplays = &bulk{
	what:   "insert replays",
	insert: "billhook.replays (store_id, webhook_id, event_id, delivery_id, created_at)",
	name:   "event_id",
	shared: 2,
	row:    []string{"?1", "?2", textKind, textKind, bigintKind},
	after:  " ON CONFLICT DO NOTHING",
}

// recoveries applies the parts of a batch that are about recoveries.
func (w *Writer) recoveries(ctx context.Context, b *billhook.Batch) error {
	for _, r := range b.Recoveries {
		if err := w.addRecovery(ctx, r); err != nil {
			return fmt.Errorf("add recovery: %w", err)
		}
		w.enter(r.Audit, r.Existing == nil)
	}
	for _, s := range b.RecoveryStops {
		if err := w.stopRecovery(ctx, s); err != nil {
			return fmt.Errorf("stop recovery: %w", err)
		}
		w.enter(s.Audit, s.Stopped)
	}
	for _, s := range b.RecoverySteps {
		if err := w.step(ctx, s); err != nil {
			return fmt.Errorf("step of a recovery: %w", err)
		}
		w.enter(s.Audit, !s.Stale)
	}
	for _, a := range b.Adoptions {
		if err := w.adopt(ctx, a); err != nil {
			return fmt.Errorf("adopt recoveries: %w", err)
		}
	}
	return nil
}

func (w *Writer) addRecovery(ctx context.Context, write *billhook.RecoveryWrite) error {
	r := &write.Recovery
	write.Existing = nil
	plan, progress, err := recoveryTexts(r)
	if err != nil {
		return err
	}
	n, err := w.conn.Exec(ctx, insertRecovery, r.StoreID, r.ID, string(r.Status), r.Step, optional(r.IdempotencyKey), plan, progress,
		nanos(r.CreatedAt), nanos(r.UpdatedAt), w.Owner)
	if err != nil || n > 0 {
		return err
	}
	first, err := scanRecovery(w.conn.QueryRow(ctx, recoveryByKey, r.StoreID, r.IdempotencyKey))
	write.Existing = &first
	return err
}

func recoveryTexts(r *billhook.Recovery) (plan, progress string, err error) {
	p, err := json.Marshal(r.RecoveryPlan)
	if err != nil {
		return "", "", err
	}
	q, err := json.Marshal(r.RecoveryProgress)
	return string(p), string(q), err
}

func (w *Writer) stopRecovery(ctx context.Context, s *billhook.RecoveryStop) error {
	s.Recovery, s.Stopped = nil, false
	n, err := w.conn.Exec(ctx, stopRecovery, nanos(s.At), s.StoreID, s.ID)
	if err != nil {
		return err
	}
	r, err := scanRecovery(w.conn.QueryRow(ctx, recoveryByID, s.StoreID, s.ID))
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	s.Recovery, s.Stopped = &r, n > 0
	return err
}

// step moves a recovery on and makes deliveries pending, in this order: of two that
// are at the same recovery, the second finds it moved and does nothing.
func (w *Writer) step(ctx context.Context, s *billhook.RecoveryStep) error {
	r := &s.Recovery
	s.Stale, s.Deliveries = false, nil
	n, err := w.conn.Exec(ctx, beginStep, r.StoreID, r.ID, w.Owner, r.Step-1)
	if err != nil {
		return err
	}
	if n == 0 {
		s.Stale = true
		return nil
	}
	if err := w.revive(ctx, s); err != nil {
		return err
	}
	if err := w.replay(ctx, s); err != nil {
		return err
	}
	if err := w.noteStep(ctx, s); err != nil {
		return err
	}
	after := s.Result()
	_, progress, err := recoveryTexts(&after)
	if err != nil {
		return err
	}
	return w.run(ctx, "move a recovery on", finishStep, string(r.Status), progress, nanos(r.UpdatedAt), r.StoreID, r.ID)
}

// noteStep keeps which deliveries the step has made pending.
func (w *Writer) noteStep(ctx context.Context, s *billhook.RecoveryStep) error {
	if len(s.Deliveries) == 0 {
		return nil
	}
	ids, first, last := spanOf(s.Deliveries)
	return w.run(ctx, "note the step of a recovery", noteStep, s.Recovery.StoreID, s.Recovery.ID, s.Recovery.Step, first, last, list(ids))
}

// revive makes deliveries pending that are over: those of the step that are there
// still and that the recovery takes. They are locked where others write too, before
// they are moved. Who has locked one of them is about to make it pending itself.
func (w *Writer) revive(ctx context.Context, s *billhook.RecoveryStep) error {
	if len(s.Retries) == 0 {
		return nil
	}
	of := w.newOverIDs(s.Recovery.StoreID, s.Retries)
	found, err := w.conn.Query(ctx, "SELECT id, "+overColumns+" FROM billhook.deliveries WHERE "+of.where+w.dialect.Lock, of.args...)
	rows, err := collect(found, err, scanOverRow)
	if err != nil {
		return err
	}
	byID := make(map[string]*overRow, len(rows))
	for i := range rows {
		if s.Recovery.Takes(rows[i].status, rows[i].finishedAt) {
			byID[rows[i].ID] = &rows[i]
		}
	}
	var back []waiting
	for i := range s.Retries {
		if row := byID[s.Retries[i].ID]; row != nil {
			row.StoreID, row.DueAt = s.Recovery.StoreID, s.Retries[i].DueAt
			row.dueAt = nanos(row.DueAt)
			back = append(back, row.waiting)
			s.Deliveries = append(s.Deliveries, *row.Pending)
			account := accountOf(row.StoreID, row.WebhookID, row.CreatedAt)
			w.ledger.count(account, row.status, row.reason, -1)
			w.ledger.count(account, billhook.StatusPending, "", 1)
		}
	}
	if len(back) == 0 {
		return nil
	}
	of = w.newOverIDs(s.Recovery.StoreID, s.Deliveries)
	if _, err := w.conn.Exec(ctx, keepAttempts+of.where, of.args...); err != nil {
		return err
	}
	n, err := w.conn.Exec(ctx, forgetOver+of.where, of.args...)
	if err != nil {
		return err
	}
	if n != int64(len(back)) {
		return fmt.Errorf("%d deliveries are to be pending again, and %d were over", len(back), n)
	}
	if err := w.replace(ctx, s, back); err != nil {
		return err
	}
	return w.wait(ctx, back)
}

// replace gives those of the step's that are to be in a strand their places there, of
// their events, and holds them back: Deliveries tells so.
func (w *Writer) replace(ctx context.Context, s *billhook.RecoveryStep, back []waiting) error {
	ordered := map[string]bool{}
	for i := range s.Retries {
		if s.Retries[i].Place != nil {
			ordered[s.Retries[i].ID] = true
		}
	}
	var events []string
	last := int64(0)
	for i := range back {
		if ordered[back[i].ID] {
			events = append(events, back[i].EventID)
			last = max(last, nanos(back[i].CreatedAt))
		}
	}
	if len(events) == 0 {
		return nil
	}
	found, err := w.conn.Query(ctx, placesOf+w.among("id"), s.Recovery.StoreID, last, list(events))
	places := map[string]billhook.Place{}
	_, err = collect(found, err, func(from Row) (id string, err error) {
		var p billhook.Place
		err = from.Scan(&id, &p.Entity.Type, &p.Entity.ID, &p.Sequence)
		places[id] = p
		return id, err
	})
	if err != nil {
		return fmt.Errorf("read places in an order: %w", err)
	}
	for i := range back {
		if place, is := places[back[i].EventID]; is && ordered[back[i].ID] {
			back[i].Place = &place
			w.holdBack(&back[i])
			s.Deliveries[i] = *back[i].Pending
		}
	}
	return nil
}

// holdBack has a delivery that is to wait in its strand wait there.
func (w *Writer) holdBack(p *waiting) {
	p.Behind, p.owner = true, w.placeOwner()
	w.touch(p.Strand())
}

// replay adds the step's new deliveries.
func (w *Writer) replay(ctx context.Context, s *billhook.RecoveryStep) error {
	all := s.Replays
	missed, err := w.each(ctx, insertReplays, rows{
		n:      len(all),
		same:   func(i, j int) bool { return all[i].WebhookID == all[j].WebhookID },
		shared: func(args []any, i int) []any { return append(args, all[i].StoreID, all[i].WebhookID) },
		own:    func(args []any, i int) []any { return append(args, all[i].EventID, all[i].ID, nanos(all[i].CreatedAt)) },
	})
	if err != nil {
		return err
	}
	there := make(map[int]bool, len(missed))
	for _, i := range missed {
		there[i] = true
	}
	var fresh []waiting
	for i := range all {
		if !there[i] {
			one := newWaiting(&all[i])
			if one.Place != nil {
				w.holdBack(&one)
			}
			fresh = append(fresh, one)
			w.ledger.made(&all[i])
			s.Deliveries = append(s.Deliveries, all[i])
		}
	}
	if err := w.keepLate(ctx, s.Recovery.StoreID, fresh); err != nil {
		return err
	}
	return w.wait(ctx, fresh)
}

// keepLate has events looked at again whose deliveries the store has forgotten already:
// they have a new one.
func (w *Writer) keepLate(ctx context.Context, storeID string, all []waiting) error {
	if len(all) == 0 {
		return nil
	}
	events := make([]string, len(all))
	for i := range all {
		events[i] = all[i].EventID
	}
	if _, err := w.conn.Exec(ctx, lateAgain+w.among("e.id")+" ON CONFLICT DO NOTHING", storeID, list(events)); err != nil {
		return fmt.Errorf("have events looked at again: %w", err)
	}
	return nil
}

func (w *Writer) adopt(ctx context.Context, a *billhook.Adoption) error {
	a.Recoveries = nil
	if w.Owner == Nobody {
		return nil
	}
	orphaned := cmp.Or(w.dialect.Orphaned, "owner = 0")
	if _, err := w.conn.Exec(ctx, adoptRecoveries+orphaned, w.Owner); err != nil {
		return err
	}
	found, err := w.conn.Query(ctx, ownRecoveries, w.Owner, int64(a.Limit))
	a.Recoveries, err = collect(found, err, scanRecovery)
	return err
}

// overIDs are conditions by which deliveries that are over are found.
type overIDs struct {
	where string
	args  []any
}

func (w *Writer) newOverIDs(storeID string, all []billhook.Pending) overIDs {
	ids, first, last := spanOf(all)
	return overIDs{
		where: "store_id = ? AND " + w.among("id") + " AND created_at >= ? AND created_at <= ?",
		args:  []any{storeID, list(ids), first, last},
	}
}

// spanOf are the ids of deliveries, and when the first and the last of them was made.
func spanOf(all []billhook.Pending) (ids []string, first, last int64) {
	ids, first = make([]string, len(all)), nanos(all[0].CreatedAt)
	for i := range all {
		at := nanos(all[i].CreatedAt)
		ids[i], first, last = all[i].ID, min(first, at), max(last, at)
	}
	return ids, first, last
}

// An overRow is a delivery that is over, as it waits again: with all its attempts
// before.
type overRow struct {
	waiting
	status     billhook.Status
	finishedAt time.Time
}

func scanOverRow(from Row) (r overRow, err error) {
	var created, finished int64
	p := &billhook.Pending{}
	r.Pending = p
	err = from.Scan(&p.ID, &p.WebhookID, &p.EventID, &p.EventType, &r.status, &p.Attempts, &r.statusCode, &r.reason, &created, &r.lastAttemptAt, &finished)
	p.CreatedAt, r.finishedAt = moment(created), moment(finished)
	p.AttemptsBefore, r.attempts = p.Attempts, p.Attempts
	return r, err
}
