package sim

import (
	"math/rand/v2"
	"slices"
	"time"
)

// An action is one thing that someone does, or that befalls someone. It begins
// at once and may go on after it returns. p is a process that takes calls.
type action func(w *world, r *rand.Rand, p *process)

// ordinary is what happens in every world.
var ordinary = []weighted[action]{
	{30, (*world).emitOne},
	{8, (*world).emitBatch},
	{3, (*world).emitBurst},
	{6, (*world).emitInTx},
	{4, (*world).emitBySQL},
	{8, (*world).emitAgain},
	{5, (*world).registerAnother},
	{8, (*world).changeWebhook},
	{3, (*world).deleteWebhook},
	{3, (*world).receiverGoesDown},
}

// trouble is what happens beside it where the world is not calm.
var troubles = []weighted[action]{
	{8, (*world).retryOne},
	{4, (*world).crashSomeone},
	{14, (*world).crashAtPoint},
	{9, (*world).pauseSomeone},
	{10, (*world).databaseFails},
	{3, (*world).clockJumps},
	{6, (*world).stopSomeone},
}

// play lets it all happen.
func (w *world) play() {
	r := chance(w.plan.Seed, "play")
	actions := ordinary
	if !w.climate.calm {
		actions = slices.Concat(ordinary, troubles)
	}
	for i := range w.climate.actions {
		time.Sleep(between(r, 0, 2*w.climate.gap))
		// Each has numbers of its own, so that they do not depend on what became
		// of the others.
		own := chance(w.plan.Seed, "action", i)
		do := pick(own, actions)
		if p := w.someone(own); p != nil {
			do(w, own, p)
		}
	}
}

// someone is a process that takes calls, if there is one.
func (w *world) someone(r *rand.Rand) *process {
	var up []*process
	for _, m := range w.machines {
		if p := m.up(); p != nil {
			up = append(up, p)
		}
	}
	if len(up) == 0 {
		return nil
	}
	return up[r.IntN(len(up))]
}

// call runs a caller's call on a process, if that takes calls.
func (w *world) call(p *process, f func()) {
	if !p.begin() {
		return
	}
	w.calls.Go(func() {
		defer p.calls.Done()
		f()
	})
}

func (w *world) crashSomeone(_ *rand.Rand, p *process) { p.crash("by chance") }

func (w *world) crashAtPoint(r *rand.Rand, p *process) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p.crashAt = []point{beforeCommit, afterCommit, beforeSend, afterAnswer, beforeOutcome, afterOutcome}[r.IntN(6)]
	w.note("%s will crash %s", p.name, p.crashAt)
}

// longestPause is how many leases a pause may last.
const longestPause = 3

// pauseSomeone stops all that a process sends and is sent, for less or for more
// than its lease.
func (w *world) pauseSomeone(r *rand.Rand, p *process) {
	lasts := between(r, w.climate.lease/10, w.climate.lease*8/10)
	if oneIn(r, 2) {
		lasts = between(r, w.climate.lease*11/10, longestPause*w.climate.lease)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	p.pausedUntil = time.Now().Add(lasts)
	w.note("%s is paused for %v", p.name, lasts)
}

func (w *world) databaseFails(r *rand.Rand, p *process) {
	wrong := pick(r, []weighted[trouble]{{2, away}, {3, noReads}, {3, full}, {4, mute}, {2, taken}})
	lasts := between(r, 10*time.Millisecond, 3*time.Second)
	if oneIn(r, 4) {
		lasts = between(r, 20*time.Second, 40*time.Second)
	}
	of := p.m
	if oneIn(r, 2) {
		of = nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.strike(wrong, of, lasts)
}

// clockJumps sets the database's clock an hour forward or back, or right.
func (w *world) clockJumps(r *rand.Rand, _ *process) {
	if !w.backend.owned() {
		return
	}
	w.mu.Lock()
	w.ahead, w.shifted = []time.Duration{time.Hour, -time.Hour, 0}[r.IntN(3)], true
	w.note("the database's clock is %v ahead", w.ahead)
	ahead := w.ahead
	w.mu.Unlock()
	w.backend.shift(ahead)
}

// stopSomeone ends a process in order. The next on its machine may be one that
// only emits.
func (w *world) stopSomeone(r *rand.Rand, p *process) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p.m.emitsOnly = oneIn(r, 3)
	p.down = between(r, 10*time.Millisecond, 20*time.Second)
	w.note("%s is told to stop", p.name)
	p.stop()
}

func (w *world) receiverGoesDown(r *rand.Rand, _ *process) {
	lasts := between(r, 100*time.Millisecond, 2*time.Minute)
	which := w.receivers[r.IntN(len(w.receivers))]
	w.mu.Lock()
	defer w.mu.Unlock()
	which.downUntil = time.Now().Add(lasts)
	w.note("receiver %d is down for %v", which.port, lasts)
}
