package billhook

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
