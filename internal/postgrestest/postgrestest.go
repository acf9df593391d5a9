// Package postgrestest runs a real PostgreSQL server for tests: a cluster of
// their own in a temporary folder, on 127.0.0.1 only, that ends with the test
// process however that ends. Nothing here skips a test: where no server can
// run, the test fails and says what to do.
//
// What decides which data survive a crash stays as PostgreSQL ships it, since
// tests kill the server and then look for what was committed.
//
// Start and stop servers outside testing/synctest bubbles: a bubble's clock
// stands still while a program runs.
//
// It must not know what the databases are for, nor link a database driver: it
// drives PostgreSQL through PostgreSQL's own programs.
package postgrestest

import (
	"fmt"
	"os"
	"sync"
	"testing"
)

// shared is the one server of the test process. It is a variable because a
// TestMain and the tests have nothing else in common.
var shared struct {
	main   bool // Main runs, and will stop it
	once   sync.Once
	server *Server
	err    error
}

// Start runs a server for this test alone, which may stop and kill it. The
// server and its data are gone when the test has ended.
func Start(t testing.TB) *Server {
	t.Helper()
	s, err := open()
	check(t, err)
	t.Cleanup(func() { check(t, s.close()) })
	return s
}

// Shared returns the test process's one server, started at first use, for
// tests that need a database and leave the server alone. It needs a TestMain
// that calls Main.
func Shared(t testing.TB) *Server {
	t.Helper()
	if !shared.main {
		t.Fatal("share PostgreSQL: nobody would stop it: let TestMain call os.Exit(postgrestest.Main(m))")
	}
	// One failure is every test's: trying again might install again.
	shared.once.Do(func() { shared.server, shared.err = open() })
	check(t, shared.err)
	return shared.server
}

// Main runs the tests, stops the shared server if they started it, and returns
// the code to exit with.
func Main(m *testing.M) (code int) {
	shared.main = true
	defer func() {
		if shared.server == nil {
			return
		}
		if err := shared.server.close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}()
	return m.Run()
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
