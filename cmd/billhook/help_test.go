package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

func newParser(t *testing.T) *kong.Kong {
	t.Helper()
	parser, err := kong.New(new(cli), kong.Name("billhook"), kong.Help(printHelp),
		kong.BindTo(context.Background(), (*context.Context)(nil)), kong.Exit(func(int) {}))
	if err != nil {
		t.Fatal(err)
	}
	return parser
}

// TestExamples: each command has an example, which is that command and is understood.
func TestExamples(t *testing.T) {
	t.Chdir(t.TempDir()) // nothing is carried out, and files that are named are not there
	commands := 0
	for _, command := range newParser(t).Model.Leaves(true) {
		commands++
		example := exampleOf(command)
		path := command.FullPath()
		if example != path && !strings.HasPrefix(example, path+" ") {
			t.Errorf("%s: its example is %q", path, example)
			continue
		}
		k, err := newParser(t).Parse(words(t, example)[1:])
		if err != nil {
			t.Errorf("%s: %v", example, err)
		} else if k.Selected().FullPath() != path {
			t.Errorf("%s: is %s", example, k.Selected().FullPath())
		}
	}
	if commands < 40 {
		t.Errorf("%d commands were looked at", commands)
	}
}

// TestCommandsAreDocumented: docs/CLI.md names each command.
func TestCommandsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/CLI.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range newParser(t).Model.Leaves(true) {
		if name := "`" + strings.TrimPrefix(command.FullPath(), "billhook ") + "`"; !strings.Contains(string(text), name) {
			t.Errorf("docs/CLI.md lacks %s", name)
		}
	}
}

// words are a line's as a shell has them, which knows single quotes alone.
func words(t *testing.T, line string) []string {
	t.Helper()
	var all []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			all = append(all, part)
			continue
		}
		all = append(all, strings.Fields(part)...)
	}
	if strings.Count(line, "'")%2 != 0 {
		t.Fatalf("%s: a quote is open", line)
	}
	return all
}

// TestHelpShowsExample: who asks for help sees it.
func TestHelpShowsExample(t *testing.T) {
	parser := newParser(t)
	var out bytes.Buffer
	parser.Stdout = &out
	_, _ = parser.Parse([]string{"replay", "--help"}) // which ends here in a command, not in a test
	if text := out.String(); !strings.Contains(text, "Example:\n  billhook replay wh_1 --since 2h") {
		t.Error(text)
	}
}
