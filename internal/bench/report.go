package bench

import (
	"fmt"
	"time"
)

// A Report is what a benchmark found. Its JSON form is what `billhook bench
// --json` prints.
type Report struct {
	StartedAt time.Time `json:"startedAt"`
	Machine   Machine   `json:"machine"`
	// Database is the server that kept Billhook's data; empty for files.
	Database  string   `json:"database,omitempty"`
	Scenarios []Result `json:"scenarios"`
}

// Met reports whether every scenario went through and missed no target.
func (r *Report) Met() bool {
	for _, s := range r.Scenarios {
		if s.Failure != "" {
			return false
		}
		for _, c := range s.Checks {
			if c.Verdict == VerdictMissed {
				return false
			}
		}
	}
	return true
}

// A Result is what a scenario found.
type Result struct {
	Scenario string `json:"scenario"`
	// About says in words what was measured.
	About string `json:"about"`
	// Failure says why there are no figures: an event was refused or lost, or
	// a process died. Empty when all went through.
	Failure string `json:"failure,omitempty"`
	// Rounds is how often every system was measured, in turns.
	Rounds  int            `json:"rounds"`
	Systems []SystemResult `json:"systems,omitempty"`
	Checks  []Check        `json:"checks,omitempty"`
}

// A SystemResult holds the figures of Billhook, in one condition, or of the
// reference.
type SystemResult struct {
	Name string `json:"name"`
	// Nodes is how many nodes Billhook had; 0 for the reference.
	Nodes int `json:"nodes,omitempty"`
	// Median holds the medians of the runs, each figure's by itself.
	Median Figures   `json:"median"`
	Runs   []Figures `json:"runs"`
	// ToReference compares the medians; nil for the reference itself.
	ToReference *Ratios `json:"toReference,omitempty"`
}

// A Verdict says how a figure compares with its target.
type Verdict string

const (
	VerdictMet    Verdict = "met"
	VerdictMissed Verdict = "missed"
	// VerdictNotMeasured: this system does not tell the figure.
	VerdictNotMeasured Verdict = "not measured"
	// VerdictNone: the figure has no target.
	VerdictNone Verdict = "no target"
)

// A Check compares a figure with its target.
type Check struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	// Target is like ">= 0.6"; empty when there is none.
	Target  string  `json:"target,omitempty"`
	Verdict Verdict `json:"verdict"`
}

func atLeast(name string, value, limit float64) Check {
	return newCheck(name, value, fmt.Sprintf(">= %v", limit), value >= limit)
}

func atMost(name string, value, limit float64) Check {
	return newCheck(name, value, fmt.Sprintf("<= %v", limit), value <= limit)
}

func below(name string, value, limit float64) Check {
	return newCheck(name, value, fmt.Sprintf("< %v", limit), value < limit)
}

// note is a figure worth telling that has no target.
func note(name string, value float64) Check {
	return Check{Name: name, Value: value, Verdict: VerdictNone}
}

func newCheck(name string, value float64, target string, met bool) Check {
	c := Check{Name: name, Value: value, Target: target, Verdict: VerdictMissed}
	switch {
	case value == 0:
		c.Verdict = VerdictNotMeasured
	case met:
		c.Verdict = VerdictMet
	}
	return c
}

// newResult sums up the runs of a scenario's trials, in their order.
func newResult(s scenario, runs [][]Figures) Result {
	result := Result{Scenario: s.name, About: s.about, Rounds: s.rounds}
	byName := map[string]Figures{}
	for i, t := range s.trials {
		m := medians(runs[i])
		byName[t.name] = m
		result.Systems = append(result.Systems, SystemResult{Name: t.name, Nodes: t.nodes, Median: m, Runs: runs[i]})
	}
	reference, ok := byName[referenceName]
	for i := range result.Systems {
		if system := &result.Systems[i]; ok && system.Name != referenceName {
			ratios := ratiosOf(system.Median, reference)
			system.ToReference = &ratios
		}
	}
	result.Checks = s.judge(byName)
	return result
}
