package sqlstore

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/bits"
	"sync"
	"time"
)

// A Proof is what both sides of a copy have, read back from both.
type Proof struct {
	Tables []Comparison
	// FinishedAt is when both had the same; zero where they have not.
	FinishedAt time.Time
	// Before: a former run has proved it. The target may have been used since.
	Before bool
}

// A Comparison is of one table.
type Comparison struct {
	Table    string
	From, To Sum
	// Changed is how many rows hold text that the target cannot, and stands
	// there in the form that it can.
	Changed int64
}

// A Sum is of the rows of a table.
type Sum struct {
	Rows int64
	// Checksum is the sum of the rows' hashes, whatever their order, in hex.
	Checksum string
}

// Equal reports whether both sides have the same rows.
func (c *Comparison) Equal() bool { return c.From == c.To }

// A checksum adds up, modulo 2^128, the first half of the SHA-256 of each row.
// A row is written as its columns, each with its kind and its length, so that
// no two rows are written alike.
type checksum struct {
	high, low uint64
	rows      int64
	changed   int64
	form      func(any) any // text in the form that both sides can hold; nil as it is
	row       []byte
}

func (s *checksum) add(row []any) {
	const null, text, number, bytes = 0, 1, 2, 3
	changed := false
	b := s.row[:0]
	for _, value := range row {
		switch v := value.(type) {
		case nil:
			b = append(b, null)
		case string:
			if s.form != nil {
				formed := s.form(v).(string)
				changed = changed || formed != v
				v = formed
			}
			b = append(binary.BigEndian.AppendUint64(append(b, text), uint64(len(v))), v...)
		case int64:
			b = binary.BigEndian.AppendUint64(append(b, number), uint64(v))
		case []byte:
			b = append(binary.BigEndian.AppendUint64(append(b, bytes), uint64(len(v))), v...)
		}
	}
	s.row = b
	hash := sha256.Sum256(b)
	var carry uint64
	s.low, carry = bits.Add64(s.low, binary.BigEndian.Uint64(hash[8:]), 0)
	s.high, _ = bits.Add64(s.high, binary.BigEndian.Uint64(hash[:]), carry)
	s.rows++
	if changed {
		s.changed++
	}
}

func (s *checksum) sum() Sum { return Sum{s.rows, fmt.Sprintf("%016x%016x", s.high, s.low)} }

// prove reads both sides, at the same time, and compares them.
func (c *Copy) prove(ctx context.Context) (*Proof, error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var from, to map[*table]*checksum
	var both sync.WaitGroup
	both.Go(func() { from = c.sums(ctx, fail, c.From) })
	both.Go(func() { to = c.sums(ctx, fail, c.To) })
	both.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	p := &Proof{}
	equal := true
	for _, t := range c.tables() {
		one := Comparison{Table: t.name, From: from[t].sum(), To: to[t].sum(), Changed: from[t].changed}
		equal = equal && one.Equal()
		p.Tables = append(p.Tables, one)
	}
	if equal {
		p.FinishedAt = time.Now()
	}
	return p, nil
}

// sums reads all tables of a side. Keys that the source has no table for are
// those that its events imply.
func (c *Copy) sums(ctx context.Context, fail func(error), side *Side) map[*table]*checksum {
	form := c.To.Dialect.Argument
	if form == nil {
		form = c.From.Dialect.Argument
	}
	sums := map[*table]*checksum{}
	for _, t := range c.tables() {
		sums[t] = &checksum{form: form}
	}
	for _, t := range c.tables() {
		if t == keysTable && !side.Dialect.Keys {
			continue
		}
		unseen := int64(0)
		err := t.walk(ctx, side.Conn, t.all(), nil, func(row []any) error {
			sums[t].add(row)
			if t == eventsTable && !side.Dialect.Keys && c.To.Dialect.Keys {
				for _, key := range keysOfRow(row) {
					sums[keysTable].add(key)
				}
			}
			if unseen++; unseen == tellEvery {
				c.tell(t, unseen)
				unseen = 0
			}
			return nil
		})
		if err != nil {
			fail(err)
			return nil
		}
		c.tell(t, unseen)
	}
	return sums
}
