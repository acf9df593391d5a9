package sim

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// A receiver is where webhooks lead to.
type receiver struct {
	w      *world
	port   int
	temper temper
	// downUntil is when it takes requests again. Guarded by w.mu.
	downUntil time.Time
}

// A kind is what a receiver does with a request.
type kind string

const (
	prompt        kind = "answers at once"
	slow          kind = "answers late"
	fails         kind = "fails"
	busy          kind = "is busy"
	refuses       kind = "refuses"
	hangs         kind = "hangs"
	resetUnread   kind = "resets before it reads"
	resetHalfRead kind = "resets half way"
	resetRead     kind = "resets after it has read"
	stalls        kind = "stalls within its answer"
	garbage       kind = "answers garbage"
	halfStatus    kind = "breaks off its status line"
	hangsUp       kind = "answers and hangs up"
	isDown        kind = "is down"
)

// busyFor is how long one that is busy asks to be left alone.
const busyFor = 3 * time.Second

// A temper is how often a receiver does what.
type temper []weighted[kind]

var tempers = []weighted[temper]{
	{3, temper{{1, prompt}}},
	{2, temper{{8, prompt}, {2, slow}, {2, fails}, {1, hangsUp}}},
	{2, temper{{4, prompt}, {4, fails}, {2, busy}, {1, refuses}}},
	{1, temper{{1, slow}, {2, hangs}, {2, prompt}}},
	{2, temper{{4, prompt}, {1, slow}, {2, fails}, {1, busy}, {1, refuses}, {1, hangs}, {1, resetUnread}, {1, resetHalfRead}, {1, resetRead}, {1, stalls}, {1, garbage}, {1, halfStatus}, {1, hangsUp}}},
	{1, temper{{5, fails}, {1, prompt}}},
}

// A fate is what becomes of one request.
type fate struct {
	kind  kind
	after time.Duration
	code  int
}

// unread: nothing of the request gets through.
func (f fate) unread() bool { return f.kind == resetUnread || f.kind == isDown }

func (f fate) String() string { return fmt.Sprintf("%s after %v with %d", f.kind, f.after, f.code) }

// fate depends on the delivery and on how often it came, and on nothing else.
func (w *world) fate(r *receiver, l *life, nth int) fate {
	c := chance(w.plan.Seed, "fate", l.name, nth)
	f := fate{kind: pick(c, r.temper), after: between(c, 100*time.Microsecond, 50*time.Millisecond)}
	switch {
	case w.settling:
		f.kind = prompt
	case time.Now().Before(r.downUntil):
		f.kind = isDown
	}
	code := func(codes ...int) int { return codes[c.IntN(len(codes))] }
	switch f.kind {
	case slow:
		f.after, f.code = between(c, time.Second, 12*time.Second), 200
	case fails:
		f.code = code(500, 502, 504)
	case busy:
		f.code = code(429, 503)
	case refuses:
		f.code = code(400, 404, 410, 302)
	case isDown, hangs, resetUnread, resetHalfRead, resetRead, garbage, halfStatus:
	default:
		f.code = code(200, 200, 201, 202)
	}
	return f
}

// serve answers one request after the other.
func (r *receiver) serve(c *conn) {
	defer c.far.Close()
	from := bufio.NewReader(c.far)
	for {
		req, err := http.ReadRequest(from)
		if err != nil {
			return
		}
		if _, err := io.ReadAll(req.Body); err != nil {
			return
		}
		r.w.mu.Lock()
		e := c.now
		r.w.mu.Unlock()
		time.Sleep(e.fate.after)
		if !r.answer(c, e) {
			return
		}
	}
}

// answer does with a request that was read what its fate says, and reports
// whether the connection goes on.
func (r *receiver) answer(c *conn, e *exchange) bool {
	far := c.far
	// write answers the process, which has all of it when this returns.
	write := func(answer string) bool {
		_, err := io.WriteString(far, answer)
		r.w.mu.Lock()
		defer r.w.mu.Unlock()
		e.answered = err == nil
		return e.answered
	}
	status := fmt.Sprintf("HTTP/1.1 %d %s\r\n", e.fate.code, http.StatusText(e.fate.code))
	switch e.fate.kind {
	case hangs:
		_, _ = io.Copy(io.Discard, far)
		return false
	case resetRead:
		return false
	case garbage:
		_, _ = io.WriteString(far, "SSH-2.0-OpenSSH_9.2\r\n\r\n")
		return false
	case halfStatus:
		_, _ = io.WriteString(far, "HTTP/1.1 20")
		return false
	case stalls:
		write(status + "Content-Length: 100\r\n\r\nwait")
		_, _ = io.Copy(io.Discard, far)
		return false
	}
	header := "Content-Length: 2\r\n\r\n"
	switch e.fate.kind {
	case busy:
		header = fmt.Sprintf("Retry-After: %d\r\n", busyFor/time.Second) + header
	case refuses:
		header = "Location: /elsewhere\r\n" + header
	}
	if !write(status + header + "ok") {
		return false
	}
	r.w.mu.Lock()
	if c.now == e {
		c.ended()
	}
	r.w.mu.Unlock()
	c.p.reached(afterAnswer)
	return e.fate.kind != hangsUp
}

// dataOf is the data within a request's body.
func dataOf(body []byte) json.RawMessage {
	var envelope struct{ Data json.RawMessage }
	if err := json.Unmarshal(body, &envelope); err != nil {
		panic(fmt.Sprintf("not a body of this world: %q", body))
	}
	return envelope.Data
}
