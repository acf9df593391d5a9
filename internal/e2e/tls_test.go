package e2e

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/billhook/billhook/internal/tlstest"
)

// A vault is a receiver with a certificate of a private authority, that demands one
// of its clients. It remembers by whom each event came.
type vault struct {
	*httptest.Server
	server, clients *tlstest.Authority

	mu   sync.Mutex
	from map[string]string // client's name, by event id
}

func startVault(t *testing.T) *vault {
	v := &vault{server: tlstest.NewAuthority(t, "the vault's"), clients: tlstest.NewAuthority(t, "its clients'"), from: map[string]string{}}
	v.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.from[r.Header.Get("webhook-id")] = r.TLS.PeerCertificates[0].Subject.CommonName
	}))
	v.TLS = &tls.Config{
		Certificates: []tls.Certificate{v.server.Issue("vault").Certificate},
		ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: v.clients.Pool(),
	}
	v.Config.ErrorLog = log.New(io.Discard, "", 0)
	v.EnableHTTP2 = true
	v.StartTLS()
	t.Cleanup(v.Close)
	return v
}

func (v *vault) of(event string) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.from[event]
}

// tlsOf is the member tls of a webhook: the authority, and a certificate with its key.
func tlsOf(t *testing.T, authority *tlstest.Authority, client *tlstest.Certificate) string {
	t.Helper()
	own := map[string]string{}
	if authority != nil {
		own["caCertificates"] = authority.PEM
	}
	if client != nil {
		own["clientCertificate"], own["clientKey"] = client.PEM, client.KeyPEM
	}
	text, err := json.Marshal(own)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestMutualTLS: a service delivers to a receiver that demands a client certificate
// and has one of a private authority, by what its webhook was given by the API. Others
// are told why not. The certificate rotates while events are delivered, each by the
// old one or the new one, and none fails. The key is nowhere as it is.
func TestMutualTLS(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s, v := serve(t, data), startVault(t)
	stranger := tlstest.NewAuthority(t, "its clients'")
	first, second, impostor := v.clients.Issue("first"), v.clients.Issue("second"), stranger.Issue("impostor")
	const once = `"retryPolicy":{"maxAttempts":1}`
	register := func(path, own string) webhook {
		return s.register("/api/webhooks", fmt.Sprintf(`{"url":%q,"events":["*"],%s,"tls":%s}`, v.URL+path, once, own))
	}
	good := register("/good", tlsOf(t, v.server, &first))
	bad := map[string]string{ // what is wrong by webhook
		register("/stranger", "null").ID:                        "authority that is not trusted",
		register("/other", tlsOf(t, stranger, &first)).ID:       "authority that is not trusted",
		register("/nobody", tlsOf(t, v.server, nil)).ID:         "", // with TLS 1.3 it may hear a reset before the reason
		register("/impostor", tlsOf(t, v.server, &impostor)).ID: "",
	}
	id := s.emitAs("all")
	s.settled(patience)
	if got := v.of(id); got != "first" {
		t.Errorf("the event came from %q", got)
	}
	for _, d := range s.deliveries("/api/deliveries?eventId=" + id) {
		one := s.call("GET", "/api/deliveries/"+d.ID, "", http.StatusOK)
		if want, is := bad[d.WebhookID]; is && (d.Success || !bytes.Contains(one.body, []byte(want))) || !is && !d.Success {
			t.Errorf("want %q: %s", want, one.body)
		}
	}
	for hook := range bad {
		s.call("DELETE", "/api/webhooks/"+hook, "", http.StatusNoContent)
	}

	l := startLoad(s, "rotating", nil)
	enough := func(n int) {
		eventually(t, patience, func() string {
			if got := l.count(); got < n {
				return fmt.Sprintf("%d events, not %d", got, n)
			}
			return ""
		})
	}
	for range 5 {
		for _, client := range []tlstest.Certificate{second, first} {
			enough(l.count() + 20)
			s.call("PATCH", "/api/webhooks/"+good.ID, `{"tls":`+tlsOf(t, v.server, &client)+`}`, http.StatusOK)
		}
	}
	s.call("PATCH", "/api/webhooks/"+good.ID, `{"tls":`+tlsOf(t, v.server, &second)+`}`, http.StatusOK)
	enough(l.count() + 20)
	accepted, _ := l.end(t)
	s.settled(patience)
	by := map[string]int{}
	for _, id := range accepted {
		by[v.of(id)]++
	}
	if by["first"] == 0 || by["second"] == 0 || len(by) != 2 {
		t.Errorf("events by who delivered them: %v", by)
	}
	if failed := s.deliveries("/api/deliveries?status=dead&webhookId=" + good.ID); len(failed) > 0 {
		t.Errorf("%d deliveries failed while the certificate rotated: %+v", len(failed), failed[0])
	}
	after := s.emitAs("after")
	s.settled(patience)
	if got := v.of(after); got != "second" {
		t.Errorf("after the rotation an event came from %q", got)
	}

	for _, path := range []string{"/api/webhooks", "/api/webhooks/" + good.ID, "/api/webhooks/" + good.ID + "/secret", "/api/audit?limit=100"} {
		if a := s.call("GET", path, "", http.StatusOK); bytes.Contains(a.body, []byte("PRIVATE KEY")) {
			t.Errorf("%s shows a key", path)
		}
	}
	if said := s.stdout.String() + s.stderr.String(); strings.Contains(said, "PRIVATE KEY") {
		t.Error("the service prints a key")
	}
	s.stop()
	files := 0
	_ = filepath.WalkDir(data, func(path string, entry fs.DirEntry, err error) error {
		if entry.IsDir() {
			return err
		}
		files++
		if text, err := os.ReadFile(path); err != nil || bytes.Contains(text, []byte("PRIVATE KEY")) {
			t.Errorf("%s holds a key as it is: %v", entry.Name(), err)
		}
		return nil
	})
	if files == 0 {
		t.Error("the service keeps nothing")
	}

	s = serve(t, data)
	last := s.emitAs("last")
	s.settled(patience)
	if got := v.of(last); got != "second" {
		t.Errorf("after a restart an event came from %q", got)
	}
	s.stop()
}
