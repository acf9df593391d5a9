package telemetry

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/billhook/billhook"
)

var (
	inFlight    = gauge("billhook_requests_in_flight", "Requests to receivers that are under way.")
	maxInFlight = gauge("billhook_requests_in_flight_limit", "How many may be.")
	unrecorded  = gauge("billhook_outcomes_unrecorded", "Outcomes of attempts that are not on disk yet.")
	waiting     = gauge("billhook_deliveries_waiting_in_memory", "Deliveries that wait and are held in memory, not due ones included.")
	beyond      = gauge("billhook_webhooks_with_more_on_disk", "Webhooks that have more waiting than is held in memory.")
	overdue     = gauge("billhook_overdue_seconds", "How long the delivery has been due that waits longest although its webhook would take it.")
	lanes       = gauge("billhook_webhooks_busy", "Webhooks that have something to do, by what their receivers have shown.", "standing")
	queued      = gauge("billhook_writes_queued", "Writes that wait for a transaction.")
	writable    = gauge("billhook_database_writable", "1 until a transaction fails, 0 until one works again.")
	held        = gauge("billhook_node_lease_held", "1 while what this node owns is sure to be its own.")
)

func gauge(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// gauges asks a Client at each scrape, so that nothing is kept up to date between.
type gauges struct{ client *billhook.Client }

// Describe implements prometheus.Collector.
func (g gauges) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{inFlight, maxInFlight, unrecorded, waiting, beyond, overdue, lanes, queued, writable, held} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (g gauges) Collect(to chan<- prometheus.Metric) {
	tell := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	st := g.client.Stats()
	tell(inFlight, float64(st.InFlight))
	tell(maxInFlight, float64(st.MaxInFlight))
	tell(unrecorded, float64(st.Unrecorded))
	tell(waiting, float64(st.Waiting))
	tell(beyond, float64(st.Beyond))
	tell(overdue, st.Overdue.Seconds())
	for standing, n := range st.Lanes {
		tell(lanes, float64(n), standing)
	}
	tell(queued, float64(st.Queued))
	tell(writable, truth(st.Writable))
	tell(held, truth(st.Held))
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
