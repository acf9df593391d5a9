package postgres

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/billhook/billhook/internal/sqlstore"
)

// A View reads a database that nodes may be using, and writes nothing to it.
type View struct {
	*sqlstore.Reader
	pool *sql.DB
}

// OpenView opens a database, which must have all migrations.
func OpenView(ctx context.Context, url string) (*View, error) {
	if err := with(ctx, url, func(on *pgx.Conn) error { return complete(ctx, on) }); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	config, err := parse(url)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	pool := (&Database{config: config}).openPool(1, listSettings)
	return &View{sqlstore.NewReader(pool, dialect), pool}, nil
}

// Close closes the connection.
func (v *View) Close() error { return v.pool.Close() }
