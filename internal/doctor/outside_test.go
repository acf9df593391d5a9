package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/internal/tlstest"
	"github.com/billhook/billhook/profile"
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

func TestRetention(t *testing.T) {
	w := newWorld(t)
	w.wants("retention", OK, "for ever")
	w.doctor.Growth = 1
	w.wants("retention", Warn, "for ever", "--retention-payload-days")
	if err := w.as(rootKey).Do(t.Context(), "PATCH", "/api/stores/default", map[string]any{"retention": map[string]int{"payloadDays": 30}}, nil); err != nil {
		t.Fatal(err)
	}
	w.wants("retention", OK, "every store says")
}

// TestWebhooks has receivers that want no more, that fail, and that take everything.
func TestWebhooks(t *testing.T) {
	w := newWorld(t)
	answer := http.StatusOK
	receiver := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/gone":
			rw.WriteHeader(http.StatusGone)
		case "/fails":
			rw.WriteHeader(http.StatusInternalServerError)
		default:
			rw.WriteHeader(answer)
		}
	}))
	defer receiver.Close()
	once := &profile.RetryPolicy{MaxAttempts: 1, BackoffMultiplier: 1, RetryOn: "any"}
	often := &profile.RetryPolicy{MaxAttempts: 50, BackoffMultiplier: 1, RetryOn: "any", MaxDelay: time.Millisecond}
	w.register(billhook.Registration{ID: "good", URL: receiver.URL + "/good", Events: []string{"*"}})
	w.emit()
	w.doctor.Webhook = "good"
	w.eventually("webhook good", OK)
	w.wants("failing webhooks", OK)
	w.wants("deactivated webhooks", OK)

	w.register(billhook.Registration{ID: "gone", URL: receiver.URL + "/gone", Events: []string{"*"}})
	w.register(billhook.Registration{ID: "fails", URL: receiver.URL + "/fails", Events: []string{"*"}, RetryPolicy: often})
	w.register(billhook.Registration{ID: "dead", URL: receiver.URL + "/fails", Events: []string{"*"}, RetryPolicy: once})
	w.register(billhook.Registration{ID: "idle", URL: receiver.URL + "/", Events: []string{"never.said"}})
	w.register(billhook.Registration{ID: "off", URL: receiver.URL + "/", Events: []string{"*"}, Inactive: true})
	w.emit()
	w.eventually("deactivated webhooks", Warn)
	w.wants("deactivated webhooks", Warn, "has made 1 inactive: gone", "410")
	w.eventually("failing webhooks", Warn)
	w.wants("failing webhooks", Warn, "fails")
	for id, x := range map[string]struct {
		level Level
		word  string
	}{
		"gone": {Fail, "has made it inactive"}, "fails": {Fail, "does not take deliveries"}, "dead": {Fail, "1 are dead"},
		"idle": {Warn, "never had a delivery"}, "off": {Warn, "somebody has made it inactive"}, "good": {OK, "of its last 2 deliveries 2 arrived"},
		"none": {Fail, "none"},
	} {
		w.doctor.Webhook = id
		w.wants("webhook "+id, x.level, x.word)
	}
}

// TestMetrics has the service tell of trouble.
func TestMetrics(t *testing.T) {
	w := newWorld(t)
	for _, x := range []struct {
		old, new, check string
		level           Level
		word            string
	}{
		{"overdue_seconds 0.5", "overdue_seconds 90", "backlog", Warn, "waits for 2m0s"},
		{"overdue_seconds 0.5", "overdue_seconds 1e4", "backlog", Fail, "waits for 2h47m"},
		{"billhook_overdue_seconds 0.5\n", "", "backlog", Skip, "does not tell"},
		{"max_fds 65536", "max_fds 1024", "file descriptors", Warn, "only 1024"},
		{"open_fds 20", "open_fds 60000", "file descriptors", Fail, "soon no connection"},
		{"process_max_fds 65536\n", "", "file descriptors", Skip, "does not tell"},
		{"lease_held 1", "lease_held 0", "lease", Fail, "does not hold its lease"},
	} {
		w.metrics = strings.Replace(goodMetrics, x.old, x.new, 1)
		if w.metrics == goodMetrics {
			t.Fatalf("%q is not in the metrics", x.old)
		}
		w.wants(x.check, x.level, x.word)
	}
}

func TestURLs(t *testing.T) {
	for _, x := range []struct {
		url, public, origins string
		level                Level
		word                 string
	}{
		{"", "https://hooks.example", "https://admin.example", OK, "1 origins"},
		{"", "http://127.0.0.1:4000", "http://localhost:3000", OK, ""},
		{"", "", "", Skip, "not given"},
		{"", "hooks.example", "", Fail, "is no URL"},
		{"", "http://hooks.example", "", Fail, "unencrypted"},
		{"https://hooks.example", "http://127.0.0.1:4000", "", Fail, "each reader's own machine"},
		{"", "https://hooks.example", "https://admin.example/", Fail, "is none"},
		{"", "", "https://admin.example", Warn, "--public-url too"},
		{"", "http://localhost:4000", "https://admin.example", Fail, "browsers let none"},
		{"", "https://hooks.example", "http://admin.example", Warn, "not protected"},
	} {
		d := Doctor{URL: x.url, PublicURL: x.public}
		if x.origins != "" {
			d.PortalOrigins = []string{x.origins}
		}
		var found []Finding
		d.told = func(f Finding) { found = append(found, f) }
		d.checkURLs()
		if len(found) != 1 || found[0].Level != x.level || !strings.Contains(found[0].Message+found[0].Advice, x.word) {
			t.Errorf("%+v: %+v", x, found)
		}
	}
}

// names are those that there are.
type names []string

func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	for _, name := range n {
		if name == host {
			return []netip.Addr{netip.MustParseAddr("93.184.216.34")}, nil
		}
	}
	return nil, errors.New("no such host")
}

func TestEgress(t *testing.T) {
	w := newWorld(t)
	w.register(billhook.Registration{ID: "a", URL: "http://a.example:1/", Events: []string{"never.said"}})
	w.register(billhook.Registration{ID: "b", URL: "http://b.example:1/", Events: []string{"never.said"}})
	w.doctor.Resolver = names{"a.example", "b.example"}
	w.wants("DNS", OK, "all of 2")
	w.doctor.Resolver = names{"a.example"}
	w.wants("DNS", Warn, "1 of 2", "b.example")
	w.doctor.Resolver = names{}
	w.wants("DNS", Fail, "none of 2")

	proxy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	w.doctor.Proxy = "http://me:pass-word@" + proxy.Addr().String()
	w.wants("egress proxy", OK)
	w.doctor.Proxy = "http://me:pass-word@127.0.0.1:1"
	w.wants("egress proxy", Fail, "cannot be reached")
	w.doctor.Proxy = "http://me:pass-word@:://"
	w.wants("egress proxy", Fail, "its URL is none")
	for _, f := range w.find("egress proxy") {
		if strings.Contains(f.Message, "pass-word") {
			t.Error("the proxy's password is shown")
		}
	}
}
