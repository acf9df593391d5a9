package telemetry

import (
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/billhook/billhook"
)

// Metrics counts what a Client does. It is a billhook.Observer. docs/METRICS.md
// lists all that it has.
type Metrics struct {
	registry *prometheus.Registry

	accepted, matched prometheus.Counter
	refused           *prometheus.CounterVec
	attempts          *prometheus.CounterVec
	ended             *prometheus.CounterVec
	attemptTime       *prometheus.HistogramVec
	deliveryTime      prometheus.Histogram
	commits           *prometheus.CounterVec
	commitTime        prometheus.Histogram
	commitParts       prometheus.Histogram
	requests          *prometheus.CounterVec
	requestTime       *prometheus.HistogramVec
	pages             *prometheus.CounterVec
	pageTime          *prometheus.HistogramVec
}

// Upper bounds of histograms, in seconds: what is usual is told apart well, and
// what has gone wrong roughly.
var (
	quick = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	waits = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
	// late is how old a delivered event may be: from at once to after days of
	// retries.
	late = []float64{.005, .01, .025, .05, .1, .5, 1, 5, 30, 60, 600, 3600, 6 * 3600, 24 * 3600, 72 * 3600}
)

// NewMetrics returns Metrics of one process.
func NewMetrics() *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
		m.registry.MustRegister(c)
		return c
	}
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
		m.registry.MustRegister(c)
		return c
	}
	histograms := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
		m.registry.MustRegister(h)
		return h
	}
	histogram := func(name, help string, buckets []float64) prometheus.Histogram {
		h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
		m.registry.MustRegister(h)
		return h
	}
	m.accepted = counter("billhook_events_accepted_total", "Events that are on disk.")
	m.matched = counter("billhook_deliveries_created_total", "Deliveries that came of accepted events.")
	m.refused = counters("billhook_emits_refused_total", "Emits that were not accepted, by the error's code.", "code")
	m.attempts = counters("billhook_attempts_total", "Attempts, one for each delivery in a request, by what came of them.", "result")
	m.ended = counters("billhook_deliveries_ended_total", "Deliveries that an attempt ended, by their status.", "status")
	m.attemptTime = histograms("billhook_attempt_duration_seconds", "From an attempt's start to the answer's status line, or to the failure.", waits, "result")
	m.deliveryTime = histogram("billhook_delivery_latency_seconds", "From an event's acceptance to its receipt, retries included.", late)
	m.commits = counters("billhook_commits_total", "Transactions, by result.", "result")
	m.commitTime = histogram("billhook_commit_duration_seconds", "How long transactions took, the sync to disk included.", quick)
	m.commitParts = histogram("billhook_commit_parts", "How much a transaction wrote: events, outcomes and changes.", []float64{1, 4, 16, 64, 256, 1024, 4096})
	m.requests = counters("billhook_api_requests_total", "Requests to the API, by operation of its OpenAPI document and class of status.", "operation", "status")
	m.requestTime = histograms("billhook_api_request_duration_seconds", "How long the API took to answer, by operation.", quick, "operation")
	m.pages = counters("billhook_dashboard_requests_total", "Requests to the dashboard, by method and pattern of the path and class of status.", "page", "status")
	m.pageTime = histograms("billhook_dashboard_request_duration_seconds", "How long the dashboard took to answer, by method and pattern of the path.", quick, "page")
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, result := range append(failures, delivered) {
		m.attempts.WithLabelValues(result) // so that a rate of it is 0, and not nothing
	}
	for _, status := range []billhook.Status{billhook.StatusDelivered, billhook.StatusDead} {
		m.ended.WithLabelValues(string(status))
	}
	for _, result := range []string{"ok", "failed"} {
		m.commits.WithLabelValues(result)
	}
	return m
}

// delivered and failures are the results of attempts.
const delivered = "delivered"

var failures = []string{
	string(billhook.FailureStatus), string(billhook.FailureRedirect), string(billhook.FailureTimeout), string(billhook.FailureResolve),
	string(billhook.FailureConnect), string(billhook.FailureTLS), string(billhook.FailureRefused), string(billhook.FailureProtocol), string(billhook.FailureExpired),
}

// Accepted implements billhook.Observer.
func (m *Metrics) Accepted(e *billhook.Event) {
	m.accepted.Inc()
	m.matched.Add(float64(e.Deliveries))
}

// Refused implements billhook.Observer.
func (m *Metrics) Refused(code billhook.Code) {
	if code == "" {
		code = "internal"
	}
	m.refused.WithLabelValues(string(code)).Inc()
}

// Attempted implements billhook.Observer.
func (m *Metrics) Attempted(o *billhook.Outcome, _ *billhook.Event) {
	result := delivered
	if !o.Attempt.Success() {
		result = string(o.Attempt.Failure)
	}
	m.attempts.WithLabelValues(result).Inc()
	m.attemptTime.WithLabelValues(result).Observe(o.Attempt.Duration.Seconds())
	if o.Status != billhook.StatusPending {
		m.ended.WithLabelValues(string(o.Status)).Inc()
	}
	if o.Status == billhook.StatusDelivered {
		m.deliveryTime.Observe(o.Attempt.StartedAt.Add(o.Attempt.Duration).Sub(o.Delivery.CreatedAt).Seconds())
	}
}

// Committed implements billhook.Observer.
func (m *Metrics) Committed(parts int, took time.Duration, err error) {
	if err != nil {
		m.commits.WithLabelValues("failed").Inc()
		return
	}
	m.commits.WithLabelValues("ok").Inc()
	m.commitTime.Observe(took.Seconds())
	m.commitParts.Observe(float64(parts))
}

// Request counts a request to the API.
func (m *Metrics) Request(operation string, status int, took time.Duration) {
	m.requests.WithLabelValues(operation, fmt.Sprintf("%dxx", status/100)).Inc()
	m.requestTime.WithLabelValues(operation).Observe(took.Seconds())
}

// Page counts a request to the dashboard.
func (m *Metrics) Page(route string, status int, took time.Duration) {
	m.pages.WithLabelValues(route, fmt.Sprintf("%dxx", status/100)).Inc()
	m.pageTime.WithLabelValues(route).Observe(took.Seconds())
}

// Watch has what the Client has to do be told with each scrape.
func (m *Metrics) Watch(client *billhook.Client) { m.registry.MustRegister(gauges{client}) }

// Handler answers with the metrics, in the text format of Prometheus or in
// OpenMetrics, as the request prefers.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{EnableOpenMetrics: true})
}
