package sim

import (
	"strings"
	"testing"
)

// TestReplay: a world that is simulated again goes the same way, to the
// nanosecond.
//
// A few do not. The engine's goroutines may do what they do at one instant in
// any order: when a process starts, its first claim may or may not share a
// transaction with the first reads of its lanes, and those go in the order of a
// map. What such a world breaks, it breaks in most of its runs.
func TestReplay(t *testing.T) {
	seeds, _ := setting(t, "BILLHOOK_SIM_REPLAYS", 12)
	if testing.Short() {
		seeds = 4
	}
	total := seeds
	var differences []string
	for seed := 1000; seeds > 0; seed++ {
		plan := Plan{Seed: uint64(seed)}
		if plan.climate().loose {
			continue
		}
		seeds--
		first, again := Run(t, plan), Run(t, plan)
		if first.Hash != again.Hash {
			differences = append(differences, firstDifference(first.trace.sorted(), again.trace.sorted()))
			t.Logf("seed %d goes another way the second time:\n%s", seed, differences[len(differences)-1])
		}
	}
	if len(differences) > 2+total/10 {
		t.Errorf("%d worlds go another way the second time", len(differences))
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
