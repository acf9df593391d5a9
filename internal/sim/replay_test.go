package sim

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestReplay: a world that is simulated again goes the same way, to the
// nanosecond.
//
// Some do not, a tenth of them. The engine's goroutines may do what they do at one
// instant in any order, and where there is room for one request more, that decides
// which of two webhooks gets it. What such a world breaks, it breaks in most of its
// runs.
func TestReplay(t *testing.T) {
	seeds, _ := setting(t, "BILLHOOK_SIM_REPLAYS", 12)
	if testing.Short() {
		seeds = 8
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
	if len(differences) > total/2 {
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

// TestReplayOfFailure: what a failing world prints is a command that makes it fail
// again, in the same way.
func TestReplayOfFailure(t *testing.T) {
	model := "15"
	if testing.Short() {
		model = "6"
	}
	same, all := 0, 0
	for _, world := range []struct{ test, flaw, seeds string }{
		{"TestModelSeeds", "a lane takes one more", model},
		{"TestSQLiteSeeds", "an answer is taken for another", "80"}, // a twentieth of that
	} {
		test, flaw := world.test, world.flaw
		out, err := runAgain(t, test, "BILLHOOK_SIM_FLAW="+flaw, "BILLHOOK_SIM_FROM=1", "BILLHOOK_SIM_SEEDS="+world.seeds)
		if err == nil {
			t.Fatalf("%s does not find that %s", test, flaw)
		}
		commands := regexp.MustCompile(`(BILLHOOK_SIM_SEED=\d+) go test \./internal/sim -run '([^']+)' -v\n`).FindAllStringSubmatchIndex(out, -1)
		if len(commands) == 0 {
			t.Fatalf("%s prints no command:\n%s", test, out)
		}
		all += len(commands)
		for i, at := range commands {
			end := len(out)
			if i+1 < len(commands) {
				end = commands[i+1][0]
			}
			setting, run := out[at[2]:at[3]], out[at[4]:at[5]]
			again, err := runAgain(t, run, "BILLHOOK_SIM_FLAW="+flaw, setting)
			if err == nil {
				t.Errorf("%s %s: does not fail again", run, setting)
			}
			if one, another := broken(out[at[1]:end]), broken(again); slices.Equal(one, another) {
				same++
			} else {
				t.Logf("%s: first %q, then %q", setting, one, another)
			}
		}
	}
	// As in TestReplay, a few go another way.
	if t.Logf("%d of %d fail in the same way", same, all); same < all*2/3 {
		t.Errorf("only %d of %d fail again in the same way", same, all)
	}
}

// runAgain runs a test of this package in a process of its own.
func runAgain(t *testing.T, test string, settings ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run="+test, "-test.v", "-test.timeout=120s")
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "BILLHOOK_SIM_") }), settings...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// broken are the broken promises that a report tells of, with their times.
func broken(out string) (lines []string) {
	for _, l := range strings.Split(out, "\n") {
		if before, _, ok := strings.Cut(l, "BROKEN "); ok && strings.HasPrefix(l, "            ") && strings.TrimSpace(before) != "" {
			lines = append(lines, strings.TrimSpace(l))
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}
