package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A result is what a command has printed, and how it ended.
type result struct {
	t              *testing.T
	stdout, stderr string
	code           int
}

// billhook runs a command that talks to the server, and waits for it.
func (s *server) billhook(t *testing.T, args ...string) result {
	t.Helper()
	return s.billhookReading(t, "", args...)
}

func (s *server) billhookReading(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	p := spawn(t, []string{"BILLHOOK_URL=" + s.url}, binary, args...)
	if _, err := p.stdin.Write([]byte(stdin)); err != nil && stdin != "" {
		t.Fatal(err)
	}
	p.stdin.Close()
	code := p.exitCode(2 * patience)
	return result{t, p.stdout.String(), p.stderr.String(), code}
}

// ok is the result of a command that had to succeed.
func (r result) ok() result {
	r.t.Helper()
	if r.code != 0 {
		r.t.Fatalf("it ends with %d: %s%s", r.code, r.stdout, r.stderr)
	}
	return r
}

// refused is the result of a command that had to fail, and to say so.
func (r result) refused(code int, parts ...string) {
	r.t.Helper()
	if r.code != code || r.stdout != "" {
		r.t.Errorf("it ends with %d, not %d, and printed %q", r.code, code, r.stdout)
	}
	for _, part := range parts {
		if !strings.Contains(r.stderr, part) {
			r.t.Errorf("it does not say %q: %s", part, r.stderr)
		}
	}
}

func (r result) has(parts ...string) result {
	r.t.Helper()
	for _, part := range parts {
		if !strings.Contains(r.stdout, part) {
			r.t.Errorf("%q is not printed:\n%s", part, r.stdout)
		}
	}
	return r
}

// objects are what --json printed, one a line.
func (r result) objects() (all []map[string]any) {
	r.t.Helper()
	for line := range strings.Lines(r.ok().stdout) {
		var one map[string]any
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			r.t.Fatalf("%v: %s", err, line)
		}
		all = append(all, one)
	}
	return all
}

func (r result) id() string {
	r.t.Helper()
	all := r.objects()
	if len(all) != 1 {
		r.t.Fatalf("%d objects: %s", len(all), r.stdout)
	}
	return all[0]["id"].(string)
}

// TestCommands uses each command that talks to a service, as somebody would.
func TestCommands(t *testing.T) {
	r := receive(t)
	s := serve(t, t.TempDir())
	do := func(args ...string) result { t.Helper(); return s.billhook(t, args...) }

	do("stores", "create", "shop", "--name", "The <shop>", "--retry-policy", "five", "--body", `{"deactivateAfterSeconds":3600}`).ok().
		has("name              The <shop>", "maxAttempts\":6", "deactivate after  1h\n")
	do("stores", "update", "shop", "--retry-policy", "null", "--name", "Shop").ok().has("name              Shop")
	do("stores", "list").ok().has("ID       NAME", "default", "shop")
	if got := do("stores", "get", "shop", "--json").ok().stdout; got != string(s.call("GET", "/api/stores/shop", "", 200).body)+"\n" {
		t.Errorf("--json is not what the API answers: %s", got)
	}

	hook := do("webhooks", "create", r.URL+"/hook", "--events", "order.*,cart.*", "--header", "X-Shop: 7, 8", "--no-active", "--json").id()
	do("webhooks", "update", hook, "--active", "--name", "first", "--filter", "data.total > 1").ok().has("active", "yes", "data.total > 1")
	do("webhooks", "update", hook, "--body", `{"filter":null}`).ok()
	do("webhooks", "get", hook).ok().has(r.URL+"/hook", `{"X-Shop":"***"}`)
	do("webhooks", "list").ok().has(hook, "order.* cart.*", "first")
	do("webhooks", "test", hook, "--type", "order.paid").ok().has("status        delivered", "outcome  204")
	secret := do("webhooks", "secret", hook).ok().has("whsec_", "header X-Shop").stdout
	mine := s.billhookReading(t, "whsec_a-secret-of-my-own\n", "webhooks", "rotate-secret", hook, "--secret", "-", "--grace", "1h").ok().has("secret  whsec_a-secret-of-my-own\n").stdout
	if strings.Contains(mine, strings.Fields(secret)[1]) {
		t.Error("the old secret is shown as the new one")
	}
	do("webhooks", "health", hook).ok().has("state", "closed", "\n1m ", "\n24h ", "100.0 %")
	do("webhooks", "ledger", hook).ok().has("DAY", time.Now().UTC().Format(time.DateOnly))

	do("event-types", "put", "cart.emptied", "--description", "Nothing is in it", "--schema", `{"type":"object"}`).ok().has("version      1")
	do("event-types", "get", "cart.emptied").ok().has(`{"type":"object"}`)
	do("event-types", "list", "--all").ok().has("order.paid", "cart.emptied")
	do("event-types", "delete", "cart.emptied").ok()

	event := s.billhookReading(t, `{"big":9007199254740993}`, "emit", "order.paid", "--data", "-", "--entity", "order:o_1", "--actor", "user:u_1", "--key", "once", "--json").id()
	if again := do("emit", "order.paid", "--data", `{"big":9007199254740993}`, "--entity", "order:o_1", "--actor", "user:u_1", "--key", "once", "--json").id(); again != event {
		t.Errorf("with the same key it is %s, and was %s", again, event)
	}
	do("events", "get", event).ok().has(`{"big":9007199254740993}`, "user:u_1", "once")
	do("events", "list", "--entity", "order:o_1", "--since", "2h").ok().has(event)
	if n := len(do("events", "list", "--since", "2100-01-01", "--json").objects()); n != 0 {
		t.Errorf("%d events of the future", n)
	}
	r.acknowledged("/hook", []string{event})

	var id string
	eventually(t, patience, func() string {
		for _, d := range do("deliveries", "list", "--webhook", hook, "--event-id", event, "--status", "delivered", "--json").objects() {
			id = d["id"].(string)
			return ""
		}
		return "no delivery is delivered"
	})
	do("deliveries", "get", id).ok().has("status", "delivered", "attempt  1 at ", "outcome  204")
	do("deliveries", "retry", id).ok().has(id, "pending")
	listed := do("deliveries", "list", "--limit", "1").ok()
	if strings.Count(listed.stdout, "\n") != 2 || !strings.Contains(listed.stderr, "--all") {
		t.Errorf("one of two deliveries: %s%s", listed.stdout, listed.stderr)
	}

	do("webhooks", "try-filter", "data.big > 1", "--events", "order.*").ok().has(" of 2 events pass", "passes", event)
	do("webhooks", "try-filter", "data.big < 1").ok().has("0 of 2 events pass", "left out", event)
	do("webhooks", "try-filter", "--webhook", hook).refused(1, "/filter")
	do("webhooks", "try-filter").refused(2, "--webhook")
	do("stores", "activity", "--since", "2h", "--step", "1h").ok().has("DELIVERED", "\nin all ")
	eventually(t, patience, func() string { // the test, the event, and that again
		total := do("stores", "activity", "--json").objects()[0]["total"].(map[string]any)
		if total["delivered"] != 3.0 {
			return fmt.Sprintf("there were %v", total)
		}
		return ""
	})
	do("stores", "activity", "--step", "7m").refused(2, "--step=7m0s")
	do("portal-sessions", "create", "--capability", "read,manage", "--expires-in", "15m", "--actor", "user:u_1").ok().has("url      "+s.url, "token")
	do("portal-sessions", "create", "--capability", "manage").refused(1, "/capabilities")
	do("erasures", "create", "order:o_1").refused(2, "--yes")
	erasure := do("erasures", "create", "order:o_1", "--yes", "--json").id()
	eventually(t, patience, func() string {
		if got := do("erasures", "get", erasure).ok().stdout; !strings.Contains(got, "status    finished") {
			return "it is not finished: " + got
		}
		return ""
	})
	do("erasures", "list").ok().has(erasure, "order:o_1", "finished")
	if got := do("events", "get", event).ok().stdout; strings.Contains(got, "9007199254740993") {
		t.Errorf("its data is there yet: %s", got)
	}

	made := do("keys", "create", "reader", "--permission", "webhooks:read,audit:read", "--expires", "2100-01-01", "--json").objects()[0]
	key := made["key"].(string)
	do("webhooks", "list", "--api-key", key).ok().has(hook)
	do("emit", "order.paid", "--data", "1", "--api-key", key).refused(1, "403", "keys create")
	do("keys", "get", made["id"].(string)).ok().has("2100-01-01", "webhooks:read audit:read")
	do("keys", "list").ok().has("reader", made["id"].(string))
	do("keys", "revoke", made["id"].(string)).ok()
	gone := do("webhooks", "list", "--api-key", key)
	gone.refused(1, "401", "BILLHOOK_API_KEY")
	if strings.Contains(gone.stderr, key) {
		t.Error("it tells the key")
	}
	do("audit", "list", "--entity", "webhook:"+hook).ok().has("webhooks.rotateSecret", "webhooks.update", "apiKey:root")
	do("audit", "list", "--event", "keys.create", "--store", "shop").ok()

	do("webhooks", "delete", hook).ok()
	do("stores", "delete", "shop").refused(2, "--yes")
	do("stores", "delete", "shop", "--yes").ok()
	do("stores", "get", "shop").refused(1, "shop", "404")
}

// TestCommandErrors: what goes wrong is told where it belongs, with what to do.
func TestCommandErrors(t *testing.T) {
	s := serve(t, t.TempDir())
	s.billhook(t, "webhooks", "create", "not a url").refused(1, "422")
	s.billhook(t, "webhooks", "create", "not a url", "--events", "*").refused(1, "/url", "422")
	s.billhook(t, "webhooks", "list", "--nonsense").refused(2, "--nonsense", "--help")
	s.billhook(t, "deliveries", "list", "--status", "lost").refused(2, "--status", "delivered")
	s.billhook(t, "events", "list", "--since", "yesterday").refused(2, "--since", "2h")
	s.billhook(t, "deliveries", "retry").refused(2, "--dry-run")
	s.billhook(t, "emit", "order.paid").refused(2, "--data")
	s.billhook(t, "events", "list", "--limit", "0").refused(2, "--all")
	s.billhook(t, "emit", "order.paid", "--data", "{]").refused(1, "--data", "byte 2")
	s.billhook(t, "emit", "--batch", "nowhere.ndjson").refused(1, "nowhere.ndjson")
	s.billhook(t, "webhooks", "list", "--url", "http://127.0.0.1:1").refused(1, "connect", "billhook serve --dev")
	s.billhook(t, "webhooks", "list", "--url", "https://hooks.invalid").refused(1, "BILLHOOK_API_KEY")
	s.billhook(t, "webhooks", "list", "--url", s.url+"/openapi.json").refused(1, "404")
	if help := s.billhook(t, "webhooks", "list", "--help").ok(); !strings.Contains(help.stdout, "Example:\n  billhook webhooks list") {
		t.Error(help.stdout)
	}
}

// TestReplayCommand: a webhook gets what was before it, once, and what it did not get.
func TestReplayCommand(t *testing.T) {
	r := receive(t)
	r.judge = func(req *http.Request, _ string, _ int) int {
		if req.URL.Path == "/down" {
			return http.StatusInternalServerError
		}
		return http.StatusNoContent
	}
	s := serve(t, t.TempDir())
	do := func(args ...string) result { t.Helper(); return s.billhook(t, args...) }
	var ids []string
	for i := range 30 {
		ids = append(ids, do("emit", []string{"order.paid", "cart.emptied"}[i%2], "--data", fmt.Sprint(i), "--json").id())
	}
	hook := do("webhooks", "create", r.URL+"/late", "--events", "*", "--json").id()
	do("replay", hook, "--since", "1h", "--type", "order.*", "--dry-run").ok().has("would be sent  15")
	if n := do("replay", hook, "--since", "1h", "--dry-run", "--json").objects()[0]["found"]; n != 30.0 {
		t.Errorf("%v would be sent", n)
	}
	do("replay", hook, "--since", "1h", "--rate", "1000", "--key", "once").ok().has("status     done", "30 delivered, 0 dead, 0 waiting")
	r.acknowledged("/late", ids)
	again := do("replay", hook, "--since", "2h", "--key", "once")
	again.refused(1, "422")
	if n := do("recoveries", "list", "--json").objects(); len(n) != 1 || n[0]["kind"] != "replay" {
		t.Errorf("%v", n)
	}

	down := do("webhooks", "create", r.URL+"/down", "--events", "*", "--retry-policy", `{"maxAttempts":1}`, "--json").id()
	// All at once: after ten seconds of failures its breaker opens, and nothing is dead soon.
	s.billhookReading(t, strings.Repeat("{\"data\":1}\n", 5), "emit", "order.paid", "--batch", "-").ok().has("5 events emitted")
	dead := func() string {
		if n := len(do("deliveries", "list", "--webhook", down, "--status", "dead", "--json").objects()); n != 5 {
			return fmt.Sprintf("%d are dead", n)
		}
		return ""
	}
	eventually(t, patience, dead)
	do("deliveries", "retry", "--webhook", down, "--event", "order.paid", "--since", "1h", "--dry-run").ok().has("would be sent  5")
	failed := do("deliveries", "retry", "--webhook", down, "--event", "order.paid", "--until", "2100-01-01")
	if failed.code != 1 || !strings.Contains(failed.stdout, "5 dead") || !strings.Contains(failed.stderr, "out of attempts once more") {
		t.Errorf("%d: %s%s", failed.code, failed.stdout, failed.stderr)
	}
	other := do("webhooks", "create", r.URL+"/down", "--events", "*", "--json").id()
	if failed := do("webhooks", "test", other); failed.code != 1 || !strings.Contains(failed.stdout, "outcome  500 status") {
		t.Errorf("%d: %s%s", failed.code, failed.stdout, failed.stderr)
	}
	r.setJudge(func(*http.Request, string, int) int { return http.StatusNoContent })
	do("recover", down, "--since", "1h").ok().has("status     done", "0 dead, 0 waiting")
	if slices.Contains(do("deliveries", "list", "--webhook", down, "--json").statuses(), "dead") {
		t.Error("there are dead ones yet")
	}

	slow := do("replay", hook, "--since", "1h", "--rate", "1", "--wait", "0s", "--json").id()
	do("recoveries", "get", slow).ok().has(slow)
}

func (r result) statuses() (all []string) {
	r.t.Helper()
	for _, d := range r.objects() {
		all = append(all, d["status"].(string))
	}
	return all
}

// TestEmitBatchCommand: a file of events is emitted once, though the service is killed
// meanwhile and the command is run again.
func TestEmitBatchCommand(t *testing.T) {
	const lines = 20000
	folder := t.TempDir()
	file := filepath.Join(folder, "events.ndjson")
	var text strings.Builder
	for i := range lines {
		fmt.Fprintf(&text, "{\"type\":\"order.paid\",\"data\":{\"n\":%d}}\n", i)
	}
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serve(t, filepath.Join(folder, "data"))
	p := spawn(t, []string{"BILLHOOK_URL=" + s.url}, binary, "emit", "--batch", file, "--key", "import", "--json")
	eventually(t, patience, func() string {
		if len(p.stdout.lines(0)) < 1000 {
			return "nothing is emitted"
		}
		return ""
	})
	s.kill()
	if code := p.exitCode(patience); code != 1 || !strings.Contains(p.stderr.String(), "repeats none of them") {
		t.Errorf("it ends with %d: %s", code, p.stderr.String())
	}
	before := p.stdout.lines(0)

	s = serve(t, filepath.Join(folder, "data"))
	again := s.billhook(t, "emit", "--batch", file, "--key", "import", "--json").ok()
	after := strings.SplitAfter(strings.TrimSuffix(again.stdout, "\n"), "\n")
	if len(after) != lines || !slices.Equal(after[:len(before)], before) {
		t.Errorf("%d and then %d events, and not the same ones", len(before), len(after))
	}
	seen := map[any]bool{}
	for _, e := range s.billhook(t, "events", "list", "--all", "--json").objects() {
		seen[e["data"].(map[string]any)["n"]] = true
		if e["idempotencyKey"] == nil {
			t.Fatalf("%v", e)
		}
	}
	if all := s.billhook(t, "events", "list", "--all", "--json").objects(); len(seen) != lines || len(all) != lines {
		t.Errorf("%d events of %d lines", len(all), len(seen))
	}

	wrong := s.billhookReading(t, "{\"type\":\"a\",\"data\":1}\n{\"type\":\"a\",\"data\":1,\"datum\":2}\n", "emit", "--batch", "-")
	wrong.refused(1, "line 2", "datum")
	s.billhookReading(t, "\n{\"type\":\"\",\"data\":1}\n", "emit", "--batch", "-").refused(1, "line 2", "type")
	taken := s.billhookReading(t, "{\"data\":1,\"id\":\"mine\"}\n{\"data\":2,\"id\":\"mine\"}\n", "emit", "order.paid", "--batch", "-")
	if taken.code != 1 || !strings.Contains(taken.stderr, "line 2: ") || taken.stdout != "1 events emitted\n" {
		t.Errorf("%d: %s%s", taken.code, taken.stdout, taken.stderr)
	}
}
