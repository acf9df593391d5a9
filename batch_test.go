package billhook_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
	"github.com/billhook/billhook/receive"
)

// batched has a webhook's deliveries sent together.
func batched(events int, wait time.Duration, with ...func(*billhook.Registration)) func(*billhook.Registration) {
	return func(r *billhook.Registration) {
		r.Batch = billhook.Batching{MaxEvents: events, MaxWaitMs: wait.Milliseconds()}
		for _, f := range with {
			f(r)
		}
	}
}

// every has a webhook's failures tried again after the same time.
func every(d time.Duration, attempts int) func(*billhook.Registration) {
	return func(r *billhook.Registration) {
		r.RetryPolicy = &profile.RetryPolicy{MaxAttempts: attempts, BackoffMultiplier: 1, InitialDelay: d, MaxDelay: d, RetryOn: profile.RetryOnAny}
	}
}

// A batchbox is a receiver of batches, which verifies every request.
type batchbox struct {
	t     *testing.T
	v     *receive.Verifier
	began time.Time
	// answer decides the status; nil is 200. takes is how long that takes.
	answer func(n int, all []receive.Message) int
	takes  time.Duration
	after  string // Retry-After

	mu       sync.Mutex
	requests []batchRequest
}

type batchRequest struct {
	at       time.Duration // since began
	id       string
	sequence string
	body     string
	all      []receive.Message
	status   int
}

// size are how many events came in each request.
func (b *batchbox) sizes() (all []int) {
	for _, r := range b.got() {
		all = append(all, len(r.all))
	}
	return all
}

func (b *batchbox) got() []batchRequest {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.requests)
}

func (b *batchbox) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	all, err := b.v.VerifyBatch(r.Header, body)
	if err != nil || body[0] != '[' {
		b.t.Errorf("a request that is no batch: %v: %s", err, body)
	}
	got := batchRequest{time.Since(b.began), r.Header.Get("webhook-id"), r.Header.Get("webhook-sequence"), string(body), all, 200}
	b.mu.Lock()
	if b.answer != nil {
		got.status = b.answer(len(b.requests)+1, all)
	}
	b.requests = append(b.requests, got)
	b.mu.Unlock()
	time.Sleep(b.takes)
	if b.after != "" && got.status != 200 {
		rw.Header().Set("Retry-After", b.after)
	}
	rw.WriteHeader(got.status)
}

// batches registers a webhook of a batchbox.
func (w *world) batches(port int, b *batchbox, with ...func(*billhook.Registration)) billhook.Webhook {
	w.t.Helper()
	hook := w.register(w.serve(port, b), with...)
	v, err := receive.New(receive.Config{Secrets: []string{hook.Secrets[0].Value}})
	if err != nil {
		w.t.Fatal(err)
	}
	b.t, b.v, b.began = w.t, v, time.Now()
	return hook
}

// numbered is an emission with a number; its id is e and that.
func numbered(n int) billhook.Emission {
	return billhook.Emission{Type: "order.paid", ID: fmt.Sprint("e", n), Data: fmt.Appendf(nil, `{"n":%d}`, n)}
}

// emitTogether emits events, numbered from first on, in one transaction.
func (w *world) emitTogether(first, n int) {
	w.t.Helper()
	var all []billhook.Emission
	for i := range n {
		all = append(all, numbered(first+i))
	}
	if _, err := w.client.EmitBatch(context.Background(), "default", all); err != nil {
		w.t.Fatal(err)
	}
}

// wantSizes checks how many events came in each request.
func (b *batchbox) wantSizes(want ...int) {
	b.t.Helper()
	if got := b.sizes(); !slices.Equal(got, want) {
		b.t.Errorf("batches of %v, want %v", got, want)
	}
}

// wantOnce checks that each of n events was acknowledged once, and no other.
func (b *batchbox) wantOnce(n int) {
	b.t.Helper()
	taken := map[string]int{}
	for _, r := range b.got() {
		for _, m := range r.all {
			if r.status == 200 {
				taken[m.ID]++
			}
		}
	}
	for id, times := range taken {
		if times != 1 {
			b.t.Errorf("%s was taken %d times", id, times)
		}
	}
	if len(taken) != n {
		b.t.Errorf("%d events were taken, want %d", len(taken), n)
	}
}

func (w *world) wantStatus(want map[billhook.Status]int) {
	w.t.Helper()
	got := map[billhook.Status]int{}
	for _, d := range w.deliveries(billhook.DeliveryFilter{}) {
		got[d.Status]++
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		w.t.Errorf("deliveries are %v, want %v", got, want)
	}
}

// TestBatchFull: a batch that is full goes at once, the rest when its time is over, in
// the order in which they are due; beside it a webhook without batches gets what it
// always got.
func TestBatchFull(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var in batchbox
		var plain inbox
		w.batches(9000, &in, batched(10, time.Minute))
		w.register(w.serve(9001, &plain))
		w.emitTogether(0, 25)
		synctest.Wait()
		in.wantSizes(10, 10)
		wantEach(t, &plain, 25, 0)
		settle(time.Minute - time.Nanosecond)
		in.wantSizes(10, 10)
		settle(time.Nanosecond)
		in.wantSizes(10, 10, 5)
		if last := in.got()[2]; last.at != time.Minute {
			t.Errorf("the last came after %v", last.at)
		}
		in.wantOnce(25)
		// The bytes are those of single ones.
		single := map[string]bool{}
		for _, r := range plain.all() {
			single[r.body] = true
		}
		for _, r := range in.got() {
			var bodies []string
			for _, m := range r.all {
				bodies = append(bodies, string(m.Body))
				if !single[string(m.Body)] {
					t.Errorf("not as it was sent alone: %s", m.Body)
				}
			}
			if r.body != "["+strings.Join(bodies, ",")+"]" || !strings.HasPrefix(r.id, "batch_") {
				t.Errorf("%s: %s", r.id, r.body)
			}
		}
		settle(time.Second)
		w.wantStatus(map[billhook.Status]int{billhook.StatusDelivered: 50})
		// An eleventh that comes later does not wait for its own minute when ten are due.
		w.emitTogether(100, 9)
		settle(59 * time.Second)
		w.emitTogether(200, 1)
		synctest.Wait()
		in.wantSizes(10, 10, 5, 10)
	})
}

// TestBatchWaits: the first waits for as long as it may, and no longer, whoever comes
// after it.
func TestBatchWaits(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var in batchbox
		w.batches(9000, &in, batched(100, time.Second))
		for _, pause := range []time.Duration{300, 600, 600, 2000} {
			w.emit("order.paid", `{}`)
			settle(pause * time.Millisecond)
		}
		in.wantSizes(3, 1)
		// The second wait begins with the fourth event, at 1500 ms.
		for i, want := range []time.Duration{time.Second, 2500 * time.Millisecond} {
			if at := in.got()[i].at; at != want {
				t.Errorf("batch %d came after %v, want %v", i+1, at, want)
			}
		}
		// What is due later keeps nobody waiting, and is joined when it is due.
		in.began = time.Now()
		at := in.began.Add(10 * time.Second)
		for range 2 {
			if _, err := w.client.Emit(t.Context(), billhook.Emission{Type: "a", Data: []byte(`1`), DeliverAt: at}); err != nil {
				t.Fatal(err)
			}
		}
		w.emit("b", `{}`)
		settle(9500 * time.Millisecond)
		in.wantSizes(3, 1, 1)
		w.emit("b", `{}`)
		settle(2 * time.Second)
		in.wantSizes(3, 1, 1, 3)
		if at := in.got()[3].at; at != 10500*time.Millisecond {
			t.Errorf("came after %v", at)
		}
	})
}

// TestBatchAtOnce: without a time to wait, what is due goes; while the receiver is
// busy, company comes.
func TestBatchAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		in := batchbox{takes: 1050 * time.Millisecond}
		w.batches(9000, &in, batched(100, 0, func(r *billhook.Registration) { r.Limits.Concurrency = 1 }))
		for n := range 20 {
			w.emitTogether(n, 1)
			settle(100 * time.Millisecond)
		}
		settle(2 * time.Second)
		in.wantSizes(1, 10, 9)
		in.wantOnce(20)
	})
}

// TestBatchOfThousands: 1,000 events in batches of 100 are ten requests, and their
// outcomes are on record.
func TestBatchOfThousands(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		in := batchbox{takes: 5 * time.Millisecond}
		w.batches(9000, &in, batched(100, time.Second))
		w.emitTogether(0, 1000)
		settle(10 * time.Second)
		if n := len(in.got()); n != 10 {
			t.Errorf("%d requests for 1,000 events", n)
		}
		in.wantOnce(1000)
		w.wantStatus(map[billhook.Status]int{billhook.StatusDelivered: 1000})
		// More than a lane holds, read in windows.
		w.stopRun()
		if err := <-w.ran; err != nil {
			t.Fatal(err)
		}
		w.stopRun = nil
		for n := 1000; n < 4000; n += 1000 {
			w.emitTogether(n, 1000)
		}
		w.run()
		settle(10 * time.Second)
		in.wantOnce(4000)
		if n := len(in.got()); n > 10+60 {
			t.Errorf("%d requests for 4,000 events", n)
		}
	})
}

// TestBatchBytes: a body is no longer than it may be; what is longer alone goes alone.
// It is so also where the data is not in memory when the batch is put together; only
// nobody knows then that it is full.
func TestBatchBytes(t *testing.T) {
	for _, fresh := range []bool{true, false} {
		bubble(t, func(t *testing.T, w *world) {
			var in batchbox
			w.batches(9000, &in, batched(100, time.Minute, func(r *billhook.Registration) { r.Batch.MaxBytes = 4 << 10 }))
			if fresh {
				w.run()
				synctest.Wait()
			}
			var all []billhook.Emission
			for n := range 40 {
				size := 500
				if n == 20 {
					size = 5000
				}
				all = append(all, billhook.Emission{Type: "a", ID: fmt.Sprint("e", n), Data: []byte(`"` + strings.Repeat("x", size) + `"`)})
			}
			if _, err := w.client.EmitBatch(t.Context(), "default", all); err != nil {
				t.Fatal(err)
			}
			if !fresh {
				w.run()
			}
			settle(time.Second)
			before := len(in.got())
			settle(time.Minute)
			in.wantOnce(40)
			if n := len(in.got()); n > 9 || fresh && before < 5 {
				t.Errorf("%d requests, %d of them at once: %v", n, before, in.sizes())
			}
			for _, r := range in.got() {
				if len(r.body) > 4<<10 && len(r.all) > 1 {
					t.Errorf("%d bytes in a batch of %d", len(r.body), len(r.all))
				}
			}
			if n := w.client.InMemory(); n != 0 {
				t.Errorf("%d are held in memory in the end", n)
			}
		})
	}
}

// has reports whether one of the messages is of the event.
func has(all []receive.Message, id string) bool {
	return slices.ContainsFunc(all, func(m receive.Message) bool { return m.ID == id })
}

// TestBatchPoison: an event that the receiver never takes takes no other with it,
// whatever the policy says of how it fails, and each attempt is on record.
func TestBatchPoison(t *testing.T) {
	for _, test := range []struct {
		status, attempts int
		on               string
		sizes            []int // at the most of the requests with the bad one: it may be the last in line
	}{
		{500, 10, profile.RetryOnAny, []int{100, 25, 6, 1, 1, 1, 1, 1, 1, 1}},
		{500, 3, profile.RetryOnAny, []int{100, 25, 1}},
		{500, 2, profile.RetryOnAny, []int{100, 1}},
		{422, 10, profile.RetryOnServerErrors, []int{100, 25, 6, 1}}, // not tried again, once it is alone
		{422, 2, profile.RetryOnServerErrors, []int{100, 1}},
	} {
		t.Run(fmt.Sprint(test.status, test.attempts), func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				w.run()
				in := batchbox{answer: func(_ int, all []receive.Message) int {
					if has(all, "e42") {
						return test.status
					}
					return 200
				}}
				w.batches(9000, &in, batched(100, time.Second, every(time.Minute, test.attempts), func(r *billhook.Registration) { r.RetryPolicy.RetryOn = test.on }))
				w.emitTogether(0, 300)
				settle(30 * time.Minute)
				in.wantOnce(299)
				w.wantStatus(map[billhook.Status]int{billhook.StatusDelivered: 299, billhook.StatusDead: 1})
				var sizes []int
				var ids []string
				for _, r := range in.got() {
					if has(r.all, "e42") {
						sizes, ids = append(sizes, len(r.all)), append(ids, r.id)
					}
				}
				fits := func(size, most int) bool { return size <= most }
				// Refused for good it is given up when it is alone, which may be sooner.
				if n := len(sizes); n == 0 || n < len(test.sizes) && (test.status == 500 || sizes[n-1] > 1) || !slices.EqualFunc(sizes, test.sizes[:n], fits) {
					t.Errorf("the bad one came in batches of %v, want %v", sizes, test.sizes)
				}
				dead := w.deliveries(billhook.DeliveryFilter{Status: billhook.StatusDead})
				attempts, err := w.client.Attempts(t.Context(), "default", dead[0].ID)
				if err != nil || len(attempts) != len(sizes) {
					t.Fatalf("%d attempts on record: %v", len(attempts), err)
				}
				for i, a := range attempts {
					if a.Number != i+1 || a.BatchSize != sizes[i] || a.BatchID != ids[i] || a.StatusCode != test.status || (a.ResponseHeaders == "") != (sizes[i] > 1) {
						t.Errorf("attempt %d is on record as %+v", i+1, a)
					}
				}
				if n := len(in.got()); test.attempts == 10 && n > 3+4+5+6+6 {
					t.Errorf("%d requests", n)
				}
			})
		})
	}
}

// TestBatchOutage: what failed together is tried again in company, not one by one, and
// jitter does not spread it.
func TestBatchOutage(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		in := batchbox{answer: func(n int, _ []receive.Message) int {
			if n <= 2 {
				return 500
			}
			return 200
		}}
		w.batches(9000, &in, batched(100, 0, every(time.Minute, 5), func(r *billhook.Registration) { r.RetryPolicy.Jitter = 0.5 }))
		w.emitTogether(0, 200)
		settle(5 * time.Minute)
		in.wantSizes(100, 100, 25, 25, 25, 25, 25, 25, 25, 25)
		in.wantOnce(200)
	})
}

// TestBatchID: the same events have the same id, whoever sends them and when; others
// have another.
func TestBatchID(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		in := batchbox{answer: func(n int, _ []receive.Message) int {
			if n == 1 {
				return 500
			}
			return 200
		}}
		w.batches(9000, &in, batched(12, time.Second, every(time.Minute, 5)))
		w.emitTogether(0, 2)
		settle(30 * time.Second)
		w.reopen()
		w.run()
		settle(2 * time.Minute)
		w.emitTogether(5, 2)
		settle(time.Minute)
		in.wantSizes(2, 2, 2)
		got := in.got()
		if got[0].id != got[1].id || got[0].body != got[1].body || got[1].id == got[2].id {
			t.Errorf("ids %s, %s, %s", got[0].id, got[1].id, got[2].id)
		}
	})
}

// TestBatchAcrossRestarts: what waits for company is not lost when a node stops, nor
// does it wait longer for that.
func TestBatchAcrossRestarts(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		var in batchbox
		w.run()
		w.batches(9000, &in, batched(100, time.Minute))
		w.emitTogether(0, 30)
		settle(20 * time.Second)
		w.reopen()
		in.wantSizes()
		w.run()
		settle(10 * time.Second)
		w.emitTogether(30, 30)
		settle(time.Minute)
		in.wantSizes(60)
		if at := in.got()[0].at; at != time.Minute {
			t.Errorf("came after %v", at)
		}
		// What is due for longer than that goes at once.
		w.emitTogether(60, 30)
		w.halt()
		settle(10 * time.Minute)
		w.run()
		settle(time.Second)
		in.wantSizes(60, 30)
		in.wantOnce(90)
	})
}

// TestBatchUnwritten: a process that ends after the answer and before it is written
// sends the same once more, with the same id, and nothing is lost.
func TestBatchUnwritten(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		var in batchbox
		var fills atomic.Bool // the disk, with the first outcome
		db := &faulty{Database: w.db}
		db.onBatch = func(b *billhook.Batch) {
			if fills.Load() && len(b.Outcomes) > 0 {
				db.fail.Store(1)
			}
		}
		w.useDatabase(db)
		w.run()
		w.batches(9000, &in, batched(10, time.Minute))
		fills.Store(true)
		w.emitTogether(0, 10)
		settle(time.Second)
		in.wantSizes(10)
		fills.Store(false)
		w.halt()
		db.fail.Store(0)
		w.reopen()
		w.run()
		settle(2 * time.Minute)
		w.wantStatus(map[billhook.Status]int{billhook.StatusDelivered: 10})
		for _, r := range in.got() {
			if r.id != in.got()[0].id || len(r.all) != 10 {
				t.Errorf("%s has %d", r.id, len(r.all))
			}
		}
	})
}

// TestBatchLimits: rate and concurrency count requests.
func TestBatchLimits(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var rated batchbox
		w.batches(9000, &rated, batched(10, 0, func(r *billhook.Registration) { r.Limits.RatePerSecond = 8 }))
		w.emitTogether(0, 100)
		settle(5 * time.Second)
		for i, r := range rated.got() {
			if want := time.Duration(i) * 125 * time.Millisecond; r.at != want || len(r.all) != 10 {
				t.Errorf("request %d with %d came after %v, want %v", i+1, len(r.all), r.at, want)
			}
		}
		rated.wantOnce(100)
		many := batchbox{takes: time.Second}
		w.batches(9001, &many, batched(10, 0, func(r *billhook.Registration) { r.Limits.Concurrency = 2 }))
		w.emitTogether(1000, 60)
		settle(500 * time.Millisecond)
		if places := w.client.Stats().InFlight; places != 1 {
			t.Errorf("%d requests are under way, want the first", places)
		}
		settle(time.Second)
		if places := w.client.Stats().InFlight; places != 2 {
			t.Errorf("%d requests are under way, want 2", places)
		}
		settle(10 * time.Second)
		many.wantOnce(60)
		many.wantSizes(10, 10, 10, 10, 10, 10)
	})
}

// TestBatchBreaker: requests open it, one delivery probes, and what waits has no
// attempt counted.
func TestBatchBreaker(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var mu sync.Mutex
		dead := true
		in := batchbox{takes: 3 * time.Second, answer: func(int, []receive.Message) int {
			mu.Lock()
			defer mu.Unlock()
			if dead {
				return 500
			}
			return 200
		}}
		hook := w.batches(9000, &in, batched(10, 0, every(time.Hour, 5)))
		w.emitTogether(0, 200)
		settle(14 * time.Second)
		health := func() billhook.BreakerState {
			h, err := w.client.Health(t.Context(), "default", hook.ID)
			if err != nil {
				t.Fatal(err)
			}
			return h.State
		}
		if state := health(); state != billhook.BreakerClosed { // four requests, forty deliveries
			t.Errorf("after %v it is %s", in.sizes(), state)
		}
		settle(2 * time.Second)
		if state := health(); state != billhook.BreakerOpen {
			t.Errorf("after %v it is %s", in.sizes(), state)
		}
		in.wantSizes(10, 10, 10, 10, 10)
		settle(3 * time.Minute)
		in.wantSizes(10, 10, 10, 10, 10, 1, 1)
		mu.Lock()
		dead = false
		mu.Unlock()
		settle(2 * time.Minute)
		if sizes := in.sizes(); len(sizes) != 23 || sizes[7] != 1 || sizes[8] != 10 {
			t.Errorf("batches of %v", sizes) // 147 wait after the third probe
		}
		for _, d := range w.deliveries(billhook.DeliveryFilter{Status: billhook.StatusDelivered}) {
			if d.Attempts != 1 {
				t.Errorf("%d attempts of one that waited", d.Attempts)
			}
		}
	})
}

// TestBatchGone: 410 is about the webhook and ends all; Retry-After is heard for all.
func TestBatchGone(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		in := batchbox{after: "100", answer: func(n int, _ []receive.Message) int { return []int{503, 200, 200, 410}[n-1] }}
		hook := w.batches(9000, &in, batched(10, time.Second, every(time.Second, 5)))
		w.emitTogether(0, 4)
		settle(2 * time.Minute)
		in.wantSizes(4, 2, 2)
		if at := in.got()[1].at; at != 101*time.Second {
			t.Errorf("came again after %v", at)
		}
		w.emitTogether(4, 10)
		settle(10 * time.Second)
		if now, err := w.client.Get(t.Context(), "default", hook.ID); err != nil || now.IsActive || now.InactiveReason == "" {
			t.Errorf("active %v (%s), %v", now.IsActive, now.InactiveReason, err)
		}
		w.wantStatus(map[billhook.Status]int{billhook.StatusDelivered: 4, billhook.StatusDead: 10})
	})
}

// TestBatchOrder: at most one of an entity is in a batch, in its order, with its number.
func TestBatchOrder(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		last := map[string]int64{}
		in := batchbox{}
		w.batches(9000, &in, batched(10, 100*time.Millisecond, inOrder))
		for n := range 5 {
			for _, item := range []string{"a", "b", "c"} {
				w.emitAbout(item, n)
			}
		}
		w.emit("order.paid", `{"item":"none"}`)
		settle(10 * time.Second)
		in.wantOnce(16)
		for _, r := range in.got() {
			numbers := strings.Split(r.sequence, ", ")
			if len(numbers) != len(r.all) {
				t.Fatalf("%q for %d events", r.sequence, len(r.all))
			}
			seen := map[string]bool{}
			for i, m := range r.all {
				item := itemOf(string(m.Data))
				n, err := strconv.ParseInt(numbers[i], 10, 64)
				if item == "none" && n == 0 {
					continue
				}
				if err != nil || seen[item] || n != last[item]+1 {
					t.Errorf("%s: %s after %d, twice %v", item, numbers[i], last[item], seen[item])
				}
				seen[item], last[item] = true, n
			}
		}
	})
}

// TestBatchSkips: what a newer one has taken the place of is left out of the batch.
func TestBatchSkips(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var in batchbox
		w.batches(9000, &in, batched(10, time.Second, func(r *billhook.Registration) { r.Coalesce.Latest = []string{"inventory.*"} }))
		w.emitAbout("a", 1)
		w.emitAbout("b", 1)
		w.emit("order.paid", `{}`)
		settle(500 * time.Millisecond)
		w.emitAbout("a", 2)
		settle(10 * time.Second)
		in.wantOnce(3)
		if has := strings.Contains(in.got()[0].body, `"item":"a"`); has || len(in.got()[0].all) != 2 {
			t.Errorf("the first batch is %s", in.got()[0].body)
		}
		w.wantStatus(map[billhook.Status]int{billhook.StatusDelivered: 3, billhook.StatusSkipped: 1})
	})
}

// TestBatchStale: of what is under way one is retried by hand: its outcome counts for
// nothing, that of the others does.
func TestBatchStale(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		in := batchbox{takes: time.Second, answer: func(n int, _ []receive.Message) int { return []int{500, 200, 200, 200}[n-1] }}
		w.batches(9000, &in, batched(10, 0, every(time.Hour, 2)))
		w.emitTogether(0, 3)
		settle(500 * time.Millisecond)
		one := w.deliveries(billhook.DeliveryFilter{EventID: "e1"})[0]
		if _, err := w.client.Retry(t.Context(), "default", one.ID); err != nil {
			t.Fatal(err)
		}
		settle(10 * time.Second)
		settle(2 * time.Hour)
		in.wantOnce(3)
		w.wantStatus(map[billhook.Status]int{billhook.StatusDelivered: 3})
	})
}

// TestBatchChanges: a webhook that is made inactive, is deleted or has no batches any
// more while deliveries wait for company.
func TestBatchChanges(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var in batchbox
		var plain inbox
		hook := w.batches(9000, &in, batched(10, time.Minute))
		change := func(c billhook.WebhookChange) {
			t.Helper()
			if _, err := w.client.Update(t.Context(), "default", hook.ID, c); err != nil {
				t.Fatal(err)
			}
		}
		no, yes := false, true
		w.emitTogether(0, 3)
		settle(time.Second)
		change(billhook.WebhookChange{IsActive: &no})
		settle(5 * time.Minute)
		in.wantSizes()
		change(billhook.WebhookChange{IsActive: &yes})
		settle(time.Second)
		in.wantSizes(3) // it waited long enough
		w.emitTogether(3, 3)
		settle(time.Second)
		change(billhook.WebhookChange{Batch: &billhook.Batching{MaxEvents: 3, MaxWaitMs: 60_000}})
		settle(time.Millisecond)
		in.wantSizes(3, 3) // it is full now
		url := w.serve(9001, &plain)
		w.emitTogether(6, 2)
		settle(time.Second)
		change(billhook.WebhookChange{URL: &url, Batch: &billhook.Batching{}})
		settle(time.Millisecond)
		wantEach(t, &plain, 2, 0)
		change(billhook.WebhookChange{Batch: &billhook.Batching{MaxEvents: 10, MaxWaitMs: 60_000}})
		w.emitTogether(8, 2)
		settle(time.Second)
		if err := w.client.Delete(t.Context(), "default", hook.ID); err != nil {
			t.Fatal(err)
		}
		settle(2 * time.Minute)
		wantEach(t, &plain, 2, 0)
		w.wantStatus(map[billhook.Status]int{billhook.StatusDelivered: 8, billhook.StatusCancelled: 2})
	})
}

// TestBatchTest: a test of a webhook is an event like any other, and comes in an array.
func TestBatchTest(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var in batchbox
		hook := w.batches(9000, &in, batched(10, time.Second))
		if _, err := w.client.Test(t.Context(), "default", hook.ID, "order.paid"); err != nil {
			t.Fatal(err)
		}
		settle(2 * time.Second)
		in.wantSizes(1)
	})
}

// TestBatchRelease: what was held goes in batches, of no more a second than was asked
// for.
func TestBatchRelease(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var in batchbox
		hook := w.batches(9000, &in, batched(10, time.Second, func(r *billhook.Registration) {
			r.Inactive, r.WhenInactive = true, billhook.InactiveHold
		}))
		w.emitTogether(0, 40)
		settle(time.Minute)
		yes := true
		if _, err := w.client.Update(t.Context(), "default", hook.ID, billhook.WebhookChange{IsActive: &yes, HeldDeliveries: &billhook.Release{RatePerSecond: 5}}); err != nil {
			t.Fatal(err)
		}
		settle(time.Minute)
		in.wantSizes(10, 10, 10, 10)
		for i, r := range in.got() {
			if since := r.at - in.got()[0].at; since != time.Duration(2*i)*time.Second {
				t.Errorf("batch %d came %v after the first", i+1, since)
			}
		}
	})
}

// TestBatchTooOld: what has become too old is not sent, and the others are.
func TestBatchTooOld(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		var in batchbox
		w.batches(9000, &in, batched(10, time.Second, every(time.Minute, 5), func(r *billhook.Registration) { r.RetryPolicy.MaxAge = time.Hour }))
		w.emitTogether(0, 3)
		settle(2 * time.Hour)
		w.emitTogether(3, 3)
		w.run()
		settle(time.Minute)
		in.wantOnce(3)
		w.wantStatus(map[billhook.Status]int{billhook.StatusDelivered: 3, billhook.StatusDead: 3})
		for _, d := range w.deliveries(billhook.DeliveryFilter{Status: billhook.StatusDead}) {
			if a, err := w.client.Attempts(t.Context(), "default", d.ID); err != nil || len(a) != 1 || a[0].Failure != billhook.FailureExpired || a[0].BatchSize != 0 {
				t.Errorf("%+v, %v", a, err)
			}
		}
	})
}
