package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/billhook/billhook/client"
)

// ask makes a call and prints what it answers: to people by show, else as it came.
func ask[T any](ctx context.Context, f *remoteFlags, call func(context.Context, *client.Client) (*T, error), show func(io.Writer, *T) error) error {
	c, err := f.client()
	if err != nil {
		return err
	}
	var answer json.RawMessage
	v, err := call(client.WithAnswers(ctx, func(text json.RawMessage) { answer = text }), c)
	if err != nil {
		return err
	}
	if f.JSON {
		return printJSON(os.Stdout, answer)
	}
	return show(os.Stdout, v)
}

// listFlags say how much of a list is printed.
type listFlags struct {
	Limit int  `default:"50" placeholder:"N" help:"How many at most. Default: 50."`
	All   bool `help:"All that there are, however many."`
}

// Validate says what no list can have.
func (l listFlags) Validate() error {
	if l.Limit < 1 {
		return fmt.Errorf("--limit=%d: give a number above 0, or --all", l.Limit)
	}
	return nil
}

// A column is a head and what stands below it for a thing.
type column[T any] struct {
	head string
	cell func(*T) string
}

// tableRows is how many rows line up; a longer table is printed as they come.
const tableRows = 500

// list prints things as they come, page after page.
func list[T any](ctx context.Context, f *remoteFlags, l listFlags, call func(context.Context, *client.Client) iter.Seq2[T, error], columns ...column[T]) error {
	c, err := f.client()
	if err != nil {
		return err
	}
	var answer json.RawMessage
	var rows [][]string
	head := make([]string, len(columns))
	for i := range columns {
		head[i] = columns[i].head
	}
	flush := func() error {
		defer func() { head, rows = nil, rows[:0] }()
		if f.JSON || len(rows) == 0 && head == nil {
			return nil
		}
		return printTable(os.Stdout, head, rows)
	}
	n := 0
	for item, err := range call(client.WithAnswers(ctx, func(text json.RawMessage) { answer = text }), c) {
		switch {
		case err != nil && len(rows) > 0:
			return errors.Join(flush(), err) // what came before is right
		case err != nil:
			return err
		case n == l.Limit && !l.All:
			if err := flush(); err != nil {
				return err
			}
			fmt.Fprintf(os.Stderr, "there are more than these %d: --all, or a higher --limit\n", n)
			return nil
		}
		n++
		if f.JSON {
			if err := printJSON(os.Stdout, answer); err != nil {
				return err
			}
			continue
		}
		row := make([]string, len(columns))
		for i := range columns {
			row[i] = columns[i].cell(&item)
		}
		if rows = append(rows, row); len(rows) == tableRows {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// paging is what the API is asked for at a time.
func (l listFlags) paging() client.Paging {
	if l.All {
		return client.Paging{Limit: 100}
	}
	return client.Paging{Limit: min(l.Limit+1, 100)} // one more tells that there are more
}

// A field is a line about a thing: what it is, and its value.
type field struct{ name, value string }

// maxField is how many characters of a value somebody at a terminal is shown: of an
// event's data, say, whose end would push all else out of sight.
const maxField = 4096

// printFields prints those that have a value, one a line.
func printFields(w io.Writer, fields ...field) error {
	width, clip := 0, columns(w) > 0
	for _, f := range fields {
		width = max(width, len(f.name))
	}
	for _, f := range fields {
		if f.value == "" {
			continue
		}
		value := plain(f.value)
		if clip {
			value = clipped(value, maxField)
		}
		if _, err := fmt.Fprintf(w, "%-*s  %s\n", width, f.name, value); err != nil {
			return err
		}
	}
	return nil
}

// clock is a time as tables show it; "" for none.
func clock(t *time.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func clockOf(t time.Time) string { return clock(&t) }

// yes is a truth as tables show it.
func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// orNone is what a pointer leads to; "" where that is nowhere.
func orNone[T any](p *T) string {
	if p == nil {
		return ""
	}
	return fmt.Sprint(*p)
}

// code is a status code, or - for no answer.
func code(status *int) string {
	if status == nil {
		return "-"
	}
	return strconv.Itoa(*status)
}

func reference(r *client.Reference) string {
	if r == nil {
		return ""
	}
	return r.Type + ":" + r.ID
}

// asJSON is a value as text, for what has too many members for a line of its own each;
// "" where it says nothing.
func asJSON(v any) string {
	var b strings.Builder
	if printJSON(&b, v) != nil {
		return ""
	}
	switch text := strings.TrimSuffix(b.String(), "\n"); text {
	case "null", "{}", "[]":
		return ""
	default:
		return text
	}
}

func limitsText(l client.Limits) string {
	if l.RatePerSecond == nil && l.Concurrency == nil {
		return ""
	}
	return asJSON(l)
}
