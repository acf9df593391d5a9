package sqlstore

import (
	"cmp"
	"context"
	"slices"

	"github.com/billhook/billhook"
)

var (
	// takePending removes deliveries, each only while it is as it was when it
	// was sent: the fence against finishing what someone else has dealt with.
	takePending = &bulk{
		what:   "take pending deliveries",
		change: "DELETE FROM billhook.pending",
		table:  "billhook.pending",
		where:  "store_id = ?1 AND attempts = ?2 AND owner = CAST(?3 AS BIGINT)",
		name:   "id",
		shared: 3,
		row:    []string{textKind},
	}
	insertDeliveries = &bulk{
		what:   "insert deliveries",
		insert: "billhook.deliveries (" + deliveryColumns + ", " + answerColumns + ")",
		shared: 1,
		row: []string{"?1", textKind, textKind, textKind, textKind, textKind, bigintKind, bigintKind, bigintKind, textKind, bigintKind, bigintKind, bigintKind,
			bigintKind, textKind, textKind, textKind, textKind, byteaKind, textKind, bigintKind},
	}
	// insertSmooth is insertDeliveries for those that arrived at the first attempt, which
	// are nearly all and have less to tell.
	insertSmooth = &bulk{
		what:   insertDeliveries.what,
		insert: insertDeliveries.insert,
		shared: insertDeliveries.shared,
		row: []string{"?1", textKind, textKind, textKind, textKind, "'delivered'", "1", "0", bigintKind, "NULL", bigintKind, bigintKind, bigintKind,
			bigintKind, textKind, "NULL", "NULL", textKind, byteaKind, "NULL", "NULL"},
	}
	insertAttempts = &bulk{
		what:   "insert attempts",
		insert: "billhook.attempts (" + attemptColumns + ")",
		shared: 1,
		row:    []string{"?1", textKind, bigintKind, bigintKind, bigintKind, bigintKind, textKind, textKind, textKind, textKind, byteaKind, textKind, bigintKind},
	}
)

// outcomes takes the deliveries from what waits, and puts them to what is over
// or back with a new time. An outcome that finds its delivery gone is stale.
func (w *Writer) outcomes(ctx context.Context, outcomes []*billhook.Outcome) error {
	outcomes = slices.SortedStableFunc(slices.Values(outcomes), func(a, b *billhook.Outcome) int {
		return cmp.Or(cmp.Compare(a.Delivery.StoreID, b.Delivery.StoreID), cmp.Compare(a.Delivery.Attempts, b.Delivery.Attempts))
	})
	stale, err := w.each(ctx, takePending, rows{
		n: len(outcomes),
		same: func(i, j int) bool {
			a, b := &outcomes[i].Delivery, &outcomes[j].Delivery
			return a.StoreID == b.StoreID && a.Attempts == b.Attempts
		},
		shared: func(args []any, i int) []any {
			return append(args, outcomes[i].Delivery.StoreID, int64(outcomes[i].Delivery.Attempts), w.Owner)
		},
		own: func(args []any, i int) []any { return append(args, outcomes[i].Delivery.ID) },
	})
	if err != nil {
		return err
	}
	for _, o := range outcomes {
		o.Stale = false
	}
	for _, i := range stale {
		outcomes[i].Stale = true
	}
	var again, over, smooth []*billhook.Outcome
	for _, o := range outcomes {
		switch {
		case o.Stale:
			continue
		case o.Status == billhook.StatusPending:
			again = append(again, o)
		default:
			if isSmooth(o) {
				smooth = append(smooth, o)
			} else {
				over = append(over, o)
			}
			w.touch(o.Delivery.Strand())
			of := accountOf(o.Delivery.StoreID, o.Delivery.WebhookID, o.Delivery.CreatedAt)
			w.ledger.count(of, billhook.StatusPending, "", -1)
			w.ledger.count(of, o.Status, o.Reason, 1)
		}
		if w.dialect.ListsLater {
			w.listing.ended = append(w.listing.ended, rowKey{o.Delivery.StoreID, o.Delivery.ID})
		}
	}
	if err := w.again(ctx, again); err != nil {
		return err
	}
	if err := w.over(ctx, over); err != nil {
		return err
	}
	return w.overSmoothly(ctx, smooth)
}

// again puts deliveries back to wait for their next attempt.
func (w *Writer) again(ctx context.Context, outcomes []*billhook.Outcome) error {
	back := make([]waiting, len(outcomes))
	for i, o := range outcomes {
		back[i] = waiting{
			Pending: &o.Delivery, attempts: o.Delivery.Attempts + 1, dueAt: nanos(o.NextAttemptAt),
			statusCode: o.Attempt.StatusCode, reason: o.Reason, lastAttemptAt: nanos(o.Attempt.StartedAt), owner: w.Owner,
		}
	}
	if err := w.wait(ctx, back); err != nil {
		return err
	}
	return w.all(ctx, insertAttempts, rows{
		n:      len(outcomes),
		same:   sameStore(outcomes),
		shared: storeOf(outcomes),
		own: func(args []any, i int) []any {
			d, a := &outcomes[i].Delivery, &outcomes[i].Attempt
			return appendAnswer(append(args, d.ID, int64(d.Attempts+1), nanos(a.StartedAt), int64(a.StatusCode)), a)
		},
	})
}

// over adds deliveries to what is over, each with its last attempt.
func (w *Writer) over(ctx context.Context, outcomes []*billhook.Outcome) error {
	return w.all(ctx, insertDeliveries, rows{
		n:      len(outcomes),
		same:   sameStore(outcomes),
		shared: storeOf(outcomes),
		own: func(args []any, i int) []any {
			o := outcomes[i]
			d, a := &o.Delivery, &o.Attempt
			args = append(args, d.ID, d.WebhookID, d.EventID, d.EventType, string(o.Status), int64(d.Attempts+1),
				int64(d.AttemptsBefore), int64(a.StatusCode), optional(o.Reason), nanos(d.CreatedAt), nanos(a.StartedAt),
				nanos(a.StartedAt.Add(a.Duration)))
			return appendAnswer(args, a)
		},
	})
}

func isSmooth(o *billhook.Outcome) bool {
	d, a := &o.Delivery, &o.Attempt
	return o.Status == billhook.StatusDelivered && d.Attempts == 0 && d.AttemptsBefore == 0 && o.Reason == "" &&
		a.Failure == "" && a.Error == "" && a.BatchID == "" && a.BatchSize == 0
}

// overSmoothly is over for deliveries that isSmooth holds for.
func (w *Writer) overSmoothly(ctx context.Context, outcomes []*billhook.Outcome) error {
	return w.all(ctx, insertSmooth, rows{
		n:      len(outcomes),
		same:   sameStore(outcomes),
		shared: storeOf(outcomes),
		own: func(args []any, i int) []any {
			d, a := &outcomes[i].Delivery, &outcomes[i].Attempt
			return append(args, d.ID, d.WebhookID, d.EventID, d.EventType, int64(a.StatusCode), nanos(d.CreatedAt), nanos(a.StartedAt),
				nanos(a.StartedAt.Add(a.Duration)), int64(a.Duration), optional(a.URL), optional(a.ResponseHeaders), optionalBytes(a.ResponseBody))
		},
	})
}

func sameStore(outcomes []*billhook.Outcome) func(i, j int) bool {
	return func(i, j int) bool { return outcomes[i].Delivery.StoreID == outcomes[j].Delivery.StoreID }
}

func storeOf(outcomes []*billhook.Outcome) func(args []any, i int) []any {
	return func(args []any, i int) []any { return append(args, outcomes[i].Delivery.StoreID) }
}
