package packaging

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSettings: the variables and flags that an image, a unit or a chart sets are those
// of the command. One that is not is heard by nobody.
func TestSettings(t *testing.T) {
	var source strings.Builder
	sources, err := filepath.Glob("../cmd/billhook/*.go")
	if err != nil || len(sources) == 0 {
		t.Fatal(sources, err)
	}
	for _, file := range sources {
		if !strings.HasSuffix(file, "_test.go") {
			source.WriteString(read(t, file))
		}
	}
	variable := regexp.MustCompile(`BILLHOOK_[A-Z_]+[A-Z]`)
	flag := regexp.MustCompile(`--([a-z]+(-[a-z]+)*-(key|file|url))\b`)
	names := map[string]bool{}
	for _, folder := range []string{"docker", "systemd", "helm/billhook"} {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text := read(t, path)
			for _, name := range variable.FindAllString(text, -1) {
				names[name] = true
			}
			for _, found := range flag.FindAllStringSubmatch(text, -1) {
				names["BILLHOOK_"+strings.ToUpper(strings.ReplaceAll(found[1], "-", "_"))] = true
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(names) < 8 {
		t.Errorf("only %v", names)
	}
	for name := range names {
		if !strings.Contains(source.String(), `"`+name+`"`) {
			t.Errorf("%s is no setting of billhook", name)
		}
	}
}

// TestGoVersion: the image is built by the Go that the module asks for.
func TestGoVersion(t *testing.T) {
	goVersion := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "../go.mod"))[1]
	if want := "ARG GO_VERSION=" + goVersion + "\n"; !strings.Contains(read(t, "docker/Dockerfile"), want) {
		t.Errorf("the Dockerfile has no %s", want)
	}
}
