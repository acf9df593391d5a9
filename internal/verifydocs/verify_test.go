package verifydocs

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/billhook/billhook/profile"
)

const (
	vectors   = "../../profile/testdata"
	functions = "../../docs/verify"
)

// languages are those of docs/verify: the file, what asks it, and the commands that
// run that in a folder with both.
var languages = []struct {
	name, file, harness string
	commands            [][]string
}{
	{"Python", "verify.py", "harness.py", [][]string{{"python3", "harness.py"}}},
	{"PHP", "verify.php", "harness.php", [][]string{{"php", "harness.php"}}},
	{"Ruby", "verify.rb", "harness.rb", [][]string{{"ruby", "-w", "harness.rb"}}},
	{"Java", "Verify.java", "Harness.java", [][]string{
		{"javac", "-J-XX:TieredStopAtLevel=1", "--release", "11", "-Xlint:all", "-Werror", "-encoding", "UTF-8", "Verify.java", "Harness.java"},
		{"java", "-cp", ".", "Harness"},
	}},
}

// TestFunctions asks the functions of each language about all cases.
func TestFunctions(t *testing.T) {
	cases := allCases(t)
	var requests bytes.Buffer
	for i := range cases {
		writeRequest(t, &requests, &cases[i])
	}
	for _, in := range languages {
		t.Run(in.name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			copyFile(t, filepath.Join(functions, in.file), filepath.Join(folder, in.file))
			copyFile(t, filepath.Join("testdata", in.harness), filepath.Join(folder, in.harness))
			answers := strings.Fields(run(t, folder, requests.Bytes(), in.commands))
			if len(answers) != len(cases) {
				t.Fatalf("%d answers to %d cases", len(answers), len(cases))
			}
			for i, c := range cases {
				if want := digit(c.Standard) + digit(c.Own); answers[i] != want {
					t.Errorf("%s: it says %s, and is %s (by Standard Webhooks, by the own header)", c.Name, answers[i], want)
				}
			}
		})
	}
}

// TestCases: there are cases of each kind for each profile, or the functions would be
// asked too little.
func TestCases(t *testing.T) {
	type kind struct {
		profile       string
		standard, own bool
	}
	count := map[kind]int{}
	for _, c := range allCases(t) {
		count[kind{c.Profile, c.Standard, c.Own}]++
	}
	for _, name := range profile.Names() {
		p, _ := profile.Named(name)
		own := p.Signature != nil
		for _, k := range []kind{{name, true, own}, {name, false, own}, {name, false, false}} {
			if count[k] < 20 {
				t.Errorf("%d cases of %+v", count[k], k)
			}
		}
	}
}

func allCases(t *testing.T) []Case {
	t.Helper()
	cases, err := Cases(vectors)
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

// writeRequest writes a case as a line: the time, then in base64 the body, the value of
// the platform's own header, each header as its name, a line break and its value, and
// each secret as a line break and the secret.
func writeRequest(t *testing.T, to *bytes.Buffer, c *Case) {
	t.Helper()
	p, ok := profile.Named(c.Profile)
	if !ok {
		t.Fatalf("there is no profile %s", c.Profile)
	}
	own := ""
	if p.Signature != nil {
		own = c.Value(p.Signature.Header)
	}
	fields := []string{string(c.Body), own}
	for _, h := range c.Headers {
		fields = append(fields, h.Name+"\n"+h.Value)
	}
	for _, secret := range c.Secrets {
		fields = append(fields, "\n"+secret)
	}
	fmt.Fprint(to, c.Now)
	for _, field := range fields {
		fmt.Fprintf(to, "\t%s", base64.StdEncoding.EncodeToString([]byte(field)))
	}
	to.WriteByte('\n')
}

// run runs the commands one after the other and returns what the last has printed. A
// language that is not installed fails: a skip would be seen by nobody.
func run(t *testing.T, folder string, input []byte, commands [][]string) string {
	t.Helper()
	var out bytes.Buffer
	for _, command := range commands {
		cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
		var said bytes.Buffer
		out.Reset()
		cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = folder, bytes.NewReader(input), &out, &said
		if err := cmd.Run(); err != nil || said.Len() > 0 {
			t.Fatalf("%s, which this test needs: %v\n%s%s", strings.Join(command, " "), err, said.String(), out.String())
		}
	}
	return out.String()
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func digit(yes bool) string {
	if yes {
		return "1"
	}
	return "0"
}

// TestManual: the profiles' headers in the manual are theirs, the functions that it
// calls are there, and its blocks can be parsed.
func TestManual(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(functions, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for _, name := range profile.Names() {
		p, _ := profile.Named(name)
		row := "| `" + name + "` | none |"
		if p.Signature != nil {
			row = "| `" + name + "` | `" + p.Signature.Header + "` |"
		}
		if !strings.Contains(text, row) {
			t.Errorf("the manual has no %s", row)
		}
	}
	parse := map[string]struct {
		before  string
		command []string
	}{
		"python": {"", []string{"python3", "-c", "import ast, sys; ast.parse(sys.stdin.read())"}},
		"php":    {"<?php\n", []string{"php", "-r", "token_get_all(stream_get_contents(STDIN), TOKEN_PARSE);"}},
		"ruby":   {"", []string{"ruby", "-e", "RubyVM::InstructionSequence.compile($stdin.read)"}},
	}
	// Those of Java are marked text: their frameworks are not at hand to run them.
	called := map[string]string{
		"python": "verify_standard verify_header", "php": "verify_standard verify_header",
		"ruby": "BillhookVerify.standard BillhookVerify.header",
		"text": "Verify.standard Verify.header",
	}
	for language, names := range called {
		blocks := blocksOf(text, language)
		if len(blocks) != 3 {
			t.Errorf("%d blocks of %s", len(blocks), language)
		}
		for _, name := range strings.Fields(names) {
			if !strings.Contains(strings.Join(blocks, ""), name+"(") {
				t.Errorf("no block of %s calls %s", language, name)
			}
		}
		if with, ok := parse[language]; ok {
			for _, block := range blocks {
				run(t, t.TempDir(), []byte(with.before+block), [][]string{with.command})
			}
		}
	}
}

// blocksOf are the blocks of code in a language.
func blocksOf(text, language string) (blocks []string) {
	for _, part := range strings.Split(text, "```"+language+"\n")[1:] {
		block, _, _ := strings.Cut(part, "```")
		blocks = append(blocks, block)
	}
	return blocks
}
