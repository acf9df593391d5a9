package inspect

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/billhook/billhook/internal/recording"
)

// Faults that an Answer can have.
const (
	FaultNone  = ""
	FaultReset = "reset" // the connection is reset, with nothing said
	FaultHang  = "hang"  // nothing is ever said
	FaultSlow  = "slow"  // the answer's body comes a byte at a time, over Answer.Slow
)

// An Answer is what requests to a path get.
type Answer struct {
	// Path is the path; one that ends with * is for all that begin so. Default: all
	// that no other answer is for.
	Path string
	// Status is the status code. Default: 200.
	Status  int
	Headers []recording.Field
	Body    string
	// Delay is how long the answer takes, at most 10 minutes. Default: 0.
	Delay time.Duration
	// Fault is one of the Fault constants. Default: none.
	Fault string
	// Slow is how long a body takes with FaultSlow. Default: 10 s.
	Slow time.Duration
	// Fail of each Of requests fail, the first of them: with the fault or, where there
	// is none, with 500. The others get the status. Default: all are alike.
	Fail, Of int
}

// Bounds of an Answer.
const (
	maxDelay   = 10 * time.Minute
	maxAnswers = 50
	maxAnswer  = 64 << 10
)

// Check says what of an answer will not do.
func (a *Answer) Check() error {
	switch {
	case a.Status != 0 && (a.Status < 200 || a.Status > 599):
		return fmt.Errorf("the status %d is none: give one from 200 to 599", a.Status)
	case a.Delay < 0 || a.Delay > maxDelay || a.Slow < 0 || a.Slow > maxDelay:
		return fmt.Errorf("a delay may be from 0 to %s", maxDelay)
	case !slices.Contains([]string{FaultNone, FaultReset, FaultHang, FaultSlow}, a.Fault):
		return fmt.Errorf("the fault %q is none of %s, %s and %s", a.Fault, FaultReset, FaultHang, FaultSlow)
	case a.Fail < 0 || a.Of < 0 || a.Fail > a.Of || a.Of > 1000:
		return errors.New("give what fails as 1/3: one of each three")
	case len(a.Body) > maxAnswer || len(a.Headers) > 20:
		return fmt.Errorf("an answer may have %d KiB and 20 headers", maxAnswer>>10)
	case a.Path != "" && a.Path[0] != '/':
		return errors.New("a path begins with /")
	}
	for _, h := range a.Headers {
		if h.Name == "" || strings.ContainsAny(h.Name, " \t\r\n:") || strings.ContainsAny(h.Value, "\r\n\x00") {
			return fmt.Errorf("%q is no header", h.Name)
		}
	}
	return nil
}

// ParseFail reads "1/3".
func ParseFail(text string) (fail, of int, err error) {
	if text == "" {
		return 0, 0, nil
	}
	a, b, ok := strings.Cut(text, "/")
	fail, err1 := strconv.Atoi(a)
	of, err2 := strconv.Atoi(b)
	if !ok || err1 != nil || err2 != nil || fail < 1 || of < fail {
		return 0, 0, fmt.Errorf("%q: give what fails as 1/3: one of each three", text)
	}
	return fail, of, nil
}

// A rule is an Answer and how many have got it.
type rule struct {
	Answer
	count int
}

// step is what one request gets.
type step struct {
	Answer
	fails bool
}

func (s *step) describe() string {
	if s.Fault != FaultNone {
		return s.Fault
	}
	return strconv.Itoa(s.Status)
}

// answerTo decides what a request gets: by the rule of its very path, the one with the
// longest beginning, or the one for all.
func (b *Bin) answerTo(r *http.Request) step {
	b.mu.Lock()
	defer b.mu.Unlock()
	best, length := b.answers[0], -1
	for _, one := range b.answers[1:] {
		prefix, isPrefix := strings.CutSuffix(one.Path, "*")
		switch {
		case !isPrefix && one.Path == r.URL.Path:
			best, length = one, len(r.URL.Path)+1
		case isPrefix && strings.HasPrefix(r.URL.Path, prefix) && len(prefix) > length:
			best, length = one, len(prefix)
		}
	}
	s := step{Answer: best.Answer}
	if s.Status == 0 {
		s.Status = http.StatusOK
	}
	if s.Of > 0 {
		s.fails = best.count%s.Of < s.Fail
		switch {
		case !s.fails:
			s.Fault = FaultNone
		case s.Fault == FaultNone:
			s.Status = http.StatusInternalServerError
		}
	}
	best.count++
	return s
}

// perform gives the answer.
func (b *Bin) perform(s step, w http.ResponseWriter, r *http.Request) {
	if !b.wait(r, s.Delay) {
		return
	}
	switch s.Fault {
	case FaultReset:
		reset(w)
		return
	case FaultHang:
		b.wait(r, maxDelay)
		reset(w)
		return
	}
	for _, h := range s.Headers {
		w.Header().Set(h.Name, h.Value)
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8") // whoever opens it sees text
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Security-Policy", "sandbox") // it is of the page's origin
	if s.Fault == FaultSlow {
		b.dribble(s, w, r)
		return
	}
	w.WriteHeader(s.Status)
	if s.Status != http.StatusNoContent && s.Status != http.StatusNotModified {
		_, _ = w.Write([]byte(s.Body)) // #nosec G705 -- what the bin was told to say, in a sandbox; who went away does not read it
	}
}

// dribble sends the body a byte at a time.
func (b *Bin) dribble(s step, w http.ResponseWriter, r *http.Request) {
	body, total := s.Body, s.Slow
	if body == "" {
		body = "slow......"
	}
	if total == 0 {
		total = 10 * time.Second
	}
	w.WriteHeader(s.Status)
	flush := http.NewResponseController(w)
	for i := range len(body) {
		if _, err := w.Write([]byte{body[i]}); err != nil || flush.Flush() != nil || !b.wait(r, total/time.Duration(len(body))) {
			return
		}
	}
}

// wait returns false where whoever asked, or the bin, has gone meanwhile.
func (b *Bin) wait(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
	case <-b.stopped:
	}
	return false
}

// reset ends the connection as a crash does.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // the nearest to it that there is
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// Answers are what is answered now, the one for all first.
func (b *Bin) Answers() []Answer {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]Answer, len(b.answers))
	for i, one := range b.answers {
		all[i] = one.Answer
	}
	return all
}

// SetAnswer changes what a path gets; "" is for all that have none of their own.
func (b *Bin) SetAnswer(a Answer) error {
	if err := a.Check(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.answers, func(one *rule) bool { return one.Path == a.Path })
	switch {
	case i >= 0:
		b.answers[i] = &rule{Answer: a}
	case len(b.answers) > maxAnswers:
		return fmt.Errorf("there are %d answers already", maxAnswers)
	default:
		b.answers = append(b.answers, &rule{Answer: a})
	}
	return nil
}

// RemoveAnswer has a path answered as all others are.
func (b *Bin) RemoveAnswer(path string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answers = append(b.answers[:1:1], slices.DeleteFunc(slices.Clone(b.answers[1:]), func(one *rule) bool { return one.Path == path })...)
}
