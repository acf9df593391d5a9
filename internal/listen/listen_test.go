package listen

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
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

// TestForwards: what is there and what comes, once, over connections that break after
// every few messages, say nothing any more, or are refused for a while.
func TestForwards(t *testing.T) {
	for name, trouble := range map[string]func(*world){
		"none":          func(*world) {},
		"cut":           func(w *world) { w.cut = 3 },
		"cut at once":   func(w *world) { w.cut = 2 },
		"clock ahead":   func(w *world) { w.ahead = time.Hour },
		"clock behind":  func(w *world) { w.ahead = -time.Hour },
		"slow start":    func(w *world) { w.slow = 15 * time.Second },
		"refused first": func(w *world) { w.refuse = first(3, 503, "unavailable") },
		"limited":       func(w *world) { w.refuse = first(3, 429, "rate_limited") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				trouble(w)
				stop := w.run()
				for i := range 20 {
					w.emit(1 + i%3)
					after(time.Duration(i%4) * 4 * time.Second)
				}
				after(time.Minute)
				cursor, err := stop()
				if err != nil || cursor != fmt.Sprint(w.n) {
					t.Errorf("it ends at %s, %v", cursor, err)
				}
				w.each()
			})
		})
	}
}

func first(n, status int, code string) func(int) (int, string) {
	return func(connection int) (int, string) {
		if connection > n {
			return 0, ""
		}
		return status, code
	}
}

// TestGone: an event of which nothing is kept is told, and the next follows.
func TestGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.gone = 2
		stop := w.run()
		w.emit(3)
		after(time.Second)
		cursor, err := stop()
		if got := strings.Join(w.told[1:], ", "); got != "evt_1 done 200, evt_2 gone 0, evt_3 done 200" || cursor != "3" || err != nil {
			t.Errorf("told %s; cursor %s, %v", got, cursor, err)
		}
	})
}

// TestSilence: a connection on which nothing is heard, not even beats, is given up.
func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		stop := w.run()
		after(time.Minute)
		if w.connections != 1 {
			t.Errorf("%d connections while it beats", w.connections)
		}
		w.mu.Lock()
		w.silent = true
		w.mu.Unlock()
		after(time.Minute)
		if w.count("nothing was heard") == 0 {
			t.Errorf("told: %v", w.told)
		}
		w.emit(2)
		after(time.Second)
		w.each()
		_, _ = stop()
	})
}

// TestReceiverIsDown: the event is sent until there is an answer, and the others wait;
// what was signed too long ago is asked for anew.
func TestReceiverIsDown(t *testing.T) {
	for _, status := range []int{0, 429, 502, 503, 504} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				up := time.Now().Add(5 * time.Minute)
				w.answer = func(string, int) int {
					if time.Now().Before(up) {
						return status
					}
					return 200
				}
				stop := w.run()
				w.emit(3)
				after(4 * time.Minute)
				w.mu.Lock()
				if n := w.tries["evt_1"]; n < 30 || n > 200 || w.tries["evt_2"] > 0 {
					t.Errorf("tries: %v", w.tries)
				}
				w.received = nil
				w.mu.Unlock()
				after(2 * time.Minute)
				w.mu.Lock()
				w.received = slices.Compact(w.received) // what it answered while it was not up to it
				w.mu.Unlock()
				w.each()
				if w.count("old") < 3 || w.count("lost") > 0 {
					t.Errorf("told: %v", w.told)
				}
				_, _ = stop()
			})
		})
	}
}

// TestAnswersCount: any answer but those of TestReceiverIsDown is one, unless it is
// insisted on 2xx; and with a bound an event is left out, which is told.
func TestAnswersCount(t *testing.T) {
	for _, test := range []struct {
		status int
		change func(*Config)
		want   string
		cursor string
	}{
		{200, func(*Config) {}, "evt_1 done 200", "1"},
		{302, func(*Config) {}, "evt_1 done 302", "1"},
		{500, func(*Config) {}, "evt_1 done 500", "1"},
		{404, func(c *Config) { c.Insist, c.Tries = true, 3 }, "evt_1 again 404, evt_1 again 404, evt_1 skipped 404", "1"},
		{204, func(c *Config) { c.Insist = true }, "evt_1 done 204", "1"},
		{0, func(c *Config) { c.Tries = 2 }, "evt_1 again 0, evt_1 skipped 0", "1"},
		{0, func(c *Config) { c.Tries = 1 }, "evt_1 skipped 0", "1"},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.answer = func(string, int) int { return test.status }
			stop := w.run(test.change)
			w.emit(1)
			after(20 * time.Second)
			cursor, err := stop()
			if got := strings.Join(w.told[1:], ", "); got != test.want || cursor != test.cursor || err != nil {
				t.Errorf("%d: told %s; cursor %s, %v", test.status, got, cursor, err)
			}
		})
	}
}

// TestRefusedForGood: what no other try would change ends it, with the cursor.
func TestRefusedForGood(t *testing.T) {
	for status, code := range map[int]string{401: "unauthorized", 403: "forbidden", 404: "not_found", 409: "conflict", 422: "invalid"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.cut = 2 // then it is refused
			w.refuse = func(connection int) (int, string) {
				if connection == 1 {
					return 0, ""
				}
				return status, code
			}
			w.emit(2)
			stop := w.run()
			after(time.Minute)
			cursor, err := stop()
			if !client.IsCode(err, code) || cursor != "1" || w.connections != 2 {
				t.Errorf("%d: %v, at %s, after %d connections", status, err, cursor, w.connections)
			}
		})
	}
}

// TestStopsBetween: a request that is under way is waited for, so that the cursor says
// what the receiver has; one that takes too long is broken off, and does not count.
func TestStopsBetween(t *testing.T) {
	for takes, want := range map[time.Duration]string{2 * time.Second: "1", 10 * time.Second: "0"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.takes = takes
			w.emit(2)
			stop := w.run()
			after(time.Second)
			began := time.Now()
			if cursor, err := stop(); cursor != want || err != nil {
				t.Errorf("a receiver that takes %v: %s, %v", takes, cursor, err)
			}
			if took := time.Since(began); took > grace {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// TestRunning: a time in which the process does not run does not count. Here it is the
// ticks that do not come, as after a stop.
func TestRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		ctx, stop := running(context.Background(), 10*time.Second)
		defer stop(nil)
		<-ctx.Done()
		if took := time.Since(began); took < 10*time.Second || took > 11*time.Second || !errors.Is(context.Cause(ctx), errLate) {
			t.Errorf("it took %v: %v", took, context.Cause(ctx))
		}
	})
}

// TestHeaders: they go as they are spelled, once each, and none is added that the real
// receiver would not get.
func TestHeaders(t *testing.T) {
	got := make(chan http.Header, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got <- r.Header.Clone() }))
	defer server.Close()
	to, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	l := &listener{Config: Config{To: to, Timeout: time.Minute, Transport: newTransport()}}
	a, err := l.send(t.Context(), &client.StreamRequest{Method: "POST", Body: `{"a":1}`, Headers: []client.StreamHeader{
		{Name: "Content-Type", Value: "application/json"}, {Name: "User-Agent", Value: "Litestore-Webhook/1.0"}, {Name: "x-litestore-signature", Value: "s"},
		{Name: "idempotency-key", Value: "k"}, {Name: "webhook-id", Value: "evt_1"},
	}})
	if err != nil || a.Status != 200 {
		t.Fatalf("%+v, %v", a, err)
	}
	want := http.Header{"Content-Type": {"application/json"}, "User-Agent": {"Litestore-Webhook/1.0"}, "X-Litestore-Signature": {"s"},
		"Idempotency-Key": {"k"}, "Webhook-Id": {"evt_1"}, "Content-Length": {"7"}}
	h := <-got
	for name := range h {
		if !slices.Equal(h[name], want[name]) {
			t.Errorf("%s is %v, not %v", name, h[name], want[name])
		}
	}
	if len(h) != len(want) {
		t.Errorf("headers: %v", h)
	}
}
