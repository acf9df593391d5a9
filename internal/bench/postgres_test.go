package bench

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/billhook/billhook/internal/postgrestest"
)

// command builds the billhook command.
func command(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("the command is a program of its own, which the race detector is not in")
	}
	const module = "../.."
	// A test's result is cached by what it reads, and the cache cannot see what
	// go build has read: so the folders are.
	err := filepath.WalkDir(module, func(path string, entry fs.DirEntry, err error) error {
		if err != nil && !os.IsNotExist(err) {
			return err
		}
		if err == nil && entry.IsDir() && path != module && strings.HasPrefix(entry.Name(), ".") {
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(t.TempDir(), "billhook")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", binary, "./cmd/billhook")
	build.Dir = module
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the command: %v\n%s", err, out)
	}
	return binary
}

// benchOn is a `billhook bench` of seconds on the server with the URL.
func benchOn(t *testing.T, url string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), command(t), append([]string{"bench", "--database-url", url, "--folder", t.TempDir(),
		"--runs=1", "--duration=200ms", "--connections=8", "--backlog-rows=3000", "--history-rows=1025", "--json"}, args...)...)
	// What an operator has set for serve is not what is loaded.
	cmd.Env = append(cleanEnvironment(os.Environ()), "BILLHOOK_DATABASE_URL=postgres://nobody@192.0.2.1/none")
	cmd.Stderr = t.Output()
	dieWithParent(cmd)
	return cmd
}

// databases are the benchmark's own on the server.
func databases(t *testing.T, url string) []string {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	rows, _ := c.Query(t.Context(), `SELECT datname::text FROM pg_database WHERE datname LIKE 'billhook\_bench\_%'`)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestBenchOnPostgreSQL(t *testing.T) {
	url := postgrestest.Shared(t).Database(t)
	cmd := benchOn(t, url, "--nodes=1,2", "--scenario=throughput,backlog,history")
	var stdout bytes.Buffer
	cmd.Stdout = &stdout
	if err := cmd.Run(); err != nil {
		t.Fatalf("bench: %v", err)
	}
	var report Report
	if err := json.Unmarshal(stdout.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(report.Database, "PostgreSQL 1") || !strings.Contains(report.Database, "fsync on") {
		t.Errorf("database is %q", report.Database)
	}
	var nodes []int
	for _, s := range report.Scenarios {
		checkResult(t, s)
		for _, system := range s.Systems {
			m := system.Median
			if runtime.GOOS == "linux" && system.Nodes > 0 && m.CPUTotalMicros <= m.CPUMicros {
				t.Errorf("%s, %s: %v µs, with the database's %v", s.Scenario, system.Name, m.CPUMicros, m.CPUTotalMicros)
			}
			nodes = append(nodes, system.Nodes)
		}
	}
	if want := []int{1, 2, 0, 1, 1, 0, 1, 1, 0}; !slices.Equal(nodes, want) {
		t.Errorf("the systems have %v nodes, want %v", nodes, want)
	}
	if left := databases(t, url); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
}

// TestInterruptedBenchDropsItsDatabases: those of the trial under way and the
// one that is seeded.
func TestInterruptedBenchDropsItsDatabases(t *testing.T) {
	url := postgrestest.Shared(t).Database(t)
	cmd := benchOn(t, url, "--scenario=backlog", "--duration=1h")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	every := time.NewTicker(20 * time.Millisecond)
	defer every.Stop()
	for len(databases(t, url)) < 2 {
		select {
		case <-every.C:
		case err := <-exited:
			t.Fatalf("bench ended: %v", err)
		}
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-exited; err == nil {
		t.Error("it went through")
	}
	if left := databases(t, url); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
}
