// Package listen forwards a store's events to an address that only this machine
// reaches: it follows the stream of the API, repeats each request as it is told there,
// signature and all, and remembers behind which event it is. So nothing is lost and
// nothing comes twice, whatever happens to the service, the network or the process's
// sleep.
//
// It knows package client alone. It must not sign anything itself, nor print.
package listen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"github.com/billhook/billhook/client"
)

// A Config says what is forwarded where.
type Config struct {
	Client *client.Client
	// Stream says which events, and from where on.
	Stream client.StreamOptions
	// To is the receiver's address.
	To *url.URL
	// Timeout is how long the receiver may take. Default: 30 s.
	Timeout time.Duration
	// Insist: what the receiver does not accept (2xx) is sent again, as what it does not
	// answer always is.
	Insist bool
	// Tries is how often an event is sent at most before it is left out. Default: as
	// often as it takes.
	Tries int
	// Tell is told what happens. It is called by one goroutine, and must not be nil.
	Tell Teller
	// Transport makes the requests to the receiver. Default: one of its own, without a
	// proxy.
	Transport http.RoundTripper
}

// A Teller is told what happens, to show it.
type Teller interface {
	// Connected: events come from now on. It is called again after each Lost.
	Connected(start client.StreamStart)
	// Lost: the connection to the service is; it is tried again after the wait.
	Lost(why error, wait time.Duration)
	// Sent: an event was sent, or left out.
	Sent(r Result)
}

// A Result is what came of one event.
type Result struct {
	ID, Type  string
	CreatedAt time.Time
	Outcome   Outcome
	// Answer is the receiver's, for all but Gone.
	Answer Answer
	// Try counts the times that the event was sent, this one included.
	Try int
	// Wait is how long until it is sent Again.
	Wait time.Duration
}

// An Outcome is what follows from an answer.
type Outcome int

const (
	// Done: the receiver has answered, and the next event follows.
	Done Outcome = iota
	// Again: it is sent once more, and the others wait.
	Again
	// Skipped: it was sent Config.Tries times, and the next event follows.
	Skipped
	// Gone: its data is no longer kept, so that there is nothing to send.
	Gone
)

const (
	// fresh is how old a signature may be that is forwarded. Receivers take some
	// minutes; what was signed before a sleep is asked for once more.
	fresh = 30 * time.Second
	// quiet is how long the service may say nothing: it beats every 10 s.
	quiet = 25 * time.Second
	// slept is from when on a gap between two looks at the clock is a sleep.
	slept = 10 * time.Second
	// opening is how long it may take until it says the first.
	opening = 20 * time.Second
	// leastWait and mostWait bound the time until something is tried again.
	leastWait, mostWait = 250 * time.Millisecond, 5 * time.Second
	// lasting is from when on a connection counts as one that worked.
	lasting = 10 * time.Second
)

// Run forwards until ctx ends, which is no error, or until the service refuses for
// good. It answers the cursor to go on from; "" where it has never been connected, so
// that nobody knows whether the one that was given is one.
func Run(ctx context.Context, cfg Config) (cursor string, err error) {
	if cfg.Timeout == 0 {
		cfg.Timeout = 30 * time.Second
	}
	if cfg.Transport == nil {
		transport := newTransport()
		defer transport.CloseIdleConnections()
		cfg.Transport = transport
	}
	l := &listener{Config: cfg}
	for failed := 0; ; failed++ {
		began := time.Now()
		why := l.follow(ctx)
		wait, final := next(why, failed)
		switch {
		case ctx.Err() != nil:
			return l.cursor, nil
		case final:
			return l.cursor, why
		case time.Since(began) >= lasting || l.advanced:
			failed, wait = 0, 0
			if !errors.Is(why, ErrOld) {
				wait = leastWait
			}
		}
		l.Tell.Lost(why, wait)
		if !pause(ctx, wait) {
			return l.cursor, nil
		}
	}
}

// next says how long to wait after the connection was lost, for so many times in a row,
// or that it is of no use.
func next(why error, failed int) (wait time.Duration, final bool) {
	var refused *client.Error
	if errors.As(why, &refused) {
		if refused.RetryAfter > 0 {
			return min(refused.RetryAfter, time.Minute), false
		}
		if refused.Status >= 400 && refused.Status < 500 && refused.Status != http.StatusRequestTimeout && refused.Status != http.StatusTooManyRequests {
			return 0, !errors.Is(why, ErrEnded)
		}
	}
	return backoff(failed), false
}

// backoff doubles, with jitter: those who listen come back one after the other.
func backoff(failed int) time.Duration {
	wait := min(leastWait<<min(failed, 10), mostWait)
	return wait/2 + rand.N(wait/2+1) // #nosec G404 -- spreads retries, guards nothing
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

var (
	// ErrOld: what is on the connection was signed too long ago, or may have been, since
	// this process was stopped or asleep, or the receiver took its time. It is asked for
	// anew at once.
	ErrOld = errors.New("what came was signed too long ago, and is asked for anew")
	// ErrEnded: the service has ended the stream, and said why. Connecting again tells
	// whether that is for good.
	ErrEnded = errors.New("the service has ended the stream")
	// errQuiet: nothing is heard, which a connection is that broke without a word.
	errQuiet = fmt.Errorf("nothing was heard for %v", quiet)
)

// A listener is one Run. Stream.After is the cursor behind what is done with.
type listener struct {
	Config
	// cursor is Stream.After once the service has taken it.
	cursor string
	// advanced: an event was sent on this connection.
	advanced bool
	// sending is the event that is being sent, and tries how often it was.
	sending string
	tries   int
}

// follow forwards what comes on one connection. The answer is why that is over.
func (l *listener) follow(ctx context.Context) error {
	l.advanced = false
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	asked := wall()
	opened, stop := running(ctx, opening)
	wait := context.AfterFunc(opened, func() { cancel(context.Cause(opened)) })
	stream, err := l.Client.Events.Stream(ctx, l.Stream)
	wait()
	stop(nil)
	if err != nil {
		return err
	}
	reading := make(chan struct{})
	defer func() { // in this order: the reader ends with its connection
		cancel(nil)
		stream.Close()
		<-reading
	}()
	incoming := make(chan incoming)
	go func() {
		defer close(reading)
		read(ctx, stream, incoming)
	}()
	first, err := l.hear(ctx, incoming, opening)
	if err != nil {
		return err
	}
	if first.Start == nil {
		return errors.New("what answers is no stream of Billhook's")
	}
	// The service's clock is ahead by that much at most.
	ahead := first.Start.At.Sub(asked)
	l.done(first.ID)
	l.Tell.Connected(*first.Start)
	for {
		m, err := l.hear(ctx, incoming, quiet)
		if err != nil {
			return err
		}
		switch {
		case m.End != nil:
			return fmt.Errorf("%w: %w", ErrEnded, m.End)
		case m.Gone != nil:
			l.Tell.Sent(Result{ID: m.Gone.ID, Type: m.Gone.Type, CreatedAt: m.Gone.CreatedAt, Outcome: Gone})
		case m.Event != nil:
			if err := l.forward(ctx, m.Event, ahead); err != nil {
				return err
			}
		}
		if m.ID != "" {
			l.done(m.ID)
		}
	}
}

// done notes that what is up to the cursor is done with.
func (l *listener) done(cursor string) { l.Stream.After, l.cursor = cursor, cursor }

// An incoming is a message, or why there are no more.
type incoming struct {
	client.StreamMessage
	err error
}

func read(ctx context.Context, stream *client.Stream, into chan<- incoming) {
	for {
		m, err := stream.Next()
		if err == io.EOF {
			err = errors.New("the connection was closed")
		}
		select {
		case into <- incoming{m, err}:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// hear waits for the next message, for a time in which this process runs. It ends where
// that was stopped or asleep: the connection may be dead then, and what is on it old.
func (l *listener) hear(ctx context.Context, from <-chan incoming, most time.Duration) (client.StreamMessage, error) {
	ticks := time.NewTicker(most / parts)
	defer ticks.Stop()
	last := wall()
	for range parts + 1 {
		select {
		case m := <-from:
			return m.StreamMessage, m.err
		case <-ticks.C:
			if now := wall(); now.Sub(last) > slept {
				return client.StreamMessage{}, ErrOld
			}
			last = wall()
		case <-ctx.Done():
			return client.StreamMessage{}, context.Cause(ctx)
		}
	}
	return client.StreamMessage{}, errQuiet
}

// forward sends an event until the receiver has answered it, or it is left out, or its
// signature is too old: then it comes once more on the next connection.
func (l *listener) forward(ctx context.Context, e *client.StreamEvent, ahead time.Duration) error {
	if l.sending != e.ID {
		l.sending, l.tries = e.ID, 0
	}
	for {
		if wall().Add(ahead).Sub(e.SignedAt) > fresh {
			return ErrOld
		}
		answer, err := l.send(ctx, &e.Request)
		if err != nil {
			return err // called off
		}
		l.tries++
		l.advanced = true
		r := Result{ID: e.ID, Type: e.Type, CreatedAt: e.CreatedAt, Answer: answer, Try: l.tries}
		switch {
		case !answer.again(l.Insist):
		case l.Tries > 0 && l.tries >= l.Tries:
			r.Outcome = Skipped
		default:
			r.Outcome, r.Wait = Again, backoff(l.tries-1)
			l.Tell.Sent(r)
			if !pause(ctx, r.Wait) {
				return ctx.Err()
			}
			continue
		}
		l.Tell.Sent(r)
		return nil
	}
}

// wall is the time by the clock on the wall, which goes on while a machine sleeps.
func wall() time.Time { return time.Now().Round(0) }
