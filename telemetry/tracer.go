package telemetry

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/billhook/billhook"
)

// A Tracer makes spans of OpenTelemetry of emits and attempts. It is a
// billhook.Tracer. docs/TRACING.md lists what they hold.
type Tracer struct{ tracer trace.Tracer }

// NewTracer returns a Tracer whose spans are the provider's.
func NewTracer(provider trace.TracerProvider) *Tracer {
	return &Tracer{provider.Tracer("github.com/billhook/billhook", trace.WithSchemaURL(semconv.SchemaURL))}
}

// What OpenTelemetry has no name for.
const (
	storeKey        = attribute.Key("billhook.store.id")
	webhookKey      = attribute.Key("billhook.webhook.id")
	deliveryKey     = attribute.Key("billhook.delivery.id")
	statusKey       = attribute.Key("billhook.delivery.status")
	eventKey        = attribute.Key("billhook.event.id")
	eventTypeKey    = attribute.Key("billhook.event.type")
	deliveriesKey   = attribute.Key("billhook.event.deliveries")
	attemptKey      = attribute.Key("billhook.attempt.number")
	calledOff       = "called_off"
	internalFailure = "internal"
)

// StartEmit implements billhook.Tracer.
func (t *Tracer) StartEmit(ctx context.Context, storeID string, events int) billhook.EmitSpan {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, spanContext(billhook.TraceContextOf(ctx)))
	}
	about := []attribute.KeyValue{
		semconv.MessagingSystemKey.String("billhook"), semconv.MessagingOperationName("emit"), semconv.MessagingOperationTypeSend, storeKey.String(storeID),
	}
	if events > 1 {
		about = append(about, semconv.MessagingBatchMessageCount(events))
	}
	_, span := t.tracer.Start(ctx, "emit", trace.WithSpanKind(trace.SpanKindProducer), trace.WithAttributes(about...))
	return emitSpan{span, events}
}

type emitSpan struct {
	span   trace.Span
	events int
}

// TraceContext implements billhook.EmitSpan.
func (s emitSpan) TraceContext() billhook.TraceContext { return traceContext(s.span.SpanContext()) }

// End implements billhook.EmitSpan.
func (s emitSpan) End(accepted []billhook.Event, err error) {
	defer s.span.End()
	if !s.span.IsRecording() {
		return
	}
	if err != nil {
		code := string(billhook.ErrorCode(err))
		if code == "" {
			code = internalFailure
		}
		fail(s.span, code)
		return
	}
	deliveries := 0
	for i := range accepted {
		deliveries += accepted[i].Deliveries
	}
	s.span.SetAttributes(deliveriesKey.Int(deliveries))
	if s.events == 1 && len(accepted) == 1 {
		e := &accepted[0]
		s.span.SetAttributes(semconv.MessagingMessageID(e.ID), eventKey.String(e.ID), eventTypeKey.String(e.Type))
	}
}

// StartAttempt implements billhook.Tracer.
func (t *Tracer) StartAttempt(e *billhook.Event, p *billhook.Pending, a *billhook.Attempt) billhook.AttemptSpan {
	about := []attribute.KeyValue{
		semconv.HTTPRequestMethodPost,
		storeKey.String(p.StoreID), webhookKey.String(p.WebhookID), deliveryKey.String(p.ID),
		eventKey.String(p.EventID), eventTypeKey.String(p.EventType), attemptKey.Int(a.Number),
	}
	if a.Number > 1 {
		about = append(about, semconv.HTTPRequestResendCount(a.Number-1))
	}
	about = appendServer(about, a.URL)
	ctx := trace.ContextWithRemoteSpanContext(context.Background(), spanContext(e.TraceContext))
	_, span := t.tracer.Start(ctx, "POST", trace.WithSpanKind(trace.SpanKindClient), trace.WithTimestamp(a.StartedAt), trace.WithAttributes(about...))
	return attemptSpan{span}
}

// appendServer tells where a request goes: of the URL no more, which may hold what is
// for no log.
func appendServer(about []attribute.KeyValue, to string) []attribute.KeyValue {
	u, err := url.Parse(to)
	if err != nil {
		return about
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		port = map[string]int{"http": 80, "https": 443}[u.Scheme]
	}
	return append(about, semconv.ServerAddress(u.Hostname()), semconv.ServerPort(port), semconv.URLScheme(u.Scheme))
}

type attemptSpan struct{ span trace.Span }

// TraceContext implements billhook.AttemptSpan.
func (s attemptSpan) TraceContext() billhook.TraceContext { return traceContext(s.span.SpanContext()) }

// End implements billhook.AttemptSpan.
func (s attemptSpan) End(o *billhook.Outcome) {
	if o == nil {
		fail(s.span, calledOff)
		s.span.End()
		return
	}
	a := &o.Attempt
	s.span.SetAttributes(statusKey.String(string(o.Status)))
	if a.StatusCode != 0 {
		s.span.SetAttributes(semconv.HTTPResponseStatusCode(a.StatusCode))
	}
	switch a.Failure {
	case billhook.FailureNone:
	case billhook.FailureStatus:
		fail(s.span, strconv.Itoa(a.StatusCode))
	default:
		fail(s.span, string(a.Failure))
	}
	s.span.End(trace.WithTimestamp(a.StartedAt.Add(max(a.Duration, time.Nanosecond))))
}

// fail says by one of few words what went wrong. What else there is to say may quote
// a URL, an answer or data, which are for no log.
func fail(span trace.Span, word string) {
	span.SetAttributes(semconv.ErrorTypeKey.String(word))
	span.SetStatus(codes.Error, "")
}

// spanContext is one of another process, and not valid for none.
func spanContext(t billhook.TraceContext) trace.SpanContext {
	if t.IsZero() {
		return trace.SpanContext{}
	}
	text := t.Traceparent()
	var c trace.SpanContextConfig
	c.TraceID, _ = trace.TraceIDFromHex(text[3:35])
	c.SpanID, _ = trace.SpanIDFromHex(text[36:52])
	flags, _ := strconv.ParseUint(text[53:], 16, 8)
	c.TraceFlags = trace.TraceFlags(flags)
	c.TraceState, _ = trace.ParseTraceState(t.Tracestate()) // none is better than no span
	c.Remote = true
	return trace.NewSpanContext(c)
}

// traceContext is the inverse of spanContext.
func traceContext(c trace.SpanContext) billhook.TraceContext {
	if !c.IsValid() {
		return billhook.TraceContext{}
	}
	return billhook.ParseTraceContext("00-"+c.TraceID().String()+"-"+c.SpanID().String()+"-"+c.TraceFlags().String(), c.TraceState().String())
}
