package e2e

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestStop stops the service by SIGTERM under load. It ends in time, and what
// it had accepted arrives after the next start.
func TestStop(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		// delay is how long the receiver takes; 0 is for ever.
		delay time.Duration
	}{
		{"slow receiver", time.Second},
		{"hanging receiver and a caller that stalls", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			stopUnderLoad(t, test.delay)
		})
	}
}

func stopUnderLoad(t *testing.T, delay time.Duration) {
	r := receive(t)
	over := make(chan struct{}) // the receiver is quick from now on
	r.judge = func(req *http.Request, event string, before int) int {
		var slept <-chan time.Time
		if delay > 0 {
			slept = time.After(delay)
		}
		select {
		case <-over:
		case <-slept:
		case <-req.Context().Done(): // the sender has given up
			return http.StatusServiceUnavailable
		}
		return http.StatusNoContent
	}
	data := t.TempDir()
	s := serve(t, data)
	s.register("/api/webhooks", fmt.Sprintf(`{"url":"%s/slow","events":["*"]}`, r.URL))
	l := startLoad(s, "load", nil)
	eventually(t, patience, func() string {
		if n := l.count(); n < 200 {
			return fmt.Sprintf("%d events are accepted", n)
		}
		return ""
	})
	if delay == 0 {
		stall(s)
	}
	took := s.stop()
	accepted, doubtful := l.end(t)
	t.Logf("it stopped in %v, with %d events accepted and %d in doubt", took.Round(time.Millisecond), len(accepted), len(doubtful))
	r.nextLife()
	if delivered := r.total(); delivered >= len(accepted) {
		t.Errorf("%d of %d events were delivered before the stop: this shows nothing", delivered, len(accepted))
	}

	close(over)
	s = serve(t, data)
	r.acknowledged("/slow", accepted)
	s.settled(patience)
	r.check()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.repeats) > 0 {
		t.Errorf("a stop in good order made deliveries come twice: %v", r.repeats)
	}
}

// stall begins an emit and never ends it.
func stall(s *server) {
	s.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	_, err = fmt.Fprintf(conn, "POST /api/events HTTP/1.1\r\nHost: localhost\r\nx-api-key: %s\r\n"+
		"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"type\":", devKey)
	if err != nil {
		s.t.Fatal(err)
	}
}
