package sim

import (
	"errors"
	"slices"
	"time"
)

// A weather is what the database does to its callers.
type weather []spell

// A spell is a time in which something is wrong.
type spell struct {
	from, until time.Time
	wrong       trouble
	// of is the machine that it strikes; nil for all.
	of *machine
}

// A trouble is a way in which a database fails.
type trouble string

const (
	away    trouble = "the database is away"
	noReads trouble = "reads fail"
	full    trouble = "commits fail without a trace"
	mute    trouble = "commits fail after all was written"
	taken   trouble = "another program keeps the database"
)

var (
	errAway  = errors.New("no connection to the database")
	errDead  = errors.New("this process is dead")
	errWrite = errors.New("the database cannot write")
)

// troubled reports whether something is wrong for a process now.
func (p *process) troubled(wrong trouble) bool {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	now := time.Now()
	return slices.ContainsFunc(p.w.weather, func(s spell) bool {
		return s.wrong == wrong && (s.of == nil || s.of == p.m) && !now.Before(s.from) && now.Before(s.until)
	})
}

// clear ends all that is wrong. It wants w.mu.
func (w *world) clear() {
	for i := range w.weather {
		if now := time.Now(); w.weather[i].until.After(now) {
			w.weather[i].until = now
		}
	}
}

// longAgo is how many leases it may take until a node has acted on what another
// has done, where nothing comes between.
const longAgo = 3

// undisturbed reports whether a process has had its database for so long. It
// wants w.mu.
func (w *world) undisturbed(p *process, long time.Duration) bool {
	since := time.Now().Add(-long)
	return p.pausedUntil.Before(since) && !slices.ContainsFunc(w.weather, func(s spell) bool {
		return (s.of == nil || s.of == p.m) && s.until.After(since)
	})
}

// strike begins a spell. It wants w.mu.
func (w *world) strike(wrong trouble, of *machine, lasts time.Duration) {
	w.weather = append(w.weather, spell{time.Now(), time.Now().Add(lasts), wrong, of})
	where := "everywhere"
	if of != nil {
		where = "for " + of.name
	}
	w.note("for %v %s %s", lasts, wrong, where)
}
