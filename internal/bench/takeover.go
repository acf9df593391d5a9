package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/billhook/billhook"
)

const (
	// handBackLimit is how long a node may take at its stop to give up what it
	// owns, so that the next to start need not wait for its lease to run out.
	handBackLimit = 5 * time.Minute
	// takeOverLimit is how long the nodes may take to have all that waits, and
	// takeOverPoll how often they are looked after: it costs the server a little.
	takeOverLimit = 10 * time.Minute
	takeOverPoll  = 250 * time.Millisecond
)

// settle waits until the nodes own all that waits in their database, and until
// that has come to rest: neither is what is to be measured.
func (b *bench) settle(ctx context.Context, s *system, p Place) error {
	db, err := b.openDatabase(ctx, p)
	if err != nil {
		return fmt.Errorf("open database to look for what nobody owns: %w", err)
	}
	began := time.Now()
	err = s.waitTakenOver(ctx, db)
	if err := errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("wait until the nodes own what waits: %w", err)
	}
	if took := time.Since(began); took > takeOverPoll {
		b.say("  the nodes have what waits after %v", took.Round(time.Millisecond))
	}
	if b.shared.Settle == nil {
		return nil
	}
	if err := b.shared.Settle(ctx, p.URL); err != nil {
		return fmt.Errorf("settle database: %w", err)
	}
	return nil
}

func (s *system) waitTakenOver(ctx context.Context, db billhook.Database) error {
	ctx, cancel := context.WithTimeout(ctx, takeOverLimit)
	defer cancel()
	every := time.NewTicker(takeOverPoll)
	defer every.Stop()
	for {
		left, err := anyUnowned(ctx, db)
		if err != nil {
			return err
		}
		if !left {
			return nil
		}
		select {
		case <-every.C:
		case n := <-s.fallen:
			return n.died()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// anyUnowned reports whether something waits that nobody owns. A claim is the
// one way to ask for it; what it gets is given back at once, to the nodes. What
// they are about to claim it does not see: they have it in a moment.
func anyUnowned(ctx context.Context, db billhook.Database) (bool, error) {
	if err := db.Join(ctx); err != nil {
		return false, err
	}
	c := &billhook.Claim{Limit: 1}
	err := db.Commit(ctx, &billhook.Batch{Claims: []*billhook.Claim{c}})
	return len(c.Deliveries) > 0, errors.Join(err, db.Leave(ctx))
}
