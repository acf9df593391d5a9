package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/billhook/billhook/profile"
)

// run runs a command of the binary and returns what it prints and its exit code.
func run(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	command := exec.Command(binary, args...)
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	if err := command.Run(); command.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), command.ProcessState.ExitCode()
}

// want runs a command and wants its exit code, and something of what it prints.
func want(t *testing.T, code int, says string, args ...string) {
	t.Helper()
	out, errs, got := run(t, args...)
	if got != code || !strings.Contains(out+errs, says) {
		t.Errorf("%v exits with %d, not %d, or does not say %q:\n%s%s", args, got, code, says, out, errs)
	}
}

var pageURL = regexp.MustCompile(`(?m)^Page +(http://\S+)/_/$`)

// ownFiles writes the profiles of profile/testdata/own.json, and gives their names and
// secrets.
func ownFiles(t *testing.T, folder string) (names []string, files []string, secrets map[string]string) {
	t.Helper()
	text, err := os.ReadFile("../../profile/testdata/own.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Profile json.RawMessage
		Secret  string
	}
	if err := json.Unmarshal(text, &vectors); err != nil || len(vectors) == 0 {
		t.Fatalf("%d vectors, %v", len(vectors), err)
	}
	secrets = map[string]string{}
	for _, v := range vectors {
		p, err := profile.Parse(v.Profile)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(folder, p.Name+".json")
		if err := os.WriteFile(file, v.Profile, 0o600); err != nil {
			t.Fatal(err)
		}
		names, files, secrets[p.Name] = append(names, p.Name), append(files, file), v.Secret
	}
	return names, files, secrets
}

// TestWireFormats: deliveries of all profiles, those that come along and those of files,
// arrive at inspect, verify, and of each a profile is made that renders it byte for byte,
// and that serve takes.
func TestWireFormats(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	names, files, secrets := ownFiles(t, folder)
	flags, learned := []string{"--dev"}, []string{"--dev"}
	for _, file := range files {
		flags = append(flags, "--profile-file", file)
	}
	for _, name := range profile.Names() {
		names, secrets[name] = append(names, name), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	}
	saved := filepath.Join(folder, "saved")
	bin := spawn(t, nil, binary, "inspect", "--addr", "127.0.0.1:0", "--save", saved, "--show", "line", "--answer-body", "thanks")
	eventually(t, patience, func() string {
		if !pageURL.MatchString(bin.stderr.String()) {
			return "inspect does not say where it is: " + bin.stderr.String()
		}
		return ""
	})
	url := pageURL.FindStringSubmatch(bin.stderr.String())[1]
	s := serve(t, t.TempDir(), flags...)
	for _, name := range names {
		s.call("POST", "/api/stores", fmt.Sprintf(`{"id":%q,"name":"A shop","profile":%q}`, name, name), http.StatusCreated)
		in := s.in(t, name)
		in.call("POST", "/api/webhooks", fmt.Sprintf(`{"url":"%s/%s","secret":%q,"events":["*"]}`, url, name, secrets[name]), http.StatusCreated)
		eventType := "order.paid"
		if p, ok := profile.Named(name); ok {
			eventType = p.EventTypes[0].Name
		}
		in.call("POST", "/api/events", fmt.Sprintf(`{"type":%q,"data":{"id":"o_1","note":"Zoë/<b>","total":25.50}}`, eventType), http.StatusAccepted)
	}
	s.settled(patience)
	// What the profile sends is no webhook's to set.
	s.in(t, "hub").refused("POST", "/api/webhooks", fmt.Sprintf(`{"url":"%s/x","events":["*"],"headers":{"x-hub-event":"mine"}}`, url), http.StatusUnprocessableEntity)

	recorded := map[string]string{} // by profile
	entries, err := os.ReadDir(saved)
	if err != nil || len(entries) != len(names) {
		t.Fatalf("%d requests are saved, not %d: %v", len(entries), len(names), err)
	}
	for _, entry := range entries {
		file := filepath.Join(saved, entry.Name())
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, path, _ := strings.Cut(string(text), " /")
		name, _, _ := strings.Cut(path, " ")
		recorded[name] = file
	}
	for _, name := range names {
		file, made := recorded[name], filepath.Join(folder, "learned-"+name+".json")
		secret := filepath.Join(folder, "secret-"+name)
		if err := os.WriteFile(secret, []byte(secrets[name]+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		of := name
		if _, ok := profile.Named(name); !ok {
			of = filepath.Join(folder, name+".json")
			want(t, 0, "byte-equal", "profile", "check", of, "--request", file, "--secret-file", secret)
		}
		want(t, 0, "Verified", "verify", "--request", file, "--secret-file", secret, "--profile", of)
		want(t, 0, "Verified", "verify", "--request", file, "--secret-file", secret)
		want(t, 1, "wrong_secret", "verify", "--request", file, "--secret", "whsec_another-secret", "--profile", of)
		want(t, 0, "is written", "profile", "new", "--request", file, "--secret-file", secret, "--name", "learned-"+name, "-o", made)
		want(t, 0, "byte-equal", "profile", "check", made, "--request", file, "--secret-file", secret)
		want(t, 1, "DIFFERS", "profile", "check", made, "--request", file, "--secret", "another-secret")
		want(t, 1, "is there already", "profile", "new", "--request", file, "--secret-file", secret, "--name", "x", "-o", made)
		learned = append(learned, "--profile-file", made)
	}
	again := serve(t, t.TempDir(), learned...)
	for _, name := range names {
		again.call("POST", "/api/stores", fmt.Sprintf(`{"id":%q,"name":"A shop","profile":"learned-%s"}`, name, name), http.StatusCreated)
	}
}

// TestVerifyInput: what was given wrong is said, and no secret is told.
func TestVerifyInput(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, "recorded.txt")
	if err := os.WriteFile(file, []byte("> POST / HTTP/1.1\n> webhook-id: evt_1\n>\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		says string
		args []string
	}{
		{"no secret was given", []string{"--request", file}},
		{"no request was given", []string{"--secret", "order-secret-123"}},
		{"give it with --body", []string{"--secret", "order-secret-123", "--request", file}},
		{"no such file", []string{"--secret", "order-secret-123", "--request", filepath.Join(folder, "nowhere")}},
		{"give it as 'NAME: VALUE'", []string{"--secret", "order-secret-123", "--header", "x"}},
		{"the profiles that come along are commerce-engine", []string{"--secret", "order-secret-123", "--request", file, "--profile", "litstore"}},
		{"in unix seconds", []string{"--secret", "order-secret-123", "--request", file, "--now", "noon"}},
		{"header_missing", []string{"--secret", "order-secret-123", "--request", file, "--body", file, "--profile", "litestore"}},
	} {
		out, errs, code := run(t, append([]string{"verify"}, test.args...)...)
		if code != 1 || !strings.Contains(out+errs, test.says) || strings.Contains(out+errs, "order-secret-123") {
			t.Errorf("%v exits with %d: %s%s", test.args, code, out, errs)
		}
	}
	if _, errs, code := run(t, "inspect", "--addr", "0.0.0.0:0"); code != 1 || !strings.Contains(errs, "--public") {
		t.Errorf("inspect for all exits with %d: %s", code, errs)
	}
	var answer struct {
		Verified bool
		Reason   string
	}
	out, _, _ := run(t, "verify", "--secret", "order-secret-123", "--request", file, "--body", file, "--json")
	if err := json.Unmarshal([]byte(out), &answer); err != nil || answer.Verified || answer.Reason != "header_missing" {
		t.Errorf("%s: %v", out, err)
	}
}
