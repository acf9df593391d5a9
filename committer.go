package billhook

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
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
	// pace is how many deliveries are accepted for every hundred outcomes, in a
	// transaction and as long as more is accepted than is delivered; but
	// leastPaced always are. An emit costs less than its deliveries: unpaced,
	// those who emit without a pause would take the CPU from what is to be sent.
	pace       = 90
	leastPaced = 64
	// maxQueued bounds the writes that wait. Beyond it callers are refused at
	// once, since they give up before their turn comes and try again.
	maxQueued = 64 << 10
	// proveAfter is after how long without a transaction nobody knows any more
	// whether the database takes one.
	proveAfter = 5 * time.Second
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
	// onDoubt runs before a failed database is recovered, from when on what this
	// process owned may be another's; onTrust after that has failed, where all is as
	// it was. onRecovered runs after it has worked, and reads memory anew: what
	// the failed transaction wrote may be there.
	onDoubt, onTrust func()
	onRecovered      func(context.Context) error
	// handOver runs a transaction's hand-overs in the scheduler, all at once:
	// its lock is what every sender waits for.
	handOver func(all func())
	// released takes in what transactions have released, as hand-overs do.
	released func([]Pending)

	// behind reports whether more is accepted than is delivered.
	behind func() bool
	// gather is Config.gather.
	gather func()
	// committed is Observer.Committed.
	committed func(parts int, took time.Duration, err error)
	// written is told of each transaction that is on disk.
	written func(b *Batch, at time.Time)

	mu    sync.Mutex
	queue []write
	// emits are the writes that bring deliveries, apart from the others since
	// they are paced.
	emits   []write
	running bool        // a drain goroutine is at work
	linger  *time.Timer // set while outcomes wait for company
	closed  bool

	// These are touched by the drain goroutine alone. unread: the database was
	// recovered, and memory has not been read anew since. wroteAt is when a
	// transaction last worked.
	broken, unread bool
	wroteAt        time.Time
	// unwritable is broken for whoever asks.
	unwritable atomic.Bool
}

// A write is one caller's share of a transaction.
type write struct {
	// add puts the parts into the batch; nil for a write that only wants to
	// run between transactions.
	add func(*Batch)
	// parts is how many that are.
	parts int
	// deliveries is how many of them wait to be sent from then on.
	deliveries int
	// handOver, if there is one, lets the scheduler know of what is on disk
	// now. It runs with the scheduler's lock.
	handOver func()
	// after, if there is one, runs once the transaction is over and what it
	// wrote is handed over, with its error.
	after func(error)
	// keep: a failed transaction is not told to after; the write stays in the
	// queue until one succeeds.
	keep bool
}

func newCommitter(db Database, logger *slog.Logger) *committer {
	return &committer{
		db: db, logger: logger,
		onDoubt: func() {}, onTrust: func() {}, onRecovered: func(context.Context) error { return nil },
		handOver: func(all func()) { all() }, released: func([]Pending) {}, behind: func() bool { return false },
		committed: func(int, time.Duration, error) {}, written: func(*Batch, time.Time) {},
	}
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
	if len(c.queue)+len(c.emits) >= maxQueued {
		return false
	}
	if w.deliveries > 0 {
		c.emits = append(c.emits, w)
	} else {
		c.queue = append(c.queue, w)
	}
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

// do queues the write and waits until it is on disk and handed over, or
// refused. When ctx ends first the write may still happen.
func (c *committer) do(ctx context.Context, w write) error {
	done := make(chan error, 1)
	w.after = func(err error) { done <- err }
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

// busy reports whether somebody waits to have something written.
func (c *committer) busy() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.idle()
}

// start makes sure that a drain goroutine runs. It wants c.mu.
func (c *committer) start() {
	if c.running || c.idle() {
		return
	}
	c.running = true
	if c.linger != nil {
		c.linger.Stop()
		c.linger = nil
	}
	go c.drain()
}

// idle reports whether nothing is queued. It wants c.mu.
func (c *committer) idle() bool { return len(c.queue)+len(c.emits) == 0 }

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

// recover has the database recovered, and memory read anew from it.
func (c *committer) recover() {
	c.submit(write{add: func(*Batch) { c.broken = true }})
}

// flush waits until everything queued so far has been tried once: it is
// written, refused, or kept because the database does not take writes.
func (c *committer) flush() {
	var done sync.WaitGroup
	done.Add(2)
	marker := write{after: func(error) { done.Done() }}
	c.mu.Lock()
	c.queue, c.emits = append(c.queue, marker), append(c.emits, marker)
	c.start()
	c.mu.Unlock()
	done.Wait()
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
		if c.gather != nil {
			c.gather()
		}
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

// take removes the next transaction's writes from the queues; nil means that
// there are none and the drain is over.
func (c *committer) take() []write {
	behind := c.behind()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.idle() {
		c.running = false
		return nil
	}
	var writes []write
	writes, c.queue = split(c.queue, commitParts, func(w write) int { return w.parts })
	limit := commitParts
	if behind {
		limit = max(len(writes)*pace/100, leastPaced)
	}
	var emits []write
	emits, c.emits = split(c.emits, limit, func(w write) int { return max(w.deliveries, 1) })
	return append(writes, emits...)
}

// split takes writes from the queue's beginning up to a limit, but at least
// one, and returns them and the rest.
func split(queue []write, limit int, size func(write) int) (taken, rest []write) {
	n, sum := 0, 0
	for n < len(queue) && (n == 0 || sum+size(queue[n]) <= limit) {
		sum += size(queue[n])
		n++
	}
	if n == len(queue) {
		return queue, nil
	}
	return queue[:n:n], queue[n:]
}

// putBack queues writes that must not get lost again, behind those who wait to
// be told how it stands, and reports whether there are any of those and the
// drain goes on. Else it ends and comes back after retryCommit.
func (c *committer) putBack(kept []write) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	waiting := len(c.emits) > 0 || slices.ContainsFunc(c.queue, func(w write) bool { return !w.keep })
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
	if err == nil {
		c.handOver(func() {
			for _, w := range writes {
				if w.handOver != nil {
					w.handOver()
				}
			}
			c.released(b.Released)
		})
	}
	for _, w := range writes {
		switch {
		case err != nil && w.keep:
			kept = append(kept, w)
		case w.after != nil:
			w.after(err)
		}
	}
	if err != nil && len(kept) == 0 {
		// What failed may be there all the same, and owned by this process: it is
		// recovered and found also where nobody wants anything written.
		kept = append(kept, write{keep: true})
	}
	return kept
}

func (c *committer) write(ctx context.Context, b *Batch) error {
	if c.broken {
		if err := c.mend(ctx); err != nil {
			return unavailable(err)
		}
		c.broken = false
		c.unwritable.Store(false)
		c.logger.Info("database is back")
	}
	if b.Empty() {
		return nil
	}
	began := time.Now()
	err := c.db.Commit(ctx, b)
	c.committed(b.parts(), time.Since(began), err)
	switch {
	case errors.Is(err, ErrUntouched):
		c.logger.Error("database is kept by another program; emits are refused until it is free", "err", err)
		return unavailable(err)
	case err != nil:
		c.broken = true
		c.unwritable.Store(true)
		c.logger.Error("database does not take writes; emits are refused until it does", "err", err)
		return unavailable(err)
	}
	c.wroteAt = began
	c.written(b, time.Now())
	return nil
}

// unproved reports whether it is long ago that something was written. It is for a
// write's add.
func (c *committer) unproved() bool { return time.Since(c.wroteAt) >= proveAfter }

// state is how much waits to be written, and whether it can be.
func (c *committer) state() (queued int, writable bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.queue) + len(c.emits), !c.unwritable.Load()
}

// mend recovers the database and has memory read anew from it.
func (c *committer) mend(ctx context.Context) error {
	c.onDoubt()
	if err := c.db.Recover(ctx); err != nil {
		if !c.unread {
			c.onTrust()
		}
		return err
	}
	c.unread = true
	if err := c.onRecovered(ctx); err != nil {
		return err
	}
	c.unread = false
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
