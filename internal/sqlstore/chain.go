package sqlstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/billhook/billhook"
)

const (
	selectHead = "SELECT number, hash FROM billhook.audit_heads WHERE store_id = ? AND chain = ?"
	moveHead   = "INSERT INTO billhook.audit_heads (store_id, chain, number, hash) VALUES (?, ?, ?, ?) " +
		"ON CONFLICT (store_id, chain) DO UPDATE SET number = excluded.number, hash = excluded.hash"

	// maxHeads bounds the heads that are kept in memory.
	maxHeads = 10_000
)

// A head is the end of a store's chain.
type head struct {
	number int64
	hash   [32]byte
}

// chains are the ends of the chain that the Writer's owner has in each store. Only
// the owner adds to it, so that what was committed last is true until a
// transaction fails: then nothing is known but what is on disk.
type chains struct {
	chain int64 // the owner; Nobody has none
	known map[string]head
	// moved are the heads as the transaction under way leaves them.
	moved map[string]*head

	entry billhook.AuditEntry // being hashed
	buf   []byte
}

// begin begins a transaction of the owner's.
func (c *chains) begin(owner int64) {
	if c.chain != owner || c.known == nil || len(c.known) > maxHeads {
		c.chain, c.known = owner, map[string]head{}
	}
	c.moved = nil
}

// end ends it.
func (c *chains) end(committed bool) {
	if !committed {
		c.known = nil
	}
	for store, h := range c.moved {
		if committed {
			c.known[store] = *h
		}
	}
	c.moved, c.entry = nil, billhook.AuditEntry{}
}

// open makes sure that the head of the owner's chain in the store is at hand.
func (w *Writer) open(ctx context.Context, storeID string) error {
	c := &w.chains
	if c.chain == Nobody || c.moved[storeID] != nil {
		return nil
	}
	h, ok := c.known[storeID]
	if !ok {
		var hash []byte
		err := w.conn.QueryRow(ctx, selectHead, storeID, c.chain).Scan(&h.number, &hash)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			h.hash = billhook.AuditGenesis(storeID, c.chain)
		case err == nil && len(hash) != len(h.hash):
			err = errors.New("it is not one")
			fallthrough
		case err != nil:
			return fmt.Errorf("read the head of chain %d of store %q: %w", c.chain, storeID, err)
		default:
			h.hash = [32]byte(hash)
		}
	}
	if c.moved == nil {
		c.moved = map[string]*head{}
	}
	c.moved[storeID] = &h
	return nil
}

// add puts c.entry at the end of its store's chain, which is open, and returns its
// number and its hash as they are stored. Those of Nobody are 0 and NULL.
func (c *chains) add() (number int64, hash any) {
	if c.chain == Nobody {
		return 0, nil
	}
	h := c.moved[c.entry.StoreID]
	c.entry.Chain, c.entry.Number = c.chain, h.number+1
	c.buf = billhook.AppendAudit(c.buf[:0], h.hash, &c.entry)
	h.number, h.hash = h.number+1, sha256.Sum256(c.buf)
	return h.number, slices.Clone(h.hash[:])
}

// heads are as they were before some rows were added, which may come to nothing.
func (c *chains) heads(storeID string) (h head) {
	if moved := c.moved[storeID]; moved != nil {
		h = *moved
	}
	return h
}

// back takes back what was added since the head was this.
func (c *chains) back(storeID string, to head) {
	if moved := c.moved[storeID]; moved != nil {
		*moved = to
	}
}

// writeHeads writes the heads that the transaction has moved.
func (w *Writer) writeHeads(ctx context.Context) error {
	c := &w.chains
	for _, store := range slices.Sorted(maps.Keys(c.moved)) {
		h := c.moved[store]
		if before, ok := c.known[store]; ok && before.number == h.number || h.number == 0 {
			continue
		}
		if err := w.run(ctx, "write the head of a chain", moveHead, store, c.chain, h.number, slices.Clone(h.hash[:])); err != nil {
			return err
		}
	}
	return nil
}

// run executes a statement on one row, or queues it.
func (w *Writer) run(ctx context.Context, what, text string, args ...any) error {
	done := func(affected int64, err error) error {
		if err == nil && affected != 1 {
			err = fmt.Errorf("%d rows", affected)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		return nil
	}
	if w.queue != nil {
		w.queue.Queue(text, args, done)
		return nil
	}
	return done(w.conn.Exec(ctx, text, args...))
}

// stored is a text as the database has it, which the hash is of.
func (w *Writer) stored(s string) string {
	if w.dialect.Argument == nil {
		return s
	}
	text, _ := w.dialect.Argument(s).(string)
	return text
}
