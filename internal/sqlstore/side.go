package sqlstore

import (
	"context"
	"time"
)

// A Side is one of the two databases of a copy, as its package opens it for
// that. Members that are functions may be nil, for nothing to do, but for those
// of a target's Transaction.
type Side struct {
	// Name says for people, and for the next run, which database it is. It has
	// no password.
	Name    string
	Dialect Dialect
	// Conn reads, and at the target writes. It is for one goroutine at a time.
	Conn Conn
	// Quiet fails while anyone may be writing to the database.
	Quiet func(context.Context) error
	Close func() error

	// Transaction, Insert (as NewWriter's) and Owner (whose everything becomes
	// that waits) are a target's.
	Transaction Transaction
	Insert      string
	Owner       int64
	// Prepare makes room for what is of those days.
	Prepare func(ctx context.Context, days []time.Time) error
	// Settle is called when all is written.
	Settle func(context.Context) error
}
