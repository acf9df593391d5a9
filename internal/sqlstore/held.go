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
		if (w.Wary || e.Held) && len(keysOf(e)) > 0 {
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
		if err := s.run(ctx, sharing(suspects[:n])); err != nil {
			return nil, err
		}
		suspects = suspects[n:]
	}
	return slices.DeleteFunc(slices.Clone(emits), func(e *billhook.Emit) bool { return e.Held }), nil
}

// A contender is a key with all the emits that want it.
type contender struct {
	key   key
	emits []*billhook.Emit
}

func sharing(emits []*billhook.Emit) (all []*contender) {
	known := map[string]*contender{}
	for _, e := range emits {
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

// held reports whether one of the keys is held, by taking them for a moment.
func (s *search) held(ctx context.Context, all []*contender) (bool, error) {
	w := s.writer
	for _, text := range []string{"SAVEPOINT " + heldSavepoint, w.dialect.Hasty} {
		if _, err := w.conn.Exec(ctx, text); err != nil {
			return false, err
		}
	}
	text, args := w.statement(insertKey, keyRows(keys(all)), 0, len(all))
	_, err := w.conn.Exec(ctx, text, args...)
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

func keys(all []*contender) []key {
	keys := make([]key, len(all))
	for i, c := range all {
		keys[i] = c.key
	}
	return keys
}
