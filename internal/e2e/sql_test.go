package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
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
