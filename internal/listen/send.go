package listen

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/billhook/billhook/client"
)

const (
	// shown is how much of an answer is kept to be shown, and drained how much of it is
	// read, in bytes.
	shown, drained = 4 << 10, 1 << 20
	// grace is how long a request that is under way may take once Run is to end: who
	// breaks it off does not know whether the receiver has it.
	grace = 3 * time.Second
)

// newTransport makes requests as they are told, and on no other way than straight.
func newTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy = nil
	t.DisableCompression = true // it would ask for that in a header of its own
	return t
}

// An Answer is what the receiver has said.
type Answer struct {
	// Status is 0 where there was no answer, and Err says why.
	Status int
	Err    error
	// Took is how long it took, to the answer's end.
	Took time.Duration
	// Size counts the bytes of its body, up to a MiB, and Start are the first of them.
	Size  int
	Start []byte
}

// OK reports whether the receiver has accepted the event.
func (a *Answer) OK() bool { return a.Status/100 == 2 }

// again reports whether the event is sent once more. The statuses are those of a
// receiver, or of what is in front of it, that is not up to it now (RFC 9110, 15.6, and
// RFC 6585).
func (a *Answer) again(insist bool) bool {
	switch a.Status {
	case 0, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return insist && !a.OK()
}

// send makes the request once. An error means that it was called off.
func (l *listener) send(ctx context.Context, of *client.StreamRequest) (Answer, error) {
	if ctx.Err() != nil {
		return Answer{}, ctx.Err()
	}
	timed, stop := running(context.WithoutCancel(ctx), l.Timeout)
	defer stop(nil)
	called := errors.New("called off")
	defer context.AfterFunc(ctx, func() {
		if pause(timed, grace) {
			stop(called)
		}
	})()
	r, err := http.NewRequestWithContext(timed, of.Method, l.To.String(), strings.NewReader(of.Body))
	if err != nil {
		return Answer{}, err
	}
	for _, h := range of.Headers {
		// As it is spelled: some receivers look for it so.
		if strings.EqualFold(h.Name, "user-agent") {
			h.Name = "User-Agent" // in another spelling net/http adds its own
		}
		r.Header[h.Name] = append(r.Header[h.Name], h.Value)
	}
	r.GetBody = nil // else net/http repeats the request by itself, where it has an Idempotency-Key
	began := time.Now()
	resp, err := l.Transport.RoundTrip(r)
	if err != nil {
		a := Answer{Took: time.Since(began), Err: explain(timed, err, l.To)}
		if context.Cause(timed) == called {
			return a, ctx.Err()
		}
		return a, nil
	}
	defer resp.Body.Close()
	a := Answer{Status: resp.StatusCode}
	var start bytes.Buffer
	n, _ := io.CopyN(&start, resp.Body, shown) // what breaks off here changes nothing
	more, _ := io.CopyN(io.Discard, resp.Body, drained)
	a.Start, a.Size, a.Took = start.Bytes(), int(n+more), time.Since(began)
	return a, nil
}

// explain says in words why there was no answer.
func explain(ctx context.Context, err error, to *url.URL) error {
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errLate):
		return errLate
	case errors.Is(err, syscall.ECONNREFUSED):
		return errors.New("nothing listens at " + to.Host)
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF):
		return errors.New("the connection was cut before an answer")
	}
	return err
}
