package sqlstore

import (
	"context"
	"time"
)

const (
	replaysAmong = "SELECT event_id, delivery_id, webhook_id, created_at FROM billhook.replays WHERE store_id = ? AND "
	waitingAmong = "SELECT id FROM billhook.pending WHERE store_id = ? AND "
	dataAmong    = "SELECT id, created_at, data FROM billhook.events WHERE store_id = ? AND erased_at = 0 AND created_at >= ? AND created_at <= ? AND "

	deleteAttempts   = "DELETE FROM billhook.attempts WHERE store_id = ? AND started_at >= ? AND "
	deleteDeliveries = "DELETE FROM billhook.deliveries WHERE store_id = ? AND created_at >= ? AND "
	deleteEvents     = "DELETE FROM billhook.events WHERE store_id = ? AND created_at >= ? AND created_at <= ? AND "
	deleteReplays    = "DELETE FROM billhook.replays WHERE store_id = ? AND "
	deleteKeys       = "DELETE FROM billhook.event_keys WHERE store_id = ? AND created_at <= ? AND "
)

// clocksApart is by how much the clock of who makes a delivery, or an attempt of it, may
// be behind that of who accepted the event. The bound is for partitions, so it costs
// nothing to be generous.
const clocksApart = time.Hour

// A settling collects what is to be done about some events of a store, and does it
// in as many statements, however many events they are.
type settling struct {
	*Writer
	storeID string
	at      time.Time
	floors  map[int64]int64 // of chains

	first, last int64           // when the events are of
	waits       map[string]bool // deliveries that are not over
	over        []string
	bytes       int64
	erased      []string
	events      []string
	keys        []string
	// late are the events of which something has to stay for now.
	late map[position]bool
}

func newSettling(w *Writer, storeID string, at time.Time, floors map[int64]int64) *settling {
	return &settling{Writer: w, storeID: storeID, at: at, floors: floors, waits: map[string]bool{}, late: map[position]bool{}}
}

// find looks which of the events' deliveries wait.
func (t *settling) find(ctx context.Context, all []past) error {
	if err := t.withReplays(ctx, t.storeID, all); err != nil {
		return err
	}
	var ids []string
	for i := range all {
		ids = append(ids, all[i].deliveries...)
		if i == 0 || all[i].at < t.first {
			t.first = all[i].at
		}
		t.last = max(t.last, all[i].at)
	}
	if len(ids) == 0 {
		return nil
	}
	rows, err := t.conn.Query(ctx, waitingAmong+t.among("id"), t.storeID, list(ids))
	found, err := collect(rows, err, func(from Row) (id string, err error) { return id, from.Scan(&id) })
	for _, id := range found {
		t.waits[id] = true
	}
	return err
}

// withReplays adds the deliveries that replays have made to those that events were
// emitted with.
func (w *Writer) withReplays(ctx context.Context, storeID string, all []past) error {
	if len(all) == 0 {
		return nil
	}
	of, ids := make(map[string]*past, len(all)), make([]string, len(all))
	for i := range all {
		of[all[i].id], ids[i] = &all[i], all[i].id
	}
	rows, err := w.conn.Query(ctx, replaysAmong+w.among("event_id"), storeID, list(ids))
	_, err = collect(rows, err, func(from Row) (delivery string, err error) {
		var event, webhook string
		var at int64
		if err = from.Scan(&event, &delivery, &webhook, &at); err == nil {
			e := of[event]
			e.deliveries = append(e.deliveries, delivery)
			if e.replays == nil {
				e.replays = map[string]account{}
			}
			e.replays[delivery] = accountOf(storeID, webhook, moment(at))
		}
		return delivery, err
	})
	return err
}

func (t *settling) needed(e *past) bool {
	for _, id := range e.deliveries {
		if t.waits[id] {
			return true
		}
	}
	return false
}

// attempts has the event's deliveries that are over go, with their attempts.
func (t *settling) attempts(e *past) {
	for _, id := range e.deliveries {
		if t.waits[id] {
			t.late[e.position] = true
			continue
		}
		t.over = append(t.over, id)
		if of, replayed := e.replays[id]; replayed {
			t.ledger.forgot(of)
		}
	}
}

// payload has the event's data go.
func (t *settling) payload(e *past) {
	switch {
	case e.erased:
	case t.needed(e), t.bytes > 0 && t.bytes+e.bytes > maxStepBytes:
		t.late[e.position] = true
	default:
		t.bytes += e.bytes
		t.erased = append(t.erased, e.id)
	}
}

// record has all of the event go, if the audit log may do without it.
func (t *settling) record(e *past) {
	t.attempts(e)
	if t.needed(e) || e.place.chain == 0 || e.place.number > t.floors[e.place.chain] {
		t.payload(e)
		t.late[e.position] = true
		return
	}
	t.events = append(t.events, e.id)
	t.keys = append(t.keys, keyOfID+e.id)
	if e.key != "" {
		t.keys = append(t.keys, keyOfIdempotency+e.key)
	}
}

// settle does what was collected.
func (t *settling) settle(ctx context.Context) error {
	if len(t.over) > 0 {
		for _, d := range []struct{ text, column string }{{deleteAttempts, "delivery_id"}, {deleteDeliveries, "id"}} {
			if err := t.try(ctx, d.text+t.among(d.column), t.storeID, t.first-int64(clocksApart), list(t.over)); err != nil {
				return err
			}
		}
	}
	if err := t.eraseData(ctx); err != nil {
		return err
	}
	if len(t.events) == 0 {
		return nil
	}
	if t.dialect.Keys {
		if err := t.try(ctx, deleteKeys+t.among("key"), t.storeID, t.last, list(t.keys)); err != nil {
			return err
		}
	}
	if err := t.try(ctx, deleteReplays+t.among("event_id"), t.storeID, list(t.events)); err != nil {
		return err
	}
	return t.try(ctx, deleteEvents+t.among("id"), t.storeID, t.first, t.last, list(t.events))
}

// eraseData takes away the events' data and what goes with it, and leaves its hash.
func (t *settling) eraseData(ctx context.Context) error {
	if len(t.erased) == 0 {
		return nil
	}
	rows, err := t.conn.Query(ctx, dataAmong+t.among("id"), t.storeID, t.first, t.last, list(t.erased))
	type payload struct {
		position
		hash []byte
	}
	all, err := collect(rows, err, func(from Row) (p payload, err error) {
		var data []byte
		err = from.Scan(&p.id, &p.at, &data)
		p.hash = hashOf(data)
		return p, err
	})
	if err != nil {
		return err
	}
	for _, p := range all {
		if err := t.try(ctx, eraseData, []byte{}, p.hash, nanos(t.at), t.storeID, p.id, p.at); err != nil {
			return err
		}
	}
	return nil
}
