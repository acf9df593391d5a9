package billhook

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/billhook/billhook/egress"
	"github.com/billhook/billhook/profile"
)

// maxPerAttempt is what an attempt may allocate, in bytes, whatever the receiver
// sends: an answer's headers (64 KiB), the beginning of its body, and the buffers
// and keys of a connection with TLS and HTTP/2. Measured: at most 1.3 MB, of
// which a part is the receiver's, and 2.1 MB with the race detector.
const maxPerAttempt = 4 << 20

// A hostile receiver speaks for itself on one connection, which is closed when
// it returns.
type hostile struct {
	name   string
	handle func(net.Conn)
	// failure is what the attempt must end with, and code its status.
	failure Failure
	code    int
	// after is how long the attempt takes, in simulated time: its timeout, the
	// time for the rest of an answer, or none.
	after time.Duration
}

// attemptTimeout is that of the profile standard.
const attemptTimeout = 15 * time.Second

// read takes in the request.
func read(c net.Conn) {
	if req, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
		_, _ = io.Copy(io.Discard, req.Body)
	}
}

// says answers with a text and hangs up.
func says(text string) func(net.Conn) {
	return func(c net.Conn) { read(c); _, _ = io.WriteString(c, text) }
}

// forever answers with a text and then again and again with another, as fast as
// it is taken or with pauses.
func forever(text, again string, pause time.Duration) func(net.Conn) {
	return func(c net.Conn) {
		read(c)
		_, err := io.WriteString(c, text)
		for more := []byte(again); err == nil; _, err = c.Write(more) {
			time.Sleep(pause)
		}
	}
}

// filler is 32 KiB without a line's end.
var filler = strings.Repeat("x", 32<<10)

var plainReceivers = []hostile{
	{"a status line without end", forever("HTTP/1.1 200 ", filler, 0), FailureProtocol, 0, 0},
	{"a header without end", forever("HTTP/1.1 200 OK\r\nX: ", filler, 0), FailureProtocol, 0, 0},
	{"a header's name without end", forever("HTTP/1.1 200 OK\r\n", filler, 0), FailureProtocol, 0, 0},
	{"headers without end", forever("HTTP/1.1 200 OK\r\n", "X: "+filler[:1000]+"\r\n", 0), FailureProtocol, 0, 0},
	{"small headers without end", forever("HTTP/1.1 200 OK\r\n", "a:\r\n", 0), FailureProtocol, 0, 0},
	{"headers in drips", forever("HTTP/1.1 200 OK\r\nX: ", "x", time.Second), FailureTimeout, 0, attemptTimeout},
	{"a status line in drips", forever("HTTP/1.1 200 O", "K", time.Second), FailureTimeout, 0, attemptTimeout},
	{"early hints for ever", forever("", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", 0), FailureProtocol, 0, 0},
	{"processing, slowly, for ever", forever("", "HTTP/1.1 102 Processing\r\n\r\n", time.Second), FailureTimeout, 0, attemptTimeout},
	{"continue for ever", forever("", "HTTP/1.1 100 Continue\r\n\r\n", 0), FailureProtocol, 0, 0},
	{"a body in drips", forever("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", "x", 100*time.Millisecond), FailureNone, 200, drainTime},
	{"chunks in drips", forever("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n", 100*time.Millisecond), FailureNone, 200, drainTime},
	{"a body without end", forever("HTTP/1.1 200 OK\r\n\r\n", filler, 0), FailureNone, 200, 0},
	{"a compressed body without end", forever("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08", filler, 0), FailureNone, 200, 0},
	{"tiny chunks without end", forever("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n", 0), FailureNone, 200, 0},
	{"a chunk's size without end", forever("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "0", 0), FailureNone, 200, 0},
	{"a chunk's extension without end", forever("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=", filler, 0), FailureNone, 200, 0},
	{"trailers without end", forever("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n0\r\n", "X: "+filler[:1000]+"\r\n", 0), FailureNone, 200, 0},
	{"a chunk of 2^64 bytes", says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\n"), FailureNone, 200, 0},
	{"a chunk of -1 bytes", says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n"), FailureNone, 200, 0},
	{"two lengths", says("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"), FailureProtocol, 0, 0},
	{"a length of -1", says("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"), FailureProtocol, 0, 0},
	{"a length of 2^64", says("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\n"), FailureProtocol, 0, 0},
	{"a length of 2^62", says("HTTP/1.1 200 OK\r\nContent-Length: 4611686018427387904\r\n\r\nx"), FailureNone, 200, 0},
	{"a length and chunks", says("HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), FailureNone, 200, 0},
	{"less than its length", says("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx"), FailureNone, 200, 0},
	{"more than its length", forever("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", filler, 0), FailureNone, 200, 0},
	{"an unknown coding", says("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"), FailureProtocol, 0, 0},
	{"HTTP/0.9", says("<html>hello"), FailureProtocol, 0, 0},
	{"HTTP/3.0", says("HTTP/3.0 200 OK\r\nContent-Length: 0\r\n\r\n"), FailureNone, 200, 0},
	{"a status of two digits", says("HTTP/1.1 20 OK\r\n\r\n"), FailureProtocol, 0, 0},
	{"a status below nothing", says("HTTP/1.1 -20 OK\r\n\r\n"), FailureProtocol, 0, 0},
	{"a redirect to itself", says("HTTP/1.1 307 Temporary Redirect\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"), FailureRedirect, 307, 0},
	{"a redirect to nowhere", says("HTTP/1.1 302 Found\r\nLocation: ://nowhere\r\nContent-Length: 0\r\n\r\n"), FailureRedirect, 302, 0},
	{"101 and a stream without end", forever("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", filler, 0), FailureProtocol, 101, 0},
	{"101 with a body", says("HTTP/1.1 101 Switching Protocols\r\nContent-Length: 2\r\n\r\nok"), FailureProtocol, 101, 0},
	{"TLS where none was asked for", says("\x15\x03\x03\x00\x02\x02\x28"), FailureProtocol, 0, 0},
	{"HTTP/2 where none was asked for", says("\x00\x00\x00\x04\x00\x00\x00\x00\x00"), FailureProtocol, 0, 0},
	{"takes nothing", func(c net.Conn) { time.Sleep(time.Hour) }, FailureTimeout, 0, attemptTimeout},
}

// alpn is a server's choice of the protocol, whatever it then speaks.
func alpn(protocols ...string) *tls.Config { return &tls.Config{NextProtos: protocols} }

// frame is one of HTTP/2 (RFC 9113 §4.1).
func frame(kind, flags byte, stream uint32, payload string) string {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(kind))
	b = append(b, flags)
	return string(binary.BigEndian.AppendUint32(b, stream)) + payload
}

const (
	data, headers, reset, settings, ping, goAway, continuation = 0, 1, 3, 4, 6, 7, 9 // RFC 9113 §6
	endHeaders                                                 = 4
)

// ok2 is ":status: 200", the eighth of the static table (RFC 7541, appendix A).
const ok2 = "\x88"

// frames answers the first request with frames, and then with others for ever.
func frames(first, again string, pause time.Duration) func(net.Conn) {
	return func(c net.Conn) {
		asked, gone := make(chan struct{}), make(chan struct{})
		go func() { // takes what comes, whatever it is
			defer close(gone)
			in := bufio.NewReader(c)
			if awaitHeaders(in) {
				close(asked)
				_, _ = io.Copy(io.Discard, in)
			}
		}()
		_, _ = io.WriteString(c, frame(settings, 0, 0, ""))
		select {
		case <-asked:
		case <-gone:
		}
		_, err := io.WriteString(c, first)
		for more := []byte(again); err == nil && again != ""; _, err = c.Write(more) {
			time.Sleep(pause)
		}
		<-gone
	}
}

// awaitHeaders reads the client's preface and frames as far as its first request.
func awaitHeaders(in io.Reader) bool {
	if _, err := io.CopyN(io.Discard, in, int64(len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))); err != nil {
		return false
	}
	for {
		var head [9]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return false
		}
		length := int64(head[0])<<16 | int64(head[1])<<8 | int64(head[2])
		if _, err := io.CopyN(io.Discard, in, length); err != nil {
			return false
		}
		if head[3] == headers {
			return true
		}
	}
}

var tlsReceivers = []struct {
	config *tls.Config
	hostile
}{
	{alpn("h2"), hostile{"HTTP/1.1 where HTTP/2 was agreed on", says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), FailureProtocol, 0, 0}},
	{alpn("http/1.1"), hostile{"HTTP/2 where HTTP/1.1 was agreed on", says(frame(settings, 0, 0, "")), FailureProtocol, 0, 0}},
	{alpn(), hostile{"HTTP/2 where nothing was agreed on", says(frame(settings, 0, 0, "")), FailureProtocol, 0, 0}},
	{alpn("spdy/3"), hostile{"nothing in common", nil, FailureTLS, 0, 0}},
	{alpn("h2"), hostile{"headers of HTTP/2 without end", frames(frame(headers, 0, 1, ok2), frame(continuation, 0, 1, "\x00\x01x\x7f\x81\x06"+filler[:256]), 0), FailureProtocol, 0, 0}},
	{alpn("h2"), hostile{"1xx of HTTP/2 for ever", frames("", frame(headers, endHeaders, 1, "\x08\x03103"), 0), FailureProtocol, 0, 0}},
	{alpn("h2"), hostile{"a body of HTTP/2 without end", frames(frame(headers, endHeaders, 1, ok2), frame(data, 0, 1, filler[:16<<10]), 0), FailureNone, 200, 0}},
	{alpn("h2"), hostile{"empty frames for ever", frames("", frame(data, 0, 1, ""), time.Millisecond), FailureProtocol, 0, time.Millisecond}},
	{alpn("h2"), hostile{"pings for ever", frames("", frame(ping, 0, 0, "12345678"), time.Millisecond), FailureTimeout, 0, attemptTimeout}},
	{alpn("h2"), hostile{"a reset", frames(frame(reset, 0, 1, "\x00\x00\x00\x08"), "", 0), FailureProtocol, 0, 0}},
	{alpn("h2"), hostile{"goes away", frames(frame(goAway, 0, 0, "\x00\x00\x00\x00\x00\x00\x00\x0b"), "", 0), FailureProtocol, 0, 0}},
	{alpn("h2"), hostile{"a window of nothing", frames(frame(settings, 0, 0, "\x00\x04\x00\x00\x00\x00"), "", 0), FailureTimeout, 0, attemptTimeout}},
	{alpn("h2"), hostile{"a frame that is too large", frames(frame(headers, 0, 1, strings.Repeat("x", 1<<20)), "", 0), FailureProtocol, 0, 0}},
}

// TestReceivers: whatever a receiver sends, an attempt ends within its time, in
// the memory that it may have, and with what it was.
func TestReceivers(t *testing.T) {
	most := uint64(0)
	for _, h := range plainReceivers {
		t.Run(h.name, func(t *testing.T) { most = max(most, h.try(t, "http", nil, nil)) })
	}
	authority := httptest.NewTLSServer(nil)
	authority.Close()
	roots := x509.NewCertPool()
	roots.AddCert(authority.Certificate())
	for _, h := range tlsReceivers {
		config := h.config
		config.Certificates = authority.TLS.Certificates
		t.Run(h.name, func(t *testing.T) { most = max(most, h.try(t, "https", config, roots)) })
	}
	t.Logf("%d receivers; an attempt allocated at most %d KiB", len(plainReceivers)+len(tlsReceivers), most>>10)
}

// try makes one attempt, and returns how many bytes were allocated meanwhile.
func (h hostile) try(t *testing.T, scheme string, config *tls.Config, roots *x509.CertPool) (allocated uint64) {
	synctest.Test(t, func(t *testing.T) {
		dial := func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			go func() {
				defer far.Close()
				if config == nil {
					h.handle(far)
				} else if c := tls.Server(far, config); c.Handshake() == nil {
					h.handle(c)
				}
			}()
			return near, nil
		}
		s := newTestSender(dial, &egress.Identity{RootCAs: roots})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		a := s.attemptAt(t, scheme+"://127.0.0.1/")
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		allocated = after.TotalAlloc - before.TotalAlloc
		if a.Failure != h.failure || a.StatusCode != h.code || a.Success() == (a.Error != "") {
			t.Errorf("ended with %q, %d: %s; want %q, %d", a.Failure, a.StatusCode, a.Error, h.failure, h.code)
		}
		if took != h.after {
			t.Errorf("took %v, want %v", took, h.after)
		}
		if allocated > maxPerAttempt {
			t.Errorf("allocated %d bytes, more than %d", allocated, maxPerAttempt)
		}
		if len(a.ResponseBody) > MaxResponseKept || len(a.ResponseHeaders) > MaxResponseKept || len(a.Error) > 500 {
			t.Errorf("kept %d, %d and %d bytes", len(a.ResponseBody), len(a.ResponseHeaders), len(a.Error))
		}
		s.closeIdle()
		time.Sleep(2 * time.Hour) // the bubble waits for all that goes on
	})
	return allocated
}

// newTestSender sends over connections of the test's own.
func newTestSender(dial egress.DialFunc, identity *egress.Identity) *testSender {
	config := Config{AllowInsecure: true, DialContext: dial, Logger: slog.New(slog.DiscardHandler)}
	return &testSender{newSender(nil, config.withDefaults()), identity}
}

// A testSender is a sender to webhooks with an identity.
type testSender struct {
	*sender
	identity *egress.Identity
}

// attemptAt makes one attempt to deliver an event to the URL.
func (s *testSender) attemptAt(t *testing.T, url string) *Attempt {
	t.Helper()
	standard, _ := profile.Named("standard")
	e, err := newEndpoint(Webhook{StoreID: "default", ID: "w", URL: url, Secrets: []Secret{{Value: "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}}}, standard, 1)
	if err != nil {
		t.Fatal(err)
	}
	e.identity = s.identity
	if e.timeout != attemptTimeout {
		t.Fatalf("the timeout is %v", e.timeout)
	}
	event := &Event{StoreID: "default", ID: "evt_1", Type: "order.paid", Data: []byte(`{"id":"o_1"}`), CreatedAt: time.Now()}
	a := &Attempt{StartedAt: time.Now(), URL: url}
	if !s.attempt(context.Background(), a, e, &Pending{Lane: Lane{StoreID: "default", WebhookID: "w"}}, event, TraceContext{}, func() bool { return true }) {
		return nil
	}
	return a
}

// TestResets: a connection that is reset, by the kernel and not by a test's
// error, before, while and after it is answered.
func TestResets(t *testing.T) {
	for _, tt := range []struct {
		name    string
		answer  string
		failure Failure
		code    int
	}{
		{"before an answer", "", FailureProtocol, 0},
		{"in the status line", "HTTP/1.1 20", FailureProtocol, 0},
		{"in the headers", "HTTP/1.1 200 OK\r\nContent-", FailureProtocol, 0},
		{"in the body", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf", FailureNone, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			gone := make(chan struct{})
			seen := make(chan struct{})
			go func() {
				defer close(gone)
				c, err := l.Accept()
				if err != nil {
					return
				}
				read(c)
				_, _ = io.WriteString(c, tt.answer)
				if tt.answer != "" {
					<-seen // a reset also takes away what was not read yet
				}
				_ = c.(*net.TCPConn).SetLinger(0)
				c.Close()
			}()
			dial := func(ctx context.Context, network, address string) (net.Conn, error) {
				c, err := new(net.Dialer).DialContext(ctx, network, address)
				return &watched{Conn: c, until: len(tt.answer), seen: seen}, err
			}
			s := newTestSender(dial, nil)
			a := s.attemptAt(t, "http://"+l.Addr().String()+"/")
			if a.Failure != tt.failure || a.StatusCode != tt.code {
				t.Errorf("ended with %q, %d: %s", a.Failure, a.StatusCode, a.Error)
			}
			l.Close()
			<-gone
			s.closeIdle()
		})
	}
}

// watched closes seen once as much has been read as was sent.
type watched struct {
	net.Conn
	until int
	seen  chan struct{}
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if w.until > 0 {
		if w.until -= n; w.until <= 0 {
			close(w.seen)
		}
	}
	return n, err
}

// TestLeftoversAreNoAnswer: what a hostile receiver left on a connection is not taken
// for the answer to the next request.
func TestLeftoversAreNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		connections := 0
		dial := func(context.Context, string, string) (net.Conn, error) {
			connections++
			near, far := net.Pipe()
			go func() {
				defer far.Close()
				in := bufio.NewReader(far)
				for {
					req, err := http.ReadRequest(in)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, req.Body)
					// A second answer, to a request that nobody has made.
					_, _ = io.WriteString(far, "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"+"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
				}
			}()
			return near, nil
		}
		s := newTestSender(dial, nil)
		for range 5 {
			if a := s.attemptAt(t, "http://127.0.0.1/"); a.StatusCode != 500 {
				t.Errorf("answered %d: %s", a.StatusCode, a.Error)
			}
			synctest.Wait()
		}
		if connections != 5 {
			t.Errorf("%d connections, want a new one each time", connections)
		}
		s.closeIdle()
	})
}
