// Package sqlite keeps Billhook's data in one SQLite file: one process, one
// writing connection, several that read.
//
// It opens, locks, migrates and recovers the file; the statements are
// sqlstore's. It must not know the engine, HTTP or another database.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"github.com/billhook/billhook"
)

// Options are what an operator may tune.
type Options struct {
	// Readers is how many connections read at once. Default: 4.
	Readers int
	// WriterCache bounds the page cache of the writing connection, in bytes.
	// Default: 32 MiB.
	WriterCache int
	// ReaderCache bounds that of each reading connection, in bytes.
	// Default: 4 MiB.
	ReaderCache int
	// BusyWait is how long a commit waits for another program (a backup, the
	// sqlite3 shell) to release the file. Default: 5 s.
	BusyWait time.Duration
}

// A Database is a billhook.Database in a file.
type Database struct {
	path    string
	options Options
	lock    *os.File

	// mu is held for reading by reads, so that Recover and Close wait for
	// them: a file is opened anew only once no connection to it is left.
	mu    sync.RWMutex
	conns *connections // nil while it cannot be opened, and once closed

	emitted emitted
	// openedAt is since when this process is the file's node.
	openedAt time.Time

	closed bool

	// turn is full while somebody writes: a batch, or what a read wants to be listed.
	turn chan struct{}
	// failed: the last to write has, and the file is to be opened anew.
	failed atomic.Bool
}

var _ billhook.Database = (*Database)(nil)

var (
	// ErrInUse means that another process has the file open.
	ErrInUse = errors.New("database file is in use")
	// ErrNewer means that a newer Billhook has written the file.
	ErrNewer = errors.New("database file was written by a newer billhook")

	errClosed = errors.New("database is closed")
	errFailed = errors.New("database needs recovery after a failed commit")
)

// Open opens the file, making it and its folder where they are not there yet,
// readable by nobody else, and brings its tables up to date. It fails with
// ErrInUse where another process has it open.
func Open(path string, o Options) (*Database, error) {
	d, err := openFile(path, o)
	if err != nil {
		return nil, err
	}
	if err := checkCopied(context.Background(), d.conns.own); err != nil {
		d.Close()
		return nil, fmt.Errorf("open database %s: %w", d.path, err)
	}
	return d, nil
}

// openFile opens the file even where it is a copy that is not complete.
func openFile(path string, o Options) (*Database, error) {
	if o.Readers <= 0 {
		o.Readers = 4
	}
	if o.WriterCache <= 0 {
		o.WriterCache = 32 << 20
	}
	if o.ReaderCache <= 0 {
		o.ReaderCache = 4 << 20
	}
	if o.BusyWait <= 0 {
		o.BusyWait = 5 * time.Second
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	lock, err := acquire(path + ".lock")
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	d := &Database{path: path, options: o, lock: lock, openedAt: time.Now().UTC().Round(0), turn: make(chan struct{}, 1)}
	if d.conns, err = connect(context.Background(), path, o); err != nil {
		release(lock)
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	return d, nil
}

// Close waits for reads under way, folds the log into the file and releases
// it. It may be called again.
func (d *Database) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	d.closed = true
	var err error
	if d.conns != nil {
		err = d.conns.close()
		d.conns = nil
	}
	return errors.Join(err, release(d.lock))
}

// Commit writes the batch and has it on disk when it returns nil. After an
// error it refuses everything until Recover has succeeded.
func (d *Database) Commit(ctx context.Context, b *billhook.Batch) error {
	conns, err := d.usable()
	if err != nil {
		return err
	}
	return d.write(ctx, d.options.BusyWait, func() error { return conns.commit(ctx, b) })
}

// write has f write when it is its turn, again and again for so long while another
// program holds the file. Where it fails otherwise, everything does until Recover.
func (d *Database) write(ctx context.Context, wait time.Duration, f func() error) error {
	deadline := time.Now().Add(wait)
	for {
		err := d.tryWrite(f)
		// SQLite's own busy_timeout would sleep where synctest cannot see it.
		if primary(err) != codes.SQLITE_BUSY {
			return err
		}
		if time.Now().After(deadline) {
			// Nobody was let in at the beginning of the transaction.
			return fmt.Errorf("%w: another program holds the file: %w", billhook.ErrUntouched, err)
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("%w: another program holds the file: %w", billhook.ErrUntouched, ctx.Err())
		}
	}
}

func (d *Database) tryWrite(f func() error) error {
	d.turn <- struct{}{}
	defer func() { <-d.turn }()
	if d.failed.Load() {
		return errFailed
	}
	err := f()
	if err != nil && primary(err) != codes.SQLITE_BUSY {
		d.failed.Store(true)
	}
	return err
}

func (d *Database) usable() (*connections, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	switch {
	case d.closed:
		return nil, errClosed
	case d.failed.Load() || d.conns == nil:
		return nil, errFailed
	}
	return d.conns, nil
}

// Recover closes every connection and opens the file anew, since after a
// failed write or sync no page that one holds can be trusted. It then folds
// the log into the file, which writes and syncs again whatever the failed
// commit may have left in the system's memory alone, and proves with a write
// of its own that there is room for more.
func (d *Database) Recover(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return errClosed
	}
	if d.conns != nil {
		d.conns.close() // what it fails with is why we are here
		d.conns = nil
	}
	conns, err := connect(context.WithoutCancel(ctx), d.path, d.options)
	if err != nil {
		return fmt.Errorf("recover database %s: %w", d.path, err)
	}
	d.conns = conns // what is there can be read, writable or not
	if err := conns.prove(context.WithoutCancel(ctx)); err != nil {
		d.failed.Store(true)
		return fmt.Errorf("recover database %s: %w", d.path, err)
	}
	d.failed.Store(false)
	return nil
}

// primary is the SQLite result code in err's chain, without its extension.
func primary(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return codes.SQLITE_OK
}
