package billhook

import (
	"strconv"
	"testing"
	"time"
)

// TestNextEnds: a lane that becomes due while others are looked at is sent, and keeps
// nobody looking for ever.
func TestNextEnds(t *testing.T) {
	const lanes = 2000
	s := &scheduler{held: func() bool { return true }, maxInFlight: 1 << 20, laneWindow: 10, lanes: map[Lane]*lane{}, running: true}
	began := time.Now()
	var all []*lane
	for i := range lanes {
		e := &endpoint{webhook: Webhook{IsActive: true}, concurrency: 1, record: &record{}, tenancy: newTenancy()}
		l := &lane{key: Lane{StoreID: "one", WebhookID: strconv.Itoa(i)}, endpoint: e, known: map[string]bool{}}
		l.waiting = waitingHeap{{Lane: l.key, Position: Position{DueAt: began.Add(-time.Second)}}}
		s.lanes[l.key] = l
		s.lines.join(l)
		all = append(all, l)
	}
	done := make(chan int)
	go func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		soon := time.Now().Add(time.Millisecond)
		for i, l := range all {
			l.endpoint.record.throttledUntil = soon.Add(time.Duration(i) * 100)
		}
		sent := 0
		for ok := true; ok; {
			if _, ok = s.next(); ok {
				sent++
			}
		}
		s.running = false // what the others' timers find
		done <- sent
	}()
	select {
	case sent := <-done:
		t.Log(sent, "were due")
	case <-time.After(10 * time.Second):
		t.Fatal("it looks still")
	}
}
