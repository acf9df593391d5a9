//go:build unix

package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/postgres"
	verify "github.com/billhook/billhook/receive"
)

// listenTolerance is how old a signature may be that a local receiver takes: a little
// more than what listen forwards, and less than the pauses here.
const listenTolerance = 40 * time.Second

// A local is a receiver on the developer's machine, behind `billhook listen`. It verifies
// what comes, and counts.
type local struct {
	*httptest.Server
	*process
	t *testing.T

	mu       sync.Mutex
	verifier *verify.Verifier
	came     map[string]int
	order    []string
	wrong    []string
}

// listenSecret is where listen says what the receiver has to know.
var listenSecret = regexp.MustCompile(`export WEBHOOK_SECRET=(\S+)`)

// listenTo forwards the events of a Billhook, and waits until they come.
func listenTo(t *testing.T, url string, flags ...string) *local {
	t.Helper()
	l := &local{t: t, came: map[string]int{}}
	l.Server = httptest.NewServer(l)
	t.Cleanup(l.Close)
	l.process = spawn(t, []string{"BILLHOOK_URL=" + url, "BILLHOOK_API_KEY=" + devKey}, binary,
		append([]string{"listen", "--forward-to", l.URL + "/hook"}, flags...)...)
	l.connected()
	return l
}

func (l *local) connected() {
	l.t.Helper()
	var secret string
	eventually(l.t, patience, func() string {
		found := listenSecret.FindStringSubmatch(l.stderr.String())
		if found == nil {
			return "it does not listen: " + l.stderr.String()
		}
		secret = found[1]
		return ""
	})
	v, err := verify.New(verify.Config{Secrets: []string{secret}, Tolerance: listenTolerance})
	if err != nil {
		l.t.Fatal(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.verifier = v
}

func (l *local) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	m, err := l.verifier.Verify(r.Header, body)
	if err != nil {
		l.wrong = append(l.wrong, fmt.Sprintf("%s: %v", r.Header.Get("webhook-id"), err))
	}
	if want := `,"data":` + dataOf(m.ID) + `}`; err == nil && !strings.HasSuffix(string(body), want) && !strings.HasPrefix(m.ID, "evt_large") {
		l.wrong = append(l.wrong, fmt.Sprintf("%s: other data than emitted: %.300s", m.ID, body))
	}
	id := r.Header.Get("webhook-id")
	if l.came[id]++; l.came[id] == 1 {
		l.order = append(l.order, id)
	}
}

// has waits until all of the events have come, and then wants each to have come once,
// as it was signed, and nothing else.
func (l *local) has(ids []string) {
	l.t.Helper()
	eventually(l.t, 2*patience, func() string {
		l.mu.Lock()
		defer l.mu.Unlock()
		missing, example := 0, ""
		for _, id := range ids {
			if l.came[id] == 0 {
				missing, example = missing+1, id
			}
		}
		if missing > 0 {
			return fmt.Sprintf("%d of %d events have not come, %s among them; listen says: %s", missing, len(ids), example, l.stderr.tail())
		}
		return ""
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, wrong := range l.wrong[:min(len(l.wrong), 5)] {
		l.t.Error(wrong)
	}
	twice := 0
	for id, n := range l.came {
		if n > 1 {
			twice++
			l.t.Logf("%s came %d times", id, n)
		}
	}
	if twice > 0 || len(l.came) != len(ids) {
		l.t.Errorf("%d events were emitted, %d have come, and %d of them more than once", len(ids), len(l.came), twice)
	}
}

// interrupted ends it as Ctrl-C does, and answers the cursor that it tells.
func (l *local) interrupted() (cursor string) {
	l.t.Helper()
	if err := l.cmd.Process.Signal(syscall.SIGINT); err != nil {
		l.t.Fatal(err)
	}
	if code := l.exitCode(stopLimit); code != 0 {
		l.t.Errorf("it exits with %d: %s", code, l.stderr.tail())
	}
	_, cursor, found := strings.Cut(l.stderr.String(), "--after ")
	if !found {
		l.t.Fatalf("it does not say how to go on: %s", l.stderr.tail())
	}
	return strings.TrimSpace(cursor)
}

// committed are all events that are on disk.
func (s *server) committed() (ids []string) {
	s.t.Helper()
	for cursor := ""; ; {
		var page struct {
			Data       []struct{ ID string }
			NextCursor *string
		}
		s.call("GET", "/api/events?limit=100"+cursor, "", http.StatusOK).json(s.t, &page)
		for _, e := range page.Data {
			ids = append(ids, e.ID)
		}
		if page.NextCursor == nil {
			return ids
		}
		cursor = "&cursor=" + *page.NextCursor
	}
}

// freeAddr is an address that nobody listens at.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestListenThroughRestarts: the service is stopped by SIGTERM and by kill -9 under a load
// of emits, again and again, and listen itself is stopped for a while in between. What is
// on disk comes once, and verifies.
func TestListenThroughRestarts(t *testing.T) {
	t.Parallel()
	data, addr := t.TempDir(), freeAddr(t)
	start := func() *server { return serveWith(t, nil, "--dev", "--addr", addr, "--data", data) }
	s := start()
	l := listenTo(t, s.url)
	emitted := 0
	for round := range 6 {
		load := startLoad(s, fmt.Sprintf("r%d", round), nil)
		<-time.After(200 * time.Millisecond)
		if round%3 == 1 {
			l.pause(2*time.Second, func() { <-time.After(200 * time.Millisecond) })
		}
		if round%2 == 0 {
			s.stop()
		} else {
			s.kill()
		}
		accepted, _ := load.end(t)
		emitted += len(accepted)
		s = start()
	}
	ids := s.committed()
	if len(ids) < emitted || emitted < 100 {
		t.Fatalf("%d events are on disk, %d were accepted", len(ids), emitted)
	}
	l.has(ids)
	t.Logf("%d events", len(ids))

	// In the order of the commits: those of one emitter in the order of its emits.
	l.mu.Lock()
	last := map[string]int{}
	for _, id := range l.order {
		var round, emitter, n int
		if k, _ := fmt.Sscanf(id, "r%d-%d-%d", &round, &emitter, &n); k != 3 {
			t.Fatalf("%s came", id)
		}
		name := fmt.Sprintf("r%d-%d", round, emitter)
		if n < last[name] {
			t.Errorf("%s came after number %d", id, last[name])
		}
		last[name] = n
	}
	l.mu.Unlock()

	cursor := l.interrupted()
	s.emitAs("evt_meanwhile")
	l.process = spawn(t, []string{"BILLHOOK_URL=" + s.url, "BILLHOOK_API_KEY=" + devKey}, binary, "listen", "--forward-to", l.URL, "--after", cursor)
	l.connected()
	s.emitAs("evt_then")
	l.has(append(ids, "evt_meanwhile", "evt_then"))
	s.stop()
	l.interrupted()
}

// pause stops the process for a time, in which something is done.
func (p *process) pause(d time.Duration, meanwhile func()) {
	p.t.Helper()
	until := time.After(d)
	for _, signal := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGCONT} {
		if err := p.cmd.Process.Signal(signal); err != nil {
			p.t.Fatal(err)
		}
		if signal == syscall.SIGSTOP {
			meanwhile()
			<-until
		}
	}
}

// TestListenThroughSleep: listen is stopped for a minute in the middle of a load, longer
// than the receiver takes signatures, and longer than the service waits for who does not
// read. Everything comes once, and verifies: what was signed before is asked for anew.
func TestListenThroughSleep(t *testing.T) {
	t.Parallel()
	sleep := 60
	if testing.Short() {
		sleep = 3
	}
	sleep = setting(t, "BILLHOOK_E2E_SLEEP", sleep)
	s := serve(t, t.TempDir())
	l := listenTo(t, s.url)
	before := startLoad(s, "before", nil)
	<-time.After(300 * time.Millisecond)
	var ids []string
	l.pause(time.Duration(sleep)*time.Second, func() {
		<-time.After(300 * time.Millisecond)
		accepted, _ := before.end(t)
		ids = append(ids, accepted...)
		// More than the buffers of a connection hold.
		large := strings.Repeat("x", 64<<10)
		for i := range 200 {
			id := fmt.Sprintf("evt_large_%d", i)
			s.call("POST", "/api/events", fmt.Sprintf(`{"type":"order.paid","id":%q,"data":%q}`, id, large), http.StatusAccepted)
			ids = append(ids, id)
		}
	})
	after := startLoad(s, "after", nil)
	<-time.After(300 * time.Millisecond)
	accepted, _ := after.end(t)
	ids = append(ids, accepted...)
	l.has(ids)
	t.Logf("%d events over a sleep of %d s", len(ids), sleep)
	s.stop()
}

// A balancer is in front of several nodes: connections go to one of them, and are cut
// now and then.
type balancer struct {
	net.Listener
	mu    sync.Mutex
	to    string
	conns []net.Conn
}

func balance(t *testing.T, to string) *balancer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &balancer{Listener: l}
	b.turn(to)
	t.Cleanup(func() {
		l.Close()
		b.turn(to)
	})
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go b.pass(conn)
		}
	}()
	return b
}

func (b *balancer) pass(from net.Conn) {
	defer from.Close()
	b.mu.Lock()
	to, err := net.Dial("tcp", b.to)
	if err == nil {
		b.conns = append(b.conns, from, to)
	}
	b.mu.Unlock()
	if err != nil {
		return
	}
	defer to.Close()
	go func() { _, _ = io.Copy(to, from); to.Close() }()
	_, _ = io.Copy(from, to)
}

// turn leads to another node from now on, and cuts all connections without a word of
// HTTP.
func (b *balancer) turn(to string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.to = to
	for _, c := range b.conns {
		c.Close()
	}
	b.conns = nil
}

// TestListenThroughNodes: of two nodes on one PostgreSQL, now one and now the other is
// listened to, and is killed and started again; events come over both, from SQL and in
// transactions of another process, which belong to nobody at first.
func TestListenThroughNodes(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	// Nodes that share their keys have one secret for those who listen.
	c := startNodesIn(t, []string{"BILLHOOK_SECRET_KEYS=k1:" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("k"), 32))}, 2)
	address := func(i int) string { return strings.TrimPrefix(c.nodes[i].url, "http://") }
	b := balance(t, address(0))
	l := listenTo(t, "http://"+b.Addr().String())

	db, err := postgres.Open(ctx, c.url, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	shop, err := billhook.New(db, billhook.Config{AllowInsecure: true})
	if err != nil {
		t.Fatal(err)
	}
	defer shop.Close()
	conn, err := pgx.Connect(ctx, c.url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	order := func(id string, commit, inSQL bool) {
		t.Helper()
		tx, err := conn.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback(ctx)
		if inSQL {
			_, err = tx.Exec(ctx, "SELECT billhook.emit('default', 'order.paid', $1, id => $2)", dataOf(id), id)
		} else {
			_, err = shop.EmitTx(ctx, tx, billhook.Emission{Type: "order.paid", ID: id, Data: []byte(dataOf(id))})
		}
		if err == nil && commit {
			err = tx.Commit(ctx)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var orders []string
	for round := range 4 {
		loads := []*load{startLoad(c.nodes[0], fmt.Sprintf("r%d-a", round), nil), startLoad(c.nodes[1], fmt.Sprintf("r%d-b", round), nil)}
		for i := range 20 {
			id := fmt.Sprintf("evt_order_%d_%d", round, i)
			order(id, i%4 > 0, i%2 == 0)
			if i%4 > 0 {
				orders = append(orders, id)
			}
		}
		<-time.After(200 * time.Millisecond)
		victim := round % 2 // that is listened to
		b.turn(address(1 - victim))
		if round < 2 {
			c.nodes[victim].kill()
		} else {
			c.nodes[victim].stop()
		}
		for _, load := range loads {
			load.end(t)
		}
		c.nodes[victim] = c.start()
		b.turn(address(1 - victim)) // once more, for no reason
	}
	eventually(t, patience, func() string {
		ids := c.nodes[0].committed()
		for _, id := range orders { // those of SQL are made events of a moment later
			if !slices.Contains(ids, id) {
				return id + " is no event yet"
			}
		}
		return ""
	})
	ids := c.nodes[0].committed()
	l.has(ids)
	if told := l.stderr.String(); strings.Contains(told, "another now") || strings.Count(told, "Connected again") < 4 {
		t.Errorf("listen says: %s", told)
	}
	t.Logf("%d events, %d of them in transactions of others", len(ids), len(orders))
	for _, s := range c.nodes {
		s.stop()
	}
}

// TestTail: each attempt is a line, as text and as JSON, and what is asked for alone is
// shown.
func TestTail(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	r := receive(t)
	r.judge = func(_ *http.Request, _ string, before int) int {
		if before < 2 {
			return http.StatusInternalServerError
		}
		return http.StatusNoContent
	}
	hook := s.register("/api/webhooks", fmt.Sprintf(`{"url":"%s/steady","events":["*"],"retryPolicy":{"maxAttempts":5,"backoffMultiplier":1,"initialDelay":200,"maxDelay":200}}`, r.URL))
	s.emitAs("evt_before")
	r.acknowledged("/steady", []string{"evt_before"})
	s.settled(patience)
	tail := func(flags ...string) *process {
		return spawn(t, []string{"BILLHOOK_URL=" + s.url, "BILLHOOK_API_KEY=" + devKey}, binary, append([]string{"tail"}, flags...)...)
	}
	all, json, delivered, other := tail(), tail("--json", "--webhook", hook.ID, "--type", "order.paid"), tail("--status", "delivered"), tail("--type", "cart.left")
	<-time.After(1500 * time.Millisecond) // they have noted what is there
	s.emitAs("evt_1")
	eventually(t, patience, func() string {
		text := all.stdout.String()
		for _, want := range []string{"pending  attempt 1: 500", "pending  attempt 2: 500", "delivered  attempt 3: 204"} {
			if strings.Count(text, want) != 1 {
				return want + " is not shown once:\n" + text
			}
		}
		if n := strings.Count(json.stdout.String(), `"status":"delivered"`); n != 1 {
			return "as JSON: " + json.stdout.String()
		}
		if lines := strings.Count(delivered.stdout.String(), "\n"); lines != 1 || !strings.Contains(delivered.stdout.String(), "delivered  attempt 3: 204") {
			return "those that are delivered: " + delivered.stdout.String()
		}
		return ""
	})
	if strings.Contains(all.stdout.String()+json.stdout.String(), "evt_before") || other.stdout.String() != "" {
		t.Errorf("what was before, or is of another type, is shown: %s%s", json.stdout, other.stdout)
	}
	for _, p := range []*process{all, json, delivered, other} {
		p.stop()
	}
	s.stop()
}
