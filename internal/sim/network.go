package sim

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/billhook/billhook"
)

var (
	errRefused = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	errReset   = &net.OpError{Op: "write", Net: "tcp", Err: syscall.ECONNRESET}
)

// A conn is a process's end of a connection to a receiver. Every write of
// net/http's is a whole request.
type conn struct {
	net.Conn
	p    *process
	r    *receiver
	far  net.Conn
	once sync.Once
	now  *exchange // guarded by w.mu
}

// An exchange is one request and what becomes of it.
type exchange struct {
	life  *life   // the first
	lives []*life // that it is of: several where their webhook has batches
	of    *process
	on    *conn // the last that it was tried on
	nth   int   // of the delivery's
	fate  fate
	// from and until are when the process had it under way, as far as the
	// network can tell.
	from, until time.Time
	// unwritten: no byte of it got away.
	unwritten bool
	// answered: the process was sent the status of the receiver's answer.
	answered bool
}

// dial connects at once, since what happens at one instant needs no order. A
// receiver that is down refuses with the request: only then is it known whose it
// is, and when to refuse it.
func (p *process) dial(_ context.Context, _, address string) (net.Conn, error) {
	w := p.w
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.IndexFunc(w.receivers, func(r *receiver) bool { return strings.HasSuffix(address, fmt.Sprintf(":%d", r.port)) })
	if i < 0 || p.dead {
		return nil, errRefused
	}
	near, far := net.Pipe()
	c := &conn{Conn: near, p: p, r: w.receivers[i], far: far}
	p.conns[c] = true
	go c.r.serve(c)
	return c, nil
}

func (c *conn) Write(request []byte) (int, error) {
	if !c.p.alive() {
		return 0, errReset
	}
	e := c.p.w.asked(c, request)
	n, err := c.send(e, request)
	if err != nil {
		c.p.w.mu.Lock()
		defer c.p.w.mu.Unlock()
		c.ended()
		if e.on == c { // also where the receiver hung up before
			e.until, e.unwritten = time.Now(), n == 0
		}
	}
	return n, err
}

// send does with a request what its fate says of the way there.
func (c *conn) send(e *exchange, request []byte) (int, error) {
	if c.p.reached(beforeSend) || !c.p.stall("send", e.life.name, e.nth) {
		return 0, errReset
	}
	switch e.fate.kind {
	case resetUnread, isDown:
		time.Sleep(e.fate.after)
		err := errReset
		if e.fate.kind == isDown {
			err = errRefused
		}
		if c.p.w.climate.loose {
			return 0, err
		}
		// With a byte of it gone. Without, the engine would try again at once if it
		// had an idle connection and not if it had to dial, and which of those that
		// send at one instant get the idle ones is up to chance.
		return 1, err
	case resetHalfRead:
		n, err := c.Conn.Write(request[:len(request)/2])
		if err == nil {
			time.Sleep(e.fate.after)
		}
		return n, errReset
	}
	return c.Conn.Write(request)
}

// Read gives a paused process what it was sent once it goes on.
func (c *conn) Read(into []byte) (int, error) {
	n, err := c.Conn.Read(into)
	if !c.p.stall("read", c.about()) {
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}

// about names the exchange under way, or the last.
func (c *conn) about() string {
	c.p.w.mu.Lock()
	defer c.p.w.mu.Unlock()
	if c.now == nil {
		return ""
	}
	return fmt.Sprint(c.now.life.name, " ", c.now.nth)
}

func (c *conn) Close() error {
	c.once.Do(func() {
		c.p.w.mu.Lock()
		defer c.p.w.mu.Unlock()
		delete(c.p.conns, c)
		c.ended()
	})
	return c.Conn.Close()
}

// ended notes that nothing is under way on the connection. It wants w.mu.
func (c *conn) ended() {
	if c.now != nil && c.now.on == c && c.now.until.IsZero() {
		c.now.until = time.Now()
	}
}

// asked notes a request at the instant when the process makes it, and holds it
// against what the process may send.
func (w *world) asked(c *conn, request []byte) *exchange {
	header, body, ok := bytes.Cut(request, []byte("\r\n\r\n"))
	path, _, ok2 := strings.Cut(strings.TrimPrefix(string(header), "POST /"), " ")
	if !ok || !ok2 {
		panic(fmt.Sprintf("not a whole request: %q", request))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	c.ended()
	w.requests++
	envelopes := w.envelopesOf(path, body)
	e := &exchange{of: c.p, from: time.Now()}
	for _, envelope := range envelopes {
		n := number(dataOf(envelope))
		name := nameOf(n, path)
		l := w.book.lives[name]
		if l == nil {
			w.fail(name, "%s sends what is not on disk", c.p.name)
			l = &life{name: name, event: w.book.events[n-1], hook: w.hookOf(path)}
		}
		e.lives = append(e.lives, l)
	}
	l := e.lives[0]
	e.life, e.nth = l, len(l.exchanges)+1
	// A receiver may have hung up just now, and the engine tries another connection
	// at the same instant.
	if n := len(l.exchanges); n > 0 && l.exchanges[n-1].of == c.p && l.exchanges[n-1].from.Equal(e.from) {
		e = l.exchanges[n-1]
		e.until, e.unwritten = time.Time{}, false
	} else {
		e.fate = w.fate(c.r, l, e.nth)
		for i, l := range e.lives {
			n := len(l.exchanges)
			l.exchanges = append(l.exchanges, e)
			w.mayAsk(l, e, envelopes[i], n > 0 && l.exchanges[n-1].goesOn(e))
		}
		w.note("%s request %d of %s: %s", l.name, e.nth, c.p.name, e.fate)
		if len(e.lives) > 1 {
			w.note("%s leads a batch", l.name)
		}
	}
	c.now, e.on = e, c
	return e
}

// goesOn reports whether a request is of the same attempt as the one before it,
// of which nothing was written.
func (e *exchange) goesOn(next *exchange) bool {
	return e.of == next.of && e.unwritten && e.until.Equal(next.from)
}

// mayAsk holds a request of a delivery against what is known at its beginning. goesOn: it was
// decided on before that.
func (w *world) mayAsk(l *life, e *exchange, body []byte, goesOn bool) {
	p := e.of
	if l.event.body == "" {
		l.event.body = string(body)
	}
	if l.event.body != string(body) {
		w.fail(l.name, "is sent with another body")
	}
	if !p.link.Database.Held() {
		w.fail(l.name, "%s sends without holding its lease", p.name)
	}
	if goesOn {
		return
	}
	if !w.belongs(l, p) {
		switch {
		case !l.owned:
			w.fail(l.name, "%s sends what nobody owns", p.name)
		case slices.Contains(l.losers, p):
			w.fail(l.name, "%s sends what it lost with its lease", p.name)
		case time.Since(l.ownedAt) > longAgo*w.climate.lease && w.undisturbed(p, longAgo*w.climate.lease):
			w.fail(l.name, "%s sends what another has had for long", p.name)
		}
		return // a retry gave it to another, and this one is told soon
	}
	if l.over() {
		if l.status != billhook.StatusCancelled || time.Since(l.overAt) > p.underWay() {
			w.fail(l.name, "%s sends what is %s", p.name, l.status)
		}
	} else if early := l.dueAt.Sub(e.from); early > 0 {
		w.fail(l.name, "%s sends it %v before it is due", p.name, early)
	}
	w.isNext(l)
	w.mayGo(e)
}

// mayGo holds a request against the versions of its webhook that the process may
// go by.
func (w *world) mayGo(e *exchange) {
	may, _ := e.of.versions(e.life.hook)
	for i := range may {
		if may[i].IsActive && may[i].DeletedAt.IsZero() {
			return
		}
	}
	w.fail(e.life.name, "%s sends to a webhook that it knows to be inactive or deleted", e.of.name)
}
