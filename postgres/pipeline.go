package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/billhook/billhook/internal/sqlstore"
)

// A pipeline is a connection on which statements are sent before the answers to
// those before them have come: a transaction takes a few round trips, and the
// server works on one statement while the next is being written down. (A batch
// of pgx's sends nothing until all of it is written down.)
//
// It heeds no context: who uses it bounds the connection.
type pipeline struct {
	on  *pgx.Conn
	own *conn // the same, for statements that are waited for

	known map[string]*pgconn.StatementDescription
	args  parameters
	sent  *pgconn.Pipeline // nil while there is none
	read  []answer         // to what was sent, in its order
	err   error            // of what could not be sent
}

// An answer is told what a statement returned, or why it failed.
type answer func(results *pgconn.ResultReader, err error) error

var _ sqlstore.Queue = (*pipeline)(nil)

func newPipeline(on *pgx.Conn) *pipeline {
	return &pipeline{on: on, own: newConn(on), known: map[string]*pgconn.StatementDescription{}}
}

// send sends a statement in PostgreSQL's form. What it fails with is Flush's.
func (p *pipeline) send(read answer, text string, args ...any) {
	if p.err == nil {
		p.err = p.trySend(read, text, args)
	}
}

func (p *pipeline) trySend(read answer, text string, args []any) error {
	statement, err := p.statement(text)
	if err == nil {
		err = p.args.set(args)
	}
	if err != nil {
		return err
	}
	if p.sent == nil {
		p.sent = p.on.PgConn().StartPipeline(context.Background())
	}
	p.sent.SendQueryStatement(statement, p.args.values, p.args.formats, nil)
	p.read = append(p.read, read)
	if len(p.args.buf) < worthSending {
		return nil // it goes with the next one
	}
	return p.sent.Flush()
}

// worthSending is how much there must be to send, in bytes, to give the server
// something to do.
const worthSending = 4 << 10

// statement has a statement prepared the first time, which takes a round trip of
// its own.
func (p *pipeline) statement(text string) (*pgconn.StatementDescription, error) {
	if s := p.known[text]; s != nil {
		return s, nil
	}
	ctx := context.Background()
	if err := p.Flush(ctx); err != nil {
		return nil, err
	}
	s, err := p.on.Prepare(ctx, text, text)
	if err == nil {
		p.known[text] = s
	}
	return s, err
}

// Queue sends a statement and leaves its answer to Flush.
func (p *pipeline) Queue(text string, args []any, done func(affected int64, err error) error) {
	p.send(func(results *pgconn.ResultReader, err error) error {
		var tag pgconn.CommandTag
		if err == nil {
			tag, err = results.Close()
		}
		return done(tag.RowsAffected(), err)
	}, p.own.text(text), arguments(args)...)
}

// Flush waits for the answers to all that was sent, and fails with the first
// error. The server skips what comes after a statement that fails.
func (p *pipeline) Flush(context.Context) error {
	sent, err := p.sent, p.err
	p.sent, p.err = nil, nil
	defer func() { p.read = p.read[:0] }()
	if sent == nil {
		return err
	}
	if failure := sent.Sync(); err == nil {
		err = failure
	}
	for _, read := range p.read {
		if err != nil {
			break
		}
		results, failure := sent.GetResults()
		reader, _ := results.(*pgconn.ResultReader)
		err = read(reader, failure)
	}
	if failure := sent.Close(); err == nil {
		err = failure
	}
	return err
}

func (p *pipeline) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	if err := p.Flush(ctx); err != nil {
		return 0, err
	}
	return p.own.Exec(ctx, text, args...)
}

func (p *pipeline) QueryRow(ctx context.Context, text string, args ...any) sqlstore.Row {
	if err := p.Flush(ctx); err != nil {
		return failed{err}
	}
	return p.own.QueryRow(ctx, text, args...)
}

func (p *pipeline) Query(ctx context.Context, text string, args ...any) (sqlstore.Rows, error) {
	if err := p.Flush(ctx); err != nil {
		return nil, err
	}
	return p.own.Query(ctx, text, args...)
}

// A failed row is one that could not be asked for.
type failed struct{ err error }

func (f failed) Scan(...any) error { return f.err }
