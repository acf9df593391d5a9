package e2e

import (
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestBanner: a first start in development says within a second where things
// are, and the command that it prints works when it is pasted.
func TestBanner(t *testing.T) {
	s := serve(t, filepath.Join(t.TempDir(), "made", "on", "the", "way"), "--dev")
	t.Logf("from the start of the process to the whole banner: %v", s.greeted.Round(time.Millisecond))
	if s.greeted > 3*time.Second {
		t.Errorf("the banner took %v; it should take less than 1 s", s.greeted)
	}
	banner := s.stdout.String()
	for _, want := range []string{
		"API      " + s.url + "/api\n", "OpenAPI  " + s.url + "/openapi.json\n", "Key      " + devKey + "\n", "DEVELOPMENT MODE",
	} {
		if !strings.Contains(banner, want) {
			t.Errorf("the banner lacks %q:\n%s", want, banner)
		}
	}
	paste(t, s, "")
	for _, path := range []string{"/", "/api/webhooks"} { // by a name that a stranger has given it
		r, _ := http.NewRequest("GET", s.url+path, nil)
		r.Host = "billhook.evil.example"
		r.Header.Set("X-Api-Key", devKey)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Body.Close(); resp.StatusCode != http.StatusMisdirectedRequest {
			t.Errorf("%s by a stranger's name: answered %d", path, resp.StatusCode)
		}
	}
	var api struct {
		OpenAPI string
		Paths   map[string]any
	}
	s.call("GET", "/openapi.json", "", http.StatusOK).json(t, &api)
	if !strings.HasPrefix(api.OpenAPI, "3.1") || api.Paths["/api/events"] == nil || api.Paths["/v2/webhooks"] == nil {
		t.Errorf("the OpenAPI document is of %q and has %d paths", api.OpenAPI, len(api.Paths))
	}
	s.stop()
}

// exportLine is the line of the banner that hands commands the key.
var exportLine = regexp.MustCompile(`(?m)^ *export BILLHOOK_API_KEY=.*\n`)

// paste runs the banner's commands, with the key where they want one.
func paste(t *testing.T, s *server, key string) {
	t.Helper()
	banner := s.stdout.String()
	command := exec.Command("sh", "-c", strings.Replace(exportLine.FindString(banner), "YOUR_KEY", key, 1)+curlCommand.FindString(banner))
	command.Env = append(os.Environ(), "BILLHOOK_ROOT_KEY="+key)
	out, err := command.CombinedOutput()
	if err != nil || !regexp.MustCompile(`(?m)^HTTP/1.1 202 `).Match(out) {
		t.Errorf("pasting the command: %v\n%s\n%s", err, out, banner)
	}
}

// TestBannerOfEveryProfile: the command works whatever profile the default
// store has.
func TestBannerOfEveryProfile(t *testing.T) {
	t.Parallel()
	for _, d := range documents {
		t.Run(d.profile, func(t *testing.T) {
			t.Parallel()
			s := serve(t, t.TempDir(), "--dev", "--profile", d.profile)
			paste(t, s, "")
			// The document's call as it stands: no store is named.
			delete(s.header, "x-store-id")
			d.signUp(s, "http://127.0.0.1:9"+d.path)
		})
	}
}

// TestWithoutDev: only what is public and encrypted may receive, and the
// development key opens nothing.
func TestWithoutDev(t *testing.T) {
	t.Parallel()
	s := serveWith(t, []string{"BILLHOOK_ROOT_KEY=key-of-the-operator"}, "--addr", "127.0.0.1:0", "--data", t.TempDir())
	s.refused("GET", "/api/stores", "", http.StatusUnauthorized)
	s.header = map[string]string{"x-api-key": "key-of-the-operator"}
	for _, url := range []string{
		"http://1.1.1.1/hook",
		"http://127.0.0.1:8080/hook",
		"https://127.0.0.1/hook",
		"https://127.1/hook",
		"https://localhost/hook",
		"https://[::1]/hook",
		"https://[::ffff:127.0.0.1]/hook",
		"https://10.0.0.1/hook",
		"https://192.168.1.1/hook",
		"https://169.254.169.254/latest/meta-data",
		"https://0.0.0.0/hook",
	} {
		p := s.refused("POST", "/api/webhooks", fmt.Sprintf(`{"url":%q,"events":["*"]}`, url), http.StatusUnprocessableEntity)
		if p.Pointer != "/url" || p.Code != "url_refused" {
			t.Errorf("%s is refused with %+v", url, p)
		}
	}
	if a := s.call("GET", "/api/webhooks", "", http.StatusOK); !strings.Contains(string(a.body), `"data":[]`) {
		t.Errorf("a refused webhook left a trace: %s", a.body)
	}
	// Registered inactive, so that nothing is ever sent there.
	w := s.register("/api/webhooks", `{"url":"https://1.1.1.1/hook","events":["order.paid"],"active":false}`)
	p := s.refused("PATCH", "/api/webhooks/"+w.ID, `{"url":"http://127.0.0.1/hook"}`, http.StatusUnprocessableEntity)
	if p.Pointer != "/url" {
		t.Errorf("a change is refused with %+v", p)
	}
}

var madeKey = regexp.MustCompile(`(?m)^ *export BILLHOOK_API_KEY=(bhk_\S+)$`)

// TestRootKey: a first start makes a key and prints it once; it goes on working
// and is written down nowhere.
func TestRootKey(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	start := func(env ...string) *server {
		return serveWith(t, env, "--addr", "127.0.0.1:0", "--data", data)
	}
	s := start()
	found := madeKey.FindStringSubmatch(s.stdout.String())
	if found == nil {
		t.Fatalf("the first start prints no key:\n%s", s.stdout.String())
	}
	key := found[1]
	if strings.Count(s.stdout.String(), key) != 1 {
		t.Errorf("the key is not shown once:\n%s", s.stdout.String())
	}
	works := func(s *server, key string, status int) {
		t.Helper()
		s.header = map[string]string{"Authorization": "Bearer " + key}
		s.call("GET", "/api/stores", "", status)
	}
	works(s, key, http.StatusOK)
	works(s, "bhk_"+strings.Repeat("A", len(key)-4), http.StatusUnauthorized)
	paste(t, s, "")
	s.stop()

	wantNoFileWith(t, data, key)

	s = start()
	if banner := s.stdout.String(); strings.Contains(banner, key) || madeKey.MatchString(banner) {
		t.Errorf("the second start prints a key:\n%s", banner)
	}
	works(s, key, http.StatusOK)
	if banner, file := s.stdout.String(), filepath.Join(data, "root-key.sha256"); !strings.Contains(banner, file) || strings.Contains(banner, "ROOT_KEY") || !strings.Contains(banner, "BILLHOOK_API_KEY=YOUR_KEY") {
		t.Errorf("the second start does not say where its key is from:\n%s", banner)
	}
	paste(t, s, key)
	s.stop()

	s = start("BILLHOOK_ROOT_KEY=chosen-by-operator")
	if banner := s.stdout.String(); strings.Contains(banner, "chosen-by-operator") {
		t.Errorf("the operator's key is printed:\n%s", banner)
	}
	works(s, "chosen-by-operator", http.StatusOK)
	paste(t, s, "chosen-by-operator")
	works(s, key, http.StatusUnauthorized)
	s.stop()

	file := filepath.Join(t.TempDir(), "the operator's key")
	if err := os.WriteFile(file, []byte("chosen-by-operator\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s = serveWith(t, nil, "--addr", "127.0.0.1:0", "--data", data, "--root-key-file", file)
	paste(t, s, "")
	s.stop()
}

// TestShortRootKey: what can be guessed opens nothing.
func TestShortRootKey(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	for _, where := range [][]string{{"--data", data}, {"--database-url", "postgres://nobody@127.0.0.1:1/none"}} {
		p := spawn(t, []string{"BILLHOOK_ROOT_KEY=fifteen-letters"}, binary, append([]string{"serve", "--addr", "127.0.0.1:0"}, where...)...)
		if code := p.exitCode(patience); code == 0 || !strings.Contains(p.stderr.String(), "fewer than 16") || strings.Contains(p.stderr.String(), "fifteen") {
			t.Errorf("%v: exit %d, %s", where, code, p.stderr.String())
		}
	}
	if _, err := os.Stat(data); err == nil {
		t.Error("it made a data folder")
	}
}

// TestRootKeyAfterFailedStart: a first start that ends before its banner must
// not use the key up that only the banner would have told.
func TestRootKeyAfterFailedStart(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	data := t.TempDir()
	failed := spawn(t, nil, binary, "serve", "--addr", taken.Addr().String(), "--data", data)
	if code := failed.exitCode(patience); code == 0 {
		t.Error("it exits with 0 although its address is taken")
	}
	s := serveWith(t, nil, "--addr", "127.0.0.1:0", "--data", data)
	if banner := s.stdout.String(); !madeKey.MatchString(banner) {
		t.Errorf("nobody was ever told the key:\n%s%s", failed.stdout.String(), banner)
	}
}

// wantNoFileWith looks for a key in all files of a folder.
func wantNoFileWith(t *testing.T, folder, key string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), key) {
			t.Errorf("the key stands in %s", entry.Name())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
