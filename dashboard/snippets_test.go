package dashboard

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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

func (c snippetCase) named(name string, change func(*snippetCase)) snippetCase {
	c.Name, c.Want = c.Name+": "+name, false
	change(&c)
	return c
}

// snippetCases are the vectors of package profile, as they are and spoilt, by profile.
func snippetCases(t *testing.T) map[string][]snippetCase {
	t.Helper()
	text, err := os.ReadFile("../profile/testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Name, Profile, Body string
		Secrets             []string
		SentAt              int64
		Headers             []profile.Header
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	all := map[string][]snippetCase{}
	for _, v := range vectors {
		good := snippetCase{
			Name: v.Name, Body: []byte(v.Body), Secret: v.Secrets[0], Now: v.SentAt, Want: true,
			Headers: map[string]string{}, Proper: map[string]string{}, CGI: map[string]string{},
		}
		for _, h := range v.Headers {
			good.Headers[strings.ToLower(h.Name)], good.Proper[h.Name] = h.Value, h.Value
			good.CGI["HTTP_"+strings.ToUpper(strings.ReplaceAll(h.Name, "-", "_"))] = h.Value
		}
		none := map[string]string{}
		all[v.Profile] = append(all[v.Profile], good,
			good.named("another body", func(c *snippetCase) { c.Body = append(slices.Clone(c.Body), ' ') }),
			good.named("another secret", func(c *snippetCase) { c.Secret = "whsec_b3RoZXIgc2VjcmV0IGhlcmU=" }),
			good.named("no headers", func(c *snippetCase) { c.Headers, c.Proper, c.CGI = none, none, none }),
		)
		if len(v.Headers) == 3 { // the time is signed
			all[v.Profile] = append(all[v.Profile], good.named("too old", func(c *snippetCase) { c.Now += 301 }), good.named("too new", func(c *snippetCase) { c.Now -= 301 }))
			for _, other := range v.Secrets[1:] {
				also := good
				also.Name, also.Secret = v.Name+": an older secret", other
				all[v.Profile] = append(all[v.Profile], also)
			}
		}
	}
	return all
}

// runtimes are what runs a snippet with its harness. Where PHP or Ruby are not
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
