package sqlstore

import (
	"context"
	"fmt"

	"github.com/billhook/billhook"
)

const (
	// A key is an id or an idempotency key that a caller chose, told apart by
	// its first letter.
	keyOfID, keyOfIdempotency = "i", "k"

	dropKey    = "DELETE FROM billhook.event_keys WHERE store_id = ? AND key = ?"
	eventOfKey = "SELECT event_id FROM billhook.event_keys WHERE store_id = ? AND key = ?"
)

// insertKeys leaves out those that are taken. One that another transaction is
// about to take is waited for.
var insertKeys = &bulk{
	what:   "reserve keys of events",
	insert: "billhook.event_keys (store_id, key, event_id, created_at)",
	shared: 1,
	row:    []string{"?1", textKind, textKind, bigintKind},
	after:  " ON CONFLICT DO NOTHING",
}

// A key of an event, to be unique in its store.
type key struct {
	emit *billhook.Emit
	text string
}

func keysOf(e *billhook.Emit) (keys []key) {
	if e.Event.IdempotencyKey != "" {
		keys = append(keys, key{e, keyOfIdempotency + e.Event.IdempotencyKey})
	}
	if e.OwnID {
		keys = append(keys, key{e, keyOfID + e.Event.ID})
	}
	return keys
}

// reserve takes the keys of the events, which are in the order of their
// stores. It sets Existing of those whose keys are taken, and returns the
// others.
func (w *Writer) reserve(ctx context.Context, emits []*billhook.Emit) (fresh []*billhook.Emit, err error) {
	if !w.rowByRow {
		var keys []key
		for _, e := range emits {
			keys = append(keys, keysOf(e)...)
		}
		if taken, err := w.reserveKeys(ctx, keys); err != nil || len(taken) == 0 {
			return emits, err
		}
		return nil, errShort
	}
	for _, e := range emits {
		keys := keysOf(e)
		taken, err := w.reserveKeys(ctx, keys)
		if err != nil {
			return nil, err
		}
		if len(taken) == 0 {
			fresh = append(fresh, e)
			continue
		}
		if e.Existing, err = w.holder(ctx, keys[taken[0]], fresh); err != nil {
			return nil, fmt.Errorf("read event that has the key: %w", err)
		}
		if len(taken) < len(keys) { // one of two, which is given back
			if _, err := w.conn.Exec(ctx, dropKey, e.Event.StoreID, keys[1-taken[0]].text); err != nil {
				return nil, fmt.Errorf("give back key: %w", err)
			}
		}
	}
	return fresh, nil
}

func (w *Writer) reserveKeys(ctx context.Context, keys []key) (taken []int, err error) {
	return w.each(ctx, insertKeys, rows{
		n:      len(keys),
		same:   func(i, j int) bool { return keys[i].emit.Event.StoreID == keys[j].emit.Event.StoreID },
		shared: func(args []any, i int) []any { return append(args, keys[i].emit.Event.StoreID) },
		own: func(args []any, i int) []any {
			e := &keys[i].emit.Event
			return append(args, keys[i].text, e.ID, nanos(e.CreatedAt))
		},
	})
}

// holder is the event that has the key: one of this transaction's, which are
// not written yet, or one from before it.
func (w *Writer) holder(ctx context.Context, k key, written []*billhook.Emit) (*billhook.Event, error) {
	var id string
	if err := w.conn.QueryRow(ctx, eventOfKey, k.emit.Event.StoreID, k.text).Scan(&id); err != nil {
		return nil, err
	}
	for _, e := range written {
		if e.Event.StoreID == k.emit.Event.StoreID && e.Event.ID == id {
			found := e.Event
			return &found, nil
		}
	}
	found, err := scanEvent(w.conn.QueryRow(ctx, eventByID, k.emit.Event.StoreID, id))
	return &found, err
}
