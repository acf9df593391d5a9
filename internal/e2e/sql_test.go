package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/billhook/billhook/internal/postgrestest"
)

// TestEmitInSQL emits with the SQL function, as a program in any language would:
// what its transaction commits is delivered, by one of several nodes, once.
func TestEmitInSQL(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := startNodes(t, 3)
	r := receive(t)
	c.nodes[0].register("/api/webhooks", fmt.Sprintf(`{"url":"%s/steady","events":["*"]}`, r.URL))
	c.knows(1)
	conn, err := pgx.Connect(ctx, c.url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	emit := func(id string, commit bool) {
		t.Helper()
		tx, err := conn.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback(ctx)
		if _, err := tx.Exec(ctx, "SELECT billhook.emit('default', 'order.paid', $1, id => $2)", dataOf(id), id); err != nil {
			t.Fatal(err)
		}
		if commit {
			if err := tx.Commit(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	var ids []string
	for i := range 500 {
		id := fmt.Sprintf("evt_%d", i)
		emit(id, i%10 >= 3)
		if i%10 >= 3 {
			ids = append(ids, id)
		}
	}
	r.acknowledged("/steady", ids)
	one := time.Now()
	emit("evt_last", true)
	r.acknowledged("/steady", []string{"evt_last"})
	if took := time.Since(one); took > 500*time.Millisecond {
		t.Errorf("an event was delivered after %v", took)
	}
	c.nodes[1].settled(patience)
	r.check()
	r.mu.Lock()
	if got := len(r.seen["/steady"]); got != len(ids)+1 {
		t.Errorf("%d events were delivered, %d committed", got, len(ids)+1)
	}
	r.mu.Unlock()

	for what, statement := range map[string]string{
		"no store":          `SELECT billhook.emit('nowhere', 'order.paid', '{}')`,
		"not an event type": `SELECT billhook.emit('default', 'order paid', '{}')`,
		"invalid input":     `SELECT billhook.emit('default', 'order.paid', '{')`,
		"data is missing":   `SELECT billhook.emit('default', 'order.paid', NULL)`,
		"not an id":         `SELECT billhook.emit('default', 'order.paid', '{}', id => 'a b')`,
		"there already":     `SELECT billhook.emit('default', 'order.paid', '{}', id => 'evt_last')`,
		"both type and id":  `SELECT billhook.emit('default', 'order.paid', '{}', entity_type => 'order')`,
	} {
		if _, err := conn.Exec(ctx, statement); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: got %v, want %q", statement, err, what)
		}
	}
	// What only a node finds out stays on record with the reason.
	if _, err := conn.Exec(ctx, `SELECT billhook.emit('default', 'order.paid', '"`+strings.Repeat("x", 2<<20)+`"')`); err != nil {
		t.Fatal(err)
	}
	eventually(t, patience, func() string {
		var reason string
		if err := conn.QueryRow(ctx, "SELECT COALESCE(MAX(refused), '') FROM billhook.outbox").Scan(&reason); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(reason, "allowed") {
			return "the reason is " + reason
		}
		return ""
	})
}

// TestSQLPage does what docs/SQL.md says, with its own statements, as a role that
// has the rights that it names and no other.
func TestSQLPage(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	text, err := os.ReadFile("../../docs/SQL.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) != 7 {
		t.Fatalf("the page has %d blocks, and this test is for 7", len(blocks))
	}
	url := postgrestest.Shared(t).Database(t)
	s := serveWith(t, nil, "--dev", "--addr", "127.0.0.1:0", "--database-url", url, "--profile", "litestore")
	owner, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close(ctx)
	role := owner.Config().Database + "_shop" // roles are of the whole server
	run := func(statements string) []*pgconn.Result {
		t.Helper()
		statements = strings.NewReplacer("shop_app", role, "order.paid", "commission.earned").Replace(statements)
		results, err := owner.PgConn().Exec(ctx, statements).ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", statements, err)
		}
		return results
	}
	table, emit, named, grant, look, again, clear := blocks[0][1], blocks[1][1], blocks[2][1], blocks[3][1], blocks[4][1], blocks[5][1], blocks[6][1]
	run(table)
	run(grant)
	defer run("RESET ROLE; DROP OWNED BY shop_app; DROP ROLE shop_app")
	run("GRANT ALL ON orders TO shop_app")
	run("SET ROLE shop_app")
	run(emit)
	run(named)
	run(named) // the same key: one event
	if _, err := owner.Exec(ctx, look); err == nil {
		t.Error("the role may read the outbox")
	}
	run(`SELECT billhook.emit('default', 'order.paid', '{"total": 9007199254740993}')`) // 2^53+1
	run("RESET ROLE")

	reason := func() (number, reason string) {
		t.Helper()
		eventually(t, patience, func() string {
			rows := run(look)[0].Rows
			if len(rows) != 1 {
				return fmt.Sprintf("%d were refused, not 1", len(rows))
			}
			number, reason = string(rows[0][1]), string(rows[0][3])
			return ""
		})
		return number, reason
	}
	number, why := reason()
	if !strings.Contains(why, "/data/total") {
		t.Errorf("refused, for %s", why)
	}
	eventually(t, patience, func() string {
		if said := s.stderr.String(); !strings.Contains(said, "number="+number+" code=inexact_number member=data") {
			return "the log says " + said
		}
		return ""
	})
	var events struct{ Data []struct{ ID string } }
	eventually(t, patience, func() string {
		s.call("GET", "/api/events?type=commission.earned", "", http.StatusOK).json(t, &events)
		if len(events.Data) != 2 {
			return fmt.Sprintf("%d events, not 2", len(events.Data))
		}
		return ""
	})
	// It is tried again, and is no better.
	run(strings.Replace(again, "= 7", "= "+number, 1))
	if again, _ := reason(); again != number {
		t.Errorf("%s was refused, not %s", again, number)
	}
	run(strings.Replace(clear, "= 7", "= "+number, 1))
	if left := run("SELECT count(*) FROM billhook.outbox")[0].Rows; string(left[0][0]) != "0" {
		t.Errorf("%s are left in the outbox", left[0][0])
	}
	if s.call("GET", "/api/events?type=commission.earned", "", http.StatusOK).json(t, &events); len(events.Data) != 2 {
		t.Errorf("%d events in the end, not 2", len(events.Data))
	}
}
