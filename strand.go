package billhook

import (
	"context"
	"time"
)

const (
	// freeEvery is how often strands are looked for that are stuck. None should be;
	// but an older Billhook that runs beside this one knows nothing of them, nor
	// does whoever deletes rows by hand.
	freeEvery = 5 * time.Minute
	// freeStep is how many of them one transaction frees.
	freeStep = 500
)

// superseded is what becomes of a delivery whose turn has come, of which only the
// newest is to be sent, if a newer one waits; nil if none does, as far as that is
// sure. What is looked for is held back, so that nobody is sending it.
func (s *scheduler) superseded(e *endpoint, p *Pending) (k *Skip, sure bool) {
	if p.Place == nil || !e.webhook.coalesces(p.EventType) {
		return nil, true
	}
	newest, err := s.db.Newest(context.Background(), p.Strand(), p.EventType, p.Place.Sequence)
	if err != nil {
		s.logger.Error("cannot look for a newer delivery; trying again", "store", p.StoreID, "webhook", p.WebhookID, "err", err)
		time.Sleep(time.Second)
		return nil, false
	}
	if newest.ID == "" {
		return nil, true
	}
	ended := *p
	ended.Event = nil // which nothing is to be sent of
	return &Skip{Delivery: ended, Newest: *newest.Place, Reason: skippedSuperseded + newest.EventID, At: now()}, true
}

// skip has a delivery ended without an attempt.
func (s *scheduler) skip(l *lane, k *Skip) {
	s.committer.submit(write{
		parts:    1,
		keep:     true,
		add:      func(b *Batch) { b.Skips = append(b.Skips, k) },
		handOver: func() { s.skipped(l, k) },
	})
}

func (s *scheduler) skipped(l *lane, k *Skip) {
	s.unrecorded--
	if !s.holds(l) {
		return
	}
	if changed := l.forget(k.Delivery.ID); changed || k.Stale {
		l.rewind(&s.mem)
	}
	s.tend(l)
}

// freeStuck looks for strands in which nothing is to be sent and something is held
// back, now and every while, until ctx ends.
func (s *scheduler) freeStuck(ctx context.Context) {
	for {
		stuck, err := s.db.Stuck(ctx, freeStep)
		if err == nil && len(stuck) > 0 {
			s.logger.Warn("deliveries were held back behind nothing; going on with them", "entities", len(stuck))
			err = s.committer.do(ctx, write{parts: len(stuck), add: func(b *Batch) {
				for _, of := range stuck {
					b.Frees = append(b.Frees, &Free{Strand: of})
				}
			}})
		}
		if err != nil && ctx.Err() == nil {
			s.logger.Error("cannot look for deliveries that are held back behind nothing", "err", err)
		}
		if err == nil && len(stuck) == freeStep {
			continue
		}
		wait(ctx, freeEvery)
		if ctx.Err() != nil {
			return
		}
	}
}
