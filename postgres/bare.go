package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// bareLock keeps everyone from changing old events: see Dialect.Enter. It is
	// tried for while a step of somebody's is under way.
	bareLock   = "SELECT pg_try_advisory_lock(7236837712961014)"
	bareUnlock = "SELECT pg_advisory_unlock(7236837712961014)"

	// What a week of events is told to be by its comment.
	isBare, isPartlyBare = "without payloads", "without payloads, but for what was pending"

	stateOfWeek = "SELECT COALESCE(obj_description(to_regclass('billhook.' || $1), 'pg_class'), '')"

	// keptLimit is of how many events of a week the payloads may be needed still for
	// it to be made bare.
	keptLimit = 10_000
	keptOf    = "SELECT e.store_id, e.id FROM billhook.pending p JOIN billhook.events e ON e.store_id = p.store_id AND e.id = p.event_id " +
		"WHERE e.created_at >= $1 AND e.created_at < $2 GROUP BY 1, 2 LIMIT $3"
	unlinkedOf = "SELECT EXISTS (SELECT 1 FROM billhook.%s WHERE chain = 0)"

	// copyStep is how many events are copied at a time.
	copyStep = 2000
	// copyBare copies what comes after a key: all but the data, of which the hash stays,
	// and the trace context, unless they are needed.
	copyBare = `WITH page AS (SELECT * FROM billhook.%[1]s WHERE (store_id, id, created_at) > ($1, $2, $3) ORDER BY store_id, id, created_at LIMIT %[2]d),
		put AS (INSERT INTO billhook.%[1]s_bare (store_id, id, type, created_at, occurred_at, entity_type, entity_id, actor_type, actor_id,
				idempotency_key, deliveries, delivery_ids, request_id, sequence, chain, number, hash, data, data_hash, erased_at, trace_context)
			SELECT store_id, id, type, created_at, occurred_at, entity_type, entity_id, actor_type, actor_id,
				idempotency_key, deliveries, delivery_ids, request_id, sequence, chain, number, hash,
				CASE WHEN k.s IS NULL THEN '' ELSE data END,
				CASE WHEN k.s IS NULL THEN COALESCE(data_hash, sha256(data)) ELSE data_hash END,
				CASE WHEN k.s IS NULL AND erased_at = 0 THEN $6 ELSE erased_at END,
				CASE WHEN k.s IS NULL THEN NULL ELSE trace_context END
			FROM page LEFT JOIN unnest($4::text[], $5::text[]) AS k (s, i) ON k.s = page.store_id AND k.i = page.id)
		SELECT store_id, id, created_at FROM page ORDER BY store_id DESC, id DESC, created_at DESC LIMIT 1`
	sameRows = "SELECT (SELECT COUNT(*) FROM billhook.%[1]s) = (SELECT COUNT(*) FROM billhook.%[1]s_bare)"

	makeBare = `DROP TABLE IF EXISTS billhook.%[1]s_bare;
		CREATE TABLE billhook.%[1]s_bare (LIKE billhook.events INCLUDING DEFAULTS INCLUDING STORAGE INCLUDING INDEXES);
		ALTER TABLE billhook.%[1]s_bare ADD CHECK (created_at IS NOT NULL AND created_at >= %[2]d AND created_at < %[3]d)`
	// takePlace: the check that the table was made with spares a look at its rows.
	takePlace = `ALTER TABLE billhook.events DETACH PARTITION billhook.%[1]s;
		DROP TABLE billhook.%[1]s;
		ALTER TABLE billhook.%[1]s_bare RENAME TO %[1]s;
		ALTER TABLE billhook.events ATTACH PARTITION billhook.%[1]s FOR VALUES FROM (%[2]d) TO (%[3]d);
		COMMENT ON TABLE billhook.%[1]s IS '%[4]s'`

	// bareRest is for the few that were pending.
	bareRest = "UPDATE billhook.%[1]s SET data_hash = sha256(data), data = '', erased_at = $1, trace_context = NULL WHERE erased_at = 0"
	tellBare = "COMMENT ON TABLE billhook.%[1]s IS '" + isBare + "'"
)

// bareWeeks takes the payloads out of weeks whose events' records are still kept. To
// change every row would leave a table of dead ones, which is never written to again
// and stays as large: so the week is copied without them, and the copy takes its
// place.
func (d *Database) bareWeeks(ctx context.Context, on *pgx.Conn, before time.Time) error {
	weeks, err := weeksThere(ctx, on, "events")
	if err != nil {
		return err
	}
	var errs []error
	for _, w := range weeks {
		if w.to.After(before) {
			continue
		}
		if err := d.bareWeek(ctx, on, w); err != nil {
			errs = append(errs, fmt.Errorf("take the payloads out of %s: %w", w.name(), err))
		}
	}
	return errors.Join(errs...)
}

func (d *Database) bareWeek(ctx context.Context, on *pgx.Conn, w week) error {
	var state string
	if err := on.QueryRow(ctx, stateOfWeek, w.name()).Scan(&state); err != nil || state == isBare {
		return err
	}
	free, err := lockOld(ctx, on)
	if err != nil || !free {
		return err
	}
	defer on.Exec(context.WithoutCancel(ctx), bareUnlock)
	found, _ := on.Query(ctx, keptOf, w.from.UnixNano(), w.to.UnixNano(), keptLimit+1)
	var stores, ids []string
	if err := each(found, func(row pgx.Rows) error {
		var store, id string
		err := row.Scan(&store, &id)
		stores, ids = append(stores, store), append(ids, id)
		return err
	}); err != nil {
		return err
	}
	var unlinked bool
	if err := on.QueryRow(ctx, fmt.Sprintf(unlinkedOf, w.name())).Scan(&unlinked); err != nil || unlinked {
		return err
	}
	switch {
	case state == isPartlyBare && len(ids) > 0, len(ids) > keptLimit:
		return nil // once they are over
	case state == isPartlyBare:
		if _, err := on.Exec(ctx, fmt.Sprintf(bareRest, w.name()), time.Now().UnixNano()); err != nil {
			return err
		}
		return briefly(ctx, on, fmt.Sprintf(tellBare, w.name()))
	}
	return d.replaceWeek(ctx, on, w, stores, ids)
}

// lockOld waits for steps under way. Those that come after are put off.
func lockOld(ctx context.Context, on *pgx.Conn) (free bool, err error) {
	for range dropTries {
		if err := on.QueryRow(ctx, bareLock).Scan(&free); err != nil || free {
			return free, err
		}
		if !pause(ctx, dropPause/10) {
			break
		}
	}
	return false, ctx.Err()
}

// replaceWeek copies the week in steps and puts the copy in its place. Nobody changes
// it meanwhile: what is added has the time of now, and what is forgotten or erased
// waits. A crash leaves a table that the next try drops.
func (d *Database) replaceWeek(ctx context.Context, on *pgx.Conn, w week, stores, ids []string) error {
	name, from, to, at := w.name(), w.from.UnixNano(), w.to.UnixNano(), time.Now().UnixNano()
	if _, err := on.Exec(ctx, fmt.Sprintf(makeBare, name, from, to)); err != nil {
		return err
	}
	copied, store, id, created := fmt.Sprintf(copyBare, name, copyStep), "", "", int64(0)
	for {
		err := on.QueryRow(ctx, copied, store, id, created, stores, ids, at).Scan(&store, &id, &created)
		if errors.Is(err, pgx.ErrNoRows) {
			break
		}
		if err != nil {
			return err
		}
		if !pause(ctx, time.Millisecond) {
			return ctx.Err()
		}
	}
	var same bool
	if err := on.QueryRow(ctx, fmt.Sprintf(sameRows, name)).Scan(&same); err != nil || !same {
		return errors.Join(err, errors.New("the copy has not the same rows: it was changed meanwhile"))
	}
	state := isBare
	if len(ids) > 0 {
		state = isPartlyBare
	}
	if err := briefly(ctx, on, fmt.Sprintf(takePlace, name, from, to, state)); err != nil {
		return err
	}
	d.options.Logger.Info("the payloads of a week were taken out of it", "partition", name, "pending", len(ids))
	return nil
}

// each scans all rows.
func each(found pgx.Rows, scan func(pgx.Rows) error) error {
	defer found.Close()
	for found.Next() {
		if err := scan(found); err != nil {
			return err
		}
	}
	return found.Err()
}
