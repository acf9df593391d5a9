package sqlite

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/billhook/billhook/internal/sqlstore"
)

// readers read what waits from billhook.listed, or where not all of it is listed from
// the whole table, which takes as long as it is large.
type readers struct{ listed, whole *sqlstore.Reader }

func newReaders(pool *sql.DB) readers {
	whole := dialect
	whole.Text = strings.NewReplacer("billhook.listed", "billhook_pending", "billhook.", "billhook_").Replace
	return readers{sqlstore.NewReader(pool, dialect), sqlstore.NewReader(pool, whole)}
}

// readListed is read for what looks for deliveries by their webhook: it has them listed
// first. Another program that writes to the file is not waited for.
func readListed[T any](ctx context.Context, d *Database, f func(*sqlstore.Reader) (T, error)) (T, error) {
	return readOn(d, func(c *connections) *sqlstore.Reader { return d.listed(ctx, c, c.readers, 0) }, f)
}

// readLanes is readShort for the engine's looks into lanes.
func readLanes[T any](ctx context.Context, d *Database, f func(*sqlstore.Reader) (T, error)) (T, error) {
	return readOn(d, func(c *connections) *sqlstore.Reader { return d.listed(ctx, c, c.engineReaders, d.options.BusyWait) }, f)
}

// listed is the reader to look for deliveries by their webhook with. It waits for the
// commit under way, and no longer than so for another program.
func (d *Database) listed(ctx context.Context, c *connections, rs readers, wait time.Duration) *sqlstore.Reader {
	if !c.writer.Unlisted() {
		return rs.listed
	}
	err := d.write(ctx, wait, func() error {
		if !c.writer.Unlisted() {
			return nil // what was waited for has listed all
		}
		return c.list(ctx)
	})
	if err != nil {
		return rs.whole
	}
	return rs.listed
}
