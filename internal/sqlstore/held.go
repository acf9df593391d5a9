package sqlstore

import (
	"context"
	"slices"

	"github.com/billhook/billhook"
)

const (
	heldSavepoint = "billhook_held"
	// maxWaits is how often a look for keys that others hold may run into one.
	// Beyond it emits are put aside by the lot.
	maxWaits = 64
)

// putAside sets Held of the emits whose keys another transaction has taken and
// may yet give back, and returns the others. It looks where that is likely: after
// a transaction that had to wait, and at those that were held the last time.
func (w *Writer) putAside(ctx context.Context, emits []*billhook.Emit) ([]*billhook.Emit, error) {
	var suspects []*billhook.Emit
	for _, e := range emits {
		if _, about := w.entityOf(&e.Event); (w.Wary || e.Held) && (about || len(keysOf(e)) > 0) {
			suspects = append(suspects, e)
		}
		e.Held = false
	}
	if len(suspects) == 0 || !w.dialect.Keys || w.rowByRow { // a caller's transaction waits
		return emits, nil
	}
	if err := w.flush(ctx); err != nil {
		return nil, err
	}
	for len(suspects) > 0 { // store by store
		n := slices.IndexFunc(suspects, func(e *billhook.Emit) bool { return e.Event.StoreID != suspects[0].Event.StoreID })
		if n < 0 {
			n = len(suspects)
		}
		s := &search{writer: w}
		if err := s.run(ctx, w.sharing(suspects[:n])); err != nil {
			return nil, err
		}
		suspects = suspects[n:]
	}
	return slices.DeleteFunc(slices.Clone(emits), func(e *billhook.Emit) bool { return e.Held }), nil
}

// A contender is a key, or an entity, with all the emits that want it.
type contender struct {
	key    key
	entity entity // zero for a key
	emits  []*billhook.Emit
}

func (w *Writer) sharing(emits []*billhook.Emit) (all []*contender) {
	known, entities := map[string]*contender{}, map[entity]*contender{}
	for _, e := range emits {
		if of, about := w.entityOf(&e.Event); about {
			c := entities[of]
			if c == nil {
				c = &contender{entity: of}
				entities[of], all = c, append(all, c)
			}
			c.emits = append(c.emits, e)
		}
		for _, k := range keysOf(e) {
			c := known[k.text]
			if c == nil {
				c = &contender{key: k}
				known[k.text], all = c, append(all, c)
			}
			c.emits = append(c.emits, e)
		}
	}
	return all
}

// A search halves contenders until it has those that are held.
type search struct {
	writer *Writer
	waits  int
}

func (s *search) run(ctx context.Context, all []*contender) error {
	held, err := s.held(ctx, all)
	switch {
	case err != nil || !held:
		return err
	case len(all) == 1 || s.waits > maxWaits:
		for _, c := range all {
			for _, e := range c.emits {
				e.Held = true
			}
		}
		return nil
	}
	if err := s.run(ctx, all[:len(all)/2]); err != nil {
		return err
	}
	return s.run(ctx, all[len(all)/2:])
}

// held reports whether one of the keys or entities is held, by taking them for a
// moment.
func (s *search) held(ctx context.Context, all []*contender) (bool, error) {
	w := s.writer
	for _, text := range []string{"SAVEPOINT " + heldSavepoint, w.dialect.Hasty} {
		if _, err := w.conn.Exec(ctx, text); err != nil {
			return false, err
		}
	}
	err := s.take(ctx, all)
	held := err != nil && w.dialect.Waited(err)
	if err != nil && !held {
		return false, err
	}
	if held {
		s.waits++
	}
	// Also what makes it hasty ends here.
	if _, err := w.conn.Exec(ctx, "ROLLBACK TO SAVEPOINT "+heldSavepoint); err != nil {
		return false, err
	}
	_, err = w.conn.Exec(ctx, "RELEASE SAVEPOINT "+heldSavepoint)
	return held, err
}

func (s *search) take(ctx context.Context, all []*contender) error {
	w := s.writer
	var keys []key
	entities := map[entity]int64{}
	for _, c := range all {
		if c.key.emit != nil {
			keys = append(keys, c.key)
		} else {
			entities[c.entity] = 0
		}
	}
	if len(keys) > 0 {
		text, args := w.statement(insertKey, keyRows(keys), 0, len(keys))
		if _, err := w.conn.Exec(ctx, text, args...); err != nil {
			return err
		}
	}
	return w.raise(ctx, entities, func(entity, int64) {})
}
