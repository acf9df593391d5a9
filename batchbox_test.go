package billhook_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
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
