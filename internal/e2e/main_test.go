package e2e

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook/internal/postgrestest"
)

// binary is the command under test, built once.
var binary string

func TestMain(m *testing.M) {
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

func runTests(m *testing.M) (int, error) {
	folder, err := os.MkdirTemp("", "billhook-e2e-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(folder)
	const module = "../.."
	if err := watchSources(module); err != nil {
		return 0, err
	}
	binary = filepath.Join(folder, "billhook")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	build := exec.Command("go", "build", "-buildvcs=false", "-o", binary, "./cmd/billhook")
	build.Dir = module
	if out, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("build the command: %w\n%s", err, out)
	}
	return postgrestest.Main(m), nil
}

// watchSources reads the module's folders. The result of a test is cached by
// what it reads, and the cache cannot see what go build has read.
func watchSources(module string) error {
	return filepath.WalkDir(module, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case os.IsNotExist(err): // someone else's temporary file
			return nil
		case err != nil:
			return err
		case !entry.IsDir() || path == module:
			return nil
		case strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules":
			return fs.SkipDir
		}
		return nil
	})
}

// patience bounds every wait for something that must happen. Nothing here takes
// a tenth of it on an idle machine; this one may be busy.
const patience = 30 * time.Second

// eventually waits until state answers "", and fails with what it answers
// instead when the time is over.
func eventually(t *testing.T, within time.Duration, state func() string) {
	t.Helper()
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	every := time.NewTicker(5 * time.Millisecond)
	defer every.Stop()
	for {
		last := state()
		if last == "" {
			return
		}
		select {
		case <-every.C:
		case <-deadline.C:
			t.Fatalf("after %v: %s", within, last)
		}
	}
}
