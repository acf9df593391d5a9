package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// MostConnections is how many a node may have open, with Options.Readers as it is.
const MostConnections = 8 + 6

// A Condition is how a server is set up, and how it stands with those that use it: what
// whoever looks after them wants to know.
type Condition struct {
	// Version is the server's, such as 160004.
	Version                                                  int
	Encoding, Fsync, FullPageWrites, SynchronousCommit, Zone string
	ReadOnly                                                 bool
	// MaxConnections are for everybody but superusers; Connections are open now.
	MaxConnections, Connections int
	// Clock is the server's time.
	Clock time.Time
	// Size is the database's, in bytes.
	Size  int64
	Nodes []NodeCondition
}

// A NodeCondition is how a node stands.
type NodeCondition struct {
	Name string
	// Lost: others have taken it for dead and take over what it had.
	Lost bool
	// Silent is how long it has not been heard of, and Lease how long it may be.
	Silent, Lease time.Duration
}

// Oldest is the first version of PostgreSQL that will do.
const Oldest = oldest

const (
	serverCondition = `SELECT current_setting('server_version_num')::int, current_setting('server_encoding'), current_setting('fsync'),
		current_setting('full_page_writes'), current_setting('synchronous_commit'), current_setting('TimeZone'),
		current_setting('transaction_read_only') = 'on',
		current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
		(SELECT COUNT(*) FROM pg_stat_activity WHERE backend_type = 'client backend')::int,
		clock_timestamp(), pg_database_size(current_database())`
	nodesCondition = `SELECT name, state = 'lost', EXTRACT(EPOCH FROM clock_timestamp() - beat_at)::float8, EXTRACT(EPOCH FROM lease)::float8
		FROM billhook.nodes ORDER BY epoch`
)

// Inspect tells the condition of the server that the URL names. It writes nothing, and
// tells of nodes where the schema is there.
func Inspect(ctx context.Context, url string) (c Condition, err error) {
	err = with(ctx, url, func(on *pgx.Conn) error {
		err := on.QueryRow(ctx, serverCondition).Scan(&c.Version, &c.Encoding, &c.Fsync, &c.FullPageWrites, &c.SynchronousCommit, &c.Zone,
			&c.ReadOnly, &c.MaxConnections, &c.Connections, &c.Clock, &c.Size)
		var has bool
		if err == nil {
			err = on.QueryRow(ctx, hasHistory).Scan(&has)
		}
		if err != nil || !has {
			return err
		}
		rows, err := on.Query(ctx, nodesCondition)
		if err != nil {
			return err
		}
		c.Nodes, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (n NodeCondition, err error) {
			var silent, lease float64
			err = row.Scan(&n.Name, &n.Lost, &silent, &lease)
			n.Silent, n.Lease = seconds(silent), seconds(lease)
			return n, err
		})
		return err
	})
	if err != nil {
		return c, fmt.Errorf("inspect server: %w", err)
	}
	return c, nil
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
