package sqlstore_test

import (
	"context"
	"errors"
	"testing"

	"github.com/billhook/billhook/internal/sqlstore"
)

// TestCopyResumes interrupts a copy at every transaction, before it is committed
// or after, and ends with what an uninterrupted one has.
func TestCopyResumes(t *testing.T) {
	for _, test := range pairs {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			from, to, straight := test.from(t), test.to(t), test.to(t)
			fill(t, from, lives/3)
			want, err := copyOnce(t, from, straight, 0, nil)
			proved(t, want, err)
			for run := 1; ; run++ {
				p, err := diesAt(t, from, to, run)
				if err == nil {
					proved(t, p, nil)
					equal(t, "proof", p.Tables, want.Tables)
					if run < 6 {
						t.Errorf("%d runs were enough: this shows nothing", run)
					}
					break
				}
				if !errors.Is(err, errDied) {
					t.Fatal(err)
				}
			}
			same(t, from, to)
		})
	}
}

var errDied = errors.New("died")

// diesAt interrupts a copy at a transaction, and looks at what it leaves.
func diesAt(t *testing.T, from, to place, transaction int) (*sqlstore.Proof, error) {
	t.Helper()
	begun, finished := 0, false
	p, err := copyOnce(t, from, to, 7, func(_, target *sqlstore.Side) {
		commit := target.Transaction.Commit
		target.Transaction.Commit = func(ctx context.Context) error {
			if begun++; begun == transaction && transaction%2 == 0 {
				return errDied
			}
			check(t, commit(ctx))
			if begun == transaction {
				return errDied
			}
			return nil
		}
	})
	if err == nil {
		return p, nil
	}
	db, openErr := to.open()
	if openErr == nil { // the last transaction was the one
		finished = true
		check(t, db.Close())
		again, err := copyOnce(t, from, to, 7, nil)
		proved(t, again, err)
		if !again.Before {
			t.Error("a copy that is not complete can be opened")
		}
	}
	if !finished {
		wantError(t, openErr, nil, "is not complete")
		_, err := to.from()
		wantError(t, err, nil, "is not complete")
	}
	return p, err
}
