package typescript

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

const (
	moduleRoot = "../.."
	npmPackage = moduleRoot + "/clients/typescript"
)

// TestTypeScript runs all tests of the npm package.
func TestTypeScript(t *testing.T) {
	watchSources(t)
	install(t)
	ctx, cancel := context.WithTimeout(t.Context(), 9*time.Minute)
	defer cancel()
	npm := exec.CommandContext(ctx, "npm", "test")
	npm.Dir, npm.WaitDelay = npmPackage, 5*time.Second
	for _, setting := range os.Environ() {
		if !strings.HasPrefix(setting, "BILLHOOK_") {
			npm.Env = append(npm.Env, setting)
		}
	}
	out, err := npm.CombinedOutput()
	if err != nil {
		t.Fatalf("npm test: %v\n%s", err, out)
	}
	// A file without a test in it passes in Node.
	files, err := filepath.Glob(npmPackage + "/test/*.test.mjs")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files of tests: %v", len(files), err)
	}
	if !regexp.MustCompile(`(?m)^ℹ pass [1-9]\d\d`).Match(out) || !regexp.MustCompile(`(?m)^ℹ skipped 0$`).Match(out) || !regexp.MustCompile(`(?m)^ℹ todo 0$`).Match(out) {
		t.Fatalf("less was tested than there is, or something skipped:\n%s", out)
	}
}

// install installs what the lock file names, unless it is there.
func install(t *testing.T) {
	t.Helper()
	lock, err := os.ReadFile(npmPackage + "/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	const stamp = npmPackage + "/node_modules/.installed"
	if installed, err := os.ReadFile(stamp); err == nil && bytes.Equal(installed, lock) {
		return
	}
	npm := exec.CommandContext(t.Context(), "npm", "ci", "--prefer-offline")
	npm.Dir = npmPackage
	if out, err := npm.CombinedOutput(); err != nil {
		t.Fatalf("install with npm what this test needs: %v\n%s", err, out)
	}
	// Last, so that half an installation is made anew.
	if err := os.WriteFile(stamp, lock, 0o600); err != nil {
		t.Fatal(err)
	}
}

// watchSources reads the module's folders: the result of a test is cached by what it
// reads, and the cache cannot see what npm has read.
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
		case strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules" || entry.Name() == "dist" || entry.Name() == "screenshots":
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
