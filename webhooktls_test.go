package billhook_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/internal/tlstest"
	"github.com/billhook/billhook/profile"
)

// A bank is a receiver that everything of TLS is demanded by: it has a certificate of
// a private authority, and wants its clients to have one of another.
type bank struct {
	server, clients *tlstest.Authority

	mu sync.Mutex
	// conns are the clients' names by connection, and requests how many came on each.
	conns    []string
	requests []int
	open     int
}

func (w *world) bank(port int) *bank {
	b := &bank{server: tlstest.NewAuthority(w.t, "the bank's"), clients: tlstest.NewAuthority(w.t, "its clients'")}
	cert := b.server.Issue("bank").Certificate
	config := &tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: b.clients.Pool()}
	w.serveTLS(port, config, func(c *tls.Conn) {
		b.mu.Lock()
		n := len(b.conns)
		b.conns, b.requests = append(b.conns, c.ConnectionState().PeerCertificates[0].Subject.CommonName), append(b.requests, 0)
		b.open++
		b.mu.Unlock()
		eachRequest(c, func(*http.Request) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.requests[n]++
		})
		b.mu.Lock()
		defer b.mu.Unlock()
		b.open--
	})
	return b
}

// knows is what a client is told to connect to the bank with.
func (b *bank) knows(client tlstest.Certificate) *billhook.WebhookTLS {
	return &billhook.WebhookTLS{CACertificates: b.server.PEM, ClientCertificate: client.PEM, ClientKey: billhook.Secret{Value: client.KeyPEM}}
}

// want checks which clients have come, a connection each, and how many are still
// connected.
func (b *bank) want(t *testing.T, open int, clients ...string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if got := strings.Join(b.conns, " "); got != strings.Join(clients, " ") || b.open != open {
		t.Errorf("the connections were of %q, and %d are open; want %q and %d", got, b.open, clients, open)
	}
}

func withTLS(t *billhook.WebhookTLS) func(*billhook.Registration) {
	return func(r *billhook.Registration) { r.TLS = t }
}

// setTLS changes a webhook of the store default.
func (w *world) setTLS(id string, t *billhook.WebhookTLS) {
	w.t.Helper()
	if _, err := w.client.Update(context.Background(), "default", id, billhook.WebhookChange{TLS: &t}); err != nil {
		w.t.Fatal(err)
	}
}

// TestWebhookTLS: of the webhooks of a receiver that demands everything only the one
// that has everything is delivered to, and the others are told why.
func TestWebhookTLS(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		b := w.bank(9000)
		const url = "https://127.0.0.1:9000/hook"
		stranger := tlstest.NewAuthority(t, "its clients'") // so it says
		wants := map[string]string{}
		for reason, own := range map[string]*billhook.WebhookTLS{
			// Without the bank's authority the two ends of a connection in memory wait
			// for each other; package e2e tries that.
			"":                              b.knows(b.clients.Issue("client")),
			"certificate required":          {CACertificates: b.server.PEM},
			"unknown certificate authority": b.knows(stranger.Issue("impostor")),
		} {
			wants[w.register(url, once, withTLS(own)).ID] = reason
		}
		w.run()
		made := w.attempts(w.emitAndWait(10 * time.Second))
		for id, reason := range wants {
			a := made[id]
			switch {
			case reason == "" && !a.Success():
				t.Errorf("with all that it takes: %+v", a)
			case reason != "" && a.Failure == billhook.FailureProtocol && strings.Contains(a.Error, "closed pipe"):
				// The end of the connection has come before the alert that says why.
			case reason != "" && (a.Failure != billhook.FailureTLS || a.StatusCode != 0 || !strings.Contains(a.Error, reason)):
				t.Errorf("want it to fail by %q: %s, %s", reason, a.Failure, a.Error)
			}
		}
		b.want(t, 1, "client")
	})
}

// TestTLSRotation: another certificate is shown from the next attempt on, on a
// connection of its own, and the one from before is closed at once. What changes
// besides costs no connection.
func TestTLSRotation(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.useKeys("a")
		standard, _ := profile.Named("standard")
		another := *standard
		another.Name = "another"
		w.reopen(func(c *billhook.Config) { c.Profiles = append(c.Profiles, &another) })
		b := w.bank(9000)
		hook := w.register("https://127.0.0.1:9000/hook", once, withTLS(b.knows(b.clients.Issue("first"))))
		w.run()
		deliver := func() billhook.Attempt {
			t.Helper()
			return w.attempts(w.emitAndWait(time.Second))[hook.ID]
		}
		deliver()
		name := "renamed"
		if _, err := w.client.Update(context.Background(), "default", hook.ID, billhook.WebhookChange{Name: &name}); err != nil {
			t.Fatal(err)
		}
		deliver()
		if _, err := w.client.UpdateStore(context.Background(), "default", billhook.StoreChange{Profile: &another.Name}); err != nil {
			t.Fatal(err)
		}
		deliver()
		b.want(t, 1, "first")

		second := b.clients.Issue("second")
		w.setTLS(hook.ID, b.knows(second))
		settle(time.Millisecond)
		b.want(t, 0, "first")
		for range 3 {
			if a := deliver(); !a.Success() {
				t.Errorf("with the second certificate: %+v", a)
			}
		}
		b.want(t, 1, "first", "second")

		// The key stays where *** is given for it, and the same is no change.
		kept := b.knows(second)
		kept.ClientKey.Value = billhook.HeaderKept
		w.setTLS(hook.ID, kept)
		deliver()
		b.want(t, 1, "first", "second")

		w.halt()
		w.reopen() // as the database has it
		w.run()
		if a := deliver(); !a.Success() {
			t.Errorf("after a restart: %+v", a)
		}
		b.want(t, 1, "first", "second", "second")

		w.setTLS(hook.ID, nil)
		settle(time.Millisecond)
		b.want(t, 0, "first", "second", "second")
		if a := w.attempts(w.emitAndWait(time.Minute))[hook.ID]; a.Success() {
			t.Errorf("without: %+v", a)
		}
		if got := b.requests; len(got) != 3 || got[0] != 3 || got[1] != 4 || got[2] != 1 {
			t.Errorf("requests by connection: %v", got)
		}
	})
}

// TestTLSChangedElsewhere: what another node changes holds here too, and closes what
// was connected.
func TestTLSChangedElsewhere(t *testing.T) {
	clusterBubble(t, func(t *testing.T, c *cluster) {
		b := c.bank(9000)
		sender, other := c.node(c.open()), c.node(c.open())
		hook, err := sender.Register(context.Background(), billhook.Registration{
			URL: "https://127.0.0.1:9000/hook", Events: []string{"*"}, WebhookSettings: billhook.WebhookSettings{TLS: b.knows(b.clients.Issue("first"))},
		})
		if err != nil {
			t.Fatal(err)
		}
		sender.run()
		sender.emit("order.paid", "1")
		settle(time.Second)
		b.want(t, 1, "first")
		second := b.knows(b.clients.Issue("second"))
		if _, err := other.Update(context.Background(), "default", hook.ID, billhook.WebhookChange{TLS: &second}); err != nil {
			// It has not heard of the webhook yet.
			settle(time.Minute)
			other.run()
			if _, err = other.Update(context.Background(), "default", hook.ID, billhook.WebhookChange{TLS: &second}); err != nil {
				t.Fatal(err)
			}
		}
		settle(10 * time.Second)
		b.want(t, 0, "first")
		sender.emit("order.paid", "2")
		settle(time.Second)
		b.want(t, 1, "first", "second")
	})
}

// TestTLSKeyIsSealed: the key of a certificate is kept, told and rotated like a
// secret.
func TestTLSKeyIsSealed(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		b := w.bank(9000)
		own := b.knows(b.clients.Issue("client"))
		hook := w.register("https://127.0.0.1:9000/hook", once, withTLS(own)) // without a Keyring
		file := w.useKeys("a")
		w.reopen()
		w.run()
		settle(5 * time.Second)
		wantSealed(t, w.db, 2, "a")
		next := b.knows(b.clients.Issue("next"))
		w.setTLS(hook.ID, next)
		wantSealed(t, w.db, 2, "a")
		file.set("ba")
		settle(5 * time.Second)
		wantSealed(t, w.db, 2, "b")
		if a := w.attempts(w.emitAndWait(time.Second))[hook.ID]; !a.Success() {
			t.Errorf("%+v", a)
		}
		b.want(t, 1, "next")
		entries, err := w.client.Audit(ctx, billhook.AuditFilter{StoreID: "default", Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		changed := false
		for _, e := range entries {
			changed = changed || strings.Contains(e.New, `"clientKey":"*** (changed)"`)
			if strings.Contains(e.Old+e.New, "PRIVATE KEY") || strings.Contains(e.Old+e.New, "sealed") {
				t.Errorf("the audit log has the key: %s %s", e.Old, e.New)
			}
		}
		if !changed {
			t.Error("the audit log does not tell that the key was changed")
		}
		if err := w.client.Delete(ctx, "default", hook.ID); err != nil {
			t.Fatal(err)
		}
		wantSealed(t, w.db, 0, "")
		settle(time.Second)
		b.want(t, 0, "next")
	})
}

// TestTLSRefused: what could not work is refused in words that say why, at
// registration and in a change, and leaves no trace.
func TestTLSRefused(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		authority, other := tlstest.NewAuthority(t, "authority"), tlstest.NewAuthority(t, "other")
		client := authority.Issue("client")
		expired := func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) }
		early := func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) }
		big, err := rsa.GenerateKey(rand.Reader, 4104)
		if err != nil {
			t.Fatal(err)
		}
		const secret = "MIIE-never-to-be-repeated"
		bad := strings.Replace(client.PEM, "BEGIN CERTIFICATE", "BEGIN TRUSTED CERTIFICATE", 1)
		bad = strings.Replace(bad, "END CERTIFICATE", "END TRUSTED CERTIFICATE", 1)
		for name, tt := range map[string]struct {
			ca, cert, key string
			pointer, want string
		}{
			"nothing":           {pointer: "/tls", want: "neither"},
			"no PEM":            {ca: "hello", pointer: "/tls/caCertificates", want: "not PEM"},
			"cut off":           {ca: authority.PEM + authority.PEM[:200], pointer: "/tls/caCertificates", want: "not PEM"},
			"another block":     {ca: bad, pointer: "/tls/caCertificates", want: "TRUSTED CERTIFICATE"},
			"a key among them":  {ca: client.KeyPEM, pointer: "/tls/caCertificates", want: "PRIVATE KEY"},
			"no certificate":    {ca: block("CERTIFICATE", []byte(secret)), pointer: "/tls/caCertificates", want: "certificate 1 cannot be read"},
			"no authority":      {ca: authority.PEM + client.PEM, pointer: "/tls/caCertificates", want: `certificate 2 ("CN=client") is not one of an authority`},
			"authority expired": {ca: other.Issue("old", expired).PEM, pointer: "/tls/caCertificates", want: "has expired"},
			"large":             {ca: strings.Repeat(authority.PEM, 40), pointer: "/tls/caCertificates", want: "longer than 16384"},
			"no key":            {cert: client.PEM, pointer: "/tls/clientKey", want: "is missing"},
			"no client":         {key: client.KeyPEM, pointer: "/tls/clientCertificate", want: "is missing"},
			"expired":           {cert: authority.Issue("late", expired).PEM, key: client.KeyPEM, pointer: "/tls/clientCertificate", want: `certificate 1 ("CN=late") has expired, at `},
			"not yet":           {cert: authority.Issue("early", early).PEM, key: client.KeyPEM, pointer: "/tls/clientCertificate", want: "is not valid before"},
			"another's key":     {cert: client.PEM, key: authority.Issue("client").KeyPEM, pointer: "/tls/clientKey", want: "does not fit"},
			"key is no PEM":     {cert: client.PEM, key: secret, pointer: "/tls/clientKey", want: "not PEM"},
			"key is none":       {cert: client.PEM, key: block("PRIVATE KEY", []byte(secret)), pointer: "/tls/clientKey", want: "cannot be read"},
			"key is encrypted":  {cert: client.PEM, key: block("ENCRYPTED PRIVATE KEY", []byte(secret)), pointer: "/tls/clientKey", want: "encrypted"},
			"two keys":          {cert: client.PEM, key: client.KeyPEM + client.KeyPEM, pointer: "/tls/clientKey", want: "more than one"},
			"huge RSA":          {cert: client.PEM, key: block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(big)), pointer: "/tls/clientKey", want: "4096"},
			"large key":         {cert: client.PEM, key: client.KeyPEM + strings.Repeat("x", 8192), pointer: "/tls/clientKey", want: "longer than 8192"},
			"a key to keep":     {cert: client.PEM, key: billhook.HeaderKept, pointer: "/tls/clientKey", want: "there is none yet"},
		} {
			own := &billhook.WebhookTLS{CACertificates: tt.ca, ClientCertificate: tt.cert, ClientKey: billhook.Secret{Value: tt.key}}
			_, err := w.client.Register(context.Background(), billhook.Registration{
				URL: "https://127.0.0.1:9000/", Events: []string{"*"}, WebhookSettings: billhook.WebhookSettings{TLS: own},
			})
			var refused *billhook.Error
			if !errors.As(err, &refused) || refused.Code != billhook.CodeInvalid || refused.Pointer != tt.pointer || !strings.Contains(refused.Message, tt.want) {
				t.Errorf("%s: %v, want %s with %q", name, err, tt.pointer, tt.want)
			} else if strings.Contains(refused.Message+refused.Hint, "never") {
				t.Errorf("%s: the error repeats the key: %v", name, refused)
			}
		}
		good := &billhook.WebhookTLS{CACertificates: "Bag Attributes\n" + authority.PEM + "# an end\n"}
		for _, url := range []string{"http://127.0.0.1:9000/", "HTTP://127.0.0.1:9000/"} {
			_, err := w.client.Register(context.Background(), billhook.Registration{URL: url, Events: []string{"*"}, WebhookSettings: billhook.WebhookSettings{TLS: good}})
			if err == nil || !strings.Contains(err.Error(), "/tls: ") {
				t.Errorf("%s with tls: %v", url, err)
			}
		}
		if all, err := w.client.List(context.Background(), "default", "", 10); err != nil || len(all) != 0 {
			t.Errorf("refused registrations left %d webhooks, %v", len(all), err)
		}
		hook := w.register("https://127.0.0.1:9000/", withTLS(good))
		if hook.TLS.CACertificates != authority.PEM {
			t.Errorf("kept: %s", hook.TLS.CACertificates)
		}
		plain := "http://127.0.0.1:9000/"
		if _, err := w.client.Update(context.Background(), "default", hook.ID, billhook.WebhookChange{URL: &plain}); err == nil || !strings.Contains(err.Error(), "/tls: ") {
			t.Errorf("a change to http://: %v", err)
		}
	})
}

// TestTLSForms: keys in all forms that tools write are taken, a chain too, and what
// has expired since keeps nobody from changing the rest.
func TestTLSForms(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		authority := tlstest.NewAuthority(t, "authority")
		soon := authority.Issue("client", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(time.Hour) })
		key := soon.PrivateKey.(*ecdsa.PrivateKey)
		sec1, err := x509.MarshalECPrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		// As openssl ecparam -genkey writes it.
		text := block("EC PARAMETERS", []byte{6, 8, 42, 134, 72, 206, 61, 3, 1, 7}) + block("EC PRIVATE KEY", sec1)
		hook := w.register("https://127.0.0.1:9000/", withTLS(&billhook.WebhookTLS{ClientCertificate: soon.PEM + authority.PEM, ClientKey: billhook.Secret{Value: text}}))
		if hook.TLS.ClientKey.Value != block("EC PRIVATE KEY", sec1) || hook.TLS.ClientCertificate != soon.PEM+authority.PEM {
			t.Errorf("kept: %s", hook.TLS.ClientCertificate)
		}
		time.Sleep(2 * time.Hour)
		name := "renamed"
		if _, err := w.client.Update(context.Background(), "default", hook.ID, billhook.WebhookChange{Name: &name}); err != nil {
			t.Error(err)
		}
	})
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
