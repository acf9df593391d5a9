package e2e

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// A receiver takes deliveries in the tests' own process and keeps count.
type receiver struct {
	*httptest.Server
	t *testing.T
	// judge says how a request is answered, by how often the event has come
	// before on that path; it may block. Default: 204.
	judge func(r *http.Request, event string, before int) int

	mu    sync.Mutex
	seen  map[string]map[string]*sighting // by path and event id
	conns map[net.Conn]bool               // those that are open
	// epoch counts the lives of the sender; a test moves it on.
	epoch    int
	underWay int
	// repeats counts deliveries of what had been acknowledged, by epoch, and
	// sameLife those of them that no death of the sender explains.
	repeats  map[int]int
	sameLife int
	most     int // of underWay
	// owed says by path and event id how often a sender was gone when it had
	// not written down what came of it; nil where nobody keeps that account.
	owed  map[[2]string]int
	wrong []string
}

// A sighting is what came of one event on one path.
type sighting struct {
	requests     int
	acknowledged int // answers of 2xx
	ackEpoch     int // of the last of them
	repeats      int // requests after the first of them
	body         [sha256.Size]byte
}

func receive(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{
		t: t, seen: map[string]map[string]*sighting{}, conns: map[net.Conn]bool{}, repeats: map[int]int{},
		judge: func(*http.Request, string, int) int { return http.StatusNoContent },
	}
	r.Server = httptest.NewUnstartedServer(r)
	r.Config.ConnState = func(conn net.Conn, state http.ConnState) {
		r.mu.Lock()
		defer r.mu.Unlock()
		switch state {
		case http.StateNew:
			r.conns[conn] = true
		case http.StateClosed, http.StateHijacked:
			delete(r.conns, conn)
		}
	}
	r.Start()
	t.Cleanup(func() {
		r.CloseClientConnections()
		r.Close()
	})
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.Method == http.MethodGet { // the test's own, in settle
		return
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // the sender died: half a request is none
	}
	id := req.Header.Get("webhook-id")
	sum := sha256.Sum256(body)

	r.mu.Lock()
	r.underWay++
	r.most = max(r.most, r.underWay)
	if r.seen[req.URL.Path] == nil {
		r.seen[req.URL.Path] = map[string]*sighting{}
	}
	s := r.seen[req.URL.Path][id]
	if s == nil {
		s = &sighting{body: sum}
		r.seen[req.URL.Path][id] = s
	}
	before := s.requests
	s.requests++
	if s.body != sum {
		r.wrong = append(r.wrong, fmt.Sprintf("%s: another body than before: %.300s", id, body))
	}
	if want := `,"data":` + dataOf(id) + `}`; len(body) < len(want) || string(body[len(body)-len(want):]) != want {
		r.wrong = append(r.wrong, fmt.Sprintf("%s: other data than emitted: %.300s", id, body))
	}
	if s.acknowledged > 0 {
		r.repeats[r.epoch]++
		s.repeats++
		if s.ackEpoch == r.epoch {
			r.sameLife++
		}
	}
	judge := r.judge
	r.mu.Unlock()

	status := judge(req, id, before)

	r.mu.Lock()
	r.underWay--
	if status/100 == 2 {
		s.acknowledged++
		s.ackEpoch = r.epoch
	}
	r.mu.Unlock()
	w.WriteHeader(status)
}

// dataOf is the data that the tests emit under an event id, in canonical form.
func dataOf(id string) string {
	sum := sha256.Sum256([]byte(id))
	return fmt.Sprintf(`{"orderId":%q,"notes":"%x"}`, id, sum[:1+sum[0]%32])
}

// setJudge changes how requests are answered from now on.
func (r *receiver) setJudge(judge func(r *http.Request, event string, before int) int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.judge = judge
}

// nextLife waits until the last request of a dead sender has been dealt with,
// so that what comes from now on is of the next one.
func (r *receiver) nextLife() {
	r.t.Helper()
	// Connections are accepted in order: with this one all before it are known.
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}).Get(r.URL)
	if err != nil {
		r.t.Fatal(err)
	}
	resp.Body.Close()
	eventually(r.t, patience, func() string {
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(r.conns) > 0 {
			return fmt.Sprintf("%d connections are open", len(r.conns))
		}
		return ""
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.epoch++
}

// lifeGoesOn is nextLife where one of several senders has died and the others'
// connections stay: its last requests are given a moment.
func (r *receiver) lifeGoesOn() {
	<-time.After(50 * time.Millisecond)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.epoch++
}

// acknowledged waits until each of the events was acknowledged on the path.
func (r *receiver) acknowledged(path string, ids []string) {
	r.t.Helper()
	eventually(r.t, 2*patience, func() string {
		r.mu.Lock()
		defer r.mu.Unlock()
		missing, example := 0, ""
		for _, id := range ids {
			if s := r.seen[path][id]; s == nil || s.acknowledged == 0 {
				missing++
				example = id
			}
		}
		if missing > 0 {
			return fmt.Sprintf("%d of %d events are missing on %s, %s among them", missing, len(ids), path, example)
		}
		return ""
	})
}

// check fails the test for what was wrong with any request.
func (r *receiver) check() {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, wrong := range r.wrong[:min(len(r.wrong), 5)] {
		r.t.Error(wrong)
	}
	if r.owed == nil {
		if r.sameLife > 0 {
			r.t.Errorf("%d deliveries were repeated although the sender lived on", r.sameLife)
		}
		return
	}
	for path, sightings := range r.seen {
		for id, s := range sightings {
			if due := r.owed[[2]string{path, id}]; s.repeats > due {
				r.t.Errorf("%s came %d times to %s after it was acknowledged; senders that had not written that down were gone %d times", id, s.repeats, path, due)
			}
		}
	}
}

// total is how many events were acknowledged so far.
func (r *receiver) total() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, sightings := range r.seen {
		for _, s := range sightings {
			if s.acknowledged > 0 {
				n++
			}
		}
	}
	return n
}
