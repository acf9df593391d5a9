package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/billhook/billhook"
)

const (
	edgeOfPending    = "SELECT edge.id, (SELECT one.created_at FROM billhook.pending AS one WHERE one.store_id = ? AND one.id = edge.id) FROM (SELECT id FROM "
	edgeOfDeliveries = "SELECT edge.id, (SELECT one.created_at FROM billhook.deliveries AS one WHERE one.store_id = ? AND one.id = edge.id) FROM (SELECT id FROM billhook.deliveries"
	edgeEnds         = " ORDER BY id DESC LIMIT 1 OFFSET CAST(? AS BIGINT)) AS edge"

	// eventsAbout goes from each of the store's types of entities to the next, since the
	// index has them before the id. There are few; beyond so many it does not go.
	eventsAbout = "WITH RECURSIVE kinds (kind, n) AS (" +
		"SELECT (SELECT MIN(entity_type) FROM billhook.events WHERE store_id = ? AND entity_id IS NOT NULL), 1 " +
		"UNION ALL SELECT (SELECT MIN(entity_type) FROM billhook.events WHERE store_id = ? AND entity_id IS NOT NULL AND entity_type > kinds.kind), kinds.n + 1 " +
		"FROM kinds WHERE kinds.kind IS NOT NULL AND kinds.n < 64) " +
		"SELECT e.id FROM kinds CROSS JOIN billhook.events AS e WHERE e.store_id = ? AND e.entity_type = kinds.kind AND e.entity_id = ? " +
		"ORDER BY e.created_at DESC, e.id DESC LIMIT CAST(? AS BIGINT)"
)

// EventsAbout reads the ids of the newest events about an entity of whatever type.
func (r *Reader) EventsAbout(ctx context.Context, storeID, entityID string, limit int) ([]string, error) {
	rows, err := r.query(ctx, eventsAbout, storeID, storeID, storeID, entityID, int64(limit))
	all, err := collect(rows, err, func(from Row) (id string, err error) { return id, from.Scan(&id) })
	if err != nil {
		return nil, fmt.Errorf("read events about an entity: %w", err)
	}
	return all, nil
}

// Edge finds how far back n deliveries of either half reach that an index leads to.
func (r *Reader) Edge(ctx context.Context, f billhook.DeliveryFilter, n int) (edge billhook.DeliveryEdge, err error) {
	half := func(selected string, where conditions) {
		if err != nil {
			return
		}
		var found []billhook.DeliveryEdge
		rows, failed := r.query(ctx, selected+where.String()+edgeEnds, append(append([]any{f.StoreID}, where.args...), int64(n-1))...)
		found, err = collect(rows, failed, func(from Row) (e billhook.DeliveryEdge, err error) {
			var created int64
			err = from.Scan(&e.ID, &created)
			e.CreatedAt = moment(created)
			return e, err
		})
		if len(found) > 0 && found[0].ID > edge.ID {
			edge = found[0]
		}
	}
	var where conditions
	where.text("store_id", f.StoreID)
	where.text("webhook_id", f.WebhookID)
	where.span(f)
	if f.Status == "" || f.Status == billhook.StatusPending {
		waiting := edgeOfPending + "billhook.pending"
		if f.WebhookID != "" {
			waiting = edgeOfPending + "billhook.listed"
		}
		half(waiting, where)
	}
	if f.Status != "" && f.Status != billhook.StatusPending && f.Status != billhook.StatusDelivered {
		where.text("status", string(f.Status))
		where.add("status <> 'delivered'") // as in lists
	}
	if f.Status != billhook.StatusPending {
		half(edgeOfDeliveries, where)
	}
	if err != nil {
		err = fmt.Errorf("look how far back deliveries reach: %w", err)
	}
	return edge, err
}

// span asks for the ids that the filter bounds.
func (c *conditions) span(f billhook.DeliveryFilter) {
	if f.Before != "" {
		c.add("id < ?", f.Before)
	}
	if f.NotBefore != "" {
		c.add("id >= ?", f.NotBefore)
	}
}

// among asks for the webhooks that the filter names.
func (r *Reader) among(where *conditions, f billhook.DeliveryFilter) {
	if f.Among != nil {
		ids, _ := json.Marshal(f.Among) // strings cannot fail
		where.add("webhook_id IN (SELECT value FROM "+r.dialect.Elements("CAST(? AS TEXT)")+")", string(ids))
	}
}

// search asks for what the filter's text is in, or names.
func (r *Reader) search(where *conditions, f billhook.DeliveryFilter) {
	if f.Search == "" {
		return
	}
	folded := foldASCII(f.Search)
	has := func(text string) string { return r.dialect.Has + "(" + r.dialect.Folded(text) + ", ?) > 0" }
	// Not EXISTS, which PostgreSQL may answer by reading all events of the store once.
	where.add("(id = ? OR event_id = ? OR "+has("event_type")+" OR "+has("COALESCE(reason, '')")+
		" OR COALESCE((SELECT CASE WHEN s.entity_id = ? OR "+has(r.dialect.Decoded("s.data"))+" THEN 1 END FROM billhook.events AS s WHERE s.store_id = ? AND s.id = event_id), 0) = 1)",
		f.Search, f.Search, folded, folded, f.Search, folded, f.StoreID)
}

// foldASCII is the text with its ASCII letters in lower case, as both databases fold.
func foldASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
