package e2e

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/billhook/billhook/internal/postgrestest"
)

// TestServerFull takes from the database server, under load, the room for its
// log of writes, and gives it back. PostgreSQL panics then and has to be started
// again by its operator; the nodes do not.
func TestServerFull(t *testing.T) {
	t.Parallel()
	c, server := ownCluster(t, 2)
	r := receive(t)
	r.judge = sometimesBusy
	registerTwo(c.nodes[0], r)
	c.knows(2)
	var accepted, doubtful []string
	for round := range 3 {
		var loads []*load
		for i, s := range c.nodes {
			loads = append(loads, startLoad(s, fmt.Sprintf("r%d-%d", round, i), take(&doubtful, len(c.nodes)-i)))
		}
		for _, l := range loads {
			l.comesOn(t)
		}
		server.LimitFiles(t, postgrestest.Nothing)
		for i, s := range c.nodes {
			more, _ := s.emitUntilRefused(fmt.Sprintf("full-%d-%d", round, i))
			accepted = append(accepted, more...)
		}
		for range 10 {
			for _, s := range c.nodes {
				s.checkUnavailable(s.call("POST", "/api/events", emission("evt_full"), http.StatusServiceUnavailable))
				s.refused("GET", "/readyz", "", http.StatusServiceUnavailable)
				s.call("GET", "/healthz", "", http.StatusOK)
			}
			<-time.After(100 * time.Millisecond)
		}
		server.Kill(t)
		server.Start(t)
		for i, s := range c.nodes {
			s.acceptsAgain(fmt.Sprintf("evt_room_%d_%d", round, i))
			s.readyAgain()
		}
		for _, l := range loads {
			l.comesOn(t)
			yes, perhaps := l.end(t)
			accepted, doubtful = append(accepted, yes...), append(doubtful, perhaps...)
		}
	}
	r.acknowledged("/steady", accepted)
	r.acknowledged("/busy", accepted)
	c.nodes[0].settled(patience)
	r.checkRepeats(len(accepted), 3)
}

// TestServerCannotGrow lets no file of the database server grow any more: what
// finds no room is refused, what does is not, and the server stays up.
func TestServerCannotGrow(t *testing.T) {
	t.Parallel()
	postgres := postgrestest.Start(t)
	c := &cluster{t: t, url: postgres.Database(t)}
	c.nodes = []*server{c.startSteady(), c.startSteady()}
	r := receive(t)
	r.judge = sometimesBusy
	for _, path := range []string{"steady", "busy"} {
		c.nodes[0].register("/api/webhooks", fmt.Sprintf(`{"url":"%s/%s","events":["order.*"],
			"retryPolicy":{"maxAttempts":50,"backoffMultiplier":2,"initialDelay":20,"maxDelay":200}}`, r.URL, path))
	}
	c.knows(2)
	var loads []*load
	for i, s := range c.nodes {
		loads = append(loads, startLoad(s, fmt.Sprintf("n%d", i), nil))
	}
	postgres.LimitFiles(t, postgrestest.Segment)
	pid := postgres.PID()
	var large []string
	refused := 0
	for i := 0; refused < 10; i++ {
		s, id := c.nodes[i%2], fmt.Sprintf("large_%d", i)
		a, err := s.try("POST", "/api/events", largeEmission(id))
		switch {
		case err != nil:
			t.Fatal(err)
		case a.status == http.StatusAccepted:
			large = append(large, id)
		case a.status == http.StatusServiceUnavailable:
			s.checkUnavailable(a)
			s.call("GET", "/healthz", "", http.StatusOK)
			refused++
		default:
			t.Fatalf("emit answers %d: %s", a.status, a.body)
		}
		if i > 1000 {
			t.Fatal("nothing is refused although there is no room")
		}
	}
	postgres.LimitFiles(t, postgrestest.Unlimited)
	for i, s := range c.nodes {
		s.readyAgain()
		id := fmt.Sprintf("large_again_%d", i)
		eventually(t, patience, func() string {
			a, err := s.try("POST", "/api/events", largeEmission(id))
			if err != nil || a.status != http.StatusAccepted && a.status != http.StatusConflict {
				return fmt.Sprintf("a large event: %v %+v", err, a)
			}
			return ""
		})
		large = append(large, id)
	}
	var accepted []string
	for _, l := range loads {
		l.comesOn(t)
		yes, _ := l.end(t)
		accepted = append(accepted, yes...)
	}
	r.acknowledged("/steady", accepted)
	r.acknowledged("/busy", accepted)
	c.nodes[0].settled(patience)
	for _, id := range large {
		c.nodes[1].call("GET", "/api/events/"+id, "", http.StatusOK)
	}
	r.check() // no node lost its lease, so nothing comes twice
	if postgres.PID() != pid {
		t.Error("the server was started again")
	}
	t.Logf("%d large events fitted", len(large))
}

// largeEmission is an event for nobody that no compression makes smaller.
func largeEmission(id string) string {
	random := make([]byte, 100_000)
	_, _ = rand.Read(random) // never fails
	return fmt.Sprintf(`{"type":"stock.counted","id":%q,"data":"%x"}`, id, random)
}

// readyAgain waits until the node says that it is ready.
func (s *server) readyAgain() {
	s.t.Helper()
	eventually(s.t, patience, func() string {
		if a, err := s.try("GET", "/readyz", ""); err != nil || a.status != http.StatusOK {
			return fmt.Sprintf("not ready: %v %+v", err, a)
		}
		return ""
	})
}

// checkRepeats checks all that came: after so many outages, only what was under
// way in one of them may have come again after it was acknowledged.
func (r *receiver) checkRepeats(accepted, outages int) {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, wrong := range r.wrong[:min(len(r.wrong), 5)] {
		r.t.Error(wrong)
	}
	repeats := 0
	for _, n := range r.repeats {
		repeats += n
	}
	r.t.Logf("%d events accepted, %d repeats, at most %d requests under way", accepted, repeats, r.most)
	if most := outages * (r.most + emitters); repeats > most {
		r.t.Errorf("%d repeats after %d outages; at most %d requests were under way", repeats, outages, r.most)
	}
	if accepted < 100 {
		r.t.Errorf("only %d events were accepted: this shows nothing", accepted)
	}
}
