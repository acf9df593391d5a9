package billhook

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"
)

const (
	// commitParts bounds a transaction: with more, those who wait at its end
	// wait too long; with fewer, each pays more of the fsync.
	commitParts = 1024
	// outcomeLinger is how long an outcome waits for company before it causes
	// a transaction of its own. An emit never waits. A crash in this time
	// costs a duplicate, as one during the transaction would.
	outcomeLinger = 10 * time.Millisecond
	// retryCommit is how long outcomes wait after a failed transaction.
	retryCommit = 200 * time.Millisecond
	// maxQueued bounds the writes that wait. Beyond it callers are refused at
	// once, since they give up before their turn comes and try again.
	maxQueued = 64 << 10
)

// A committer writes for everyone: what was asked for while one transaction
// ran goes into the next one together. It runs on a goroutine of its own only
// while there is something to write, and everything that must agree with what
// is on disk (handing over to the scheduler, reading a lane's next window)
// happens on that goroutine too, between transactions. So memory and disk
// never have to be reconciled.
type committer struct {
	db     Database
	logger *slog.Logger
	// onRecovered runs between transactions after a failed one: what the
	// failed one wrote may be there.
	onRecovered func(context.Context)

	mu      sync.Mutex
	queue   []write
	running bool        // a drain goroutine is at work
	linger  *time.Timer // set while outcomes wait for company
	closed  bool

	// broken is touched by the drain goroutine alone.
	broken bool
}

// A write is one caller's share of a transaction.
type write struct {
	// add puts the parts into the batch; nil for a write that only wants to
	// run between transactions.
	add func(*Batch)
	// parts is how many that are.
	parts int
	// after runs once the transaction is over, with its error.
	after func(error)
	// keep: a failed transaction is not told to after; the write stays in the
	// queue until one succeeds.
	keep bool
}

func newCommitter(db Database, logger *slog.Logger) *committer {
	return &committer{db: db, logger: logger, onRecovered: func(context.Context) {}}
}

// submit queues the write for the next transaction.
func (c *committer) submit(w write) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queue = append(c.queue, w)
	c.start()
}

// offer is submit for callers who can be refused.
func (c *committer) offer(w write) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) >= maxQueued {
		return false
	}
	c.queue = append(c.queue, w)
	c.start()
	return true
}

// submitLater queues a write that is in no hurry.
func (c *committer) submitLater(w write) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queue = append(c.queue, w)
	if len(c.queue) >= commitParts/2 {
		c.start()
		return
	}
	c.wakeIn(outcomeLinger)
}

// do queues the write and waits until it is on disk, and w.after has run, or
// it is refused. When ctx ends first the write may still happen.
func (c *committer) do(ctx context.Context, w write) error {
	done := make(chan error, 1)
	onDisk := w.after
	w.after = func(err error) {
		if err == nil && onDisk != nil {
			onDisk(nil)
		}
		done <- err
	}
	if !c.offer(w) {
		return unavailable(errors.New("too many writes wait"))
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// start makes sure that a drain goroutine runs. It wants c.mu.
func (c *committer) start() {
	if c.running || len(c.queue) == 0 {
		return
	}
	c.running = true
	if c.linger != nil {
		c.linger.Stop()
		c.linger = nil
	}
	go c.drain()
}

// wakeIn starts a drain later, unless one comes sooner. It wants c.mu.
func (c *committer) wakeIn(d time.Duration) {
	if c.running || c.linger != nil || c.closed {
		return
	}
	c.linger = time.AfterFunc(d, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.linger = nil
		c.start()
	})
}

// flush waits until everything queued so far has been tried once: it is
// written, refused, or kept because the database does not take writes.
func (c *committer) flush() {
	done := make(chan struct{})
	c.submit(write{after: func(error) { close(done) }})
	<-done
}

// close is flush for good: what is kept is not tried again. The next start
// finds its deliveries as they were before their attempts.
func (c *committer) close() {
	c.flush()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.linger != nil {
		c.linger.Stop()
		c.linger = nil
	}
}

func (c *committer) drain() {
	// A transaction is never given up half way because a caller went away.
	ctx := context.Background()
	for {
		writes := c.take()
		if writes == nil {
			return
		}
		kept := c.commit(ctx, writes)
		if len(kept) > 0 && !c.putBack(kept) {
			return
		}
	}
}

// take removes the next transaction's writes from the queue; nil means that
// there are none and the drain is over.
func (c *committer) take() []write {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 {
		c.running = false
		return nil
	}
	n, parts := 0, 0
	for n < len(c.queue) && (n == 0 || parts+c.queue[n].parts <= commitParts) {
		parts += c.queue[n].parts
		n++
	}
	writes := c.queue[:n:n]
	if c.queue = c.queue[n:]; len(c.queue) == 0 {
		c.queue = nil
	}
	return writes
}

// putBack queues writes that must not get lost again, behind those who wait to
// be told how it stands, and reports whether there are any of those and the
// drain goes on. Else it ends and comes back after retryCommit.
func (c *committer) putBack(kept []write) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	waiting := slices.ContainsFunc(c.queue, func(w write) bool { return !w.keep })
	c.queue = append(c.queue, kept...)
	if waiting {
		return true
	}
	c.running = false
	c.wakeIn(retryCommit)
	return false
}

// commit writes one transaction and tells everyone; it returns the writes that
// must be tried again.
func (c *committer) commit(ctx context.Context, writes []write) (kept []write) {
	var b Batch
	for _, w := range writes {
		if w.add != nil {
			w.add(&b)
		}
	}
	err := c.write(ctx, &b)
	for _, w := range writes {
		if err != nil && w.keep {
			kept = append(kept, w)
			continue
		}
		w.after(err)
	}
	return kept
}

func (c *committer) write(ctx context.Context, b *Batch) error {
	if c.broken {
		if err := c.db.Recover(ctx); err != nil {
			return unavailable(err)
		}
		c.broken = false
		c.logger.Info("database is back")
		c.onRecovered(ctx)
	}
	if b.Empty() {
		return nil
	}
	if err := c.db.Commit(ctx, b); err != nil {
		c.broken = true
		c.logger.Error("database does not take writes; emits are refused until it does", "err", err)
		return unavailable(err)
	}
	return nil
}

func unavailable(err error) *Error {
	return &Error{
		Code:    CodeUnavailable,
		Message: "the database cannot store anything at the moment; nothing was accepted",
		Hint:    "send it again later",
		Err:     err,
	}
}
