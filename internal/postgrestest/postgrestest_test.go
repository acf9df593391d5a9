package postgrestest

import (
	"os"
	"path/filepath"
	"testing"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

func query(t *testing.T, s *Server, url, statement, want string) {
	t.Helper()
	out, err := s.psql(url, statement)
	check(t, err)
	if out != want {
		t.Errorf("%s: %s, want %s", statement, out, want)
	}
}

func TestDatabase(t *testing.T) {
	s := Shared(t)
	if Shared(t) != s {
		t.Error("a second server")
	}
	var one string
	two := s.Database(t)
	t.Run("isolated", func(t *testing.T) {
		one = s.Database(t)
		query(t, s, one, "create table invoice (id int)", "")
		query(t, s, one, "select to_regclass('invoice')", "invoice")
		query(t, s, two, "select to_regclass('invoice')", "")
	})
	if _, err := s.psql(one, "select 1"); err == nil {
		t.Error("a database outlives its test")
	}
	for _, setting := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		query(t, s, two, "show "+setting, "on")
	}
}

func TestDataOutlivesServer(t *testing.T) {
	s := Start(t)
	url := s.Database(t)
	query(t, s, url, "create table invoice (id int)", "")
	for n, again := range []func(){
		func() { s.Kill(t); s.Start(t) },
		func() { s.Stop(t); s.Start(t) },
		func() { s.Restart(t) },
	} {
		pid := s.PID()
		query(t, s, url, "insert into invoice values (1)", "")
		again()
		query(t, s, url, "select count(*) from invoice", string(rune('1'+n)))
		if s.PID() == pid {
			t.Errorf("%d: the same process", n)
		}
	}
}

// folder makes programs of these names, which do nothing, and returns the
// folder above theirs.
func folder(t *testing.T, names ...string) string {
	root := t.TempDir()
	check(t, os.Mkdir(filepath.Join(root, "bin"), 0o755))
	for _, name := range names {
		check(t, os.WriteFile(filepath.Join(root, "bin", name), nil, 0o755))
	}
	return root
}

func TestFind(t *testing.T) {
	full, client := folder(t, "initdb", "postgres", "psql"), folder(t, "psql")
	root, path := t.TempDir(), t.TempDir()
	expect := func(want string) {
		t.Helper()
		if got := find(root); got != want {
			t.Errorf("found %q, want %q", got, want)
		}
	}
	t.Setenv("PATH", path)
	expect("")
	check(t, os.Symlink(filepath.Join(full, "bin", "postgres"), filepath.Join(path, "postgres")))
	expect(filepath.Join(full, "bin"))
	for version, target := range map[string]string{"9": full, "9.6": full, "15": full, "16": full, "99": client} {
		check(t, os.Symlink(target, filepath.Join(root, version)))
	}
	expect(filepath.Join(root, "16", "bin"))

	t.Setenv(variable, filepath.Join(client, "bin"))
	if got, err := binaries(); err == nil {
		t.Errorf("took %s, which has no server", got)
	}
	t.Setenv(variable, filepath.Join(full, "bin"))
	if got, err := binaries(); err != nil || got != filepath.Join(full, "bin") {
		t.Errorf("took %q, %v", got, err)
	}
}
