package billhook_test

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
)

// without is chance that takes nothing off any delay.
func without() float64 { return 0 }

// by makes the world's jitter of one number.
func (w *world) by(random float64) {
	w.reopen(func(c *billhook.Config) { *c = c.WithRandom(func() float64 { return random }) })
}

// gaps are the times from each request to the next.
func (b *inbox) gaps() (gaps []time.Duration) {
	all := b.all()
	for i := 1; i < len(all); i++ {
		gaps = append(gaps, all[i].at.Sub(all[i-1].at))
	}
	return gaps
}

func seconds(all ...int) (durations []time.Duration) {
	for _, s := range all {
		durations = append(durations, time.Duration(s)*time.Second)
	}
	return durations
}

// newest is the newest delivery of the default store with its attempts.
func (w *world) newest() (billhook.Delivery, []billhook.Attempt) {
	w.t.Helper()
	d := w.deliveries(billhook.DeliveryFilter{})[0]
	as, err := w.client.Attempts(context.Background(), d.StoreID, d.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return d, as
}

func policyOf(p profile.RetryPolicy) func(*billhook.Registration) {
	return func(r *billhook.Registration) { r.RetryPolicy = &p }
}

// TestPresetSchedules: when each attempt of a preset is made, to the nanosecond.
func TestPresetSchedules(t *testing.T) {
	for _, tt := range []struct {
		preset string
		random float64
		want   []time.Duration
	}{
		{"seconds", 0.5, seconds(2, 4, 8, 16)},
		{"five", 0, seconds(1, 2, 4, 8, 16)},
		{"five", 0.5, []time.Duration{900 * time.Millisecond, 1800 * time.Millisecond, 3600 * time.Millisecond, 7200 * time.Millisecond, 14400 * time.Millisecond}},
		{"three-days", 0, seconds(5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)},
		{"three-days", 0.5, []time.Duration{
			4750 * time.Millisecond, 285 * time.Second, 1710 * time.Second, 6840 * time.Second, 17100 * time.Second,
			34200 * time.Second, 47880 * time.Second, 68400 * time.Second, 82080 * time.Second,
		}},
	} {
		t.Run(fmt.Sprint(tt.preset, tt.random), func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				w.by(tt.random)
				w.run()
				in := inbox{answer: func(int, received) int { return 500 }}
				p, _ := profile.Preset(tt.preset)
				w.register(w.serve(9000, &in), policyOf(p))
				w.emit("order.paid", `{}`)
				settleBeyond(tt.want)
				if got := in.gaps(); !reflect.DeepEqual(got, tt.want) {
					t.Errorf("the retries came after %v, want %v", got, tt.want)
				}
				if d, _ := w.newest(); d.Status != billhook.StatusDead || !strings.HasPrefix(d.Reason, fmt.Sprintf("%d attempts in ", len(tt.want)+1)) || !strings.Contains(d.Reason, "500 Internal Server Error") {
					t.Errorf("delivery %+v", d)
				}
			})
		})
	}
}

// TestProfileSchedules: the exact times of each document's policy, without what
// chance takes off.
func TestProfileSchedules(t *testing.T) {
	doubled := seconds(1, 2, 4, 8, 16, 32, 64)
	for _, tt := range []struct {
		profile string
		status  int
		want    []time.Duration
	}{
		{"elective-commerce", 500, doubled}, {"elective-commerce", 404, doubled}, {"elective-commerce", 302, doubled},
		{"commerce-engine", 500, doubled[:5]}, {"commerce-engine", 429, doubled[:5]},
		{"commercio", 500, doubled}, {"commercio", 400, doubled},
		{"etail-depot", 503, doubled}, {"etail-depot", 404, doubled},
		{"litestore", 500, seconds(2, 4, 8, 16)}, {"litestore", 404, nil}, {"litestore", 429, nil}, {"litestore", 302, nil},
		{"standard", 500, seconds(5, 25, 125, 625, 3125, 15625, 43200, 43200, 43200)},
	} {
		t.Run(fmt.Sprint(tt.profile, tt.status), func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				w.by(0)
				w.run()
				if _, err := w.client.UpdateStore(context.Background(), "default", billhook.StoreChange{Profile: &tt.profile}); err != nil {
					t.Fatal(err)
				}
				in := inbox{answer: func(int, received) int { return tt.status }}
				w.register(w.serve(9000, &in))
				p, _ := w.client.Profile(tt.profile)
				w.emit(p.EventTypes[0].Name, `{}`)
				settleBeyond(tt.want)
				if got := in.gaps(); len(in.all()) == 0 || !reflect.DeepEqual(got, tt.want) {
					t.Errorf("the retries came after %v, want %v", got, tt.want)
				}
			})
		})
	}
}

// settleBeyond lets a schedule come to its end, and as long pass again: a retry too many
// would have come by then.
func settleBeyond(schedule []time.Duration) {
	all := time.Hour
	for _, delay := range schedule {
		all += 2 * delay
	}
	settle(all)
}

// answers serves each answer in turn, and the last one for ever.
func (b *inbox) answers(all ...func(h http.Header) int) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		b.answer = func(n int, _ received) int { return all[min(n, len(all))-1](rw.Header()) }
		b.ServeHTTP(rw, r)
	})
}

func asking(status int, retryAfter string) func(http.Header) int {
	return func(h http.Header) int {
		h.Set("Retry-After", retryAfter)
		return status
	}
}

// TestRetryAfterIsHeard: both forms, on whatever is no success, also over a restart;
// never earlier than asked for, and as the policy has it where nothing, or garbage,
// was asked for.
func TestRetryAfterIsHeard(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.by(0)
		w.run()
		var in inbox
		date := func(after time.Duration) func(http.Header) int {
			return func(h http.Header) int {
				h.Set("Retry-After", time.Now().Add(after).UTC().Format(http.TimeFormat))
				return 503
			}
		}
		p := profile.RetryPolicy{MaxAttempts: 20, BackoffMultiplier: 1, InitialDelay: 10 * time.Second, MaxDelay: 10 * time.Second}
		w.register(w.serve(9000, in.answers(
			asking(429, "3600"), date(90*time.Minute), asking(503, "soon"), asking(500, "-5"), asking(404, "60"), asking(307, "61"),
			asking(503, "5"), date(-time.Hour), asking(503, "99999999"), asking(200, "3600"),
		)), policyOf(p))
		w.emit("order.paid", `{}`)
		settle(30 * time.Minute)
		d, _ := w.newest()
		if want := "your shop asks for fewer requests (429) until 01:00 UTC"; d.Reason != want {
			t.Errorf("while it waits the reason is %q, want %q", d.Reason, want)
		}
		w.reopen()
		w.run()
		settle(48 * time.Hour)
		want := seconds(3600, 5400, 10, 10, 60, 61, 10, 10, 86400)
		if got := in.gaps(); !reflect.DeepEqual(got, want) {
			t.Errorf("the attempts came after %v, want %v", got, want)
		}
		if d, _ := w.newest(); d.Status != billhook.StatusDelivered || d.Reason != "" {
			t.Errorf("delivery %+v", d)
		}
	})
}

// TestMaxAge: no attempt beyond it, whatever the policy's delays or the receiver ask
// for, and the reason says so.
func TestMaxAge(t *testing.T) {
	hourly := profile.RetryPolicy{Delays: make([]time.Duration, 9), MaxAge: 150 * time.Minute}
	for i := range hourly.Delays {
		hourly.Delays[i] = time.Hour
	}
	bubble(t, func(t *testing.T, w *world) {
		w.by(0)
		w.run()
		var in, asks, late inbox
		w.register(w.serve(9000, in.answers(asking(500, ""))), policyOf(hourly), func(r *billhook.Registration) { r.Events = []string{"a"} })
		w.register(w.serve(9001, asks.answers(asking(503, "9001"))), policyOf(hourly), func(r *billhook.Registration) { r.Events = []string{"b"} })
		hook := w.register(w.serve(9002, &late), policyOf(hourly), func(r *billhook.Registration) { r.Events = []string{"c"} })

		w.emit("a", `{}`)
		settle(24 * time.Hour)
		d, _ := w.newest()
		if want := "3 attempts in 120 min, and no more, since the retry policy tries for 150 min (maxAge); the last: your shop answered 500"; len(in.all()) != 3 || d.Status != billhook.StatusDead || !strings.HasPrefix(d.Reason, want) {
			t.Errorf("%d attempts; delivery %+v", len(in.all()), d)
		}

		w.emit("b", `{}`)
		settle(24 * time.Hour)
		if d, _ := w.newest(); len(asks.all()) != 1 || d.Status != billhook.StatusDead || !strings.HasPrefix(d.Reason, "1 attempt in 0 ms, and no more") {
			t.Errorf("%d attempts; delivery %+v", len(asks.all()), d)
		}

		// Those that had to wait for their first attempt.
		ctx := context.Background()
		w.emit("c", `{}`) // is delivered
		settle(time.Second)
		if _, err := w.client.Deactivate(ctx, "default", hook.ID); err != nil {
			t.Fatal(err)
		}
		active := true
		late.answer = func(int, received) int { return 500 }
		for _, wait := range []time.Duration{140 * time.Minute, 160 * time.Minute} {
			activate := func() {
				if _, err := w.client.Update(ctx, "default", hook.ID, billhook.WebhookChange{IsActive: &active}); err != nil {
					t.Fatal(err)
				}
			}
			w.halt() // or it would be sent at once
			activate()
			w.emit("c", `{}`)
			if _, err := w.client.Deactivate(ctx, "default", hook.ID); err != nil {
				t.Fatal(err)
			}
			w.run()
			settle(wait)
			activate()
			settle(time.Hour)
		}
		if n := len(late.all()); n != 2 {
			t.Errorf("%d requests, want one for each that was not too old", n)
		}
		d, as := w.newest()
		if want := "not sent: it had waited for 160 min when its turn came, and the retry policy tries for 150 min (maxAge)"; d.Status != billhook.StatusDead ||
			d.Reason != want || len(as) != 1 || as[0].Failure != billhook.FailureExpired || as[0].StatusCode != 0 {
			t.Errorf("delivery %+v, attempts %+v", d, as)
		}
		// By hand it is tried once, and succeeds.
		late.answer = nil
		n := len(late.all())
		if _, err := w.client.Retry(ctx, "default", d.ID); err != nil {
			t.Fatal(err)
		}
		settle(time.Hour)
		if d, _ := w.newest(); d.Status != billhook.StatusDelivered || len(late.all()) != n+1 {
			t.Errorf("after a retry by hand: %+v", d)
		}
	})
}

// TestPolicyTimeout: a policy's own takes the place of the profile's.
func TestPolicyTimeout(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		in := inbox{answer: func(int, received) int { time.Sleep(time.Hour); return 200 }}
		w.register(w.serve(9000, &in), policyOf(profile.RetryPolicy{MaxAttempts: 1, Timeout: 2500 * time.Millisecond}))
		w.emit("order.paid", `{}`)
		settle(2 * time.Hour)
		_, as := w.newest()
		if len(as) != 1 || as[0].Duration != 2500*time.Millisecond || as[0].Failure != billhook.FailureTimeout || !strings.HasPrefix(as[0].Error, "no answer in 2.5 s: ") {
			t.Errorf("attempts %+v", as)
		}
	})
}
