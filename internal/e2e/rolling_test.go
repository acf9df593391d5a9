package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/billhook/billhook/internal/postgrestest"
)

// TestRollingUpgrade changes the schema under nodes that serve, as a newer
// billhook's migration would that only adds to it. They go on, and one that is
// started beside it does too; one that would not understand it says so.
func TestRollingUpgrade(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := &cluster{t: t, url: postgrestest.Shared(t).Database(t)}
	c.nodes = []*server{c.startSteady(), c.startSteady()}
	r := receive(t)
	r.judge = sometimesBusy
	registerTwo(c.nodes[0], r)
	c.knows(2)
	conn, err := pgx.Connect(ctx, c.url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	loads := []*load{startLoad(c.nodes[0], "n0", nil), startLoad(c.nodes[1], "n1", nil)}
	goOn := func() {
		t.Helper()
		for _, l := range loads {
			l.comesOn(t)
		}
	}
	goOn()

	up := spawn(t, nil, binary, "migrate", "up", "--database-url", c.url)
	if code := up.exitCode(patience); code != 0 || !strings.Contains(up.stdout.String(), "has had all migrations") {
		t.Errorf("migrate up exits with %d: %s%s", code, up.stdout, up.stderr)
	}
	goOn()

	var known int
	if err := conn.QueryRow(ctx, "SELECT max(version) FROM billhook.migrations").Scan(&known); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"BEGIN; SET LOCAL lock_timeout = '1s'; ALTER TABLE billhook.pending ADD COLUMN later TEXT; COMMIT",
		"BEGIN; SET LOCAL lock_timeout = '1s'; ALTER TABLE billhook.events ADD COLUMN later TEXT; COMMIT",
		"BEGIN; SET LOCAL lock_timeout = '1s'; ALTER TABLE billhook.webhooks ADD COLUMN later TEXT; COMMIT",
		"CREATE INDEX CONCURRENTLY pending_later ON billhook.pending (store_id, later) WHERE later IS NOT NULL",
		fmt.Sprintf("INSERT INTO billhook.migrations (version, name, understood_from) VALUES (%d, 'later.sql', %d)", known+1, known),
	} {
		expand(t, conn, statement)
		goOn()
	}
	c.nodes[1].register("/api/webhooks", fmt.Sprintf(`{"url":"%s/late","events":["nothing.*"]}`, r.URL))
	c.knows(3)

	// An older one is started again, and takes events.
	c.nodes[1].stop()
	accepted, doubtful := loads[1].end(t)
	r.lifeGoesOn()
	c.nodes[1] = c.startSteady()
	if said := c.nodes[1].stderr.String(); !strings.Contains(said, `level=INFO msg="the schema is newer`) {
		t.Errorf("the database does not log as serve does: %s", said)
	}
	loads[1] = startLoad(c.nodes[1], "n1-again", doubtful)
	goOn()

	// What it does not understand keeps an older one out, and says what to do.
	expand(t, conn, fmt.Sprintf("INSERT INTO billhook.migrations (version, name) VALUES (%d, 'other.sql')", known+2))
	kept := spawn(t, nil, binary, "serve", "--dev", "--addr", "127.0.0.1:0", "--database-url", c.url)
	if code := kept.exitCode(patience); code == 0 || !strings.Contains(kept.stderr.String(), "run the newer billhook") {
		t.Errorf("serve exits with %d: %s", code, kept.stderr)
	}
	goOn()

	for _, l := range loads {
		yes, _ := l.end(t)
		accepted = append(accepted, yes...)
	}
	r.acknowledged("/steady", accepted)
	r.acknowledged("/busy", accepted)
	c.nodes[0].settled(patience)
	r.check()
	for _, s := range c.nodes {
		s.stop()
	}
}

// startSteady starts a node whose lease no busy machine makes it lose, so that
// nothing may come twice.
func (c *cluster) startSteady() *server {
	c.t.Helper()
	return serveWith(c.t, nil, "--dev", "--addr", "127.0.0.1:0", "--database-url", c.url, "--node-lease", "1m")
}

// expand runs a statement, again where it had to wait for a lock.
func expand(t *testing.T, conn *pgx.Conn, statement string) {
	t.Helper()
	ctx := context.Background()
	eventually(t, patience, func() string {
		_, err := conn.Exec(ctx, statement)
		if err == nil {
			return ""
		}
		if e, ok := err.(*pgconn.PgError); !ok || e.Code != "55P03" {
			t.Fatalf("%s: %v", statement, err)
		}
		if _, err := conn.Exec(ctx, "ROLLBACK"); err != nil {
			t.Fatal(err)
		}
		return err.Error()
	})
}

// comesOn waits until the load has had some more events accepted.
func (l *load) comesOn(t *testing.T) {
	t.Helper()
	before := l.count()
	eventually(t, patience, func() string {
		l.mu.Lock()
		wrong := l.wrong
		l.mu.Unlock()
		if wrong != nil {
			t.Fatal(wrong)
		}
		if n := l.count() - before; n < 50 {
			return fmt.Sprintf("%d events were accepted", n)
		}
		return ""
	})
}
