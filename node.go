package billhook

import (
	"context"
	"time"
)

// A Node is a process that delivers.
type Node struct {
	// ID is its epoch, which is never used again. On a database that is a file it is 1.
	ID   int64
	Name string
	// Alive: the others have not taken it for dead.
	Alive bool
	// Own: it is this process.
	Own bool
	// StartedAt is since when it is a node, and BeatAt when it was heard of last, by the
	// database's clock.
	StartedAt, BeatAt time.Time
	// Deliveries is how many pending ones it owns.
	Deliveries int64
}

// Nodes lists those that the database knows, by id. Those that are lost stay until
// others have all that they owned. What nobody owns is of none.
func (c *Client) Nodes(ctx context.Context) ([]Node, error) { return c.db.Nodes(ctx) }
