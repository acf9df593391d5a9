package main

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/telemetry"
)

// flushGrace is how long the last spans may take to be sent at a stop.
const flushGrace = 2 * time.Second

// startTracing has spans sent as the variables OTEL_… of the environment say, until
// stop is called; without any of those that ask for it there is no Tracer. Nothing of
// it keeps the service from starting: what cannot be is said in the log, as the
// specification of these variables has it.
func startTracing(ctx context.Context, logger *slog.Logger) (tracer billhook.Tracer, stop func()) {
	none := func() {}
	if !tracesWanted(logger) {
		return nil, none
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { logger.Warn("tracing", "err", err) }))
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		logger.Error("there are no traces: cannot send any", "err", err)
		return nil, none
	}
	about, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithHost(),
		resource.WithAttributes(semconv.ServiceName("billhook"), semconv.ServiceVersion(version)), resource.WithFromEnv())
	if err != nil {
		logger.Warn("tracing: not all is known of this process", "err", err)
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))
	return telemetry.NewTracer(provider), func() {
		grace, cancel := context.WithTimeout(context.Background(), flushGrace)
		defer cancel()
		if err := provider.Shutdown(grace); err != nil {
			logger.Warn("tracing: the last spans were not sent", "err", err)
		}
	}
}

// tracesWanted: where they are to go is said, or that they are to go where the
// specification says.
func tracesWanted(logger *slog.Logger) bool {
	endpoint := os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") + os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT")
	exporter := os.Getenv("OTEL_TRACES_EXPORTER")
	switch {
	case strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true"), exporter == "none", exporter == "" && endpoint == "":
		return false
	case exporter != "" && exporter != "otlp":
		logger.Warn("there are no traces: this exporter is not known; there is otlp", "OTEL_TRACES_EXPORTER", exporter)
		return false
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		switch protocol := os.Getenv(name); protocol {
		case "":
			continue
		case "http/protobuf", "http/json":
			return true
		default:
			logger.Warn("there are no traces: this protocol is not spoken; there are http/protobuf and http/json", name, protocol)
			return false
		}
	}
	return true
}
