package telemetry

import (
	"testing"

	dto "github.com/prometheus/client_model/go"
)

// Gather reads all metrics.
func (m *Metrics) Gather(t *testing.T) []*dto.MetricFamily {
	t.Helper()
	all, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	return all
}
