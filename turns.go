package billhook

import (
	"context"
	"sync"
	"time"
)

const (
	// listsAtOnce is how many lists of one store are read at a time: each may take
	// one of the database's few readers for as long as listLimit.
	listsAtOnce = 2
	// turnLimit bounds the wait of one more.
	turnLimit = 10 * time.Second
)

// turns are those of lists, each store's first come, first served. Only stores that
// are or were there get one.
type turns struct{ stores sync.Map } // of chan struct{}, by id

// take waits for a turn of the store's. Whoever gets one calls done.
func (t *turns) take(ctx context.Context, storeID string) (done func(), err error) {
	found, ok := t.stores.Load(storeID)
	if !ok {
		found, _ = t.stores.LoadOrStore(storeID, make(chan struct{}, listsAtOnce))
	}
	turn := found.(chan struct{})
	limit := time.NewTimer(turnLimit)
	defer limit.Stop()
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-limit.C:
		return nil, &Error{
			Code: CodeRateLimited, Message: "too many lists of the store are being read; nothing was done",
			Hint: "ask for fewer at a time",
		}
	}
}
