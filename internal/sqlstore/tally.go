package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/billhook/billhook"
)

// upsertLedger adds to what the node has counted of a webhook's day. Only its own
// transactions write a node's rows, so that none waits for another's.
var upsertLedger = &bulk{
	what:   "count in the ledger",
	insert: "billhook.ledger AS l (store_id, webhook_id, day, reason, node, matched, pending, delivered, dead, cancelled, skipped, changes)",
	shared: 2,
	row: []string{"?1", textKind, bigintKind, textKind, "?2", bigintKind, bigintKind, bigintKind, bigintKind, bigintKind,
		bigintKind, bigintKind},
	after: " ON CONFLICT (store_id, webhook_id, day, reason, node) DO UPDATE SET matched = l.matched + excluded.matched, " +
		"pending = l.pending + excluded.pending, delivered = l.delivered + excluded.delivered, dead = l.dead + excluded.dead, " +
		"cancelled = l.cancelled + excluded.cancelled, skipped = l.skipped + excluded.skipped, changes = l.changes + excluded.changes",
}

// takeLoose takes rows that no node has counted, of transactions that are over.
// Nobody changes such a row, so that its place is sure.
const takeLoose = "DELETE FROM billhook.ledger WHERE ctid = ANY (ARRAY(SELECT ctid FROM billhook.ledger WHERE node < 0 LIMIT ? FOR UPDATE SKIP LOCKED)) " +
	"RETURNING store_id, webhook_id, day, reason, matched, pending, delivered, dead, cancelled, skipped, changes"

// foldStep is how many of them one claim takes.
const foldStep = 2000

// An account is what the ledger counts by. reason is that of what was skipped, and
// empty for all else, which is one row so.
type account struct {
	storeID, webhookID string
	day                int64
	reason             string
}

func accountOf(storeID, webhookID string, createdAt time.Time) account {
	return account{storeID: storeID, webhookID: webhookID, day: nanos(billhook.DayOf(createdAt))}
}

// counts are what a row of the ledger holds, or what is added to it.
type counts struct{ matched, pending, delivered, dead, cancelled, skipped, changes int64 }

// A tally is what a transaction changes in the ledger.
type tally struct {
	all map[account]*counts
	// The account that was asked for last: most of a batch is of few webhooks.
	last   account
	lastOf *counts
}

func (t *tally) begin() { clear(t.all); t.last, t.lastOf = account{}, nil }

func (t *tally) of(a account) *counts {
	if t.lastOf != nil && t.last == a {
		return t.lastOf
	}
	if t.all == nil {
		t.all = map[account]*counts{}
	}
	c := t.all[a]
	if c == nil {
		c = &counts{}
		t.all[a] = c
	}
	t.last, t.lastOf = a, c
	return c
}

// count adds n deliveries of a status, with the words that are their reason.
func (t *tally) count(a account, status billhook.Status, words string, n int64) {
	if status == billhook.StatusSkipped {
		a.reason = billhook.SkipReason(words)
	}
	c := t.of(a)
	c.changes++
	switch status {
	case billhook.StatusPending:
		c.pending += n
	case billhook.StatusDelivered:
		c.delivered += n
	case billhook.StatusDead:
		c.dead += n
	case billhook.StatusCancelled:
		c.cancelled += n
	case billhook.StatusSkipped:
		c.skipped += n
	}
}

// made counts a new delivery.
func (t *tally) made(p *billhook.Pending) {
	c := t.of(accountOf(p.StoreID, p.WebhookID, p.CreatedAt))
	c.matched++
	c.pending++
	c.changes++
}

// forgotten is the reason of a row that counts nothing: of its webhook's day something
// went before its time, with an older event.
const forgotten = "forgotten"

// forgot notes that of a day not all is there any more.
func (t *tally) forgot(a account) {
	a.reason = forgotten
	t.of(a).changes++
}

// matched counts what a new event was for.
func (t *tally) matched(e *billhook.Emit) {
	for i := range e.Deliveries {
		t.made(&e.Deliveries[i])
	}
	for _, s := range e.Skipped {
		a := accountOf(e.Event.StoreID, s.WebhookID, e.Event.CreatedAt)
		a.reason = s.Reason
		c := t.of(a)
		c.matched++
		c.skipped++
		c.changes++
	}
}

// writeLedger writes what the transaction has changed: a row for each webhook and
// day, however many deliveries that are.
func (w *Writer) writeLedger(ctx context.Context) error {
	if len(w.ledger.all) == 0 {
		return nil
	}
	node := w.node()
	all := slices.SortedFunc(maps.Keys(w.ledger.all), func(a, b account) int {
		return cmp.Or(cmp.Compare(a.storeID, b.storeID), cmp.Compare(a.webhookID, b.webhookID), cmp.Compare(a.day, b.day), cmp.Compare(a.reason, b.reason))
	})
	err := w.all(ctx, upsertLedger, rows{
		n:      len(all),
		same:   func(i, j int) bool { return all[i].storeID == all[j].storeID },
		shared: func(args []any, i int) []any { return append(args, all[i].storeID, node) },
		own: func(args []any, i int) []any {
			a, c := &all[i], w.ledger.all[all[i]]
			return append(args, a.webhookID, a.day, a.reason, c.matched, c.pending, c.delivered, c.dead, c.cancelled, c.skipped, c.changes)
		},
	})
	w.ledger.begin()
	return err
}

// node is whose rows the transaction writes. What nobody owns, as what is emitted
// in a transaction of a caller's, may stay open for long where others write too:
// it gets rows of its own, below 0, which nobody waits for and a node folds in.
func (w *Writer) node() int64 {
	if w.Owner != Nobody || w.dialect.Lock == "" {
		return w.Owner
	}
	return -1 - rand.Int64N(1<<62) // #nosec G404 -- tells rows apart, guards nothing
}

// foldLedger takes into the writer's own rows what nobody has counted.
func (w *Writer) foldLedger(ctx context.Context) error {
	if w.dialect.Lock == "" || w.Owner == Nobody {
		return nil
	}
	found, err := w.conn.Query(ctx, takeLoose, int64(foldStep))
	type row struct {
		account
		counts
	}
	loose, err := collect(found, err, func(from Row) (r row, err error) {
		return r, from.Scan(&r.storeID, &r.webhookID, &r.day, &r.reason, &r.matched, &r.pending, &r.delivered, &r.dead, &r.cancelled, &r.skipped, &r.changes)
	})
	if err != nil {
		return fmt.Errorf("fold in the ledger: %w", err)
	}
	for _, r := range loose {
		c := w.ledger.of(r.account)
		c.matched += r.matched
		c.pending += r.pending
		c.delivered += r.delivered
		c.dead += r.dead
		c.cancelled += r.cancelled
		c.skipped += r.skipped
		c.changes += r.changes
	}
	return nil
}
