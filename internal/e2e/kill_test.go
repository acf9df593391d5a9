package e2e

import (
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestKill ends the service by kill -9 at random moments under load, again and
// again on one data folder. What got a 202 must arrive, whatever happens;
// repeats are allowed only where a kill lies between, with the same bytes.
func TestKill(t *testing.T) {
	rounds := 100
	if testing.Short() {
		rounds = 10
	}
	rounds = setting(t, "BILLHOOK_E2E_ROUNDS", rounds)
	seed := setting(t, "BILLHOOK_E2E_SEED", int(time.Now().UnixNano()))
	random := rand.New(rand.NewPCG(uint64(seed), 0))
	t.Logf("%d rounds; repeat with BILLHOOK_E2E_SEED=%d", rounds, seed)

	r := receive(t)
	r.judge = sometimesBusy
	data := t.TempDir()
	began := time.Now()
	var accepted, doubtful []string
	var slowest, starts time.Duration
	for round := range rounds {
		s := serve(t, data)
		starts += s.greeted
		slowest = max(slowest, s.greeted)
		if round == 0 {
			s.register("/api/webhooks", fmt.Sprintf(`{"url":"%s/steady","events":["*"]}`, r.URL))
			s.register("/api/webhooks", fmt.Sprintf(`{"url":"%s/busy","events":["order.*"],
				"retryPolicy":{"maxAttempts":50,"backoffMultiplier":2,"initialDelay":20,"maxDelay":200}}`, r.URL))
		}
		l := startLoad(s, fmt.Sprintf("r%d", round), doubtful)
		moment := time.NewTimer(5*time.Millisecond + time.Duration(random.Int64N(int64(295*time.Millisecond))))
		<-moment.C
		s.kill()
		var more []string
		more, doubtful = l.end(t)
		accepted = append(accepted, more...)
		r.nextLife()
	}

	s := serve(t, data)
	r.acknowledged("/steady", accepted)
	r.acknowledged("/busy", accepted)
	s.settled(patience)
	r.check()
	checkSample(s, accepted, random)
	s.stop()
	balanced(t, "--data", data)

	report(t, r, rounds, accepted, began)
	t.Logf("starts: %v on average, %v the slowest", (starts / time.Duration(rounds)).Round(time.Millisecond), slowest.Round(time.Millisecond))
}

// report tells what the kills have cost.
func report(t *testing.T, r *receiver, rounds int, accepted []string, began time.Time) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	requests, repeats, most := 0, 0, 0
	for _, sightings := range r.seen {
		for _, one := range sightings {
			requests += one.requests
		}
	}
	for _, n := range r.repeats {
		repeats += n
		most = max(most, n)
	}
	t.Logf("%d rounds in %.1f s: %d events accepted, %d requests received, %d of them repeats of what was acknowledged",
		rounds, time.Since(began).Seconds(), len(accepted), requests, repeats)
	t.Logf("at most %d repeats after one kill; at most %d requests under way at once", most, r.most)
	if len(accepted) < rounds {
		t.Errorf("only %d events were accepted: this shows nothing", len(accepted))
	}
}

// sometimesBusy takes its time on /busy, so that a kill finds requests under
// way, and answers 500 there to the first one for every tenth event, so that it
// finds deliveries that wait for another attempt. 503 would have it sent less.
func sometimesBusy(req *http.Request, event string, before int) int {
	if req.URL.Path != "/busy" {
		return http.StatusNoContent
	}
	<-time.After(10 * time.Millisecond)
	if before == 0 && crc32.ChecksumIEEE([]byte(event))%10 == 0 {
		return http.StatusInternalServerError
	}
	return http.StatusNoContent
}

// checkSample looks some of the events up.
func checkSample(s *server, ids []string, random *rand.Rand) {
	s.t.Helper()
	for range 50 {
		id := ids[random.IntN(len(ids))]
		list := s.deliveries("/api/deliveries?eventId=" + id)
		if len(list) != 2 || slices.ContainsFunc(list, func(d delivery) bool {
			return d.Status != "delivered" || !d.Success || d.StatusCode == nil || *d.StatusCode != http.StatusNoContent ||
				string(d.Payload) != dataOf(id)
		}) {
			s.t.Errorf("event %s has on record: %+v", id, list)
		}
	}
}

// setting is a number from the environment.
func setting(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q, not a number", name, text)
	}
	return n
}

// balanced has every delivery accounted for.
func balanced(t *testing.T, where ...string) {
	t.Helper()
	p := spawn(t, nil, binary, append([]string{"ledger", "verify"}, where...)...)
	if code := p.exitCode(patience); code != 0 || !strings.Contains(p.stdout.String(), " 0 changed meanwhile") {
		t.Errorf("ledger verify exits with %d: %s%s", code, p.stdout, p.stderr)
	}
	t.Logf("%s", p.stdout)
}
