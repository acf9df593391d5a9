package listen

import (
	"context"
	"errors"
	"time"
)

// parts is in how many parts a time is waited for.
const parts = 20

var errLate = errors.New("no answer in time")

// running ends a context after a time in which this process runs: while it is stopped,
// or the machine asleep, the time stands still. What came meanwhile, a receiver's
// answer say, is found then before it is given up.
func running(ctx context.Context, d time.Duration) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	ticks := time.NewTicker(max(d/parts, time.Millisecond))
	go func() {
		defer ticks.Stop()
		for range parts + 1 { // the first after a stop comes too soon
			select {
			case <-ticks.C: // which holds one at most, however many are due
			case <-ctx.Done():
				return
			}
		}
		cancel(errLate)
	}()
	return ctx, cancel
}
