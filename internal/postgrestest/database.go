package postgrestest

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Database creates an empty database and returns its URL. It is dropped when
// the test has ended, whoever is still connected, unless the server is stopped
// by then. If the test fails, it shows the end of the server's log.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test_%d", s.databases.Add(1))
	_, err := s.psql(s.url("postgres"), "create database "+name)
	check(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(s.log())
		}
		if s.postmaster != nil {
			_, err := s.psql(s.url("postgres"), "drop database "+name+" with (force)")
			check(t, err)
		}
	})
	return s.url(name)
}

func (s *Server) url(database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", s.port, database)
}

// psql runs a statement and returns its rows, a line each, columns split by |.
func (s *Server) psql(url, statement string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(s.binaries, "psql"),
		"--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--command="+statement, url)
	cmd.Env = environment()
	out, err := cmd.CombinedOutput()
	text := strings.TrimSpace(string(out))
	if err != nil {
		return "", fmt.Errorf("run psql: %s: %w: %s", statement, err, text)
	}
	return text, nil
}
