package billhook_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
)

// health is that of a webhook of the default store.
func (w *world) health(id string) billhook.Health {
	w.t.Helper()
	h, err := w.client.Health(context.Background(), billhook.DefaultStore, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return h
}

// switched is a receiver that answers what it is set to.
func switched(status int) (*inbox, *atomic.Int32) {
	var now atomic.Int32
	now.Store(int32(status))
	return &inbox{answer: func(int, received) int { return int(now.Load()) }}, &now
}

// patient is a policy that tries every ten seconds for a week.
func patient(r *billhook.Registration) {
	r.RetryPolicy = &profile.RetryPolicy{MaxAttempts: 100, BackoffMultiplier: 1, InitialDelay: 10 * time.Second, MaxDelay: 10 * time.Second}
}

// TestDeadReceiver: a receiver that takes nothing costs a probe a minute, whatever
// waits; what waits has no attempt counted, and goes once a probe succeeds.
func TestDeadReceiver(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		in, status := switched(500)
		hook := w.register(w.serve(9000, in), patient)
		w.emitMany(20)
		settle(15 * time.Second)
		tried := len(in.all())
		h := w.health(hook.ID)
		if h.State != billhook.BreakerOpen || h.Failures != tried || h.Concurrency != 1 || h.Reason == "" || h.LastError == "" || time.Until(h.NextProbeAt) < 30*time.Second {
			t.Fatalf("after %d failures: %+v", tried, h)
		}
		w.emitMany(500) // more wait
		settle(10 * time.Minute)
		probes := in.all()[tried:]
		if len(probes) < 9 || len(probes) > 10 {
			t.Errorf("%d probes in ten minutes", len(probes))
		}
		for i := 1; i < len(probes); i++ {
			if gap := probes[i].at.Sub(probes[i-1].at); gap < time.Minute || gap > 67*time.Second {
				t.Errorf("a probe came %v after the one before", gap)
			}
		}
		all := 0
		for _, d := range w.deliveries(billhook.DeliveryFilter{}) {
			all += d.Attempts
		}
		if all != tried+len(probes) {
			t.Errorf("%d attempts on record, %d were made", all, tried+len(probes))
		}

		status.Store(200)
		back := time.Now()
		settle(67 * time.Second)
		wantEach(t, in, 500, tried+len(probes))
		h = w.health(hook.ID)
		if h.State != billhook.BreakerClosed || h.Failures != 0 || h.Reason != "" || !h.Since.After(back) || !h.FailingSince.IsZero() || h.LastSuccessAt.Before(back) {
			t.Errorf("after it is back: %+v", h)
		}
		if hour := h.Windows[1]; hour.Attempts != 500+tried+len(probes) || hour.Successes != 500 {
			t.Errorf("the last hour: %+v", hour)
		}
	})
}

// TestProbesOne: while a probe is under way nothing else is sent, and after it not
// all at once.
func TestProbesOne(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var most, now, fails atomic.Int32
		fails.Store(1)
		url := w.serve(9000, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			if n := now.Add(1); n > most.Load() {
				most.Store(n)
			}
			defer now.Add(-1)
			time.Sleep(3 * time.Second)
			if fails.Load() == 1 {
				rw.WriteHeader(500)
			}
		}))
		hook := w.register(url, patient)
		w.emitMany(100)
		settle(40 * time.Second)
		for range 5 {
			time.Sleep(time.Until(w.health(hook.ID).NextProbeAt) + time.Second)
			if h := w.health(hook.ID); h.State != billhook.BreakerHalfOpen || h.InFlight != 1 {
				t.Errorf("while it is probed: %+v", h)
			}
			settle(3 * time.Second)
		}
		fails.Store(0)
		most.Store(0)
		time.Sleep(time.Until(w.health(hook.ID).NextProbeAt) + time.Second)
		for _, want := range []int{1, 2, 4, 8} {
			if h := w.health(hook.ID); h.InFlight > want {
				t.Errorf("%d requests under way where %d are enough", h.InFlight, want)
			}
			settle(3 * time.Second)
		}
	})
}

// TestFewKeepTheirSchedule: what a document says of a delivery's retries is kept for
// each of a few that fail together.
func TestFewKeepTheirSchedule(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		litestore := "litestore"
		if _, err := w.client.UpdateStore(context.Background(), "default", billhook.StoreChange{Profile: &litestore}); err != nil {
			t.Fatal(err)
		}
		p, _ := w.client.Profile(litestore)
		in, _ := switched(503)
		w.register(w.serve(9000, in))
		const few = 4
		for i := range few {
			w.emit(p.EventTypes[0].Name, fmt.Sprintf(`{"id":"c_%d"}`, i))
			settle(time.Second)
		}
		settle(time.Hour)
		came := map[string][]time.Time{}
		for _, r := range in.all() {
			came[r.body] = append(came[r.body], r.at)
		}
		if len(came) != few {
			t.Fatalf("%d deliveries came", len(came))
		}
		for body, at := range came {
			if len(at) != 5 {
				t.Errorf("%s: %d attempts", body, len(at))
			}
			for i := 1; i < len(at); i++ {
				want := time.Second << i // 2, 4, 8 and 16 s
				// Others that are throttled at the same time may be in the way a moment.
				if gap := at[i].Sub(at[i-1]); gap < want || gap > want+time.Second {
					t.Errorf("%s: attempt %d came after %v, want %v", body, i+1, gap, want)
				}
			}
		}
	})
}

// TestThrottled: an answer that asks for fewer requests makes the lane pause, and
// leaves it fewer places.
func TestThrottled(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		in, status := switched(200)
		hook := w.register(w.serve(9000, in), patient)
		w.emitMany(200)
		settle(time.Second)
		full := w.health(hook.ID).Concurrency
		status.Store(429)
		w.emit("order.paid", `{"n":"a"}`)
		settle(50 * time.Millisecond)
		h := w.health(hook.ID)
		if full != 32 || h.Concurrency != 16 || time.Until(h.ThrottledUntil) != 50*time.Millisecond || h.State != billhook.BreakerClosed || h.Reason == "" {
			t.Errorf("%d places, then %+v", full, h)
		}
		before := len(in.all())
		w.emit("order.paid", `{"n":"b"}`)
		synctest.Wait()
		if n := len(in.all()) - before; n != 0 {
			t.Errorf("%d requests in the pause", n)
		}
		settle(50 * time.Millisecond)
		if n := len(in.all()) - before; n != 1 {
			t.Errorf("%d requests after the pause", n)
		}
	})
}

// TestRestartDoesNotStorm: who starts with webhooks that failed does not try what
// waits for them at once, but soon, and those of others at once.
func TestRestartDoesNotStorm(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		bad, _ := switched(500)
		for i := range 20 {
			w.register(w.serve(9000+i, bad), wants("bad"), patient)
		}
		for i := range 6 {
			w.emit("bad", fmt.Sprint(i))
		}
		settle(10 * time.Minute)
		w.halt()
		w.reopen()
		fresh := &inbox{}
		w.register(w.serve(9100, fresh), wants("good"))
		w.emit("good", `1`)
		before, start := len(bad.all()), time.Now()
		w.run()
		settle(time.Second)
		if n := len(bad.all()) - before; n > 3 || len(fresh.all()) != 1 {
			t.Errorf("%d of 20 dead receivers are tried in the first second, and %d of 1 event came to another", n, len(fresh.all()))
		}
		settle(time.Minute)
		if n := len(bad.all()) - before; n < 20 || n > 22 {
			t.Errorf("%d probes in the %v after the start", n, time.Since(start))
		}
	})
}

// TestRestartKnowsWhatIsTrue: what a start knows of receivers from what waits opens the
// breakers that were open, and no others, and invents no time since when they fail.
func TestRestartKnowsWhatIsTrue(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		bad, _ := switched(500)
		hooks := map[string]billhook.Webhook{}
		for i, name := range []string{"few", "many", "most"} {
			hooks[name] = w.register(w.serve(9000+i, bad), wants(name), patient)
		}
		for range 4 {
			w.emit("few", `1`)
		}
		for range 6 {
			w.emit("many", `1`)
			w.emit("most", `1`)
		}
		settle(2 * time.Minute)
		states := map[string]billhook.BreakerState{"few": billhook.BreakerClosed, "many": billhook.BreakerOpen, "most": billhook.BreakerOpen}
		for name, want := range states {
			if h := w.health(hooks[name].ID); h.State != want || h.FailingSince.IsZero() {
				t.Errorf("%s, before: %+v", name, h)
			}
		}
		for range 20 {
			w.emit("most", `2`) // which were not tried
		}
		w.halt()
		w.reopen()
		start := time.Now()
		w.run()
		synctest.Wait()
		states["most"] = billhook.BreakerClosed
		for name, want := range states {
			h := w.health(hooks[name].ID)
			if h.State != want {
				t.Errorf("%s, after: %+v", name, h)
			}
			if h.State == billhook.BreakerOpen && (!h.FailingSince.IsZero() || strings.Contains(h.Reason, "since") || h.Reason == "") {
				t.Errorf("%s: it fails since %v, %q", name, h.FailingSince, h.Reason)
			}
		}
		before := len(bad.all())
		w.emit("many", `3`)
		w.emit("many", `4`)
		synctest.Wait() // the first that is new tells how it is; the others wait
		if n := len(bad.all()) - before; n != 1 {
			t.Errorf("%d requests for two new events", n)
		}
		settle(67 * time.Second)
		if h := w.health(hooks["many"].ID); h.State != billhook.BreakerOpen || h.FailingSince.Before(start) || !strings.HasPrefix(h.Reason, "nothing but failures since ") {
			t.Errorf("after the first probe: %+v", h)
		}
	})
}

// TestUpdateProbes: whoever changes a webhook sees at once whether that helped.
func TestUpdateProbes(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		in, status := switched(401)
		hook := w.register(w.serve(9000, in), patient)
		w.emitMany(10)
		settle(30 * time.Second)
		if h := w.health(hook.ID); h.State != billhook.BreakerOpen {
			t.Fatalf("%+v", h)
		}
		status.Store(200)
		headers := map[string]string{"Authorization": "Bearer x"}
		if _, err := w.client.Update(t.Context(), "default", hook.ID, billhook.WebhookChange{Headers: &headers}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if h := w.health(hook.ID); h.State != billhook.BreakerClosed {
			t.Errorf("after the change: %+v", h)
		}
	})
}
