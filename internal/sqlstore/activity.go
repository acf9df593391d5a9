package sqlstore

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/billhook/billhook"
)

// upsertActivity puts all that a process has counted in the place of what it had
// written of that before. Nobody else writes its rows, so that it waits for nobody.
var upsertActivity = &bulk{
	what:   "count activity",
	insert: "billhook.activity AS a (store_id, at, run, delivered, failed, dead, waiting, latencies)",
	shared: 1,
	row:    []string{"?1", bigintKind, bigintKind, bigintKind, bigintKind, bigintKind, bigintKind, byteaKind},
	after: " ON CONFLICT (store_id, at, run) DO UPDATE SET delivered = excluded.delivered, failed = excluded.failed, " +
		"dead = excluded.dead, waiting = excluded.waiting, latencies = excluded.latencies",
}

const (
	deleteActivity = "DELETE FROM billhook.activity WHERE store_id = ? AND at < ?"
	selectActivity = "SELECT store_id, at, run, delivered, failed, dead, waiting, latencies FROM billhook.activity"
	selectBacklogs = "SELECT store_id, webhook_id, COUNT(*), MIN(due_at) FROM billhook.listed"
)

// activity writes what was counted, and deletes what is old.
func (w *Writer) activity(ctx context.Context, b *billhook.Batch) error {
	counts := b.Activity
	if len(counts) > 0 {
		counts = slices.SortedStableFunc(slices.Values(counts), func(a, b *billhook.ActivityCount) int {
			return cmp.Or(cmp.Compare(a.StoreID, b.StoreID), a.At.Compare(b.At), cmp.Compare(a.Run, b.Run))
		})
	}
	err := w.all(ctx, upsertActivity, rows{
		n: len(counts),
		// A statement must not come upon a row twice: the last is the whole count.
		same: func(i, j int) bool {
			return counts[i].StoreID == counts[j].StoreID && !sameCount(counts[j-1], counts[j])
		},
		shared: func(args []any, i int) []any { return append(args, counts[i].StoreID) },
		own: func(args []any, i int) []any {
			n := counts[i]
			return append(args, nanos(n.At), n.Run, n.Delivered, n.Failed, n.Dead, n.Waiting, packLatencies(&n.Latencies))
		},
	})
	if err != nil {
		return err
	}
	for _, x := range b.ActivityExpiries {
		if _, err := w.conn.Exec(ctx, deleteActivity, x.StoreID, nanos(x.Before)); err != nil {
			return fmt.Errorf("delete activity: %w", err)
		}
	}
	return nil
}

func sameCount(a, b *billhook.ActivityCount) bool {
	return a.StoreID == b.StoreID && a.At.Equal(b.At) && a.Run == b.Run
}

// packLatencies is a varint for each class, without the empty ones at the end.
func packLatencies(l *billhook.Latencies) []byte {
	last := len(l)
	for last > 0 && l[last-1] == 0 {
		last--
	}
	packed := make([]byte, 0, 2*last)
	for _, n := range l[:last] {
		packed = binary.AppendUvarint(packed, uint64(n))
	}
	return packed
}

var errLatencies = errors.New("latencies are not as they were written")

func unpackLatencies(packed []byte) (l billhook.Latencies, err error) {
	for i := 0; len(packed) > 0; i++ {
		n, size := binary.Uvarint(packed)
		if size <= 0 || n > 1<<32-1 || i == len(l) {
			return l, errLatencies
		}
		l[i], packed = uint32(n), packed[size:]
	}
	return l, nil
}

// ActivityCounts reads what was counted of a store.
func (r *Reader) ActivityCounts(ctx context.Context, storeID string, from, to time.Time) ([]billhook.ActivityCount, error) {
	var where conditions
	where.add("store_id = ?", storeID)
	where.between("at", from, to)
	rows, err := r.query(ctx, selectActivity+where.String()+" ORDER BY at, run", where.args...)
	all, err := collect(rows, err, func(from Row) (n billhook.ActivityCount, err error) {
		var at int64
		var latencies []byte
		if err = from.Scan(&n.StoreID, &at, &n.Run, &n.Delivered, &n.Failed, &n.Dead, &n.Waiting, &latencies); err == nil {
			n.Latencies, err = unpackLatencies(latencies)
		}
		n.At = moment(at)
		return n, err
	})
	if err != nil {
		return nil, fmt.Errorf("read activity: %w", err)
	}
	return all, nil
}

// Backlogs counts what is pending for each webhook.
func (r *Reader) Backlogs(ctx context.Context, storeID string) ([]billhook.LaneBacklog, error) {
	var where conditions
	where.text("store_id", storeID)
	where.add("webhook_id IS NOT NULL") // the index's condition, or it would not serve
	rows, err := r.query(ctx, selectBacklogs+where.String()+" GROUP BY store_id, webhook_id ORDER BY store_id, webhook_id", where.args...)
	all, err := collect(rows, err, func(from Row) (b billhook.LaneBacklog, err error) {
		var due int64
		err = from.Scan(&b.StoreID, &b.WebhookID, &b.Count, &due)
		b.DueAt = moment(due)
		return b, err
	})
	if err != nil {
		return nil, fmt.Errorf("count what is pending: %w", err)
	}
	return all, nil
}

// Owned counts what is pending of each owner.
func (r *Reader) Owned(ctx context.Context) (map[int64]int64, error) {
	rows, err := r.query(ctx, "SELECT owner, COUNT(*) FROM billhook.listed GROUP BY owner")
	owned := map[int64]int64{}
	_, err = collect(rows, err, func(from Row) (owner int64, err error) {
		var n int64
		err = from.Scan(&owner, &n)
		owned[owner] = n
		return owner, err
	})
	if err != nil {
		return nil, fmt.Errorf("count what nodes own: %w", err)
	}
	return owned, nil
}
