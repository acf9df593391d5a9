package sim

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/billhook/billhook"
)

// A machine is where one process runs after the other, as under an init system.
type machine struct {
	w    *world
	name string
	over chan struct{} // closed when it is shut down for good

	// Guarded by w.mu.
	process *process // the last to start
	starts  int
	ending  bool
	// emitsOnly: the next process leaves delivery to others.
	emitsOnly bool
}

func (m *machine) live() {
	defer close(m.over)
	for {
		m.w.mu.Lock()
		if m.ending {
			m.w.mu.Unlock()
			return
		}
		m.starts++
		p := newProcess(m)
		m.process = p
		m.w.mu.Unlock()
		p.live()
		m.w.mu.Lock()
		start := p.endAt.Add(p.down)
		m.w.mu.Unlock()
		time.Sleep(time.Until(start))
	}
}

// up is the machine's process if it takes calls, else nil.
func (m *machine) up() *process {
	m.w.mu.Lock()
	defer m.w.mu.Unlock()
	if m.process == nil || !m.process.ready {
		return nil
	}
	return m.process
}

// A process is a Client from its start to its end, and all that it has of the
// world: a link to the database and connections to receivers.
type process struct {
	w         *world
	m         *machine
	name      string
	emitsOnly bool
	link      *link
	client    *billhook.Client
	ctx       context.Context // of Run
	cancel    context.CancelFunc
	calls     sync.WaitGroup
	// configuring is held by who changes a webhook. The engine has a mutex for
	// that, and while anyone waits for a mutex simulated time stands still.
	configuring chan struct{}

	// Guarded by w.mu.
	ready       bool // it takes calls
	dead        bool
	upAt        time.Time     // when it began to take calls
	stopAt      time.Time     // when it was told to stop
	endAt       time.Time     // when it crashed, or else was gone
	down        time.Duration // until the next one starts
	pausedUntil time.Time
	crashAt     point
	pauseAt     point // for pauseFor
	pauseFor    time.Duration
	joined      bool
	conns       map[*conn]bool
	// known is what the process has heard of each webhook.
	known map[string]knowledge
}

// newProcess wants w.mu.
func newProcess(m *machine) *process {
	p := &process{
		w: m.w, m: m, name: fmt.Sprint(m.name, m.starts), emitsOnly: m.emitsOnly,
		conns: map[*conn]bool{}, known: map[string]knowledge{}, configuring: make(chan struct{}, 1),
	}
	m.emitsOnly = false
	p.down = between(chance(m.w.plan.Seed, "down", p.name), 50*time.Millisecond, 3*time.Second)
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

// live is the process's life.
func (p *process) live() {
	w := p.w
	db, err := w.backend.open()
	if err != nil {
		w.mu.Lock()
		w.fail("", "%s: open: %v", p.name, err)
		w.mu.Unlock()
		return
	}
	p.link = newLink(p, db)
	if p.start() {
		err := p.run()
		w.mu.Lock()
		p.ready = false
		w.mu.Unlock()
		p.ended(err)
		p.calls.Wait()
		_ = p.client.Close() // never fails
	}
	w.mu.Lock()
	dead := p.dead
	if !dead {
		p.endAt = time.Now()
		w.note("%s is gone", p.name)
	}
	w.mu.Unlock()
	if dead {
		err = w.backend.bury(db)
	} else {
		err = db.Close()
	}
	if err != nil {
		w.mu.Lock()
		w.fail("", "%s: close: %v", p.name, err)
		w.mu.Unlock()
	}
}

// start makes the Client, trying as long as the database is away.
func (p *process) start() bool {
	w := p.w
	for try := 0; p.ctx.Err() == nil; try++ {
		client, err := billhook.New(p.link, p.config())
		if err == nil {
			w.mu.Lock()
			defer w.mu.Unlock()
			p.client, p.ready, p.upAt = client, !p.dead, time.Now()
			w.note("%s is up, emits only: %v", p.name, p.emitsOnly)
			return true
		}
		w.tell("%s does not start: %v", p.name, err)
		time.Sleep(between(chance(w.plan.Seed, "start", p.name, try), 500*time.Millisecond, time.Second))
	}
	return false
}

func (p *process) config() billhook.Config {
	c := p.w.climate
	config := billhook.Config{
		AllowInsecure: true, DialContext: p.dial, Logger: slog.New(slog.DiscardHandler),
		WebhookConcurrency: c.concurrency, MaxInFlight: c.inFlight, StopGrace: stopGrace,
	}
	setWindow(&config, c.window)
	setRandom(&config, func() float64 { return chance(p.w.plan.Seed, "jitter", p.name, time.Since(p.w.began)).Float64() })
	setGather(&config, func() {
		time.Sleep(between(chance(p.w.plan.Seed, "gather", p.name, time.Since(p.w.began)), time.Microsecond, 10*time.Microsecond))
	})
	p.w.flaw.config(&config)
	return config
}

func (p *process) run() error {
	if p.emitsOnly {
		p.client.Follow(p.ctx)
		return nil
	}
	return p.client.Run(p.ctx)
}

// longestEnd is how long the rest of a dead process may take to notice.
const longestEnd = 6 * time.Second

// stopGrace is how long what is under way may take when a process is told to stop.
const stopGrace = 4 * time.Second

// longestStop is how long a Run may take to return: its grace, and a pause or an
// outage.
const longestStop = 2 * time.Minute

// ended judges how Run returned.
func (p *process) ended(err error) {
	w := p.w
	w.mu.Lock()
	defer w.mu.Unlock()
	took := time.Since(p.stopAt)
	switch {
	case p.dead:
	case err != nil && w.climate.calm:
		w.fail("", "%s: run: %v", p.name, err)
	case err != nil:
		w.note("%s: run: %v", p.name, err)
	case p.stopAt.IsZero():
		w.fail("", "%s: Run returned without being told to", p.name)
	case took > longestStop:
		w.fail("", "%s: Run returned %v after it was told to", p.name, took)
	}
}

// stop tells the process to end in order. It wants w.mu.
func (p *process) stop() {
	if p.stopAt.IsZero() {
		p.stopAt = time.Now()
	}
	p.cancel()
}

// begin reports whether the process takes a call, which must end with
// p.calls.Done.
func (p *process) begin() bool {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	if p.ready {
		p.calls.Add(1)
	}
	return p.ready
}
