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
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A scripted receiver answers each request on a connection with the next of its
// texts, and then closes it, or holds it open.
type scripted struct {
	answers []string
	hold    bool
	// dials counts connections, asked requests.
	dials, asked atomic.Int64
}

func (s *scripted) dial(context.Context, string, string) (net.Conn, error) {
	s.dials.Add(1)
	near, far := net.Pipe()
	go func() {
		defer far.Close()
		in := bufio.NewReader(far)
		for _, answer := range s.answers {
			req, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			if _, err := io.Copy(io.Discard, req.Body); err != nil {
				return
			}
			s.asked.Add(1)
			if _, err := io.WriteString(far, answer); err != nil {
				return
			}
		}
		if s.hold {
			_, _ = io.Copy(io.Discard, in)
		}
	}()
	return near, nil
}

func (s *scripted) client(config TransportConfig) *Client {
	return NewClient(New(Policy{}, Config{Resolver: &answers{list: []string{"1.1.1.1"}}, Dial: s.dial}), config)
}

// kept is how many connections are idle in all, and to a host on port 80.
func (c *Client) kept(host string) (all, to int) {
	c.plain.mu.Lock()
	defer c.plain.mu.Unlock()
	return c.plain.ages.Len(), len(c.plain.idle[origin{host: host, port: "80"}])
}

// post sends a body and reads the answer to its end.
func post(ctx context.Context, rt http.RoundTripper, url, body string) (*http.Response, string, error) {
	req, err := http.NewRequestWithContext(ctx, "POST", url, io.NopCloser(strings.NewReader(body)))
	if err != nil {
		return nil, "", err
	}
	req.ContentLength = int64(len(body))
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp, string(text), err
}

const okAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// TestHTTP1Keeps: a connection is used again after an answer that was read to its end
// and lets it, and after no other.
func TestHTTP1Keeps(t *testing.T) {
	for _, tt := range []struct {
		name, answer string
		kept         bool
	}{
		{"a length", okAnswer, true},
		{"no body", "HTTP/1.1 204 No Content\r\n\r\n", true},
		{"an empty body", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true},
		{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", true},
		{"an interim answer", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + okAnswer, true},
		{"a failure", "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", true},
		{"HTTP/1.0 that says so", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", true},
		{"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false},
		{"close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", false},
		{"more than its length", okAnswer + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", false},
		{"another protocol", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &scripted{answers: []string{tt.answer, tt.answer}, hold: true}
				c := s.client(TransportConfig{})
				defer c.CloseIdleConnections()
				for range 2 {
					resp, body, err := post(t.Context(), c, "http://shop.example/", "{}")
					if err != nil || body != "ok" && body != "" {
						t.Fatalf("%v, %q, %v", resp, body, err)
					}
				}
				if want := int64(2); tt.kept && s.dials.Load() != 1 || !tt.kept && s.dials.Load() != want {
					t.Errorf("%d connections, kept: %v", s.dials.Load(), tt.kept)
				}
			})
		})
	}
}

// TestHTTP1Unread: an answer that nobody has read to its end ends its connection.
func TestHTTP1Unread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scripted{answers: []string{okAnswer, okAnswer}, hold: true}
		c := s.client(TransportConfig{})
		defer c.CloseIdleConnections()
		for range 2 {
			req, _ := http.NewRequestWithContext(t.Context(), "POST", "http://shop.example/", http.NoBody)
			resp, err := c.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if _, err := resp.Body.Read(make([]byte, 1)); !errors.Is(err, http.ErrBodyReadAfterClose) {
				t.Errorf("after Close: %v", err)
			}
		}
		if n := s.dials.Load(); n != 2 {
			t.Errorf("%d connections", n)
		}
	})
}

// TestHTTP1Unwritten: a connection that the receiver has closed takes no request, and
// the error says so; the same on a new connection is a failure like any other.
func TestHTTP1Unwritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scripted{answers: []string{okAnswer}}
		c := s.client(TransportConfig{})
		defer c.CloseIdleConnections()
		if _, _, err := post(t.Context(), c, "http://shop.example/", "{}"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // the receiver has closed
		_, _, err := post(t.Context(), c, "http://shop.example/", "{}")
		if _, unwritten := errors.AsType[*Unwritten](err); !unwritten {
			t.Errorf("on the closed connection: %v", err)
		}
		if _, _, err := post(t.Context(), c, "http://shop.example/", "{}"); err != nil || s.dials.Load() != 2 {
			t.Errorf("on a new one: %v, %d connections", err, s.dials.Load())
		}
		s.answers = nil
		_, _, err = post(t.Context(), c, "http://shop.example/", "{}") // the second is closed too
		if _, unwritten := errors.AsType[*Unwritten](err); !unwritten {
			t.Errorf("on the second: %v", err)
		}
		_, _, err = post(t.Context(), c, "http://shop.example/", "{}")
		if _, unwritten := errors.AsType[*Unwritten](err); unwritten || err == nil {
			t.Errorf("a new connection that closes at once: %v", err)
		}
	})
}

// TestHTTP1Closed: what a receiver closes while it is idle is seen before it is used,
// encrypted or not.
func TestHTTP1Closed(t *testing.T) {
	for _, encrypted := range []bool{false, true} {
		asked := atomic.Int64{}
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked.Add(1); io.WriteString(w, "ok") }))
		closed := make(chan struct{}, 10)
		srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
			if s == http.StateClosed {
				closed <- struct{}{}
			}
		}
		srv.Config.IdleTimeout = 50 * time.Millisecond
		config := TransportConfig{}
		if encrypted {
			srv.StartTLS()
			config.RootCAs = pool(srv)
		} else {
			srv.Start()
		}
		defer srv.Close()
		c := NewClient(loopback(), config)
		defer c.CloseIdleConnections()
		for range 3 {
			if _, body, err := post(t.Context(), c, srv.URL, "{}"); err != nil || body != "ok" {
				t.Fatalf("encrypted %v: %q, %v", encrypted, body, err)
			}
			<-closed
		}
		if asked.Load() != 3 {
			t.Errorf("%d requests", asked.Load())
		}
	}
}

// TestHTTP1EarlyAnswer: who refuses a long request before it was read is heard, and
// the connection is not used again.
func TestHTTP1EarlyAnswer(t *testing.T) {
	for _, encrypted := range []bool{false, true} {
		dials := atomic.Int64{}
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			io.WriteString(conn, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
			<-t.Context().Done()
			conn.Close()
		}))
		srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
			if s == http.StateNew {
				dials.Add(1)
			}
		}
		config := TransportConfig{}
		if encrypted {
			srv.StartTLS()
			config.RootCAs = pool(srv)
		} else {
			srv.Start()
		}
		c := NewClient(loopback(), config)
		for range 2 {
			resp, _, err := post(t.Context(), c, srv.URL, strings.Repeat("x", 32<<20))
			if err != nil || resp.StatusCode != 413 {
				t.Errorf("encrypted %v: %v, %v", encrypted, resp, err)
			}
		}
		if dials.Load() != 2 {
			t.Errorf("encrypted %v: %d connections", encrypted, dials.Load())
		}
		c.CloseIdleConnections()
	}
}

// TestHTTP1Long: what is longer than the connection has room for arrives whole, and
// the connection is used again.
func TestHTTP1Long(t *testing.T) {
	dials := atomic.Int64{}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, n)
	}))
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			dials.Add(1)
		}
	}
	srv.Start()
	defer srv.Close()
	c := NewClient(loopback(), TransportConfig{})
	defer c.CloseIdleConnections()
	for _, size := range []int{0, 1, maxWrittenFirst, maxWrittenFirst + 1, 8 << 20} {
		if _, body, err := post(t.Context(), c, srv.URL, strings.Repeat("x", size)); err != nil || body != fmt.Sprint(size) {
			t.Errorf("%d bytes: %q, %v", size, body, err)
		}
	}
	if dials.Load() != 1 {
		t.Errorf("%d connections", dials.Load())
	}
}

// TestHTTP1Interrupted: the end of the context ends the wait for an answer and for the
// rest of its body, at once.
func TestHTTP1Interrupted(t *testing.T) {
	for _, answers := range [][]string{nil, {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"}} {
		synctest.Test(t, func(t *testing.T) {
			s := &scripted{answers: answers, hold: true}
			c := s.client(TransportConfig{})
			defer c.CloseIdleConnections()
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			start := time.Now()
			_, _, err := post(ctx, c, "http://shop.example/", "{}")
			if took := time.Since(start); err == nil || took != 3*time.Second {
				t.Errorf("after %v: %v", took, err)
			}
			if answers == nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v", err)
			}
			synctest.Wait()
			if n, _ := c.kept(""); n != 0 {
				t.Errorf("%d connections are kept", n)
			}
		})
	}
}

// TestHTTP1Bounds: idle connections are as many as the config says, to one host and in
// all, the eldest go, and each ends when its time has come.
func TestHTTP1Bounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scripted{answers: []string{okAnswer, okAnswer}, hold: true}
		c := s.client(TransportConfig{MaxIdleConns: 3, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute})
		defer c.CloseIdleConnections()
		// Three at a time to one host: two stay.
		var open []*http.Response
		ask := func(host string) {
			t.Helper()
			req, _ := http.NewRequestWithContext(t.Context(), "POST", "http://"+host+"/", http.NoBody)
			resp, err := c.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			open = append(open, resp)
		}
		finish := func() {
			for _, resp := range open {
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
			open = nil
		}
		idle := func(want int) {
			t.Helper()
			if n, _ := c.kept(""); n != want {
				t.Errorf("%d are idle, want %d", n, want)
			}
		}
		for range 3 {
			ask("a.example")
		}
		finish()
		idle(2)
		time.Sleep(30 * time.Second)
		for _, host := range []string{"b.example", "c.example"} {
			ask(host)
		}
		finish()
		idle(3)
		if _, n := c.kept("a.example"); n != 1 {
			t.Errorf("%d to the host that was used first", n)
		}
		time.Sleep(31 * time.Second)
		idle(2)
		time.Sleep(30 * time.Second)
		idle(0)
		c.plain.mu.Lock()
		if c.plain.sweep != nil || len(c.plain.idle) != 0 {
			t.Error("something is still looked after")
		}
		c.plain.mu.Unlock()
		// What is in use when all are closed is closed once it no longer is.
		ask("a.example")
		c.CloseIdleConnections()
		finish()
		idle(0)
	})
}

// TestHTTP1Modern: HTTP/2 is found out and spoken on one connection, and HTTP/1.1 once
// the receiver has come to speak that alone.
func TestHTTP1Modern(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto+" "+r.RemoteAddr) }))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	c := NewClient(loopback(), TransportConfig{RootCAs: pool(srv)})
	defer c.CloseIdleConnections()
	first := ""
	for range 3 {
		_, body, err := post(t.Context(), c, srv.URL, "{}")
		if err != nil || !strings.HasPrefix(body, "HTTP/2.0 ") {
			t.Fatalf("%q, %v", body, err)
		}
		if first == "" {
			first = body
		}
		if body != first {
			t.Errorf("%q, then %q", first, body)
		}
	}
	if len(c.found) != 0 {
		t.Errorf("left over: %v", c.found)
	}
	srv.TLS.NextProtos = []string{"http/1.1"} // for what is new
	srv.CloseClientConnections()
	for range 3 {
		if _, body, err := post(t.Context(), c, srv.URL, "{}"); err == nil && !strings.HasPrefix(body, "HTTP/1.1 ") {
			t.Errorf("%q, %v", body, err)
		}
	}
	if n, _ := c.kept(""); len(c.newer) != 0 || n != 1 {
		t.Errorf("it is still taken for %v; %d connections are kept", c.newer, n)
	}
}

// TestAppendRequest: what is sent is what net/http would make of it, and what would
// end a header early is refused.
func TestAppendRequest(t *testing.T) {
	make1 := func(change func(*http.Request)) *http.Request {
		req, err := http.NewRequestWithContext(t.Context(), "POST", "http://Shop.example:8080/a%2fb?c=d&e", strings.NewReader("body"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = http.Header{"User-Agent": {"B"}, "X-Two": {"1", "2"}, "Content-Type": {"application/json"}}
		change(req)
		return req
	}
	text, err := appendRequest(nil, make1(func(r *http.Request) {
		r.Header["Content-Length"], r.Header["Transfer-Encoding"], r.Header["Host"] = []string{"99"}, []string{"chunked"}, []string{"evil"}
	}))
	if err != nil {
		t.Fatal(err)
	}
	got, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(text)))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	body, _ := io.ReadAll(got.Body)
	if got.Method != "POST" || got.RequestURI != "/a%2fb?c=d&e" || got.Host != "Shop.example:8080" || string(body) != "body" || len(got.TransferEncoding) > 0 {
		t.Errorf("%+v, %q", got, body)
	}
	if fmt.Sprint(got.Header) != "map[Content-Length:[4] Content-Type:[application/json] User-Agent:[B] X-Two:[1 2]]" {
		t.Error(got.Header)
	}
	for name, change := range map[string]func(*http.Request){
		"a line in a value":    func(r *http.Request) { r.Header["X"] = []string{"a\r\nY: b"} },
		"a nul in a value":     func(r *http.Request) { r.Header["X"] = []string{"a\x00"} },
		"a line in a name":     func(r *http.Request) { r.Header["X\r\nY"] = []string{"a"} },
		"a space in a name":    func(r *http.Request) { r.Header["X "] = []string{"a"} },
		"an empty name":        func(r *http.Request) { r.Header[""] = []string{"a"} },
		"a space in a method":  func(r *http.Request) { r.Method = "POST /" },
		"a line in the path":   func(r *http.Request) { r.URL.RawQuery = "a\r\nX: y" },
		"a space in the query": func(r *http.Request) { r.URL.RawQuery = "a HTTP/1.1" },
		"a body that is short": func(r *http.Request) { r.ContentLength = 5 },
	} {
		if text, err := appendRequest(nil, make1(change)); err == nil {
			t.Errorf("%s: %q", name, text)
		}
	}
	for host, plain := range map[string]bool{"shop.example": true, "[::1]:80": true, "xn--shp-sna.example": true, "shöp.example": false, "[fe80::1%25eth0]": false, "a b": false, "a\r\nb": false} {
		if plainHost(host) != plain {
			t.Errorf("%q: %v", host, !plain)
		}
	}
}
