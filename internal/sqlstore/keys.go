package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/billhook/billhook"
)

const (
	// A key is an id or an idempotency key that a caller chose, told apart by
	// its first letter.
	keyOfID, keyOfIdempotency = "i", "k"

	idTaken    = idIsThere + "? AND id = ? LIMIT 1"
	dropKey    = "DELETE FROM billhook.event_keys WHERE store_id = ? AND key = ?"
	eventOfKey = "SELECT event_id FROM billhook.event_keys WHERE store_id = ? AND key = ?"
)

var (
	// insertKey leaves out a key that is taken. One that another transaction is
	// about to take is waited for.
	insertKey = &bulk{
		what:   "reserve keys of events",
		insert: "billhook.event_keys (store_id, key, event_id, created_at)",
		name:   "key",
		shared: 1,
		row:    []string{"?1", textKind, textKind, bigintKind},
		after:  " ON CONFLICT DO NOTHING",
	}
	// insertKeys is that for many, and leaves out ids that events have whose ids
	// were not chosen, and are no keys. CASE, so that it is a look for each.
	//
	// Nobody looks the other way around: an id that is not chosen is random, and
	// cannot have been chosen before.
	insertKeys = &bulk{
		what: insertKey.what, insert: insertKey.insert, name: insertKey.name, shared: insertKey.shared, row: insertKey.row,
		after: " WHERE CASE WHEN left(own.c1, 1) = '" + keyOfID + "' THEN (" + idIsThere + "?1 AND id = own.c2 LIMIT 1) END IS NULL" + insertKey.after,
	}
)

const idIsThere = "SELECT 1 FROM billhook.events WHERE store_id = "

// A key of an event, to be unique in its store.
type key struct {
	emit *billhook.Emit
	text string
}

func (k key) isID() bool { return strings.HasPrefix(k.text, keyOfID) }

func keysOf(e *billhook.Emit) (keys []key) {
	if e.Event.IdempotencyKey != "" {
		keys = append(keys, key{e, keyOfIdempotency + e.Event.IdempotencyKey})
	}
	if e.OwnID {
		keys = append(keys, key{e, keyOfID + e.Event.ID})
	}
	return keys
}

// reserve takes the keys of the events. It sets Existing of those whose keys are
// taken, and returns the others.
func (w *Writer) reserve(ctx context.Context, emits []*billhook.Emit) ([]*billhook.Emit, error) {
	markChosen(emits)
	together, single := emits, []*billhook.Emit(nil)
	switch {
	case w.rowByRow:
		together, single = nil, emits
	case w.careful:
		together, single = entangled(emits)
	}
	if err := w.reserveTogether(ctx, together); err != nil {
		return nil, err
	}
	for i, e := range single {
		keys := keysOf(e)
		taken, err := w.reserveKeys(ctx, keys)
		if err == nil && len(taken) > 0 {
			err = w.refused(ctx, keys, taken, single[:i])
		}
		if err != nil {
			return nil, err
		}
	}
	var fresh []*billhook.Emit
	for _, e := range emits {
		if e.Existing == nil {
			fresh = append(fresh, e)
		}
	}
	return fresh, nil
}

// markChosen makes ids chosen ones that another emit of the batch has chosen: no
// event has them yet that could be found.
func markChosen(emits []*billhook.Emit) {
	type owned struct{ store, id string }
	var chosen map[owned]bool
	for _, e := range emits {
		if e.OwnID {
			if chosen == nil {
				chosen = make(map[owned]bool)
			}
			chosen[owned{e.Event.StoreID, e.Event.ID}] = true
		}
	}
	if chosen == nil {
		return
	}
	for _, e := range emits {
		e.OwnID = e.OwnID || chosen[owned{e.Event.StoreID, e.Event.ID}]
	}
}

// entangled parts emits whose keys no other one has from those of which the
// earlier decide what becomes of the later.
func entangled(emits []*billhook.Emit) (free, tied []*billhook.Emit) {
	type owned struct{ store, key string }
	count := make(map[owned]int, len(emits))
	for _, e := range emits {
		for _, k := range keysOf(e) {
			count[owned{e.Event.StoreID, k.text}]++
		}
	}
	for _, e := range emits {
		shares := false
		for _, k := range keysOf(e) {
			shares = shares || count[owned{e.Event.StoreID, k.text}] > 1
		}
		if shares {
			tied = append(tied, e)
		} else {
			free = append(free, e)
		}
	}
	return free, tied
}

// reserveTogether is for emits none of which has another's key, which are all
// but a few.
func (w *Writer) reserveTogether(ctx context.Context, emits []*billhook.Emit) error {
	var keys []key
	for _, e := range emits {
		keys = append(keys, keysOf(e)...)
	}
	taken, err := w.reserveKeys(ctx, keys)
	if err != nil {
		return err
	}
	for len(taken) > 0 {
		first := taken[0]
		if first > 0 && keys[first-1].emit == keys[first].emit {
			first-- // its id is taken and its idempotency key is not
		}
		of := keysOf(keys[first].emit)
		var its []int
		for len(taken) > 0 && taken[0] < first+len(of) {
			its, taken = append(its, taken[0]-first), taken[1:]
		}
		if err := w.refused(ctx, of, its, nil); err != nil {
			return err
		}
	}
	return nil
}

// refused sets Existing of an emit some of whose keys are taken, and gives back
// the one that is not. The emits before it are not written yet. A key whose event
// is no longer kept is free, and then the emit's own.
func (w *Writer) refused(ctx context.Context, keys []key, taken []int, before []*billhook.Emit) error {
	e := keys[0].emit
	for _, i := range taken {
		existing, err := w.holder(ctx, keys[i], before)
		if errors.Is(err, sql.ErrNoRows) {
			if err = w.takeKey(ctx, keys[i]); err == nil {
				continue
			}
		}
		if err != nil {
			return fmt.Errorf("read event that has the key: %w", err)
		}
		e.Existing = existing
		return w.giveBack(ctx, keys, i, taken)
	}
	return nil
}

// takeKey makes a key the emit's that an event has which is not there.
func (w *Writer) takeKey(ctx context.Context, k key) error {
	if _, err := w.conn.Exec(ctx, dropKey, k.emit.Event.StoreID, k.text); err != nil {
		return err
	}
	taken, err := w.reserveKeys(ctx, []key{k})
	if err == nil && len(taken) > 0 {
		err = errors.New("another has taken it meanwhile")
	}
	return err
}

// giveBack drops the keys that the emit has got: those that were not taken, and
// those before i that it has taken over.
func (w *Writer) giveBack(ctx context.Context, keys []key, i int, taken []int) error {
	for j, k := range keys {
		if j >= i && slices.Contains(taken, j) {
			continue
		}
		if _, err := w.conn.Exec(ctx, dropKey, k.emit.Event.StoreID, k.text); err != nil {
			return fmt.Errorf("give back key: %w", err)
		}
	}
	return nil
}

func (w *Writer) reserveKeys(ctx context.Context, keys []key) (taken []int, err error) {
	if w.arrays() {
		return w.insertKeys(ctx, insertKeys, keys)
	}
	for i, k := range keys {
		var none []int
		there := false
		if k.isID() {
			there, err = w.there(ctx, &k.emit.Event)
		}
		if err == nil && !there {
			none, err = w.insertKeys(ctx, insertKey, keys[i:i+1])
		}
		if err != nil {
			return nil, err
		}
		if there || len(none) > 0 {
			taken = append(taken, i)
		}
	}
	return taken, nil
}

// there reports whether there is an event with the id.
func (w *Writer) there(ctx context.Context, e *billhook.Event) (bool, error) {
	var n int
	err := w.conn.QueryRow(ctx, idTaken, e.StoreID, e.ID).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func (w *Writer) insertKeys(ctx context.Context, b *bulk, keys []key) (taken []int, err error) {
	return w.each(ctx, b, keyRows(keys))
}

func keyRows(keys []key) rows {
	return rows{
		n:      len(keys),
		same:   func(i, j int) bool { return keys[i].emit.Event.StoreID == keys[j].emit.Event.StoreID },
		shared: func(args []any, i int) []any { return append(args, keys[i].emit.Event.StoreID) },
		own: func(args []any, i int) []any {
			e := &keys[i].emit.Event
			return append(args, keys[i].text, e.ID, nanos(e.CreatedAt))
		},
	}
}

// holder is the event that has the key: one of this transaction's, which are
// not written yet, or one from before it.
func (w *Writer) holder(ctx context.Context, k key, before []*billhook.Emit) (*billhook.Event, error) {
	id := k.emit.Event.ID
	if !k.isID() {
		if err := w.conn.QueryRow(ctx, eventOfKey, k.emit.Event.StoreID, k.text).Scan(&id); err != nil {
			return nil, err
		}
	}
	for _, e := range before {
		if e.Existing == nil && e.Event.StoreID == k.emit.Event.StoreID && e.Event.ID == id {
			return &e.Event, nil // which has its number when it is written
		}
	}
	found, err := scanEvent(w.conn.QueryRow(ctx, eventByID, k.emit.Event.StoreID, id))
	return &found, err
}
