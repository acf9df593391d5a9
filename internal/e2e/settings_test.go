package e2e

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/billhook/billhook/internal/postgrestest"
)

// TestEnvironment: each flag of serve has its environment variable, which does
// the same; a flag beats it.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "from the environment")
	proxy := startProxy(t)
	rootKey := filepath.Join(t.TempDir(), "root-key")
	if err := os.WriteFile(rootKey, []byte("a-key-in-a-file-of-its-own\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{
		"BILLHOOK_ADDR=127.0.0.1:0",
		"BILLHOOK_DATA=" + data,
		"BILLHOOK_PROFILE=toy-shop",
		"BILLHOOK_PROFILE_FILE=testdata/toy-shop.json",
		"BILLHOOK_DEV=true",
		"BILLHOOK_MAX_EVENT_SIZE=100",
		"BILLHOOK_EGRESS_ALLOW=100.64.0.0/10,*.corp.example",
		"BILLHOOK_EGRESS_DENY=127.0.0.66,*.evil.example",
		"BILLHOOK_EGRESS_ONLY=127.0.0.0/8,100.64.0.0/10,hooks.evil.example",
		"BILLHOOK_EGRESS_PORTS=80,443",
		"BILLHOOK_EGRESS_PROXY=http://me:s3cret@" + proxy.addr,
		"BILLHOOK_API_RATE_KEY=1000:2000",
		"BILLHOOK_API_RATE_STORE=500",
		"BILLHOOK_ALERT_SMTP=smtp://127.0.0.1:1",
		"BILLHOOK_ALERT_MAIL_FROM=billhook@shop.example",
		"BILLHOOK_ALERT_MAIL_TO=ops@shop.example",
		"BILLHOOK_ALERT_SLACK=http://127.0.0.1:1/",
		"BILLHOOK_PUBLIC_URL=https://hooks.example",
		"BILLHOOK_PORTAL_ORIGIN=https://admin.shop.example,https://other.example",
		"BILLHOOK_METRICS_ADDR=127.0.0.1:0",
		"BILLHOOK_LOG_ATTEMPTS=none",
		"BILLHOOK_LOG_FORMAT=json",
		"BILLHOOK_RETENTION_PAYLOAD_DAYS=30",
		"BILLHOOK_RETENTION_ATTEMPT_DAYS=30",
		"BILLHOOK_RETENTION_AUDIT_DAYS=400",
		"BILLHOOK_ROOT_KEY_FILE=" + rootKey,
		"BILLHOOK_SECRET_KEY_FILE=" + filepath.Join(t.TempDir(), "keys"),
	}
	rotateKeys(t, "--secret-key-file", strings.TrimPrefix(env[len(env)-1], "BILLHOOK_SECRET_KEY_FILE="))
	url := postgrestest.Shared(t).Database(t)
	shared := []string{"BILLHOOK_DATABASE_URL=" + url, "BILLHOOK_NODE_LEASE=2s"}
	all := slices.Concat(env, shared)
	help, err := exec.Command(binary, "serve", "--help").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, help)
	}
	known := regexp.MustCompile(`\$(BILLHOOK_\w+)`).FindAllStringSubmatch(string(help), -1)
	for _, found := range known {
		if !slices.ContainsFunc(all, func(s string) bool { return strings.HasPrefix(s, found[1]+"=") }) {
			t.Errorf("this test does not try %s", found[1])
		}
	}
	if len(known) < len(all) {
		t.Errorf("the help names %d variables, this test %d:\n%s", len(known), len(all), help)
	}

	s := serveWith(t, env)
	if strings.HasSuffix(s.url, ":4000") {
		t.Errorf("BILLHOOK_ADDR: the API is at %s", s.url)
	}
	if entries, err := os.ReadDir(data); err != nil || len(entries) == 0 {
		t.Errorf("BILLHOOK_DATA: the folder has %d files: %v", len(entries), err)
	}
	if _, err := os.Stat(filepath.Join(data, "secret-keys")); err == nil {
		t.Error("BILLHOOK_SECRET_KEY_FILE: a key was made in the folder all the same")
	}
	var store struct{ Profile string }
	s.call("GET", "/api/stores/default", "", http.StatusOK).json(t, &store)
	if store.Profile != "toy-shop" {
		t.Errorf("BILLHOOK_PROFILE and BILLHOOK_PROFILE_FILE: the default store has the profile %q", store.Profile)
	}
	s.call("POST", "/api/events", `{"type":"toy.sold","data":{"toy":"`+strings.Repeat("x", 80)+`"}}`, http.StatusAccepted)
	p := s.refused("POST", "/api/events", `{"type":"toy.sold","data":{"toy":"`+strings.Repeat("x", 100)+`"}}`, http.StatusRequestEntityTooLarge)
	if p.Pointer != "/data" {
		t.Errorf("BILLHOOK_MAX_EVENT_SIZE: refused with %+v", p)
	}

	req, err := http.NewRequest("GET", s.url+"/api/stores", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("x-api-key", "a-key-in-a-file-of-its-own")
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("BILLHOOK_ROOT_KEY_FILE: its key is answered %d", answer.StatusCode)
	}

	s.triesPortal()
	s.triesEgress(proxy)
	// A list of stores counts for its key alone.
	for path, limit := range map[string]string{"/api/stores": "2000", "/api/stores/default": "500"} {
		if got := s.call("GET", path, "", http.StatusOK).header.Get("RateLimit-Limit"); got != limit {
			t.Errorf("BILLHOOK_API_RATE_KEY and BILLHOOK_API_RATE_STORE: GET %s has the limit %q, not %s", path, got, limit)
		}
	}

	other := t.TempDir()
	s = serveWith(t, env, "--data", other, "--max-event-size", "1000", "--profile", "litestore")
	s.call("GET", "/api/stores/default", "", http.StatusOK).json(t, &store)
	if store.Profile != "litestore" {
		t.Errorf("--profile does not beat BILLHOOK_PROFILE: %q", store.Profile)
	}
	s.call("POST", "/api/events", `{"type":"user.registered","data":{"name":"`+strings.Repeat("x", 100)+`"}}`, http.StatusAccepted)

	serveWith(t, all)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var leases []string
	eventually(t, patience, func() string { // it greets before it is a node
		if err := conn.QueryRow(t.Context(), "SELECT array_agg(lease::text) FROM billhook.nodes").Scan(&leases); err != nil || !slices.Equal(leases, []string{"00:00:02"}) {
			return fmt.Sprintf("BILLHOOK_DATABASE_URL and BILLHOOK_NODE_LEASE: the leases of the nodes there are %v, %v", leases, err)
		}
		return ""
	})
}

// triesEgress wants what TestEnvironment says of where webhooks may lead.
func (s *server) triesEgress(proxy *proxy) {
	s.t.Helper()
	const body = `{"url":%q,"events":["*"]}`
	for url, want := range map[string]string{
		"http://127.0.0.66/":          "blocked",
		"https://hooks.evil.example/": "blocked",
		"https://10.0.0.1/":           "certain hosts",
		"http://127.0.0.1:81/":        "port 81 is not allowed here (allowed: 80, 443)",
	} {
		if p := s.refused("POST", "/api/webhooks", fmt.Sprintf(body, url), http.StatusUnprocessableEntity); p.Code != "url_refused" || !strings.Contains(p.Detail, want) {
			s.t.Errorf("%s: refused with %+v, want %q", url, p, want)
		} else if strings.Contains(p.Hint, "egress-allow") {
			s.t.Errorf("%s: the hint is wrong, since that would not open it: %s", url, p.Hint)
		}
	}
	// Open here alone, and not tried, since inactive.
	s.register("/api/webhooks", `{"url":"https://100.64.0.1/","events":["*"],"active":false}`)
	w := s.register("/api/webhooks", fmt.Sprintf(body, "http://127.0.0.1/"))
	s.call("POST", "/api/events", `{"type":"toy.sold","data":{}}`, http.StatusAccepted)
	select {
	case got := <-proxy.asked:
		if got != "CONNECT 127.0.0.1:80 me:s3cret" {
			s.t.Errorf("BILLHOOK_EGRESS_PROXY: the proxy was asked for %s", got)
		}
	case <-time.After(patience):
		s.t.Error("BILLHOOK_EGRESS_PROXY: the proxy was not asked")
	}
	s.call("DELETE", "/api/webhooks/"+w.ID, "", http.StatusNoContent)
}

// A proxy refuses all that it is asked for, and tells.
type proxy struct {
	addr  string
	asked chan string
}

func startProxy(t *testing.T) *proxy {
	t.Helper()
	p := &proxy{asked: make(chan string, 1)}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Authorization", r.Header.Get("Proxy-Authorization")) // where BasicAuth looks
		user, password, _ := r.BasicAuth()
		select {
		case p.asked <- fmt.Sprint(r.Method, " ", r.Host, " ", user, ":", password):
		default: // a retry
		}
		w.WriteHeader(http.StatusForbidden)
	}))
	t.Cleanup(srv.Close)
	p.addr = srv.Listener.Addr().String()
	return p
}

// TestBadSettings: what is wrong with a flag ends the command with a message
// that says what.
func TestBadSettings(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() })
	folder := t.TempDir()
	broken := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	toy, err := os.ReadFile("testdata/toy-shop.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		args []string
		want []string // in the message
	}{
		{"unknown profile", words("--profile nope"), []string{"billhook: --profile=nope: ", "litestore"}},
		{"unknown profile beside a file's", words("--profile nope --profile-file testdata/toy-shop.json"), []string{"--profile=nope", "standard, toy-shop"}},
		{"days that are too many", words("--retention-attempt-days 36501"), []string{"--retention-attempt-days=36501", "36500"}},
		{"no such profile file", words("--profile-file nowhere.json"), []string{"nowhere.json"}},
		{"profile file that is not JSON", []string{"--profile-file", broken("text.json", "hello")}, []string{"text.json", "byte 0"}},
		{"profile file with an unknown member",
			[]string{"--profile-file", broken("member.json", strings.Replace(string(toy), `"userAgent"`, `"agent": "", "userAgent"`, 1))},
			[]string{"member.json", "/agent"}},
		{"profile file with a bad header",
			[]string{"--profile-file", broken("header.json", strings.Replace(string(toy), `X-Toy-Signature`, `Content-Length`, 1))},
			[]string{"header.json", "/signature/header", "Content-Length"}},
		{"profile file with a bad envelope",
			[]string{"--profile-file", broken("envelope.json", strings.Replace(string(toy), `event.data`, `event.datum`, 1))},
			[]string{"envelope.json", "/envelope/", "event.datum"}},
		{"address that is taken", []string{"--addr", taken.Addr().String()}, []string{taken.Addr().String(), "in use", "--addr or BILLHOOK_ADDR"}},
		{"address that is none", words("--addr nonsense"), []string{"nonsense"}},
		{"address that is a port", words("--addr 4300"), []string{"--addr=4300", "host:port, like 127.0.0.1:"}},
		{"size that is no number", words("--max-event-size many"), []string{"max-event-size", "many"}},
		{"size below nothing", words("--max-event-size=-1"), []string{"max-event-size", "-1"}},
		{"list with no such entry", words("--egress-allow 10.0.0.0/8 --egress-allow *"), []string{"--egress-allow", `"*"`}},
		{"range of this machine's own", words("--egress-allow 127.0.0.0/8"), []string{"--egress-allow", "one by one"}},
		{"list with a bad prefix", words("--egress-deny 10.0.0.0/33"), []string{"--egress-deny", "10.0.0.0/33"}},
		{"list with a URL", words("--egress-only https://a.example"), []string{"--egress-only", "https://a.example"}},
		{"port that is none", words("--egress-ports 443,70000"), []string{"egress-ports", "70000"}},
		{"port 0", words("--egress-ports=0"), []string{"--egress-ports", "65535"}},
		{"proxy that is none", words("--egress-proxy ftp://proxy.example:21"), []string{"--egress-proxy", "socks5://"}},
		{"rate that is no number", words("--api-rate-key fast"), []string{"api-rate-key", "fast", "100:500"}},
		{"burst that is nothing", words("--api-rate-store 1:0"), []string{"api-rate-store", "1:0"}},
		{"unknown flag", words("--devel"), []string{"--devel"}},
		{"something after the flags", words("now"), []string{"now"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			data := filepath.Join(t.TempDir(), "data")
			args := append([]string{"serve", "--data", data}, test.args...)
			if !slices.Contains(test.args, "--addr") {
				args = append(args, "--addr", "127.0.0.1:0")
			}
			p := spawn(t, nil, binary, args...)
			if code := p.exitCode(10 * time.Second); code == 0 {
				t.Error("it exits with 0")
			}
			for _, want := range test.want {
				if !strings.Contains(p.stderr.String(), want) {
					t.Errorf("the message does not say %q: %s", want, p.stderr.String())
				}
			}
			if _, err := os.Stat(data); err == nil && !strings.HasPrefix(test.name, "address") {
				t.Error("it made a data folder")
			}
		})
	}
}

// TestOneProcess: a data folder is for one process at a time.
func TestOneProcess(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	first := serve(t, data)
	second := spawn(t, nil, binary, "serve", "--dev", "--addr", "127.0.0.1:0", "--data", data)
	if code := second.exitCode(patience); code == 0 {
		t.Error("the second process exits with 0")
	}
	said := second.stderr.String()
	for _, want := range []string{"in use", fmt.Sprintf("process %d", first.cmd.Process.Pid), data} {
		if !strings.Contains(said, want) {
			t.Errorf("the message does not say %q: %s", want, said)
		}
	}
	if strings.Contains(second.stdout.String(), "http://") {
		t.Errorf("it says that it serves: %s", second.stdout.String())
	}
	first.emitAs("still-there")
	first.kill()
	serve(t, data).call("GET", "/api/events/still-there", "", http.StatusOK) // the dead hold no lock
}

// TestOwnProfile: a platform of its own, by one file, from end to end.
func TestOwnProfile(t *testing.T) {
	t.Parallel()
	own := document{
		profile:      "toy-shop",
		envelope:     `{"meta":{"event_id":"ID","at":"SECONDS","kind":"TYPE"},"payload":DATA}`,
		eventID:      `toy-` + uuid,
		hookID:       `hook-[0-9A-Z]{26}`,
		signature:    "x-toy-signature",
		userAgent:    "Toy Shop (webhooks)",
		path:         "/webhooks",
		endpoint:     "/api/webhooks",
		registration: `{"url": "URL", "events": ["toy.*"]}`,
	}
	data := t.TempDir()
	s := serve(t, data, "--dev", "--profile-file", "testdata/toy-shop.json")
	s = own.store(t, s, "toys")
	m := hire(t, &document{profile: "standard", path: own.path}) // any Standard Webhooks receiver
	w := own.signUp(s, m.url)
	m.trust(w.Secret)
	e := emitted{eventType: "toy.sold", data: `{"1":"b","toy":"Bär"}`}
	e.id = s.emit(e.eventType, `{"toy":"B\u00e4r","1":"b"}`, "")
	a := m.arrivals(1)[0]
	own.checkArrival(t, a, e, w.Secret)
	s.settled(patience)
	wantMatch(t, "delivery id", `dlv-[0-9a-z]{26}`, s.deliveries("/api/webhooks/" + w.ID + "/deliveries")[0].ID)
	p := s.refused("POST", "/api/events", `{"type":"toy.lost","data":{}}`, http.StatusUnprocessableEntity)
	if p.Code != "unknown_event_type" || p.Pointer != "/type" {
		t.Errorf("a type that is not in the catalogue is refused with %+v", p)
	}
	s.stop()

	// Without the file the store cannot be served, and the message says why.
	without := spawn(t, nil, binary, "serve", "--dev", "--addr", "127.0.0.1:0", "--data", data)
	if code := without.exitCode(patience); code == 0 || !strings.Contains(without.stderr.String(), "toy-shop") {
		t.Errorf("without the profile file it exits with %d: %s", code, without.stderr.String())
	}
}

// triesPortal finds the portal at its public address, and open to the origins named.
func (s *server) triesPortal() {
	s.t.Helper()
	var made struct{ Token, URL string }
	s.call("POST", "/api/portal-sessions", `{"capabilities":["read"]}`, http.StatusCreated).json(s.t, &made)
	if !strings.HasPrefix(made.URL, "https://hooks.example/") {
		s.t.Errorf("BILLHOOK_PUBLIC_URL: the portal is at %s", made.URL)
	}
	for origin, open := range map[string]bool{"https://admin.shop.example": true, "https://other.example": true, "https://evil.example": false} {
		req, err := http.NewRequestWithContext(s.t.Context(), "GET", s.url+"/stores/default/webhooks", nil)
		if err != nil {
			s.t.Fatal(err)
		}
		req.Header.Set("Origin", origin)
		req.Header.Set("Authorization", "Bearer "+made.Token)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			s.t.Fatal(err)
		}
		resp.Body.Close()
		if got := resp.Header.Get("Access-Control-Allow-Origin"); (got == origin) != open || (resp.StatusCode == http.StatusOK) != open {
			s.t.Errorf("BILLHOOK_PORTAL_ORIGIN: %s gets %d, allowed %q", origin, resp.StatusCode, got)
		}
	}
}
