package dashboard

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/billhook/billhook/internal/verifydocs"
	"github.com/billhook/billhook/profile"
)

// A snippetCase is a request to verify, in the forms in which the languages' servers
// have it.
type snippetCase struct {
	Name    string            `json:"-"`
	Body    []byte            `json:"body"`
	Headers map[string]string `json:"headers"` // names in lower case
	Proper  map[string]string `json:"proper"`  // names as the profile spells them
	CGI     map[string]string `json:"cgi"`     // HTTP_…
	Secret  string            `json:"secret"`
	Now     int64             `json:"now"`
	Want    bool              `json:"-"`
}

// snippetCases are the requests that the functions of docs/verify are asked about, too,
// by profile: those to a receiver that has one secret, as snippets do.
func snippetCases(t *testing.T) map[string][]snippetCase {
	t.Helper()
	cases, err := verifydocs.Cases("../profile/testdata")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]snippetCase{}
	for _, c := range cases {
		p, ok := profile.Named(c.Profile)
		if !ok {
			t.Fatalf("there is no profile %s", c.Profile)
		}
		// whsec_ and nothing after it is a secret cut short, which only Standard Webhooks
		// reads as no secret at all.
		if len(c.Secrets) != 1 || c.Secrets[0] == "whsec_" && p.Signature != nil {
			continue
		}
		one := snippetCase{
			Name: c.Name, Body: c.Body, Secret: c.Secrets[0], Now: c.Now, Want: c.Own,
			Headers: map[string]string{}, Proper: map[string]string{}, CGI: map[string]string{},
		}
		if p.Signature == nil {
			one.Want = c.Standard
		}
		for _, h := range c.Headers {
			one.Headers[strings.ToLower(h.Name)], one.Proper[h.Name] = h.Value, h.Value
			one.CGI["HTTP_"+strings.ToUpper(strings.ReplaceAll(h.Name, "-", "_"))] = h.Value
		}
		all[c.Profile] = append(all[c.Profile], one)
	}
	return all
}

// runtimes are what runs a snippet with its harness. Where PHP, Ruby or Java are not
// installed their snippets are not run, which the test says; the others must be there.
var runtimes = map[string]struct {
	command  []string
	snippet  string // its name beside the harness
	harness  string
	optional bool
}{
	"Node":   {[]string{"node", "harness.mjs"}, "snippet.mjs", "harness.mjs", false},
	"Go":     {[]string{"go", "run", "snippet.go", "harness.go", "call.go"}, "snippet.go", "harness.go", false},
	"Python": {[]string{"python3", "harness.py"}, "snippet.py", "harness.py", false},
	"PHP":    {[]string{"php", "harness.php"}, "snippet.php", "harness.php", true},
	"Ruby":   {[]string{"ruby", "harness.rb"}, "snippet.rb", "harness.rb", true},
	"Java":   {[]string{"java", "-cp", ".", "Harness"}, "Webhooks.java", "Harness.java", true},
}

// TestSnippets runs each snippet on the vectors of each profile.
func TestSnippets(t *testing.T) {
	for name, cases := range snippetCases(t) {
		p, ok := profile.Named(name)
		if !ok {
			t.Fatalf("there is no profile %s", name)
		}
		snippets, err := snippetsOf(p)
		if err != nil {
			t.Fatal(err)
		}
		if len(snippets) != len(runtimes) {
			t.Errorf("%d languages, of which this test knows %d", len(snippets), len(runtimes))
		}
		for _, s := range snippets {
			t.Run(name+"/"+s.Language, func(t *testing.T) { runSnippet(t, s, cases, p.Signature == nil) })
		}
	}
}

func runSnippet(t *testing.T, s snippet, cases []snippetCase, timed bool) {
	t.Parallel()
	in := runtimes[s.Language]
	if _, err := exec.LookPath(in.command[0]); err != nil {
		if !in.optional {
			t.Fatalf("%s is needed: %v", in.command[0], err)
		}
		t.Skipf("NOT RUN: %s is not installed, so that nothing shows that its snippet works", in.command[0])
	}
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	harness := in.harness
	if s.Language == "Go" {
		harness += ".txt"
		call := "package main\n\nimport \"net/http\"\n\nfunc call(body []byte, header http.Header, secret string, _ int64) bool { return verify(body, header, secret) }\n"
		if timed {
			call = "package main\n\nimport (\n\t\"net/http\"\n\t\"time\"\n)\n\nfunc call(body []byte, header http.Header, secret string, now int64) bool { return verify(body, header, secret, time.Unix(now, 0)) }\n"
		}
		write("call.go", call)
	}
	text, err := os.ReadFile(filepath.Join("testdata/snippets", harness))
	if err != nil {
		t.Fatal(err)
	}
	write(in.harness, string(text))
	write(in.snippet, s.Code)
	input, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	if s.Language == "Java" { // which has no JSON of its own
		input = javaLines(cases)
		compile := exec.CommandContext(t.Context(), "javac", "-J-XX:TieredStopAtLevel=1", "-encoding", "UTF-8", in.snippet, in.harness)
		compile.Dir = dir
		if said, err := compile.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
	}
	run := exec.CommandContext(t.Context(), in.command[0], in.command[1:]...)
	run.Dir, run.Stdin = dir, bytes.NewReader(input)
	var said bytes.Buffer
	run.Stderr = &said
	out, err := run.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	var answers []bool
	if err := json.Unmarshal(out, &answers); err != nil || len(answers) != len(cases) {
		t.Fatalf("%d answers to %d cases: %v\n%s", len(answers), len(cases), err, out)
	}
	for i, c := range cases {
		if answers[i] != c.Want {
			t.Errorf("%s: it says %v", c.Name, answers[i])
		}
	}
}

// javaLines are the cases in lines of time, secret, body and headers, apart by tabs,
// which none of them has.
func javaLines(cases []snippetCase) (lines []byte) {
	for _, c := range cases {
		lines = fmt.Appendf(lines, "%d\t%s\t%s", c.Now, c.Secret, base64.StdEncoding.EncodeToString(c.Body))
		for name, value := range c.Headers {
			lines = fmt.Appendf(lines, "\t%s\t%s", name, value)
		}
		lines = append(lines, '\n')
	}
	return lines
}
