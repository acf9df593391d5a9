package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxAnswer bounds an answer in memory, in bytes. The API's own largest are pages of
// some 8 MiB and a delivery with all its attempts.
const maxAnswer = 64 << 20

// A call is what is asked of the API, once or several times over.
type call struct {
	method string
	path   string // escaped, and beginning with a slash
	query  url.Values
	header http.Header
	in     any
	// repeatable calls do the same, made twice, as made once. A GET is one by itself.
	repeatable bool
	// items says that who calls tells of each thing in the answer by itself.
	items bool
}

// keyed is a call that carries an idempotency key, so that it may be repeated. Without
// one given, it has one that nothing else has.
func (c call) keyed(key string) call {
	if key == "" {
		key = rand.Text()
	}
	c.header = http.Header{"Idempotency-Key": {key}}
	c.repeatable = true
	return c
}

// do makes the call until it is answered for good.
func (c *Client) do(ctx context.Context, what call, out any) error {
	var body []byte
	if what.in != nil {
		var err error
		if body, err = marshal(what.in); err != nil {
			return fmt.Errorf("%s %s: %w", what.method, what.path, err)
		}
	}
	what.repeatable = what.repeatable || what.method == http.MethodGet
	for attempt := 1; ; attempt++ {
		err := c.try(ctx, &what, body, out)
		if err == nil {
			return nil
		}
		wait, again := next(what.repeatable, attempt, c.attempts, err, mathrand.Float64()) // #nosec G404 -- spreads callers, guards nothing
		if !again || ctx.Err() != nil {
			return err
		}
		if end, ok := ctx.Deadline(); ok && time.Until(end) <= wait {
			return err // which says more than that the time was over
		}
		if pause(ctx, wait) != nil {
			return fmt.Errorf("%s %s: %w, and before it was tried again: %w", what.method, what.path, context.Cause(ctx), err)
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// try makes the call once.
func (c *Client) try(ctx context.Context, what *call, body []byte, out any) error {
	late := fmt.Errorf("no whole answer within %v", c.timeout)
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, late)
	defer cancel()
	r, err := c.request(ctx, what, body)
	if err != nil {
		return err
	}
	resp, err := c.http.Do(r) // #nosec G704 -- to the service that the caller names
	if err != nil {
		return transportError(r, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode >= 300 {
		return readError(resp)
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return transportError(r, err)
	case len(text) > maxAnswer:
		return fmt.Errorf("%s %s: the answer is larger than %d bytes: ask for less with a limit", what.method, r.URL, maxAnswer)
	case out == nil:
		return nil
	}
	if raw, ok := out.(*[]byte); ok {
		*raw = text
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("%s %s: the answer is not what Billhook says: is the URL right? %w", what.method, r.URL, err)
	}
	if !what.items {
		tell(ctx, text)
	}
	return nil
}

// listenerKey is where a context has what WithAnswers was given.
type listenerKey struct{}

// WithAnswers has listen told everything that calls with the context are answered, as
// the API wrote it: each thing of a list by itself, just before it is yielded. So one
// can hand on what this package does not know yet.
func WithAnswers(ctx context.Context, listen func(json.RawMessage)) context.Context {
	return context.WithValue(ctx, listenerKey{}, listen)
}

func tell(ctx context.Context, text json.RawMessage) {
	if listen, ok := ctx.Value(listenerKey{}).(func(json.RawMessage)); ok {
		listen(text)
	}
}

// request is the call as HTTP, with the key.
func (c *Client) request(ctx context.Context, what *call, body []byte) (*http.Request, error) {
	if !strings.HasPrefix(what.path, "/") {
		return nil, fmt.Errorf("%s %s: the path must begin with a slash", what.method, what.path)
	}
	target := c.base.String() + what.path
	if len(what.query) > 0 {
		target += "?" + what.query.Encode()
	}
	var content io.Reader
	if body != nil {
		content = bytes.NewReader(body)
	}
	r, err := http.NewRequestWithContext(ctx, what.method, target, content)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", what.method, what.path, err)
	}
	for name, values := range what.header {
		r.Header[name] = values
	}
	r.Header.Set("User-Agent", c.userAgent)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.apiKey != "" {
		r.Header.Set("X-Api-Key", c.apiKey)
	}
	if c.storeID != "" {
		r.Header.Set("X-Store-Id", c.storeID)
	}
	return r, nil
}

// A lostError means that there was no whole answer. What was asked for may be done all
// the same, unless unsent says that nobody has heard it.
type lostError struct {
	what   string
	unsent bool
	err    error
}

func (e *lostError) Error() string { return e.what + ": " + e.err.Error() }
func (e *lostError) Unwrap() error { return e.err }

// transportError tells what happened to a request without an answer.
func transportError(r *http.Request, err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err // it is told once which URL that was
	}
	if cause := context.Cause(r.Context()); cause != nil && !errors.Is(err, cause) {
		err = fmt.Errorf("%w: %w", cause, err)
	}
	return &lostError{what: r.Method + " " + r.URL.String(), unsent: isUnsent(err), err: err}
}

// marshal is JSON without escapes that only pages need.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// get makes a call that reads.
func get[T any](ctx context.Context, c *Client, query url.Values, path ...string) (*T, error) {
	return send[T](ctx, c, call{method: http.MethodGet, path: pathOf(path...), query: query})
}

// send makes a call that answers a T.
func send[T any](ctx context.Context, c *Client, what call) (*T, error) {
	out := new(T)
	if err := c.do(ctx, what, out); err != nil {
		return nil, err
	}
	return out, nil
}

// change makes a call that is not repeated.
func change[T any](ctx context.Context, c *Client, method string, in any, path ...string) (*T, error) {
	return send[T](ctx, c, call{method: method, path: pathOf(path...), in: in})
}

// remove makes a DELETE. One whose answer is lost is not repeated: the second would say
// that there is nothing.
func (c *Client) remove(ctx context.Context, path ...string) error {
	return c.do(ctx, call{method: http.MethodDelete, path: pathOf(path...)}, nil)
}

// pathOf is the path below /api with the names, each escaped.
func pathOf(names ...string) string {
	path := "/api"
	for _, name := range names {
		path += "/" + url.PathEscape(name)
	}
	return path
}
