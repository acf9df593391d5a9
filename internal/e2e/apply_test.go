package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestApply declares webhooks in files, and tries each way that a command can end.
func TestApply(t *testing.T) {
	r := receive(t)
	s := serve(t, t.TempDir())
	file := filepath.Join(t.TempDir(), "webhooks.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	do := func(args ...string) result { t.Helper(); return s.billhook(t, append(args, "-f", file)...) }
	exits := func(code int, r result) result {
		t.Helper()
		if r.code != code || r.stderr != "" {
			t.Errorf("it ends with %d, not %d: %s%s", r.code, code, r.stdout, r.stderr)
		}
		return r
	}

	write("- {name: ERP, url: '" + r.URL + "/erp', events: [order.paid], secret: a-secret-of-the-erp}\n- {name: Mail, url: '" + r.URL + "/mail', events: ['*']}\n")
	exits(1, do("diff")).has(`+ webhook "ERP"`, "2 to create, 0 to change, 0 to delete")
	exits(0, do("apply", "--dry-run")).has(`+ webhook "ERP"`)
	if n := len(s.billhook(t, "webhooks", "list", "--json").objects()); n != 0 {
		t.Errorf("a dry run has made %d webhooks", n)
	}
	exits(0, do("apply")).has("2 of 2 changes made, 0 as declared")
	exits(0, do("apply")).has("0 of 0 changes made, 2 as declared")
	exits(0, do("diff"))

	write("- {name: ERP, url: '" + r.URL + "/erp2', events: [order.paid], secret: another-secret-of-the-erp}\n")
	changed := exits(1, do("diff", "--json", "--prune"))
	if lines := slices.Collect(strings.Lines(changed.stdout)); len(lines) != 2 || strings.Contains(changed.stdout, "secret-of") {
		t.Errorf("--json: %s", changed.stdout)
	}
	changed.has(`"action":"update"`, `"member":"url"`, `"member":"secret"`, `"action":"delete"`)
	do("apply", "--prune").refused(1, "1 webhooks would be deleted", "--yes")
	exits(0, do("apply", "--prune", "--yes", "--grace", "0s")).has("2 of 2 changes made")
	if got := s.billhook(t, "webhooks", "list", "--json").objects(); len(got) != 1 {
		t.Errorf("%d webhooks are left", len(got))
	}
	s.billhookReading(t, "{name: Piped, url: '"+r.URL+"/piped', events: ['*']}", "apply", "-f", "-").ok().has(`+ webhook "Piped"`)

	write("- {name: ERP, url: '" + r.URL + "', evnts: [order.paid]}\n")
	do("diff").refused(2, file+":1: the webhook has no member evnts: did you mean events?")
	do("apply").refused(1, "did you mean events?")
	write("- {name: ERP, url: 'ftp://x', events: [order.paid], secret: another-secret-of-the-erp}\n")
	if got := do("apply"); got.code != 1 || !strings.Contains(got.stderr, file+":1: update webhook \"ERP\"") {
		t.Errorf("%+v", got)
	}
	s.billhook(t, "apply").refused(2, "--file")
}

// TestTrigger emits examples, with and without an answer of the receiver's.
func TestTrigger(t *testing.T) {
	r := receive(t)
	s := serve(t, t.TempDir())
	s.billhook(t, "trigger").ok().has("TYPE", "order.paid")
	s.billhook(t, "trigger", "order.paid").ok().has("no webhook of the store wants it")
	hook := s.billhook(t, "webhooks", "create", r.URL+"/hook", "--events", "order.*", "--json").id()
	s.billhook(t, "trigger", "order.paid", "--set", "data.total=1").ok().has(hook + ": delivered, 204 No Content in ")
	events := s.billhook(t, "trigger", "order.paid", "--count", "2", "--set-json", `data.tags=["a"]`, "--set", "data.note=it's", "--json").objects()
	if len(events) != 4 {
		t.Fatalf("%d lines", len(events))
	}
	first, second := events[1]["payload"].(map[string]any), events[3]["payload"].(map[string]any)
	if first["id"] == second["id"] || first["note"] != "it's" || len(first["tags"].([]any)) != 1 {
		t.Errorf("%v %v", first, second)
	}
	data := filepath.Join(t.TempDir(), "data.json")
	if err := os.WriteFile(data, []byte(`{"mine":true}`), 0o600); err != nil {
		t.Fatal(err)
	}
	s.billhook(t, "trigger", "order.mine", "--data", "@"+data, "--json").ok().has(`"payload":{"mine":true}`)
	s.billhook(t, "trigger", "order.paid", "--webhook", hook).ok().has("delivered")

	s.billhook(t, "webhooks", "create", "http://127.0.0.1:1/", "--events", "order.paid").ok()
	if got := s.billhook(t, "trigger", "order.paid", "--wait", "300ms"); got.code != 1 || !strings.Contains(got.stdout, ": pending after 1 attempt: nothing listens") || got.stderr != "" {
		t.Errorf("%+v", got)
	}
	s.billhook(t, "trigger", "order.paid", "--wait", "0s").ok().has("accepted, for 2 webhooks")
	s.billhook(t, "trigger", "no.such").refused(1, "`billhook trigger` lists")
	s.billhook(t, "trigger", "order.paid", "--set", "total=1").refused(1, "like data.total")
	s.billhook(t, "trigger", "order.paid", "--count", "0").refused(2, "--count=0")
	s.billhook(t, "trigger", "order.paid", "--webhook", hook, "--set", "data.a=1").refused(2, "leave --set")
}

// TestDoctor looks at a service as it runs, at one with a file that others may read, and
// at none.
func TestDoctor(t *testing.T) {
	data := t.TempDir()
	s := serve(t, data)
	s.billhook(t, "doctor", "--data", data).ok().has("ok    reachable: ", "warn  development mode: ", "ok    audit log: ", "ok    secret keys: nobody else may read")
	for _, one := range s.billhook(t, "doctor", "--json").objects() {
		if one["check"] == "" || one["level"] == "FAIL" {
			t.Errorf("%v", one)
		}
	}
	if err := os.Chmod(filepath.Join(data, "secret-keys"), 0o644); err != nil { // #nosec G302 -- that is what is to be found
		t.Fatal(err)
	}
	if got := s.billhook(t, "doctor", "--data", data); got.code != 1 || !strings.Contains(got.stdout, "FAIL  secret keys: ") || got.stderr != "" {
		t.Errorf("%+v", got)
	}
	s.kill()
	if got := s.billhook(t, "doctor"); got.code != 1 || !strings.Contains(got.stdout, "FAIL  reachable: ") {
		t.Errorf("%+v", got)
	}
}

// TestCompletion has the scripts of the command itself know what it has.
func TestCompletion(t *testing.T) {
	run := func(args ...string) result {
		p := spawn(t, nil, binary, args...)
		return result{t, "", "", p.exitCode(patience)}.with(p)
	}
	script := run("completion", "bash").ok().stdout
	for line, want := range map[string][]string{
		"billhook ":                     {"serve", "apply", "diff", "doctor", "trigger", "webhooks", "completion"},
		"billhook webhooks ":            {"list", "create", "rotate-secret"},
		"billhook apply --p":            {"--prune", "--prune-all"},
		"billhook serve --log-format ":  {"text", "json"},
		"billhook completion ":          {"bash", "zsh", "fish"},
		"billhook --json webhooks list": {"list"},
	} {
		words := strings.Split(line, " ")
		p := spawn(t, nil, "bash", append([]string{"--norc", "-c", script + `
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _billhook; printf '%s\n' "${COMPREPLY[@]}"`, "bash"}, words...)...)
		p.exitCode(patience)
		got := strings.Fields(p.stdout.String())
		for _, word := range want {
			if !slices.Contains(got, word) {
				t.Errorf("%q: %s is not among %q", line, word, got)
			}
		}
		if slices.ContainsFunc(got, func(word string) bool { return strings.HasPrefix(word, "bench-") }) {
			t.Errorf("%q: what is hidden is told: %q", line, got)
		}
	}
	for _, shell := range []string{"zsh", "fish"} {
		if got := run("completion", shell).ok().stdout; !strings.Contains(got, "webhooks list") || !strings.Contains(got, "rotate-secret") {
			t.Errorf("%s: %s", shell, got)
		}
	}
	run("completion", "csh").refused(2, "bash")
}

// with has what a process has printed.
func (r result) with(p *process) result {
	r.stdout, r.stderr = p.stdout.String(), p.stderr.String()
	return r
}
