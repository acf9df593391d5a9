// Package sqlstore is the SQL that Billhook's databases share: its statements,
// the mapping of rows to values, batching, lists in pages, and the copy of
// everything from one database to another.
//
// It speaks to tables that are there already through connections it is given.
// It must not know which database that is beyond its Dialect, nor open,
// migrate or recover one.
package sqlstore

import (
	"context"
	"slices"
	"strings"
	"time"
)

// A Dialect is what the statements of one database differ in.
type Dialect struct {
	// Text brings a statement into the database's form. As it stands, its
	// tables are in a schema billhook and its arguments are question marks.
	Text func(string) string
	// Elements is a table of the elements, as value, of a column that holds a
	// JSON array.
	Elements func(column string) string
	// Folded is a text column in lower case, as far as ASCII goes, and Decoded a column of
	// bytes, in UTF-8, as text. Has is where one text is in another, above 0, or 0.
	Folded, Decoded func(column string) string
	Has             string
	// Argument, where there is one, brings what a read asks for into the form
	// that it is stored in.
	Argument func(any) any
	// Arrays: many rows are written as an array for each column, and not as a
	// list of values.
	Arrays bool
	// ListsLater: new rows of what waits are found by their webhook only once they are
	// listed.
	ListsLater bool
	// Lock ends a SELECT of rows that are to be changed: it locks them, and
	// passes over those that others have locked.
	Lock string
	// Probe writes something that changes nothing.
	Probe string
	// Turns takes the locks with the numbers of an array, in its order, until the
	// transaction is over, and returns one row; empty where nobody else writes
	// meanwhile.
	Turns string
	// Lost reads the owners that are not living, whose deliveries count as
	// nobody's; empty where there can be none.
	Lost string
	// Orphaned is the condition that the owner of a row is not living, for rows of
	// which any node may come upon those of nodes that are long forgotten. Default:
	// it has none.
	Orphaned string
	// Living reads the owners whose chains of the audit log may still grow; empty where
	// that is the Writer's own alone.
	Living string
	// Enter asks, in a transaction, whether old events may be changed in it: another
	// may be about to put a table in another's place. Empty where that cannot be.
	Enter string
	// Outbox: there is one, and what was refused stays in it.
	Outbox bool
	// Keys: what must be unique of an event is in a table of its own, since
	// events is partitioned by time.
	Keys bool
	// Hasty makes the statements of a transaction fail that have to wait for
	// another one, nearly at once, and Waited tells that they did.
	Hasty  string
	Waited func(error) bool
}

// A Conn runs statements on one connection. Each database has its own, which
// brings them into its dialect and keeps them prepared.
type Conn interface {
	// Exec returns how many rows were affected.
	Exec(ctx context.Context, text string, args ...any) (int64, error)
	QueryRow(ctx context.Context, text string, args ...any) Row
	// Query reads rows, which must be closed.
	Query(ctx context.Context, text string, args ...any) (Rows, error)
}

// Rows are as *sql.Rows.
type Rows interface {
	Row
	Next() bool
	Err() error
	Close() error
}

// A Row is what is scanned: *sql.Row, *sql.Rows and others. Where there is
// none, Scan answers an error that is sql.ErrNoRows.
type Row interface {
	Scan(into ...any) error
}

// collect scans all rows and closes them. A nil rows is passed with its error.
func collect[T any](rows Rows, err error, scan func(Row) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	return collectUpTo(0, rows, nil, scan, func(*T) int { return 0 })
}

// collectUpTo is collect that leaves rows unread once it has more than so many
// bytes, in two rows or more; 0 bounds nothing.
func collectUpTo[T any](most int, rows Rows, err error, scan func(Row) (T, error), size func(*T) int) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for bytes := 0; rows.Next(); {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
		if bytes += size(&one); most > 0 && bytes > most && len(all) > 1 {
			return all, nil
		}
	}
	return all, rows.Err()
}

// nanos is how a time is stored: Unix nanoseconds, 0 for the zero time. The
// years 1678 to 2261 fit; what lies beyond them becomes the nearest that does.
func nanos(t time.Time) int64 {
	switch {
	case t.IsZero():
		return 0
	case t.Before(earliest):
		return earliest.UnixNano()
	case t.After(latest):
		return latest.UnixNano()
	}
	return t.UnixNano()
}

var (
	earliest = time.Date(1678, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2261, 12, 31, 0, 0, 0, 0, time.UTC)
)

// moment is the time that nanos stored, in UTC.
func moment(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

// optional is how a string that may be empty is stored: as NULL, which costs less
// than the empty string to write and to keep. Reads take NULL for empty.
func optional(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func optionalBytes(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}

// byStore orders parts of a batch by store and leaves the order of each
// store's as it is.
func byStore[T any](parts []T, storeID func(T) string) []T {
	compare := func(a, b T) int { return strings.Compare(storeID(a), storeID(b)) }
	if slices.IsSortedFunc(parts, compare) {
		return parts
	}
	parts = slices.Clone(parts)
	slices.SortStableFunc(parts, compare)
	return parts
}

// blob is never nil, which would be stored as NULL.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
