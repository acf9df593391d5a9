package sim

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/billhook/billhook"
)

// A world is everything in one bubble.
type world struct {
	plan    Plan
	flaw    flaw
	climate climate
	began   time.Time
	backend backend

	machines  []*machine
	receivers []*receiver
	// calls are those of callers, under way.
	calls sync.WaitGroup

	// mu guards what follows and all of a process's, a receiver's and a
	// connection's state. It is never held over a wait, nor over a call of the
	// engine's or the database's.
	mu       sync.Mutex
	trace    trace
	failures []string
	where    []moment
	book     book
	weather  weather
	// staged is what callers' transactions hold that are under way.
	staged   map[any][]*billhook.Emit
	requests int
	// stores are those of which anyone was told that they are there.
	stores []string
	// registered counts the webhooks that anyone tried to register.
	registered int
	// ahead is how far the database's clock has been set, shifted whether it
	// ever was.
	ahead   time.Duration
	shifted bool
	// settling: faults are over and receivers are well.
	settling bool
}

// A climate is what kind of world it is.
type climate struct {
	nodes int
	lease time.Duration
	// actions is how much happens, about one every gap.
	actions int
	gap     time.Duration
	// What the engine is configured with.
	concurrency, inFlight, window int
	// calm: nothing fails but receivers, so that nothing may be sent twice.
	calm bool
	// loose: reads take time too, and few requests may be under way at a time. The
	// order in which the engine reads its lanes and its senders come for more then
	// matters, and that is up to maps and goroutines: such a world need not go
	// the same way again.
	loose bool
	// slowest is how long a commit may take.
	slowest time.Duration
}

func (p Plan) climate() climate {
	r := chance(p.Seed, "climate")
	c := climate{
		nodes: 1 + r.IntN(3), lease: time.Duration(5+r.IntN(10)) * time.Second,
		actions:     30 + r.IntN(90),
		gap:         pick(r, []weighted[time.Duration]{{4, 300 * time.Millisecond}, {6, 2 * time.Second}, {3, 15 * time.Second}, {1, 2 * time.Minute}}),
		concurrency: 1 + r.IntN(4), inFlight: 1024,
		window: pick(r, []weighted[int]{{2, 8192}, {3, 4 + 4*r.IntN(4)}}),
		calm:   oneIn(r, 5), loose: oneIn(r, 4),
		slowest: pick(r, []weighted[time.Duration]{{5, 20 * time.Millisecond}, {1, 400 * time.Millisecond}}),
	}
	if c.loose && oneIn(r, 2) {
		c.inFlight = 3
	}
	if p.SQLite {
		c.nodes, c.actions = 1, 20+c.actions/2
	}
	return c
}

// quickRead is how long it takes at most to read an event, and slowestRead how
// long any read may where they are slow.
const quickRead, slowestRead = 100 * time.Microsecond, 5 * time.Millisecond

// underWay is how long it may be from the engine's decision to send something to
// the request: it may look for a newer one and read the event first.
func (c *climate) underWay() time.Duration {
	if c.loose {
		return quickRead + 2*slowestRead
	}
	return quickRead
}

// stores are the tenants that there are from the beginning.
var stores = []string{billhook.DefaultStore, "shop"}

func newWorld(plan Plan, dir string) *world {
	w := &world{plan: plan, flaw: whole, climate: plan.climate(), began: time.Now(), book: newBook(), staged: map[any][]*billhook.Emit{}, stores: slices.Clone(stores)}
	if plan.broken != nil {
		plan.broken(&w.flaw)
	}
	if plan.SQLite {
		w.backend = &files{dir: dir}
	} else {
		shared := NewShared(w.climate.lease)
		w.flaw.store(shared)
		w.backend = &shares{shared}
	}
	r := chance(plan.Seed, "receivers")
	for i := range 2 + r.IntN(3) {
		w.receivers = append(w.receivers, &receiver{w: w, port: 9000 + i, temper: pick(r, tempers)})
	}
	for i := range w.climate.nodes {
		w.machines = append(w.machines, &machine{w: w, name: string(rune('A' + i)), over: make(chan struct{})})
	}
	return w
}

// open starts the machines, the first before the others so that the stores are
// there, and registers the first webhooks.
func (w *world) open() {
	w.tell("%d nodes, %+v", len(w.machines), w.climate)
	for i, m := range w.machines {
		go m.live()
		for m.up() == nil {
			time.Sleep(time.Millisecond)
		}
		if i == 0 {
			p := m.up()
			if _, err := p.client.CreateStore(context.Background(), billhook.Store{
				ID: stores[1], StoreSettings: billhook.StoreSettings{Limits: w.limits(stores[1])},
			}); err != nil {
				panic(fmt.Sprint("create a store in a world without faults: ", err))
			}
		}
	}
	for i := range 3 {
		w.register(w.machines[0].up())
		time.Sleep(between(chance(w.plan.Seed, "open", i), 0, time.Second))
	}
}

// close stops all machines in order and waits until everything has ended.
func (w *world) close() {
	w.mu.Lock()
	for _, m := range w.machines {
		m.ending = true
		if m.process != nil {
			m.process.stop()
		}
	}
	w.mu.Unlock()
	for _, m := range w.machines {
		<-m.over
	}
	w.calls.Wait()
}

func (w *world) report() Report {
	w.mu.Lock()
	defer w.mu.Unlock()
	events := 0
	for _, e := range w.book.events {
		if e.written {
			events++
		}
	}
	return Report{
		Plan: w.plan, Failures: w.failures, Hash: w.trace.hash(), Took: time.Since(w.began),
		Requests: w.requests, Events: events, trace: w.trace, where: w.where,
	}
}
