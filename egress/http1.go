package egress

import (
	"cmp"
	"container/list"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"
)

// handshakeTimeout bounds a TLS handshake.
const handshakeTimeout = 10 * time.Second

// An http1 makes requests in HTTP/1.1 (RFC 9112), each on the goroutine that asks
// for it: it writes the request and waits for the answer. net/http has two more
// goroutines for each connection, which hand both over, and its share of a small
// request is as much as all the rest. What it knows of the protocol beyond that is
// net/http's: ReadResponse reads answers and bodies.
//
// A connection carries one request at a time and is kept when the answer was read to
// its end. It is safe for concurrent use.
type http1 struct {
	guard  *Guard
	config TransportConfig // with its defaults
	tls    *tls.Config

	mu sync.Mutex
	// idle are the connections that are not in use, by where they lead; of each, the
	// one that was used last is at the end.
	idle map[origin][]*http1Conn
	// ages has all of them, the one used last in front.
	ages list.List
	// sweep closes those that are too old; nil while there are none.
	sweep *time.Timer
	// epoch goes up when all are closed: those in use then are not kept.
	epoch int
	// closing is how many connections are being closed beside those who cannot wait,
	// and closed is told when there are none.
	closing int
	closed  sync.Cond
}

// An origin is where a connection leads.
type origin struct {
	encrypted bool
	host      string // as in the URL, in lower case
	port      string
}

func newHTTP1(guard *Guard, config TransportConfig, tlsConfig *tls.Config) *http1 {
	own := tlsConfig.Clone()
	own.NextProtos = []string{http2Protocol, "http/1.1"}
	h := &http1{guard: guard, config: config, tls: own, idle: make(map[origin][]*http1Conn)}
	h.closed.L = &h.mu
	return h
}

// http2Protocol is the name of HTTP/2 over TLS (RFC 9113 §3.2).
const http2Protocol = "h2"

// connect returns a connection to an origin, idle so far or new; or, as modern, one on
// which the receiver wants to speak HTTP/2.
func (h *http1) connect(ctx context.Context, to origin) (c *http1Conn, modern net.Conn, err error) {
	if c := h.take(to); c != nil {
		return c, nil, nil
	}
	h.mu.Lock()
	epoch := h.epoch
	h.mu.Unlock()
	conn, err := h.dial(ctx, to)
	if err != nil {
		return nil, nil, err
	}
	if secure, ok := conn.(*tls.Conn); ok && secure.ConnectionState().NegotiatedProtocol == http2Protocol {
		return nil, conn, nil
	}
	return newHTTP1Conn(h, to, epoch, conn), nil, nil
}

// dial makes a new connection, a *tls.Conn where it is to be encrypted.
func (h *http1) dial(ctx context.Context, to origin) (net.Conn, error) {
	conn, err := h.guard.DialContext(ctx, "tcp", net.JoinHostPort(to.host, to.port))
	if err != nil || !to.encrypted {
		return conn, err
	}
	config := h.tls.Clone()
	config.ServerName = to.host
	secure := tls.Client(conn, config)
	timed, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	if err := secure.HandshakeContext(timed); err != nil {
		conn.Close()
		return nil, err
	}
	return secure, nil
}

// do makes a request on a connection. The end of the request's context ends the
// reading of the answer's body too.
func (h *http1) do(c *http1Conn, req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close()
	}
	resp, err := c.exchange(req)
	if err != nil {
		h.close(c)
		return nil, err
	}
	return resp, nil
}

// take is the connection to an origin that was used last and that the receiver has
// not closed; nil for none.
func (h *http1) take(to origin) *http1Conn {
	for {
		h.mu.Lock()
		conns := h.idle[to]
		if len(conns) == 0 {
			h.mu.Unlock()
			return nil
		}
		c := conns[len(conns)-1]
		h.remove(c, len(conns)-1)
		h.mu.Unlock()
		if c.fresh() {
			c.reused = true
			return c
		}
		h.close(c)
	}
}

// keep puts a connection back.
func (h *http1) keep(c *http1Conn) {
	h.mu.Lock()
	if c.epoch != h.epoch || len(h.idle[c.to]) >= h.config.MaxIdleConnsPerHost {
		h.mu.Unlock()
		h.close(c)
		return
	}
	c.since = time.Now()
	h.idle[c.to] = append(h.idle[c.to], c)
	c.age = h.ages.PushFront(c)
	if h.sweep == nil {
		h.sweep = time.AfterFunc(h.config.IdleConnTimeout, h.closeOld)
	}
	var eldest *http1Conn
	if h.ages.Len() > h.config.MaxIdleConns {
		eldest = h.removeEldest()
	}
	h.mu.Unlock()
	if eldest != nil {
		h.close(eldest)
	}
}

// remove takes a connection, the i-th of those to its origin, out of the idle ones.
func (h *http1) remove(c *http1Conn, i int) {
	conns := h.idle[c.to]
	copy(conns[i:], conns[i+1:])
	conns[len(conns)-1] = nil
	if conns = conns[:len(conns)-1]; len(conns) == 0 {
		delete(h.idle, c.to)
	} else {
		h.idle[c.to] = conns
	}
	h.ages.Remove(c.age)
}

// removeEldest takes out the one that was not used for longest, which is also the
// first to its origin.
func (h *http1) removeEldest() *http1Conn {
	c := h.ages.Back().Value.(*http1Conn)
	h.remove(c, 0)
	return c
}

// closeOld closes what was not used for too long, and looks again when the next is
// due.
func (h *http1) closeOld() {
	h.mu.Lock()
	var old []*http1Conn
	for h.sweep = nil; h.ages.Len() > 0; {
		rest := h.config.IdleConnTimeout - time.Since(h.ages.Back().Value.(*http1Conn).since)
		if rest > 0 {
			h.sweep = time.AfterFunc(rest, h.closeOld)
			break
		}
		old = append(old, h.removeEldest())
	}
	h.mu.Unlock()
	for _, c := range old {
		h.close(c)
	}
}

// CloseIdleConnections closes what is not in use, and waits for that; what is in use
// is closed when it no longer is.
func (h *http1) CloseIdleConnections() {
	h.mu.Lock()
	h.epoch++
	if h.sweep != nil {
		h.sweep.Stop()
		h.sweep = nil
	}
	var all []*http1Conn
	for h.ages.Len() > 0 {
		all = append(all, h.removeEldest())
	}
	h.mu.Unlock()
	for _, c := range all {
		h.close(c)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for h.closing > 0 {
		h.closed.Wait()
	}
}

// close closes a connection. Under TLS that says goodbye, which a receiver can make
// take seconds; nobody waits for it here.
func (h *http1) close(c *http1Conn) {
	if !c.to.encrypted {
		c.conn.Close()
		return
	}
	h.mu.Lock()
	h.closing++
	h.mu.Unlock()
	go func() {
		c.conn.Close()
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.closing--; h.closing == 0 {
			h.closed.Broadcast()
		}
	}()
}

// withDefaults are the sizes that hold.
func (c TransportConfig) withDefaults() TransportConfig {
	c.MaxIdleConns = cmp.Or(c.MaxIdleConns, 1000)
	c.MaxIdleConnsPerHost = cmp.Or(c.MaxIdleConnsPerHost, 16)
	c.IdleConnTimeout = cmp.Or(c.IdleConnTimeout, 60*time.Second)
	return c
}
