package main

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/telemetry"
)

func (cmd *serveCmd) logger() *slog.Logger {
	if cmd.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, nil))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, nil))
}

// observer is told what happens: the metrics, and the log as the flags say.
func (cmd *serveCmd) observer(metrics *telemetry.Metrics, logger *slog.Logger) billhook.Observer {
	if cmd.LogAttempts == "none" {
		return metrics
	}
	return telemetry.Observers{metrics, telemetry.AttemptLog{Logger: logger, FailedOnly: cmd.LogAttempts == "failed"}}
}

// serveMetrics tells metrics on an address of their own, if there is one, until
// stop is called.
func (cmd *serveCmd) serveMetrics(metrics *telemetry.Metrics, logger *slog.Logger) (stop func(), err error) {
	if cmd.MetricsAddr == "" {
		return func() {}, nil
	}
	listener, err := net.Listen("tcp", cmd.MetricsAddr)
	if err != nil {
		return nil, fmt.Errorf("%w; choose another address with --metrics-addr or BILLHOOK_METRICS_ADDR", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics.Handler())
	server := newServer(mux, logger)
	go func() { _ = server.Serve(listener) }() // until it is closed
	return func() { _ = server.Close() }, nil
}
