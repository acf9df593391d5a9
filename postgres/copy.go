package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/billhook/billhook/internal/sqlstore"
)

// ErrInUse means that nodes, or another copy, use the database.
var ErrInUse = errors.New("database is in use")

const (
	// copySettings: statements read whole tables, and take what time they need.
	// Rows are asked for in the order of a key; sorting them all before the first
	// one comes would take the server's disk.
	copySettings = allSettings + "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET lock_timeout = '10s'; SET enable_sort = off; "
	copyFrom     = copySettings + "SET default_transaction_read_only = on"
	copyTo       = copySettings + "SET default_transaction_read_only = off"

	// copyLock is held by the session of the one copy to this database. That of
	// one that was killed ends when its last transaction has, one way or the
	// other; lock_timeout is how long the next one waits for that.
	copyLock = "SELECT pg_advisory_lock(7236837712961013)"

	// hasCopies asks for the table that a copy keeps at its target. A role that
	// may not read it gets by without.
	hasCopies = "SELECT COALESCE(has_table_privilege(to_regclass('billhook.copies'), 'SELECT'), FALSE)"

	living = "SELECT name FROM billhook.nodes WHERE state = '" + alive + "' AND beat_at >= clock_timestamp() - lease ORDER BY epoch LIMIT 1"
	asked  = "SELECT count(*) FROM billhook.outbox WHERE refused IS NULL"
)

// checkCopied fails where the database is a copy that is not complete.
func checkCopied(ctx context.Context, on *pgx.Conn) error {
	var has bool
	if err := on.QueryRow(ctx, hasCopies).Scan(&has); err != nil || !has {
		return err
	}
	return sqlstore.Unfinished(ctx, newConn(on))
}

// CopyFrom opens a database for being copied. It fails with ErrOlder or ErrNewer
// where its schema is not this billhook's. What nodes and callers would write
// meanwhile is not kept out: the copy refuses a database that has living nodes,
// and the proof at its end reads everything again.
func CopyFrom(ctx context.Context, url string) (*sqlstore.Side, error) {
	return openSide(ctx, url, copyFrom, func(on *pgx.Conn, side *sqlstore.Side) error {
		side.Quiet = func(ctx context.Context) error {
			if err := quiet(ctx, on); err != nil {
				return err
			}
			return emptyOutbox(ctx, on)
		}
		if err := exact(ctx, on); err != nil {
			return err
		}
		return checkCopied(ctx, on)
	})
}

// CopyTo opens a database for having another one copied to it, and brings its
// tables up to date. It fails with ErrInUse where another copy is at it.
func CopyTo(ctx context.Context, url string) (*sqlstore.Side, error) {
	return openSide(ctx, url, copyTo, func(on *pgx.Conn, side *sqlstore.Side) error {
		side.Transaction = transactionOn(on)
		side.Insert, side.Owner = insert, sqlstore.Nobody
		side.Quiet = func(ctx context.Context) error { return quiet(ctx, on) }
		side.Settle = func(ctx context.Context) error { return analyze(ctx, on) }

		d := &Database{options: Options{Logger: slog.Default()}}
		side.Prepare = func(ctx context.Context, days []time.Time) error {
			return d.partition(ctx, on, weeksWith(days, time.Now()))
		}
		if _, err := d.inspect(ctx, on); err != nil {
			return err
		}
		if _, err := on.Exec(ctx, copyLock); err != nil {
			if isCode(err, lockNotAvailable) {
				return fmt.Errorf("%w: another copy writes to it: wait for that one, or end it", ErrInUse)
			}
			return err
		}
		if err := migrate(ctx, on); err != nil {
			return err
		}
		return exact(ctx, on)
	})
}

func openSide(ctx context.Context, url, settings string, set func(*pgx.Conn, *sqlstore.Side) error) (*sqlstore.Side, error) {
	config, err := parse(url)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	on, err := dial(ctx, config, settings)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	side := &sqlstore.Side{
		Name:    "postgres://" + net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))) + "/" + config.Database,
		Dialect: dialect, Conn: newConn(on),
		Close: func() error { hangUp(on); return nil },
	}
	if err := set(on, side); err != nil {
		hangUp(on)
		return nil, fmt.Errorf("open database %s: %w", side.Name, err)
	}
	return side, nil
}

func transactionOn(on *pgx.Conn) sqlstore.Transaction {
	run := func(text string) func(context.Context) error {
		return func(ctx context.Context) error {
			tag, err := on.Exec(ctx, text)
			if err == nil && tag.String() != text {
				err = fmt.Errorf("the server answered %s", tag) // it rolled back
			}
			return err
		}
	}
	return sqlstore.Transaction{Begin: run("BEGIN"), Commit: run("COMMIT"), Rollback: run("ROLLBACK")}
}

// quiet fails while there are living nodes.
func quiet(ctx context.Context, on *pgx.Conn) error {
	var name string
	err := on.QueryRow(ctx, living).Scan(&name)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("look for nodes: %w", err)
	}
	return fmt.Errorf("%w by the node %q: stop all nodes; one that was killed counts until its lease is over", ErrInUse, name)
}

// emptyOutbox fails while something was asked for that no node has made an event
// of, since the outbox is not copied. What was refused stays behind.
func emptyOutbox(ctx context.Context, on *pgx.Conn) error {
	var waiting int64
	if err := on.QueryRow(ctx, asked).Scan(&waiting); err != nil {
		return fmt.Errorf("look into the outbox: %w", err)
	}
	if waiting > 0 {
		return fmt.Errorf("%d events wait in billhook.outbox, which is not copied: let a node run until it is empty", waiting)
	}
	return nil
}

// analyze tells the planner what has come. The server does so by itself, but not
// at once, and for partitioned tables never.
func analyze(ctx context.Context, on *pgx.Conn) error {
	for _, table := range []string{"events", "event_keys", "audit", "audit_heads", "sequences", "replays", "pending", "deliveries", "attempts"} {
		if _, err := on.Exec(ctx, "ANALYZE billhook."+table); err != nil {
			return fmt.Errorf("analyze %s: %w", table, err)
		}
	}
	return nil
}
