package billhook_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
	"github.com/billhook/billhook/sign"
)

func TestDeliver(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var in inbox
		hook := w.register(w.serve(9000, &in))
		e := w.emit("order.paid", `{ "id": "o_1", "total": 4999 }`)
		settle(time.Second)

		got := in.all()
		if len(got) != 1 {
			t.Fatalf("%d requests, want 1", len(got))
		}
		if err := sign.VerifyStandard([]string{hook.Secrets[0].Value}, got[0].header, []byte(got[0].body), time.Now(), time.Minute); err != nil {
			t.Errorf("signature: %v", err)
		}
		ds := w.deliveries(billhook.DeliveryFilter{EventID: e.ID})
		if len(ds) != 1 || ds[0].Status != billhook.StatusDelivered || ds[0].StatusCode != 200 || ds[0].Attempts != 1 {
			t.Fatalf("deliveries %+v", ds)
		}
		as, err := w.client.Attempts(context.Background(), "default", ds[0].ID)
		if err != nil || len(as) != 1 || !as[0].Success() {
			t.Errorf("attempts %+v, %v", as, err)
		}
	})
}

func TestRetrySchedule(t *testing.T) {
	// What two of the documents say of failures, as policy data.
	tests := []struct {
		profile string
		status  int
		want    []time.Duration // from one request to the next
	}{
		{"litestore", 500, []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second}},
		{"litestore", 404, nil},
		{"litestore", 302, nil},
		{"commerce-engine", 400, make([]time.Duration, 5)}, // five retries, jittered
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.profile, tt.status), func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				w.run()
				if _, err := w.client.UpdateStore(context.Background(), "default", billhook.StoreChange{Profile: &tt.profile}); err != nil {
					t.Fatal(err)
				}
				in := inbox{answer: func(int, received) int { return tt.status }}
				w.register(w.serve(9000, &in))
				p, _ := w.client.Profile(tt.profile)
				w.emit(p.EventTypes[0].Name, `{}`)
				settle(5 * 24 * time.Hour)
				got := in.all()
				if len(got) != len(tt.want)+1 {
					t.Fatalf("%d requests, want %d", len(got), len(tt.want)+1)
				}
				for i, want := range tt.want {
					if gap := got[i+1].at.Sub(got[i].at); want > 0 && (gap < want || gap > want+100*time.Millisecond) {
						t.Errorf("retry %d came after %v, want %v", i+1, gap, want)
					}
					if got[i+1].body != got[0].body {
						t.Errorf("retry %d sent other bytes", i+1)
					}
				}
				ds := w.deliveries(billhook.DeliveryFilter{})
				if ds[0].Status != billhook.StatusDead || ds[0].Attempts != len(got) || ds[0].StatusCode != tt.status || ds[0].Reason == "" {
					t.Errorf("delivery %+v", ds[0])
				}
			})
		})
	}
}

// TestHostileReceivers: whatever a receiver does costs one attempt and no more.
func TestHostileReceivers(t *testing.T) {
	drain := func(c net.Conn) { _, _ = http.ReadRequest(bufio.NewReader(c)) }
	tests := []struct {
		name    string
		handle  func(net.Conn)
		failure billhook.Failure
		code    int
		within  time.Duration // simulated
	}{
		{"hangs", func(c net.Conn) { drain(c); io.Copy(io.Discard, c) }, billhook.FailureTimeout, 0, time.Minute},
		{"resets", func(c net.Conn) { drain(c); c.Close() }, billhook.FailureProtocol, 0, time.Second},
		{"garbage", func(c net.Conn) { drain(c); io.WriteString(c, "SSH-2.0-OpenSSH_9.2\r\n\r\n"); c.Close() }, billhook.FailureProtocol, 0, time.Second},
		{"half a status line", func(c net.Conn) { drain(c); io.WriteString(c, "HTTP/1.1 20"); c.Close() }, billhook.FailureProtocol, 0, time.Second},
		{"redirects", func(c net.Conn) {
			drain(c)
			io.WriteString(c, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9001/\r\nContent-Length: 0\r\n\r\n")
			c.Close()
		}, billhook.FailureRedirect, 302, time.Second},
		{"switches protocols", func(c net.Conn) {
			drain(c)
			io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")
			io.Copy(io.Discard, c)
		}, billhook.FailureProtocol, 101, time.Second},
		{"continues for ever", func(c net.Conn) {
			drain(c)
			for {
				if _, err := io.WriteString(c, "HTTP/1.1 102 Processing\r\n\r\n"); err != nil {
					return
				}
			}
		}, billhook.FailureProtocol, 0, time.Minute},
		{"endless headers", func(c net.Conn) {
			drain(c)
			io.WriteString(c, "HTTP/1.1 200 OK\r\n")
			for {
				if _, err := io.WriteString(c, "X-Filler: "+strings.Repeat("x", 500)+"\r\n"); err != nil {
					return
				}
			}
		}, billhook.FailureProtocol, 0, time.Minute},
		{"a gigabyte", func(c net.Conn) {
			drain(c)
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
			for {
				if _, err := c.Write(make([]byte, 32<<10)); err != nil {
					return
				}
			}
		}, billhook.FailureNone, 200, 2 * time.Second},
		{"200 and then stalls", func(c net.Conn) {
			drain(c)
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
			io.Copy(io.Discard, c)
		}, billhook.FailureNone, 200, 2 * time.Second},
		{"200 and then breaks off", func(c net.Conn) {
			drain(c)
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
			c.Close()
		}, billhook.FailureNone, 200, time.Second},
		{"200 with bad chunks", func(c net.Conn) {
			drain(c)
			io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n")
			c.Close()
		}, billhook.FailureNone, 200, time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				w.run()
				var elsewhere inbox
				w.serve(9001, &elsewhere)
				w.register(w.serveRaw(9000, func(c net.Conn) { defer c.Close(); tt.handle(c) }), func(r *billhook.Registration) {
					r.RetryPolicy = &profile.RetryPolicy{MaxAttempts: 1}
				})
				w.emit("order.paid", `{}`)
				settle(tt.within)
				ds := w.deliveries(billhook.DeliveryFilter{})
				as, err := w.client.Attempts(context.Background(), "default", ds[0].ID)
				if err != nil || len(as) != 1 {
					t.Fatalf("attempts %+v, %v", as, err)
				}
				if as[0].Failure != tt.failure || as[0].StatusCode != tt.code || as[0].Success() == (as[0].Error != "") {
					t.Errorf("attempt %+v", as[0])
				}
				if len(as[0].ResponseBody) > billhook.MaxResponseKept || len(as[0].ResponseHeaders) > billhook.MaxResponseKept {
					t.Errorf("kept %d and %d bytes", len(as[0].ResponseBody), len(as[0].ResponseHeaders))
				}
				want := billhook.StatusDead
				if tt.failure == billhook.FailureNone {
					want = billhook.StatusDelivered
				}
				if ds[0].Status != want {
					t.Errorf("delivery is %s, want %s", ds[0].Status, want)
				}
				if n := len(elsewhere.all()); n != 0 {
					t.Errorf("a redirect was followed %d times", n)
				}
			})
		})
	}
}

// TestClosedIdleConnection: a receiver that closed an idle connection has not
// been asked yet, so that is no attempt.
func TestClosedIdleConnection(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var served atomic.Int32
		w.register(w.serveRaw(9000, func(c net.Conn) {
			defer c.Close()
			if _, err := http.ReadRequest(bufio.NewReader(c)); err != nil {
				return
			}
			served.Add(1)
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			// and closes: the sender may take it for an idle connection
		}))
		for range 200 {
			w.emit("order.paid", `{}`)
			settle(3 * time.Millisecond)
		}
		settle(time.Minute)
		if n := served.Load(); n != 200 {
			t.Errorf("%d requests served, want 200", n)
		}
		for _, d := range w.deliveries(billhook.DeliveryFilter{}) {
			if d.Attempts != 1 || d.Status != billhook.StatusDelivered {
				t.Errorf("delivery %+v", d)
			}
		}
	})
}

// TestStaticHeaders: what a webhook adds never replaces what Billhook sets,
// and never makes net/http repeat a request by itself.
func TestStaticHeaders(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var in inbox
		w.register(w.serve(9000, &in), func(r *billhook.Registration) {
			r.Headers = map[string]string{"Authorization": "Bearer x", "Idempotency-Key": "k", "x-tenant": "7"}
		})
		for _, name := range []string{"Host", "content-length", "Transfer-Encoding", "Webhook-Signature", "Connection", "User-Agent", "Content-Type", "Trailer", "Proxy-Authorization", "bad name", "x\r\ny"} {
			_, err := w.client.Register(context.Background(), billhook.Registration{URL: "http://127.0.0.1:9000/", Events: []string{"*"}, Headers: map[string]string{name: "1"}})
			if billhook.ErrorCode(err) != billhook.CodeInvalid {
				t.Errorf("%q: %v", name, err)
			}
		}
		w.emit("order.paid", `{}`)
		settle(time.Second)
		h := in.all()[0].header
		for name, want := range map[string]string{
			"Authorization": "Bearer x", "Idempotency-Key": "k", "X-Tenant": "7",
			"Content-Type": "application/json", "User-Agent": "Standard-Webhooks/1.0",
		} {
			if got := h.Get(name); got != want && name != "User-Agent" {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
	})
}

// TestCompressedAnswer: an answer is kept as it came; nothing is unpacked, so
// nothing can blow up.
func TestCompressedAnswer(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var bomb bytes.Buffer
		z := gzip.NewWriter(&bomb)
		_, _ = z.Write(make([]byte, 20<<20)) // 20 MB become 20 KB
		z.Close()
		w.register(w.serve(9000, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if got := r.Header.Get("Accept-Encoding"); got != "" {
				t.Errorf("asks for %q", got)
			}
			rw.Header().Set("Content-Encoding", "gzip")
			_, _ = rw.Write(bomb.Bytes())
		})))
		w.emit("order.paid", `{}`)
		settle(time.Minute)
		d := w.deliveries(billhook.DeliveryFilter{})[0]
		as, err := w.client.Attempts(context.Background(), "default", d.ID)
		if err != nil || len(as) != 1 || !as[0].Success() || !bytes.Equal(as[0].ResponseBody, bomb.Bytes()[:billhook.MaxResponseKept]) {
			t.Errorf("%+v, %v", d, err)
		}
	})
}
