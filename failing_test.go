package billhook

import (
	"net/http"
	"testing"
	"time"
)

// TestFailingStages: each stage on the way to deactivation is told once.
func TestFailingStages(t *testing.T) {
	c := &Client{alerts: newAlerts()}
	start := time.Unix(1_700_000_000, 0)
	var r record
	for i := range 12 {
		c.tellFailing(Lane{"s", "w"}, &r, start, time.Duration(i)*time.Hour, 10*time.Hour)
	}
	var told []int
	for _, al := range c.alerts.ready {
		told = append(told, al.Percent)
	}
	if len(told) != 3 || told[0] != 50 || told[1] != 70 || told[2] != 90 {
		t.Errorf("told of %v", told)
	}
	r.learn(Lane{"s", "w"}, &Attempt{StatusCode: http.StatusOK}, false, true, 1, start)
	if r.told != 0 {
		t.Error("a success did not begin it anew")
	}
}
