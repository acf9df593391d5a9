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
	{2, (*world).openStore},
	{3, (*world).receiverGoesDown},
	{3, (*world).stopSomeone},
}

// trouble is what happens beside it where the world is not calm.
var troubles = []weighted[action]{
	{8, (*world).retryOne},
	{10, (*world).retryMany},
	{8, (*world).replayTo},
	{4, (*world).crashSomeone},
	{14, (*world).crashAtPoint},
	{6, (*world).pauseSomeone},
	{6, (*world).pauseAtPoint},
	{10, (*world).databaseFails},
	{4, (*world).changeUnseen},
	{3, (*world).clockJumps},
	{3, (*world).stopSomeone},
}

// lonely is what more happens where there is only ever one node, to which nothing
// is done by others or their clocks.
var lonely = []weighted[action]{{30, (*world).crashAtPoint}, {10, (*world).databaseFails}}

// play lets it all happen.
func (w *world) play() {
	r := chance(w.plan.Seed, "play")
	actions := ordinary
	if !w.climate.calm {
		actions = slices.Concat(ordinary, troubles)
		if !w.backend.owned() {
			actions = slices.Concat(actions, lonely)
		}
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
	if !w.climate.calm && oneIn(r, 2) {
		w.lastAnswers(r)
	}
}

// lastAnswers has the last commits of every process fail although they are
// written: nothing that comes after them lets the process know.
func (w *world) lastAnswers(r *rand.Rand) {
	lasts := between(r, 200*time.Millisecond, 4*time.Second)
	w.mu.Lock()
	w.strike(mute, nil, lasts)
	w.mu.Unlock()
	for _, m := range w.machines {
		if p := m.up(); p != nil {
			w.emitInTx(chance(w.plan.Seed, "last", m.name), p)
			time.Sleep(between(r, 0, lasts/8))
			w.emitOne(r, p)
		}
		time.Sleep(between(r, 0, lasts/8))
	}
	time.Sleep(lasts)
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
