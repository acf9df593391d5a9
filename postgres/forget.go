package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/billhook/billhook"
)

const (
	// forgetEvery is how often a node looks for weeks that may go.
	forgetEvery = 15 * time.Minute
	// forgetMargin is how much longer a week is kept, for clocks that run apart: a
	// delivery of it that is made anew by hand must not find it gone.
	forgetMargin = time.Hour
	// dropTries is how often it is tried to drop a week, and dropPause how long is
	// between: until then its table is locked against nobody.
	dropTries = 10
	dropPause = 200 * time.Millisecond
	// defaultStep is how many rows of a default partition go at once.
	defaultStep = 500

	// forgetLock lets one node at a time do it; the others do not wait.
	forgetLock   = "SELECT pg_try_advisory_lock(7236837712961013)"
	forgetUnlock = "SELECT pg_advisory_unlock(7236837712961013)"
	// dropSettings: whoever reads the table for longer than this comes first. Who
	// comes after waits no longer than this either.
	dropSettings = "SET LOCAL lock_timeout = '100ms'"

	partitionsThere = "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = $1::regclass ORDER BY 1"

	// What still needs a week: deliveries that wait will be put to its deliveries,
	// go on from its attempts, and are of its events.
	needsDeliveries = "SELECT EXISTS (SELECT 1 FROM billhook.pending WHERE created_at >= $1 AND created_at < $2)"
	needsAttempts   = "SELECT EXISTS (SELECT 1 FROM billhook.pending WHERE created_at < $2 AND last_attempt_at >= $1)"
	needsEvents     = "SELECT EXISTS (SELECT 1 FROM billhook.pending p JOIN billhook.events e ON e.store_id = p.store_id AND e.id = p.event_id " +
		"WHERE e.created_at >= $1 AND e.created_at < $2)"
	// aboveFloor tells whether one of the partition's entries is not below the
	// beginning of its chain, or is in none. It skips from chain to chain.
	aboveFloor = `SELECT EXISTS (SELECT 1 FROM billhook.%[1]s WHERE chain = 0) OR EXISTS (
		WITH RECURSIVE one (store_id, chain) AS (
			(SELECT store_id, chain FROM billhook.%[1]s WHERE chain > 0 ORDER BY store_id, chain LIMIT 1)
			UNION ALL
			SELECT n.store_id, n.chain FROM one, LATERAL (SELECT t.store_id, t.chain FROM billhook.%[1]s t
				WHERE t.chain > 0 AND (t.store_id, t.chain) > (one.store_id, one.chain) ORDER BY t.store_id, t.chain LIMIT 1) AS n
		)
		SELECT 1 FROM one LEFT JOIN billhook.audit_floors f ON f.store_id = one.store_id AND f.chain = one.chain
		WHERE COALESCE(f.number, 0) < (SELECT MAX(t.number) FROM billhook.%[1]s t WHERE t.store_id = one.store_id AND t.chain = one.chain AND t.chain > 0))`

	// noteForgotten tells the ledger's check up to when deliveries of all stores may
	// be gone. It is written before they are.
	noteForgotten = "INSERT INTO billhook.retention AS r (store_id, attempts_at, attempts_id, payloads_at, payloads_id, records_at, records_id, floored_at) " +
		"VALUES ('" + billhook.AllStores + "', $1, '', 0, '', 0, '', 0) ON CONFLICT (store_id) DO UPDATE SET attempts_at = GREATEST(r.attempts_at, excluded.attempts_at)"

	// dropSteps is for what tells of a recovery's deliveries, all of which are gone.
	dropSteps = "DELETE FROM billhook.recovery_steps WHERE ctid = ANY (ARRAY(SELECT ctid FROM billhook.recovery_steps WHERE created_to < $1 LIMIT 500))"

	// dropRefused is for what was asked for in SQL and could not become an event.
	dropRefused = "DELETE FROM billhook.outbox WHERE ctid = ANY (ARRAY(SELECT ctid FROM billhook.outbox WHERE refused IS NOT NULL AND asked_at < $1 LIMIT 1000))"

	// dropKeys goes on through the keys from one on, a step of them.
	dropKeys = `WITH page AS (SELECT store_id, key, created_at FROM billhook.event_keys WHERE (store_id, key) > ($1, $2) ORDER BY store_id, key LIMIT 2000),
		gone AS (DELETE FROM billhook.event_keys k USING page p WHERE k.store_id = p.store_id AND k.key = p.key AND p.created_at < $3)
		SELECT store_id, key FROM page ORDER BY store_id DESC, key DESC LIMIT 1`
)

// dropReplays does for replays whose event is gone what dropKeys does.
const dropReplays = `WITH page AS (SELECT store_id, event_id, webhook_id FROM billhook.replays WHERE (store_id, event_id, webhook_id) > ($1, $2, $3)
			ORDER BY store_id, event_id, webhook_id LIMIT 500),
		gone AS (DELETE FROM billhook.replays r USING page p WHERE r.store_id = p.store_id AND r.event_id = p.event_id AND r.webhook_id = p.webhook_id
			AND (SELECT 1 FROM billhook.events e WHERE e.store_id = p.store_id AND e.id = p.event_id LIMIT 1) IS NULL)
		SELECT store_id, event_id, webhook_id FROM page ORDER BY store_id DESC, event_id DESC, webhook_id DESC LIMIT 1`

// A part is a partitioned table, what its weeks have, and what may need one still.
type part struct {
	table   string
	column  string
	horizon func(billhook.Horizon) time.Time
	needs   string // of a week's beginning and end
	chained bool
}

var parts = []part{
	{"attempts", "started_at", func(h billhook.Horizon) time.Time { return h.Attempts }, needsAttempts, false},
	{"deliveries", "created_at", func(h billhook.Horizon) time.Time { return h.Attempts }, needsDeliveries, false},
	{"audit", "created_at", func(h billhook.Horizon) time.Time { return h.Records }, "", true},
	{"events", "created_at", func(h billhook.Horizon) time.Time { return h.Records }, needsEvents, true},
}

// Forget drops the weeks that every store's horizon has passed and nothing pending
// needs, or leaves that to the node that is at it. Up to a week and an hour more is
// kept than the horizons say.
func (d *Database) Forget(ctx context.Context, h billhook.Horizon) (billhook.Horizon, error) {
	now := time.Now()
	if h.IsZero() || !d.Held() || now.Sub(d.forgot) < forgetEvery {
		return h, nil
	}
	d.forgot = now
	on, err := dial(ctx, d.config, writeSettings(d.options.Lease))
	if err != nil {
		return h, err
	}
	defer hangUp(on)
	return h, d.forgetWeeks(ctx, on, h)
}

// forgetWeeks drops what may go. A crash leaves some of it for the next time.
func (d *Database) forgetWeeks(ctx context.Context, on *pgx.Conn, h billhook.Horizon) error {
	var free bool
	if err := on.QueryRow(ctx, forgetLock).Scan(&free); err != nil || !free {
		return err
	}
	defer on.Exec(context.WithoutCancel(ctx), forgetUnlock)
	var errs []error
	for _, p := range parts {
		before := p.horizon(h)
		if before.IsZero() {
			continue
		}
		before = before.Add(-forgetMargin)
		weeks, err := weeksThere(ctx, on, p.table)
		if err != nil {
			return err
		}
		if p.table == "deliveries" {
			if _, err := on.Exec(ctx, noteForgotten, before.UnixNano()); err != nil {
				return fmt.Errorf("note up to when deliveries go: %w", err)
			}
		}
		gone := false
		for _, w := range weeks {
			if w.to.After(before) {
				continue
			}
			dropped, err := d.forgetWeek(ctx, on, p, w)
			if err != nil {
				errs = append(errs, fmt.Errorf("drop %s: %w", w.name(), err))
			}
			gone = gone || dropped
		}
		if err := emptyDefault(ctx, on, p, before); err != nil {
			errs = append(errs, fmt.Errorf("delete from %s_default: %w", p.table, err))
		}
		if p.table == "deliveries" {
			errs = append(errs, forgetSteps(ctx, on, before))
		}
		if gone && p.table == "events" {
			errs = append(errs, forgetKeys(ctx, on, before), forgetReplays(ctx, on))
		}
	}
	if !h.Payloads.IsZero() {
		errs = append(errs, d.bareWeeks(ctx, on, h.Payloads.Add(-forgetMargin)))
		_, err := on.Exec(ctx, dropRefused, h.Payloads.UnixNano())
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// weeksThere are the table's partitions but for the default one.
func weeksThere(ctx context.Context, on *pgx.Conn, table string) (all []week, err error) {
	found, _ := on.Query(ctx, partitionsThere, "billhook."+table)
	names, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("look for partitions: %w", err)
	}
	for _, name := range names {
		from, err := time.Parse("20060102", strings.TrimPrefix(name, table+"_"))
		if err == nil { // else it is not one of ours
			all = append(all, week{table, from, from.AddDate(0, 0, 7)})
		}
	}
	return all, nil
}

// forgetWeek drops a week, unless it is needed.
func (d *Database) forgetWeek(ctx context.Context, on *pgx.Conn, p part, w week) (bool, error) {
	var needed bool
	if p.needs != "" {
		if err := on.QueryRow(ctx, p.needs, w.from.UnixNano(), w.to.UnixNano()).Scan(&needed); err != nil || needed {
			return false, err
		}
	}
	if p.chained {
		if err := on.QueryRow(ctx, fmt.Sprintf(aboveFloor, w.name())).Scan(&needed); err != nil || needed {
			return false, err
		}
	}
	if err := briefly(ctx, on, "DROP TABLE billhook."+w.name()); err != nil {
		return false, err
	}
	d.options.Logger.Info("a week that is kept no longer was dropped", "partition", w.name())
	return true, nil
}

// briefly changes tables in a transaction, when nobody uses them for a moment.
func briefly(ctx context.Context, on *pgx.Conn, text string) (err error) {
	for range dropTries {
		err = pgx.BeginFunc(ctx, on, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, dropSettings+"; "+text)
			return err
		})
		if !isCode(err, lockNotAvailable, deadlockDetected) || !pause(ctx, dropPause) {
			break
		}
	}
	return err
}

// emptyDefault deletes what is older from the default partition, in steps. Mostly it
// is empty.
func emptyDefault(ctx context.Context, on *pgx.Conn, p part, before time.Time) error {
	table := "billhook." + p.table + "_default"
	which := fmt.Sprintf("SELECT t.ctid FROM %s t WHERE t.%s < $1", table, p.column)
	if p.chained {
		which += " AND t.chain > 0 AND t.number <= (SELECT f.number FROM billhook.audit_floors f WHERE f.store_id = t.store_id AND f.chain = t.chain)"
	}
	switch p.table {
	case "events":
		which += " AND NOT EXISTS (SELECT 1 FROM billhook.pending p WHERE p.store_id = t.store_id AND p.event_id = t.id)"
	case "attempts":
		which += " AND NOT EXISTS (SELECT 1 FROM billhook.pending p WHERE p.store_id = t.store_id AND p.id = t.delivery_id)"
	}
	for {
		tag, err := on.Exec(ctx, fmt.Sprintf("DELETE FROM %s WHERE ctid = ANY (ARRAY(%s LIMIT %d))", table, which, defaultStep), before.UnixNano())
		if err != nil || tag.RowsAffected() < defaultStep || !pause(ctx, dropPause) {
			return err
		}
	}
}

// forgetSteps deletes what is told of recoveries whose deliveries are gone, in steps.
func forgetSteps(ctx context.Context, on *pgx.Conn, before time.Time) error {
	for {
		tag, err := on.Exec(ctx, dropSteps, before.UnixNano())
		if err != nil {
			return fmt.Errorf("delete the steps of recoveries: %w", err)
		}
		if tag.RowsAffected() == 0 || !pause(ctx, 20*time.Millisecond) {
			return nil
		}
	}
}

// forgetKeys deletes the keys of events that are gone, in steps.
func forgetKeys(ctx context.Context, on *pgx.Conn, before time.Time) error {
	store, key := "", ""
	for {
		err := on.QueryRow(ctx, dropKeys, store, key, before.UnixNano()).Scan(&store, &key)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return nil
		case err != nil:
			return fmt.Errorf("delete keys of events: %w", err)
		case !pause(ctx, 20*time.Millisecond):
			return ctx.Err()
		}
	}
}

// forgetReplays deletes the replays of events that are gone, in steps.
func forgetReplays(ctx context.Context, on *pgx.Conn) error {
	store, event, webhook := "", "", ""
	for {
		err := on.QueryRow(ctx, dropReplays, store, event, webhook).Scan(&store, &event, &webhook)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return nil
		case err != nil:
			return fmt.Errorf("delete replays of events: %w", err)
		case !pause(ctx, 20*time.Millisecond):
			return ctx.Err()
		}
	}
}
