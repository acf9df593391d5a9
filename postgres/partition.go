package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// weeksAhead is how many weeks after this one have their partitions already.
	weeksAhead = 4
	// weeksBack and weeksBeyond are between which weeks what is brought from
	// elsewhere gets partitions of its own: five years, and one for clocks that
	// were wrong. What lies beyond shares the default one.
	weeksBack, weeksBeyond = 5 * 52, 52
	// partitionLimit bounds the work on all partitions that are missing.
	partitionLimit = time.Minute

	// partitionLock lets one node at a time make partitions. It waits, so that
	// nobody writes before its week is there.
	partitionLock = "SET LOCAL lock_timeout = '20s'; SELECT pg_advisory_xact_lock(7236837712961012); "
	// partitionSettings: making a partition locks its table against everyone.
	// Whoever reads or writes it for longer than this comes first, and it is
	// tried again later.
	partitionSettings = "SET LOCAL lock_timeout = '1s'; SET LOCAL statement_timeout = '10s'"

	missing = "SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass('billhook.' || name) IS NULL"
)

// A week is a partition of a table.
type week struct {
	table    string
	from, to time.Time
}

func (w week) name() string { return w.table + "_" + w.from.Format("20060102") }

// weekOf is the week that the moment is in, of all tables.
func weekOf(at time.Time) (all []week) {
	const days = 7
	at = at.UTC()
	sinceMonday := (int(at.Weekday()) + days - int(time.Monday)) % days
	monday := time.Date(at.Year(), at.Month(), at.Day()-sinceMonday, 0, 0, 0, 0, time.UTC)
	for _, table := range []string{"events", "audit", "deliveries", "attempts"} {
		all = append(all, week{table, monday, monday.AddDate(0, 0, days)})
	}
	return all
}

// weeks are those from the one that the moment is in on.
func weeks(now time.Time) (all []week) {
	for i := range 1 + weeksAhead {
		all = append(all, weekOf(now.UTC().AddDate(0, 0, 7*i))...)
	}
	return all
}

// weeksWith are those of the days, as far as they get partitions, and the coming
// ones. Weeks between them that have nothing get none: every look for an id goes
// through all there are.
func weeksWith(days []time.Time, now time.Time) (all []week) {
	first, last := now.AddDate(0, 0, -7*weeksBack), now.AddDate(0, 0, 7*weeksBeyond)
	for _, day := range days {
		if !day.Before(first) && day.Before(last) {
			all = append(all, weekOf(day)...)
		}
	}
	return append(all, weeks(now)...)
}

// daysSince are the days from one moment to another.
func daysSince(at, now time.Time) (days []time.Time) {
	for ; at.Before(now); at = at.AddDate(0, 0, 1) {
		days = append(days, at)
	}
	return days
}

// partition makes the partitions of the weeks that are not there, and tells of
// those that cannot have one any more: once, as long as they are the same. One
// goroutine at a time may call it.
func (d *Database) partition(ctx context.Context, on *pgx.Conn, all []week) error {
	taken, err := partition(ctx, on, all)
	if err == nil && !slices.Equal(taken, d.taken) {
		d.taken = taken
		if len(taken) > 0 {
			d.options.Logger.Warn("the default partitions have rows of weeks already; they stay there, with all that is added to these weeks", "without", taken)
		}
	}
	return err
}

// partition may be called by any number of nodes at once. A crash leaves some of
// the partitions made. taken are those of which the default partition has rows
// already.
func partition(ctx context.Context, on *pgx.Conn, all []week) (taken []string, err error) {
	wanted := map[string]week{}
	var names []string
	for _, w := range all {
		if _, twice := wanted[w.name()]; !twice {
			wanted[w.name()] = w
			names = append(names, w.name())
		}
	}
	found, _ := on.Query(ctx, missing, names)
	absent, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("look for partitions: %w", err)
	}
	var errs []error
	for _, name := range absent {
		err := makePartition(ctx, on, wanted[name])
		switch {
		case isCode(err, checkViolation):
			taken = append(taken, name)
		case err != nil:
			errs = append(errs, fmt.Errorf("make partition %s: %w", name, err))
		}
	}
	return taken, errors.Join(errs...)
}

// makePartition fails with checkViolation for a week of which the default
// partition has rows. To move them, everyone would have to wait.
func makePartition(ctx context.Context, on *pgx.Conn, w week) error {
	return pgx.BeginFunc(ctx, on, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, partitionLock+partitionSettings); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, fmt.Sprintf("CREATE TABLE IF NOT EXISTS billhook.%s PARTITION OF billhook.%s FOR VALUES FROM (%d) TO (%d)",
			w.name(), w.table, w.from.UnixNano(), w.to.UnixNano()))
		return err
	})
}
