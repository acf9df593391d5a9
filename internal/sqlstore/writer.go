package sqlstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/billhook/billhook"
)

// A Writer writes batches on one connection. It is for one goroutine at a time.
type Writer struct {
	// Owner is who owns what becomes pending, and whose outcomes count.
	Owner int64
	// Wary: it is looked first which keys others hold, as after a transaction that
	// had to wait. Emits that come with Held set are looked after in any case.
	Wary bool

	conn    Conn
	queue   Queue // conn, if it is one
	dialect Dialect
	insert  string

	listing listing
	// late: the transaction under way leaves what is new unlisted.
	late bool

	bulks map[bulkText]string
	args  []any // of the statement being run, reused
	// It is to be known which rows have no effect. rowByRow: bulks go one row
	// at a time; careful: statements over arrays tell.
	rowByRow, careful bool

	// estates are what lost nodes own still, as far as that is known.
	estates []estate
	chains  chains
	ledger  tally                  // of the transaction under way
	entries []*billhook.AuditEntry // of the transaction under way
	// Likewise what becomes of strands, and the numbers that its events get.
	strands  strands
	numbered map[entity]*supply
	// lateAfter is up to where each store's late events were looked at.
	lateAfter map[string]position
}

// NewWriter makes a Writer that begins an INSERT of many rows with insert.
func NewWriter(conn Conn, d Dialect, insert string) *Writer {
	queue, _ := conn.(Queue)
	w := &Writer{conn: conn, queue: queue, dialect: d, insert: insert, bulks: make(map[bulkText]string)}
	w.listing.rows = make(map[rowKey]bool)
	w.listing.some.Store(d.ListsLater)
	return w
}

// A Transaction begins, commits and rolls back on a Writer's connection.
type Transaction struct {
	Begin    func(context.Context) error
	Commit   func(context.Context) error
	Rollback func(context.Context) error
}

// Commit writes the batch in one transaction, as billhook.Database says. It
// does not heed the end of ctx: a batch is written or refused, not abandoned.
// After an error it has no transaction open; whether its connection can still
// be trusted is its owner's to say.
//
// It supposes first that nothing in the batch is stale or there already, as
// nearly always; where that proves wrong, it rolls back and starts over, one
// row at a time or where that is not needed, with more questions.
func (w *Writer) Commit(ctx context.Context, tx Transaction, b *billhook.Batch) error {
	ctx = context.WithoutCancel(ctx)
	w.rowByRow, w.careful = false, false
	err := w.transaction(ctx, tx, b)
	if errors.Is(err, errShort) {
		w.rowByRow, w.careful = !w.dialect.Arrays, w.dialect.Arrays
		err = w.transaction(ctx, tx, b)
	}
	clear(w.args[:cap(w.args)]) // hold on to no payload
	return err
}

func (w *Writer) transaction(ctx context.Context, tx Transaction, b *billhook.Batch) error {
	if err := tx.Begin(ctx); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	w.chains.begin(w.Owner)
	w.entries, w.strands = w.entries[:0], strands{}
	w.ledger.begin()
	w.listing.begin()
	err := w.write(ctx, b)
	if err == nil {
		if err = tx.Commit(ctx); err == nil {
			w.chains.end(true)
			if w.dialect.ListsLater {
				w.listing.end()
			}
			return nil
		}
		err = fmt.Errorf("commit: %w", err)
	}
	w.estates = nil // what was taken there is not
	w.chains.end(false)
	// A failed statement may have rolled back already, and then this fails.
	if failure := tx.Rollback(ctx); failure != nil && errors.Is(err, errShort) {
		return fmt.Errorf("roll back: %w", failure)
	}
	return err
}

// write applies the parts in the order that Batch gives.
func (w *Writer) write(ctx context.Context, b *billhook.Batch) error {
	w.late = w.listsLater(b)
	if w.dialect.ListsLater && (w.listing.asked || !w.late) {
		if err := w.list(ctx); err != nil {
			return err
		}
	}
	if err := w.configure(ctx, b); err != nil {
		return err
	}
	if err := w.outcomes(ctx, b.Outcomes); err != nil {
		return err
	}
	if err := w.skips(ctx, b.Skips); err != nil {
		return err
	}
	for _, r := range b.Retries {
		if err := w.retry(ctx, r); err != nil {
			return err
		}
		w.enter(r.Audit, r.Delivery != nil)
	}
	if err := w.recoveries(ctx, b); err != nil {
		return err
	}
	for _, c := range b.Cancels {
		if err := w.cancel(ctx, c); err != nil {
			return err
		}
	}
	for _, r := range b.Refusals {
		if err := w.refuse(ctx, r); err != nil {
			return err
		}
	}
	if err := w.Emits(ctx, b.Emits); err != nil {
		return err
	}
	for _, c := range b.Claims {
		if err := w.claim(ctx, c); err != nil {
			return err
		}
	}
	if w.late && !w.listing.done && w.listing.due() {
		if err := w.list(ctx); err != nil {
			return err
		}
	}
	if err := w.letGo(ctx, b); err != nil {
		return err
	}
	if err := w.activity(ctx, b); err != nil {
		return err
	}
	for _, f := range b.Frees {
		w.touch(f.Strand)
	}
	if err := w.settle(ctx, b); err != nil {
		return err
	}
	if err := w.writeLedger(ctx); err != nil {
		return err
	}
	for _, e := range b.Entries {
		w.enter(e, true)
	}
	if err := w.audit(ctx); err != nil {
		return err
	}
	for _, l := range b.Links {
		if err := w.link(ctx, l); err != nil {
			return err
		}
	}
	if err := w.writeHeads(ctx); err != nil {
		return err
	}
	if b.Probe {
		if _, err := w.conn.Exec(ctx, w.dialect.Probe); err != nil {
			return fmt.Errorf("probe: %w", err)
		}
	}
	return w.flush(ctx)
}

// configure applies the parts that are about what callers set up.
func (w *Writer) configure(ctx context.Context, b *billhook.Batch) error {
	for _, s := range b.Stores {
		if err := WriteStore(ctx, w.conn, s); err != nil {
			return err
		}
		w.enter(s.Audit, !s.Refused)
	}
	for _, h := range b.Webhooks {
		if err := WriteWebhook(ctx, w.conn, h); err != nil {
			return err
		}
		w.enter(h.Audit, !h.Refused)
	}
	for _, k := range b.Keys {
		if err := WriteAPIKey(ctx, w.conn, k); err != nil {
			return err
		}
		w.enter(k.Audit, !k.Refused)
	}
	for _, t := range b.EventTypes {
		if err := WriteEventType(ctx, w.conn, t); err != nil {
			return err
		}
		w.enter(t.Audit, !t.Refused)
	}
	return nil
}

// letGo applies the parts that are about what is kept no longer.
func (w *Writer) letGo(ctx context.Context, b *billhook.Batch) error {
	for _, x := range b.Expiries {
		if err := w.expire(ctx, x); err != nil {
			return fmt.Errorf("expire: %w", err)
		}
	}
	for _, e := range b.Erasures {
		if err := w.orderErasure(ctx, e); err != nil {
			return fmt.Errorf("order an erasure: %w", err)
		}
		w.enter(e.Audit, e.Existing == nil)
	}
	for _, x := range b.Erasings {
		if err := w.erase(ctx, x); err != nil {
			return fmt.Errorf("erase: %w", err)
		}
	}
	return nil
}
