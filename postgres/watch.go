package postgres

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/internal/sqlstore"
)

const (
	// beatsPerLease is how often a lease is renewed while it lasts.
	beatsPerLease = 5
	// pollEvery is how often the database is asked what has changed. Who listens
	// is told at once, but a message may get lost.
	pollEvery = time.Second
	pollLimit = 5 * time.Second
	// partitionEvery is how often the coming weeks' partitions are looked for.
	partitionEvery = time.Hour
	// takeOverLimit bounds one look after the other nodes.
	takeOverLimit = time.Minute
)

// poll reads what Watch is to tell: one row, the first entries of some small
// indexes, and the nodes. One that is lost owns something still, most likely.
const poll = "SELECT version, " + sqlstore.SomeUnowned + " OR EXISTS (SELECT 1 FROM billhook.nodes WHERE state = '" + lost + "') " +
	"OR EXISTS (SELECT 1 FROM billhook.recoveries WHERE status = 'running' AND " + orphaned + "), " +
	"EXISTS (SELECT 1 FROM billhook.outbox WHERE refused IS NULL) FROM billhook.changes"

// Watch renews the lease, takes over from nodes that are dead, and tells what
// has changed, until ctx ends or the database is closed. It calls seen on this
// goroutine; the heartbeat does not wait for it.
func (d *Database) Watch(ctx context.Context, seen func(billhook.Change)) {
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return
	}
	d.watching.Add(1)
	d.mu.Unlock()
	defer d.watching.Done()

	ctx, cancel := context.WithCancel(ctx)
	c := &changes{some: make(chan struct{}, 1)}
	var loops sync.WaitGroup
	for _, loop := range []func(context.Context, func(billhook.Change)){d.beat, d.keepUp, d.poll, d.listen} {
		loops.Go(func() { loop(ctx, c.tell) })
	}
	defer loops.Wait()
	defer cancel()
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.quit:
			return
		case <-c.some:
			seen(c.take())
		}
	}
}

// beat renews the lease. Of a node that is lost it tells every time, until
// Recover has made it a new one.
func (d *Database) beat(ctx context.Context, tell func(billhook.Change)) {
	every := d.options.Lease / beatsPerLease
	// One that hangs or fails leaves time for others before the lease ends.
	limit, again := d.options.Lease/4, every/4
	on := &line{open: func(ctx context.Context) (*pgx.Conn, error) {
		return dial(ctx, d.config, writeSettings(d.options.Lease))
	}}
	defer on.close()
	o := outage{logger: d.options.Logger, what: "cannot renew this node's lease"}
	for {
		if l := d.lease.Load(); l != nil {
			held := l.holds(time.Now())
			err := on.use(ctx, limit, func(ctx context.Context, on *pgx.Conn) error { return d.renew(ctx, on, l) })
			switch {
			case errors.Is(err, billhook.ErrNotOwner):
				if !l.until.IsZero() {
					d.options.Logger.Warn("other nodes have taken this one for dead; it joins again", "epoch", l.epoch)
				}
				tell(billhook.Change{Lost: true})
				err = nil
			case err == nil && !held:
				tell(billhook.Change{}) // what waited for the lease goes on
			}
			o.note(ctx, err)
			if err != nil && pause(ctx, again) {
				continue
			}
		}
		if !pause(ctx, every) {
			return
		}
	}
}

// keepUp takes over what dead nodes had, and makes partitions.
func (d *Database) keepUp(ctx context.Context, tell func(billhook.Change)) {
	on := &line{open: func(ctx context.Context) (*pgx.Conn, error) {
		return dial(ctx, d.config, writeSettings(d.options.Lease))
	}}
	defer on.close()
	nodes := outage{logger: d.options.Logger, what: "cannot look after the other nodes"}
	partitions := outage{logger: d.options.Logger, what: "cannot make the coming weeks' partitions"}
	partitioned := time.Now() // by Open
	for pause(ctx, d.options.Lease/beatsPerLease) {
		if !d.Held() {
			continue // it is no node, or has its own troubles
		}
		nodes.note(ctx, on.use(ctx, takeOverLimit, func(ctx context.Context, on *pgx.Conn) error { return d.takeOver(ctx, on, tell) }))
		if now := time.Now(); now.Sub(partitioned) >= partitionEvery {
			partitioned = now
			partitions.note(ctx, on.use(ctx, partitionLimit, func(ctx context.Context, on *pgx.Conn) error { return d.partition(ctx, on, weeks(now)) }))
		}
	}
}

// poll finds what nobody has told of.
func (d *Database) poll(ctx context.Context, tell func(billhook.Change)) {
	o := outage{logger: d.options.Logger, what: "cannot look for changes"}
	for {
		c, err := d.pollOnce(ctx)
		o.note(ctx, err)
		if c.Configuration || c.Unowned || c.Asked {
			tell(c)
		}
		if !pause(ctx, pollEvery) {
			return
		}
	}
}

func (d *Database) pollOnce(ctx context.Context) (c billhook.Change, err error) {
	ctx, cancel := context.WithTimeout(ctx, pollLimit)
	defer cancel()
	var version int64
	if err := d.point.QueryRowContext(ctx, poll).Scan(&version, &c.Unowned, &c.Asked); err != nil {
		return billhook.Change{}, err
	}
	c.Configuration = d.version.Swap(version) != version
	return c, nil
}

// A line is a connection that is opened when it is needed, and closed when
// something failed on it. One goroutine uses it.
type line struct {
	open func(context.Context) (*pgx.Conn, error)
	on   *pgx.Conn
}

func (l *line) use(ctx context.Context, limit time.Duration, f func(context.Context, *pgx.Conn) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if l.on == nil {
		if l.on, err = l.open(ctx); err != nil {
			return err
		}
	}
	if err = f(ctx, l.on); err != nil {
		l.close()
	}
	return err
}

func (l *line) close() {
	if l.on != nil {
		hangUp(l.on)
		l.on = nil
	}
}

// An outage is logged when it begins and when it is over.
type outage struct {
	logger *slog.Logger
	what   string
	begun  bool
}

// note takes the outcome of what is done again and again until ctx ends.
func (o *outage) note(ctx context.Context, err error) {
	switch {
	case ctx.Err() != nil:
	case err != nil && !o.begun:
		o.logger.Warn(o.what+"; trying again", "err", err)
	case err == nil && o.begun:
		o.logger.Info("over: " + o.what)
	}
	o.begun = err != nil
}

// pause reports whether to go on.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
