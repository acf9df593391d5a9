package sqlstore

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/billhook/billhook"
)

// What waits is found by its webhook through indexes, and nearly every delivery is over
// before anybody has looked for it there: in each of them it was put in and taken out
// for nothing, which was a fifth of all that SQLite had to do. So, where the dialect
// has it, a new row is not listed, which keeps it out of those indexes. It is found by
// its id all the same, and nothing on disk depends on it.
//
// A row is listed once it has waited a moment, before a batch that looks by webhook,
// and before a read that does: those read billhook.listed. The Writer knows which rows
// are not. After a start it does not, and looks through the whole table once.

const (
	// listAfter is how long a row may wait before it is listed, if anything is
	// committed then, and listMost how many may.
	listAfter = time.Second
	listMost  = 16384

	listWhole = "UPDATE billhook.pending SET listed = 1 WHERE listed = 0"
)

var (
	listRows = &bulk{
		what:   "list pending deliveries",
		change: "UPDATE billhook.pending SET listed = 1",
		table:  "billhook.pending",
		where:  "store_id = ?1",
		name:   "id",
		shared: 1,
		row:    []string{textKind},
	}
	// insertUnlisted is insertNew for rows that are to be listed later.
	insertUnlisted = &bulk{
		what:   insertNew.what,
		insert: "billhook.pending (" + pendingColumns + ", listed)",
		shared: insertNew.shared,
		row:    append(slices.Clone(insertNew.row), "0"),
	}
)

// A listing is what a Writer knows of rows that are not listed.
type listing struct {
	known bool // all of them are in rows
	rows  map[rowKey]bool
	since time.Time // when the first of them was written

	// some: there may be any. Others ask that.
	some atomic.Bool

	// Of the transaction under way: it is to list all, it has, and what it adds and
	// takes away.
	asked, done  bool
	added, ended []rowKey
}

type rowKey struct{ storeID, id string }

func (l *listing) begin() {
	l.done, l.added, l.ended = false, l.added[:0], l.ended[:0]
}

// end is told that what the transaction did is on disk.
func (l *listing) end() {
	if l.done {
		l.known = true
		clear(l.rows)
	}
	for _, k := range l.ended {
		delete(l.rows, k)
	}
	if len(l.rows) == 0 {
		l.since = time.Now()
	}
	for _, k := range l.added {
		l.rows[k] = true
	}
	l.some.Store(!l.known || len(l.rows) > 0)
}

func (l *listing) due() bool {
	return l.known && len(l.rows) > 0 && (len(l.rows) > listMost || time.Since(l.since) > listAfter)
}

// Unlisted reports whether there may be rows that billhook.listed has not got. It may
// be called from any goroutine.
func (w *Writer) Unlisted() bool { return w.listing.some.Load() }

// List lists every row, in a transaction of its own.
func (w *Writer) List(ctx context.Context, tx Transaction) error {
	w.listing.asked = true
	defer func() { w.listing.asked = false }()
	return w.Commit(ctx, tx, &billhook.Batch{})
}

// lists reports whether new rows are listed later: not where somebody else would have
// to know, or the batch itself looks for them.
func (w *Writer) listsLater(b *billhook.Batch) bool {
	return w.dialect.ListsLater && w.Owner != Nobody && len(b.Cancels) == 0
}

// list lists every row but those that the transaction has ended.
func (w *Writer) list(ctx context.Context) error {
	l := &w.listing
	l.done = true
	if !l.known {
		_, err := w.conn.Exec(ctx, listWhole)
		return err
	}
	ended := make(map[rowKey]bool, len(l.ended))
	for _, k := range l.ended {
		ended[k] = true
	}
	all := make([]rowKey, 0, len(l.rows))
	for k := range l.rows {
		if !ended[k] {
			all = append(all, k)
		}
	}
	slices.SortFunc(all, func(a, b rowKey) int { return cmp.Or(cmp.Compare(a.storeID, b.storeID), cmp.Compare(a.id, b.id)) })
	// One that is gone is not missed.
	_, err := w.each(ctx, listRows, rows{
		n:      len(all),
		same:   func(i, j int) bool { return all[i].storeID == all[j].storeID },
		shared: func(args []any, i int) []any { return append(args, all[i].storeID) },
		own:    func(args []any, i int) []any { return append(args, all[i].id) },
	})
	return err
}
