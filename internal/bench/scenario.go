package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"time"
)

// A scenario is a question and the trials that answer it.
type scenario struct {
	name  string
	about string
	// seeded is the place that was filled for it, if any.
	seeded Place
	// rounds is how often the trials are made, one after the other.
	rounds int
	trials []trial
	// judge compares the medians, by the trials' names, with the targets.
	judge func(medians map[string]Figures) []Check
}

func (s *scenario) failed(err error) Result {
	return Result{Scenario: s.name, About: s.about, Rounds: s.rounds, Failure: err.Error()}
}

// scenarios are all there are, in the order in which they run.
var scenarios = []struct {
	name  string
	build func(*bench, context.Context) (scenario, error)
}{
	{"throughput", (*bench).throughput},
	{"steady", (*bench).steady},
	{"fanout", (*bench).fanout},
	{"isolation", (*bench).isolation},
	{"hostile", (*bench).hostile},
	{"backlog", (*bench).backlog},
	{"history", (*bench).history},
}

// Names of the systems; conditions are added after a comma.
const (
	billhookName  = "billhook"
	referenceName = "reference"
	syncingName   = "reference that syncs"
)

// nodesName is Billhook's with so many nodes.
func nodesName(nodes int) string {
	if nodes == 1 {
		return billhookName
	}
	return fmt.Sprintf("%s, %d nodes", billhookName, nodes)
}

const (
	manyHooks     = 10
	steadyRate    = 200
	isolationRate = 300
)

// Targets of throughput, by what keeps the data. A database server needs cores
// of the same machine, and a hop for all that a file does in the process.
const (
	throughputTarget       = 0.6
	throughputTargetShared = 0.45
)

func (b *bench) throughput(context.Context) (scenario, error) {
	load := b.closedLoop()
	return scenario{
		about:  fmt.Sprintf("1 webhook, %d connections that emit without a pause for %v", load.connections, load.duration),
		rounds: b.runs,
		trials: append(b.freshOfEach(1, load), b.forwarder(1, load)),
		judge: func(m map[string]Figures) []Check {
			cpu := ratio(m[b.ownName()].cpu(), m[referenceName].cpu())
			if b.shared != nil {
				return append(b.judgeRates(m, throughputTargetShared), note(b.cpuName(), cpu))
			}
			return append(b.judgeRates(m, throughputTarget), atMost(b.cpuName(), cpu, 2))
		},
	}, nil
}

// judgeRates holds one node to the target; what more nodes bring is told.
func (b *bench) judgeRates(m map[string]Figures, target float64) []Check {
	var checks []Check
	for _, nodes := range b.nodes {
		r := ratio(m[nodesName(nodes)].DeliveriesPerSecond, m[referenceName].DeliveriesPerSecond)
		if nodes == 1 {
			checks = append(checks, atLeast("deliveries/s ÷ reference", r, target))
			continue
		}
		checks = append(checks, note(fmt.Sprintf("deliveries/s of %d nodes ÷ reference", nodes), r))
	}
	return checks
}

// cpuName says whose CPU is compared with the reference's.
func (b *bench) cpuName() string {
	switch {
	case b.shared == nil:
		return "CPU per delivery ÷ reference"
	case b.shared.ServerPID == 0:
		return "CPU per delivery without the database's ÷ reference"
	}
	return "CPU per delivery with the database's ÷ reference"
}

func (b *bench) steady(context.Context) (scenario, error) {
	load := b.fixedRate(steadyRate)
	own := b.ownName()
	return scenario{
		about:  fmt.Sprintf("1 webhook, %d events/s on a fixed schedule for %v", load.rate, load.duration),
		rounds: b.runs,
		trials: []trial{b.fresh(own, 1, load), b.forwarder(1, load), b.syncingForwarder(1, load)},
		judge: func(m map[string]Figures) []Check {
			return []Check{
				below("p99 from emit to receipt, ms", m[own].P99Millis, 5),
				note("p99 ÷ that of a reference that syncs", ratio(m[own].P99Millis, m[syncingName].P99Millis)),
			}
		},
	}, nil
}

func (b *bench) fanout(context.Context) (scenario, error) {
	load := b.closedLoop()
	return scenario{
		about:  fmt.Sprintf("%d webhooks for every event, %d connections that emit without a pause for %v", manyHooks, load.connections, load.duration),
		rounds: b.runs,
		trials: append(b.freshOfEach(manyHooks, load), b.forwarder(manyHooks, load)),
		judge: func(m map[string]Figures) []Check {
			return append(b.judgeRates(m, 0.71), atLeast("deliveries/s", m[b.ownName()].DeliveriesPerSecond, 10_000))
		},
	}, nil
}

// isolation counts the healthy nine alone, in both conditions. The reference
// has no part in the ratio: with a hanging target it would hang altogether.
func (b *bench) isolation(context.Context) (scenario, error) {
	load := b.fixedRate(isolationRate)
	nine := manyHooks - 1
	last := fmt.Sprintf("/hook/%d", nine)
	healthy := b.freshOn(b.ownName()+", all healthy", append(hookPaths(nine), last), load)
	hanging := b.freshOn(b.ownName()+", one hangs", append(hookPaths(nine), "/hang"), load)
	reference := b.forwarder(manyHooks, load)
	healthy.hooks, hanging.hooks, reference.hooks = nine, nine, nine
	return scenario{
		about: fmt.Sprintf("%d webhooks, %d events/s on a fixed schedule for %v; the figures are of nine of them", manyHooks, load.rate, load.duration),
		// Two quantiles far out are compared: that takes more rounds.
		rounds: 2 * b.runs,
		trials: []trial{healthy, hanging, reference},
		judge: func(m map[string]Figures) []Check {
			return []Check{atMost("p99 with one hanging ÷ without", ratio(m[hanging.name].P99Millis, m[healthy.name].P99Millis), 1.15)}
		},
	}, nil
}

func (b *bench) backlog(ctx context.Context) (scenario, error) {
	b.say("backlog: writing %d waiting deliveries", b.backlogRows)
	place, err := b.seedPlace(ctx, "backlog", map[string]string{"/hook/0": eventType, "/hang": otherType},
		func(ctx context.Context, s *seeder) error { return s.backlog(ctx, b.backlogRows) })
	if err != nil {
		return scenario{}, err
	}
	load := b.closedLoop()
	without := b.fresh(b.ownName(), 1, load)
	waiting := b.seeded(fmt.Sprintf("%s, %d wait", b.ownName(), b.backlogRows), place, load)
	return scenario{
		about:  fmt.Sprintf("as throughput, while %d deliveries wait for another webhook, half of them due, whose receiver hangs", b.backlogRows),
		seeded: place,
		rounds: b.runs,
		trials: []trial{without, waiting, b.forwarder(1, load)},
		judge: func(m map[string]Figures) []Check {
			return []Check{
				atMost("peak RSS, MB", float64(m[waiting.name].PeakBytes)/megabyte, 200),
				note("deliveries/s ÷ without", ratio(m[waiting.name].DeliveriesPerSecond, m[without.name].DeliveriesPerSecond)),
			}
		},
	}, nil
}

func (b *bench) history(ctx context.Context) (scenario, error) {
	b.say("history: writing %d finished deliveries", b.historyRows)
	place, err := b.seedPlace(ctx, "history", map[string]string{"/hook/0": eventType},
		func(ctx context.Context, s *seeder) error { return s.history(ctx, b.historyRows) })
	if err != nil {
		return scenario{}, err
	}
	kind := "file"
	if b.shared != nil {
		kind = "database"
	}
	load := b.closedLoop()
	empty := b.fresh(b.ownName()+", empty "+kind, 1, load)
	full := b.seeded(fmt.Sprintf("%s, %d over", b.ownName(), b.historyRows), place, load)
	return scenario{
		about:  fmt.Sprintf("as throughput, on a %s with %d finished deliveries and on an empty one", kind, b.historyRows),
		seeded: place,
		rounds: b.runs,
		trials: []trial{empty, full, b.forwarder(1, load)},
		judge: func(m map[string]Figures) []Check {
			return []Check{atLeast("deliveries/s ÷ empty "+kind, ratio(m[full.name].DeliveriesPerSecond, m[empty.name].DeliveriesPerSecond), 0.9)}
		},
	}, nil
}

func (b *bench) closedLoop() loadPlan {
	return loadPlan{connections: b.connections, duration: b.duration}
}

func (b *bench) fixedRate(rate int) loadPlan {
	return loadPlan{connections: b.connections, rate: rate, duration: b.duration}
}

// ownName is Billhook's with the number of nodes that most scenarios have.
func (b *bench) ownName() string { return nodesName(b.nodes[0]) }

// fresh is Billhook on an empty place.
func (b *bench) fresh(name string, hooks int, load loadPlan) trial {
	return b.freshOn(name, hookPaths(hooks), load)
}

// freshOfEach is Billhook on an empty place with each number of nodes.
func (b *bench) freshOfEach(hooks int, load loadPlan) []trial {
	var trials []trial
	for _, nodes := range b.nodes {
		trials = append(trials, trial{
			name: nodesName(nodes), nodes: nodes, start: b.startFresh(nodes, hookPaths(hooks)), hooks: hooks, load: load,
		})
	}
	return trials
}

// freshOn is Billhook on an empty place, with a webhook for each of the
// receiver's paths.
func (b *bench) freshOn(name string, paths []string, load loadPlan) trial {
	return trial{name: name, nodes: b.nodes[0], start: b.startFresh(b.nodes[0], paths), hooks: len(paths), load: load}
}

// seeded is Billhook on a place that was filled, with one webhook that receives.
func (b *bench) seeded(name string, p Place, load loadPlan) trial {
	return trial{name: name, nodes: b.nodes[0], start: b.startSeeded(b.nodes[0], p), hooks: 1, load: load}
}

// forwarder is the reference.
func (b *bench) forwarder(hooks int, load loadPlan) trial {
	return trial{name: referenceName, hooks: hooks, load: load, start: func(ctx context.Context) (*system, error) {
		return b.startReference(ctx, b.urls(hookPaths(hooks)))
	}}
}

// syncingForwarder is a reference that does not lose what it has accepted.
func (b *bench) syncingForwarder(hooks int, load loadPlan) trial {
	return trial{name: syncingName, hooks: hooks, load: load, start: func(ctx context.Context) (*system, error) {
		folder, err := b.newFolder("log")
		if err != nil {
			return nil, err
		}
		s, err := b.startReference(ctx, b.urls(hookPaths(hooks)), "--log", filepath.Join(folder, "events"))
		if err != nil {
			return nil, err
		}
		s.discard = func() error { return b.discard(Place{Folder: folder}) }
		return s, nil
	}}
}

func hookPaths(n int) []string {
	paths := make([]string, n)
	for i := range paths {
		paths[i] = fmt.Sprintf("/hook/%d", i)
	}
	return paths
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
