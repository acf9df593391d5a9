package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook/internal/postgrestest"
)

// TestMigrate runs the migrations by the command, before any node is there.
func TestMigrate(t *testing.T) {
	t.Parallel()
	url := postgrestest.Shared(t).Database(t)
	run := func(args ...string) string {
		t.Helper()
		p := spawn(t, []string{"BILLHOOK_DATABASE_URL=" + url}, binary, append([]string{"migrate"}, args...)...)
		if code := p.exitCode(patience); code != 0 {
			t.Fatalf("migrate %v exits with %d: %s", args, code, p.stderr.tail())
		}
		return p.stdout.String()
	}
	before := run("status")
	steps := strings.Count(before, "pending\n")
	if lines := strings.Count(before, "\n"); steps == 0 || lines != steps+1 {
		t.Errorf("status of an empty database:\n%s", before)
	}
	if ran := run("up"); strings.Count(ran, "ran ") != steps || !strings.HasPrefix(ran, "ran 1 0001_start.sql\n") {
		t.Errorf("up:\n%s", ran)
	}
	if after := run("status"); strings.Contains(after, "pending") || strings.Count(after, "\n") != steps+1 {
		t.Errorf("status after it:\n%s", after)
	}
	if ran := run("up"); strings.Contains(ran, "ran ") {
		t.Errorf("up again:\n%s", ran)
	}
}

// TestMigrateFile is the same of a database file, which is read beside the service
// and migrated without it.
func TestMigrateFile(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := serve(t, data)
	run := func(code int, args ...string) string {
		t.Helper()
		p := spawn(t, nil, binary, append([]string{"migrate"}, append(args, "--data", data)...)...)
		if got := p.exitCode(patience); got != code {
			t.Fatalf("migrate %v exits with %d, not %d: %s", args, got, code, p.stderr.tail())
		}
		return p.stdout.String() + p.stderr.String()
	}
	if said := run(0, "status"); !strings.Contains(said, "0001_start.sql ") || strings.Contains(said, "pending") {
		t.Errorf("status beside the service:\n%s", said)
	}
	if said := run(1, "up"); !strings.Contains(said, "in use") {
		t.Errorf("up beside the service:\n%s", said)
	}
	s.stop()
	if said := run(0, "up"); !strings.Contains(said, "has had all") {
		t.Errorf("up:\n%s", said)
	}
	data = filepath.Join(data, "none")
	for _, command := range []string{"status", "up"} {
		if said := run(1, command); !strings.Contains(said, "--database-url") {
			t.Errorf("%s of nothing:\n%s", command, said)
		}
	}
	if _, err := os.Stat(data); err == nil {
		t.Error("it made a folder")
	}
	// An empty file lacks all of them.
	data = t.TempDir()
	if err := os.WriteFile(filepath.Join(data, "billhook.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	steps := strings.Count(run(0, "status"), "pending\n")
	if ran := run(0, "up"); steps == 0 || strings.Count(ran, "ran ") != steps {
		t.Errorf("up from nothing, of %d:\n%s", steps, ran)
	}
}

// TestWhichDatabase: commands that find no database say how to name one.
func TestWhichDatabase(t *testing.T) {
	t.Parallel()
	missing := postgrestest.Shared(t).Database(t) + "_none"
	if at := strings.Index(missing, "?"); at >= 0 {
		missing = strings.Replace(strings.TrimSuffix(missing, "_none"), "?", "_none?", 1)
	}
	none := t.TempDir()
	old := filepath.Join(t.TempDir(), "keys")
	rotateKeys(t, "--secret-key-file", old)
	past := time.Now().Add(-time.Hour)
	if err := os.Chtimes(old, past, past); err != nil {
		t.Fatal(err)
	}
	for want, commands := range map[string][][]string{
		"--data of a service": {
			{"audit", "verify", "--data", none}, {"audit", "export", "--data", none},
			{"keys", "rotate", "--prune", "--data", none, "--secret-key-file", old},
		},
		"create it": {{"migrate", "status", "--database-url", missing}, {"serve", "--dev", "--addr", "127.0.0.1:0", "--database-url", missing}},
	} {
		for _, args := range commands {
			p := spawn(t, nil, binary, args...)
			if code := p.exitCode(patience); code == 0 || !strings.Contains(p.stderr.String(), want) {
				t.Errorf("%v exits with %d and does not say %q: %s", args, code, want, p.stderr.String())
			}
		}
	}
}

// TestVersion: the flag says what the command does.
func TestVersion(t *testing.T) {
	t.Parallel()
	var said []string
	for _, arg := range []string{"version", "--version"} {
		p := spawn(t, nil, binary, arg)
		if code := p.exitCode(patience); code != 0 {
			t.Errorf("%s exits with %d: %s", arg, code, p.stderr.String())
		}
		said = append(said, p.stdout.String())
	}
	if !strings.HasPrefix(said[0], "billhook ") || said[0] != said[1] {
		t.Errorf("they say %q", said)
	}
}
