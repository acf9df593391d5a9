package sqlstore

import (
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/billhook/billhook"
)

// conditions are what a list is filtered by.
type conditions struct {
	terms []string
	args  []any
}

func (c *conditions) add(term string, args ...any) {
	c.terms = append(c.terms, term)
	c.args = append(c.args, args...)
}

// text asks a column to have the value; the empty one asks nothing.
func (c *conditions) text(column, value string) {
	if value != "" {
		c.add(column+" = ?", value)
	}
}

// between asks for from <= column < to; a zero time asks nothing.
func (c *conditions) between(column string, from, to time.Time) {
	if !from.IsZero() {
		c.add(column+" >= ?", nanos(from))
	}
	if !to.IsZero() {
		c.add(column+" < ?", nanos(to))
	}
}

// String is the WHERE clause.
func (c *conditions) String() string {
	if len(c.terms) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.terms, " AND ")
}

// only is the one row that there is, or billhook.ErrNotFound.
func only[T any](rows *sql.Rows, err error, scan func(Row) (T, error), what string) (T, error) {
	all, err := collect(rows, err, scan)
	if err != nil {
		var none T
		return none, fmt.Errorf("read %s: %w", what, err)
	}
	if len(all) == 0 {
		var none T
		return none, billhook.ErrNotFound
	}
	return all[0], nil
}
