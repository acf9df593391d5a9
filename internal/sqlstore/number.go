package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/billhook/billhook"
)

// raiseSequences takes numbers for as many events of each entity as there are. It
// locks the entities' rows, in their order, until the transaction is over: who
// comes next gets the next number once this one is committed. So numbers are in
// the order of commits, and two transactions cannot wait for each other.
var raiseSequences = &bulk{
	what:   "number events",
	insert: "billhook.sequences AS s (store_id, entity_type, entity_id, number)",
	shared: 1,
	row:    []string{"?1", textKind, textKind, bigintKind},
	after:  " ON CONFLICT (store_id, entity_type, entity_id) DO UPDATE SET number = s.number + excluded.number RETURNING entity_type, entity_id, number",
}

const lowerSequence = "UPDATE billhook.sequences SET number = ? WHERE store_id = ? AND entity_type = ? AND entity_id = ?"

// An entity of a store, as the database has it.
type entity struct{ storeID, kind, id string }

func (e entity) compare(f entity) int {
	return cmp.Or(cmp.Compare(e.storeID, f.storeID), cmp.Compare(e.kind, f.kind), cmp.Compare(e.id, f.id))
}

// A supply is of numbers that the transaction has taken and not given to an event yet:
// from next to last.
type supply struct{ next, last int64 }

// entityOf is what the event is about, if it is about something.
func (w *Writer) entityOf(e *billhook.Event) (entity, bool) {
	return entity{e.StoreID, w.stored(e.Entity.Type), w.stored(e.Entity.ID)}, e.Entity != (billhook.Reference{})
}

// takeNumbers takes one for each of the events that are about something.
func (w *Writer) takeNumbers(ctx context.Context, emits []*billhook.Emit) error {
	w.numbered = nil
	counts := map[entity]int64{}
	for _, e := range emits {
		if of, ok := w.entityOf(&e.Event); ok {
			counts[of]++
		}
	}
	if len(counts) == 0 {
		return nil
	}
	w.numbered = make(map[entity]*supply, len(counts))
	return w.raise(ctx, counts, func(of entity, number int64) {
		w.numbered[of] = &supply{number - counts[of] + 1, number}
	})
}

// raise adds to sequences and tells what they are then.
func (w *Writer) raise(ctx context.Context, counts map[entity]int64, tell func(of entity, number int64)) error {
	all := slices.SortedFunc(maps.Keys(counts), entity.compare)
	r := rows{
		n:      len(all),
		same:   func(i, j int) bool { return all[i].storeID == all[j].storeID },
		shared: func(args []any, i int) []any { return append(args, all[i].storeID) },
		own:    func(args []any, i int) []any { return append(args, all[i].kind, all[i].id, counts[all[i]]) },
	}
	for first := 0; first < r.n; {
		size := w.chunk(r, first)
		text, args := w.statement(raiseSequences, r, first, size)
		found, err := w.conn.Query(ctx, text, args...)
		_, err = collect(found, err, func(from Row) (got entity, err error) {
			var number int64
			got.storeID = all[first].storeID
			if err = from.Scan(&got.kind, &got.id, &number); err == nil {
				tell(got, number)
			}
			return got, err
		})
		if err != nil {
			return fmt.Errorf("%s: %w", raiseSequences.what, err)
		}
		first += size
	}
	return nil
}

// number gives the event the next number of its entity, and returns that as it is
// stored: NULL for an event about nothing.
func (w *Writer) number(e *billhook.Event) any {
	of, ok := w.entityOf(e)
	if !ok {
		return nil
	}
	n := w.numbered[of]
	e.Sequence = n.next
	n.next++
	return e.Sequence
}

// numberBack takes the last number back that was given, from an event that is not
// written.
func (w *Writer) numberBack(e *billhook.Event) {
	if of, ok := w.entityOf(e); ok {
		w.numbered[of].next--
		e.Sequence = 0
	}
}

// giveBackNumbers gives back those that no event has got. Nobody else has taken
// any since.
func (w *Writer) giveBackNumbers(ctx context.Context) error {
	for of, n := range w.numbered {
		if n.next > n.last {
			continue
		}
		if err := w.run(ctx, "give back numbers", lowerSequence, n.next-1, of.storeID, of.kind, of.id); err != nil {
			return err
		}
	}
	return nil
}
