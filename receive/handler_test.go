package receive

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/billhook/billhook/receive/receivetest"
	"github.com/billhook/billhook/sign"
)

// journal is a log that can be read while it is written.
type journal struct {
	mu   sync.Mutex
	text strings.Builder
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) take() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	defer j.text.Reset()
	return j.text.String()
}

func logged(t testing.TB, c Config) (*Verifier, *journal) {
	j := &journal{}
	c.Logger = slog.New(slog.NewTextHandler(j, nil))
	return verifier(t, c), j
}

// answered is what a handler answered, its problem details checked.
func answered(t *testing.T, h http.Handler, r *http.Request) (status int, code string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code < 400 {
		return w.Code, ""
	}
	return w.Code, problemCode(t, w.Result())
}

func problemCode(t *testing.T, resp *http.Response) string {
	t.Helper()
	var p struct {
		Type, Title, Code, Detail string
		Status                    int
	}
	if err := json.NewDecoder(resp.Body).Decode(&p); err != nil || p.Status != resp.StatusCode || p.Title != http.StatusText(p.Status) ||
		p.Type != "urn:billhook:problem:"+p.Code || p.Detail == "" || resp.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d: problem %+v, %v", resp.StatusCode, p, err)
	}
	return p.Code
}

func TestMiddlewareLetsThrough(t *testing.T) {
	v, j := logged(t, Config{Secrets: []string{secret}, Profile: "commerce-engine"})
	d := receivetest.New("commerce-engine", secret, "orders.create", `{"id":"o_1"}`)
	called := 0
	h := v.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		called++
		m, ok := MessageFrom(r.Context())
		body, err := io.ReadAll(r.Body)
		if !ok || err != nil || m.ID != d.ID || m.Type != "orders.create" || string(m.Data) != `{"id":"o_1"}` ||
			!bytes.Equal(body, d.Body) || !bytes.Equal(m.Body, d.Body) || r.ContentLength != int64(len(body)) {
			t.Errorf("%+v, body %s, %v", m, body, err)
		}
		w.WriteHeader(http.StatusTeapot)
	}))
	server := httptest.NewServer(h)
	defer server.Close()
	for _, body := range []io.Reader{bytes.NewReader(d.Body), io.MultiReader(bytes.NewReader(d.Body))} { // the second in chunks
		r, err := http.NewRequest(http.MethodPost, server.URL, body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header = d.Header
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusTeapot {
			t.Errorf("answered %d", resp.StatusCode)
		}
	}
	if said := j.take(); called != 2 || said != "" {
		t.Errorf("called %d times; log: %s", called, said)
	}
	if m, ok := MessageFrom(t.Context()); ok {
		t.Errorf("without the middleware: %+v", m)
	}
}

func TestMiddlewareRefuses(t *testing.T) {
	v, j := logged(t, Config{Secrets: []string{secret}, MaxBody: 400})
	h := v.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("next was called") }))
	small := receivetest.New("standard", secret, "order.paid", `{"id":"o_1"}`)
	large := receivetest.New("standard", secret, "order.paid", `"`+strings.Repeat("x", 400)+`"`)
	foreign := receivetest.New("litestore", secret, "order.updated", `{"id":"o_1"}`)
	theirs := receivetest.New("standard", "whsec_another", "order.paid", `{"id":"o_1"}`)
	header := func(name, value string) *http.Request {
		r := small.Request()
		r.Header.Set(name, value)
		return r
	}
	body := func(d *receivetest.Delivery, length int64, body io.Reader) *http.Request {
		r := d.Request()
		r.Body, r.ContentLength = io.NopCloser(body), length
		return r
	}
	bare := small.Request()
	bare.Header = http.Header{}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write(small.Body)
	z.Close()
	gzipped := body(small, int64(zipped.Len()), &zipped)
	gzipped.Header.Set("Content-Encoding", "gzip")
	for _, test := range []struct {
		name   string
		r      *http.Request
		status int
		code   string
		reason string
	}{
		{"no headers", bare, 401, "invalid_signature", "signature header missing: webhook-id"},
		{"another secret", theirs.Request(), 401, "invalid_signature", "signature does not match"},
		{"a broken signature", header(sign.HeaderSignature, "v1,x"), 401, "invalid_signature", "holds no v1 and no v1a signature"},
		{"an old time", header(sign.HeaderTimestamp, "1"), 401, "invalid_signature", "webhook-timestamp too old: by "},
		{"a far time", header(sign.HeaderTimestamp, "253402300799"), 401, "invalid_signature", "webhook-timestamp in the future: by "},
		{"compressed on the way", gzipped, 401, "invalid_signature", "signature does not match"},
		{"too long", large.Request(), 413, "body_too_large", "body too large: more than 400 bytes"},
		{"too long, in chunks", body(large, -1, bytes.NewReader(large.Body)), 413, "body_too_large", "more than 400 bytes"},
		{"endless", body(small, -1, endless{}), 413, "body_too_large", "more than 400 bytes"},
		{"broken off", body(small, 100, io.MultiReader(strings.NewReader("{"), broken{})), 400, "body_unreadable", "unexpected EOF"},
		{"another profile", foreign.Request(), 422, "invalid_envelope", `no usable [\"type\"]`},
	} {
		status, code := answered(t, h, test.r)
		if said := j.take(); status != test.status || code != test.code || !strings.Contains(said, "webhook refused") || !strings.Contains(said, test.reason) {
			t.Errorf("%s: answered %d %s; log: %s", test.name, status, code, said)
		}
	}
	// All that is about signatures is answered alike.
	first, second := httptest.NewRecorder(), httptest.NewRecorder()
	h.ServeHTTP(first, header(sign.HeaderTimestamp, "1"))
	h.ServeHTTP(second, header(sign.HeaderSignature, "v1,x"))
	if first.Body.String() != second.Body.String() || fmt.Sprint(first.Header()) != fmt.Sprint(second.Header()) {
		t.Errorf("%s\n%s", first.Body, second.Body)
	}
	status, _ := answered(t, v.Handler(func(context.Context, Message) error { return nil }), small.Request())
	if status != http.StatusNoContent {
		t.Errorf("the request that the others were made of: %d", status)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// TestTruncated sends half of a body and hangs up.
func TestTruncated(t *testing.T) {
	v, j := logged(t, Config{Secrets: []string{secret}})
	server := httptest.NewServer(v.Handler(func(context.Context, Message) error {
		t.Error("it was handled")
		return nil
	}))
	defer server.Close()
	d := receivetest.New("standard", secret, "order.paid", `{}`)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r := d.Request()
	var raw bytes.Buffer
	if err := r.Write(&raw); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(raw.Bytes()[:raw.Len()-10]); err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if code := problemCode(t, resp); resp.StatusCode != 400 || code != "body_unreadable" || !strings.Contains(j.take(), "body cannot be read: unexpected EOF") {
		t.Errorf("answered %d %s", resp.StatusCode, code)
	}
}

func TestHandler(t *testing.T) {
	v, j := logged(t, Config{Secrets: []string{secret}})
	for _, test := range []struct {
		err    error
		status int
		code   string
		log    string
	}{
		{nil, 204, "", ""},
		{errors.New("no such order"), 500, "internal", "no such order"},
		{fmt.Errorf("handle: %w", ErrInWork), 503, "busy", ""},
		{ErrFull, 503, "busy", ""},
	} {
		d := receivetest.New("standard", secret, "order.paid", `{"id":"o_1"}`)
		h := v.Handler(func(ctx context.Context, m Message) error {
			if same, ok := MessageFrom(ctx); !ok || same.ID != m.ID || m.ID != d.ID {
				t.Errorf("%+v, %+v", same, m)
			}
			return test.err
		})
		w := httptest.NewRecorder()
		h.ServeHTTP(w, d.Request())
		if w.Code != test.status || (w.Header().Get("Retry-After") != "") != (test.status == 503) || strings.Contains(w.Body.String(), "order") {
			t.Errorf("%v: answered %d %v %s", test.err, w.Code, w.Header(), w.Body)
		}
		if test.code != "" {
			if code := problemCode(t, w.Result()); code != test.code {
				t.Errorf("%v: code %s", test.err, code)
			}
		}
		if said := j.take(); (said != "") != (test.log != "") || !strings.Contains(said, test.log) {
			t.Errorf("%v: log %s", test.err, said)
		}
	}
}
