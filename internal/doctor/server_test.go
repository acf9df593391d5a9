package doctor

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/billhook/billhook/internal/postgrestest"
	"github.com/billhook/billhook/postgres"
)

// onServer looks at a database of PostgreSQL alone.
func onServer(t *testing.T, url string) map[string]Finding {
	t.Helper()
	found := map[string]Finding{}
	d := Doctor{Inside: &Inside{
		Open:       func(ctx context.Context) (Database, error) { return postgres.OpenView(ctx, url) },
		Migrations: func(ctx context.Context) ([]postgres.Migration, error) { return postgres.Migrations(ctx, url) },
		Condition:  func(ctx context.Context) (postgres.Condition, error) { return postgres.Inspect(ctx, url) },
	}}
	d.Run(t.Context(), func(f Finding) {
		if before, ok := found[f.Check]; !ok || before.Level == OK {
			found[f.Check] = f
		}
	})
	return found
}

func wantsOf(t *testing.T, found map[string]Finding, check string, level Level, words ...string) {
	t.Helper()
	f := found[check]
	for _, word := range words {
		if !strings.Contains(f.Message+" "+f.Advice, word) {
			t.Errorf("%s: %q is not in %+v", check, word, f)
		}
	}
	if f.Level != level {
		t.Errorf("%s: want %s, found %+v", check, level, f)
	}
}

func do(t *testing.T, url string, statements ...string) {
	t.Helper()
	on, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer on.Close(context.Background())
	for _, statement := range statements {
		if _, err := on.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// TestServer looks at a database that is new, then well, and then with nodes that are
// not heard of.
func TestServer(t *testing.T) {
	url := postgrestest.Shared(t).Database(t)
	found := onServer(t, url)
	wantsOf(t, found, "PostgreSQL", OK, "makes no difference")
	wantsOf(t, found, "migrations", Fail, "lacks")
	if err := postgres.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	wantsOf(t, onServer(t, url), "nodes", Fail, "none is alive")

	db, err := postgres.Open(t.Context(), url, postgres.Options{Name: "first"})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	found = onServer(t, url)
	for _, check := range []string{"PostgreSQL", "PostgreSQL's clock", "connections", "migrations", "audit log", "ledger"} {
		wantsOf(t, found, check, OK)
	}
	do(t, url, "INSERT INTO billhook.nodes (name, state, lease) VALUES ('well', 'alive', '10s')")
	wantsOf(t, onServer(t, url), "nodes", OK, "all")
	do(t, url, "INSERT INTO billhook.nodes (name, state, lease, beat_at) VALUES ('silent', 'alive', '10s', now() - interval '3 minutes'), ('dead', 'lost', '10s', now() - interval '3 days')")
	wantsOf(t, onServer(t, url), "nodes", Warn, "2 went silent", "silent (for 3m0s)", "dead (for 3 days; others take over)")
	do(t, url, "DELETE FROM billhook.nodes WHERE name IN ('well', 'first')")
	wantsOf(t, onServer(t, url), "nodes", Fail, "none is alive")
}

// TestServerSettings sets servers up as they must not be.
func TestServerSettings(t *testing.T) {
	server := postgrestest.Start(t)
	url := server.Database(t)
	with := func(setting string) string { return url + "&options=-c%20" + setting }
	wantsOf(t, onServer(t, with("default_transaction_read_only%3Don")), "PostgreSQL", Fail, "takes no writes")
	wantsOf(t, onServer(t, with("synchronous_commit%3Doff")), "PostgreSQL", OK, "turns on for itself")
	wantsOf(t, onServer(t, with("TimeZone%3DAsia%2FKathmandu")), "PostgreSQL", OK, "Asia/Kathmandu makes no difference")

	do(t, url, "CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0")
	wantsOf(t, onServer(t, strings.Replace(url, "/test_1", "/ascii", 1)), "PostgreSQL", Fail, "SQL_ASCII")

	for setting, word := range map[string]string{"fsync": "fsync is off", "full_page_writes": "full_page_writes is off"} {
		do(t, url, "ALTER SYSTEM SET "+setting+" = off", "SELECT pg_reload_conf()")
		eventually(t, func() bool { return onServer(t, url)["PostgreSQL"].Level == Fail })
		wantsOf(t, onServer(t, url), "PostgreSQL", Fail, word)
		do(t, url, "ALTER SYSTEM RESET "+setting, "SELECT pg_reload_conf()")
		eventually(t, func() bool { return onServer(t, url)["PostgreSQL"].Level == OK })
	}

	// Nodes for which the server has no room.
	if err := postgres.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	node := "INSERT INTO billhook.nodes (name, state, lease) SELECT 'n' || i, 'alive', '10s' FROM generate_series(1, 14) AS i"
	do(t, url, node) // at 14 each for less than 200
	wantsOf(t, onServer(t, url), "connections", Warn, "no room for another node")
	do(t, url, node)
	wantsOf(t, onServer(t, url), "connections", Fail, "28 nodes may need 392")
	do(t, url, "DELETE FROM billhook.nodes")
	if got := judged(&Doctor{}, func(d *Doctor) {
		d.judgeConnections(&postgres.Condition{MaxConnections: 97, Connections: 96})
	}); got.Level != Fail || !strings.Contains(got.Message, "nobody can connect") {
		t.Errorf("%+v", got)
	}

	server.Stop(t)
	wantsOf(t, onServer(t, url), "PostgreSQL", Fail, "refused")
}

// TestServerOld judges what no server of these tests is.
func TestServerOld(t *testing.T) {
	good := postgres.Condition{Version: 160004, Encoding: "UTF8", Fsync: "on", FullPageWrites: "on", SynchronousCommit: "on"}
	old := good
	old.Version = 130020
	if got := judged(&Doctor{}, func(d *Doctor) { d.judgeServer(&old, time.Now()) }); got.Level != Fail || !strings.Contains(got.Message, "version 13") {
		t.Errorf("%+v", got)
	}
	good.Clock = time.Now().Add(-2 * time.Minute)
	var last Finding
	d := Doctor{told: func(f Finding) { last = f }}
	if d.judgeServer(&good, time.Now()); last.Level != Fail || last.Check != "PostgreSQL's clock" {
		t.Errorf("%+v", last)
	}
}

// judged is the first that is found.
func judged(d *Doctor, check func(*Doctor)) (found Finding) {
	d.told = func(f Finding) {
		if found.Check == "" {
			found = f
		}
	}
	check(d)
	return found
}

func eventually(t *testing.T, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not within 30s")
		}
	}
}
