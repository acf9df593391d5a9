// Package bench measures Billhook as its users meet it: `billhook serve`, one
// process or several nodes on one database, that takes events over HTTP and
// delivers them over HTTP, beside a reference forwarder that does the same two
// hops and one HMAC and keeps nothing. Server, load and receiver are processes
// of their own, all of the same executable and all on the loopback interface.
//
// It must not know how Billhook works inside: what it measures it reaches over
// HTTP alone, and what it seeds it writes through billhook.Database. It must
// not import a backend, the API or the dashboard.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/billhook/billhook"
)

// Options say what to measure and how.
type Options struct {
	// Scenarios names what to measure. Default: all, see ScenarioNames.
	Scenarios []string
	// Runs is how often each system is measured, in turns; figures are
	// medians. Isolation takes twice as many. Default: 3.
	Runs int
	// Duration is how long each measured load lasts. Default: 10 s.
	Duration time.Duration
	// Connections is how many keep-alive connections emit. Default: 512, with
	// which both systems are near their best.
	Connections int
	// BacklogRows is how many deliveries wait in backlog. Default: 1,000,000.
	BacklogRows int
	// HostileHooks is how many receivers mean no good in hostile. Default:
	// 10,000.
	HostileHooks int
	// HistoryRows is how many deliveries are over in history, about 1.5 KB of
	// disk each. Default: 5,000,000.
	HistoryRows int
	// Nodes are the numbers of nodes: throughput and fanout measure each, the
	// others the first. More than 1 needs Shared. Default: 1.
	Nodes []int
	// Folder is where the data folders are made, and removed in the end. It
	// should be on the disk that is meant, not in memory. Default: the
	// system's folder for temporary files.
	Folder string
	// Executable is the program with the subcommands serve, bench-receiver,
	// bench-load and bench-reference. Default: this program.
	Executable string
	// Shared is the server that keeps the data of every Billhook under test, in
	// place of a folder. Default: none.
	Shared *Shared
	// OpenDatabase opens the database that serve would use with the same place.
	// Hostile, backlog and history need it.
	OpenDatabase func(context.Context, Place) (billhook.Database, error)
	// Progress is where to say what goes on. Default: nowhere.
	Progress io.Writer

	// stallLimit is how long nothing may arrive before what is missing counts
	// as lost. Default: 30 s.
	stallLimit time.Duration
}

// fill sets what is not set to its default.
func (o *Options) fill() {
	if len(o.Scenarios) == 0 {
		o.Scenarios = ScenarioNames()
	}
	if len(o.Nodes) == 0 {
		o.Nodes = []int{1}
	}
	for _, n := range []struct {
		value     *int
		otherwise int
	}{{&o.Runs, 3}, {&o.Connections, 512}, {&o.BacklogRows, 1_000_000}, {&o.HistoryRows, 5_000_000}, {&o.HostileHooks, 10_000}} {
		if *n.value <= 0 {
			*n.value = n.otherwise
		}
	}
	if o.Duration <= 0 {
		o.Duration = 10 * time.Second
	}
	if o.stallLimit <= 0 {
		o.stallLimit = 30 * time.Second
	}
	if o.Progress == nil {
		o.Progress = io.Discard
	}
}

// ScenarioNames are all scenarios, in the order in which they run.
func ScenarioNames() []string {
	var names []string
	for _, s := range scenarios {
		names = append(names, s.name)
	}
	return names
}

// check refuses what cannot be measured, before anything is made.
func (o *Options) check() error {
	for _, name := range o.Scenarios {
		if !slices.Contains(ScenarioNames(), name) {
			return fmt.Errorf("there is no scenario %q; there are %s", name, strings.Join(ScenarioNames(), ", "))
		}
	}
	for i, n := range o.Nodes {
		switch {
		case n < 1:
			return fmt.Errorf("%d nodes: there is at least 1", n)
		case n > 1 && o.Shared == nil:
			return fmt.Errorf("%d nodes need a database server to share: a file has one", n)
		case n > o.Connections:
			return fmt.Errorf("%d nodes need as many connections, not %d", n, o.Connections)
		case slices.Contains(o.Nodes[:i], n):
			return fmt.Errorf("%d nodes are to be measured twice", n)
		}
	}
	return nil
}

// bench is one benchmark under way.
type bench struct {
	executable   string
	folder       string
	openDatabase func(context.Context, Place) (billhook.Database, error)
	progress     io.Writer

	// shared is nil where the data are in folders.
	shared *Shared
	// databases are those on the shared server that are to be dropped.
	databases map[string]bool
	nodes     []int

	runs         int
	duration     time.Duration
	connections  int
	backlogRows  int
	historyRows  int
	hostileHooks int
	stallLimit   time.Duration

	receiver *server
	// run numbers the loads, so that a late delivery of one is not taken for
	// one of the next.
	run int
}

// Run measures the scenarios one after the other. A scenario that fails is in
// the report with its reason, and in the error; the others run all the same.
// All processes, files and databases of the benchmark are gone when it returns.
func Run(ctx context.Context, o Options) (report Report, err error) {
	o.fill()
	if err := o.check(); err != nil {
		return Report{}, err
	}
	if o.Executable == "" {
		if o.Executable, err = os.Executable(); err != nil {
			return Report{}, fmt.Errorf("find this program: %w", err)
		}
	}
	folder, err := os.MkdirTemp(o.Folder, "billhook-bench-")
	if err != nil {
		return Report{}, fmt.Errorf("make data folder: %w", err)
	}
	b := &bench{
		executable: o.Executable, folder: folder, openDatabase: o.OpenDatabase, progress: o.Progress,
		shared: o.Shared, databases: map[string]bool{}, nodes: o.Nodes,
		runs: o.Runs, duration: o.Duration, connections: o.Connections,
		backlogRows: o.BacklogRows, historyRows: o.HistoryRows, hostileHooks: o.HostileHooks, stallLimit: o.stallLimit,
	}
	defer func() { err = errors.Join(err, b.discardAll()) }()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	report.StartedAt = time.Now().UTC()
	if report.Machine, err = thisMachine(folder); err != nil {
		return report, err
	}
	b.say("%s", report.Machine)
	if b.shared != nil {
		report.Database = b.shared.About
		b.say("%s", report.Database)
	}
	if b.receiver, err = b.startReceiver(ctx); err != nil {
		return report, err
	}
	defer b.receiver.stop()

	var failures []error
	for _, s := range scenarios {
		if !slices.Contains(o.Scenarios, s.name) {
			continue
		}
		result, err := b.runScenario(ctx, s.name, s.build)
		if err != nil {
			err = fmt.Errorf("scenario %s: %w", s.name, err)
			b.say("FAILED: %v", err)
			failures = append(failures, err)
		}
		report.Scenarios = append(report.Scenarios, result)
		if ctx.Err() != nil {
			break
		}
	}
	return report, errors.Join(failures...)
}

func (b *bench) runScenario(ctx context.Context, name string, build func(*bench, context.Context) (scenario, error)) (Result, error) {
	s, err := build(b, ctx)
	s.name = name
	if err != nil {
		return s.failed(err), err
	}
	if s.seeded != (Place{}) {
		defer func() { _ = b.discard(s.seeded) }() // the benchmark's end tries again, and tells
	}
	runs := make([][]Figures, len(s.trials))
	for round := range s.rounds {
		for i, t := range s.trials {
			figures, err := b.measure(ctx, t)
			if err != nil {
				err = fmt.Errorf("%s: %w", t.name, err)
				return s.failed(err), err
			}
			runs[i] = append(runs[i], figures)
			b.say("%s %d/%d, %s: %.0f events/s, %.0f deliveries/s, p50 %.2f ms, p99 %.2f ms, %.0f µs of CPU a delivery",
				name, round+1, s.rounds, t.name, figures.EventsPerSecond, figures.DeliveriesPerSecond,
				figures.P50Millis, figures.P99Millis, figures.cpu())
		}
	}
	return newResult(s, runs), nil
}

func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.progress, format+"\n", args...)
}

func (b *bench) receiverURL(path string) string { return "http://" + b.receiver.addr + path }

func (b *bench) urls(paths []string) []string {
	urls := make([]string, len(paths))
	for i, path := range paths {
		urls[i] = b.receiverURL(path)
	}
	return urls
}
