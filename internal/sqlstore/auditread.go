package sqlstore

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/billhook/billhook"
)

// Both halves of the audit log in the same columns, in the order of scanEntry.
const (
	ofEvents = "store_id, id, type AS event, COALESCE(entity_type, '') AS entity_type, COALESCE(entity_id, '') AS entity_id, " +
		"COALESCE(actor_type, '') AS actor_type, COALESCE(actor_id, '') AS actor_id, COALESCE(request_id, '') AS request_id, created_at, " +
		"'' AS old_value, '' AS new_value, occurred_at, COALESCE(idempotency_key, '') AS idempotency_key, deliveries, " +
		"COALESCE(delivery_ids, '') AS delivery_ids, chain, number, hash"
	ofAudit = "store_id, id, event, entity_type, entity_id, " +
		"COALESCE(actor_type, '') AS actor_type, COALESCE(actor_id, '') AS actor_id, COALESCE(request_id, '') AS request_id, created_at, " +
		"COALESCE(old_value, '') AS old_value, COALESCE(new_value, '') AS new_value, 0 AS occurred_at, '' AS idempotency_key, 0 AS deliveries, " +
		"'' AS delivery_ids, chain, number, hash"
	// eventEntry and auditEntry are complete: with the data.
	// and the hash of that once it is gone.
	eventEntry = ofEvents + ", data, data_hash"
	auditEntry = ofAudit + ", NULL, NULL"

	// withData adds the data to what the halves have found, so that no database
	// has to sort it.
	withData = "SELECT k.*, (SELECT e.data " + ofKey + ", (SELECT e.data_hash " + ofKey + " FROM "
	ofKey    = "FROM billhook.events e WHERE k.emitted = 1 AND e.store_id = k.store_id AND e.id = k.id AND e.created_at = k.created_at)"

	selectHeads = "SELECT chain, number, hash FROM billhook.audit_heads WHERE store_id = ? ORDER BY chain"
	// chainsOf skips from chain to chain.
	chainsOf = `WITH RECURSIVE one (chain) AS (
			SELECT (SELECT MIN(chain) FROM billhook.%[1]s WHERE store_id = ? AND chain > 0)
			UNION ALL
			SELECT (SELECT MIN(t.chain) FROM billhook.%[1]s t WHERE t.store_id = ? AND t.chain > 0 AND t.chain > one.chain) FROM one WHERE one.chain IS NOT NULL
		) SELECT chain, 0, NULL FROM one WHERE chain IS NOT NULL`
	// storesOf skips from store to store.
	storesOf = `WITH RECURSIVE one (store_id) AS (
			SELECT (SELECT MIN(store_id) FROM billhook.%[1]s)
			UNION ALL
			SELECT (SELECT MIN(t.store_id) FROM billhook.%[1]s t WHERE t.store_id > one.store_id) FROM one WHERE one.store_id IS NOT NULL
		) SELECT store_id FROM one WHERE store_id IS NOT NULL`
	countUnlinked = "SELECT 0, COUNT(*), NULL FROM billhook.%s WHERE store_id = ? AND chain = 0"
)

// halves selects from both tables: those with the conditions, in the order, at
// most limit.
type halves struct {
	order string
	limit int
	text  string
	args  []any
}

func (h *halves) add(emitted int, columns, table string, where conditions) {
	if h.text != "" {
		h.text += " UNION ALL "
	}
	h.text += fmt.Sprintf("SELECT * FROM (SELECT %d AS emitted, %s FROM billhook.%s%s ORDER BY %s LIMIT ?) AS half", emitted, columns, table, where.String(), h.order)
	h.args = append(append(h.args, where.args...), int64(h.limit))
}

func (h *halves) together() (text string, args []any) {
	return "(SELECT * FROM (" + h.text + ") AS halves ORDER BY " + h.order + " LIMIT ?) AS k", append(h.args, int64(h.limit))
}

// Audit reads entries, newest first.
func (r *Reader) Audit(ctx context.Context, f billhook.AuditFilter) ([]billhook.AuditEntry, error) {
	h := halves{order: "created_at DESC, id DESC", limit: f.Limit}
	if !billhook.IsAuditName(f.Event) {
		where := r.auditConditions(f)
		where.text("type", f.Event)
		if f.EntityType != "" && f.EntityID == "" {
			// Where no event is about such a thing, that is found out by one look
			// and not by all of them. (EXISTS, SQLite would make a join of.)
			where.add("(SELECT 1 FROM billhook.events x WHERE x.store_id = ? AND x.entity_type = ? AND x.entity_id IS NOT NULL LIMIT 1) IS NOT NULL", f.StoreID, f.EntityType)
		}
		h.add(1, ofEvents, "events", where)
	}
	where := r.auditConditions(f)
	where.text("event", f.Event)
	h.add(0, ofAudit, "audit", where)
	text, args := h.together()
	rows, err := r.query(ctx, "SELECT * FROM "+text, args...)
	all, err := collect(rows, err, scanEntry)
	if err != nil {
		return nil, fmt.Errorf("read audit log: %w", err)
	}
	slices.SortStableFunc(all, func(a, b billhook.AuditEntry) int { return oldestFirst(b, a) })
	return all, nil
}

// auditConditions are the filter's for either table.
func (r *Reader) auditConditions(f billhook.AuditFilter) (where conditions) {
	where.text("store_id", f.StoreID)
	where.text("entity_type", f.EntityType)
	where.text("entity_id", f.EntityID)
	where.text("actor_id", f.ActorID)
	where.between("created_at", f.From, f.To)
	if r.dialect.Keys && f.From.IsZero() {
		where.add("created_at >= ?", int64(math.MinInt64)) // as in Events
	}
	if f.Before != (billhook.EventPosition{}) {
		where.add("(created_at, id) < (?, ?)", nanos(f.Before.CreatedAt), f.Before.ID)
	}
	return where
}

// AuditChain reads entries of one chain, complete, from the number on.
func (r *Reader) AuditChain(ctx context.Context, storeID string, chain, from int64, limit int) ([]billhook.AuditEntry, error) {
	h := halves{order: "number", limit: limit}
	var where conditions
	where.text("store_id", storeID)
	where.add("chain = ? AND chain > 0 AND number >= ?", chain, from) // the partial indexes' condition
	all, err := r.complete(ctx, &h, where)
	slices.SortStableFunc(all, func(a, b billhook.AuditEntry) int { return cmp.Compare(a.Number, b.Number) })
	return all, err
}

// AuditSince reads a store's entries, complete, that come after the position.
func (r *Reader) AuditSince(ctx context.Context, storeID string, after billhook.EventPosition, until time.Time, limit int) ([]billhook.AuditEntry, error) {
	h := halves{order: "created_at, id", limit: limit}
	var where conditions
	where.text("store_id", storeID)
	where.add("created_at >= ? AND (created_at, id) > (?, ?)", nanos(after.CreatedAt), nanos(after.CreatedAt), after.ID)
	where.between("created_at", time.Time{}, until)
	all, err := r.complete(ctx, &h, where)
	slices.SortStableFunc(all, oldestFirst)
	return all, err
}

func (r *Reader) complete(ctx context.Context, h *halves, where conditions) ([]billhook.AuditEntry, error) {
	h.add(1, ofEvents, "events", where)
	h.add(0, ofAudit, "audit", where)
	text, args := h.together()
	rows, err := r.query(ctx, withData+text, args...)
	all, err := collect(rows, err, scanComplete)
	if err != nil {
		return nil, fmt.Errorf("read audit log: %w", err)
	}
	return all, nil
}

// AuditHeads reads the ends of the store's chains.
func (r *Reader) AuditHeads(ctx context.Context, storeID string) ([]billhook.AuditHead, error) {
	var all []billhook.AuditHead
	for _, q := range []struct {
		text string
		args []any
	}{
		{selectHeads, []any{storeID}},
		{fmt.Sprintf(chainsOf, "events"), []any{storeID, storeID}},
		{fmt.Sprintf(chainsOf, "audit"), []any{storeID, storeID}},
		{fmt.Sprintf(countUnlinked, "events"), []any{storeID}},
		{fmt.Sprintf(countUnlinked, "audit"), []any{storeID}},
	} {
		rows, err := r.query(ctx, q.text, q.args...)
		found, err := collect(rows, err, func(from Row) (h billhook.AuditHead, err error) {
			return h, from.Scan(&h.Chain, &h.Number, &h.Hash)
		})
		if err != nil {
			return nil, fmt.Errorf("read the heads of chains: %w", err)
		}
		for _, h := range found {
			i := slices.IndexFunc(all, func(known billhook.AuditHead) bool { return known.Chain == h.Chain })
			switch {
			case i >= 0:
				all[i].Number += h.Number // of what is in no chain
			case h.Chain != 0 || h.Number > 0:
				all = append(all, h)
			}
		}
	}
	slices.SortFunc(all, func(a, b billhook.AuditHead) int { return cmp.Compare(a.Chain, b.Chain) })
	return all, nil
}

// AuditStores names every store of which there are entries or chains, by id, also
// one whose own row is gone.
func (r *Reader) AuditStores(ctx context.Context) ([]string, error) {
	var all []string
	for _, table := range []string{"audit_heads", "events", "audit"} {
		rows, err := r.query(ctx, fmt.Sprintf(storesOf, table))
		found, err := collect(rows, err, func(from Row) (id string, err error) { return id, from.Scan(&id) })
		if err != nil {
			return nil, fmt.Errorf("read the stores of the audit log: %w", err)
		}
		all = append(all, found...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

func oldestFirst(a, b billhook.AuditEntry) int {
	return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
}

// entryMembers are where a row of the halves goes.
func entryMembers(e *billhook.AuditEntry, emitted, created, occurred *int64) []any {
	return []any{emitted, &e.StoreID, &e.ID, &e.Event, &e.Entity.Type, &e.Entity.ID, &e.Actor.Type, &e.Actor.ID, &e.RequestID, created,
		&e.Old, &e.New, occurred, &e.IdempotencyKey, &e.Deliveries, &e.DeliveryIDs, &e.Chain, &e.Number, &e.Hash}
}

func scanEntry(from Row) (e billhook.AuditEntry, err error) {
	var emitted, created, occurred int64
	err = from.Scan(entryMembers(&e, &emitted, &created, &occurred)...)
	e.Emitted, e.CreatedAt, e.OccurredAt = emitted == 1, moment(created), moment(occurred)
	return e, err
}

// scanComplete keeps only the hash of an event's data. Of one whose data is gone it
// is the one that was kept.
func scanComplete(from Row) (e billhook.AuditEntry, err error) {
	var emitted, created, occurred int64
	var data, hash []byte
	err = from.Scan(append(entryMembers(&e, &emitted, &created, &occurred), &data, &hash)...)
	e.Emitted, e.CreatedAt, e.OccurredAt = emitted == 1, moment(created), moment(occurred)
	if e.Emitted {
		if e.DataHash = sha256.Sum256(data); len(hash) == len(e.DataHash) {
			e.DataHash = [32]byte(hash)
		}
	}
	return e, err
}
