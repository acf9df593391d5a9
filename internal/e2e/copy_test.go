package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook/internal/postgrestest"
)

// TestCopy moves a service from its file to PostgreSQL. The copy is killed at
// random moments; what waited is delivered from the new place, and what was over
// is on record there.
func TestCopy(t *testing.T) {
	seed := setting(t, "BILLHOOK_E2E_SEED", int(time.Now().UnixNano()))
	random := rand.New(rand.NewPCG(uint64(seed), 0))
	t.Logf("repeat with BILLHOOK_E2E_SEED=%d", seed)

	r := receive(t)
	r.judge = func(req *http.Request, _ string, _ int) int {
		if req.URL.Path == "/waits" {
			return http.StatusServiceUnavailable
		}
		return http.StatusNoContent
	}
	data := t.TempDir()
	s := serve(t, data)
	ids := emitSome(s, r)
	sample := map[string]delivery{}
	for range 20 {
		id := ids[random.IntN(len(ids))]
		sample[id] = s.delivered(id)
	}
	var key struct{ Key string }
	s.call("POST", "/api/keys", `{"name":"reader","permissions":["deliveries:read"]}`, http.StatusCreated).json(t, &key)
	s.stop()
	r.nextLife()

	url := postgrestest.Shared(t).Database(t)
	proof := copyKilled(t, random, "sqlite:"+data, url)
	if strings.Count(proof, " equal\n") != 21 || strings.Contains(proof, "DIFFERENT") {
		t.Errorf("no proof:\n%s", proof)
	}

	r.setJudge(func(*http.Request, string, int) int { return http.StatusNoContent })
	s = serveWith(t, nil, "--dev", "--addr", "127.0.0.1:0", "--database-url", url, "--secret-key-file", filepath.Join(data, "secret-keys"))
	s.header["x-api-key"] = key.Key // it has moved too
	for id, before := range sample {
		if after := s.call("GET", "/api/deliveries/"+before.ID, "", http.StatusOK); !reflect.DeepEqual(read(t, after), before) {
			t.Errorf("event %s has on record\n%s, but had\n%+v", id, after.body, before)
		}
	}
	s.header["x-api-key"] = devKey
	r.acknowledged("/waits", ids)
	s.settled(patience)
	r.check()
	for id := range sample {
		s.refused("POST", "/api/events", emission(id), http.StatusConflict)
	}
}

// emitSome emits events of which every one is delivered to one webhook and waits
// for another attempt at the other.
func emitSome(s *server, r *receiver) (ids []string) {
	s.t.Helper()
	s.register("/api/webhooks", fmt.Sprintf(`{"url":"%s/steady","events":["*"]}`, r.URL))
	s.register("/api/webhooks", fmt.Sprintf(`{"url":"%s/waits","events":["order.*"],
		"retryPolicy":{"maxAttempts":50,"backoffMultiplier":1,"initialDelay":2000,"maxDelay":2000}}`, r.URL))
	l := startLoad(s, "before", nil)
	eventually(s.t, patience, func() string {
		if n := l.count(); n < 2000 {
			return fmt.Sprintf("%d events", n)
		}
		return ""
	})
	ids, _ = l.end(s.t)
	r.acknowledged("/steady", ids)
	return ids
}

// delivered waits until an event's one delivery that was acknowledged is on
// record, and returns it with its attempts.
func (s *server) delivered(id string) (d delivery) {
	s.t.Helper()
	eventually(s.t, patience, func() string {
		list := s.deliveries("/api/deliveries?status=delivered&eventId=" + id)
		if len(list) != 1 {
			return fmt.Sprintf("%d deliveries of %s on record", len(list), id)
		}
		d = read(s.t, s.call("GET", "/api/deliveries/"+list[0].ID, "", http.StatusOK))
		return ""
	})
	return d
}

func read(t *testing.T, a *answer) (d delivery) {
	t.Helper()
	a.json(t, &d)
	return d
}

// copyKilled copies, in small steps, with kills in between. It returns what the
// last run prints.
func copyKilled(t *testing.T, random *rand.Rand, from, to string) string {
	t.Helper()
	start := func() *process { return spawn(t, nil, binary, "copy", "--rows", "50", "--from", from, "--to", to) }
	killed := 0
	for range 12 {
		p := start()
		moment := time.NewTimer(5*time.Millisecond + time.Duration(random.Int64N(int64(300*time.Millisecond))))
		select {
		case <-moment.C:
			p.kill()
			killed++
		case <-p.exited:
		}
	}
	p := start()
	if code := p.exitCode(patience); code != 0 {
		t.Fatalf("the copy exits with %d: %s", code, p.stderr.tail())
	}
	t.Logf("killed %d times; then:\n%s%s", killed, p.stderr, p.stdout)
	if killed == 0 {
		t.Error("none was killed: this shows nothing")
	}
	return p.stdout.String()
}
