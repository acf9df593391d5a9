package egress

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pool returns the authorities that vouch for srv.
func pool(srv *httptest.Server) *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(srv.Certificate())
	return p
}

// quiet is for servers whose clients are meant to fail.
var quiet = log.New(io.Discard, "", 0)

// A roundTripper is a transport or a Client.
type roundTripper interface {
	http.RoundTripper
	CloseIdleConnections()
}

// get sends one request through rt.
func get(t *testing.T, rt roundTripper, url string) (*http.Response, string, error) {
	t.Helper()
	t.Cleanup(rt.CloseIdleConnections)
	req, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, string(body), err
}

func loopback() *Guard { return New(Policy{AllowLoopback: true}, Config{}) }

func TestTransportRefuses(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	_, _, err := get(t, NewClient(New(Policy{}, Config{}), TransportConfig{}), srv.URL)
	if refusedBy(t, err).Class != Loopback {
		t.Error(err)
	}
}

// TestTransportIgnoresProxies: with a proxy the guard would check the proxy's
// address and not the receiver's.
func TestTransportIgnoresProxies(t *testing.T) {
	rt := NewTransport(loopback(), TransportConfig{})
	if rt.Proxy != nil {
		t.Error("the transport has a proxy")
	}
}

func TestTransportNeverDecodesGzip(t *testing.T) {
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	io.WriteString(w, "hello")
	w.Close()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Accept-Encoding"); got != "" {
			t.Errorf("Accept-Encoding = %q", got)
		}
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(zipped.Bytes())
	}))
	defer srv.Close()
	_, body, err := get(t, NewClient(loopback(), TransportConfig{}), srv.URL)
	if err != nil || body != zipped.String() {
		t.Errorf("body %q, %v", body, err)
	}
}

func TestTransportTLS(t *testing.T) {
	tests := []struct {
		name     string
		max      uint16
		h2, pool bool
		proto    string
		err      string
	}{
		{"HTTP/2", tls.VersionTLS13, true, true, "HTTP/2.0", ""},
		{"TLS 1.3", tls.VersionTLS13, false, true, "HTTP/1.1", ""},
		{"TLS 1.2", tls.VersionTLS12, false, true, "HTTP/1.1", ""},
		{"TLS 1.1", tls.VersionTLS11, false, true, "", "protocol version"},
		{"unknown authority", tls.VersionTLS13, false, false, "", "unknown authority"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				io.WriteString(w, r.Proto)
			}))
			srv.EnableHTTP2 = tt.h2
			srv.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tt.max}
			srv.Config.ErrorLog = quiet
			srv.StartTLS()
			defer srv.Close()
			config := TransportConfig{}
			if tt.pool {
				config.RootCAs = pool(srv)
			}
			_, body, err := get(t, NewClient(loopback(), config), srv.URL)
			if tt.err == "" && (err != nil || body != tt.proto) {
				t.Errorf("%q, %v", body, err)
			}
			if tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestTransportHeaderLimit(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Large", strings.Repeat("x", 65<<10))
		}))
		srv.EnableHTTP2 = h2
		srv.Config.ErrorLog = quiet
		srv.StartTLS()
		defer srv.Close()
		if resp, _, err := get(t, NewClient(loopback(), TransportConfig{RootCAs: pool(srv)}), srv.URL); err == nil {
			t.Errorf("a header of 65 KiB came through on %s", resp.Proto)
		}
	}
}

func TestTransportConfig(t *testing.T) {
	rt := NewTransport(loopback(), TransportConfig{})
	if rt.MaxIdleConns != 1000 || rt.MaxIdleConnsPerHost != 16 || rt.IdleConnTimeout != time.Minute {
		t.Errorf("defaults: %d, %d, %v", rt.MaxIdleConns, rt.MaxIdleConnsPerHost, rt.IdleConnTimeout)
	}
	rt = NewTransport(loopback(), TransportConfig{MaxIdleConns: 7, MaxIdleConnsPerHost: 3, IdleConnTimeout: time.Second})
	if rt.MaxIdleConns != 7 || rt.MaxIdleConnsPerHost != 3 || rt.IdleConnTimeout != time.Second {
		t.Errorf("set: %d, %d, %v", rt.MaxIdleConns, rt.MaxIdleConnsPerHost, rt.IdleConnTimeout)
	}
}

// TestTransportInBubble: with Config.Dial and a Resolver of one's own, nothing
// leaves a synctest bubble, and idle connections end on its clock.
func TestTransportInBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed := make(chan time.Time, 1)
		dial := func(_ context.Context, _, address string) (net.Conn, error) {
			if address != "1.1.1.1:80" {
				return nil, errors.New("unexpected " + address)
			}
			client, server := net.Pipe()
			go func() {
				defer server.Close()
				in := bufio.NewReader(server)
				for {
					req, err := http.ReadRequest(in)
					if err != nil {
						closed <- time.Now()
						return
					}
					io.Copy(io.Discard, req.Body)
					io.WriteString(server, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
				}
			}()
			return client, nil
		}
		guard := New(Policy{}, Config{Resolver: &answers{list: []string{"1.1.1.1"}}, Dial: dial})
		start := time.Now()
		if _, body, err := get(t, NewClient(guard, TransportConfig{}), "http://shop.example/"); err != nil || body != "ok" {
			t.Fatalf("%q, %v", body, err)
		}
		if got := (<-closed).Sub(start); got != time.Minute {
			t.Errorf("the idle connection was closed after %v", got)
		}
	})
}
