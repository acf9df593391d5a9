package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// chunks are how many rows one statement handles, largest first. Few sizes,
// so that every statement is prepared once.
var chunks = []int{64, 8, 1}

// A bulk is a statement over any number of rows of one store.
type bulk struct {
	what   string // for errors
	before string // with the arguments that the rows share, ?1 the store's id; INTO stands for INSERT INTO
	row    string // with each row's own
	after  string
}

// text is the statement for so many rows.
func (b *bulk) text(d Dialect, rows int) string {
	text := b.before + b.row + strings.Repeat(","+b.row, rows-1) + b.after
	if strings.HasPrefix(text, "INTO ") {
		text = d.Insert + " " + text
	}
	return text
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
}

// errShort means that a statement over several rows affected fewer, and which
// ones is not known: the batch must be written again row by row.
var errShort = errors.New("fewer rows affected than given")

// each runs the bulk over the rows in their order. It returns those that were
// not affected, or errShort where it cannot tell them.
func (w *Writer) each(ctx context.Context, b *bulk, r rows) ([]int, error) {
	var missed []int
	for first := 0; first < r.n; {
		size := w.chunk(r, first)
		args := r.shared(w.args[:0], first)
		for i := range size {
			args = r.own(args, first+i)
		}
		w.args = args
		affected, err := w.exec(ctx, b, size, args)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s: %w", b.what, err)
		case affected == int64(size):
		case size == 1 && affected == 0:
			missed = append(missed, first)
		default:
			return nil, errShort
		}
		first += size
	}
	return missed, nil
}

// chunk is how many rows from the first on go into one statement.
func (w *Writer) chunk(r rows, first int) int {
	if w.rowByRow {
		return 1
	}
	like := 1
	for first+like < r.n && like < chunks[0] && r.same(first, first+like) {
		like++
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

func (w *Writer) exec(ctx context.Context, b *bulk, rows int, args []any) (int64, error) {
	sizes := w.bulks[b]
	if sizes == nil {
		sizes = make(map[int]*sql.Stmt)
		w.bulks[b] = sizes
	}
	stmt := sizes[rows]
	if stmt == nil {
		var err error
		if stmt, err = w.conn.PrepareContext(ctx, b.text(w.dialect, rows)); err != nil {
			return 0, err
		}
		sizes[rows] = stmt
	}
	result, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
