package egress

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"testing"
)

func TestWrittenOn(t *testing.T) {
	client, server := net.Pipe()
	defer client.Close()
	defer server.Close()
	go io.Copy(io.Discard, server)

	c := &Conn{Conn: client}
	if n, ok := writtenOn(c); n != 0 || !ok {
		t.Errorf("before: %d, %v", n, ok)
	}
	if _, err := c.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if n, ok := writtenOn(tls.Client(c, &tls.Config{})); n != 5 || !ok {
		t.Errorf("through tls.Conn: %d, %v", n, ok)
	}
	client.Close()
	if _, err := c.Write([]byte("hello")); err == nil || c.Written() != 5 {
		t.Errorf("after a failed write: %d, %v", c.Written(), err)
	}
	for _, c := range []net.Conn{nil, client, tls.Client(client, &tls.Config{})} {
		if n, ok := writtenOn(c); n != 0 || ok {
			t.Errorf("writtenOn(%T) = %d, %v", c, n, ok)
		}
	}
}

// TestWrittenIgnoresAlerts: a receiver that closes an idle TLS connection makes
// net/http close it too, which sends an alert. That is no byte of a request.
func TestWrittenIgnoresAlerts(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			srv := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
			defer srv.Close()
			guard := New(Policy{AllowLoopback: true}, Config{})
			raw, err := guard.DialContext(t.Context(), "tcp", srv.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			c := tls.Client(raw, &tls.Config{InsecureSkipVerify: true, MaxVersion: version})
			if err := c.HandshakeContext(t.Context()); err != nil {
				t.Fatal(err)
			}
			before, _ := writtenOn(c)
			if before == 0 {
				t.Error("the handshake was not counted")
			}
			if _, err := io.WriteString(c, "P"); err != nil {
				t.Fatal(err)
			}
			between, _ := writtenOn(c)
			if between <= before {
				t.Error("application data was not counted")
			}
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			if after, _ := writtenOn(c); after != between {
				t.Errorf("the close added %d bytes", after-between)
			}
		})
	}
}

// TestWrittenOfRequest samples the count as a sender does, on HTTP/1.1 and 2.
func TestWrittenOfRequest(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			io.WriteString(w, r.Proto)
		}))
		srv.EnableHTTP2 = h2
		srv.StartTLS()
		defer srv.Close()
		rt := NewTransport(New(Policy{AllowLoopback: true}, Config{}), TransportConfig{RootCAs: pool(srv)})
		defer rt.CloseIdleConnections()
		for i := range 2 {
			var got httptrace.GotConnInfo
			var before int64
			ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
				GotConn: func(info httptrace.GotConnInfo) {
					got = info
					before, _ = writtenOn(info.Conn)
				},
			})
			req, _ := http.NewRequestWithContext(ctx, "POST", srv.URL, strings.NewReader("{}"))
			resp, err := rt.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			after, ok := writtenOn(got.Conn)
			if !ok || after <= before || got.Reused != (i == 1) || (string(body) == "HTTP/2.0") != h2 {
				t.Errorf("%s: written %d to %d, %v, reused %v", body, before, after, ok, got.Reused)
			}
		}
	}
}
