package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/internal/postgrestest"
)

// alone opens a database on a server of the test's own.
func alone(t *testing.T) (*postgrestest.Server, *Database) {
	t.Helper()
	server := postgrestest.Start(t)
	db := openAt(t, server.Database(t), Options{})
	check(t, db.Join(context.Background()))
	return server, db
}

// TestServerAway stops the server in order and kills it. Commits fail while it
// is away, and soon; afterwards all is as it was, and the node is the same.
func TestServerAway(t *testing.T) {
	ctx := context.Background()
	for name, away := range map[string]func(*postgrestest.Server){
		"stopped": func(s *postgrestest.Server) { s.Stop(t) },
		"killed":  func(s *postgrestest.Server) { s.Kill(t) },
	} {
		t.Run(name, func(t *testing.T) {
			server, db := alone(t)
			epoch := db.owner()
			w, _ := watch(t, db)
			before := emits(20, "before", "wh_1")
			commitEmits(t, db, before...)
			away(server)
			start := time.Now()
			if err := db.Commit(ctx, &billhook.Batch{Emits: emits(1, "during", "wh_1")}); err == nil || errors.Is(err, errFailed) {
				t.Fatalf("commit: got %v", err)
			}
			for range 2 {
				if err := db.Recover(ctx); err == nil {
					t.Fatal("recovered without a server")
				}
				if err := db.Commit(ctx, &billhook.Batch{Emits: emits(1, "during", "wh_1")}); !errors.Is(err, errFailed) {
					t.Fatalf("commit without recovery: got %v", err)
				}
			}
			if took := time.Since(start); took > patience {
				t.Errorf("that took %v", took)
			}
			if _, err := db.Lanes(ctx); err == nil {
				t.Error("lanes without a server")
			}
			server.Start(t)
			check(t, db.Recover(ctx))
			equal(t, "epoch", db.owner(), epoch)
			equal(t, "events", []bool{has(t, db, "before_00019"), has(t, db, "during_00000")}, []bool{true, false})
			commitEmits(t, db, emit("after", "wh_1"))
			o := delivered(before[0].Deliveries[0])
			check(t, db.Commit(ctx, &billhook.Batch{Outcomes: []*billhook.Outcome{o}}))
			equal(t, "stale", o.Stale, false)
			// Watch is back as well.
			eventually(t, "a change is told of", func() bool {
				execute(t, db.write.on, notify, channelChanges, "")
				execute(t, session(t, db), notify, channelLanes, `{"store":"s","webhook":"w"}`)
				select {
				case c := <-w.changes:
					return len(c.Lanes) > 0
				default:
					return false
				}
			})
			eventually(t, "the lease is held", db.Held)
		})
	}
}

// A server that was started again while nobody committed costs no error.
func TestRestartUnnoticed(t *testing.T) {
	ctx := context.Background()
	server, db := alone(t)
	commitEmits(t, db, emit("before", "wh_1"))
	epoch := db.owner()
	server.Restart(t)
	commitEmits(t, db, emit("after", "wh_1"))
	equal(t, "epoch", db.owner(), epoch)
	if lanes, err := db.Lanes(ctx); err != nil || len(lanes) != 1 {
		t.Errorf("lanes: %v, %v", lanes, err)
	}

	// But a node that was taken for dead meanwhile has to know.
	execute(t, session(t, db), "UPDATE billhook.nodes SET state = 'lost'")
	server.Restart(t)
	if err := db.Commit(ctx, &billhook.Batch{Emits: emits(1, "lost", "wh_1")}); !errors.Is(err, billhook.ErrNotOwner) {
		t.Fatalf("commit: got %v, want ErrNotOwner", err)
	}
	check(t, db.Recover(ctx))
	equal(t, "written by a lost node", has(t, db, "lost_00000"), false)
}

// What the connection before was in the middle of ends before Recover does.
func TestRecoverEndsTheOldTransaction(t *testing.T) {
	ctx := context.Background()
	db := joined(t, Options{})
	old := db.write
	execute(t, old.on, "BEGIN")
	execute(t, old.on, "INSERT INTO billhook.event_keys VALUES ('default', 'ievt_1', 'evt_1', 0)")
	// It is not told that it is given up: as if the network between were gone.
	db.write = nil
	db.failed, db.former = true, []backend{old.backend}
	check(t, db.Recover(ctx))
	equal(t, "connections left", ask[int](t, db.write.on, "SELECT count(*) FROM pg_stat_activity WHERE pid = $1", old.backend.pid), 0)
	commitEmits(t, db, emit("evt_1", "wh_1")) // nobody holds its key
	if err := old.on.Ping(ctx); err == nil {
		t.Error("the old connection lives")
	}
	equal(t, "former", len(db.former), 0)
}

// A connection that has the process id of one before, but is another, stays.
func TestEndSparesOthers(t *testing.T) {
	ctx := context.Background()
	db := joined(t, Options{})
	other := session(t, db)
	check(t, end(ctx, db.write.on, backend{int32(other.PgConn().PID()), time.Now().Add(-time.Hour)}))
	check(t, other.Ping(ctx))
}

// A cut connection loses what comes back once so many writes are out.
type cut struct {
	net.Conn
	left *atomic.Int32 // writes before nothing is heard any more; negative for never
}

func (c cut) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if c.left.Load() > 0 {
		c.left.Add(-1)
	}
	return n, err
}

func (c cut) Read(b []byte) (int, error) {
	if c.left.Load() == 0 {
		c.Conn.Close()
		return 0, errors.New("the network is gone")
	}
	return c.Conn.Read(b)
}

// TestAnswerLost cuts the connection after each of a transaction's writes to it.
// Before its COMMIT went out, nobody notices; after that, what was written is
// there wholly or not at all.
func TestAnswerLost(t *testing.T) {
	ctx := context.Background()
	db := joined(t, Options{})
	dial := db.config.DialFunc
	var left atomic.Int32
	// cuttable gives the database a connection that can be cut.
	cuttable := func() {
		left.Store(-1)
		db.config.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
			on, err := dial(ctx, network, addr)
			return cut{on, &left}, err
		}
		check(t, db.Recover(ctx))
		db.config.DialFunc = dial
	}
	failures := 0
	for after, writes := 1, 100; after <= writes; after++ {
		large := func(id string) *billhook.Emit {
			e := emit(fmt.Sprint(id, after), "wh_1", "wh_2")
			e.Event.Data = make([]byte, worthSending)
			return e
		}
		e := large("evt_")
		cuttable()
		commitEmits(t, db, large("before_")) // prepares the statements
		if after == 1 {                      // how many writes there are
			left.Store(1000)
			commitEmits(t, db, large("count_"))
			writes = 1000 - int(left.Load())
		}
		left.Store(int32(after))
		err := db.Commit(ctx, &billhook.Batch{Emits: []*billhook.Emit{e}})
		if err != nil {
			failures++
			check(t, db.Recover(ctx))
		}
		rows, failure := db.Deliveries(ctx, billhook.DeliveryFilter{StoreID: "default", EventID: e.Event.ID, Limit: 9})
		check(t, failure)
		there := has(t, db, e.Event.ID)
		if err == nil && !there || there && len(rows) != 2 || !there && len(rows) > 0 {
			t.Errorf("after %d of %d writes: commit %v, event there: %v, with %d deliveries", after, writes, err, there, len(rows))
		}
		if after == writes && err == nil {
			t.Errorf("after all %d writes the answer came", writes)
		}
	}
	equal(t, "commits that failed", failures, 1)
}

// Whoever stops in the middle of a transaction does not keep its node alive for
// longer than the lease.
func TestStoppedInTheMiddle(t *testing.T) {
	db := joined(t, Options{Lease: brief})
	commitEmits(t, db, emit("evt_1", "wh_1"))
	execute(t, db.write.on, "BEGIN")
	execute(t, db.write.on, fence, db.owner())
	node := second(t, db, Options{Lease: 2 * brief})
	w, _ := watch(t, node)
	var got []string
	for len(got) == 0 {
		w.until("what nobody owns", func(c billhook.Change) bool { return c.Unowned })
		got = ids(claim(t, node, 10))
	}
	equal(t, "taken over", slices.Contains(got, "dlv_evt_1_0"), true)
}

// A role with weak settings, and one that names a standby.
func TestServerSettings(t *testing.T) {
	ctx := context.Background()
	url := postgrestest.Shared(t).Database(t)
	db := openAt(t, url, Options{})
	on := session(t, db)
	execute(t, on, "ALTER DATABASE "+db.config.Database+" SET synchronous_commit = off")
	check(t, db.Recover(ctx))
	equal(t, "synchronous_commit", ask[string](t, db.write.on, "SHOW synchronous_commit"), "on")
	execute(t, on, "ALTER DATABASE "+db.config.Database+" RESET synchronous_commit")
	check(t, db.Recover(ctx))
	for name, want := range map[string]string{
		"application_name": "billhook", "enable_seqscan": "off", "idle_in_transaction_session_timeout": "10s", "fsync": "on",
	} {
		equal(t, name, ask[string](t, db.write.on, "SHOW "+name), want)
	}
	if _, err := db.lists.ExecContext(ctx, "DELETE FROM billhook.stores"); err == nil {
		t.Error("a reading connection can write")
	}
	execute(t, on, "ALTER DATABASE "+db.config.Database+" SET default_transaction_read_only = on")
	_, err := Open(ctx, url, Options{NoMigrate: true})
	if err != nil {
		t.Errorf("a database whose default is read-only: %v", err)
	}
}

func TestOpenErrors(t *testing.T) {
	ctx := context.Background()
	server := postgrestest.Shared(t)
	url := server.Database(t)
	db := openAt(t, url, Options{})
	execute(t, session(t, db), "CREATE DATABASE "+db.config.Database+"_latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'")
	t.Cleanup(func() {
		execute(t, session(t, openAt(t, server.Database(t), Options{})), "DROP DATABASE "+db.config.Database+"_latin")
	})
	for url, want := range map[string]string{
		"postgres://someone:secret@127.0.0.1:1/nowhere?connect_timeout=1":             "refused",
		"postgres://someone:secret@127.0.0.1:port/nowhere":                            "port",
		strings.Replace(url, db.config.Database, db.config.Database+"_nowhere", 1):    "does not exist",
		strings.Replace(url, db.config.Database+"?", db.config.Database+"_latin?", 1): "UTF8",
	} {
		_, err := Open(ctx, url, Options{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, want %q and no password", url, err, want)
		}
	}
}
