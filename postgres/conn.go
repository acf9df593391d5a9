package postgres

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/billhook/billhook/internal/sqlstore"
)

var dialect = sqlstore.Dialect{
	Text:     dollars,
	Elements: func(column string) string { return "json_array_elements_text(" + column + "::json) AS value" },
	Folded:   func(column string) string { return `lower((` + column + `) COLLATE "C")` },
	Decoded:  func(column string) string { return "convert_from(" + column + ", 'UTF8')" },
	Has:      "strpos",
	Argument: storable,
	Arrays:   true,
	Lock:     " FOR UPDATE SKIP LOCKED",
	Probe:    "UPDATE billhook.changes SET version = version",
	Lost:     selectLost,
	Turns:    "SELECT count(pg_advisory_xact_lock(own.turn)) FROM unnest(?1::bigint[]) AS own (turn)",
	Orphaned: orphaned,
	Living:   "SELECT epoch FROM billhook.nodes",
	Outbox:   true,
	Enter:    "SELECT pg_try_advisory_xact_lock_shared(7236837712961014)",
	Keys:     true,
	Hasty:    "SET LOCAL lock_timeout = '5ms'",
	Waited:   func(err error) bool { return isCode(err, lockNotAvailable) },
}

// insert begins statements of several rows of values.
const insert = "INSERT"

// dollars writes the arguments ? and ?N as $N. Every row that waits is listed.
func dollars(text string) string {
	text = strings.ReplaceAll(text, "billhook.listed", "billhook.pending")
	var b strings.Builder
	next := 1
	for {
		before, after, found := strings.Cut(text, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteByte('$')
		if after == "" || after[0] < '0' || after[0] > '9' {
			b.WriteString(strconv.Itoa(next))
			next++
		}
		text = after
	}
}

// storable is the argument as PostgreSQL takes it: what TEXT cannot hold, a NUL
// or what is not UTF-8, becomes U+FFFD, so that an odd header of a receiver's
// fails no batch. Reads ask for it in the same form. Payloads and the bodies of
// answers are BYTEA and stay as they are.
func storable(arg any) any {
	switch value := arg.(type) {
	case string:
		if stored := text(value); stored != value {
			return stored
		}
	case []*string:
		for i, s := range value {
			if s != nil {
				if stored := text(*s); stored != *s {
					value[i] = &stored
				}
			}
		}
		return texts(value)
	case [][]byte:
		return blobs(value)
	}
	return arg
}

func text(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "\uFFFD")
	}
	return s
}

// A querier is a *pgx.Conn or a pgx.Tx.
type querier interface {
	Exec(ctx context.Context, text string, args ...any) (pgconn.CommandTag, error)
	QueryRow(ctx context.Context, text string, args ...any) pgx.Row
	Query(ctx context.Context, text string, args ...any) (pgx.Rows, error)
}

// A conn is a connection of pgx's, or a transaction on one. pgx keeps the
// statements prepared.
type conn struct {
	on    querier
	texts map[string]string // as PostgreSQL has them, by the shared ones
}

func newConn(on querier) *conn { return &conn{on: on, texts: map[string]string{}} }

func (c *conn) text(shared string) string {
	text, ok := c.texts[shared]
	if !ok {
		text = dollars(shared)
		c.texts[shared] = text
	}
	return text
}

func arguments(args []any) []any {
	for i, arg := range args {
		args[i] = storable(arg)
	}
	return args
}

func (c *conn) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	tag, err := c.on.Exec(ctx, c.text(text), arguments(args)...)
	return tag.RowsAffected(), err
}

func (c *conn) QueryRow(ctx context.Context, text string, args ...any) sqlstore.Row {
	return c.on.QueryRow(ctx, c.text(text), arguments(args)...) // pgx.ErrNoRows is sql.ErrNoRows
}

func (c *conn) Query(ctx context.Context, text string, args ...any) (sqlstore.Rows, error) {
	found, err := c.on.Query(ctx, c.text(text), arguments(args)...)
	if err != nil {
		return nil, err
	}
	return rows{found}, nil
}

// rows close as those of database/sql do.
type rows struct{ pgx.Rows }

func (r rows) Close() error {
	r.Rows.Close()
	return r.Rows.Err()
}

// A callersTx is a transaction of the caller's in database/sql, whose driver
// may be any: it is given plain values only.
type callersTx struct{ tx *sql.Tx }

func (c callersTx) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	result, err := c.tx.ExecContext(ctx, dollars(text), arguments(args)...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (c callersTx) QueryRow(ctx context.Context, text string, args ...any) sqlstore.Row {
	return c.tx.QueryRowContext(ctx, dollars(text), arguments(args)...)
}

func (c callersTx) Query(ctx context.Context, text string, args ...any) (sqlstore.Rows, error) {
	return c.tx.QueryContext(ctx, dollars(text), arguments(args)...)
}
