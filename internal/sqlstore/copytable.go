package sqlstore

import (
	"context"
	"fmt"
)

// A batch is what one transaction of a copy writes.
type batch struct {
	rows  [][]any
	bytes int
}

func (b *batch) add(row []any) {
	b.rows = append(b.rows, row)
	for _, value := range row {
		switch v := value.(type) {
		case string:
			b.bytes += len(v)
		case []byte:
			b.bytes += len(v)
		}
	}
}

// table copies what the target does not have of a table. While one batch is
// being written, the next one is read.
func (c *Copy) table(ctx context.Context, b *book, t *table) error {
	key, err := t.keyAt(b.entries[t.name].position)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	batches := make(chan batch)
	var reading error
	go func() {
		defer close(batches)
		reading = c.read(ctx, t, key, batches)
	}()
	w := NewWriter(c.To.Conn, c.To.Dialect, c.To.Insert)
	w.Owner = c.To.Owner
	var writing error
	for read := range batches {
		if writing != nil {
			continue // until the reader has seen that it is to stop
		}
		if writing = c.write(ctx, w, b, t, read); writing != nil {
			stop()
		}
	}
	stop()
	if writing != nil {
		return writing
	}
	return reading
}

// read reads what comes after the key, in batches.
func (c *Copy) read(ctx context.Context, t *table, key []any, batches chan<- batch) error {
	most := c.Rows
	if most <= 0 {
		most = defaultRows
	}
	var next batch
	hand := func() error {
		select {
		case batches <- next:
			next = batch{}
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	err := t.walk(ctx, c.From.Conn, t.after(key), key, func(row []any) error {
		next.add(row)
		if len(next.rows) < most && next.bytes < batchBytes {
			return nil
		}
		return hand()
	})
	if err == nil && len(next.rows) > 0 {
		err = hand()
	}
	return err
}

// write writes a batch and notes it, in one transaction. A crash leaves both or
// neither. Nothing is passed over that is there already: whoever wrote it, it was
// not this copy.
func (c *Copy) write(ctx context.Context, w *Writer, b *book, t *table, read batch) error {
	position, err := t.position(read.rows[len(read.rows)-1])
	if err != nil {
		return err
	}
	var keys [][]any
	if t == eventsTable && c.To.Dialect.Keys && !c.From.Dialect.Keys {
		for _, row := range read.rows {
			keys = append(keys, keysOfRow(row)...)
		}
	}
	err = c.transaction(ctx, func(ctx context.Context) error {
		if err := w.insertRows(ctx, t, read.rows); err != nil {
			return err
		}
		if len(keys) > 0 {
			if err := w.insertRows(ctx, keysTable, keys); err != nil {
				return err
			}
			if err := b.move(ctx, keysTable, "", len(keys)); err != nil {
				return err
			}
		}
		return b.move(ctx, t, position, len(read.rows))
	})
	clear(w.args[:cap(w.args)]) // hold on to no payload
	if err != nil {
		return fmt.Errorf("copy %s: %w", t.name, err)
	}
	c.tell(t, int64(len(read.rows)))
	return nil
}

func (w *Writer) insertRows(ctx context.Context, t *table, all [][]any) error {
	return w.all(ctx, t.insert, rows{
		n:    len(all),
		same: func(i, j int) bool { return true },
		shared: func(args []any, _ int) []any {
			if t.owned {
				args = append(args, w.Owner)
			}
			return args
		},
		own: func(args []any, i int) []any { return append(args, all[i]...) },
	})
}
