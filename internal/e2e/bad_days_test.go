package e2e

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/billhook/billhook/internal/postgrestest"
)

// ownCluster starts nodes on a PostgreSQL server that is this test's to stop.
func ownCluster(t *testing.T, n int) (*cluster, *postgrestest.Server) {
	t.Helper()
	server := postgrestest.Start(t)
	c := &cluster{t: t, url: server.Database(t)}
	for range n {
		c.nodes = append(c.nodes, c.start())
	}
	return c, server
}

// TestDatabaseRestarts restarts the server under load: in order, and by kill -9
// of all its processes. What got a 202 arrives.
func TestDatabaseRestarts(t *testing.T) {
	t.Parallel()
	c, server := ownCluster(t, 2)
	r := receive(t)
	r.judge = sometimesBusy
	registerTwo(c.nodes[0], r)
	c.knows(2)
	var accepted, doubtful []string
	for round := range 6 {
		var loads []*load
		for i, s := range c.nodes {
			loads = append(loads, startLoad(s, fmt.Sprintf("r%d-%d", round, i), take(&doubtful, len(c.nodes)-i)))
		}
		<-time.After(200 * time.Millisecond)
		if round%2 == 0 {
			server.Restart(t)
		} else {
			server.Kill(t)
			server.Start(t)
		}
		for _, s := range c.nodes {
			s.acceptsAgain(fmt.Sprintf("evt_after_%d_%s", round, s.url[len(s.url)-5:]))
		}
		for _, l := range loads {
			yes, perhaps := l.end(t)
			accepted, doubtful = append(accepted, yes...), append(doubtful, perhaps...)
		}
		r.lifeGoesOn()
	}
	r.acknowledged("/steady", accepted)
	r.acknowledged("/busy", accepted)
	c.nodes[0].settled(patience)
	r.check()
	if len(accepted) < 100 {
		t.Errorf("only %d events were accepted: this shows nothing", len(accepted))
	}
}

// acceptsAgain waits until the node takes events.
func (s *server) acceptsAgain(id string) {
	s.t.Helper()
	eventually(s.t, patience, func() string {
		a, err := s.try("POST", "/api/events", emission(id))
		switch {
		case err != nil:
			return err.Error()
		case a.status == http.StatusAccepted || a.status == http.StatusConflict:
			return ""
		}
		return fmt.Sprintf("%d: %s", a.status, a.body)
	})
}

// TestDatabaseGone takes the server away for a while: emits are refused with a
// time to come back, nothing accepted is lost, and the nodes need no restart.
func TestDatabaseGone(t *testing.T) {
	t.Parallel()
	gone := 30 * time.Second
	if testing.Short() {
		gone = 5 * time.Second
	}
	c, server := ownCluster(t, 2)
	r := receive(t)
	r.judge = sometimesBusy
	registerTwo(c.nodes[0], r)
	c.knows(2)
	var ids []string
	for i := range 200 {
		ids = append(ids, c.nodes[i%2].emitAs(fmt.Sprintf("evt_%d", i)))
	}
	server.Stop(t)
	began := time.Now()
	for refusals := 0; time.Since(began) < gone; refusals++ {
		for _, s := range c.nodes {
			a := s.call("POST", "/api/events", emission(fmt.Sprintf("evt_gone_%d", refusals)), http.StatusServiceUnavailable)
			if a.header.Get("Retry-After") == "" {
				t.Fatalf("a 503 without Retry-After: %s", a.body)
			}
			s.call("GET", "/healthz", "", http.StatusOK)
			s.call("GET", "/readyz", "", http.StatusServiceUnavailable)
		}
		<-time.After(250 * time.Millisecond)
	}
	server.Start(t)
	r.lifeGoesOn()
	for i, s := range c.nodes {
		id := fmt.Sprintf("evt_back_%d", i)
		s.acceptsAgain(id)
		ids = append(ids, id)
	}
	r.acknowledged("/steady", ids)
	r.acknowledged("/busy", ids)
	c.nodes[0].settled(patience)
	r.check()
}

// TestTwoOfThreeDie leaves one node, which delivers what all three accepted.
func TestTwoOfThreeDie(t *testing.T) {
	t.Parallel()
	c := startNodes(t, 3)
	r := receive(t)
	r.judge = sometimesBusy
	registerTwo(c.nodes[0], r)
	c.knows(2)
	var loads []*load
	for i, s := range c.nodes {
		loads = append(loads, startLoad(s, fmt.Sprintf("n%d", i), nil))
	}
	<-time.After(500 * time.Millisecond)
	c.nodes[0].kill()
	c.nodes[1].kill()
	var accepted []string
	for _, l := range loads {
		yes, _ := l.end(t)
		accepted = append(accepted, yes...)
	}
	r.lifeGoesOn()
	r.acknowledged("/steady", accepted)
	r.acknowledged("/busy", accepted)
	c.nodes[2].settled(patience)
	r.check()
}

// TestNoConnectionsLeft takes every connection that the server has left: nodes go
// on with what they have, and a server process that dies meanwhile costs only
// time.
func TestNoConnectionsLeft(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c, _ := ownCluster(t, 2)
	r := receive(t)
	r.judge = sometimesBusy
	registerTwo(c.nodes[0], r)
	c.knows(2)
	var taken []*pgx.Conn
	for len(taken) < 1000 {
		conn, err := pgx.Connect(ctx, c.url)
		if err != nil {
			break
		}
		taken = append(taken, conn)
	}
	if len(taken) == 0 || len(taken) == 1000 {
		t.Fatalf("%d connections were to be had", len(taken))
	}
	var loads []*load
	for i, s := range c.nodes {
		loads = append(loads, startLoad(s, fmt.Sprintf("n%d", i), nil))
	}
	<-time.After(time.Second)
	before := loads[0].count() + loads[1].count()
	if before == 0 {
		t.Error("nothing was accepted without a connection to spare")
	}
	// Every connection of the nodes' is ended, and others stand in line for them.
	if _, err := taken[0].Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'billhook'`); err != nil {
		t.Fatal(err)
	}
	<-time.After(2 * nodeLease)
	for _, conn := range taken {
		conn.Close(ctx)
	}
	for i, s := range c.nodes {
		s.acceptsAgain(fmt.Sprintf("evt_again_%d", i))
	}
	var accepted []string
	for _, l := range loads {
		yes, _ := l.end(t)
		accepted = append(accepted, yes...)
	}
	r.lifeGoesOn()
	r.acknowledged("/steady", accepted)
	r.acknowledged("/busy", accepted)
	c.nodes[0].settled(patience)
	r.mu.Lock()
	wrong := append([]string(nil), r.wrong...)
	r.mu.Unlock()
	if len(wrong) > 0 {
		t.Error(wrong[0])
	}
	t.Logf("%d connections taken; %d events accepted meanwhile, %d in all", len(taken), before, len(accepted))
}
