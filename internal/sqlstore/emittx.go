package sqlstore

import (
	"context"

	"github.com/billhook/billhook"
)

const savepoint = "billhook_emit"

// EmitIn writes emits in the transaction that the Writer's connection is in, and
// undoes what it wrote where it fails: the caller may go on without. They belong
// to nobody.
func (w *Writer) EmitIn(ctx context.Context, emits []*billhook.Emit) error {
	w.Owner, w.rowByRow = Nobody, true
	if _, err := w.conn.Exec(ctx, "SAVEPOINT "+savepoint); err != nil {
		return err
	}
	err := w.Emits(ctx, emits)
	if err == nil {
		err = w.writeLedger(ctx)
	}
	if err != nil {
		// It fails only where the whole transaction is gone.
		_, _ = w.conn.Exec(context.WithoutCancel(ctx), "ROLLBACK TO SAVEPOINT "+savepoint)
	}
	if _, release := w.conn.Exec(context.WithoutCancel(ctx), "RELEASE SAVEPOINT "+savepoint); err == nil {
		err = release
	}
	return err
}
