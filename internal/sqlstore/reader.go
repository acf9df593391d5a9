package sqlstore

import (
	"context"
	"database/sql"
	"sync"
)

// A Reader reads from a pool of connections. It may be used by any number of
// goroutines.
type Reader struct {
	db      *sql.DB
	dialect Dialect

	mu       sync.Mutex
	prepared map[string]*sql.Stmt // by text, of which there are few
}

// NewReader prepares nothing yet. Statements end with the pool.
func NewReader(db *sql.DB, d Dialect) *Reader {
	return &Reader{db: db, dialect: d, prepared: make(map[string]*sql.Stmt)}
}

// query runs a statement that is kept prepared.
func (r *Reader) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	stmt, err := r.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	if r.dialect.Argument != nil {
		for i, arg := range args {
			args[i] = r.dialect.Argument(arg)
		}
	}
	return stmt.QueryContext(ctx, args...)
}

func (r *Reader) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	r.mu.Lock()
	stmt := r.prepared[text]
	r.mu.Unlock()
	if stmt != nil {
		return stmt, nil
	}
	stmt, err := r.db.PrepareContext(ctx, r.dialect.Text(text))
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if first := r.prepared[text]; first != nil {
		stmt.Close()
		return first, nil
	}
	r.prepared[text] = stmt
	return stmt, nil
}
