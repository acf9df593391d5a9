package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/internal/sqlstore"
)

// notifyShared is notify as sqlstore's connections take it.
const notifyShared = "SELECT pg_notify(?, ?)"

// EmitTx writes emits in a *sql.Tx of any PostgreSQL driver or a pgx.Tx. The
// nodes are told when it commits. Until then it holds the ids and the keys that
// the emits have: another EmitTx with the same waits for it, and a Commit puts
// such an emit aside.
func (d *Database) EmitTx(ctx context.Context, tx any, emits []*billhook.Emit) error {
	var on sqlstore.Conn
	switch tx := tx.(type) {
	case *sql.Tx:
		on = callersTx{tx}
	case pgx.Tx:
		on = newConn(tx)
	default:
		return fmt.Errorf("a transaction is a *sql.Tx or a pgx.Tx here, not a %T", tx)
	}
	w := sqlstore.NewWriter(on, dialect, insert)
	if err := w.EmitIn(ctx, emits); err != nil {
		return err
	}
	if !slices.ContainsFunc(emits, brings) {
		return nil
	}
	// A SELECT, which some drivers do not take for a statement to execute.
	var nothing any
	if err := on.QueryRow(ctx, notifyShared, channelUnowned, "").Scan(&nothing); err != nil {
		return fmt.Errorf("notify nodes: %w", err)
	}
	return nil
}
