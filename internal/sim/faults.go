package sim

import (
	"maps"
	"math/rand/v2"
	"time"
)

func (w *world) crashSomeone(_ *rand.Rand, p *process) { p.crash("by chance") }

func (w *world) crashAtPoint(r *rand.Rand, p *process) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p.crashAt = points[r.IntN(len(points))]
	w.note("%s will crash %s", p.name, p.crashAt)
}

// longestPause is how many leases a pause may last.
const longestPause = 3

// shorter and longer are pauses for less and for more than a lease, often so much
// more that others are just about to take over.
func (w *world) shorter(r *rand.Rand) time.Duration {
	return between(r, w.climate.lease/10, w.climate.lease*8/10)
}

func (w *world) longer(r *rand.Rand) time.Duration {
	if oneIn(r, 2) {
		return between(r, w.climate.lease, w.climate.lease*13/10)
	}
	return between(r, w.climate.lease*11/10, longestPause*w.climate.lease)
}

// pauseAtPoint pauses a process at a point of the way of an event, so that others
// take over what it is about to do.
func (w *world) pauseAtPoint(r *rand.Rand, p *process) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p.pauseAt, p.pauseFor = []point{beforeCommit, beforeOutcome, beforeOutcome}[r.IntN(3)], w.longer(r)
	w.note("%s will pause %s", p.name, p.pauseAt)
}

func (w *world) pauseSomeone(r *rand.Rand, p *process) {
	lasts := w.shorter(r)
	if oneIn(r, 2) {
		lasts = w.longer(r)
	}
	w.mu.Lock()
	p.pause(lasts)
	cut := map[*conn]bool{}
	if oneIn(r, 2) {
		maps.Copy(cut, p.conns)
	}
	w.mu.Unlock()
	for c := range cut {
		c.far.Close() // which the process learns when it goes on
	}
}

// changeUnseen changes a webhook while a process cannot read what has changed.
func (w *world) changeUnseen(r *rand.Rand, p *process) {
	blind := w.machines[r.IntN(len(w.machines))]
	w.mu.Lock()
	w.strike(noReads, blind, between(r, w.climate.lease/2, 2*w.climate.lease))
	w.mu.Unlock()
	if oneIn(r, 2) {
		w.changeWebhook(r, p)
		return
	}
	w.register(p)
	time.Sleep(between(r, 10*time.Millisecond, time.Second))
	w.emitInTx(r, p) // for whom it may concern to take over
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
