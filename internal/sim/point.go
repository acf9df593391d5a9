package sim

import (
	"fmt"
	"time"
)

// crash ends the process at once: nothing that it does from now on reaches
// anyone.
func (p *process) crash(why string) {
	w := p.w
	w.mu.Lock()
	if p.dead {
		w.mu.Unlock()
		return
	}
	p.dead, p.ready, p.endAt = true, false, time.Now()
	p.down = between(chance(w.plan.Seed, "down", p.name), longestEnd, 40*time.Second)
	w.note("%s crashes: %s", p.name, why)
	conns := p.conns
	p.conns = map[*conn]bool{}
	w.mu.Unlock()
	for c := range conns {
		c.Close()
	}
	p.cancel()
}

// A point is one of the way of an event at which a process can crash.
type point string

const (
	beforeCommit  point = "before the commit of an emit"
	afterCommit   point = "after the commit of an emit, before its answer"
	beforeSend    point = "before a request is sent"
	afterAnswer   point = "after a receiver has answered"
	beforeOutcome point = "before the commit of an outcome"
	afterOutcome  point = "after the commit of an outcome, before its answer"
	beforeStep    point = "before the commit of a recovery's step"
	afterStep     point = "after the commit of a recovery's step, before its answer"
)

var points = []point{beforeCommit, afterCommit, beforeSend, afterAnswer, beforeOutcome, afterOutcome, beforeStep, afterStep}

// reached crashes the process if this is the point where it is to, after all else
// that it does at this instant, in whatever order that is, or pauses it.
func (p *process) reached(at point) bool {
	const moment = time.Microsecond
	p.w.mu.Lock()
	if p.pauseAt == at {
		p.pauseAt = ""
		p.pause(p.pauseFor)
	}
	here := p.crashAt == at && !p.dead
	if here {
		p.crashAt = ""
	}
	p.w.mu.Unlock()
	if here {
		time.Sleep(moment)
		p.crash(string(at))
	}
	return here
}

// pause stops all that the process sends and is sent. It wants w.mu.
func (p *process) pause(lasts time.Duration) {
	p.pausedUntil = time.Now().Add(lasts)
	p.w.note("%s is paused for %v", p.name, lasts)
}

func (p *process) alive() bool {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	return !p.dead
}

// stagger is how long after a pause all that waited for its end has gone on.
const stagger = 30 * time.Millisecond

// underWay is how long it may be now from the engine's decision to send something
// to the request. It wants w.mu.
func (p *process) underWay() time.Duration {
	usual := p.w.climate.underWay()
	if time.Since(p.pausedUntil) <= stagger+usual {
		return stagger + usual
	}
	return usual
}

// stall waits as long as the process is paused, and reports whether it lives. what
// names who waits: they go on one after the other, in an order of the seed's.
func (p *process) stall(what ...any) bool {
	for {
		p.w.mu.Lock()
		until, dead := p.pausedUntil, p.dead
		p.w.mu.Unlock()
		if dead || !time.Now().Before(until) {
			return !dead
		}
		r := chance(p.w.plan.Seed, "stall", p.name, until.Sub(p.w.began), fmt.Sprint(what...))
		time.Sleep(time.Until(until) + between(r, 0, stagger))
	}
}
