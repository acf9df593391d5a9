package docstest

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/billhook/billhook/internal/postgrestest"
)

const root = "../.."

// bin is a folder with the billhook command, built once.
var bin string

func TestMain(m *testing.M) {
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "docstest:", err)
		code = 1
	}
	os.Exit(code)
}

func runTests(m *testing.M) (int, error) {
	folder, err := os.MkdirTemp("", "billhook-docs-bin-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(folder)
	// The result of a test is cached by what it reads, and the cache cannot see what go
	// build reads.
	if err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && path != root && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules") {
			return fs.SkipDir
		}
		return nil
	}); err != nil {
		return 0, err
	}
	bin = folder
	build := exec.Command("go", "build", "-buildvcs=false", "-o", filepath.Join(folder, "billhook"), "./cmd/billhook")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("build the command: %w\n%s", err, out)
	}
	if err := writeGo(folder); err != nil {
		return 0, err
	}
	return postgrestest.Main(m), nil
}

// documented are the pages, by path.
func documented(t *testing.T) []*page {
	t.Helper()
	paths := []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"}
	for _, under := range []string{"docs", "examples", "clients"} {
		err := filepath.WalkDir(filepath.Join(root, under), func(path string, entry fs.DirEntry, err error) error {
			if os.IsNotExist(err) {
				return nil
			}
			if err == nil && entry.Name() == "node_modules" {
				return fs.SkipDir
			}
			if err == nil && filepath.Ext(path) == ".md" {
				name, _ := filepath.Rel(root, path)
				paths = append(paths, filepath.ToSlash(name))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var pages []*page
	for _, path := range paths {
		p, err := readPage(root, path)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, p)
	}
	if len(pages) < 20 {
		t.Fatalf("%d pages found", len(pages))
	}
	return pages
}

// isRecord reports whether a page tells what was decided, not how to do it.
func isRecord(path string) bool { return strings.HasPrefix(path, "docs/decisions/") }

// TestPages does what every page says.
func TestPages(t *testing.T) {
	for _, p := range documented(t) {
		if isRecord(p.path) || len(p.blocks) == 0 {
			continue
		}
		t.Run(p.path, func(t *testing.T) {
			t.Parallel()
			if err := run(p, root, bin, func() string { return postgrestest.Shared(t).Database(t) }); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestLinks follows the links of all pages.
func TestLinks(t *testing.T) {
	pages := documented(t)
	links := 0
	for _, p := range pages {
		links += len(p.links)
	}
	if links < 100 {
		t.Errorf("%d links found", links)
	}
	for _, broken := range brokenLinks(root, pages) {
		t.Error(broken)
	}
}

// TestBrokenPages: a page that is wrong is found out, by the words in its first line.
func TestBrokenPages(t *testing.T) {
	files, err := filepath.Glob("testdata/broken/*.md")
	if err != nil || len(files) < 12 {
		t.Fatalf("%d broken pages, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(string(text), "\n")
			want := strings.TrimSuffix(strings.TrimPrefix(first, "<!-- "), " -->")
			p, err := parsePage(filepath.ToSlash(file), string(text))
			if err == nil {
				err = run(p, root, bin, func() string { return postgrestest.Shared(t).Database(t) })
			}
			if err == nil {
				if broken := brokenLinks(".", []*page{p}); len(broken) > 0 {
					err = fmt.Errorf("%s", strings.Join(broken, "\n"))
				}
			}
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
		})
	}
}

// TestWorkingPage: and one that is right is not.
func TestWorkingPage(t *testing.T) {
	p, err := readPage(".", "testdata/working.md")
	if err != nil {
		t.Fatal(err)
	}
	if err := run(p, root, bin, func() string { return postgrestest.Shared(t).Database(t) }); err != nil {
		t.Error(err)
	}
	for _, broken := range brokenLinks(".", []*page{p}) {
		t.Error(broken)
	}
}
