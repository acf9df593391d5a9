package sim

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/billhook/billhook"
)

// An askedRow is an event that was asked for in SQL.
type askedRow struct {
	billhook.Asked
	refused string
}

// Ask puts an event into the outbox, as a program in another language does.
func (s *Shared) Ask(e billhook.Emission) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asks++
	s.outbox[s.asks] = askedRow{Asked: billhook.Asked{Number: s.asks, Emission: e, At: time.Now().UTC().Round(0)}}
}

// unanswered is what nobody has made an event of or refused, oldest first. It
// wants s.mu.
func (s *Shared) unanswered() (all []billhook.Asked) {
	for _, row := range s.outbox {
		if row.refused == "" {
			all = append(all, row.Asked)
		}
	}
	slices.SortFunc(all, func(a, b billhook.Asked) int { return cmp.Compare(a.Number, b.Number) })
	return all
}

// Outbox reads what was asked for, oldest first.
func (h *Handle) Outbox(_ context.Context, limit int) ([]billhook.Asked, error) {
	return read(h, func(s *Shared) ([]billhook.Asked, error) { return first(limit, s.unanswered()), nil })
}

func (w *writing) refuse(r *billhook.Refusal) {
	if row, is := w.outbox[r.Number]; is {
		row.refused = r.Reason
		put(&w.undo, w.outbox, r.Number, row)
	}
}

// take removes an entry, and reports whether it was there. 0 is none.
func (w *writing) take(number int64) bool {
	if number == 0 {
		return true
	}
	_, is := w.outbox[number]
	drop(&w.undo, w.outbox, number)
	return is
}
