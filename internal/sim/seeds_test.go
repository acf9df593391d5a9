package sim

import (
	"fmt"
	"os"
	"strconv"
	"testing"
)

// TestModelSeeds simulates worlds on the model.
func TestModelSeeds(t *testing.T) { runSeeds(t, 200, 40, Plan{}) }

// TestSQLiteSeeds simulates worlds of one node on a SQLite file.
func TestSQLiteSeeds(t *testing.T) { runSeeds(t, 40, 3, Plan{SQLite: true}) }

// runSeeds simulates as many worlds as BILLHOOK_SIM_SEEDS says (short as many as
// that with -short), from BILLHOOK_SIM_FROM on, or the one of BILLHOOK_SIM_SEED,
// of which it shows all.
//
// BILLHOOK_SIM_FLAW names one of flaws, to be found. Where worlds are whole and
// enough, all that can befall them must have befallen some.
func runSeeds(t *testing.T, seeds, short int, plan Plan) {
	plan.broken = flawOf(t)
	enough := seeds
	if testing.Short() {
		seeds = short
	}
	from, _ := setting(t, "BILLHOOK_SIM_FROM", 1)
	many, asked := setting(t, "BILLHOOK_SIM_SEEDS", seeds)
	if plan.SQLite && asked {
		many = max(many/20, 1)
	}
	only, replay := setting(t, "BILLHOOK_SIM_SEED", 0)
	if replay {
		from, many = only, 1
	}
	var all happened
	t.Cleanup(func() {
		if many >= enough && plan.broken == nil {
			all.check(t, plan)
		}
	})
	for seed := from; seed < from+many; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			plan := plan
			plan.Seed = uint64(seed)
			report := Run(t, plan)
			all.add(&report)
			if replay {
				for _, l := range report.trace.sorted() {
					t.Log(l)
				}
			}
			if len(report.Failures) > 0 {
				t.Error(report)
			} else if replay {
				t.Log(report)
			}
		})
	}
}

// setting is a number from the environment, and whether it is there.
func setting(t *testing.T, name string, otherwise int) (int, bool) {
	t.Helper()
	text, is := os.LookupEnv(name)
	if !is || text == "" {
		return otherwise, false
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		t.Fatalf("%s=%q is not a number", name, text)
	}
	return n, true
}
