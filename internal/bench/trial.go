package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// A trial is one system in one condition under one load.
type trial struct {
	name string
	// start starts the system and registers its webhooks.
	start func(context.Context) (*system, error)
	// nodes is how many nodes Billhook has; 0 for the reference.
	nodes int
	// hooks is how many receiving webhooks every event goes to.
	hooks int
	load  loadPlan
}

const (
	// pollEvery is how often the receiver is asked whether all has come.
	pollEvery = 20 * time.Millisecond
	// deathLimit is how long a node may take from its last connection to its end.
	deathLimit = 5 * time.Second
	// drainLimit bounds the waiting for a system that does come on.
	drainLimit = 10 * time.Minute
)

// measure runs the trial once, on fresh processes that are warm.
func (b *bench) measure(ctx context.Context, t trial) (figures Figures, err error) {
	if err := b.awaitCalm(ctx); err != nil {
		return Figures{}, fmt.Errorf("wait for a calm disk: %w", err)
	}
	s, err := t.start(ctx)
	if err != nil {
		return Figures{}, err
	}
	defer s.stop()

	warm := t.load
	warm.duration = max(warm.duration/5, 200*time.Millisecond)
	if _, _, err := b.emitAndDrain(ctx, s, t, warm); err != nil {
		return Figures{}, fmt.Errorf("warm up: %w", err)
	}
	before := s.spent()
	load, receipts, err := b.emitAndDrain(ctx, s, t, t.load)
	if err != nil {
		return Figures{}, err
	}
	after := s.spent()
	figures = newFigures(load, receipts)
	figures.charge(before, after, receipts.Distinct)
	figures.PeakBytes = s.peakMemory()
	return figures, nil
}

// emitAndDrain emits by the plan and waits until every accepted event has
// come to every webhook. Anything refused or lost is an error: figures of a
// system that loses events compare to nothing.
func (b *bench) emitAndDrain(ctx context.Context, s *system, t trial, plan loadPlan) (loadResult, receiverStats, error) {
	b.run++
	if err := b.resetReceiver(ctx, b.run); err != nil {
		return loadResult{}, receiverStats{}, err
	}
	load, err := b.runLoad(ctx, s, b.run, plan)
	if err != nil {
		return load, receiverStats{}, err
	}
	if len(load.Refused) > 0 {
		return load, receiverStats{}, fmt.Errorf("events refused, count by status: %v", load.Refused)
	}
	if load.Accepted == 0 {
		return load, receiverStats{}, errors.New("no event emitted")
	}
	receipts, err := b.drain(ctx, s, load.Accepted*t.hooks, t.hooks)
	return load, receipts, err
}

func (b *bench) runLoad(ctx context.Context, s *system, run int, plan loadPlan) (loadResult, error) {
	ctx, cancel := context.WithTimeout(ctx, plan.duration+2*answerLimit)
	defer cancel()
	var stdout bytes.Buffer
	c, err := startChild(ctx, b.executable, &stdout, append([]string{"bench-load"}, plan.args(s.addrs(), run)...)...)
	if err != nil {
		return loadResult{}, err
	}
	defer c.stop()
	select {
	case <-c.exited:
	case n := <-s.fallen:
		return loadResult{}, n.died()
	case <-ctx.Done():
		return loadResult{}, fmt.Errorf("emit events: %w", ctx.Err())
	}
	if c.err != nil {
		// A node's death is the reason, if there was one; it may be heard of later
		// than what it did to the load.
		select {
		case n := <-s.fallen:
			return loadResult{}, n.died()
		case <-time.After(deathLimit):
			return loadResult{}, c.died()
		}
	}
	var result loadResult
	if err := json.Unmarshal(stdout.Bytes(), &result); err != nil {
		return loadResult{}, fmt.Errorf("read result of load: %w", err)
	}
	return result, nil
}

// drain waits until the receiver has got as many distinct deliveries as are
// expected.
func (b *bench) drain(ctx context.Context, s *system, expected, hooks int) (receiverStats, error) {
	ctx, cancel := context.WithTimeout(ctx, drainLimit)
	defer cancel()
	every := time.NewTicker(pollEvery)
	defer every.Stop()
	last, moved := 0, time.Now()
	for {
		stats, err := b.receiverStats(ctx, hooks)
		if err != nil {
			return stats, err
		}
		switch {
		case stats.Distinct > expected:
			return stats, fmt.Errorf("%d deliveries arrived, only %d were accepted", stats.Distinct, expected)
		case stats.Distinct == expected:
			return stats, nil
		case stats.Distinct > last:
			last, moved = stats.Distinct, time.Now()
		case time.Since(moved) > b.stallLimit:
			return stats, fmt.Errorf("%d of %d accepted deliveries never arrived", expected-stats.Distinct, expected)
		}
		select {
		case <-every.C:
		case n := <-s.fallen:
			return stats, n.died()
		case <-ctx.Done():
			return stats, fmt.Errorf("wait for deliveries, %d of %d: %w", stats.Distinct, expected, ctx.Err())
		}
	}
}

func (b *bench) receiverStats(ctx context.Context, hooks int) (receiverStats, error) {
	var stats receiverStats
	status, answer, err := call(ctx, http.MethodGet, fmt.Sprintf("http://%s/stats?hooks=%d", b.receiver.addr, hooks), nil)
	if err != nil {
		return stats, fmt.Errorf("ask receiver: %w", err)
	}
	if status != http.StatusOK {
		return stats, fmt.Errorf("ask receiver: status %d", status)
	}
	if err := json.Unmarshal(answer, &stats); err != nil {
		return stats, fmt.Errorf("read receiver's answer: %w", err)
	}
	return stats, nil
}

func (b *bench) resetReceiver(ctx context.Context, run int) error {
	status, _, err := call(ctx, http.MethodPost, fmt.Sprintf("http://%s/reset?run=%d", b.receiver.addr, run), nil)
	if err != nil {
		return fmt.Errorf("reset receiver: %w", err)
	}
	if status != http.StatusOK {
		return fmt.Errorf("reset receiver: status %d", status)
	}
	return nil
}
