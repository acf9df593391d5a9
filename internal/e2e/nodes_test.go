package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/billhook/billhook/internal/postgrestest"
)

// nodeLease is short, so that tests see takeovers, and long enough for a node
// of a busy machine to be heard of.
const nodeLease = 3 * time.Second

// A cluster is several nodes on one PostgreSQL.
type cluster struct {
	t     *testing.T
	url   string
	nodes []*server
	env   []string // of nodes that are started
}

// startNodes starts nodes on a new database.
func startNodes(t *testing.T, n int) *cluster {
	t.Helper()
	return startNodesIn(t, nil, n)
}

// startNodesIn is startNodes with an environment.
func startNodesIn(t *testing.T, env []string, n int) *cluster {
	t.Helper()
	c := &cluster{t: t, url: postgrestest.Shared(t).Database(t), env: env}
	for range n {
		c.nodes = append(c.nodes, c.start())
	}
	return c
}

func (c *cluster) start() *server {
	c.t.Helper()
	return serveWith(c.t, c.env, "--dev", "--addr", "127.0.0.1:0", "--database-url", c.url, "--node-lease", nodeLease.String())
}

// registerTwo registers a webhook that takes all and one that is slow and
// sometimes busy.
func registerTwo(s *server, r *receiver) {
	s.register("/api/webhooks", fmt.Sprintf(`{"url":"%s/steady","events":["*"]}`, r.URL))
	s.register("/api/webhooks", fmt.Sprintf(`{"url":"%s/busy","events":["order.*"],
		"retryPolicy":{"maxAttempts":50,"backoffMultiplier":2,"initialDelay":20,"maxDelay":200}}`, r.URL))
}

// knows waits until every node knows so many webhooks, and returns how long the
// last took.
func (c *cluster) knows(webhooks int) time.Duration {
	c.t.Helper()
	began := time.Now()
	for _, s := range c.nodes {
		eventually(c.t, patience, func() string {
			a := s.call("GET", "/api/webhooks", "", http.StatusOK)
			if n := strings.Count(string(a.body), `"url"`); n != webhooks {
				return fmt.Sprintf("%d webhooks, not %d: %s", n, webhooks, a.body)
			}
			return ""
		})
	}
	return time.Since(began)
}

// TestNodesAgree: what one node is told holds for all within a second.
func TestNodesAgree(t *testing.T) {
	t.Parallel()
	c := startNodes(t, 3)
	r := receive(t)
	var took []time.Duration
	for i := range 5 {
		c.nodes[i%3].register("/api/webhooks", fmt.Sprintf(`{"url":"%s/%d","events":["*"]}`, r.URL, i))
		took = append(took, c.knows(i+1))
	}
	slices.Sort(took)
	if took[2] > time.Second { // the others are for a machine that has a bad moment
		t.Errorf("a webhook was known everywhere after %v", took)
	}
	var ids []string
	for i := range 30 {
		ids = append(ids, c.nodes[i%3].emitAs(fmt.Sprintf("evt_%d", i)))
	}
	for i := range 5 {
		r.acknowledged(fmt.Sprintf("/%d", i), ids)
	}
	c.nodes[0].settled(patience)
	r.check()
	for _, s := range c.nodes {
		s.stop()
	}
}

// TestKillNodes ends a random one of three nodes by kill -9, again and again,
// while all of them take events. What got a 202 from any arrives, and what comes
// again is what the dead had not written down.
func TestKillNodes(t *testing.T) {
	rounds := 100
	if testing.Short() {
		rounds = 10
	}
	rounds = setting(t, "BILLHOOK_E2E_ROUNDS", rounds)
	seed := setting(t, "BILLHOOK_E2E_SEED", int(time.Now().UnixNano()))
	random := rand.New(rand.NewPCG(uint64(seed), 0))
	t.Logf("%d rounds; repeat with BILLHOOK_E2E_SEED=%d", rounds, seed)

	c := startNodes(t, 3)
	r := receive(t)
	r.judge = sometimesBusy
	registerTwo(c.nodes[0], r)
	c.knows(2)
	began := time.Now()
	var accepted, doubtful []string
	for round := range rounds {
		victim := random.IntN(len(c.nodes))
		var loads []*load
		for i, s := range c.nodes {
			loads = append(loads, startLoad(s, fmt.Sprintf("r%d-%d", round, i), take(&doubtful, len(c.nodes)-i)))
		}
		moment := time.NewTimer(5*time.Millisecond + time.Duration(random.Int64N(int64(295*time.Millisecond))))
		<-moment.C
		c.nodes[victim].kill()
		c.owes(c.nodes[victim], r)
		for _, l := range loads {
			yes, perhaps := l.end(t)
			accepted, doubtful = append(accepted, yes...), append(doubtful, perhaps...)
		}
		r.lifeGoesOn()
		c.nodes[victim] = c.start()
	}
	r.acknowledged("/steady", accepted)
	r.acknowledged("/busy", accepted)
	c.nodes[0].settled(patience)
	r.check()
	checkSample(c.nodes[0], accepted, random)
	balanced(t, "--database-url", c.url)
	report(t, r, rounds, accepted, began)
}

// owes books what a node that is gone, or stopped, leaves behind: the deliveries
// that it owns, of which nobody can say whether it has sent them. These alone
// may come again, and once. It returns how many there are.
func (c *cluster) owes(gone *server, r *receiver) int {
	c.t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, c.url)
	if err != nil {
		c.t.Fatal(err)
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, `
		SELECT w.url, p.event_id FROM billhook.pending p
		JOIN billhook.nodes n ON n.epoch = p.owner
		JOIN billhook.webhooks w ON w.store_id = p.store_id AND w.id = p.webhook_id
		WHERE n.name LIKE '% ' || $1`, strconv.Itoa(gone.cmd.Process.Pid))
	if err != nil {
		c.t.Fatal(err)
	}
	var url, id string
	n := 0
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.owed == nil {
		r.owed = map[[2]string]int{}
	}
	if _, err := pgx.ForEachRow(rows, []any{&url, &id}, func() error {
		r.owed[[2]string{strings.TrimPrefix(url, r.URL), id}]++
		n++
		return nil
	}); err != nil {
		c.t.Fatal(err)
	}
	return n
}

// take removes a share of what is to be emitted again.
func take(ids *[]string, shares int) []string {
	n := (len(*ids) + shares - 1) / shares
	taken := (*ids)[:n:n]
	*ids = (*ids)[n:]
	return taken
}

// TestStoppedNode stops a node past its lease and lets it go on: it neither
// finishes nor sends what others have taken over.
func TestStoppedNode(t *testing.T) {
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
	<-time.After(300 * time.Millisecond)
	stopped := c.nodes[1]
	if err := stopped.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	r.lifeGoesOn()
	owed := c.owes(stopped, r)
	<-time.After(3 * nodeLease)
	if err := stopped.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	<-time.After(2 * nodeLease)
	var accepted []string
	for _, l := range loads {
		yes, _ := l.end(t)
		accepted = append(accepted, yes...)
	}
	r.acknowledged("/steady", accepted)
	r.acknowledged("/busy", accepted)
	c.nodes[0].settled(patience)
	r.check()
	r.mu.Lock()
	repeats := 0
	for _, n := range r.repeats {
		repeats += n
	}
	r.mu.Unlock()
	t.Logf("%d events, %d repeats; the stopped node owned %d deliveries that were not written down as over", len(accepted), repeats, owed)
	stopped.emitAs("evt_awake") // and it is a node like the others again
	r.acknowledged("/steady", []string{"evt_awake"})
}

// TestHandOver: a node that is asked to stop leaves what waits to the others at
// once, and not after its lease.
func TestHandOver(t *testing.T) {
	t.Parallel()
	c := &cluster{t: t, url: postgrestest.Shared(t).Database(t)}
	leaseOf := func() *server {
		return serveWith(t, nil, "--dev", "--addr", "127.0.0.1:0", "--database-url", c.url, "--node-lease", "5m")
	}
	c.nodes = []*server{leaseOf(), leaseOf()}
	r := receive(t)
	r.judge = func(*http.Request, string, int) int { return http.StatusServiceUnavailable }
	c.nodes[0].register("/api/webhooks", fmt.Sprintf(`{"url":"%s/steady","events":["*"],
		"retryPolicy":{"maxAttempts":50,"backoffMultiplier":1,"initialDelay":3000,"maxDelay":3000}}`, r.URL))
	c.knows(1)
	var ids []string
	for i := range 50 {
		ids = append(ids, c.nodes[0].emitAs(fmt.Sprintf("evt_%d", i)))
	}
	c.nodes[0].stop()
	r.setJudge(func(*http.Request, string, int) int { return http.StatusNoContent })
	r.acknowledged("/steady", ids)
	c.nodes[1].settled(patience)
	r.check()
}
