package listen

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/billhook/billhook/client"
)

// A world is a Billhook and a receiver without a network, in a bubble: the service has
// events 1 to n, whose cursors are their numbers.
type world struct {
	t *testing.T

	mu sync.Mutex
	n  int
	// more is closed and made anew when there is another event.
	more chan struct{}
	// refuse answers in place of a stream; nil for none. cut ends one after so many
	// messages; 0 for never. silent: it says nothing, not even beats.
	refuse func(connection int) (status int, code string)
	cut    int
	silent bool
	// gone is the event of which nothing is kept; 0 for none.
	gone int
	// ahead is by how much the service's clock is, and slow how long its start takes.
	ahead, slow time.Duration
	connections int
	// answer is the receiver's: a status, or 0 for none at all.
	answer   func(id string, try int) int
	takes    time.Duration
	tries    map[string]int
	received []string
	oldest   time.Duration

	told []string
}

func newWorld(t *testing.T) *world {
	return &world{t: t, more: make(chan struct{}), tries: map[string]int{}, answer: func(string, int) int { return 200 }}
}

func (w *world) emit(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n += n
	close(w.more)
	w.more = make(chan struct{})
}

// A service is the world's API as a transport.
type service struct{ *world }

func (s service) RoundTrip(r *http.Request) (*http.Response, error) {
	w := s.world
	w.mu.Lock()
	w.connections++
	refuse, connection := w.refuse, w.connections
	w.mu.Unlock()
	if refuse != nil {
		if status, code := refuse(connection); status != 0 {
			body := fmt.Sprintf(`{"type":"x","title":"t","status":%d,"code":%q,"detail":"d"}`, status, code)
			return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/problem+json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
		}
	}
	near, far := io.Pipe()
	go func() {
		<-r.Context().Done()
		near.CloseWithError(r.Context().Err())
	}()
	go w.stream(r.Context(), far, r.URL.Query().Get("after"))
	return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: near, Request: r}, nil
}

func (w *world) stream(ctx context.Context, to *io.PipeWriter, after string) {
	said := 0
	w.mu.Lock()
	cut, slow := w.cut, w.slow
	w.mu.Unlock()
	say := func(kind, id string, v any) bool {
		text, _ := json.Marshal(v)
		_, err := fmt.Fprintf(to, "event: %s\nid: %s\ndata: %s\n\n", kind, id, text)
		said++
		if said == cut {
			to.Close()
			return false
		}
		return err == nil
	}
	now := func() time.Time {
		w.mu.Lock()
		defer w.mu.Unlock()
		return time.Now().Add(w.ahead)
	}
	at := 0
	_, _ = fmt.Sscan(after, &at)
	start := now()
	time.Sleep(slow)
	if !say("start", fmt.Sprint(at), client.StreamStart{StoreID: "default", At: start}) {
		return
	}
	beat := time.NewTicker(10 * time.Second)
	defer beat.Stop()
	for {
		w.mu.Lock()
		n, more, silent, gone := w.n, w.more, w.silent, w.gone
		w.mu.Unlock()
		for ; at < n; at++ {
			if at+1 == gone {
				if !say("gone", fmt.Sprint(at+1), client.StreamGone{ID: fmt.Sprint("evt_", at+1)}) {
					return
				}
				continue
			}
			e := client.StreamEvent{ID: fmt.Sprint("evt_", at+1), Type: "order.paid", SignedAt: now(),
				Request: client.StreamRequest{Method: "POST", Body: "{}", Headers: []client.StreamHeader{{Name: "webhook-id", Value: fmt.Sprint("evt_", at+1)}, {Name: "signed-at", Value: time.Now().Format(time.RFC3339Nano)}}}}
			if !say("event", fmt.Sprint(at+1), e) {
				return
			}
		}
		select {
		case <-more:
		case <-beat.C:
			if !silent && !say("beat", fmt.Sprint(at), client.StreamBeat{At: now()}) {
				return
			}
		case <-ctx.Done():
			to.Close()
			return
		}
	}
}

// A receiver is the world's, as a transport.
type receiver struct{ *world }

func (r receiver) RoundTrip(req *http.Request) (*http.Response, error) {
	spelled := func(name string) string { return req.Header[name][0] }
	id := spelled("webhook-id")
	signed, _ := time.Parse(time.RFC3339Nano, spelled("signed-at"))
	r.mu.Lock()
	r.tries[id]++
	status, takes := r.answer(id, r.tries[id]), r.takes
	r.oldest = max(r.oldest, time.Since(signed))
	r.mu.Unlock()
	if takes > 0 {
		select {
		case <-time.After(takes):
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
	}
	if status == 0 {
		return nil, errors.New("nobody is there")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.received = append(r.received, id)
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader("body of " + id)), Request: req}, nil
}

// Connected, Lost and Sent note what is told.
func (w *world) Connected(client.StreamStart) { w.note("connected") }

func (w *world) Lost(why error, _ time.Duration) {
	if errors.Is(why, ErrOld) {
		w.note("old")
		return
	}
	w.note("lost: " + why.Error())
}

func (w *world) Sent(r Result) {
	outcome := [...]string{Done: "done", Again: "again", Skipped: "skipped", Gone: "gone"}[r.Outcome]
	w.note(fmt.Sprintf("%s %s %d", r.ID, outcome, r.Answer.Status))
}

func (w *world) note(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told = append(w.told, text)
}

func (w *world) count(text string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, told := range w.told {
		if strings.Contains(told, text) {
			n++
		}
	}
	return n
}

// run listens in the background, until stop is called, which answers what Run does.
func (w *world) run(change ...func(*Config)) (stop func() (string, error)) {
	w.t.Helper()
	c, err := client.New(client.Config{HTTPClient: &http.Client{Transport: service{w}}})
	if err != nil {
		w.t.Fatal(err)
	}
	cfg := Config{Client: c, To: &url.URL{Scheme: "http", Host: "localhost:3000"}, Transport: receiver{w}, Tell: w}
	for _, f := range change {
		f(&cfg)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var cursor string
	done := make(chan struct{})
	go func() {
		cursor, err = Run(ctx, cfg)
		close(done)
	}()
	return func() (string, error) {
		cancel()
		<-done
		return cursor, err
	}
}

// each wants each event once, in order.
func (w *world) each() {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	var want []string
	for i := range w.n {
		want = append(want, fmt.Sprint("evt_", i+1))
	}
	if !slices.Equal(w.received, want) {
		w.t.Errorf("received are %d of %d events: %.300v", len(w.received), w.n, w.received)
	}
	if w.oldest > fresh+time.Second {
		w.t.Errorf("a signature was %v old", w.oldest)
	}
}

func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
