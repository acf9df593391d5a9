package billhook

import (
	"net/http"
	"testing"
	"time"
)

// TestFailingStages: each stage on the way to deactivation is told once, and none
// before it is noted since when the webhook fails.
func TestFailingStages(t *testing.T) {
	c := &Client{alerts: newAlerts(), registry: newRegistry()}
	start := time.Unix(1_700_000_000, 0)
	var r record
	r.breaker.failingSince = start
	limit := int64(36_000)
	e := &endpoint{record: &r, webhook: Webhook{WebhookSettings: WebhookSettings{DeactivateAfterSeconds: &limit}}}
	r.noting = true // so that nothing is written
	c.mind(Lane{"s", "w"}, e, false, start.Add(6*time.Hour))
	if len(c.alerts.ready) > 0 {
		t.Errorf("told %+v before it is noted", c.alerts.ready)
	}
	e.webhook.FailingSince = start
	for i := range 10 {
		c.mind(Lane{"s", "w"}, e, false, start.Add(time.Duration(i)*time.Hour))
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
