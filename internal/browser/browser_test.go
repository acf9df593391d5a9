package browser

import (
	"bytes"
	"context"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	moduleRoot = "../.."
	// patience bounds every start; nothing here takes a tenth of it on an idle machine.
	patience = 60 * time.Second
)

// TestBrowser runs each file of tests/, against a server of its own.
func TestBrowser(t *testing.T) {
	watchSources(t)
	chromium := installChromium(t)
	installPlaywright(t)
	binary := build(t)
	screenshots, err := filepath.Abs(filepath.Join(moduleRoot, "screenshots"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("tests/*.test.mjs")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no tests: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".test.mjs"), func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
			defer cancel()
			node := exec.CommandContext(ctx, "node", "--test", "--test-reporter=spec", "--test-timeout=870000", file)
			pages := t.TempDir()
			platform := httptest.NewServer(http.FileServer(http.Dir(pages)))
			t.Cleanup(platform.Close)
			node.Env = append(os.Environ(), "BILLHOOK_URL="+serve(t, binary, "--portal-origin", platform.URL), "BILLHOOK_PLATFORM="+platform.URL, "BILLHOOK_PLATFORM_PAGES="+pages,
				"BILLHOOK_CHROMIUM="+chromium, "BILLHOOK_SCREENSHOTS="+screenshots)
			node.WaitDelay = 5 * time.Second
			out, err := node.CombinedOutput()
			if err != nil {
				t.Fatalf("%s: %v\n%s", file, err, out)
			}
			// A file without a test in it passes in Node.
			if !regexp.MustCompile(`(?m)^ℹ pass [1-9]`).Match(out) || !regexp.MustCompile(`(?m)^ℹ skipped 0`).Match(out) {
				t.Fatalf("%s: nothing was tested, or something skipped:\n%s", file, out)
			}
		})
	}
}

// watchSources reads the module's folders: the result of a test is cached by what it
// reads, and the cache cannot see what go build and Node have read.
func watchSources(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(moduleRoot, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case os.IsNotExist(err): // someone else's temporary file
			return nil
		case err != nil:
			return err
		case !entry.IsDir() || path == moduleRoot:
			return nil
		case strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules" || entry.Name() == "screenshots":
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// installChromium finds the browser, or installs it as Debian has it. Without one
// nothing is shown, so that the test fails.
func installChromium(t *testing.T) (path string) {
	t.Helper()
	if path := os.Getenv("BILLHOOK_CHROMIUM"); path != "" {
		return path
	}
	const debian = "/usr/bin/chromium"
	if _, err := os.Stat(debian); err == nil {
		return debian
	}
	for _, args := range [][]string{{"update", "-q"}, {"install", "-y", "-q", "--no-install-recommends", "chromium"}} {
		if out, err := exec.CommandContext(t.Context(), "apt-get", args...).CombinedOutput(); err != nil {
			t.Fatalf("there is no %s, and apt-get %s fails: install Chromium, or set BILLHOOK_CHROMIUM to where it is: %v\n%s", debian, args[0], err, out)
		}
	}
	return debian
}

// installPlaywright installs what package-lock.json names, unless it is there.
func installPlaywright(t *testing.T) {
	t.Helper()
	lock, err := os.ReadFile("package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(lock, []byte(`"resolved"`)) {
		t.Error("package-lock.json holds download addresses: make it with --omit-lockfile-registry-resolved")
	}
	const stamp = "node_modules/.installed"
	if installed, err := os.ReadFile(stamp); err == nil && bytes.Equal(installed, lock) {
		return
	}
	npm := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
	if out, err := npm.CombinedOutput(); err != nil {
		t.Fatalf("install Playwright with npm, which this test needs: %v\n%s", err, out)
	}
	// Last, so that half an installation is made anew.
	if err := os.WriteFile(stamp, lock, 0o600); err != nil {
		t.Fatal(err)
	}
}

// build builds the command under test.
func build(t *testing.T) (binary string) {
	t.Helper()
	binary = filepath.Join(t.TempDir(), "billhook")
	command := exec.Command("go", "build", "-buildvcs=false", "-o", binary, "./cmd/billhook")
	command.Dir = moduleRoot
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("build the command: %v\n%s", err, out)
	}
	return binary
}

var webLine = regexp.MustCompile(`(?m)^  Web +(http://\S+)/$`)

// serve starts the binary on a new data folder and a port that is free, and says where.
func serve(t *testing.T, binary string, more ...string) (url string) {
	t.Helper()
	var said output
	command := exec.Command(binary, append([]string{"serve", "--dev", "--addr", "127.0.0.1:0", "--data", t.TempDir()}, more...)...)
	for _, setting := range os.Environ() {
		if !strings.HasPrefix(setting, "BILLHOOK_") {
			command.Env = append(command.Env, setting)
		}
	}
	command.Stdout, command.Stderr, command.WaitDelay = &said, &said, time.Second
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() {
		_ = command.Wait() // what it said tells
		close(exited)
	}()
	t.Cleanup(func() {
		_ = command.Process.Kill() // an error means that it is over
		<-exited
		if t.Failed() {
			t.Logf("the server said:\n%s", said.String())
		}
	})
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	every := time.NewTicker(10 * time.Millisecond)
	defer every.Stop()
	for {
		if found := webLine.FindStringSubmatch(said.String()); found != nil {
			return found[1]
		}
		select {
		case <-every.C:
		case <-exited:
			t.Fatalf("the server ends at its start:\n%s", said.String())
		case <-deadline.C:
			t.Fatalf("the server does not say where it is:\n%s", said.String())
		}
	}
}

// An output keeps what a process prints.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
