package listen

import (
	"context"
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

// TestNeverConnected: a cursor that the service has not taken is not told as one to go on
// from.
func TestNeverConnected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.refuse = func(int) (int, string) { return 422, "invalid" }
		stop := w.run(func(c *Config) { c.Stream.After = "bogus" })
		after(time.Second)
		if cursor, err := stop(); cursor != "" || !client.IsCode(err, "invalid") {
			t.Errorf("%q, %v", cursor, err)
		}
	})
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

// TestOnce: what a receiver has had is not repeated behind the listener's back, as net/http
// does on a connection that it has used before where there is an Idempotency-Key.
func TestOnce(t *testing.T) {
	var mu sync.Mutex
	got := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		mu.Lock()
		got++
		first := got == 1
		mu.Unlock()
		if !first {
			panic(http.ErrAbortHandler) // it has the event, and says nothing
		}
	}))
	defer server.Close()
	to, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	l := &listener{Config: Config{To: to, Timeout: time.Minute, Transport: newTransport()}}
	for i := range 2 {
		a, err := l.send(t.Context(), &client.StreamRequest{Method: "POST", Body: "{}", Headers: []client.StreamHeader{{Name: "Idempotency-Key", Value: "k"}}})
		if err != nil || (a.Err == nil) != (i == 0) {
			t.Fatalf("%+v, %v", a, err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if got != 2 {
		t.Errorf("2 were sent, and the receiver had %d", got)
	}
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
