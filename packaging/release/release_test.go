package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestRelease makes the release of this system as `make release` does, from a copy that
// git knows nothing of, and looks at what a user gets.
func TestRelease(t *testing.T) {
	if testing.Short() {
		t.Skip("it is the go command that works here, and the race detector would see nothing of it")
	}
	own := target{runtime.GOOS, runtime.GOARCH}
	copied := filepath.Join(t.TempDir(), "source")
	if err := copyTree("../..", copied); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 15, 10, 30, 0, 0, time.UTC)
	b := builder{source: source{folder: copied, version: "1.2.3", revision: "0123abc", time: at}}
	out := filepath.Join(t.TempDir(), "dist")
	if err := os.MkdirAll(filepath.Join(out, "of before"), 0o755); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	if err := b.release(t.Context(), []target{own}, out, &said); err != nil {
		t.Fatal(err)
	}
	name := "billhook_1.2.3_" + own.os + "_" + own.arch
	checkSums(t, out, name)
	files := unpack(t, out, name, at)
	for _, want := range []string{own.program(), "LICENSE", "README.md", "CHANGELOG.md", "SECURITY.md", licencesFile} {
		if len(files[want]) == 0 {
			t.Errorf("the archive has no %s", want)
		}
	}
	if len(files["systemd/billhook.service"]) == 0 && own.os == "linux" {
		t.Error("the archive for Linux has no unit")
	}
	for _, linked := range []string{"modernc.org/sqlite", "github.com/jackc/pgx/v5", "cel.dev/cel-go", "Go's standard library"} {
		if !bytes.Contains(files[licencesFile], []byte("\n"+linked+" ")) && !bytes.Contains(files[licencesFile], []byte("\n"+linked+",")) {
			t.Errorf("the licence of %s is not handed on", linked)
		}
	}
	for _, tests := range []string{"getkin/kin-openapi", copied} {
		if bytes.Contains(files[licencesFile], []byte(tests)) || bytes.Contains(files[own.program()], []byte(tests)) {
			t.Errorf("%s is in it", tests)
		}
	}
	checkBill(t, filepath.Join(out, name+".cdx.json"), files)

	program := filepath.Join(t.TempDir(), own.program())
	if err := os.WriteFile(program, files[own.program()], 0o700); err != nil {
		t.Fatal(err)
	}
	version, err := exec.Command(program, "version").CombinedOutput()
	if want := fmt.Sprintf("billhook 1.2.3 %s %s 0123abc\n", runtime.Version(), own); err != nil || string(version) != want {
		t.Errorf("it says %q, %v; want %q", version, err, want)
	}
}

// checkSums: the folder has what belongs to the release, nothing of before, and sums that
// are right.
func checkSums(t *testing.T, out, name string) {
	t.Helper()
	entries, err := os.ReadDir(out)
	if err != nil || len(entries) != 3 {
		t.Fatalf("the folder has %v, %v", entries, err)
	}
	text, err := os.ReadFile(filepath.Join(out, sumsFile))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) != 2 {
		t.Errorf("sums are %s", text)
	}
	for _, line := range lines {
		sum, file, _ := strings.Cut(line, "  ")
		content, err := os.ReadFile(filepath.Join(out, file))
		if err != nil || sum != fmt.Sprintf("%x", sha256.Sum256(content)) || !strings.HasPrefix(file, name) {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// unpack reads the archive, in which all is of one time and of nobody.
func unpack(t *testing.T, out, name string, at time.Time) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	add := func(path string, mode os.FileMode, when time.Time, from io.Reader) {
		text, err := io.ReadAll(from)
		if err != nil {
			t.Fatal(err)
		}
		inside, ok := strings.CutPrefix(path, name+"/")
		if !ok || !when.Equal(at) || (mode.Perm() == 0o755) != strings.HasPrefix(inside, "billhook") {
			t.Errorf("%s is of %v, with mode %v", path, when, mode)
		}
		files[inside] = text
	}
	if raw, err := os.ReadFile(filepath.Join(out, name+".zip")); err == nil {
		archive, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.File {
			text, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			add(f.Name, f.Mode(), f.Modified, text)
		}
		return files
	}
	raw, err := os.Open(filepath.Join(out, name+".tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	unzipped, err := gzip.NewReader(raw)
	if err != nil {
		t.Fatal(err)
	}
	for archive := tar.NewReader(unzipped); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		} else if err != nil {
			t.Fatal(err)
		}
		if header.Uid != 0 || header.Uname != "" {
			t.Errorf("%s is %s's", header.Name, header.Uname)
		}
		add(header.Name, header.FileInfo().Mode(), header.ModTime, archive)
	}
}

// checkBill: the list names what go.mod requires and the binary links, and this binary.
func checkBill(t *testing.T, path string, files map[string][]byte) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		BOMFormat, SpecVersion string
		Metadata               struct{ Component component }
		Components             []component
		Dependencies           []struct {
			Ref       string
			DependsOn []string
		}
	}
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	program := files["billhook"]
	if runtime.GOOS == "windows" {
		program = files["billhook.exe"]
	}
	about := list.Metadata.Component
	if list.BOMFormat != "CycloneDX" || about.URL != "pkg:golang/github.com/billhook/billhook@1.2.3" || about.Hashes[0].Content != fmt.Sprintf("%x", sha256.Sum256(program)) {
		t.Errorf("it is of %+v", about)
	}
	for _, c := range list.Components {
		if c.Version == "" || strings.Contains(c.Version, "devel") || !strings.HasSuffix(c.URL, "@"+c.Version) {
			t.Errorf("component %+v", c)
		}
		if c.Name != "std" && !bytes.Contains(files[licencesFile], []byte("\n"+c.Name+" "+c.Version+", ")) {
			t.Errorf("%s is linked, and its licence is not handed on", c.Name)
		}
	}
	if len(list.Components) < 20 || list.Components[0].URL != "pkg:golang/std@"+strings.TrimPrefix(runtime.Version(), "go") ||
		len(list.Dependencies) != 1 || len(list.Dependencies[0].DependsOn) != len(list.Components) {
		t.Errorf("%d components, %d dependencies", len(list.Components), len(list.Dependencies))
	}
}

// TestArchives: the same files give the same bytes, and Windows gets a zip.
func TestArchives(t *testing.T) {
	files := []file{{"billhook", 0o755, []byte("program")}, {"LICENSE", 0o644, []byte("text")}}
	at := time.Unix(1773570600, 0)
	for _, on := range allTargets {
		one, ending, err := packed(on, "folder", files, at)
		if err != nil || (ending == ".zip") != (on.os == "windows") {
			t.Fatalf("%s: %s, %v", on, ending, err)
		}
		zone := at.In(time.FixedZone("elsewhere", 3600)).UTC()
		if again, _, err := packed(on, "folder", files, zone); err != nil || !bytes.Equal(one, again) {
			t.Errorf("%s: not the same again, %v", on, err)
		}
		if other, _, _ := packed(on, "folder", files, at.Add(time.Hour)); bytes.Equal(one, other) {
			t.Errorf("%s: its time is not in it", on)
		}
	}
}

// TestNoLicence: what has no licence is not handed out.
func TestNoLicence(t *testing.T) {
	m := module{name: "example.com/none", version: "v1.0.0", folder: t.TempDir()}
	if err := m.write(&bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "example.com/none v1.0.0") {
		t.Errorf("%v", err)
	}
	for name, is := range map[string]bool{
		"LICENSE": true, "LICENCE.md": true, "COPYING": true, "LICENSE-SQLITE": true, "NOTICE.txt": true, "mit-license.txt": true, "UNLICENSE": true,
		"licenses.go": false, "noticeboard.html": false, "README.md": false,
	} {
		if licenceName.MatchString(name) != is {
			t.Errorf("%s: %v", name, !is)
		}
	}
}

func TestFlags(t *testing.T) {
	for args, want := range map[string]string{
		"-only plan9/386":                  "there is no release for \"plan9/386\"",
		"-binary x":                        "with one system",
		"now":                              "flags only",
		"-version a/../b":                  "letters, digits",
		"-version 1 -revision -X=main.a=b": "letters, digits",
	} {
		if err := run(t.Context(), strings.Fields(args)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", args, err)
		}
	}
	t.Setenv("SOURCE_DATE_EPOCH", "yesterday")
	if err := run(t.Context(), []string{"-version", "1.2.3"}); err == nil || !strings.Contains(err.Error(), "SOURCE_DATE_EPOCH") {
		t.Errorf("a time that is none: %v", err)
	}
}
