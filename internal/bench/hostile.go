package bench

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/billhook/billhook"
)

const (
	// hostileEach is how many hostile webhooks a store has.
	hostileEach = 10
	// hostileWaiting is how many deliveries wait for each of them.
	hostileWaiting = 3
	// dripEvery is how often a receiver that never comes to an end says
	// something.
	dripEvery = 500 * time.Millisecond
)

// An answerer answers on a connection whose request has been read.
type answerer func(ctx context.Context, conn net.Conn)

// hostiles are the receivers that mean no good, each for a tenth of the hostile
// webhooks: at /hostile/N.
var hostiles = []answerer{
	say(""), // and nothing more
	drip("HTTP/1.1 200 OK\r\n", "X-More: 1\r\n"),
	drip("", "HTTP/1.1 103 Early Hints\r\n\r\n"),
	drip("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", "."),
	flood("HTTP/1.1 200 OK\r\n\r\n", strings.Repeat("x", 64<<10)),
	flood("HTTP/1.1 200 OK\r\n", "X-"+strings.Repeat("x", 1000)+": 1\r\n"),
	flood("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", strings.Repeat("\x00", 64<<10)),
	reset,
	hangUpAfter("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno number\r\n"),
	hangUpAfter("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"),
}

// answerHostile takes the connection over and lets one of hostiles have it.
func (rc *receiver) answerHostile(w http.ResponseWriter, r *http.Request, id string) {
	_, _ = io.Copy(io.Discard, r.Body)
	var n int
	if _, err := fmt.Sscan(id, &n); err != nil || n < 0 {
		http.NotFound(w, r)
		return
	}
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	// Whoever is taken over is on its own: the end of the connection is the end.
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, conn)
		cancel()
	}()
	hostiles[n%len(hostiles)](ctx, conn)
}

// say says something once, and then nothing for as long as it is listened to.
func say(text string) answerer {
	return func(ctx context.Context, conn net.Conn) {
		_, _ = io.WriteString(conn, text)
		<-ctx.Done()
	}
}

// drip says something for ever, slowly.
func drip(first, then string) answerer {
	return func(ctx context.Context, conn net.Conn) {
		_, err := io.WriteString(conn, first)
		every := time.NewTicker(dripEvery)
		defer every.Stop()
		for err == nil {
			select {
			case <-every.C:
				_, err = io.WriteString(conn, then)
			case <-ctx.Done():
				return
			}
		}
	}
}

// flood says something for ever, as quickly as it is listened to.
func flood(first, then string) answerer {
	return func(_ context.Context, conn net.Conn) {
		_, err := io.WriteString(conn, first)
		for err == nil {
			_, err = io.WriteString(conn, then)
		}
	}
}

func hangUpAfter(text string) answerer {
	return func(_ context.Context, conn net.Conn) { _, _ = io.WriteString(conn, text) }
}

func reset(_ context.Context, conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
}

// hostile measures healthy webhooks beside many whose receivers do all that a
// receiver can do to its sender.
func (b *bench) hostile(ctx context.Context) (scenario, error) {
	b.say("hostile: writing %d webhooks and what waits for them", b.hostileHooks)
	nine := manyHooks - 1
	paths := map[string]string{}
	for _, path := range hookPaths(nine) {
		paths[path] = eventType
	}
	place, err := b.seedPlace(ctx, "hostile", paths, func(ctx context.Context, s *seeder) error { return s.hostile(ctx, b.hostileHooks) })
	if err != nil {
		return scenario{}, err
	}
	load := b.fixedRate(isolationRate)
	healthy := b.fresh(b.ownName()+", all healthy", nine, load)
	beset := b.seeded(fmt.Sprintf("%s, %d hostile", b.ownName(), b.hostileHooks), place, load)
	reference := b.forwarder(nine, load)
	beset.hooks = nine
	return scenario{
		about: fmt.Sprintf("%d webhooks, %d events/s on a fixed schedule for %v, beside %d others with %d deliveries each for receivers that hang, drip, flood, reset and lie",
			nine, load.rate, load.duration, b.hostileHooks, hostileWaiting),
		seeded: place,
		rounds: 2 * b.runs, // as isolation
		trials: []trial{healthy, beset, reference},
		judge: func(m map[string]Figures) []Check {
			return []Check{
				atMost("p99 beside hostile ones ÷ without", ratio(m[beset.name].P99Millis, m[healthy.name].P99Millis), 1.5),
				note("peak RSS, MB", float64(m[beset.name].PeakBytes)/megabyte),
			}
		},
	}, nil
}

// hostile writes so many webhooks of receivers that mean no good, in stores of
// their own, and what waits for each.
func (s *seeder) hostile(ctx context.Context, hooks int) error {
	now := time.Now().UTC().Truncate(time.Millisecond)
	var batch billhook.Batch
	for n := range hooks {
		store := fmt.Sprintf("hostile_%d", n/hostileEach)
		if n%hostileEach == 0 {
			batch.Stores = append(batch.Stores, &billhook.StoreWrite{Create: true, Store: billhook.Store{
				ID: store, Name: store, Profile: "standard", CreatedAt: now, UpdatedAt: now,
			}})
		}
		w := billhook.Webhook{
			StoreID: store, ID: fmt.Sprintf("wh_%d", n), URL: s.bench.receiverURL(fmt.Sprintf("/hostile/%d", n)), Events: []string{otherType},
			IsActive: true, Secrets: []billhook.Secret{{Value: "whsec_aG9zdGlsZSBob3N0aWxlIGhvc3RpbGUgaG9zdGlsZQ=="}}, CreatedAt: now, UpdatedAt: now,
		}
		batch.Webhooks = append(batch.Webhooks, &billhook.WebhookWrite{Webhook: w, Create: true})
		for i := range hostileWaiting {
			batch.Emits = append(batch.Emits, newEmit(w, otherType, n*hostileWaiting+i, now))
		}
		if len(batch.Emits) < seedBatch && n < hooks-1 {
			continue
		}
		if err := s.db.Commit(ctx, &batch); err != nil {
			return err
		}
		if err := s.failed(ctx, batch.Emits); err != nil {
			return err
		}
		batch = billhook.Batch{}
	}
	return nil
}

// failed has most deliveries of each webhook behind them that they were tried:
// this is not the first that the receivers are heard of.
func (s *seeder) failed(ctx context.Context, emits []*billhook.Emit) error {
	var batch billhook.Batch
	for i := range emits {
		if i%hostileWaiting == 0 {
			continue
		}
		p := emits[i].Deliveries[0]
		batch.Outcomes = append(batch.Outcomes, &billhook.Outcome{
			Delivery: p, Status: billhook.StatusPending, NextAttemptAt: p.DueAt, Reason: "no answer in time",
			Attempt: billhook.Attempt{
				StoreID: p.StoreID, DeliveryID: p.ID, Number: 1, StartedAt: p.DueAt, Duration: 30 * time.Second,
				URL: s.bench.receiverURL("/hostile"), Failure: billhook.FailureTimeout, Error: "no answer in time",
			},
		})
	}
	return s.db.Commit(ctx, &batch)
}
