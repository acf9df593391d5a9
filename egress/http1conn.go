package egress

import (
	"bufio"
	"cmp"
	"container/list"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"
)

const (
	// maxAnswerHead bounds the status line and headers of an answer together with
	// all the interim answers (1xx) before it, in bytes.
	maxAnswerHead = 64 << 10
	// maxWrittenFirst is how long a request may be to be written before the answer is
	// looked for, in bytes: no more than every connection has room for on the way.
	maxWrittenFirst = 16 << 10
	// writerGrace is how long the end of an exchange waits for that of its request, and
	// a request that broke off for its answer.
	writerGrace = 50 * time.Millisecond
	// maxKeptRequest is how large a buffer for requests a connection keeps, in bytes.
	maxKeptRequest = 16 << 10
	// restlessness is how long a connection may have been idle without a look whether
	// the receiver has closed it. Receivers that close after less say so in the answer.
	restlessness = 20 * time.Millisecond
)

// An http1Conn is a connection that carries one request after the other.
type http1Conn struct {
	pool  *http1
	to    origin
	epoch int
	conn  net.Conn
	// reused: it has carried a request before.
	reused bool
	since  time.Time     // when it became idle
	age    *list.Element // its place among the idle ones

	in      *bufio.Reader
	allowed int64  // how much more may be read; below 0 for no bound
	request []byte // the buffer of the last one
}

func newHTTP1Conn(pool *http1, to origin, epoch int, conn net.Conn) *http1Conn {
	c := &http1Conn{pool: pool, to: to, epoch: epoch, conn: conn}
	c.in = bufio.NewReader(c)
	return c
}

var errAnswerHead = errors.New("the answer's headers have more than 64 KiB")

// Read reads from the connection as much as is allowed.
func (c *http1Conn) Read(p []byte) (int, error) {
	if c.allowed < 0 {
		return c.conn.Read(p)
	}
	if c.allowed == 0 {
		return 0, errAnswerHead
	}
	n, err := c.conn.Read(p[:min(int64(len(p)), c.allowed)])
	c.allowed -= int64(n)
	return n, err
}

// exchange writes the request and reads the answer up to its body. Where that fails,
// the connection is of no more use.
func (c *http1Conn) exchange(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	text, err := appendRequest(c.request[:0], req)
	if err != nil {
		return nil, err
	}
	if cap(text) <= maxKeptRequest {
		c.request = text
	}
	stop := context.AfterFunc(ctx, c.interrupt)
	resp, written, err := c.ask(req, text)
	if err != nil {
		stop()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, err
	}
	resp.Body = &http1Body{body: resp.Body, conn: c, stop: stop, written: written, ended: resp.Body == http.NoBody, last: !keepable(resp)}
	return resp, nil
}

// ask writes the text of the request and reads the answer up to its body, both at the same
// time where one could wait for the other: what is long may be answered before it
// was read, and what a receiver says right after a TLS handshake has to be read.
// written has an element once all is written, where that was not so yet.
func (c *http1Conn) ask(req *http.Request, text []byte) (resp *http.Response, written chan writing, err error) {
	if len(text) <= maxWrittenFirst && (c.reused || !c.to.encrypted) {
		n, err := c.write(text)
		if n == 0 && err != nil {
			return nil, nil, c.unwritten(err)
		}
		resp, failure := c.answer(req)
		if failure != nil {
			return nil, nil, cmp.Or(err, failure)
		}
		if err != nil {
			written = make(chan writing, 1)
			written <- writing{n, err}
		}
		return resp, written, nil
	}
	written = make(chan writing, 1)
	go func() {
		n, err := c.write(text)
		written <- writing{n, err}
	}()
	resp, err = c.answer(req)
	if err != nil {
		c.interrupt()
		w := <-written
		if w.err != nil && (errors.Is(err, os.ErrDeadlineExceeded) || !errors.Is(w.err, os.ErrDeadlineExceeded)) {
			err = w.err // it came first, and the reading ended for it
		}
		if w.n == 0 && w.err != nil {
			err = c.unwritten(err)
		}
		return nil, nil, err
	}
	if len(text) <= maxWrittenFirst {
		w := <-written // there was room for it
		written <- w
	}
	return resp, written, nil
}

// write writes the request. Who refuses one may have answered before it was all there,
// so that an answer may come even where this fails; but if it does it is there already.
func (c *http1Conn) write(text []byte) (int, error) {
	n, err := c.conn.Write(text)
	if err != nil && n > 0 {
		_ = c.conn.SetReadDeadline(time.Now().Add(writerGrace))
	}
	return n, err
}

// A writing is what became of a request's text.
type writing struct {
	n   int
	err error
}

// unwritten is the error of a request of which nothing was written.
func (c *http1Conn) unwritten(err error) error {
	if c.reused {
		return &Unwritten{Err: err}
	}
	return err
}

// interrupt ends all that waits for the connection.
func (c *http1Conn) interrupt() { _ = c.conn.SetDeadline(time.Unix(1, 0)) }

// answer reads the answer up to its body, over the interim ones.
func (c *http1Conn) answer(req *http.Request) (*http.Response, error) {
	c.allowed = maxAnswerHead
	for {
		resp, err := http.ReadResponse(c.in, req)
		if err != nil {
			if errors.Is(err, io.ErrUnexpectedEOF) && c.in.Buffered() == 0 && c.allowed == maxAnswerHead {
				err = io.EOF // it closed without a word
			}
			return nil, fmt.Errorf("read answer: %w", err)
		}
		if resp.StatusCode/100 != 1 || resp.StatusCode == http.StatusSwitchingProtocols {
			c.allowed = -1
			return resp, nil
		}
	}
}

// keepable reports whether a connection may carry another request after the answer.
func keepable(resp *http.Response) bool {
	return !resp.Close && resp.StatusCode != http.StatusSwitchingProtocols && resp.ProtoMajor == 1
}

// fresh reports whether the receiver has left the connection as it was. What it sends
// without having been asked is no answer, and the end of the connection none either.
func (c *http1Conn) fresh() bool {
	idle := time.Since(c.since)
	return c.in.Buffered() == 0 && idle < c.pool.config.IdleConnTimeout && (idle < restlessness || !readable(c.conn))
}

// readable reports whether there is something to read from a connection, or its end;
// false where that cannot be known without waiting.
func readable(conn net.Conn) bool {
	for {
		wrapper, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		conn = wrapper.NetConn()
	}
	direct, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := direct.SyscallConn()
	if err != nil {
		return true // it is closed
	}
	ready := false
	err = raw.Read(func(fd uintptr) bool {
		ready = peek(fd)
		return true // whatever it is, do not wait
	})
	return ready || err != nil
}

// An http1Body is the body of an answer. Its Close gives the connection back if the
// body was read to its end, and closes it if not.
type http1Body struct {
	body io.ReadCloser
	conn *http1Conn
	stop func() bool
	// written has an element once the request is, where that was not so before.
	written chan writing
	last    bool // the connection carries no other request
	ended   bool // it was read to its end
	done    bool
}

func (b *http1Body) Read(p []byte) (int, error) {
	if b.done {
		return 0, http.ErrBodyReadAfterClose
	}
	n, err := b.body.Read(p)
	b.ended = b.ended || errors.Is(err, io.EOF)
	return n, err
}

func (b *http1Body) Close() error {
	if b.done {
		return nil
	}
	b.done = true
	// Once the context has ended the connection may be interrupted at any time.
	if b.stop() && b.ended && !b.last && b.whole() {
		b.conn.pool.keep(b.conn)
		return nil
	}
	if b.written != nil {
		b.conn.interrupt()
		<-b.written
	}
	b.conn.pool.close(b.conn)
	return nil
}

// whole reports whether the request was written to its end. Who has answered has mostly
// read it, and then its writer is about to say so.
func (b *http1Body) whole() bool {
	if b.written == nil {
		return true
	}
	late := time.NewTimer(writerGrace)
	defer late.Stop()
	select {
	case w := <-b.written:
		b.written = nil
		return w.err == nil
	case <-late.C:
		return false
	}
}
