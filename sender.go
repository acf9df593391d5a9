package billhook

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sort"
	"strings"
	"time"

	"github.com/billhook/billhook/egress"
	"github.com/billhook/billhook/profile"
)

const (
	// drainCap is how much of an answer is read so that its connection can be
	// used again; one with more is closed instead.
	drainCap = 64 << 10
	// drainTime bounds the wait for the rest of an answer whose status line
	// has already said everything.
	drainTime = time.Second
	// unwrittenTries is how often a request is given a new connection because
	// the receiver had closed the idle one before a byte was written.
	unwrittenTries = 8
)

// A sender makes the requests. It decides nothing: an attempt that fails is a
// value like any other.
type sender struct {
	db     Database
	logger *slog.Logger
	config Config
	guard  *egress.Guard
	// limits are those of a store; nil for none.
	limits func(storeID string) *egress.Limits
	connections
}

func newSender(db Database, config Config) *sender {
	guard := egress.New(config.Egress, egress.Config{Resolver: config.Resolver, Dial: config.DialContext, Proxy: config.EgressProxy})
	return &sender{db: db, logger: config.Logger, config: config, guard: guard, limits: func(string) *egress.Limits { return nil }}
}

// deliver makes one attempt of a delivery; nil means that ctx ended first and
// nothing is known of it, or that the delivery may be another's by now: held is
// asked at the last moment.
func (s *sender) deliver(ctx context.Context, e *endpoint, p *Pending, held func() bool) *Outcome {
	event, o := s.eventOf(ctx, e, p)
	if event == nil {
		return o
	}
	a := &Attempt{StoreID: p.StoreID, DeliveryID: p.ID, Number: p.Attempts + 1, StartedAt: now(), URL: e.webhook.URL}
	trace, span := s.startAttempt(event, p, a)
	if !s.attempt(ctx, a, e, p, event, trace, held) {
		if span != nil {
			span.End(nil)
		}
		return nil
	}
	return s.outcome(e, p, event, a, span, s.config.random())
}

// outcome is what an attempt means for its delivery; its span, if it has one, ends.
func (s *sender) outcome(e *endpoint, p *Pending, event *Event, a *Attempt, span AttemptSpan, random float64) *Outcome {
	step := Next(p, a, e.policy, random)
	o := &Outcome{Delivery: *p, Attempt: *a, Status: step.Status, NextAttemptAt: step.RetryAt, Reason: step.Reason, Deactivate: step.Deactivate}
	if span != nil {
		span.End(o)
	}
	s.config.Observer.Attempted(o, event)
	return o
}

// eventOf is the event of a delivery; or the delivery's end, where nothing of that is
// kept; or neither, where it cannot be read.
func (s *sender) eventOf(ctx context.Context, e *endpoint, p *Pending) (*Event, *Outcome) {
	if p.Event != nil {
		return p.Event, nil
	}
	stored, err := s.db.Event(ctx, p.StoreID, p.EventID)
	switch {
	case errors.Is(err, ErrNotFound):
		gone := &Event{StoreID: p.StoreID, ID: p.EventID, Type: p.EventType}
		return nil, s.notKept(e, p, gone, say("gone.event"))
	case err == nil && !stored.ErasedAt.IsZero():
		return nil, s.notKept(e, p, &stored, say("gone.payload"))
	case err != nil:
		s.logger.Error("cannot read an event to send", "store", p.StoreID, "event", p.EventID, "err", err)
		wait(ctx, time.Second)
		return nil, nil
	}
	return &stored, nil
}

// notKept ends a delivery of which there is nothing to send any more; event is what is
// left to be told of.
func (s *sender) notKept(e *endpoint, p *Pending, event *Event, reason string) *Outcome {
	o := &Outcome{
		Delivery: *p, Status: StatusDead, Reason: reason,
		Attempt: Attempt{StoreID: p.StoreID, DeliveryID: p.ID, Number: p.Attempts + 1, StartedAt: now(), URL: e.webhook.URL, Failure: FailureExpired, Error: reason},
	}
	s.config.Observer.Attempted(o, event)
	return o
}

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// attempt sends the event once, from where in its trace is told, and writes into a
// what came of it; false means that it was called off.
func (s *sender) attempt(ctx context.Context, a *Attempt, e *endpoint, p *Pending, event *Event, trace TraceContext, held func() bool) bool {
	if expired(p, e.policy, a.StartedAt) {
		a.Failure, a.Error = FailureExpired, waitedTooLong(p, e.policy.MaxAge, a.StartedAt)
		return true
	}
	if s.unencrypted(e, a) {
		return true
	}
	body := e.appendEnvelope(make([]byte, 0, len(event.Data)+256), event)
	return s.exchange(ctx, e, a, e.header(event.ID, event.Type, sequenceText(event), trace, a.StartedAt, body), body, held)
}

// unencrypted fails an attempt whose URL was registered while it was allowed.
func (s *sender) unencrypted(e *endpoint, a *Attempt) bool {
	if e.url.Scheme == "https" || s.config.allowsHTTP(e.profile) {
		return false
	}
	a.Failure, a.Error = FailureRefused, say("notEncrypted", e.profile.Name)
	return true
}

// appendEnvelope appends what is sent of an event.
func (e *endpoint) appendEnvelope(body []byte, event *Event) []byte {
	return e.profile.AppendBody(body, profile.Event{
		ID: event.ID, Type: event.Type, Time: event.CreatedAt, Data: event.Data, IdempotencyKey: event.IdempotencyKey,
	})
}

// exchange makes the request of an attempt and tells what came of it; false where it
// was called off, and nothing is known of it.
func (s *sender) exchange(ctx context.Context, e *endpoint, a *Attempt, header http.Header, body []byte, held func() bool) bool {
	if !held() {
		return false // it took so long to come here that others may be at it
	}
	timed, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	start := time.Now()
	resp, err := s.roundTrip(timed, e, header, body, held)
	a.Duration = time.Since(start)
	if err != nil {
		if ctx.Err() != nil || errors.Is(err, errNotHeld) {
			return false // called off: it waits on, and no one blames the receiver
		}
		a.Failure, a.Error = explain(err, e.url, a.Duration, a.StartedAt)
		return true
	}
	judge(a, resp, e.profile, a.StartedAt.Add(a.Duration))
	a.ResponseHeaders = keepHeaders(resp.Header)
	a.ResponseBody = s.readBody(resp, cancel)
	return true
}

var errNotHeld = errors.New("the delivery may be another's by now")

// roundTrip sends the request, on a new connection if the receiver had closed
// the idle one before a byte of it was written: that is no attempt. It may have
// taken long to find out, so held is asked again.
//
// GetBody stays nil and no idempotency header is set in canonical form, since
// with either net/http would repeat requests of its own accord, unrecorded.
func (s *sender) roundTrip(ctx context.Context, e *endpoint, header http.Header, body []byte, held func() bool) (*http.Response, error) {
	client := s.clientOf(e)
	for try := 1; ; try++ {
		req := (&http.Request{
			Method:        http.MethodPost,
			URL:           e.url,
			Host:          e.url.Host,
			Proto:         "HTTP/1.1",
			ProtoMajor:    1,
			ProtoMinor:    1,
			Header:        header,
			Body:          io.NopCloser(bytes.NewReader(body)),
			ContentLength: int64(len(body)),
		}).WithContext(ctx)
		resp, err := client.RoundTrip(req)
		if err == nil || try == unwrittenTries || ctx.Err() != nil || !isUnwritten(err) {
			return resp, err
		}
		if !held() {
			return nil, errNotHeld
		}
	}
}

func isUnwritten(err error) bool {
	_, is := errors.AsType[*egress.Unwritten](err)
	return is
}

// readBody keeps the beginning of an answer's body and reads on for a while so
// that the connection can be used again. Whatever happens here changes nothing
// about the attempt.
func (s *sender) readBody(resp *http.Response, cancel context.CancelFunc) []byte {
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusSwitchingProtocols || resp.ContentLength == 0 {
		return nil
	}
	t := time.AfterFunc(drainTime, cancel)
	defer t.Stop()
	limit := int64(MaxResponseKept)
	if 0 <= resp.ContentLength && resp.ContentLength < limit {
		limit = resp.ContentLength
	}
	kept := make([]byte, limit)
	n, err := io.ReadFull(resp.Body, kept)
	kept = kept[:n]
	if err == nil {
		_, _ = io.CopyN(io.Discard, resp.Body, drainCap)
	}
	return kept
}

// keepHeaders writes an answer's headers down, one a line, in order of name.
func keepHeaders(h http.Header) string {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	sort.Strings(names)
	var b strings.Builder
	for _, name := range names {
		for _, value := range h[name] {
			if b.Len()+len(name)+len(value)+3 > MaxResponseKept {
				return b.String()
			}
			b.WriteString(name)
			b.WriteString(": ")
			b.WriteString(value)
			b.WriteByte('\n')
		}
	}
	return b.String()
}
