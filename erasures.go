package billhook

import (
	"context"

	"github.com/billhook/billhook/profile"
)

// Erase has erased what a store's payloads say of an entity, a customer say: see
// Erasure. It goes on in the background, also after a restart, on one of the nodes.
// To ask once more, for the same entity, is harmless.
func (c *Client) Erase(ctx context.Context, storeID string, entity Reference) (Erasure, error) {
	storeID = orDefaultStore(storeID)
	if _, _, err := c.registry.store(storeID); err != nil {
		return Erasure{}, err
	}
	for _, member := range []struct{ name, value string }{{"/entity/type", entity.Type}, {"/entity/id", entity.ID}} {
		if member.value == "" {
			return Erasure{}, invalid(member.name, "is missing")
		}
	}
	if err := checkReference(entity, "/entity"); err != nil {
		return Erasure{}, err
	}
	at := now()
	w := &ErasureWrite{Erasure: Erasure{StoreID: storeID, ID: newID(erasureID, at), Entity: entity, CreatedAt: at}}
	w.Audit = newAudit(ctx, storeID, AuditErasureCreate, Reference{entityErasure, w.Erasure.ID})
	w.Audit.New = auditValue(erasureValue{referenceValue(entity)})
	err := c.committer.do(ctx, write{parts: 1, add: func(b *Batch) { b.Erasures = append(b.Erasures, w) }})
	if err != nil {
		return Erasure{}, err
	}
	c.forgetter.wake()
	if w.Existing != nil {
		return *w.Existing, nil
	}
	return w.Erasure, nil
}

// Erasure finds an erasure.
func (c *Client) Erasure(ctx context.Context, storeID, id string) (Erasure, error) {
	found, err := c.Erasures(ctx, ErasureFilter{StoreID: storeID, ID: id, Limit: 1})
	if err == nil && len(found) == 0 {
		err = notFound("erasure", id)
	}
	if err != nil {
		return Erasure{}, err
	}
	return found[0], nil
}

// Erasures lists erasures, newest first.
func (c *Client) Erasures(ctx context.Context, f ErasureFilter) ([]Erasure, error) {
	f.StoreID = orDefaultStore(f.StoreID)
	if _, _, err := c.registry.store(f.StoreID); err != nil {
		return nil, err
	}
	return c.db.Erasures(ctx, f)
}

var erasureID = profile.IDFormat{Prefix: "era_", Style: profile.StyleULIDLower}

// What the audit log has of an erasure.
type (
	erasureValue struct {
		Entity referenceValue `json:"entity"`
	}
	referenceValue struct {
		Type string `json:"type"`
		ID   string `json:"id"`
	}
)
