package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Copy moves everything from one database to another that is empty: stores,
// webhooks, API keys, events, deliveries and attempts, and what waits, which is nobody's
// or the only node's then. Nodes are not moved, and nothing may use either
// database meanwhile.
//
// It may be ended at any moment, and run again with the same sides: it goes on
// after the last transaction.
type Copy struct {
	From, To *Side
	// Rows is how many rows one transaction has at most. Default: 5000.
	Rows int
	// Tell is told of progress, by one goroutine at a time. Default: nobody.
	Tell func(Progress)

	mu       sync.Mutex
	progress Progress
}

// Progress is how far a copy, or the proof after it, has come, in rows.
type Progress struct {
	Proving bool
	Table   string
	// Before is how much of Done a former run had done.
	Done, Total, Before int64
}

const (
	defaultRows = 5000
	// batchBytes bounds what a transaction writes, and so the memory that a copy
	// takes, which has a few such batches at once.
	batchBytes = 8 << 20
	// tellEvery is how many rows are read between two reports of a proof.
	tellEvery = 1000
)

// Run copies what is missing at the target, reads both sides back and returns
// the comparison, which the target keeps if both are the same. Where a former
// run has kept one, it returns that.
func (c *Copy) Run(ctx context.Context) (*Proof, error) {
	if err := c.quiet(ctx); err != nil {
		return nil, err
	}
	// Before anything is written: a target belongs to the first source.
	if err := c.expect(ctx); err != nil {
		return nil, err
	}
	var b *book
	err := c.transaction(ctx, func(ctx context.Context) (err error) {
		b, err = openBook(ctx, c.To, c.From.Name)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !b.finished().IsZero() {
		return b.proof(), nil
	}
	if err := c.prepare(ctx); err != nil {
		return nil, err
	}
	for _, t := range c.sourceTables() {
		c.progress.Before += b.entries[t.name].copied
	}
	c.progress.Done = c.progress.Before
	for _, t := range c.sourceTables() {
		if err := c.table(ctx, b, t); err != nil {
			return nil, err
		}
	}
	if c.To.Settle != nil {
		if err := c.To.Settle(ctx); err != nil {
			return nil, err
		}
	}
	return c.finish(ctx, b)
}

// finish compares both sides, and makes sure that neither came into use
// meanwhile.
func (c *Copy) finish(ctx context.Context, b *book) (*Proof, error) {
	c.progress = Progress{Proving: true, Total: 2 * c.progress.Total}
	if e := b.entries[keysTable.name]; e != nil && !c.From.Dialect.Keys {
		c.progress.Total += e.copied
	}
	p, err := c.prove(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.quiet(ctx); err != nil {
		return nil, err
	}
	if p.FinishedAt.IsZero() {
		return p, nil
	}
	return p, c.transaction(ctx, func(ctx context.Context) error { return b.finish(ctx, p) })
}

// tables are those that the target has.
func (c *Copy) tables() (all []*table) {
	for _, t := range moved {
		if t != keysTable || c.To.Dialect.Keys {
			all = append(all, t)
		}
	}
	return all
}

// sourceTables are those of them that are read from the source. Where it has no
// table of keys, they come with the events.
func (c *Copy) sourceTables() (all []*table) {
	for _, t := range c.tables() {
		if t != keysTable || c.From.Dialect.Keys {
			all = append(all, t)
		}
	}
	return all
}

func (c *Copy) quiet(ctx context.Context) error {
	for _, side := range []*Side{c.From, c.To} {
		if side.Quiet != nil {
			if err := side.Quiet(ctx); err != nil {
				return fmt.Errorf("%s: %w", side.Name, err)
			}
		}
	}
	return nil
}

// expect finds out how much there is to copy.
func (c *Copy) expect(ctx context.Context) error {
	for _, t := range c.sourceTables() {
		var rows int64
		if err := c.From.Conn.QueryRow(ctx, "SELECT COUNT(*) FROM billhook."+t.name).Scan(&rows); err != nil {
			return fmt.Errorf("count %s: %w", t.name, err)
		}
		c.progress.Total += rows
	}
	if c.progress.Total == 0 {
		return errors.New("there is nothing to copy in " + c.From.Name + ": is it the right one?")
	}
	return nil
}

// prepare tells the target of which days there is something. What waits is of its
// event's day.
func (c *Copy) prepare(ctx context.Context) error {
	if c.To.Prepare == nil {
		return nil
	}
	const day = 24 * time.Hour
	found := map[int64]bool{}
	for _, column := range []string{"events.created_at", "deliveries.created_at", "attempts.started_at"} {
		table, column, _ := strings.Cut(column, ".")
		if err := c.days(ctx, found, fmt.Sprintf("SELECT DISTINCT %s / %d FROM billhook.%s", column, day.Nanoseconds(), table)); err != nil {
			return fmt.Errorf("look for the days of %s: %w", table, err)
		}
	}
	var days []time.Time
	for _, n := range slices.Sorted(maps.Keys(found)) {
		days = append(days, time.Unix(0, 0).UTC().Add(time.Duration(n)*day))
	}
	return c.To.Prepare(ctx, days)
}

// days adds those that the statement finds, as numbers since 1970.
func (c *Copy) days(ctx context.Context, found map[int64]bool, text string) error {
	rows, err := c.From.Conn.Query(ctx, text)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			return err
		}
		found[n] = true
	}
	return rows.Err()
}

// tell reports more rows of the table.
func (c *Copy) tell(t *table, rows int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.progress.Table = t.name
	c.progress.Done += rows
	if c.Tell != nil {
		c.Tell(c.progress)
	}
}

// transaction does something in a transaction at the target. It does not heed
// the end of ctx once it has begun.
func (c *Copy) transaction(ctx context.Context, do func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	tx := c.To.Transaction
	if err := tx.Begin(ctx); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	err := do(ctx)
	if err == nil {
		if err = tx.Commit(ctx); err == nil {
			return nil
		}
		err = fmt.Errorf("commit: %w", err)
	}
	// A failed statement may have rolled back already, and then this fails.
	_ = tx.Rollback(ctx)
	return err
}
