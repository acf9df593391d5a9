package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"sync/atomic"
	"time"

	codes "modernc.org/sqlite/lib"
)

const (
	// checkpointEvery is how long after a commit the log is folded into the
	// file, together with what was committed meanwhile. Its sync is felt by the
	// commits beside it, so rarely is better, and the same pages are written
	// again and again; under full load the log grows by some 30 MB a second.
	checkpointEvery = 250 * time.Millisecond
	// restartFrames is how long the log may be, in pages of 8 KiB, before it
	// is made to begin anew.
	restartFrames = 8192
)

// A checkpointer folds the log into the file beside the commits, on a
// connection of its own. Left to SQLite, every so many pages one commit would
// do it for all, and whoever waited for that commit would wait tens of
// milliseconds.
//
// The log can begin anew only when all of it is folded, which under a steady
// load is never so by the time the checkpointer is done. So when the log is
// long, it asks the writer to fold what came since, between two commits: a
// few frames.
type checkpointer struct {
	db        *sql.DB
	committed chan struct{} // a commit happened; holds one
	quit      chan struct{}
	done      chan struct{}

	finish   atomic.Bool
	clearing atomic.Bool
	failure  atomic.Pointer[error]
}

func startCheckpointer(ctx context.Context, path string) (*checkpointer, error) {
	db, err := sql.Open("sqlite", source(path, "synchronous = FULL", "cache_size = -256", "mmap_size = 0"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if err := db.PingContext(ctx); err != nil {
		db.Close()
		return nil, err
	}
	c := &checkpointer{db: db, committed: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}
	go c.run()
	return c, nil
}

func (c *checkpointer) run() {
	defer close(c.done)
	for {
		select {
		case <-c.committed:
		case <-c.quit:
			return
		}
		select {
		case <-time.After(checkpointEvery):
		case <-c.quit:
			return
		}
		select {
		case <-c.committed: // included in what follows
		default:
		}
		if c.clearing.Load() {
			c.empty()
		}
		logged, folded, err := fold(c.db)
		switch {
		case primary(err) == codes.SQLITE_BUSY: // another program is at it
		case err != nil:
			c.failure.Store(&err)
			return
		case logged >= restartFrames && logged-folded < restartFrames/8:
			c.finish.Store(true)
		}
	}
}

// clear has the log emptied: it still holds pages as they were before something was
// erased. It may have to wait until nobody reads it.
func (c *checkpointer) clear() {
	c.clearing.Store(true)
	c.after()
}

func (c *checkpointer) empty() {
	var busy, logged, folded int
	err := c.db.QueryRowContext(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &logged, &folded)
	if err == nil && busy == 0 {
		c.clearing.Store(false)
		return
	}
	c.after() // and once more; what it fails with, fold fails with too
}

// before is what the writer does before a commit. An error means that the
// file must be opened anew: after a write or a sync that failed, nothing that
// SQLite holds of it may be trusted.
func (c *checkpointer) before(writer queryer) error {
	if err := c.failure.Load(); err != nil {
		return *err
	}
	if c.finish.Swap(false) {
		if _, _, err := fold(writer); primary(err) != codes.SQLITE_BUSY {
			return err
		}
	}
	return nil
}

// after lets the checkpointer know of a commit.
func (c *checkpointer) after() {
	select {
	case c.committed <- struct{}{}:
	default:
	}
}

func (c *checkpointer) close() error {
	close(c.quit)
	<-c.done
	return c.db.Close()
}

type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// fold writes what it can of the log into the file without keeping anyone
// waiting, and returns how long the log is and how much of it is folded, in
// frames.
func fold(q queryer) (logged, folded int, err error) {
	var busy int
	err = q.QueryRowContext(context.Background(), "PRAGMA wal_checkpoint(PASSIVE)").Scan(&busy, &logged, &folded)
	if err != nil {
		return 0, 0, fmt.Errorf("checkpoint: %w", err)
	}
	return logged, folded, nil
}
