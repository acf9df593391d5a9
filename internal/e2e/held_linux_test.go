package e2e

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestHeldBacklog holds many deliveries for a webhook that is not active, and then
// releases them at a rate: memory stays flat, another webhook's deliveries are as
// quick as those of a service beside it that holds nothing, and what was held goes at
// the rate that was asked for, each entity's events in order. Half of them are about
// an entity. With a million, which takes a quarter of an hour:
//
//	BILLHOOK_E2E_HELD=1000000 go test ./internal/e2e -run TestHeldBacklog -v -count=1 -timeout 60m
func TestHeldBacklog(t *testing.T) {
	const few, million = 8_000, 1_000_000
	held := setting(t, "BILLHOOK_E2E_HELD", few)
	rate := setting(t, "BILLHOOK_E2E_HELD_RATE", 2000)
	rounds, each := 5, 60
	if held > few {
		rounds, each = 15, 300
	}
	data := t.TempDir()
	s, idle := serve(t, data), serve(t, t.TempDir())
	in := newArrivals(t)
	in.register(idle, "steady", `"events":["order.paid"]`)
	in.register(s, "steady", `"events":["order.paid"]`)
	away := in.register(s, "away", `"events":["stock.changed"],"order":"entity","isActive":false,"whenInactive":"hold"`)
	change := func(what string) { s.call("PATCH", "/api/webhooks/"+away.ID, what, http.StatusOK) }

	warm := &latencies{in: in}
	warm.measure(s, 2*each)
	warm.measure(idle, 2*each)
	s.hold(0, held/10)
	little := s.memory()
	s.hold(held/10, held)
	much := s.memory()
	without, with := &latencies{in: in}, &latencies{in: in}
	for range rounds {
		without.measure(idle, each)
		with.measure(s, each)
	}
	if n := in.count(); n != 0 {
		t.Fatalf("%d requests to a webhook that is not active", n)
	}

	// At a rate that a receiver which has just come back may ask for, in turns with
	// next to none; and then faster.
	const gently = 200
	still, draining := &latencies{in: in}, &latencies{in: in}
	change(`{"isActive":true,"heldDeliveries":{"ratePerSecond":0.001}}`)
	went, within := 0, time.Duration(0)
	for range rounds {
		change(`{"heldDeliveries":{"ratePerSecond":0.001}}`)
		still.measure(s, each)
		from := in.count()
		change(fmt.Sprintf(`{"heldDeliveries":{"ratePerSecond":%d}}`, gently))
		eventually(t, patience, func() string { // until it is known how much is held
			if in.count() <= from+1 {
				return "nothing goes"
			}
			return ""
		})
		from, began := in.count(), time.Now()
		draining.measure(s, each)
		went, within = went+in.count()-from, within+time.Since(began)
	}
	change(fmt.Sprintf(`{"heldDeliveries":{"ratePerSecond":%d}}`, rate))
	from, began := in.count(), time.Now()
	most := 0
	eventually(t, time.Duration(held/rate)*2*time.Second+patience, func() string {
		most = max(most, s.memory())
		if n := in.count(); n < held {
			return fmt.Sprintf("%d of %d", n, held)
		}
		return ""
	})
	took := time.Since(began)
	s.settled(patience)
	in.inOrder(entities, held/2/entities)

	mib := func(bytes int) int { return bytes >> 20 }
	t.Logf("memory: %d MiB with %d held, %d with %d, %d at most while they went", mib(little), held/10, mib(much), held, mib(most))
	t.Logf("another webhook's p99, median of %d rounds of %d:", rounds, each)
	t.Logf("%v where nothing is held, %v beside %d held: %.2f times", without.median(), with.median(), held, with.times(without))
	t.Logf("%v while nothing goes, %v while %d a second go: %.2f times", still.median(), draining.median(), gently, draining.times(still))
	t.Logf("%d went in %.1f s, which is %.0f a second; %d were asked for", went, within.Seconds(), float64(went)/within.Seconds(), gently)
	t.Logf("%d went in %.1f s, which is %.0f a second; %d were asked for", held-from, took.Seconds(), float64(held-from)/took.Seconds(), rate)

	// What grows are the page caches of SQLite's connections, until they are full: 56 MiB
	// of pages, in 84 of memory, since a page with its header is a little more than half
	// of what the allocator gives it. Among few deliveries nothing has filled them yet; a
	// tenth of a million has filled the writer's, 48 MiB, so that 36 are left, and what Go
	// keeps for collecting later. A held delivery that took 50 bytes would be found.
	growth, busy := 64<<20, 128<<20
	if held >= million {
		growth, busy = 40<<20, 64<<20
	}
	if much-little > growth || most-little > busy {
		t.Error("memory grows with what is held")
	}
	inRate(t, went, within, gently)
	inRate(t, held-from, took, rate)
	// Of a few rounds of 60 deliveries the p99 is the slowest one's, and a machine that
	// others use is late by some 10 ms at any time: what is far off is found.
	for _, r := range [][2]*latencies{{with, without}, {draining, still}} {
		if held >= million && r[0].times(r[1]) > 1.5 || r[0].median() > 3*r[1].median()+30*time.Millisecond {
			t.Error("another webhook's deliveries are held up")
		}
	}
	s.stop()
	balanced(t, "--data", data)
}

// entities is how many the events that are held are about, in turns; every second is
// about nothing.
const entities = 500

// hold emits events for the webhook that is not active.
func (s *server) hold(from, to int) {
	s.t.Helper()
	for n := from; n < to; {
		var events []string
		for ; n < to && len(events) < 1000; n++ {
			if item := n / 2 % entities; n%2 == 0 {
				events = append(events, fmt.Sprintf(`{"type":"stock.changed","data":{"item":"%d","stock":%d},"entity":{"type":"item","id":"%d"}}`, item, n, item))
			} else {
				events = append(events, fmt.Sprintf(`{"type":"stock.changed","data":{"stock":%d}}`, n))
			}
		}
		s.call("POST", "/api/events/batch", `{"events":[`+strings.Join(events, ",")+`]}`, http.StatusAccepted)
	}
}

// inRate fails the test where more, or much less, went than was asked for. What a
// lane was late by it may catch up with, up to a tenth of a second.
func inRate(t *testing.T, n int, in time.Duration, rate int) {
	t.Helper()
	if asked := float64(rate) * in.Seconds(); float64(n) > 1.1*asked+0.1*float64(rate) || float64(n) < 0.5*asked {
		t.Errorf("%d went in %v, at %d a second", n, in, rate)
	}
}

// memory is what the service has in memory, in bytes.
func (s *server) memory() int {
	s.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	kib, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		s.t.Fatal(err)
	}
	return kib << 10
}
