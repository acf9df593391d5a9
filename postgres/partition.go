package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// weeksAhead is how many weeks after this one have their partitions already.
	weeksAhead = 4
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

// weeks are those from the one that the moment is in on, of all tables.
func weeks(now time.Time) (all []week) {
	const days = 7
	now = now.UTC()
	sinceMonday := (int(now.Weekday()) + days - int(time.Monday)) % days
	monday := time.Date(now.Year(), now.Month(), now.Day()-sinceMonday, 0, 0, 0, 0, time.UTC)
	for i := range 1 + weeksAhead {
		from := monday.AddDate(0, 0, i*days)
		for _, table := range []string{"events", "audit", "deliveries", "attempts"} {
			all = append(all, week{table, from, from.AddDate(0, 0, days)})
		}
	}
	return all
}

// partition makes the partitions of this week and the next ones that are not
// there. It may be called by any number of nodes at once. A crash leaves some
// of them made.
func partition(ctx context.Context, on *pgx.Conn, now time.Time) error {
	wanted := map[string]week{}
	var names []string
	for _, w := range weeks(now) {
		wanted[w.name()] = w
		names = append(names, w.name())
	}
	found, _ := on.Query(ctx, missing, names)
	absent, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("look for partitions: %w", err)
	}
	var errs []error
	for _, name := range absent {
		if err := makePartition(ctx, on, wanted[name]); err != nil {
			errs = append(errs, fmt.Errorf("make partition %s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

// makePartition leaves a week alone of which the default partition has rows
// already: they would have to be moved, and they do no harm there.
func makePartition(ctx context.Context, on *pgx.Conn, w week) error {
	err := pgx.BeginFunc(ctx, on, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, partitionLock+partitionSettings); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, fmt.Sprintf("CREATE TABLE IF NOT EXISTS billhook.%s PARTITION OF billhook.%s FOR VALUES FROM (%d) TO (%d)",
			w.name(), w.table, w.from.UnixNano(), w.to.UnixNano()))
		return err
	})
	if isCode(err, checkViolation) {
		return nil
	}
	return err
}
