// Package sqlstore is the SQL that Billhook's databases share: its statements,
// the mapping of rows to values, batching and lists in pages.
//
// It speaks to tables that are there already through connections it is given.
// It must not know which database that is beyond its Dialect, nor open,
// migrate or recover one.
package sqlstore

import (
	"database/sql"
	"slices"
	"strings"
	"time"
)

// A Dialect is what the statements of one database differ in.
type Dialect struct {
	// Begin begins a transaction that writes. Default: BEGIN.
	Begin string
	// Insert begins an INSERT of many rows, none of which is kept where one
	// fails. Default: INSERT.
	Insert string
}

// A row is what scan functions read: *sql.Row or *sql.Rows.
type row interface {
	Scan(into ...any) error
}

// collect scans all rows and closes them. A nil rows is passed with its error.
func collect[T any](rows *sql.Rows, err error, scan func(row) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
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
