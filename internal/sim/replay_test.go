package sim

import (
	"strings"
	"testing"
)

// TestReplay: a world that is simulated again goes the same way, to the
// nanosecond, but for those where the engine's order of reads matters.
func TestReplay(t *testing.T) {
	seeds, _ := setting(t, "BILLHOOK_SIM_REPLAYS", 20)
	for _, plan := range []Plan{{}, {SQLite: true}} {
		if plan.SQLite {
			seeds = max(seeds/10, 1)
		}
		for seed := range seeds {
			plan.Seed = uint64(1000 + seed)
			if plan.climate().loose {
				continue
			}
			first, again := Run(t, plan), Run(t, plan)
			if first.Hash != again.Hash {
				t.Errorf("seed %d goes another way the second time:\n%s", plan.Seed, firstDifference(first.trace.sorted(), again.trace.sorted()))
			}
		}
	}
}

// firstDifference shows where two traces part.
func firstDifference(a, b trace) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			lines := []string{"…"}
			for _, l := range a[max(i-5, 0):i] {
				lines = append(lines, l.String())
			}
			for j := i; j < min(i+4, len(a), len(b)); j++ {
				lines = append(lines, "one     "+a[j].String(), "another "+b[j].String())
			}
			return strings.Join(lines, "\n")
		}
	}
	return "one is longer"
}
