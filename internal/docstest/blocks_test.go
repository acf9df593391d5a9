package docstest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"go.yaml.in/yaml/v3"
)

// command runs a block of commands, or starts it where its last one keeps running.
func (s *session) command(text string, after *block) error {
	if serving.MatchString(text) {
		if s.serves = true; s.background != nil {
			if err := s.stop(s.background); err != nil {
				return err
			}
		}
	} else if !s.page.startsServer() {
		if err := s.wantServer(); err != nil {
			return err
		}
	}
	before, last := lastCommand(text)
	s.printed = ""
	if lasting.MatchString(last) {
		// What comes before it is the reader's shell's: variables, above all.
		if _, err := s.shell.run(before); err != nil {
			return err
		}
		_, err := s.startReady(last, last)
		return err
	}
	out, err := s.shell.run(text)
	for end := time.Now().Add(15 * time.Second); err == nil && asks(text) && after != nil && after.language == "answer" && !matches(s.localize(after.text), out) && time.Now().Before(end); {
		time.Sleep(100 * time.Millisecond)
		out, err = s.shell.run(text)
	}
	s.printed = out
	return err
}

// lastCommand is the last of a block's commands, with the lines that it goes on in, and what is
// before it.
func lastCommand(text string) (before, last string) {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	at := len(lines) - 1
	for at > 0 && strings.HasSuffix(lines[at-1], "\\") {
		at--
	}
	return strings.Join(lines[:at], "\n") + "\n", strings.Join(lines[at:], "\n")
}

// changing is what a command has that may change something.
var changing = regexp.MustCompile(`(^| )(-d|-X|-T|--data\S*)( |$)|curl.* --json|\b(emit|trigger|create|update|apply|replay|recover|rotate|serve|copy|delete|retry)\b`)

// asks reports whether commands change nothing, so that they can be repeated until the
// answer is the one that comes in the end.
func asks(text string) bool {
	for _, line := range strings.Split(text, "\n") {
		if changing.MatchString(line) {
			return false
		}
	}
	return true
}

// answered checks what was printed: by the command before, or by what runs.
func (s *session) answered(b block, text string) error {
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		var all strings.Builder
		all.WriteString(s.printed)
		if matches(text, s.printed) {
			return nil
		}
		for _, j := range s.jobs {
			said := j.stdout() + j.stderr()
			if matches(text, said) {
				return nil
			}
			all.WriteString(said)
		}
		if time.Now().After(end) {
			return fmt.Errorf("not this was answered, but:\n%s", tail(all.String()))
		}
	}
}

var spaces = regexp.MustCompile(`\s+`)

// matches reports whether a text has what the pattern shows: an ellipsis is anything, and
// any white space is as good as any other.
func matches(pattern, text string) bool {
	quoted := regexp.QuoteMeta(strings.TrimSpace(pattern))
	quoted = strings.ReplaceAll(spaces.ReplaceAllString(quoted, `\s+`), "…", `.*?`)
	return regexp.MustCompile("(?s)" + quoted).MatchString(text)
}

// save puts a file into the reader's folder, once it is known to be one of its language.
func (s *session) save(name, language, text string) error {
	file := filepath.Join(s.folder, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	if language == "json" || language == "yaml" {
		if err := parses(language, text); err != nil {
			return err
		}
	}
	return os.WriteFile(file, []byte(text), 0o600)
}

func parses(language, text string) error {
	switch language {
	case "python":
		return checkedBy(text, "python3", "-c", "import ast, sys; ast.parse(sys.stdin.read())")
	case "php":
		return checkedBy("<?php\n"+text, "php", "-l")
	case "ruby":
		return checkedBy(text, "ruby", "-c", "-")
	case "json":
		for d := json.NewDecoder(strings.NewReader(text)); ; {
			var value any
			if err := d.Decode(&value); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
		}
	default:
		for d := yaml.NewDecoder(strings.NewReader(text)); ; {
			var value any
			if err := d.Decode(&value); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
		}
	}
}

// script runs a block of JavaScript, to its end or until it listens.
func (s *session) script(language, text string) error {
	if npmPackage.MatchString(text) {
		return s.runByPackage()
	}
	if language == "ts" {
		return errors.New("nothing here runs TypeScript but the npm package's own test")
	}
	if err := s.wantServer(); err != nil {
		return err
	}
	name := fmt.Sprintf("block-%d.mjs", s.count)
	if err := os.WriteFile(filepath.Join(s.folder, name), []byte(text), 0o600); err != nil {
		return err
	}
	return s.program("node " + name)
}

// npmPackage is an import of the package in clients/typescript.
var npmPackage = regexp.MustCompile(`from "billhook(/\w+)?"`)

// runByPackage: what imports the npm package takes the package built and its frameworks
// installed, as the package's own tests have it. They must name the page.
func (s *session) runByPackage() error {
	const test = "clients/typescript/test/docs.test.mjs"
	source, err := os.ReadFile(filepath.Join(s.root, filepath.FromSlash(test)))
	if err != nil {
		return err
	}
	if !strings.Contains(string(source), strings.TrimPrefix(s.page.path, "clients/typescript/")) {
		return fmt.Errorf("%s, which runs what imports the package, does not name %s", test, s.page.path)
	}
	return nil
}

// program runs a command that may end by itself or go on.
func (s *session) program(command string) error {
	s.printed = ""
	_, err := s.startReady(command, "node")
	return err
}

// goCode builds and runs a program, and finds anything else in the module's examples.
func (s *session) goCode(b block, text string) error {
	if !strings.Contains(text, "package main\n") {
		return inExamples(s.root, b.text)
	}
	if err := s.wantServer(); err != nil {
		return err
	}
	base := filepath.Join(s.notes, fmt.Sprintf("program%d", b.line))
	if err := os.WriteFile(base+".go", []byte(text), 0o600); err != nil {
		return err
	}
	build := exec.Command("go", "build", "-o", base, base+".go")
	build.Dir = s.root // its modules are those that a program may use
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return s.program(base)
}

// inExamples reports an error unless the lines are a part of a file that the compiler and
// the tests hold: an Example test, or an example program.
func inExamples(root, text string) error {
	var files []string
	for _, pattern := range []string{"example*_test.go", "*/example*_test.go", "*/*/example*_test.go", "examples/*/*.go"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return err
		}
		files = append(files, found...)
	}
	want := trimLines(text)
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if strings.Contains(trimLines(string(source)), want) {
			return nil
		}
	}
	return errors.New("this is neither a whole program nor, line by line, part of an Example test (example*_test.go) or of examples/")
}

// trimLines takes the indentation away, which is deeper in a function.
func trimLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return "\n" + strings.Join(lines, "\n") + "\n"
}

// checkedBy has a language's own runtime say whether a text is of the language.
func checkedBy(text, name string, args ...string) error {
	command := exec.Command(name, args...)
	command.Stdin = strings.NewReader(text)
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

var (
	requested = regexp.MustCompile(`(?s)^(GET|POST|PUT|PATCH|DELETE) (\S+)\n((?:[\w-]+: [^\n]*\n)*)\n?(.*?)→ (\d+) ?(.*)$`)
	// answerPart is a member with its value, an object, or words in quotes.
	answerPart = regexp.MustCompile(`\{.*?\}|"[^"]*":\{.*?\}|("[^"]*":("[^"]*"|[^" ]+)(,"[^"]*":[^" ,]+)*)|"([^"\\]|\\.)*"`)
)

// exchange makes a request to the page's server, and checks the answer.
func (s *session) exchange(text string) error {
	if err := s.wantServer(); err != nil {
		return err
	}
	parts := requested.FindStringSubmatch(text)
	if parts == nil {
		return errors.New("it is not: METHOD path, headers, a body, → status and parts of the answer")
	}
	path := strings.ReplaceAll(parts[2], "{id}", s.created)
	req, err := http.NewRequest(parts[1], "http://127.0.0.1:"+s.port("4000")+path, strings.NewReader(parts[4]))
	if err != nil {
		return err
	}
	req.Header.Set("x-api-key", "dev-staff-key")
	if strings.TrimSpace(parts[4]) != "" {
		req.Header.Set("content-type", "application/json")
	}
	for _, header := range strings.Split(strings.TrimSpace(parts[3]), "\n") {
		if name, value, found := strings.Cut(header, ": "); found {
			req.Header.Set(name, value)
		}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if fmt.Sprint(resp.StatusCode) != parts[5] {
		return fmt.Errorf("answered %d %s", resp.StatusCode, answer)
	}
	var made struct{ ID string }
	if resp.StatusCode/100 == 2 && json.Unmarshal(answer, &made) == nil && made.ID != "" && parts[1] == "POST" {
		s.created = made.ID
	}
	for _, part := range answerPart.FindAllString(strings.TrimSpace(parts[6]), -1) {
		if strings.HasPrefix(part, `"`) && !strings.Contains(part, `":`) {
			part = strings.Trim(part, `"`)
		}
		if !bytes.Contains(answer, []byte(part)) {
			return fmt.Errorf("no %s in the answer %s", part, answer)
		}
	}
	return nil
}

// statements run on the page's database, where Billhook's schema is.
func (s *session) statements(text string) error {
	if err := s.wantServer(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.databaseURL(onlyDatabase))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.PgConn().Exec(ctx, text).ReadAll()
	return err
}
