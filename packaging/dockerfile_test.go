package packaging

import (
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A stage is a part of a Dockerfile: its instructions in order.
type stage struct {
	from         string // as it stands after FROM
	instructions []instruction
}

type instruction struct{ name, args string }

// dockerfile reads the stages of the Dockerfile.
func dockerfile(t *testing.T) (stages []stage) {
	t.Helper()
	text := read(t, "docker/Dockerfile")
	text = regexp.MustCompile(`(?m)^#.*\n`).ReplaceAllString(text, "")
	text = regexp.MustCompile(`\\\n\s*`).ReplaceAllString(text, "")
	for line := range strings.Lines(text) {
		name, args, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case name == "":
		case name == "FROM":
			stages = append(stages, stage{from: args})
		case len(stages) > 0:
			last := &stages[len(stages)-1]
			last.instructions = append(last.instructions, instruction{name, strings.TrimSpace(args)})
		}
	}
	return stages
}

// all are the arguments of the instructions of a name.
func (s *stage) all(name string) (args []string) {
	for _, one := range s.instructions {
		if one.name == name {
			args = append(args, one.args)
		}
	}
	return args
}

// last are the arguments of the instruction of a name that counts.
func (s *stage) last(t *testing.T, name string) string {
	t.Helper()
	args := s.all(name)
	if len(args) == 0 {
		t.Fatalf("the stage from %s has no %s", s.from, name)
	}
	return args[len(args)-1]
}

// words reads a JSON list of arguments, after options like --interval=10s.
func words(t *testing.T, args string) (list []string) {
	t.Helper()
	at := strings.Index(args, "[")
	if at < 0 {
		t.Fatalf("%s: a shell would have to run it, and there is none", args)
	}
	if err := json.Unmarshal([]byte(args[at:]), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// buildContext copies what .dockerignore lets through to a new folder.
func buildContext(t *testing.T) string {
	t.Helper()
	ignored := strings.Fields(read(t, "docker/Dockerfile.dockerignore"))
	ignores := func(name string) bool {
		for _, pattern := range ignored {
			whole := name
			if rest, ok := strings.CutPrefix(pattern, "**/"); ok {
				pattern, whole = rest, path.Base(name)
			}
			if matched, err := path.Match(pattern, whole); err != nil {
				t.Fatal(err)
			} else if matched {
				return true
			}
		}
		return false
	}
	const from = ".."
	to := t.TempDir()
	err := filepath.Walk(from, func(file string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		within, err := filepath.Rel(from, file)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(within)
		switch {
		case ignores(name) && info.IsDir():
			return filepath.SkipDir
		case ignores(name) || !info.IsDir() && !info.Mode().IsRegular():
			return nil
		case info.IsDir():
			return os.MkdirAll(filepath.Join(to, within), 0o755)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, within), text, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
	return to
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
