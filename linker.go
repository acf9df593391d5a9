package billhook

import (
	"sync"
	"time"
)

const (
	// linkStep is how many entries one transaction takes into a chain. Their data
	// is read for it.
	linkStep = 200
	// linkRetry is how long after a failure that is tried again.
	linkRetry = time.Second
)

// A linker has this node take into its chains what was written without one: in a
// transaction of a caller's, by a process that is no node, or before there were
// chains. It works in small steps, so that emits wait for none of them long.
type linker struct {
	committer *committer

	mu      sync.Mutex
	running bool
	// busy: a step is under way; again: and another after it.
	busy, again bool
}

func (l *linker) start() {
	l.mu.Lock()
	l.running = true
	l.mu.Unlock()
	l.wake()
}

func (l *linker) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running = false
}

// wake looks for what is in no chain.
func (l *linker) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case !l.running:
	case l.busy:
		l.again = true
	default:
		l.busy, l.again = true, false
		link := &Link{Limit: linkStep}
		l.committer.submit(write{
			parts: commitParts / 8,
			add:   func(b *Batch) { b.Links = append(b.Links, link) },
			after: func(err error) { l.linked(link, err) },
		})
	}
}

func (l *linker) linked(link *Link, err error) {
	l.mu.Lock()
	l.busy = false
	again := l.again || link.Linked >= link.Limit
	l.mu.Unlock()
	switch {
	case err != nil:
		time.AfterFunc(linkRetry, l.wake)
	case again:
		l.wake()
	}
}
