// Package postgres keeps Billhook's data in PostgreSQL 14 or later, for one
// node or for many.
//
// It opens, migrates and recovers the database, keeps account of the nodes and
// tells each what the others do; the statements on events and deliveries are
// sqlstore's. It must not know the engine, HTTP or another database.
package postgres

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/internal/sqlstore"
)

// Options are what an operator may tune.
type Options struct {
	// Readers is how many connections read lists at once. With them a node has
	// at most Readers + 6 connections. Default: 8.
	Readers int
	// Lease is how long a node is not heard of before others may take it for
	// dead and deliver what it had. Nodes may have different ones. Default:
	// 10 s.
	Lease time.Duration
	// Name is what the node is called in the table of nodes, for people.
	// Default: the host's name and the process id.
	Name string
	// NoMigrate leaves the schema as it is; Open then fails with ErrOlder where
	// it lacks a migration. Default: false.
	NoMigrate bool
	// Since is how old the oldest is that will be written, where a history is:
	// the weeks from then on get partitions of their own. Default: this week.
	Since time.Time
	// Logger is told what nobody waits for: nodes taken for dead, and what
	// fails in the background. Default: slog.Default().
	Logger *slog.Logger
}

// A Database is a billhook.Database in PostgreSQL, in the schema billhook.
//
// It wants a connection of its own to the server, or a pooler that keeps one
// for each session: it listens, and keeps settings and statements.
type Database struct {
	config  *pgx.ConnConfig
	options Options

	// lists is for reads that may take long, point for the engine's own, which
	// are short and must never stand behind those.
	lists, point         *sql.DB
	reader, engineReader *sqlstore.Reader

	// lease is what this process has as a node; nil while it is none.
	lease atomic.Pointer[lease]
	// version is the configuration's that is known here.
	version atomic.Int64
	// pid is the writing connection's on the server.
	pid atomic.Int32
	// taken are the partitions that the log was told cannot be made.
	taken []string
	// forgot is when Forget looked last; of its caller alone.
	forgot time.Time

	quit     chan struct{} // closed by Close
	watching sync.WaitGroup

	// mu is held by whoever writes.
	mu     sync.Mutex
	write  *writing // nil while it cannot be opened, and once closed
	failed bool     // the last Commit
	closed bool
	// former are connections that a Commit failed on and that may be at it
	// still.
	former []backend
}

var _ billhook.Database = (*Database)(nil)

var (
	// ErrNewer means that a newer Billhook has migrated the database to what this
	// one does not understand.
	ErrNewer = errors.New("database was migrated by a newer billhook")
	// ErrOlder means that the database lacks a migration, and Open was not to
	// run any.
	ErrOlder = errors.New("database lacks migrations")

	errClosed = errors.New("database is closed")
	errFailed = errors.New("database needs recovery after a failed commit")
)

// Open connects to the database that the URL names (postgres://…, as libpq
// takes it, with TLS and all) and brings its tables up to date.
func Open(ctx context.Context, url string, o Options) (*Database, error) {
	o.Readers = cmp.Or(max(o.Readers, 0), 8)
	o.Lease = cmp.Or(max(o.Lease, 0), 10*time.Second)
	o.Logger = cmp.Or(o.Logger, slog.Default())
	if o.Name == "" {
		host, _ := os.Hostname() // without one, the number must do
		o.Name = fmt.Sprintf("%s %d", host, os.Getpid())
	}
	config, err := parse(url)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	d := &Database{config: config, options: o, quit: make(chan struct{})}
	if err := d.prepare(ctx); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if d.write, err = d.openWriting(ctx); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	d.openPools()
	return d, nil
}

func (d *Database) openPools() {
	d.lists, d.point = d.openPool(d.options.Readers, listSettings), d.openPool(enginePool, engineSettings)
	d.reader, d.engineReader = sqlstore.NewReader(d.lists, dialect), sqlstore.NewReader(d.point, dialect)
}

// prepare brings the schema up to date and makes the coming weeks' partitions.
func (d *Database) prepare(ctx context.Context) error {
	on, err := connect(ctx, d.config)
	if err != nil {
		return err
	}
	defer on.Close(context.WithoutCancel(ctx))
	if d.options.NoMigrate {
		err = complete(ctx, on)
	} else {
		err = migrate(ctx, on)
	}
	if err == nil {
		err = checkCopied(ctx, on)
	}
	if err != nil {
		return err
	}
	if has, err := version(ctx, on); err == nil && has > len(names()) {
		d.options.Logger.Info("the schema is newer than this billhook, which may serve with it", "schema", has, "known", len(names()))
	}
	now := time.Now()
	var days []time.Time
	if !d.options.Since.IsZero() {
		days = daysSince(d.options.Since, now)
	}
	if err := d.partition(ctx, on, weeksWith(days, now)); err != nil {
		// Rows go to the default partitions then, and the upkeep tries again.
		d.options.Logger.Warn("cannot make all partitions", "err", err)
	}
	return nil
}

// Close ends Watch and waits for it, leaves if this process is a node, and
// closes all connections. It may be called again, but not by what Watch calls.
func (d *Database) Close() error {
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return nil
	}
	d.closed = true
	close(d.quit)
	d.mu.Unlock()
	d.watching.Wait()

	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	errs := []error{d.Leave(ctx)}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.write != nil {
		d.write.close(ctx)
		d.write = nil
	}
	return errors.Join(append(errs, d.lists.Close(), d.point.Close())...)
}

// closeLimit is how long Close takes at most to hand over what the node had.
// What is left then the others find themselves.
const closeLimit = 5 * time.Second
