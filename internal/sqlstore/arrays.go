package sqlstore

import "context"

// A Queue is a Conn that can put statements off and send them together, which
// saves a round trip for each. It sends what it keeps before any other statement.
type Queue interface {
	Conn
	// Queue keeps a statement and its arguments. When it was sent, done is told
	// how many rows it affected, or why it failed, and says what Flush fails
	// with.
	Queue(text string, args []any, done func(affected int64, err error) error)
	// Flush sends what is kept, and fails with the first error of one.
	Flush(ctx context.Context) error
}

// arrays reports whether rows go as an array for each column.
func (w *Writer) arrays() bool { return w.dialect.Arrays && !w.rowByRow }

// flush sends what is queued.
func (w *Writer) flush(ctx context.Context) error {
	if w.queue == nil {
		return nil
	}
	return w.queue.Flush(ctx)
}

// left runs a bulk's statement over arrays and returns the rows that it did not
// affect: of two with one name, the second.
func (w *Writer) left(ctx context.Context, b *bulk, text string, args []any, r rows, first, size int) (missed []int, err error) {
	found, err := w.conn.Query(ctx, text+" RETURNING "+b.name, args...)
	names, err := collect(found, err, b.scanName)
	if err != nil {
		return nil, err
	}
	affected := make(map[any]bool, len(names))
	for _, name := range names {
		affected[name] = true
	}
	for i := first; i < first+size; i++ {
		name := r.own(nil, i)[0]
		if !affected[name] {
			missed = append(missed, i)
		}
		delete(affected, name)
	}
	return missed, nil
}

// scanName reads what a row's first own argument was.
func (b *bulk) scanName(from Row) (any, error) {
	if b.kinds()[0] == bigintKind {
		var n int64
		err := from.Scan(&n)
		return n, err
	}
	var s string
	err := from.Scan(&s)
	return s, err
}
