package egress

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func proxyAt(t *testing.T, raw string) *Proxy {
	t.Helper()
	p, err := ParseProxy(raw)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestParseProxyRefuses(t *testing.T) {
	for _, s := range []string{"", "proxy.example:3128", "http://", "http://proxy.example", "https://proxy.example:443", "socks4://a:1", "socks5h://a:1",
		"http://user:hunter2@a:b", "http://user:hunter2/x@a:1", "http://user:hunter2@a:1/path", "http://us%3Aer:hunter2@a:1", "http://a:1?x",
		"socks5://user@a:1", "socks5://:hunter2@a:1", "socks5://" + strings.Repeat("u", 256) + ":hunter2@a:1"} {
		p, err := ParseProxy(s)
		if err == nil {
			t.Errorf("%q: %+v", s, p)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
}

// A fakeProxy is one of both kinds, on loopback. It connects whatever address
// it is asked for to the one receiver that it knows.
type fakeProxy struct {
	listener net.Listener
	target   string // where all connections lead
	user     string // user:password, if it wants one

	mu    sync.Mutex
	asked []string
}

func startProxy(t *testing.T, target, user string) *fakeProxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &fakeProxy{listener: l, target: target, user: user}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { p.serve(c) })
		}
	})
	t.Cleanup(func() { l.Close(); serving.Wait() })
	return p
}

func (p *fakeProxy) serve(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	first, err := in.Peek(1)
	if err != nil {
		return
	}
	accept := p.acceptHTTP
	if first[0] == 5 {
		accept = p.acceptSOCKS
	}
	address, ok := accept(c, in)
	if !ok {
		return
	}
	p.mu.Lock()
	p.asked = append(p.asked, address)
	p.mu.Unlock()
	out, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer out.Close()
	go func() { io.Copy(out, in); out.Close() }()
	io.Copy(c, out)
}

// all lists the addresses that it was asked for.
func (p *fakeProxy) all() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.asked)
}

func (p *fakeProxy) acceptHTTP(c net.Conn, in *bufio.Reader) (string, bool) {
	req, err := http.ReadRequest(in)
	if err != nil {
		return "", false
	}
	// BasicAuth reads the header that a proxy does not use.
	req.Header.Set("Authorization", req.Header.Get("Proxy-Authorization"))
	user, password, _ := req.BasicAuth()
	if p.user != "" && user+":"+password != p.user {
		io.WriteString(c, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
		return "", false
	}
	if req.Method != "CONNECT" || req.Host != req.RequestURI {
		io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n")
		return "", false
	}
	io.WriteString(c, "HTTP/1.1 200 Connection established\r\nX-Proxy: fake\r\n\r\n")
	return req.RequestURI, true
}

func (p *fakeProxy) acceptSOCKS(c net.Conn, in *bufio.Reader) (string, bool) {
	read := func(n int) []byte {
		b := make([]byte, n)
		if _, err := io.ReadFull(in, b); err != nil {
			return make([]byte, n)
		}
		return b
	}
	methods := read(int(read(2)[1]))
	want := byte(0)
	if p.user != "" {
		want = 2
	}
	if !bytes.Contains(methods, []byte{want}) {
		c.Write([]byte{5, 0xff})
		return "", false
	}
	c.Write([]byte{5, want})
	if p.user != "" {
		user := read(int(read(2)[1]))
		password := read(int(read(1)[0]))
		if string(user)+":"+string(password) != p.user {
			c.Write([]byte{1, 1})
			return "", false
		}
		c.Write([]byte{1, 0})
	}
	head := read(4)
	var host net.IP
	switch head[3] {
	case 1:
		host = read(4)
	case 4:
		host = read(16)
	default:
		c.Write([]byte{5, 8, 0, 1, 0, 0, 0, 0, 0, 0})
		return "", false
	}
	port := read(2)
	c.Write([]byte{5, 0, 0, 3, 4, 'h', 'o', 's', 't', 0, 80}) // a bound name, for once
	return net.JoinHostPort(host.String(), fmt.Sprint(int(port[0])<<8|int(port[1]))), head[0] == 5 && head[1] == 1
}

// TestProxy: requests go through either kind of proxy, which is asked for the
// literal address that was checked; TLS is with the receiver.
func TestProxy(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.TLS.ServerName) }))
	defer srv.Close()
	for _, scheme := range []string{"http", "socks5"} {
		for written, user := range map[string]string{"": "", "me:s3cret%40%3Ax@": "me:s3cret@:x"} {
			p := startProxy(t, srv.Listener.Addr().String(), user)
			url := scheme + "://" + written + p.listener.Addr().String()
			guard := New(Policy{}, Config{Resolver: &answers{list: []string{"1.1.1.1 2606:4700::1"}}, Proxy: proxyAt(t, url)})
			_, body, err := get(t, NewClient(guard, TransportConfig{RootCAs: pool(srv)}), "https://example.com/")
			if err != nil || body != "example.com" {
				t.Errorf("%s: %q, %v", url, body, err)
			}
			_, body, err = get(t, NewClient(guard, TransportConfig{RootCAs: pool(srv)}), "https://[2606:4700::7]:8443/")
			if err == nil || !strings.Contains(err.Error(), "certificate") {
				t.Errorf("%s: another host than the certificate's: %q, %v", url, body, err)
			}
			if got := strings.Join(p.all(), " "); got != "1.1.1.1:443 [2606:4700::7]:8443" {
				t.Errorf("%s: the proxy was asked for %s", url, got)
			}
		}
	}
}

// TestProxyIsGuarded: with a proxy too, nothing is asked for that is refused.
func TestProxyIsGuarded(t *testing.T) {
	d := &dials{}
	r := &answers{list: []string{"1.1.1.1", "127.0.0.1"}}
	guard := New(Policy{}, Config{Resolver: r, Dial: d.dial, Proxy: proxyAt(t, "http://127.0.0.1:3128"), Own: mine("9.9.9.9")})
	if err := guard.CheckHost(t.Context(), "rebind.example", 443); err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"rebind.example:443", "127.0.0.1:3128", "10.0.0.1:443", "9.9.9.9:443", "localhost:80"} {
		_, err := guard.DialContext(t.Context(), "tcp", address)
		if refusedBy(t, err); len(d.list) != 0 {
			t.Errorf("%s: dialled %v", address, d.list)
		}
	}
}

// TestProxySignIn: who it does not know, it lets not through.
func TestProxySignIn(t *testing.T) {
	for scheme, want := range map[string]string{"http": "407", "socks5": "user and password"} {
		p := startProxy(t, "127.0.0.1:1", "me:s3cret")
		for user, want := range map[string]string{"": "", "me:wrong@": want} {
			guard := New(Policy{}, Config{Proxy: proxyAt(t, scheme+"://"+user+p.listener.Addr().String())})
			_, err := guard.DialContext(t.Context(), "tcp", "1.1.1.1:443")
			if failed, ok := errors.AsType[*ProxyError](err); !ok || !strings.Contains(failed.Reason, want) {
				t.Errorf("%s with %q: %v", scheme, user, err)
			}
		}
	}
}

// TestHostileProxy: what a proxy answers is read within bounds, and what is not
// the answer of one makes no connection.
func TestHostileProxy(t *testing.T) {
	endless := "\x00" // the mark for an answer that never ends
	tests := []struct {
		scheme, answer, want string
	}{
		{"http", "", "did not answer as"},
		{"http", "SSH-2.0-OpenSSH\r\n", "did not answer as"},
		{"http", "HTTP/1.1 200 OK\r\n", "did not answer as"},
		{"http", "HTTP/1.1 200 OK\r\nX: " + endless, "did not answer as"},
		{"http", "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "more than its answer"},
		{"http", "HTTP/1.1 403 Forbidden\r\n\r\n", "403 Forbidden"},
		{"http", "HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\n\r\n", "302"},
		{"http", "HTTP/1.1 101 Switching Protocols\r\n\r\n", "101"},
		{"socks5", "", "broke the connection off"},
		{"socks5", "HTTP/1.1 400 Bad Request\r\n\r\n", "no SOCKS5"},
		{"socks5", "\x04\x00", "no SOCKS5"},
		{"socks5", "\x05\x02", "another way"},
		{"socks5", "\x05\xff", "another way"},
		{"socks5", "\x05\x00", "broke the connection off"},
		{"socks5", "\x05\x00\x05\x00\x00\x01\x00", "broke the connection off"},
		{"socks5", "\x05\x00\x05\x00\x00\x09\x00\x00\x00\x00\x00", "no SOCKS5"},
		{"socks5", "\x05\x00\x04\x00\x00\x01\x00\x00\x00\x00\x00", "no SOCKS5"},
		{"socks5", "\x05\x00\x05\x02\x00\x01\x00\x00\x00\x00\x00", "its rules"},
		{"socks5", "\x05\x00\x05\x05\x00\x01\x00\x00\x00\x00\x00", "refused the connection"},
		{"socks5", "\x05\x00\x05\x63\x00\x01\x00\x00\x00\x00\x00", "code 99"},
	}
	for _, tt := range tests {
		wrote := 0
		closed := make(chan struct{})
		dial := func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			go io.Copy(io.Discard, far)
			go func() {
				defer close(closed)
				defer far.Close()
				text, forever := strings.CutSuffix(tt.answer, endless)
				if tt.scheme == "socks5" { // NUL is an ordinary byte there
					text, forever = tt.answer, false
				}
				n, err := io.WriteString(far, text)
				for wrote = n; forever && err == nil; wrote += n {
					n, err = io.WriteString(far, strings.Repeat("x", 1000))
				}
			}()
			return near, nil
		}
		g := New(Policy{}, Config{Dial: dial, Proxy: proxyAt(t, tt.scheme+"://127.0.0.1:3128")})
		_, err := g.DialContext(t.Context(), "tcp", "1.1.1.1:443")
		if failed, ok := errors.AsType[*ProxyError](err); !ok || !strings.Contains(failed.Reason, tt.want) {
			t.Errorf("%s %q: %v, want %q", tt.scheme, tt.answer, err, tt.want)
		}
		<-closed // so the connection was closed
		if wrote > 2*maxProxyAnswer {
			t.Errorf("%s %q: %d bytes were read", tt.scheme, tt.answer, wrote)
		}
	}
}

// TestProxyTime: a proxy that says nothing is given up, when the time is over or
// when the caller goes away, and its connection is closed.
func TestProxyTime(t *testing.T) {
	for _, scheme := range []string{"http", "socks5"} {
		for name, want := range map[string]time.Duration{"hangs": dialTimeout, "called off": time.Second} {
			synctest.Test(t, func(t *testing.T) {
				closed := make(chan struct{})
				dial := func(context.Context, string, string) (net.Conn, error) {
					near, far := net.Pipe()
					go func() { io.Copy(io.Discard, far); close(closed) }()
					return near, nil
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if name == "called off" {
					time.AfterFunc(want, cancel)
				}
				start := time.Now()
				g := New(Policy{}, Config{Dial: dial, Proxy: proxyAt(t, scheme+"://127.0.0.1:3128")})
				_, err := g.DialContext(ctx, "tcp", "1.1.1.1:443")
				if _, ok := errors.AsType[*ProxyError](err); !ok || time.Since(start) != want {
					t.Errorf("%s %s: %v after %v", scheme, name, err, time.Since(start))
				}
				<-closed
			})
		}
	}
}

func TestProxyIsDown(t *testing.T) {
	d := &dials{fail: map[string]error{"proxy.example:3128": errors.New("connection refused")}}
	g := New(Policy{}, Config{Dial: d.dial, Proxy: proxyAt(t, "http://proxy.example:3128")})
	_, err := g.DialContext(t.Context(), "tcp", "1.1.1.1:443")
	if failed, ok := errors.AsType[*ProxyError](err); !ok || strings.Contains(failed.Reason, "proxy.example") || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("%v", err)
	}
}

// TestNoProxyFromEnvironment: what the environment says of proxies counts for
// nothing.
func TestNoProxyFromEnvironment(t *testing.T) {
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"} {
		t.Setenv(name, "http://127.0.0.1:3128")
	}
	d := &dials{}
	guard := New(Policy{}, Config{Dial: d.dial})
	rt := NewClient(guard, TransportConfig{})
	get(t, rt, "http://1.1.1.1/")
	get(t, rt, "https://1.1.1.1/")
	if got := strings.Join(d.list, " "); got != "1.1.1.1:80 1.1.1.1:443" {
		t.Errorf("dialled %s", got)
	}
}
