package egress

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// client makes a self-signed certificate of a client with the name.
func client(t *testing.T, name string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// whoServer answers with the client's name and address, and asks for certificates.
func whoServer(t *testing.T, h2 bool) *httptest.Server {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := "nobody"
		if len(r.TLS.PeerCertificates) > 0 {
			name = r.TLS.PeerCertificates[0].Subject.CommonName
		}
		fmt.Fprint(w, name, " ", r.RemoteAddr)
	}))
	srv.EnableHTTP2 = h2
	srv.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	srv.Config.ErrorLog = quiet
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv
}

// TestPool: a connection that was made with a certificate serves the use that
// has it and no other, on HTTP/1.1 and 2; the others share theirs.
func TestPool(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		srv := whoServer(t, h2)
		p := NewPool(loopback(), TransportConfig{RootCAs: pool(srv)})
		a, b := &Identity{Certificates: []tls.Certificate{client(t, "a")}}, &Identity{Certificates: []tls.Certificate{client(t, "b")}}
		from := map[string]string{} // client's address -> use
		ask := func(use string, identity *Identity) (name, addr string) {
			t.Helper()
			_, body, err := get(t, p.Client(use, identity), srv.URL)
			if err != nil {
				t.Fatal(err)
			}
			name, addr, _ = strings.Cut(body, " ")
			return name, addr
		}
		for range 3 {
			for use, tt := range map[string]struct {
				identity *Identity
				want     string
			}{"w1": {a, "a"}, "w2": {b, "b"}, "w3": {a, "a"}, "w4": {nil, "nobody"}, "w5": {nil, "nobody"}} {
				name, addr := ask(use, tt.identity)
				if name != tt.want {
					t.Errorf("%s came as %s", use, name)
				}
				if tt.identity == nil {
					use = "common"
				}
				if before, ok := from[addr]; ok && before != use {
					t.Errorf("%s has the connection of %s", use, before)
				}
				from[addr] = use
			}
		}
		if len(from) != 4 {
			t.Errorf("%d connections, want one for each use with an identity and one for the others: %v", len(from), from)
		}
		if name, addr := ask("w1", b); name != "b" || from[addr] != "" {
			t.Errorf("with a new identity w1 came as %s on the connection of %q", name, from[addr])
		}
		before := p.Client("w1", b)
		if p.Client("w1", b) != before {
			t.Error("the same identity gets two transports")
		}
		p.Forget("w1")
		if p.Client("w1", b) == before {
			t.Error("the transport of a use that was forgotten is there again")
		}
		p.CloseIdleConnections()
	}
}

// TestPoolAuthorities: a receiver with a private authority is recognised by the
// use that has it, which then takes nobody else's word.
func TestPoolAuthorities(t *testing.T) {
	srv, other := whoServer(t, false), httptest.NewUnstartedServer(http.NotFoundHandler())
	cert := client(t, "example.com") // self-signed, for no address
	other.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	other.Config.ErrorLog = quiet
	other.StartTLS()
	defer other.Close()

	p := NewPool(loopback(), TransportConfig{})
	defer p.CloseIdleConnections()
	if _, _, err := get(t, p.Client("w", nil), srv.URL); err == nil || !strings.Contains(err.Error(), "unknown authority") {
		t.Errorf("without it: %v", err)
	}
	own := &Identity{RootCAs: pool(srv)}
	if _, _, err := get(t, p.Client("w", own), srv.URL); err != nil {
		t.Errorf("with it: %v", err)
	}
	if _, _, err := get(t, p.Client("w", own), other.URL); err == nil {
		t.Error("another authority's receiver is believed")
	}
	trusting := NewPool(loopback(), TransportConfig{RootCAs: pool(srv)})
	defer trusting.CloseIdleConnections()
	if _, _, err := get(t, trusting.Client("w", &Identity{RootCAs: x509.NewCertPool()}), srv.URL); err == nil {
		t.Error("the authorities of all count beside the use's own")
	}
	if _, _, err := get(t, trusting.Client("w", &Identity{}), srv.URL); err != nil {
		t.Errorf("an identity without authorities: %v", err)
	}
}

// TestServerName: the certificate must be for the host of the URL, whatever
// address it led to, and that host is what the receiver is told.
func TestServerName(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.TLS.ServerName) }))
	srv.Config.ErrorLog = quiet
	srv.StartTLS()
	defer srv.Close()
	_, port, _ := strings.Cut(srv.Listener.Addr().String(), ":")
	guard := New(Policy{AllowLoopback: true}, Config{Resolver: &answers{list: []string{"127.0.0.1"}}})
	rt := NewClient(guard, TransportConfig{RootCAs: pool(srv)})
	if _, body, err := get(t, rt, "https://example.com:"+port); err != nil || body != "example.com" {
		t.Errorf("%q, %v", body, err)
	}
	for _, host := range []string{"example.org", "shop.example"} {
		if _, _, err := get(t, rt, "https://"+host+":"+port); err == nil || !strings.Contains(err.Error(), "certificate is valid for") {
			t.Errorf("%s: %v", host, err)
		}
	}
}
