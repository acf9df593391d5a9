package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A script answers requests one after the other, without a network.
type script struct {
	steps []step
	seen  []*http.Request
	at    []time.Time
}

// A step is one answer: a status, headers as "Name: value" lines and a body, or an error.
type step struct {
	status int
	header string
	body   string
	err    error
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.seen, s.at = append(s.seen, r), append(s.at, time.Now())
	if len(s.seen) > len(s.steps) {
		return nil, errors.New("the script is over")
	}
	now := s.steps[len(s.seen)-1]
	if now.err != nil {
		return nil, now.err
	}
	h := http.Header{}
	for line := range strings.Lines(now.header) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		h.Set(name, value)
	}
	return &http.Response{StatusCode: now.status, Header: h, Body: io.NopCloser(strings.NewReader(now.body)), Request: r}, nil
}

func scripted(t *testing.T, cfg Config, steps ...step) (*Client, *script) {
	t.Helper()
	s := &script{steps: steps}
	cfg.HTTPClient = &http.Client{Transport: s}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c, s
}

const problemType = "Content-Type: application/problem+json"

// TestNext tells for each kind of failure whether a call is made again.
func TestNext(t *testing.T) {
	lost := &lostError{err: io.ErrUnexpectedEOF}
	unsent := &lostError{err: io.EOF, unsent: true}
	busy := func(status int, wait time.Duration) error { return &Error{Status: status, RetryAfter: wait} }
	for name, x := range map[string]struct {
		err                 error
		repeatable, another bool // whether each is made again
	}{
		"429":            {busy(429, 0), true, true},
		"503":            {busy(503, 0), true, false},
		"502":            {busy(502, 0), true, false},
		"504":            {busy(504, 0), true, false},
		"500":            {busy(500, 0), false, false},
		"409":            {busy(409, 0), false, false},
		"302":            {busy(302, 0), false, false},
		"lost":           {lost, true, false},
		"unsent":         {unsent, true, true},
		"certificate":    {&lostError{err: &tls.CertificateVerificationError{}}, false, false},
		"no such name":   {&lostError{err: &net.DNSError{IsNotFound: true}, unsent: true}, false, false},
		"no sense in it": {errors.New("no JSON"), false, false},
		"much later":     {busy(503, 2*time.Minute), false, false},
	} {
		if _, again := next(true, 1, 4, x.err, 0); again != x.repeatable {
			t.Errorf("%s: repeatable, made again: %v", name, again)
		}
		if _, again := next(false, 1, 4, x.err, 0); again != x.another {
			t.Errorf("%s: not repeatable, made again: %v", name, again)
		}
		if _, again := next(true, 4, 4, x.err, 0); again {
			t.Errorf("%s: a fifth attempt of four", name)
		}
	}
	for attempt, want := range map[int]time.Duration{1: 200 * time.Millisecond, 2: 400 * time.Millisecond, 3: 800 * time.Millisecond, 40: 5 * time.Second} {
		least, _ := next(true, attempt, 99, lost, 0)
		most, _ := next(true, attempt, 99, lost, 0.999999)
		if least != want/2 || most < want*99/100 || most > want {
			t.Errorf("attempt %d waits %v to %v, not %v to %v", attempt, least, most, want/2, want)
		}
	}
	if wait, _ := next(true, 1, 4, busy(429, 3*time.Second), 0); wait != 3*time.Second {
		t.Errorf("Retry-After of 3 s: %v", wait)
	}
}

// TestRetryAfter: the service says when to come back, and is heard.
func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := scripted(t, Config{APIKey: "k", StoreID: "shop"},
			step{status: 429, header: problemType + "\nRetry-After: 7", body: `{"code":"rate_limited","status":429}`},
			step{status: 503, header: problemType + "\nRetry-After: " + time.Now().Add(20*time.Second).UTC().Format(http.TimeFormat), body: `{}`},
			step{status: 200, body: `{"id":"a"}`})
		var out struct{ ID string }
		if err := c.Do(t.Context(), "GET", "/api/x?limit=2", nil, &out); err != nil || out.ID != "a" {
			t.Fatal(out, err)
		}
		if first, second := s.at[1].Sub(s.at[0]), s.at[2].Sub(s.at[1]); first != 7*time.Second || second != 13*time.Second {
			t.Errorf("waited %v and %v", first, second)
		}
		for _, r := range s.seen {
			if r.Header.Get("X-Api-Key") != "k" || r.Header.Get("X-Store-Id") != "shop" || r.URL.String() != DefaultBaseURL+"/api/x?limit=2" {
				t.Errorf("%v %v", r.URL, r.Header)
			}
		}
	})
}

// TestEndsWithContext: a wait ends with ctx, and one that would outlive it never begins.
func TestEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := step{status: 503, header: problemType + "\nRetry-After: 30", body: `{"code":"unavailable","detail":"full"}`}
		c, s := scripted(t, Config{}, busy, busy, busy, busy)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		if err := c.Do(ctx, "GET", "/x", nil, nil); !IsCode(err, "unavailable") || time.Since(start) != 0 || len(s.seen) != 1 {
			t.Errorf("%v after %v and %d attempts", err, time.Since(start), len(s.seen))
		}
		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if err := c.Do(ctx, "GET", "/x", nil, nil); !errors.Is(err, context.Canceled) || !IsCode(err, "unavailable") || time.Since(start) != time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

// TestTimeout: who accepts and never answers costs an attempt, not for ever.
func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		c, err := New(Config{HTTPClient: &http.Client{Transport: hang}, Timeout: 2 * time.Second, Attempts: 1})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		err = c.Do(t.Context(), "POST", "/x", nil, nil)
		if err == nil || !strings.Contains(err.Error(), "no whole answer within 2s") || time.Since(start) != 2*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestErrors: what refuses is told in full, whoever it is.
func TestErrors(t *testing.T) {
	c, _ := scripted(t, Config{},
		step{status: 422, header: problemType, body: `{"type":"urn:x","title":"T","status":422,"code":"invalid","detail":"/url: is empty","pointer":"/url","hint":"give one","errors":[{"pointer":"/url","detail":"is empty"}],"requestId":"req_1"}`},
		step{status: 404, header: "Content-Type: text/html", body: `<html>`},
		step{status: 302, header: "Location: http://elsewhere.invalid/"},
		step{status: 200, body: `<html>`},
		step{status: 200, body: strings.Repeat(" ", maxAnswer+1)})
	err := c.Do(t.Context(), "POST", "/x", struct{}{}, nil)
	var e *Error
	if !errors.As(err, &e) || fmt.Sprint(*e) != fmt.Sprint(Error{422, "invalid", "urn:x", "T", "/url: is empty", "/url", "", "give one", []ErrorDetail{{"/url", "is empty"}}, "req_1", 0}) {
		t.Errorf("%+v", err)
	}
	if err.Error() != "/url: is empty (422 invalid)" {
		t.Error(err)
	}
	for _, want := range []string{"not Billhook has answered", "called elsewhere", "is the URL right?", "larger than"} {
		var out struct{}
		if err := c.Do(t.Context(), "GET", "/x", nil, &out); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %q", err, want)
		}
	}
}

// TestKeyStays: a redirect is not followed, and nothing prints the key.
func TestKeyStays(t *testing.T) {
	reached := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer other.Close()
	first := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer first.Close()
	const key = "a-key-of-tests"
	c, err := New(Config{BaseURL: first.URL + "/", APIKey: key})
	if err != nil {
		t.Fatal(err)
	}
	err = c.Do(t.Context(), "GET", "/api/stores", nil, nil)
	var e *Error
	if !errors.As(err, &e) || e.Status != http.StatusTemporaryRedirect || reached {
		t.Errorf("%v; the other was reached: %v", err, reached)
	}
	if all := fmt.Sprintf("%v %+v %#v %s %v", c, c, c, c, err); strings.Contains(all, key) {
		t.Error(all)
	}
	for _, bad := range []Config{{APIKey: key + "\n"}, {BaseURL: "http://" + key + ":" + key + "@127.0.0.1"}, {BaseURL: "http://" + key + "\x7f"}} {
		if _, err := New(bad); err == nil || strings.Contains(err.Error(), key) {
			t.Errorf("%v", err)
		}
	}
	for _, bad := range []string{"127.0.0.1:4000", "ftp://a", "http://", "http://a?b", "http://a#b"} {
		if _, err := New(Config{BaseURL: bad}); err == nil || !strings.Contains(err.Error(), DefaultBaseURL) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// TestPages: a list is read page after page, only as far as it is asked for.
func TestPages(t *testing.T) {
	steps := []step{
		{status: 200, body: `{"data":[{"id":"a"},{"id":"b"}],"nextCursor":"n"}`},
		{status: 200, body: `{"data":[{"id":"c"}],"nextCursor":"m"}`},
		{status: 404, header: problemType, body: `{"code":"not_found"}`},
	}
	c, s := scripted(t, Config{}, steps...)
	var got []string
	var last error
	for store, err := range c.Stores.All(t.Context(), Paging{Limit: 2}) {
		if last = err; err == nil {
			got = append(got, store.ID)
		}
	}
	if fmt.Sprint(got) != "[a b c]" || !IsCode(last, "not_found") {
		t.Errorf("%v, %v", got, last)
	}
	for i, want := range []string{"limit=2", "cursor=n&limit=2", "cursor=m&limit=2"} {
		if s.seen[i].URL.RawQuery != want {
			t.Errorf("page %d: %s", i, s.seen[i].URL)
		}
	}

	c, s = scripted(t, Config{}, steps...)
	for range c.Stores.All(t.Context(), Paging{}) {
		break
	}
	if len(s.seen) != 1 {
		t.Errorf("%d pages for one item", len(s.seen))
	}

	c, _ = scripted(t, Config{}, steps...)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	why := errors.New("enough")
	got = nil
	for store, err := range c.Stores.All(ctx, Paging{}) {
		if last = err; err == nil {
			got = append(got, store.ID)
		}
		cancel(why)
	}
	if fmt.Sprint(got) != "[a]" || !errors.Is(last, why) {
		t.Errorf("%v, %v", got, last)
	}

	c, _ = scripted(t, Config{}, steps[0], steps[0])
	last = nil
	for _, last = range c.Stores.All(t.Context(), Paging{}) {
	}
	if last == nil || !strings.Contains(last.Error(), "never end") {
		t.Error(last)
	}
}

// TestStream: what comes in pieces is handed on as it comes, whatever the timeout.
func TestStream(t *testing.T) {
	c, s := scripted(t, Config{Timeout: time.Nanosecond, APIKey: "k"},
		step{status: 200, body: "one\ntwo\n"},
		step{status: 403, header: problemType, body: `{"code":"forbidden"}`})
	resp, err := c.Stream(t.Context(), "/api/stream", nil, http.Header{"Last-Event-Id": {"7"}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if string(text) != "one\ntwo\n" || err != nil || s.seen[0].Header.Get("Last-Event-Id") != "7" || s.seen[0].Header.Get("X-Api-Key") != "k" {
		t.Errorf("%q, %v, %v", text, err, s.seen[0].Header)
	}
	if _, err := c.Stream(t.Context(), "/api/stream", nil, nil); !IsCode(err, "forbidden") {
		t.Error(err)
	}
}
