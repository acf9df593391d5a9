package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// limitFiles bounds how large the process may write files, as a full disk does:
// what lies beyond is refused, and all that was written stays.
func (s *server) limitFiles(bytes uint64) {
	s.t.Helper()
	limit := unix.Rlimit{Cur: bytes, Max: unix.RLIM_INFINITY}
	if err := unix.Prlimit(s.cmd.Process.Pid, unix.RLIMIT_FSIZE, &limit, nil); err != nil {
		s.t.Fatal(err)
	}
}

// TestFull takes the room to write from a running service and gives it back.
func TestFull(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		// room is how many bytes the largest file may still grow; -1 lets
		// nothing be written at all, not even over what is there.
		room int64
	}{
		{"not a byte", -1},
		{"no growth", 0},
		{"half a page", 2000},
		{"a few events", 50_000},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			fillUp(t, test.room)
		})
	}
}

func fillUp(t *testing.T, room int64) {
	r := receive(t)
	data := t.TempDir()
	s := serve(t, data)
	// Attempts that are under way when the disk fills up end while it is full.
	held := make(chan struct{})
	r.setJudge(func(req *http.Request, event string, before int) int {
		if req.URL.Path == "/held" {
			<-held
		}
		return http.StatusOK
	})
	release := func() {
		select {
		case <-held:
		default:
			close(held)
		}
	}
	t.Cleanup(release)
	s.register("/api/webhooks", fmt.Sprintf(`{"url":"%s/fast","events":["*"]}`, r.URL))
	s.register("/api/webhooks", fmt.Sprintf(`{"url":"%s/held","events":["*"]}`, r.URL))
	var accepted []string
	for i := range 20 {
		accepted = append(accepted, s.emitAs(fmt.Sprintf("before-%d", i)))
	}
	r.acknowledged("/fast", accepted)

	for round := range 3 {
		limit := uint64(0)
		if room >= 0 {
			limit = uint64(largest(t, data) + room)
		}
		s.limitFiles(limit)
		more, refused := s.emitUntilRefused(fmt.Sprintf("full-%d", round))
		accepted = append(accepted, more...)
		if room < 0 {
			s.refused("GET", "/readyz", "", http.StatusServiceUnavailable)
			release() // what they answer now cannot be recorded yet
			r.acknowledged("/held", accepted)
			s.checkUnavailable(s.call("POST", "/api/events", emission(refused), http.StatusServiceUnavailable))
			s.refused("GET", "/readyz", "", http.StatusServiceUnavailable)
			s.call("GET", "/healthz", "", http.StatusOK)
			s.call("GET", "/api/events?limit=1", "", http.StatusOK) // reading needs no room
		}

		s.limitFiles(unix.RLIM_INFINITY)
		eventually(t, patience, func() string {
			if a, err := s.try("GET", "/readyz", ""); err != nil || a.status != http.StatusOK {
				return fmt.Sprintf("not ready: %v %+v", err, a)
			}
			return ""
		})
		// What was refused may be sent again; where it was on disk after all,
		// the repeat says so.
		a, err := s.try("POST", "/api/events", emission(refused))
		if err != nil || a.status != http.StatusAccepted && a.status != http.StatusConflict {
			t.Fatalf("the refused event, sent again: %v %+v", err, a)
		}
		accepted = append(accepted, refused, s.emitAs(fmt.Sprintf("after-%d", round)))
		r.acknowledged("/fast", accepted)
	}
	release()
	r.acknowledged("/held", accepted)
	s.settled(patience)
	r.check() // no one died, so nothing comes twice
	for _, id := range accepted {
		list := s.deliveries("/api/deliveries?eventId=" + id)
		if len(list) != 2 || slices.ContainsFunc(list, func(d delivery) bool { return d.Status != "delivered" || d.Attempts != 1 }) {
			t.Errorf("event %s has on record: %+v", id, list)
		}
	}
	s.stop()

	s = serve(t, data) // the file is whole
	for _, id := range accepted {
		s.call("GET", "/api/events/"+id, "", http.StatusOK)
	}
	s.stop()
}

// emitUntilRefused emits events until one is refused for lack of room.
func (s *server) emitUntilRefused(name string) (accepted []string, refused string) {
	s.t.Helper()
	for i := range 1000 {
		id := fmt.Sprintf("%s-%d", name, i)
		a, err := s.try("POST", "/api/events", emission(id))
		switch {
		case err != nil:
			s.t.Fatal(err)
		case a.status == http.StatusAccepted:
			accepted = append(accepted, id)
		case a.status == http.StatusServiceUnavailable:
			s.checkUnavailable(a)
			return accepted, id
		default:
			s.t.Fatalf("emit answers %d: %s", a.status, a.body)
		}
	}
	s.t.Fatal("nothing is refused although there is no room")
	return nil, ""
}

// checkUnavailable checks what a caller is told while there is no room.
func (s *server) checkUnavailable(a *answer) {
	s.t.Helper()
	var p problem
	a.json(s.t, &p)
	if seconds, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || seconds < 1 {
		s.t.Errorf("Retry-After is %q", a.header.Get("Retry-After"))
	}
	if a.header.Get("Content-Type") != "application/problem+json" || p.Code != "unavailable" || p.Detail == "" {
		s.t.Errorf("no problem document: %s", a.body)
	}
}

// largest is the size of the largest file in a folder.
func largest(t *testing.T, folder string) int64 {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var size int64
	for _, entry := range entries {
		info, err := os.Stat(filepath.Join(folder, entry.Name()))
		if err == nil {
			size = max(size, info.Size())
		}
	}
	return size
}
