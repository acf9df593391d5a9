// Package check has Helm itself judge the chart beside it, and reads what it makes as
// Kubernetes would: every member must be one of the API's. It is a module of its own, so
// that Billhook's needs neither.
package check
