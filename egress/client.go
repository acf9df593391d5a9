package egress

import (
	"context"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
)

// A Client makes requests through a Guard, over connections of its own: in HTTP/2
// where the receiver chooses it, and else in HTTP/1.1. It follows no redirect, and
// sends nothing twice by itself. It is safe for concurrent use.
type Client struct {
	plain *http1
	// modern is net/http's, for HTTP/2 and for what is unusual.
	modern *http.Transport

	mu sync.Mutex
	// newer are the origins that chose HTTP/2.
	newer map[origin]bool
	// found are connections on which they did so, for modern to go on with.
	found map[origin][]net.Conn
}

// NewClient returns a Client that connects through guard alone.
func NewClient(guard *Guard, config TransportConfig) *Client {
	c := &Client{modern: NewTransport(guard, config), newer: make(map[origin]bool), found: make(map[origin][]net.Conn)}
	c.plain = newHTTP1(guard, config.withDefaults(), c.modern.TLSClientConfig)
	c.modern.DialTLSContext = c.dialTLS
	return c
}

// Unwritten is the error of a request of which not a byte was written, because the
// receiver had closed the connection that was to be used again. It was not made: it
// can be made anew (RFC 9110 §9.2.2 and RFC 9112 §9.3.1).
type Unwritten struct{ Err error }

func (u *Unwritten) Error() string { return u.Err.Error() }
func (u *Unwritten) Unwrap() error { return u.Err }

// RoundTrip makes a request, as http.RoundTripper says. Its context bounds the time of
// all, the reading of the answer's body too.
func (c *Client) RoundTrip(req *http.Request) (*http.Response, error) {
	to := originOf(req.URL)
	if !suitsHTTP1(req) || c.isNewer(to) {
		return c.roundTrip(req, to)
	}
	conn, modern, err := c.plain.connect(req.Context(), to)
	switch {
	case err != nil:
		return nil, err
	case modern != nil:
		c.mu.Lock()
		c.newer[to] = true
		c.found[to] = append(c.found[to], modern)
		c.mu.Unlock()
		defer c.drop(to, modern)
		return c.roundTrip(req, to)
	}
	return c.plain.do(conn, req)
}

func (c *Client) isNewer(to origin) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.newer[to]
}

// dialTLS is how net/http gets a connection: one that was found out to speak HTTP/2,
// or a new one.
func (c *Client) dialTLS(ctx context.Context, _, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	to := origin{encrypted: true, host: strings.ToLower(host), port: port}
	c.mu.Lock()
	if conns := c.found[to]; len(conns) > 0 {
		c.found[to] = conns[1:]
		c.mu.Unlock()
		return conns[0], nil
	}
	c.mu.Unlock()
	return c.plain.dial(ctx, to)
}

// drop closes a connection that was found and that net/http did not need.
func (c *Client) drop(to origin, conn net.Conn) {
	c.mu.Lock()
	i := slices.Index(c.found[to], conn)
	if i >= 0 {
		c.found[to] = slices.Delete(c.found[to], i, i+1)
	}
	if len(c.found[to]) == 0 {
		delete(c.found, to)
	}
	c.mu.Unlock()
	if i >= 0 {
		conn.Close()
	}
}

// roundTrip is RoundTrip by net/http.
func (c *Client) roundTrip(req *http.Request, to origin) (*http.Response, error) {
	unwritten := func() bool { return false }
	trace := &httptrace.ClientTrace{GotConn: func(got httptrace.GotConnInfo) {
		before, ok := writtenOn(got.Conn)
		unwritten = func() bool {
			after, _ := writtenOn(got.Conn)
			return ok && got.Reused && before == after
		}
	}}
	resp, err := c.modern.RoundTrip(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
	if err != nil {
		if unwritten() {
			err = &Unwritten{Err: err}
		}
		return nil, err
	}
	if resp.ProtoMajor == 1 {
		c.mu.Lock()
		delete(c.newer, to) // it has changed its mind
		c.mu.Unlock()
	}
	return resp, nil
}

// CloseIdleConnections closes what is not in use. A receiver can make it take seconds.
func (c *Client) CloseIdleConnections() {
	c.modern.CloseIdleConnections()
	c.plain.CloseIdleConnections()
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.newer) // so that what is remembered of receivers does not only grow
}
