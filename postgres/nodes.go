package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/billhook/billhook"
)

const selectNodes = "SELECT epoch, name, state, (extract(epoch FROM started_at) * 1000000)::BIGINT, (extract(epoch FROM beat_at) * 1000000)::BIGINT " +
	"FROM billhook.nodes ORDER BY epoch"

// Nodes lists those in the table of nodes, and how much each owns.
func (d *Database) Nodes(ctx context.Context) (all []billhook.Node, err error) {
	owned, err := d.reader.Owned(ctx)
	if err != nil {
		return nil, err
	}
	found, err := d.lists.QueryContext(ctx, selectNodes)
	if err != nil {
		return nil, fmt.Errorf("read nodes: %w", err)
	}
	defer found.Close()
	for found.Next() {
		var n billhook.Node
		var state string
		var started, beat int64
		if err := found.Scan(&n.ID, &n.Name, &state, &started, &beat); err != nil {
			return nil, fmt.Errorf("read nodes: %w", err)
		}
		n.Alive, n.Own, n.Deliveries = state == alive, n.ID == d.owner(), owned[n.ID]
		n.StartedAt, n.BeatAt = time.UnixMicro(started).UTC(), time.UnixMicro(beat).UTC()
		all = append(all, n)
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("read nodes: %w", err)
	}
	return all, nil
}
