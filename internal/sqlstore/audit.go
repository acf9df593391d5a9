package sqlstore

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/billhook/billhook"
)

const (
	auditColumns = "store_id, created_at, id, event, entity_type, entity_id, actor_type, actor_id, request_id, old_value, new_value, chain, number, hash"
	insertAudit  = "INSERT INTO billhook.audit (" + auditColumns + ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
)

// enter keeps an entry for the end of the transaction, when it is known to be of
// something that has happened.
func (w *Writer) enter(e *billhook.AuditEntry, happened bool) {
	if e != nil && happened {
		w.entries = append(w.entries, e)
	}
}

// audit writes the entries that were kept.
func (w *Writer) audit(ctx context.Context) error {
	for _, e := range w.entries {
		if err := w.open(ctx, e.StoreID); err != nil {
			return err
		}
		c := &w.chains
		c.entry = billhook.AuditEntry{
			StoreID: w.stored(e.StoreID), ID: w.stored(e.ID), Event: w.stored(e.Event),
			Entity: w.reference(e.Entity), Actor: w.reference(e.Actor), RequestID: w.stored(e.RequestID),
			CreatedAt: moment(nanos(e.CreatedAt)), Old: w.stored(e.Old), New: w.stored(e.New),
		}
		number, hash := c.add()
		err := w.run(ctx, "insert an audit entry", insertAudit, e.StoreID, nanos(e.CreatedAt), e.ID, e.Event, e.Entity.Type, e.Entity.ID,
			optional(e.Actor.Type), optional(e.Actor.ID), optional(e.RequestID), optional(e.Old), optional(e.New), c.chain, number, hash)
		if err != nil {
			return err
		}
	}
	return nil
}

// addEvent puts an event at the end of its store's chain.
func (w *Writer) addEvent(e *billhook.Event, deliveryIDs any) (number int64, hash any) {
	if w.chains.chain == Nobody {
		return 0, nil
	}
	ids, _ := deliveryIDs.(string)
	w.chains.entry = billhook.AuditEntry{
		StoreID: w.stored(e.StoreID), ID: w.stored(e.ID), Event: w.stored(e.Type),
		Entity: w.reference(e.Entity), Actor: w.reference(e.Actor), RequestID: w.stored(e.RequestID),
		CreatedAt: moment(nanos(e.CreatedAt)), Emitted: true, OccurredAt: moment(nanos(e.OccurredAt)),
		IdempotencyKey: w.stored(e.IdempotencyKey), Deliveries: e.Deliveries, DeliveryIDs: w.stored(ids), DataHash: sha256.Sum256(e.Data),
	}
	return w.chains.add()
}

func (w *Writer) reference(r billhook.Reference) billhook.Reference {
	return billhook.Reference{Type: w.stored(r.Type), ID: w.stored(r.ID)}
}

// openAll opens the chains of the emits' stores, which they are in the order of.
func (w *Writer) openAll(ctx context.Context, emits []*billhook.Emit) error {
	for i, e := range emits {
		if i > 0 && emits[i-1].Event.StoreID == e.Event.StoreID {
			continue
		}
		if err := w.open(ctx, e.Event.StoreID); err != nil {
			return err
		}
	}
	return nil
}

const (
	unlinkedEvents = "SELECT 1, " + eventEntry + " FROM billhook.events WHERE chain = 0 ORDER BY store_id, created_at, id LIMIT ?"
	unlinkedAudit  = "SELECT 0, " + auditEntry + " FROM billhook.audit WHERE chain = 0 ORDER BY store_id, created_at, id LIMIT ?"
	setLink        = " SET chain = ?, number = ?, hash = ? WHERE store_id = ? AND id = ? AND created_at = ? AND chain = 0"
	linkEvent      = "UPDATE billhook.events" + setLink
	linkAudit      = "UPDATE billhook.audit" + setLink
)

// link takes what is in no chain into the owner's. Others may be at the same: each
// passes over what another has locked.
func (w *Writer) link(ctx context.Context, l *billhook.Link) error {
	l.Linked = 0
	if w.chains.chain == Nobody {
		return nil
	}
	var all []billhook.AuditEntry
	for _, text := range []string{unlinkedEvents, unlinkedAudit} {
		found, err := w.conn.Query(ctx, text+w.dialect.Lock, int64(l.Limit))
		entries, err := collect(found, err, scanComplete)
		if err != nil {
			return fmt.Errorf("read entries that are in no chain: %w", err)
		}
		l.Linked = max(l.Linked, len(entries))
		all = append(all, entries...)
	}
	slices.SortStableFunc(all, func(a, b billhook.AuditEntry) int {
		if c := strings.Compare(a.StoreID, b.StoreID); c != 0 {
			return c
		}
		return oldestFirst(a, b)
	})
	for i := range all {
		e := &all[i]
		if err := w.open(ctx, e.StoreID); err != nil {
			return err
		}
		text := linkAudit
		if e.Emitted {
			text = linkEvent
		}
		w.chains.entry = *e
		number, hash := w.chains.add()
		if err := w.run(ctx, "take an entry into a chain", text, w.chains.chain, number, hash, e.StoreID, e.ID, nanos(e.CreatedAt)); err != nil {
			return err
		}
	}
	return nil
}
