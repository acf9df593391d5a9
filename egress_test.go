package billhook_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/egress"
	"github.com/billhook/billhook/internal/tlstest"
	"github.com/billhook/billhook/profile"
)

// names is a Resolver: the addresses of each host, and of all others "*".
type names map[string]string

func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	list, ok := n[host]
	if !ok {
		list, ok = n["*"]
	}
	if !ok {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	var addrs []netip.Addr
	for _, s := range strings.Fields(list) {
		addrs = append(addrs, netip.MustParseAddr(s))
	}
	return addrs, nil
}

func mustList(t *testing.T, entries ...string) egress.List {
	t.Helper()
	l, err := egress.ParseList(entries...)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// refusal is the error of a registration whose URL is refused.
func (w *world) refusal(storeID, url string) *billhook.Error {
	w.t.Helper()
	_, err := w.client.Register(context.Background(), billhook.Registration{StoreID: storeID, URL: url, Events: []string{"*"}, Inactive: true})
	var e *billhook.Error
	if !errors.As(err, &e) || e.Code != billhook.CodeURLRefused || e.Pointer != "/url" {
		w.t.Errorf("%q in %s: %v, want it refused", url, storeID, err)
		return &billhook.Error{}
	}
	return e
}

// attempts lists the attempts of all deliveries of an event, by the webhook's id.
func (w *world) attempts(e billhook.Event) map[string]billhook.Attempt {
	w.t.Helper()
	found := map[string]billhook.Attempt{}
	for _, d := range w.deliveries(billhook.DeliveryFilter{StoreID: e.StoreID, EventID: e.ID}) {
		as, err := w.client.Attempts(context.Background(), d.StoreID, d.ID)
		if err != nil || len(as) != 1 {
			w.t.Errorf("delivery %s: %d attempts, %v", d.ID, len(as), err)
			continue
		}
		found[d.WebhookID] = as[0]
	}
	return found
}

// TestHostileURLs: every hostile URL of the egress package's table is refused at
// registration, with its reason; and where one is there all the same, since the
// deployment was open when it was registered or since its name resolved to
// something else, it is refused at delivery. Nothing is dialled.
func TestHostileURLs(t *testing.T) {
	text, err := os.ReadFile("egress/testdata/hostile.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		URL     string
		Answers []string
		Reason  string
		Own     bool
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	bubble(t, func(t *testing.T, w *world) {
		resolver := names{}
		var mu sync.Mutex
		var dialled []string
		w.reopen(func(c *billhook.Config) {
			c.AllowInsecure = false
			c.Resolver = resolver
			c.DialContext = func(_ context.Context, _, address string) (net.Conn, error) {
				mu.Lock()
				defer mu.Unlock()
				dialled = append(dialled, address)
				return nil, errors.New("the test dials nothing")
			}
		})
		tried, rebound := 0, 0
		for _, c := range cases {
			if c.Own {
				continue // the egress package tries them
			}
			tried++
			resolver["*"] = "192.0.2.1"
			if len(c.Answers) > 0 {
				resolver["*"] = c.Answers[0]
			}
			u := strings.ReplaceAll(c.URL, "{port}", "4000")
			if len(c.Answers) > 1 { // it is good at first
				w.register(u, once)
				rebound++
				continue
			}
			refused := w.refusal("default", u)
			if parsed, err := url.Parse(u); err == nil && parsed.User == nil && parsed.Hostname() != "" && parsed.Scheme != "" && parsed.Port() != "99999" && parsed.Port() != "0" &&
				!strings.Contains(refused.Message, c.Reason) {
				t.Errorf("%q is refused with %q, want %q", u, refused.Message, c.Reason)
			}
		}

		// Now a deployment that was open for everything.
		w.reopen(func(c *billhook.Config) {
			c.AllowInsecure = true
			c.Egress = egress.Policy{Allow: mustList(t, "0.0.0.0/0", "::/0")}
		})
		opened := 0
		resolver["*"] = "1.1.1.1"
		for _, c := range cases {
			r := billhook.Registration{URL: strings.ReplaceAll(c.URL, "{port}", "4000"), Events: []string{"*"}}
			once(&r)
			if _, err := w.client.Register(context.Background(), r); err == nil && len(c.Answers) < 2 {
				opened++
			}
		}
		w.reopen(func(c *billhook.Config) { c.AllowInsecure, c.Egress = false, egress.Policy{} })
		resolver["*"] = "127.0.0.1"
		w.run()
		made := w.attempts(w.emitAndWait(time.Minute))
		for _, a := range made {
			if a.Failure != billhook.FailureRefused || a.StatusCode != 0 || a.Error == "" {
				t.Errorf("%s: %s, %q", a.URL, a.Failure, a.Error)
			}
		}
		if len(dialled) != 0 {
			t.Errorf("dialled %v", dialled)
		}
		if len(made) < rebound+opened || opened < 100 || rebound < 8 {
			t.Errorf("%d attempts, of %d and %d webhooks", len(made), opened, rebound)
		}
		t.Logf("%d hostile URLs and answers tried at registration, %d webhooks at delivery; %d dialled", tried, len(made), len(dialled))
	})
}

// once is a policy without a retry.
func once(r *billhook.Registration) { r.RetryPolicy = &profile.RetryPolicy{MaxAttempts: 1} }

// emitAndWait emits an event to the default store and lets time pass.
func (w *world) emitAndWait(d time.Duration) billhook.Event {
	w.t.Helper()
	e := w.emit("order.paid", `{}`)
	settle(d)
	return e
}

// TestUnencryptedAtDelivery: http:// is refused at delivery too, when the
// store's profile has changed since the webhook was registered.
func TestUnencryptedAtDelivery(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		standard, _ := profile.Named("standard")
		lax := *standard
		lax.Name, lax.AllowHTTP = "lax", true
		w.reopen(func(c *billhook.Config) {
			c.AllowInsecure, c.Egress.AllowLoopback, c.Profiles = false, true, []*profile.Profile{&lax}
		})
		if e := w.refusal("default", "http://127.0.0.1:9000/"); !strings.Contains(e.Message, "not encrypted") {
			t.Errorf("refused with %v", e)
		}
		change := func(name string) {
			if _, err := w.client.UpdateStore(context.Background(), "default", billhook.StoreChange{Profile: &name}); err != nil {
				t.Fatal(err)
			}
		}
		w.run()
		var in inbox
		change("lax")
		hook := w.register(w.serve(9000, &in), once)
		if a := w.attempts(w.emitAndWait(time.Second))[hook.ID]; !a.Success() {
			t.Fatalf("with the profile lax: %+v", a)
		}
		change("standard")
		a := w.attempts(w.emitAndWait(time.Second))[hook.ID]
		if a.Failure != billhook.FailureRefused || !strings.Contains(a.Error, "not encrypted") || len(in.all()) != 1 {
			t.Errorf("with the profile standard: %+v, %d requests", a, len(in.all()))
		}
	})
}

// TestStoreEgress: what narrows one store narrows no other, at registration and
// at delivery, and opens nothing.
func TestStoreEgress(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.reopen(func(c *billhook.Config) {
			c.Egress.Deny = mustList(t, "127.0.0.66")
			c.Resolver = names{"hook.partner.example": "127.0.0.1", "other.example": "127.0.0.1"}
		})
		w.store("bound", "standard")
		var in inbox
		w.serve(9000, &in)
		const partner, other = "http://hook.partner.example:9000/", "http://other.example:9000/"
		for _, u := range []string{partner, other} {
			w.register(u, once)
			w.register(u, once, func(r *billhook.Registration) { r.StoreID = "bound" })
		}
		w.reopen()
		w.narrow("bound", &billhook.StoreEgress{Only: []string{"*.partner.example", "127.0.0.66"}, Ports: []uint16{9000}})
		w.reopen() // as the database has it
		if e := w.refusal("bound", other); !strings.Contains(e.Message, "certain hosts") {
			t.Errorf("refused with %v", e)
		}
		if e := w.refusal("bound", "http://hook.partner.example:9001/"); !strings.Contains(e.Message, "port 9001") {
			t.Errorf("refused with %v", e)
		}
		for _, store := range []string{"default", "bound"} {
			w.refusal(store, "http://127.0.0.66:9000/")
		}
		w.run()
		for store, want := range map[string]map[string]billhook.Failure{
			"default": {partner: billhook.FailureNone, other: billhook.FailureNone},
			"bound":   {partner: billhook.FailureNone, other: billhook.FailureRefused},
		} {
			e, err := w.client.Emit(context.Background(), billhook.Emission{StoreID: store, Type: "order.paid", Data: []byte(`{}`)})
			if err != nil {
				t.Fatal(err)
			}
			settle(time.Second)
			made := w.attempts(e)
			for _, a := range made {
				if a.Failure != want[a.URL] {
					t.Errorf("%s in %s: %s, %s", a.URL, store, a.Failure, a.Error)
				}
			}
			if len(made) != len(want) {
				t.Errorf("%s: %d attempts", store, len(made))
			}
		}
	})
}

// TestConnectionsAreNotShared: no connection carries requests of two stores, and
// one that was made with a webhook's certificate none of another webhook.
func TestConnectionsAreNotShared(t *testing.T) {
	authority := tlstest.NewAuthority(t, "authority")
	server, client := authority.Issue("server").Certificate, authority.Issue("client")
	trusting := &billhook.WebhookTLS{CACertificates: authority.PEM}
	showing := &billhook.WebhookTLS{CACertificates: authority.PEM, ClientCertificate: client.PEM, ClientKey: billhook.Secret{Value: client.KeyPEM}}
	bubble(t, func(t *testing.T, w *world) {
		const partner = "partner" // the id of the webhook with a certificate
		w.store("second", "standard")
		users := map[int]map[string]bool{} // connection -> webhooks, by their paths
		var mu sync.Mutex
		connections, requests := 0, 0
		w.serveTLS(9000, &tls.Config{Certificates: []tls.Certificate{server}, ClientAuth: tls.RequestClientCert}, func(c *tls.Conn) {
			mu.Lock()
			connections++
			n := connections
			mu.Unlock()
			eachRequest(c, func(r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				requests++
				if users[n] == nil {
					users[n] = map[string]bool{}
				}
				users[n][r.URL.Path] = true
				if shown := len(c.ConnectionState().PeerCertificates) > 0; shown != (r.URL.Path == "/"+partner) {
					t.Errorf("%s: shown a certificate: %v", r.URL.Path, shown)
				}
			})
		})
		// One host, one port, three webhooks in two stores.
		for _, at := range []struct{ store, id string }{{"default", partner}, {"default", "a"}, {"second", "b"}} {
			own := trusting
			if at.id == partner {
				own = showing
			}
			w.register("https://127.0.0.1:9000/"+at.id, withTLS(own), func(r *billhook.Registration) { r.StoreID, r.ID = at.store, at.id })
		}
		w.run()
		for range 3 {
			for _, store := range []string{"default", "second"} {
				if _, err := w.client.Emit(context.Background(), billhook.Emission{StoreID: store, Type: "order.paid", Data: []byte(`{}`)}); err != nil {
					t.Fatal(err)
				}
				settle(100 * time.Millisecond)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		if requests != 9 || connections != 3 {
			t.Errorf("%d requests on %d connections, want 9 on 3", requests, connections)
		}
		for n, of := range users {
			if len(of) != 1 {
				t.Errorf("connection %d served %v", n, of)
			}
		}
	})
}

// TestEgressProxy: deliveries go through the proxy, by the address that was
// checked, and what the proxy says is not the merchant's to see in full.
func TestEgressProxy(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		proxy, err := egress.ParseProxy("http://me:s3cret@127.0.0.1:3128")
		if err != nil {
			t.Fatal(err)
		}
		standard, _ := profile.Named("standard")
		own := *standard
		own.Name, own.AllowHTTP = "lax", true
		w.reopen(func(c *billhook.Config) {
			c.AllowInsecure, c.EgressProxy, c.Profiles = false, proxy, []*profile.Profile{&own}
			c.Resolver = names{"shop.example": "1.1.1.1", "down.example": "1.0.0.1"}
		})
		w.store("lax", "lax")
		var mu sync.Mutex
		var asked []string
		w.serveRaw(3128, func(c net.Conn) {
			defer c.Close()
			in := bufio.NewReader(c)
			req, err := http.ReadRequest(in)
			if err != nil || req.Method != "CONNECT" {
				t.Errorf("asked for %v, %v", req, err)
				return
			}
			mu.Lock()
			asked = append(asked, req.Host)
			mu.Unlock()
			if req.Host != "1.1.1.1:80" {
				io.WriteString(c, "HTTP/1.1 502 Bad Gateway\r\nX-Secret: 10.0.0.3\r\n\r\n")
				return
			}
			io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
			if req, err = http.ReadRequest(in); err != nil || req.Host != "shop.example" {
				t.Errorf("then got %v, %v", req, err)
				return
			}
			io.Copy(io.Discard, req.Body)
			io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n")
		})
		inLax := func(r *billhook.Registration) { r.StoreID = "lax" }
		good := w.register("http://shop.example/", once, inLax)
		down := w.register("http://down.example/", once, inLax)
		w.run()
		e, err := w.client.Emit(context.Background(), billhook.Emission{StoreID: "lax", Type: "order.paid", Data: []byte(`{}`)})
		if err != nil {
			t.Fatal(err)
		}
		settle(time.Minute)
		made := w.attempts(e)
		if a := made[good.ID]; !a.Success() || a.StatusCode != 204 {
			t.Errorf("%+v", a)
		}
		a := made[down.ID]
		if a.Failure != billhook.FailureConnect || !strings.Contains(a.Error, "502") || strings.Contains(a.Error, "127.0.0.1") || strings.Contains(a.Error, "10.0.0.3") {
			t.Errorf("%+v", a)
		}
		if len(asked) != 2 {
			t.Errorf("the proxy was asked for %v", asked)
		}
	})
}
