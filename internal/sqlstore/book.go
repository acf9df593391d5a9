package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A book is the table billhook.copies at the target, with a row for each table:
// how far the copy has come, written in the transaction that wrote the rows. It
// stays when the copy is complete, and has the proof then.
//
// It is the copy's own and in no migration: a database that was never a target
// does not have it.
type book struct {
	on      Conn
	entries map[string]*entry // by table
}

type entry struct {
	position        string // of the last row; "" for none
	copied, changed int64
	checksum        string
	finishedAt      int64
}

// ErrTarget means that a database cannot be a copy's target.
var ErrTarget = errors.New("the target is not for this copy")

const (
	createBook = `CREATE TABLE IF NOT EXISTS billhook.copies (
	name        TEXT NOT NULL PRIMARY KEY,
	source      TEXT NOT NULL,
	position    TEXT NOT NULL,
	copied      BIGINT NOT NULL,
	changed     BIGINT NOT NULL,
	checksum    TEXT NOT NULL,
	finished_at BIGINT NOT NULL
)`
	selectBook = "SELECT name, source, position, copied, changed, checksum, finished_at FROM billhook.copies"
	beginEntry = "INSERT INTO billhook.copies (name, source, position, copied, changed, checksum, finished_at) VALUES (?, ?, '', 0, 0, '', 0)"
	moveEntry  = "UPDATE billhook.copies SET position = ?, copied = ? WHERE name = ? AND position = ? AND copied = ?"
	endEntry   = "UPDATE billhook.copies SET copied = ?, changed = ?, checksum = ?, finished_at = ? WHERE name = ?"

	unfinished = "SELECT source FROM billhook.copies WHERE finished_at = 0 LIMIT 1"
)

// Unfinished fails where a database that has the table copies is the target of
// a copy that is not complete: it has only part of the events, and what waits
// in it may yet be sent by the source's nodes.
func Unfinished(ctx context.Context, on Conn) error {
	found, err := on.Query(ctx, unfinished)
	sources, err := collect(found, err, func(from Row) (source string, err error) { return source, from.Scan(&source) })
	if err == nil && len(sources) > 0 {
		err = fmt.Errorf("a copy of %s to this database is not complete: run billhook copy again, which goes on where it stopped", sources[0])
	}
	return err
}

// openBook reads the target's book, or begins one in a target that is empty.
// It wants a transaction.
func openBook(ctx context.Context, to *Side, source string) (*book, error) {
	b := &book{on: to.Conn, entries: map[string]*entry{}}
	if _, err := b.on.Exec(ctx, createBook); err != nil {
		return nil, fmt.Errorf("begin copy: %w", err)
	}
	found, err := b.on.Query(ctx, selectBook)
	former, err := collect(found, err, func(from Row) (source string, err error) {
		var name string
		e := &entry{}
		err = from.Scan(&name, &source, &e.position, &e.copied, &e.changed, &e.checksum, &e.finishedAt)
		b.entries[name] = e
		return source, err
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("read how far the copy has come: %w", err)
	case len(former) == 0:
		return b, b.begin(ctx, to, source)
	case former[0] != source:
		return nil, fmt.Errorf("%w: %s was begun as a copy of %s: go on with that one, or name a database that is empty", ErrTarget, to.Name, former[0])
	case b.finished().IsZero():
		return b, b.complete(to)
	}
	return b, nil
}

// complete fails where an older billhook has begun the book, which knew fewer
// tables.
func (b *book) complete(to *Side) error {
	for _, t := range moved {
		if b.entries[t.name] == nil && (t != keysTable || to.Dialect.Keys) {
			return fmt.Errorf("%w: the billhook that began it in %s knew no %s: name a database that is empty", ErrTarget, to.Name, t.name)
		}
	}
	return nil
}

func (b *book) begin(ctx context.Context, to *Side, source string) error {
	for _, t := range moved {
		if t == keysTable && !to.Dialect.Keys {
			continue
		}
		found, err := b.on.Query(ctx, "SELECT 1 FROM billhook."+t.name+" LIMIT 1")
		rows, err := collect(found, err, func(from Row) (n int64, err error) { return n, from.Scan(&n) })
		if err != nil {
			return fmt.Errorf("look at %s: %w", t.name, err)
		}
		if len(rows) > 0 {
			return fmt.Errorf("%w: %s has %s already: name a database that is empty", ErrTarget, to.Name, t.name)
		}
		if _, err := b.on.Exec(ctx, beginEntry, t.name, source); err != nil {
			return fmt.Errorf("begin copy: %w", err)
		}
		b.entries[t.name] = &entry{}
	}
	return nil
}

// move notes rows that are written in the same transaction, the last of them at
// the position. What is noted here counts once the transaction is committed;
// after one that failed the book is not used any more.
func (b *book) move(ctx context.Context, t *table, position string, rows int) error {
	e := b.entries[t.name]
	copied := e.copied + int64(rows)
	n, err := b.on.Exec(ctx, moveEntry, position, copied, t.name, e.position, e.copied)
	if err == nil && n != 1 {
		err = errors.New("another copy is at work on it")
	}
	if err != nil {
		return fmt.Errorf("note how far the copy has come: %w", err)
	}
	e.position, e.copied = position, copied
	return nil
}

// finished is when the copy was complete; zero while it is not.
func (b *book) finished() time.Time {
	for _, e := range b.entries {
		return moment(e.finishedAt)
	}
	return time.Time{}
}

// finish keeps the proof. It wants a transaction.
func (b *book) finish(ctx context.Context, p *Proof) error {
	for _, c := range p.Tables {
		if _, err := b.on.Exec(ctx, endEntry, c.To.Rows, c.Changed, c.To.Checksum, nanos(p.FinishedAt), c.Table); err != nil {
			return fmt.Errorf("finish copy: %w", err)
		}
	}
	return nil
}

// proof is the one that was kept.
func (b *book) proof() *Proof {
	p := &Proof{FinishedAt: b.finished(), Before: true}
	for _, t := range moved {
		if e := b.entries[t.name]; e != nil {
			sum := Sum{e.copied, e.checksum}
			p.Tables = append(p.Tables, Comparison{Table: t.name, From: sum, To: sum, Changed: e.changed})
		}
	}
	return p
}
