package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// A load emits events from several connections until it is stopped or the
// service is gone, and remembers what each was answered.
type load struct {
	server *server
	stop   chan struct{}
	done   sync.WaitGroup

	mu sync.Mutex
	// accepted are the ids that got a 202, or a 409 for one in doubt.
	accepted []string
	// doubtful are those without an answer: they may be on disk or not.
	doubtful []string
	refused  int // 503
	wrong    error
}

// emitters is how many connections a load has.
const emitters = 4

// startLoad emits events with ids that begin with the name. Those in doubt from
// before are emitted again first.
func startLoad(s *server, name string, doubtful []string) *load {
	l := &load{server: s, stop: make(chan struct{})}
	for i := range emitters {
		var again []string
		for j := i; j < len(doubtful); j += emitters {
			again = append(again, doubtful[j])
		}
		l.done.Add(1)
		go func() {
			defer l.done.Done()
			l.emit(fmt.Sprintf("%s-%d", name, i), again)
		}()
	}
	return l
}

func (l *load) emit(name string, again []string) {
	for n := 0; ; n++ {
		select {
		case <-l.stop:
			l.mu.Lock()
			l.doubtful = append(l.doubtful, again...)
			l.mu.Unlock()
			return
		default:
		}
		var ids []string
		inDoubt := len(again) > 0
		switch {
		case inDoubt:
			ids, again = again[:1], again[1:]
		case n%10 == 9: // a batch, which is on disk wholly or not at all
			for i := range 5 {
				ids = append(ids, fmt.Sprintf("%s-%d-%d", name, n, i))
			}
		default:
			ids = []string{fmt.Sprintf("%s-%d", name, n)}
		}
		if !l.emitOnce(ids, inDoubt) {
			l.mu.Lock()
			l.doubtful = append(l.doubtful, again...)
			l.mu.Unlock()
			return
		}
	}
}

// emitOnce emits one event or a batch, and reports whether the service is still
// there.
func (l *load) emitOnce(ids []string, inDoubt bool) bool {
	events := make([]string, len(ids))
	for i, id := range ids {
		events[i] = emission(id)
	}
	path, body := "/api/events", events[0]
	if len(ids) > 1 {
		path, body = "/api/events/batch", `{"events":[`+strings.Join(events, ",")+`]}`
	}
	a, err := l.server.try("POST", path, body)

	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case errors.Is(err, syscall.ECONNREFUSED): // it was not even sent
		return false
	case err != nil:
		l.doubtful = append(l.doubtful, ids...)
		return false
	case a.status == http.StatusAccepted && !strings.Contains(string(a.body), `"error"`):
		l.accepted = append(l.accepted, ids...)
	case a.status == http.StatusConflict && inDoubt: // it was on disk
		l.accepted = append(l.accepted, ids...)
	case a.status == http.StatusServiceUnavailable:
		l.refused++
		l.doubtful = append(l.doubtful, ids...)
	default:
		l.wrong = errors.Join(l.wrong, fmt.Errorf("emit %v answers %d: %s", ids, a.status, a.body))
		return false
	}
	return true
}

// end stops the load and waits for it. It returns what was accepted and what is
// in doubt.
func (l *load) end(t *testing.T) (accepted, doubtful []string) {
	t.Helper()
	close(l.stop)
	l.done.Wait()
	if l.wrong != nil {
		t.Fatal(l.wrong)
	}
	return l.accepted, l.doubtful
}

// count is how many events were accepted so far.
func (l *load) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.accepted)
}

// emission is the body of an emit with an id of the caller's.
func emission(id string) string {
	return fmt.Sprintf(`{"type":"order.paid","id":%q,"data":%s}`, id, dataOf(id))
}

// emitAs emits an event with an id and returns it.
func (s *server) emitAs(id string) string {
	s.t.Helper()
	s.call("POST", "/api/events", emission(id), http.StatusAccepted)
	return id
}
