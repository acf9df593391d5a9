package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// arrivals are a receiver's: when events came to /steady, and what came to /away. Of
// the latter it remembers only how far each entity is.
type arrivals struct {
	t   *testing.T
	url string

	mu     sync.Mutex
	at     map[string]time.Time
	away   int
	last   map[string]int // the sequence of what came last of an entity
	wrong  []string
	rounds int // measured so far
}

func newArrivals(t *testing.T) *arrivals {
	a := &arrivals{t: t, at: map[string]time.Time{}, last: map[string]int{}}
	server := httptest.NewServer(a)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	a.url = server.URL
	return a
}

func (a *arrivals) register(s *server, path, with string) webhook {
	a.t.Helper()
	return s.register("/api/webhooks", fmt.Sprintf(`{"url":"%s/%s",%s}`, a.url, path, with))
}

func (a *arrivals) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	a.mu.Lock()
	defer a.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
	if r.URL.Path == "/steady" {
		a.at[r.Header.Get("webhook-id")] = time.Now()
		return
	}
	a.away++
	_, item, about := strings.Cut(string(body), `"item":"`)
	if !about || err != nil {
		return
	}
	item, _, _ = strings.Cut(item, `"`)
	n, _ := strconv.Atoi(r.Header.Get("webhook-sequence"))
	if n != a.last[item]+1 {
		a.wrong = append(a.wrong, fmt.Sprintf("%s: %d came after %d", item, n, a.last[item]))
	}
	a.last[item] = n
}

// count is how many came to /away.
func (a *arrivals) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.away
}

// inOrder wants so many of each of so many entities to have come, one after the other.
func (a *arrivals) inOrder(entities, each int) {
	a.t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, wrong := range a.wrong[:min(len(a.wrong), 5)] {
		a.t.Error(wrong)
	}
	if len(a.last) != entities {
		a.t.Errorf("%d entities, want %d", len(a.last), entities)
	}
	for item, n := range a.last {
		if n != each {
			a.t.Errorf("%s: %d came, want %d", item, n, each)
		}
	}
}

// latencies are the 99th percentiles of rounds of deliveries to /steady.
type latencies struct {
	in  *arrivals
	p99 []time.Duration
}

// measure adds a round: how long it takes from an emit's call to its delivery.
func (l *latencies) measure(s *server, n int) {
	s.t.Helper()
	l.in.rounds++
	sent := map[string]time.Time{}
	for i := range n {
		id := fmt.Sprintf("steady-%d-%d", l.in.rounds, i)
		sent[id] = time.Now()
		s.emitAs(id)
		<-time.After(3 * time.Millisecond)
	}
	var took []time.Duration
	eventually(s.t, patience, func() string {
		l.in.mu.Lock()
		defer l.in.mu.Unlock()
		took = took[:0]
		for id, at := range sent {
			if _, came := l.in.at[id]; !came {
				return id + " has not come"
			}
			took = append(took, l.in.at[id].Sub(at))
		}
		return ""
	})
	slices.Sort(took)
	l.p99 = append(l.p99, took[n*99/100])
}

// median is that of the rounds.
func (l *latencies) median() time.Duration {
	slices.Sort(l.p99)
	return l.p99[len(l.p99)/2].Round(10 * time.Microsecond)
}

// times is how many times as long as others it took.
func (l *latencies) times(others *latencies) float64 {
	return float64(l.median()) / float64(others.median())
}
