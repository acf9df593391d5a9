package api

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/billhook/billhook"
)

// A query reads the parameters behind the question mark. It keeps the first
// error; readers return zero values after it.
type query struct {
	values url.Values
	err    error
}

// query parses the call's parameters and refuses those that are not known: a
// misspelt filter must not answer the whole list.
func (c *call) query(known ...string) *query {
	values, err := url.ParseQuery(c.r.URL.RawQuery)
	q := &query{values: values}
	if err != nil {
		q.refuse("query", "is malformed: "+err.Error())
		return q
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		switch {
		case !slices.Contains(known, name):
			q.refuse(name, "is not a parameter of this path: there are "+strings.Join(known, ", "))
		case len(values[name]) > 1:
			q.refuse(name, "is given more than once")
		}
	}
	return q
}

func (q *query) refuse(name, message string) {
	if q.err == nil {
		q.err = &parameterError{Name: name, Message: message}
	}
}

func (q *query) text(name string) string { return q.values.Get(name) }

// eventType is one type of events, or "".
func (q *query) eventType(name string) string {
	text := q.text(name)
	if strings.Contains(text, "*") {
		q.refuse(name, "must be one whole event type, such as order.paid; patterns are for webhooks")
	}
	return text
}

// limit is how many items the page may have.
func (q *query) limit() int {
	if !q.values.Has("limit") {
		return defaultLimit
	}
	n, err := strconv.Atoi(q.text("limit"))
	if err != nil || n < 1 || n > maxLimit {
		q.refuse("limit", "must be a whole number from 1 to "+strconv.Itoa(maxLimit))
		return 0
	}
	return n
}

// bool is a parameter that is true or false, false where it is not given.
func (q *query) bool(name string) bool {
	switch text := q.text(name); {
	case text == "true":
		return true
	case text != "false" && q.values.Has(name):
		q.refuse(name, "must be true or false")
	}
	return false
}

// after is the id in a cursor of the kind.
func (q *query) after(kind byte) string {
	if !q.values.Has("cursor") {
		return ""
	}
	id, ok := parseIDCursor(kind, q.text("cursor"))
	if !ok {
		q.refuseCursor()
	}
	return id
}

// before is the position in a cursor of the kind.
func (q *query) before(kind byte) billhook.EventPosition {
	if !q.values.Has("cursor") {
		return billhook.EventPosition{}
	}
	p, ok := parsePositionCursor(kind, q.text("cursor"))
	if !ok {
		q.refuseCursor()
	}
	return p
}

func (q *query) refuseCursor() {
	q.refuse("cursor", "is not a nextCursor of this list")
}

// status is a delivery's status, or "".
func (q *query) status() billhook.Status {
	s := billhook.Status(q.text("status"))
	switch s {
	case "", billhook.StatusPending, billhook.StatusHeld, billhook.StatusDelivered, billhook.StatusDead, billhook.StatusCancelled, billhook.StatusSkipped:
		return s
	}
	q.refuse("status", "must be one of pending, held, delivered, dead, cancelled, skipped")
	return ""
}

// between is the time range from (included) to (excluded). A date alone is
// that whole day in UTC, in "to" as well.
func (q *query) between() (from, to time.Time) {
	from, _ = q.time("from")
	to, day := q.time("to")
	if day {
		to = to.AddDate(0, 0, 1)
	}
	return from, to
}

func (q *query) time(name string) (t time.Time, day bool) {
	text := q.text(name)
	if text == "" {
		if q.values.Has(name) {
			q.refuse(name, "is empty")
		}
		return time.Time{}, false
	}
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t, true
	}
	// An unescaped + of a zone arrives as a space.
	t, err := time.Parse(time.RFC3339, strings.Replace(text, " ", "+", 1))
	if err != nil {
		q.refuse(name, "must be a time such as 2026-03-01T10:30:00Z or a date such as 2026-03-01")
		return time.Time{}, false
	}
	return t, false
}
