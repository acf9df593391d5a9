package billhook

import "time"

// WithRandom makes jitter of the test's own numbers.
func (c Config) WithRandom(random func() float64) Config {
	c.random = random
	return c
}

// WithLaneWindow makes lanes hold fewer deliveries, so that tests of what they
// do with more need not make as many.
func (c Config) WithLaneWindow(n int) Config {
	c.laneWindow = n
	return c
}

// InMemory is how many waiting deliveries the Client holds.
func (c *Client) InMemory() int {
	c.scheduler.mu.Lock()
	defer c.scheduler.mu.Unlock()
	return c.scheduler.mem.deliveries
}

// WakeRecoverer does what hearing of what nobody owns does.
func (c *Client) WakeRecoverer() { c.recoverer.wake() }

// A TallyForTest is what counts activity, without what it counts for.
type TallyForTest struct{ tally *activityTally }

// NewTallyForTest makes one.
func NewTallyForTest() TallyForTest { return TallyForTest{newActivityTally()} }

// Count counts a transaction.
func (t TallyForTest) Count(b *Batch, at time.Time) { t.tally.count(b, at) }

// Take is what is to be written now.
func (t TallyForTest) Take(at time.Time) []*ActivityCount {
	_, written := t.tally.take(at, false)
	return written
}

// Len is how many counts are in memory.
func (t TallyForTest) Len() int { return len(t.tally.all) }
