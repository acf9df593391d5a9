package postgrestest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/billhook/billhook/internal/loopback"
)

// limit is how long one step may take on a machine busy with other tests.
const limit = time.Minute

// A Server is one PostgreSQL cluster: a port, a data folder, and the process
// that serves them while it runs. Any number of goroutines may call Database;
// the rest is for one at a time, and for a server of the test's own.
type Server struct {
	binaries, folder string
	port             int
	postmaster       *process // nil while stopped
	crashed          bool     // killed, and not started since
	databases        atomic.Int64
}

// DataDir is the folder of the cluster's data.
func (s *Server) DataDir() string { return filepath.Join(s.folder, "data") }

// PID is the postmaster's process number, 0 while the server is stopped.
func (s *Server) PID() int {
	if s.postmaster == nil {
		return 0
	}
	return s.postmaster.cmd.Process.Pid
}

// Start runs the server again, on the port and data that it had.
func (s *Server) Start(t testing.TB) { t.Helper(); check(t, s.start()) }

// Stop ends all connections and shuts the server down in order ("fast"). It
// does nothing if the server is stopped.
func (s *Server) Stop(t testing.TB) { t.Helper(); check(t, s.stop()) }

// Restart is Stop and Start.
func (s *Server) Restart(t testing.TB) { t.Helper(); s.Stop(t); s.Start(t) }

// Kill ends the server as a crash does: none of its processes gets to write
// another byte. It returns when they are gone. A server that has given up by
// itself is as good.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	if s.postmaster == nil {
		t.Fatal("kill PostgreSQL: it is not running")
	}
	if err := crash(s.postmaster.cmd.Process); !errors.Is(err, os.ErrProcessDone) {
		check(t, err)
	}
	<-s.postmaster.done
	s.postmaster, s.crashed = nil, true
}

// open makes a cluster and starts it.
func open() (*Server, error) {
	binaries, err := binaries()
	if err != nil {
		return nil, err
	}
	// Not the test's own folder: that one is closed to the user that the server
	// may have to run as, and too deep for a socket's name.
	folder, err := os.MkdirTemp("", "billhook-pg-")
	if err != nil {
		return nil, err
	}
	s := &Server{binaries: binaries, folder: folder, port: loopback.FreePort()}
	// What goes unsynced here is lost with the whole machine only.
	initdb, err := s.spawn("initdb", "-D", s.DataDir(), "--username=postgres",
		"--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
	if err == nil {
		err = initdb.wait()
	}
	if err != nil {
		err = fmt.Errorf("create PostgreSQL cluster: %w\n%s", err, s.log())
	} else {
		err = s.start()
	}
	if err != nil {
		os.RemoveAll(folder)
		return nil, err
	}
	return s, nil
}

func (s *Server) start() error {
	if s.postmaster != nil {
		return errors.New("start PostgreSQL: it is running")
	}
	p, err := s.spawn("postgres", "-D", s.DataDir(), "-p", strconv.Itoa(s.port), "-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories="+s.folder, "-c", "max_connections=200")
	if err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	if !until(func() bool { return p.ended() || s.ready(p) }) {
		err = fmt.Errorf("not ready after %v", limit)
	} else if p.ended() {
		err = fmt.Errorf("it ended: %w", p.err)
	} else {
		_, err = s.psql(s.url("postgres"), "select 1")
	}
	if err != nil {
		return errors.Join(fmt.Errorf("start PostgreSQL: %w\n%s", err, s.log()), p.end())
	}
	s.postmaster, s.crashed = p, false
	return nil
}

// ready reads what the postmaster says of itself in its lock file. Unlike a
// connection, the file tells this server from another on the same port.
func (s *Server) ready(p *process) bool {
	const pid, status = 0, 7
	text, _ := os.ReadFile(filepath.Join(s.DataDir(), "postmaster.pid"))
	lines := strings.Split(string(text), "\n")
	return len(lines) > status && lines[pid] == strconv.Itoa(p.cmd.Process.Pid) && strings.TrimSpace(lines[status]) == "ready"
}

func (s *Server) stop() error {
	p := s.postmaster
	if p == nil {
		return nil
	}
	s.postmaster = nil
	// The interrupt is the order to shut down fast. One that has ended before
	// says in wait how.
	_ = p.cmd.Process.Signal(os.Interrupt)
	if err := p.wait(); err != nil {
		s.crashed = true
		return fmt.Errorf("stop PostgreSQL: %w\n%s", err, s.log())
	}
	return nil
}

// close stops the server and removes its data.
func (s *Server) close() error {
	err := s.stop()
	if s.crashed {
		// A crash leaves shared memory behind, which PostgreSQL alone can find
		// again: at its next start on the same data.
		err = errors.Join(err, s.start(), s.stop())
	}
	return errors.Join(err, os.RemoveAll(s.folder))
}

// log is the end of what the server has written.
func (s *Server) log() string {
	text, _ := os.ReadFile(s.logFile())
	return "PostgreSQL's log ends with:\n" + string(text[max(0, len(text)-3000):])
}

func (s *Server) logFile() string { return filepath.Join(s.folder, "log") }
