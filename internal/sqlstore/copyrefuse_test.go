package sqlstore_test

import (
	"context"
	"slices"
	"testing"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/internal/sqlstore"
	"github.com/billhook/billhook/postgres"
	"github.com/billhook/billhook/sqlite"
)

func TestCopyRefuses(t *testing.T) {
	from, other := filePlace(t), filePlace(t)
	fill(t, from, 8)
	fill(t, other, 8)

	t.Run("a source that is not there", func(t *testing.T) {
		_, err := filePlace(t).from()
		wantError(t, err, nil, "no such file")
	})
	t.Run("a source in use", func(t *testing.T) {
		db := use(t, from)
		defer db.Close()
		_, err := from.from()
		wantError(t, err, sqlite.ErrInUse, "stop it")
	})
	t.Run("a source with nodes", func(t *testing.T) {
		server := serverPlace(t)
		check(t, use(t, server).Join(context.Background()))
		_, err := copyOnce(t, server, filePlace(t), 0, nil)
		wantError(t, err, postgres.ErrInUse, "stop all nodes")
	})
	t.Run("an empty source", func(t *testing.T) {
		empty, to := filePlace(t), filePlace(t)
		use(t, empty).Close()
		_, err := copyOnce(t, empty, to, 0, nil)
		wantError(t, err, nil, "is it the right one?")
		p, err := copyOnce(t, from, to, 0, nil) // it has left nothing behind
		proved(t, p, err)
	})
	t.Run("a source that was not migrated", func(t *testing.T) {
		_, err := serverPlace(t).from()
		wantError(t, err, postgres.ErrOlder, "billhook migrate up")
	})
	t.Run("a target in use", func(t *testing.T) {
		file := filePlace(t)
		use(t, file)
		_, err := file.to()
		wantError(t, err, sqlite.ErrInUse, "stop it")
	})
	t.Run("a target with nodes", func(t *testing.T) {
		server := serverPlace(t)
		check(t, use(t, server).Join(context.Background()))
		_, err := copyOnce(t, from, server, 0, nil)
		wantError(t, err, postgres.ErrInUse, "stop all nodes")
	})
	t.Run("a target begun before there was a table", func(t *testing.T) {
		to := filePlace(t)
		if _, err := diesAt(t, from, to, 3); err == nil {
			t.Fatal("the copy was not interrupted")
		}
		_, err := connect(t, to).Exec("DELETE FROM billhook_copies WHERE name = 'api_keys'")
		check(t, err)
		_, err = copyOnce(t, from, to, 0, nil)
		wantError(t, err, sqlstore.ErrTarget, "knew no api_keys")
	})
	for _, make := range []func(testing.TB) place{filePlace, serverPlace} {
		t.Run("a target with rows", func(t *testing.T) {
			to := make(t)
			fill(t, to, 0)
			_, err := copyOnce(t, from, to, 0, nil)
			wantError(t, err, sqlstore.ErrTarget, "name a database that is empty")
			use(t, to).Close() // and it can be used as before
		})
		t.Run("the target of another copy", func(t *testing.T) {
			to := make(t)
			interrupted(t, from, to)
			_, err := copyOnce(t, other, to, 0, nil)
			wantError(t, err, sqlstore.ErrTarget, "go on with that one")
			p, err := copyOnce(t, from, to, 0, nil)
			proved(t, p, err)
		})
	}
}

// interrupted leaves half a copy.
func interrupted(t *testing.T, from, to place) {
	t.Helper()
	left := 20
	_, err := copyOnce(t, from, to, 3, func(_, target *sqlstore.Side) {
		commit := target.Transaction.Commit
		target.Transaction.Commit = func(ctx context.Context) error {
			if left--; left == 0 {
				return context.Canceled
			}
			return commit(ctx)
		}
	})
	wantError(t, err, context.Canceled, "")
}

// TestCopyWaitsForAnother: one that was killed may be committing still.
func TestCopyWaitsForAnother(t *testing.T) {
	to := serverPlace(t)
	first, err := to.to()
	check(t, err)
	second := make(chan error, 1)
	go func() {
		side, err := to.to()
		if err == nil {
			err = side.Close()
		}
		second <- err
	}()
	app, waiting := connect(t, to), 0
	for waiting == 0 && len(second) == 0 {
		check(t, app.QueryRow("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted").Scan(&waiting))
	}
	if len(second) > 0 {
		t.Errorf("two copies to one database: %v", <-second)
	}
	check(t, first.Close())
	check(t, <-second)
}

// TestCopyFindsChanges: a source that is used between two runs is found out.
func TestCopyFindsChanges(t *testing.T) {
	from, to := filePlace(t), serverPlace(t)
	fill(t, from, 8)
	interrupted(t, from, to)
	db := use(t, from)
	check(t, db.Commit(context.Background(), &billhook.Batch{
		Cancels: []*billhook.Cancel{{Lane: billhook.Lane{StoreID: "Zwei.2", WebhookID: "wh_0"}, Limit: 1, At: at(9)}},
		Emits:   []*billhook.Emit{{Event: billhook.Event{StoreID: "A", ID: "evt_first", CreatedAt: at(0)}}},
	}))
	check(t, db.Close())
	for range 2 {
		p, err := copyOnce(t, from, to, 0, nil)
		check(t, err)
		if !p.FinishedAt.IsZero() {
			t.Error("finished")
		}
		for _, c := range p.Tables {
			if c.Equal() == slices.Contains([]string{"events", "event_keys", "audit_heads"}, c.Table) {
				t.Errorf("%+v", c)
			}
		}
	}
	_, err := to.open()
	wantError(t, err, nil, "is not complete")
}

// TestCopyLooksIntoOutbox: what nobody has made an event of would be lost.
func TestCopyLooksIntoOutbox(t *testing.T) {
	from := serverPlace(t)
	fill(t, from, 1)
	app := connect(t, from)
	_, err := app.Exec("INSERT INTO billhook.outbox (type, data) VALUES ('order.paid', '{}')")
	check(t, err)
	_, err = copyOnce(t, from, filePlace(t), 0, nil)
	wantError(t, err, nil, "1 events wait in billhook.outbox")
	_, err = app.Exec("UPDATE billhook.outbox SET refused = 'no such type'")
	check(t, err)
	p, err := copyOnce(t, from, filePlace(t), 0, nil)
	proved(t, p, err)
}
