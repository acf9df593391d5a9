package api

import (
	"io"
	"sync/atomic"

	"github.com/billhook/billhook"
)

var (
	errBodies = &billhook.Error{
		Code: billhook.CodeUnavailable, Message: "too much is being sent at once; nothing was accepted",
		Hint: "wait as long as Retry-After says",
	}
	errStoreBodies = &billhook.Error{
		Code: billhook.CodeRateLimited, Message: "the store's API keys send too much at once; nothing was accepted",
		Hint: "wait as long as Retry-After says",
	}
)

// countFor has the call's body count for the keys of one store; "" is all. Only keys
// that there are get here, so only stores that there are, or were, get a count.
func (c *call) countFor(keyStore string) {
	if keyStore == "" {
		return
	}
	count, ok := c.server.storeBodies.Load(keyStore)
	if !ok {
		count, _ = c.server.storeBodies.LoadOrStore(keyStore, new(atomic.Int64))
	}
	c.storeBodies = count.(*atomic.Int64)
}

// letGo counts the call's body no more.
func (c *call) letGo() {
	c.bodies.Add(-c.held)
	if c.storeBodies != nil {
		c.storeBodies.Add(-c.held)
	}
}

// A countedBody counts what comes of a body, not what is announced of it: that
// costs a caller nothing.
type countedBody struct {
	c    *call
	body io.Reader
}

// Read gives nothing of what is too much: with all of a body, io.ReadFull would pass
// over the error.
func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	if n == 0 {
		return n, err
	}
	b.c.held += int64(n)
	if b.c.storeBodies != nil && b.c.storeBodies.Add(int64(n)) > b.c.cfg.MaxStoreBodies {
		b.c.bodies.Add(int64(n)) // it is let go of in both
		return 0, errStoreBodies
	}
	if b.c.bodies.Add(int64(n)) > b.c.cfg.MaxBodies {
		return 0, errBodies
	}
	return n, err
}
