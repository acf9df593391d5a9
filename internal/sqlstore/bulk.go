package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A bulk is a statement over any number of rows of one store. SQLite runs it
// over lists of values, a few sizes of them so that each is prepared once;
// PostgreSQL over an array for each column.
type bulk struct {
	what   string // for errors
	insert string // the table and columns that rows go into, or
	change string // what is done to rows
	// table and where are which rows, of a change; each row's own argument is
	// the one of its name.
	table, where string
	// name is the column that tells rows apart: the first of their own
	// arguments. It is there where rows may be missed.
	name string
	// shared is how many arguments, ?1 to ?n, the rows have in common; ?1 is
	// the store's id.
	shared int
	// row is what makes up a row: a kind of the row's own argument, or, as it
	// stands, a shared argument or a constant.
	row   []string
	after string
}

// Kinds of arguments.
const (
	textKind   = ":text"
	bigintKind = ":bigint"
	byteaKind  = ":bytea"
)

// chunks are how many rows one statement over values handles, largest first.
var chunks = []int{64, 8, 1}

// values is the statement over so many rows of values. insert begins it if it
// is one that inserts.
func (b *bulk) values(insert string, rows int) string {
	var text strings.Builder
	if b.change != "" {
		text.WriteString(b.change + " WHERE " + b.where + " AND " + b.name + " IN (")
	} else {
		text.WriteString(insert + " INTO " + b.insert + " VALUES ")
	}
	own := 0
	for i := range rows {
		if i > 0 {
			text.WriteByte(',')
		}
		row := make([]string, len(b.row))
		for j, part := range b.row {
			row[j] = part
			if !strings.HasPrefix(part, ":") {
				continue
			}
			// To SQLite a number is a name, and for every argument it looks at all
			// names. After the first of the rows' own it counts on by itself; of one
			// row, which PostgreSQL is given too, all are numbered.
			row[j] = "?"
			if own++; own == 1 || rows == 1 {
				row[j] += strconv.Itoa(b.shared + own)
			}
		}
		if b.change != "" {
			text.WriteString(row[0])
		} else {
			text.WriteString("(" + strings.Join(row, ",") + ")")
		}
	}
	if b.change != "" {
		text.WriteByte(')')
	}
	return text.String() + b.after
}

// arrays is the statement over any number of rows in arrays.
//
// Rows that are to be changed are looked up one by one by the table's key and
// reached by their place. This leaves the planner no choice: it might think
// little of a table that was small when it looked, and read all of a store's
// rows for each statement. CASE hides the conditions from it; they are asked
// again of a row that another transaction was about to change.
func (b *bulk) arrays() string {
	selected := make([]string, len(b.row))
	var arrays, names []string
	for i, part := range b.row {
		selected[i] = part
		if kind, ok := strings.CutPrefix(part, ":"); ok {
			name := "c" + strconv.Itoa(i)
			names = append(names, name)
			selected[i] = "own." + name
			arrays = append(arrays, "?"+strconv.Itoa(b.shared+len(names))+"::"+kind+"[]")
		}
	}
	if b.change != "" {
		return b.change + " WHERE ctid = ANY (ARRAY(SELECT found.place FROM unnest(" + arrays[0] + ") AS own (name), " +
			"LATERAL (SELECT ctid AS place FROM " + b.table + " WHERE " + b.where + " AND " + b.name + " = own.name OFFSET 0) AS found)) " +
			"AND CASE WHEN " + b.where + " THEN TRUE END"
	}
	return "INSERT INTO " + b.insert + " SELECT " + strings.Join(selected, ",") +
		" FROM unnest(" + strings.Join(arrays, ",") + ") AS own (" + strings.Join(names, ",") + ")" + b.after
}

// rows are what a bulk runs over.
type rows struct {
	n int
	// same reports whether two rows may share a statement: they are of one
	// store, and of one mind about the other shared arguments.
	same func(i, j int) bool
	// shared and own append arguments: those that row i shares with its like,
	// and its own.
	shared, own func(args []any, i int) []any
	// missed, if there is one, is told of a row without effect before the next
	// one's own is asked for.
	missed func(i int)
}

// errShort means that a statement over several rows affected fewer, and which
// ones is not known: the batch must be written again so that it is.
var errShort = errors.New("fewer rows affected than given")

// each runs the bulk over the rows in their order. It returns those that were
// not affected, or errShort where it cannot tell them. A statement of which no
// row may be missed may be queued, and fail later.
func (w *Writer) each(ctx context.Context, b *bulk, r rows) ([]int, error) {
	var missed []int
	for first := 0; first < r.n; {
		size := w.chunk(r, first)
		text, args := w.statement(b, r, first, size)
		switch {
		case w.arrays() && w.careful && b.name != "":
			left, err := w.left(ctx, b, text, args, r, first, size)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", b.what, err)
			}
			missed = append(missed, left...)
		case w.arrays() && w.queue != nil:
			w.queue.Queue(text, args, func(affected int64, err error) error { return b.judge(affected, size, err) })
		default:
			affected, err := w.conn.Exec(ctx, text, args...)
			if err == nil && affected == 0 && size == 1 {
				missed = append(missed, first)
				if r.missed != nil {
					r.missed(first)
				}
			} else if err := b.judge(affected, size, err); err != nil {
				return nil, err
			}
		}
		first += size
	}
	if b.name != "" && r.n > 0 {
		// What follows supposes that none is missed: the server need not try.
		return missed, w.flush(ctx)
	}
	return missed, nil
}

// judge is what a statement over so many rows fails with.
func (b *bulk) judge(affected int64, rows int, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", b.what, err)
	case affected != int64(rows):
		return errShort
	}
	return nil
}

// chunk is how many rows from the first on go into one statement.
func (w *Writer) chunk(r rows, first int) int {
	if w.rowByRow {
		return 1
	}
	like := 1
	for first+like < r.n && (w.dialect.Arrays || like < chunks[0]) && r.same(first, first+like) {
		like++
	}
	if w.arrays() {
		return like
	}
	for _, size := range chunks {
		if size <= like {
			return size
		}
	}
	return 1
}

// all is each for rows none of which may be missed.
func (w *Writer) all(ctx context.Context, b *bulk, r rows) error {
	missed, err := w.each(ctx, b, r)
	if err == nil && len(missed) > 0 {
		err = fmt.Errorf("%s: row refused", b.what)
	}
	return err
}

// statement is the bulk's over some rows. Its arguments hold until the next one,
// or for good where they are arrays.
func (w *Writer) statement(b *bulk, r rows, first, size int) (text string, args []any) {
	args = r.shared(w.args[:0], first)
	shared := len(args)
	for i := range size {
		args = r.own(args, first+i)
	}
	w.args = args
	key := bulkText{b, size}
	if w.arrays() {
		args, key.rows = transpose(args, shared, b.kinds()), 0
	}
	text, ok := w.bulks[key]
	if !ok {
		if text = b.arrays(); !w.arrays() {
			text = b.values(w.insert, size)
		}
		w.bulks[key] = text
	}
	return text, args
}

// A bulkText names a bulk's statement over so many rows of values, or, with 0,
// over arrays.
type bulkText struct {
	b    *bulk
	rows int
}

func (b *bulk) kinds() (kinds []string) {
	for _, part := range b.row {
		if strings.HasPrefix(part, ":") {
			kinds = append(kinds, part)
		}
	}
	return kinds
}

// transpose makes of shared arguments and rows of arguments the shared ones and
// an array for each column.
func transpose(args []any, shared int, kinds []string) []any {
	own, result := args[shared:], append([]any(nil), args[:shared]...)
	n := len(own) / len(kinds)
	for c, kind := range kinds {
		switch kind {
		case textKind:
			column := make([]*string, n)
			for i := range column {
				if s, ok := own[i*len(kinds)+c].(string); ok {
					column[i] = &s
				}
			}
			result = append(result, column)
		case bigintKind:
			result = append(result, numbers(own[c:], len(kinds), n))
		case byteaKind:
			column := make([][]byte, n)
			for i := range column {
				column[i], _ = own[i*len(kinds)+c].([]byte)
			}
			result = append(result, column)
		}
	}
	return result
}

// numbers are every so many arguments, n of them, as an array: of pointers,
// which costs more, only where one is NULL.
func numbers(args []any, every, n int) any {
	column := make([]int64, n)
	for i := range column {
		value, ok := args[i*every].(int64)
		if !ok {
			return nullable(args, every, n)
		}
		column[i] = value
	}
	return column
}

func nullable(args []any, every, n int) []*int64 {
	column := make([]*int64, n)
	for i := range column {
		if value, ok := args[i*every].(int64); ok {
			column[i] = &value
		}
	}
	return column
}
