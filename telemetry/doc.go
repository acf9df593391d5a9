// Package telemetry tells an operator what a billhook.Client does: metrics for
// Prometheus, spans for OpenTelemetry, and one line of log for each attempt.
//
// It knows what a billhook.Observer and a billhook.Tracer are told and what Stats
// says. It must not know the API's routes, a database, or what anybody does with the
// figures and spans. What it tells has no payload, no secret, no URL and no name of a
// store or webhook in a label: metrics have a bounded number of series whoever uses
// the service.
package telemetry
