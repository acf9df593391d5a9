package sim

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// happened counts what befell worlds, by what their traces say of it.
type happened struct {
	mu    sync.Mutex
	found map[string]int
}

func (h *happened) add(r *Report) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.found == nil {
		h.found = map[string]int{}
	}
	for _, what := range befall(r.Plan) {
		for _, l := range r.trace {
			if strings.Contains(l.text, what) {
				h.found[what]++
			}
		}
	}
}

// check fails the test where something befell no world.
func (h *happened) check(t *testing.T, plan Plan) {
	for _, what := range befall(plan) {
		if h.found[what] == 0 {
			t.Errorf("no world has in its trace: %s", what)
		}
	}
	t.Log(h.found)
}

// befall is what can befall worlds of a kind.
func befall(plan Plan) []string {
	all := []string{
		"crashes: by chance", "is told to stop", "is paused for",
		"receiver 9000 is down", "is retried by", "is a retry of", "is done: ", "is cancelled", "is released by", "is skipped by", "leads a batch", ", delivered", ", dead", ", pending", "since it was answered 410: true",
		"is rolled back", "is committed: true", "is taken over by", string(away), string(noReads), string(full), string(mute), string(taken),
	}
	for _, at := range points {
		if rare := at == beforeStep || at == afterStep; !rare || !plan.SQLite { // of those there are few worlds
			all = append(all, "crashes: "+string(at))
		}
	}
	if plan.SQLite {
		return append(all, "1 nodes")
	}
	for nodes := 1; nodes <= 3; nodes++ {
		all = append(all, fmt.Sprint(nodes, " nodes"))
	}
	return append(all,
		"is replayed by", // in about one world of a hundred
		"will pause "+string(beforeCommit), "will pause "+string(beforeOutcome),
		"clock is 1h0m0s ahead", "clock is -1h0m0s ahead", "clock is 0s ahead", "was taken for dead and is a new node",
		"emits only: true", "is asked for in SQL", "is held back", "crashes: when it has opened a store",
	)
}
