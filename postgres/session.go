package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	// oldest is the first version that has what is used here, and is still kept
	// up: pg_terminate_backend that waits.
	oldest = 14

	connectLimit = 5 * time.Second
	// keepAlive is how often a silent connection is probed. A server that went
	// without a word is found out after some nine of them.
	keepAlive = 5 * time.Second

	// enginePool is how many connections the engine's own reads have.
	enginePool = 2
	// idleLimit is after how long a connection that nobody reads with is closed.
	idleLimit = 5 * time.Minute
)

// Settings of the sessions. All are short of work for JIT, which would cost more
// than it saves.
//
// What is read and written here is reached by an index always, by the engine in
// that one's order, and statements that are prepared keep their plans: one that
// was made while a table was nearly empty, and reads or sorts all of it, would be
// kept until the next ANALYZE while the table fills up. So that is out of the
// question. Every join is a look into an index for each row of a few.
const (
	allSettings  = "SET client_encoding = 'UTF8'; SET jit = off; "
	byIndex      = "SET enable_seqscan = off; "
	inOrder      = "SET enable_sort = off; "
	readSettings = allSettings + byIndex + "SET enable_hashjoin = off; SET enable_mergejoin = off; SET default_transaction_read_only = on; " +
		// The stores and the webhooks are read as they were at one moment.
		"SET default_transaction_isolation = 'repeatable read'; " +
		"SET statement_timeout = '30s'; SET idle_in_transaction_session_timeout = '30s'; "
	listSettings   = readSettings
	engineSettings = readSettings + inOrder
)

// writeSettings: where a node stops in the middle of a transaction, the server
// ends it after the lease. Until then the row that the transaction has locked
// keeps others from taking the node for dead.
//
// Statements have no limit of the server's: a COMMIT that waits for a standby
// would be cut short by it, and reported as done. Who waits gives up the
// connection.
func writeSettings(lease time.Duration) string {
	return allSettings + byIndex + inOrder + "SET default_transaction_read_only = off; " +
		fmt.Sprintf("SET lock_timeout = '%dms'; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = '%dms'; ",
			lockLimit.Milliseconds(), max(lease.Milliseconds(), 1))
}

// parse reads a URL. Its errors do not name the password.
func parse(url string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "billhook"
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectLimit
	}
	config.DialFunc = (&net.Dialer{Timeout: config.ConnectTimeout, KeepAlive: keepAlive}).DialContext
	return config, nil
}

// connect opens a connection.
func connect(ctx context.Context, config *pgx.ConnConfig) (*pgx.Conn, error) {
	on, err := pgx.ConnectConfig(ctx, config)
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == noSuchDatabase {
		return nil, fmt.Errorf("%w: create it, with CREATE DATABASE %s", err, pgx.Identifier{config.Database}.Sanitize())
	}
	return on, err
}

// noSuchDatabase is PostgreSQL's invalid_catalog_name.
const noSuchDatabase = "3D000"

// dial opens a connection with the settings.
func dial(ctx context.Context, config *pgx.ConnConfig, settings string) (*pgx.Conn, error) {
	on, err := connect(ctx, config)
	if err != nil {
		return nil, err
	}
	if _, err := on.Exec(ctx, settings); err != nil {
		hangUp(on)
		return nil, fmt.Errorf("set up session: %w", err)
	}
	return on, nil
}

// hangUp closes a connection that nothing is expected of any more.
func hangUp(on *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = on.Close(ctx)
}

// openPool opens connections that read, each when it is needed first. They are
// database/sql's and not pgxpool's: that one's connections are given to
// database/sql for a statement at a time, which would be prepared each time.
func (d *Database) openPool(conns int, settings string) *sql.DB {
	pool := stdlib.OpenDB(*d.config, stdlib.OptionAfterConnect(func(ctx context.Context, on *pgx.Conn) error {
		if _, err := on.Exec(ctx, settings); err != nil {
			hangUp(on)
			return fmt.Errorf("set up session: %w", err)
		}
		return nil
	}))
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	pool.SetConnMaxIdleTime(idleLimit)
	return pool
}

// hangUpIdle closes the pool's connections that nobody uses at the moment.
func hangUpIdle(pool *sql.DB, conns int) {
	pool.SetMaxIdleConns(-1)
	pool.SetMaxIdleConns(conns)
}

// A backend is a connection as the server knows it. Process ids are used again,
// so the time that it began at belongs to it.
type backend struct {
	pid     int32
	started time.Time
}

// inspect says why a server will not do, and who we are there. A server that
// loses what it has committed is told of: fsync is the operator's to choose, but
// not by accident. synchronous_commit is not: what was answered is on disk.
func (d *Database) inspect(ctx context.Context, on *pgx.Conn) (b backend, err error) {
	var version int
	var encoding, fsync, commit, readOnly string
	err = on.QueryRow(ctx, `SELECT current_setting('server_version_num')::int, current_setting('server_encoding'),
			current_setting('fsync'), current_setting('synchronous_commit'), current_setting('transaction_read_only'), pid, backend_start
		FROM pg_stat_activity WHERE pid = pg_backend_pid()`).Scan(&version, &encoding, &fsync, &commit, &readOnly, &b.pid, &b.started)
	switch {
	case err != nil:
		return b, fmt.Errorf("inspect server: %w", err)
	case version/10000 < oldest:
		return b, fmt.Errorf("the server is PostgreSQL %d: %d or later is needed", version/10000, oldest)
	case encoding != "UTF8":
		return b, fmt.Errorf("the database has the encoding %s: create it with ENCODING 'UTF8'", encoding)
	case readOnly != "off":
		return b, errors.New("the server takes no writes: it is a standby, or set to be read only: name the primary, or add target_session_attrs=read-write to a URL with several hosts")
	}
	if fsync == "off" {
		d.options.Logger.Warn("the server runs with fsync = off: what it has accepted is lost with its machine")
	}
	if strings.EqualFold(commit, "off") {
		if _, err := on.Exec(ctx, "SET synchronous_commit = on"); err != nil {
			return b, fmt.Errorf("set synchronous_commit: %w", err)
		}
	}
	return b, nil
}
