// Package sim runs the engine in a simulated world and checks that it keeps its
// promises there. A world has one to three nodes on one database, receivers on
// a network in memory, people who register webhooks and emit events, and faults:
// crashes at the worst moments, pauses, lost answers, clocks that jump. All of
// it is drawn from one number, the seed, and runs in simulated time, so that
// whatever goes wrong goes wrong again.
//
// The database is a model of its own (Shared), which the contract in storetest
// holds to the same rules as the real ones, or a real SQLite file.
//
// The package must not know HTTP servers or PostgreSQL, nor, but for what is in
// inside.go, the inside of the engine: it checks what a caller, a receiver and a
// database can see.
package sim

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A Plan says which world to simulate.
type Plan struct {
	// Seed is what all else is drawn from.
	Seed uint64
	// SQLite: one node on a file, in place of nodes on the model.
	SQLite bool
	// broken makes a flaw, to see it found. Nil for none.
	broken func(*flaw)
}

// A Report is what came of it.
type Report struct {
	Plan Plan
	// Failures are the promises that were not kept, in the order of their times.
	Failures []string
	// Hash is that of the trace: the same for the same Plan.
	Hash uint64
	// Took is how much simulated time passed.
	Took time.Duration
	// Requests counts what the receivers saw begin, Events what is on record.
	Requests, Events int

	trace trace
	where []moment
}

// Run simulates the Plan's world in a bubble of its own.
func Run(t *testing.T, plan Plan) (report Report) {
	t.Helper()
	dir := ""
	if plan.SQLite {
		dir = t.TempDir()
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(plan, dir)
		w.open()
		w.play()
		w.settle()
		w.close()
		w.check()
		report = w.report()
	})
	return report
}

// Replay is the command that runs the Plan again and shows all of its trace.
func (p Plan) Replay() string {
	test := "TestModelSeeds"
	if p.SQLite {
		test = "TestSQLiteSeeds"
	}
	return fmt.Sprintf("BILLHOOK_SIM_SEED=%d go test ./internal/sim -run '^%s$' -v", p.Seed, test)
}

// String tells what failed and what happened around it.
func (r Report) String() string {
	if len(r.Failures) == 0 {
		return fmt.Sprintf("seed %d: %d events, %d requests in %v", r.Plan.Seed, r.Events, r.Requests, r.Took)
	}
	const most = 5
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %d broken promises; again with\n  %s\n", r.Plan.Seed, len(r.Failures), r.Plan.Replay())
	for i, failure := range r.Failures[:min(most, len(r.Failures))] {
		fmt.Fprintf(&b, "%v %s\n%s", r.where[i].at, failure, r.trace.around(r.where[i]))
	}
	return b.String()
}
