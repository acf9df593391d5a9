package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/internal/tlstest"
)

// TestWell: of a service that is well nothing is said but that, by every check.
func TestWell(t *testing.T) {
	w := newWorld(t)
	w.doctor.PublicURL, w.doctor.PortalOrigins = "https://hooks.example", []string{"https://admin.example"}
	w.doctor.Proxy = w.server.URL
	seen := map[string]bool{}
	healthy := w.doctor.Run(t.Context(), func(f Finding) {
		seen[f.Check] = true
		if f.Level == Fail || f.Level == Warn {
			t.Errorf("%+v", f)
		}
	})
	if !healthy {
		t.Error("not healthy")
	}
	for _, check := range []string{"reachable", "version", "tls", "clock", "ready", "development mode", "key", "root key", "deactivated webhooks",
		"failing webhooks", "backlog", "file descriptors", "public URL", "DNS", "egress proxy", "data folder", "disk", "write-ahead log",
		"retention", "migrations", "secrets", "audit log", "ledger"} {
		if !seen[check] {
			t.Errorf("the check %q was not made", check)
		}
	}
}

func TestReachable(t *testing.T) {
	w := newWorld(t)
	w.doctor.Version = "1.2.4"
	w.wants("version", Warn, "1.2.3", "1.2.4")
	w.doctor.URL = "http://127.0.0.1:1"
	w.wants("reachable", Fail, "refused", "billhook serve")
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	w.doctor.URL = other.URL
	w.wants("reachable", Fail, "not as Billhook does: 404")
	w.doctor.URL = strings.Replace(w.server.URL, "http:", "https:", 1)
	w.wants("reachable", Fail, "there is no TLS at this port")
	if w.doctor.Run(t.Context(), func(Finding) {}) {
		t.Error("a service that cannot be reached is healthy")
	}
}

// TestCertificate has the service behind certificates that end sooner or later.
func TestCertificate(t *testing.T) {
	w := newWorld(t)
	authority := tlstest.NewAuthority(t, "an authority")
	behind := func(left time.Duration) {
		certificate := authority.Issue("service", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(left) })
		proxy := httptest.NewUnstartedServer(w.server.Config.Handler)
		proxy.TLS = &tls.Config{Certificates: []tls.Certificate{certificate.Certificate}}
		proxy.Config.ErrorLog = log.New(io.Discard, "", 0)
		proxy.StartTLS()
		t.Cleanup(proxy.Close)
		w.doctor.URL = proxy.URL
	}
	w.doctor.HTTP = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authority.Pool()}, DisableKeepAlives: true}}
	behind(90 * 24 * time.Hour)
	w.wants("tls", OK, "89 days more")
	behind(10 * 24 * time.Hour)
	w.wants("tls", Warn, "ends in 9 days")
	behind(time.Hour)
	w.wants("tls", Fail, "ends in 1h0m")
	behind(-time.Hour)
	w.wants("reachable", Fail, "expired", "renew the certificate")
	w.doctor.HTTP = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	behind(90 * 24 * time.Hour)
	w.wants("reachable", Fail, "unknown authority", "an authority that callers trust")
}

// inPublic has the service at a name that is not this machine's.
func (w *world) inPublic() {
	address := w.server.Listener.Addr().String()
	w.doctor.URL = "http://hooks.example"
	w.doctor.HTTP = &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, address)
		}, DisableKeepAlives: true}}
}

func TestUnencrypted(t *testing.T) {
	w := newWorld(t)
	w.inPublic()
	w.wants("tls", Warn, "unencrypted to http://hooks.example")
}

// TestClock has the service's answers dated by a clock that is off.
func TestClock(t *testing.T) {
	w := newWorld(t)
	target, err := url.Parse(w.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	off := time.Duration(0)
	forward := httputil.NewSingleHostReverseProxy(target)
	forward.ModifyResponse = func(r *http.Response) error {
		r.Header.Set("Date", time.Now().Add(off).UTC().Format(http.TimeFormat))
		return nil
	}
	proxy := httptest.NewServer(forward)
	defer proxy.Close()
	w.doctor.URL = proxy.URL
	for apart, level := range map[time.Duration]Level{0: OK, 20 * time.Second: Warn, -20 * time.Second: Warn, 5 * time.Minute: Fail, -5 * time.Minute: Fail} {
		off = apart
		w.wants("clock", level)
	}
}

// TestReady takes the database away.
func TestReady(t *testing.T) {
	w := newWorld(t)
	w.broken = true
	w.db.Close()
	if _, err := w.client.Emit(t.Context(), billhook.Emission{Type: "order.paid", Data: []byte("{}")}); err == nil {
		t.Fatal("an event was accepted without a database")
	}
	w.wants("ready", Fail, "/readyz answers 503")
}

// TestDevelopment has the service accept the key that all know.
func TestDevelopment(t *testing.T) {
	w := newWorld(t)
	w.doctor.DevKey = rootKey // as far as the service sees
	w.wants("development mode", Warn, "on")
	w.wants("root key", Skip)
	w.inPublic()
	w.wants("development mode", Fail, "http://hooks.example accepts", "stop it now")
	w.answer["/api/stores"] = http.StatusServiceUnavailable
	w.wants("development mode", Skip, "503")
}

func TestKey(t *testing.T) {
	w := newWorld(t)
	w.doctor.Client = w.as("no-key-of-this-service")
	w.wants("key", Fail, "does not know it")
	_, secret, err := w.client.CreateKey(t.Context(), billhook.KeyRequest{StoreID: "default", Name: "few", Permissions: []string{"webhooks:read", "events:emit"}})
	if err != nil {
		t.Fatal(err)
	}
	before := w.contents()
	w.doctor.Client = w.as(secret)
	w.wants("key", OK, "valid, with webhooks:read, events:emit; without webhooks:manage, deliveries:read")
	w.wants("root key", Skip, "lacks audit:read")
	w.wants("backlog", Skip, "stores:manage")
	w.wants("retention", Skip, "stores:manage")
	w.doctor.Client = w.as(rootKey)
	w.wants("key", OK, "all permissions")
	if after := w.contents(); after != before {
		t.Errorf("trying what keys may do has left something:\n%s\n%s", before, after)
	}
	w.answer["/api/recoveries"] = http.StatusTooManyRequests
	w.wants("key", Fail, "cannot be tried")
	w.doctor.Client = nil
	w.wants("key", Skip, "BILLHOOK_API_KEY")
}

// contents are what there is: nothing that the doctor does adds to it.
func (w *world) contents() string {
	w.Helper()
	var text strings.Builder
	hooks, err := w.client.List(w.Context(), "default", "", 100)
	if err != nil {
		w.Fatal(err)
	}
	for _, h := range hooks {
		text.WriteString(h.ID + h.UpdatedAt.String() + "\n")
	}
	entries, err := w.client.Audit(w.Context(), billhook.AuditFilter{StoreID: "default", Limit: 100})
	if err != nil {
		w.Fatal(err)
	}
	for _, e := range entries {
		text.WriteString(e.Event + e.ID + "\n")
	}
	return text.String()
}

// TestRoot uses the root key for what a small one would do.
func TestRoot(t *testing.T) {
	w := newWorld(t)
	w.wants("root key", OK, "not used")
	if err := w.as(rootKey).Do(t.Context(), "PATCH", "/api/stores/default", map[string]any{"name": "Mine"}, nil); err != nil {
		t.Fatal(err)
	}
	w.wants("root key", Warn, "last used", "stores.update")
}
