package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/billhook/billhook"
)

const (
	// selectEnds ends with whether a chain may still grow.
	selectEnds    = "SELECT chain, number, %s FROM billhook.audit_heads WHERE store_id = ? AND chain > 0 ORDER BY chain"
	selectOfChain = "SELECT number, " + eventFields + " FROM billhook.events" +
		" WHERE store_id = ? AND chain = ? AND chain > 0 AND number > ? AND number <= ? ORDER BY number LIMIT CAST(? AS BIGINT)"
	// firstSince goes by the time: by the chain, all events of the store would be read.
	firstSince = "SELECT +chain, MIN(number), 1 FROM billhook.events WHERE store_id = ? AND created_at >= ? AND +chain > 0 GROUP BY +chain ORDER BY +chain"
)

// ChainEnds reads where the store's chains end. Who may still add to one is asked in
// the same statement, so that one which nobody may is read to its end.
func (r *Reader) ChainEnds(ctx context.Context, storeID string) ([]billhook.ChainEnd, error) {
	living := "1"
	if r.dialect.Living != "" {
		living = "CASE WHEN chain IN (" + r.dialect.Living + ") THEN 1 ELSE 0 END"
	}
	rows, err := r.query(ctx, fmt.Sprintf(selectEnds, living), storeID)
	all, err := collect(rows, err, scanEnd)
	if err != nil {
		return nil, fmt.Errorf("read the ends of chains: %w", err)
	}
	return all, nil
}

// ChainsSince reads the first event of each chain that is from a time or later.
func (r *Reader) ChainsSince(ctx context.Context, storeID string, since time.Time) ([]billhook.ChainEnd, error) {
	rows, err := r.query(ctx, firstSince, storeID, nanos(since))
	all, err := collect(rows, err, scanEnd)
	if err != nil {
		return nil, fmt.Errorf("look for the first events since a time: %w", err)
	}
	return all, nil
}

func scanEnd(from Row) (e billhook.ChainEnd, err error) {
	var living int64
	err = from.Scan(&e.Chain, &e.Number, &living)
	e.Living = living == 1
	return e, err
}

// ChainEvents reads events of one chain, by number.
func (r *Reader) ChainEvents(ctx context.Context, a billhook.ChainRange) ([]billhook.ChainEvent, error) {
	rows, err := r.query(ctx, selectOfChain, a.StoreID, a.Chain, a.After, a.To, int64(a.Limit))
	all, err := collectUpTo(a.MaxBytes, rows, err, func(from Row) (e billhook.ChainEvent, err error) {
		e.Event, err = scanEvent(numbered{from, &e.Number})
		return e, err
	}, func(e *billhook.ChainEvent) int { return len(e.Data) })
	if err != nil {
		return nil, fmt.Errorf("read events of a chain: %w", err)
	}
	return all, nil
}

// A numbered is a row that has a column before those that are asked for.
type numbered struct {
	Row
	first any
}

func (b numbered) Scan(into ...any) error { return b.Row.Scan(append([]any{b.first}, into...)...) }
