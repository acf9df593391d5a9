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
	// data is the seeded data folder, where there is one.
	data string
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
	{"backlog", (*bench).backlog},
	{"history", (*bench).history},
}

// Names of the two systems; conditions are added after a comma.
const (
	billhookName  = "billhook"
	referenceName = "reference"
	syncingName   = "reference that syncs"
)

const (
	manyHooks     = 10
	steadyRate    = 200
	isolationRate = 300
)

func (b *bench) throughput(context.Context) (scenario, error) {
	load := b.closedLoop()
	return scenario{
		about:  fmt.Sprintf("1 webhook, %d connections that emit without a pause for %v", load.connections, load.duration),
		rounds: b.runs,
		trials: []trial{b.fresh(billhookName, 1, load), b.forwarder(1, load)},
		judge: func(m map[string]Figures) []Check {
			own, ref := m[billhookName], m[referenceName]
			return []Check{
				atLeast("deliveries/s ÷ reference", ratio(own.DeliveriesPerSecond, ref.DeliveriesPerSecond), 0.6),
				atMost("CPU per delivery ÷ reference", ratio(own.CPUMicros, ref.CPUMicros), 2),
			}
		},
	}, nil
}

func (b *bench) steady(context.Context) (scenario, error) {
	load := b.fixedRate(steadyRate)
	return scenario{
		about:  fmt.Sprintf("1 webhook, %d events/s on a fixed schedule for %v", load.rate, load.duration),
		rounds: b.runs,
		trials: []trial{b.fresh(billhookName, 1, load), b.forwarder(1, load), b.syncingForwarder(1, load)},
		judge: func(m map[string]Figures) []Check {
			return []Check{
				below("p99 from emit to receipt, ms", m[billhookName].P99Millis, 5),
				note("p99 ÷ that of a reference that syncs", ratio(m[billhookName].P99Millis, m[syncingName].P99Millis)),
			}
		},
	}, nil
}

func (b *bench) fanout(context.Context) (scenario, error) {
	load := b.closedLoop()
	return scenario{
		about:  fmt.Sprintf("%d webhooks for every event, %d connections that emit without a pause for %v", manyHooks, load.connections, load.duration),
		rounds: b.runs,
		trials: []trial{b.fresh(billhookName, manyHooks, load), b.forwarder(manyHooks, load)},
		judge: func(m map[string]Figures) []Check {
			own, ref := m[billhookName].DeliveriesPerSecond, m[referenceName].DeliveriesPerSecond
			return []Check{
				atLeast("deliveries/s ÷ reference", ratio(own, ref), 0.71),
				atLeast("deliveries/s", own, 10_000),
			}
		},
	}, nil
}

// isolation counts the healthy nine alone, in both conditions. The reference
// has no part in the ratio: with a hanging target it would hang altogether.
func (b *bench) isolation(context.Context) (scenario, error) {
	load := b.fixedRate(isolationRate)
	const healthy, hanging = billhookName + ", all healthy", billhookName + ", one hangs"
	nine := manyHooks - 1
	last := fmt.Sprintf("/hook/%d", nine)
	reference := b.forwarder(manyHooks, load)
	reference.hooks = nine
	return scenario{
		about: fmt.Sprintf("%d webhooks, %d events/s on a fixed schedule for %v; the figures are of nine of them", manyHooks, load.rate, load.duration),
		// Two quantiles far out are compared: that takes more rounds.
		rounds: 2 * b.runs,
		trials: []trial{
			{name: healthy, start: b.startFresh(append(hookPaths(nine), last)), hooks: nine, load: load},
			{name: hanging, start: b.startFresh(append(hookPaths(nine), "/hang")), hooks: nine, load: load},
			reference,
		},
		judge: func(m map[string]Figures) []Check {
			return []Check{atMost("p99 with one hanging ÷ without", ratio(m[hanging].P99Millis, m[healthy].P99Millis), 1.15)}
		},
	}, nil
}

func (b *bench) backlog(ctx context.Context) (scenario, error) {
	b.say("backlog: writing %d waiting deliveries", b.backlogRows)
	data, err := b.seedFolder(ctx, "backlog", map[string]string{"/hook/0": eventType, "/hang": otherType},
		func(ctx context.Context, s *seeder) error { return s.backlog(ctx, b.backlogRows) })
	if err != nil {
		return scenario{}, err
	}
	load := b.closedLoop()
	waiting := fmt.Sprintf("%s, %d wait", billhookName, b.backlogRows)
	return scenario{
		about:  fmt.Sprintf("as throughput, while %d deliveries wait for another webhook, half of them due, whose receiver hangs", b.backlogRows),
		data:   data,
		rounds: b.runs,
		trials: []trial{
			b.fresh(billhookName, 1, load),
			{name: waiting, start: b.startSeeded(data), hooks: 1, load: load},
			b.forwarder(1, load),
		},
		judge: func(m map[string]Figures) []Check {
			return []Check{
				atMost("peak RSS, MB", float64(m[waiting].PeakBytes)/megabyte, 200),
				note("deliveries/s ÷ without", ratio(m[waiting].DeliveriesPerSecond, m[billhookName].DeliveriesPerSecond)),
			}
		},
	}, nil
}

func (b *bench) history(ctx context.Context) (scenario, error) {
	b.say("history: writing %d finished deliveries", b.historyRows)
	data, err := b.seedFolder(ctx, "history", map[string]string{"/hook/0": eventType},
		func(ctx context.Context, s *seeder) error { return s.history(ctx, b.historyRows) })
	if err != nil {
		return scenario{}, err
	}
	load := b.closedLoop()
	const empty = billhookName + ", empty file"
	full := fmt.Sprintf("%s, %d over", billhookName, b.historyRows)
	return scenario{
		about:  fmt.Sprintf("as throughput, on a file with %d finished deliveries and on an empty one", b.historyRows),
		data:   data,
		rounds: b.runs,
		trials: []trial{
			b.fresh(empty, 1, load),
			{name: full, start: b.startSeeded(data), hooks: 1, load: load},
			b.forwarder(1, load),
		},
		judge: func(m map[string]Figures) []Check {
			return []Check{atLeast("deliveries/s ÷ empty file", ratio(m[full].DeliveriesPerSecond, m[empty].DeliveriesPerSecond), 0.9)}
		},
	}, nil
}

func (b *bench) closedLoop() loadPlan {
	return loadPlan{connections: b.connections, duration: b.duration}
}

func (b *bench) fixedRate(rate int) loadPlan {
	return loadPlan{connections: b.connections, rate: rate, duration: b.duration}
}

// fresh is Billhook on an empty data folder.
func (b *bench) fresh(name string, hooks int, load loadPlan) trial {
	return trial{name: name, start: b.startFresh(hookPaths(hooks)), hooks: hooks, load: load}
}

// forwarder is the reference.
func (b *bench) forwarder(hooks int, load loadPlan) trial {
	return trial{name: referenceName, hooks: hooks, load: load, start: func(ctx context.Context) (*server, error) {
		return b.startReference(ctx, b.targets(hooks))
	}}
}

// syncingForwarder is a reference that does not lose what it has accepted.
func (b *bench) syncingForwarder(hooks int, load loadPlan) trial {
	return trial{name: syncingName, hooks: hooks, load: load, start: func(ctx context.Context) (*server, error) {
		folder, err := b.newFolder("log")
		if err != nil {
			return nil, err
		}
		s, err := b.startReference(ctx, b.targets(hooks), "--log", filepath.Join(folder, "events"))
		if err == nil {
			s.throwaway = folder
		}
		return s, err
	}}
}

func (b *bench) targets(hooks int) []string {
	var targets []string
	for _, path := range hookPaths(hooks) {
		targets = append(targets, b.receiverURL(path))
	}
	return targets
}

// startFresh starts Billhook on an empty data folder, with a webhook for each
// of the receiver's paths.
func (b *bench) startFresh(paths []string) func(context.Context) (*server, error) {
	return func(ctx context.Context) (*server, error) {
		data, err := b.newFolder("empty")
		if err != nil {
			return nil, err
		}
		s, err := b.startBillhook(ctx, data)
		if err != nil {
			return nil, err
		}
		s.throwaway = data
		for _, path := range paths {
			if err := s.register(ctx, b.receiverURL(path), eventType); err != nil {
				s.stop()
				return nil, err
			}
		}
		return s, nil
	}
}

// startSeeded starts Billhook on a data folder that has its webhooks.
func (b *bench) startSeeded(data string) func(context.Context) (*server, error) {
	return func(ctx context.Context) (*server, error) { return b.startBillhook(ctx, data) }
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
