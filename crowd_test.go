package billhook

import (
	"fmt"
	"testing"
	"time"
)

// TestCrowdIsRemembered: the few of which little is known keep their schedule; thousands
// that may all be due as a process starts do not.
func TestCrowdIsRemembered(t *testing.T) {
	now := time.Now()
	rows := func(tried, fresh int, age time.Duration) (all []Pending) {
		for i := range tried + fresh {
			p := Pending{Position: Position{ID: fmt.Sprint(i), DueAt: now}, CreatedAt: now.Add(-age)}
			if i < tried {
				p.Attempts = 1
			}
			all = append(all, p)
		}
		return all
	}
	s := &scheduler{maxInFlight: 80} // of which ten are for the bad
	remembered := func(all []Pending) *record {
		l := &lane{endpoint: &endpoint{record: &record{}}}
		s.remember(l, all)
		return l.endpoint.record
	}
	for _, tt := range []struct {
		name string
		rows []Pending
		open bool
		as   standing
	}{
		{"none", nil, false, unproven},
		{"most is new", rows(9, 9, time.Hour), false, unproven},
		{"four", rows(4, 0, time.Hour), false, bad},
		{"five", rows(5, 2, time.Hour), true, bad},
		{"five, for a moment", rows(5, 2, time.Second), false, bad},
	} {
		if r := remembered(tt.rows); r.breaker.open != tt.open || r.standing != tt.as || r.breaker.hearsay() != tt.open {
			t.Errorf("%s: %+v", tt.name, r)
		}
	}
	open := 0
	for range 1000 {
		if remembered(rows(2, 1, time.Hour)).breaker.open {
			open++
		}
	}
	if open != 1000-(10-3) {
		t.Errorf("%d of 1000 breakers are open", open)
	}
	if remembered(rows(1, 0, time.Hour)).breaker.open {
		t.Error("one request opens a breaker")
	}
}
