package telemetry_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// existing are the names of all of Billhook's metrics, each with its kind.
func existing(t *testing.T) map[string]string {
	t.Helper()
	s := newService(t)
	defer s.stop()
	s.metrics.Request("emitEvent", 202, time.Millisecond)
	s.metrics.Page("GET /stores", 200, time.Millisecond)
	s.metrics.Refused(billhook.CodeInvalid)
	s.metrics.Attempted(&billhook.Outcome{Status: billhook.StatusDelivered}, &billhook.Event{})
	kinds := map[string]string{}
	for _, f := range s.metrics.Gather(t) {
		if strings.HasPrefix(f.GetName(), "billhook_") {
			kinds[f.GetName()] = strings.ToLower(f.GetType().String())
		}
	}
	return kinds
}

// TestDocumented: docs/METRICS.md lists the metrics that exist, and no others.
func TestDocumented(t *testing.T) {
	text, err := os.ReadFile("../docs/METRICS.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(billhook_[a-z_]+)` \\| ([a-z]+) \\|").FindAllStringSubmatch(string(text), -1) {
		documented[row[1]] = row[2]
	}
	kinds := existing(t)
	for name, kind := range kinds {
		if documented[name] != kind {
			t.Errorf("%s is a %s, and documented as %q", name, kind, documented[name])
		}
	}
	for name := range documented {
		if kinds[name] == "" {
			t.Errorf("%s is documented and does not exist", name)
		}
	}
}

// TestMonitoringFiles: the dashboard and the alert rules ask for metrics that
// exist, and the dashboard shows each of them.
func TestMonitoringFiles(t *testing.T) {
	kinds := existing(t)
	asked := map[string][]string{"grafana.json": dashboardExpressions(t), "alerts.yml": alertExpressions(t)}
	var shown []string
	for file, expressions := range asked {
		if len(expressions) < 5 {
			t.Fatalf("%s has %d expressions", file, len(expressions))
		}
		for _, e := range expressions {
			names := regexp.MustCompile(`billhook_[a-z_]+`).FindAllString(e, -1)
			if len(names) == 0 {
				t.Errorf("%s: %s asks for nothing of Billhook's", file, e)
			}
			for _, name := range names {
				base := name
				for _, suffix := range []string{"_bucket", "_sum", "_count"} {
					if cut, ok := strings.CutSuffix(name, suffix); ok && kinds[cut] == "histogram" {
						base = cut
					}
				}
				if kinds[base] == "" || base == name && kinds[base] == "histogram" {
					t.Errorf("%s: %s asks for %s, which does not exist", file, e, name)
				}
				if file == "grafana.json" {
					shown = append(shown, base)
				}
			}
			if strings.Count(e, "(") != strings.Count(e, ")") {
				t.Errorf("%s: %s: brackets do not match", file, e)
			}
		}
	}
	for name := range kinds {
		if !slices.Contains(shown, name) {
			t.Errorf("the dashboard does not show %s", name)
		}
	}
}

func dashboardExpressions(t *testing.T) (all []string) {
	t.Helper()
	text, err := os.ReadFile("../examples/monitoring/grafana.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			all = append(all, target.Expr)
		}
	}
	return all
}

func alertExpressions(t *testing.T) (all []string) {
	t.Helper()
	text, err := os.ReadFile("../examples/monitoring/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range regexp.MustCompile(`(?m)^ +expr: (.+)$`).FindAllStringSubmatch(string(text), -1) {
		all = append(all, found[1])
	}
	return all
}
