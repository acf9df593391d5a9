package e2e

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/billhook/billhook/internal/postgrestest"
)

// A checker is a receiver that verifies, with one secret, what Standard Webhooks
// signs.
type checker struct {
	*httptest.Server
	mu     sync.Mutex
	secret string
	seen   map[string]bool // by event id
	wrong  []string
}

func startChecker(t *testing.T) *checker {
	c := &checker{seen: map[string]bool{}}
	c.Server = httptest.NewServer(http.HandlerFunc(c.receive))
	t.Cleanup(c.Close)
	return c
}

func (c *checker) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	id := r.Header.Get("webhook-id")
	c.mu.Lock()
	defer c.mu.Unlock()
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(c.secret, "whsec_"))
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", id, r.Header.Get("webhook-timestamp"), body)
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); r.Header.Get("webhook-signature") != want {
		c.wrong = append(c.wrong, id)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	c.seen[id] = true
}

// verified waits until all events have come, and wants no wrong signature.
func (c *checker) verified(t *testing.T, ids []string) {
	t.Helper()
	eventually(t, patience, func() string {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, id := range ids {
			if !c.seen[id] {
				return fmt.Sprintf("%s has not come, of %d; wrong signatures: %.3q", id, len(ids), c.wrong)
			}
		}
		return ""
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.wrong) > 0 {
		t.Errorf("%d deliveries had a wrong signature", len(c.wrong))
	}
}

// rotateKeys runs billhook keys rotate and returns what it prints.
func rotateKeys(t *testing.T, args ...string) string {
	t.Helper()
	p := spawn(t, nil, binary, append([]string{"keys", "rotate"}, args...)...)
	if code := p.exitCode(patience); code != 0 {
		t.Fatalf("keys rotate %v exits with %d: %s", args, code, p.stderr.tail())
	}
	said := p.stdout.String()
	if found := sealKey.FindString(said + p.stderr.String()); found != "" {
		t.Errorf("keys rotate prints the key %s", found)
	}
	return said
}

// TestSealKeyRotation: a new key seals everything while events are delivered, with
// the same signatures, and the old one can go.
func TestSealKeyRotation(t *testing.T) {
	t.Parallel()
	t.Run("file", func(t *testing.T) {
		t.Parallel()
		data := t.TempDir()
		start := func() *server { return serve(t, data) }
		rotateUnderLoad(t, filepath.Join(data, "secret-keys"), []*server{start()}, start, "--data", data)
		_ = filepath.WalkDir(data, func(path string, entry fs.DirEntry, err error) error {
			if entry.IsDir() {
				return err
			}
			if text, err := os.ReadFile(path); err != nil || bytes.Contains(text, []byte("whsec_")) {
				t.Errorf("%s holds a secret as it is: %v", entry.Name(), err)
			}
			return nil
		})
	})
	t.Run("nodes", func(t *testing.T) {
		t.Parallel()
		file, url := filepath.Join(t.TempDir(), "keys"), postgrestest.Shared(t).Database(t)
		rotateKeys(t, "--secret-key-file", file)
		start := func() *server {
			return serveWith(t, nil, "--dev", "--addr", "127.0.0.1:0", "--database-url", url, "--secret-key-file", file)
		}
		rotateUnderLoad(t, file, []*server{start(), start()}, start, "--database-url", url, "--secret-key-file", file)
	})
}

func rotateUnderLoad(t *testing.T, file string, nodes []*server, start func() *server, where ...string) {
	t.Helper()
	ids := func() (ids []string) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			id, _, _ := strings.Cut(line, " ")
			ids = append(ids, id)
		}
		return ids
	}
	r := startChecker(t)
	r.mu.Lock()
	hook := nodes[0].register("/api/webhooks", fmt.Sprintf(`{"url":%q,"events":["*"]}`, r.URL))
	r.secret = hook.Secret
	r.mu.Unlock()
	var loads []*load
	(&cluster{t: t, nodes: nodes}).knows(1)
	for i, s := range nodes {
		loads = append(loads, startLoad(s, fmt.Sprintf("n%d", i), nil))
	}
	enough := func(n int) {
		eventually(t, patience, func() string {
			if got := loads[0].count(); got < n {
				return fmt.Sprintf("%d events, not %d", got, n)
			}
			return ""
		})
	}
	enough(100)
	old := ids()[0]
	rotateKeys(t, where...)
	if now := ids(); len(now) != 2 || now[1] != old || now[0] == old {
		t.Fatalf("after a rotation the file has the keys %v", now)
	}
	dated := func(at time.Time) {
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
	}
	dated(time.Now().Add(time.Hour)) // however slow this machine is
	refused := spawn(t, nil, binary, append([]string{"keys", "rotate", "--prune"}, where...)...)
	if code := refused.exitCode(patience); code == 0 || !strings.Contains(refused.stderr.String(), "try again") {
		t.Errorf("pruned at once: exit %d, %s", code, refused.stderr.String())
	}
	eventually(t, patience, func() string {
		// As if it had been long ago.
		dated(time.Now().Add(-time.Hour))
		if said := rotateKeys(t, append([]string{"--prune"}, where...)...); !strings.Contains(said, old+": removed") {
			return said
		}
		return ""
	})
	enough(loads[0].count() + 100)
	var accepted []string
	for _, l := range loads {
		yes, _ := l.end(t)
		accepted = append(accepted, yes...)
	}
	r.verified(t, accepted)
	for _, s := range nodes {
		s.stop()
	}
	s := start()
	var shown webhook
	s.call("GET", "/api/webhooks/"+hook.ID+"/secret", "", http.StatusOK).json(t, &shown)
	if now := ids(); len(now) != 1 || now[0] == old || shown.Secret != hook.Secret {
		t.Errorf("at the end the file has the keys %v; the secret is the same: %v", now, shown.Secret == hook.Secret)
	}
	r.verified(t, []string{s.emitAs("after")})
	s.stop()
}

// TestMissingSealKey: a service whose key file is gone does not start with another
// of its own accord. With one that was made on purpose it starts, says which key it
// lacks, and goes on where it was when the old one is back.
func TestMissingSealKey(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	file := filepath.Join(data, "secret-keys")
	r := startChecker(t)
	s := serve(t, data)
	r.mu.Lock()
	hook := s.register("/api/webhooks", fmt.Sprintf(`{"url":%q,"events":["*"]}`, r.URL))
	r.secret = hook.Secret
	r.mu.Unlock()
	s.stop()
	lost, err := os.ReadFile(file)
	if err == nil {
		err = os.Remove(file)
	}
	if err != nil {
		t.Fatal(err)
	}
	name, _, _ := strings.Cut(string(lost), " ")
	refused := spawn(t, nil, binary, "serve", "--dev", "--addr", "127.0.0.1:0", "--data", data)
	if code := refused.exitCode(patience); code == 0 {
		t.Error("it starts without its keys")
	}
	for _, want := range []string{file, name, "1 webhooks", "keys rotate --secret-key-file=" + file, "gracePeriodSeconds 0"} {
		if !strings.Contains(refused.stderr.String(), want) {
			t.Errorf("it does not say %q: %s", want, refused.stderr.String())
		}
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("it made a new file all the same")
	}
	rotateKeys(t, "--secret-key-file="+file)
	s = serve(t, data)
	id := s.emitAs("waits")
	eventually(t, patience, func() string {
		if said := s.stderr.String(); !strings.Contains(said, "cannot be opened") || !strings.Contains(said, name) {
			return "it does not say that " + name + " is missing: " + said
		}
		return ""
	})
	if p := s.refused("GET", "/api/webhooks/"+hook.ID+"/secret", "", http.StatusConflict); !strings.Contains(p.Detail, name) {
		t.Errorf("the reveal says %+v", p)
	}
	made, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, append(made, lost...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	r.verified(t, []string{id})
	s.stop()
}

// TestSealKeysAreWanted: nodes that share a database do not start without keys, nor
// with what is none.
func TestSealKeysAreWanted(t *testing.T) {
	t.Parallel()
	broken := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(broken, []byte("k1 c2VjcmV0LXNlY3JldA==\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	shared := []string{"--database-url", "postgres://nobody@127.0.0.1:1/none"}
	for name, test := range map[string]struct {
		env, args []string
		want      string
	}{
		"none":    {nil, shared, "--secret-key-file"},
		"no file": {nil, append(shared, "--secret-key-file", filepath.Join(t.TempDir(), "nothing")), "billhook keys rotate --secret-key-file="},
		"broken":  {nil, append(shared, "--secret-key-file", broken), "line 1"},
		"in env":  {[]string{"BILLHOOK_SECRET_KEYS=k1:c2VjcmV0LXNlY3JldA=="}, shared, "key 1"},
		"both":    {[]string{"BILLHOOK_SECRET_KEYS=k1:c2VjcmV0LXNlY3JldA=="}, []string{"--secret-key-file", broken, "--data", filepath.Join(t.TempDir(), "data")}, "not both"},
	} {
		p := spawn(t, append(test.env, "BILLHOOK_ROOT_KEY=root-key-of-nobody"), binary, append([]string{"serve", "--addr", "127.0.0.1:0"}, test.args...)...)
		if code := p.exitCode(patience); code == 0 || !strings.Contains(p.stderr.String(), test.want) {
			t.Errorf("%s: exit %d, not with %q: %s", name, code, test.want, p.stderr.String())
		}
		if strings.Contains(p.stderr.String(), "c2VjcmV0") {
			t.Errorf("%s: it prints the key: %s", name, p.stderr.String())
		}
	}
}
