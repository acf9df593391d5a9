package billhook

import "context"

// A Tracer makes spans of what a Client does (package telemetry has one for
// OpenTelemetry). It is called on the way of every event, by many goroutines at once:
// it must be quick and must not call the Client.
type Tracer interface {
	// StartEmit begins the span of a call that emits so many events into a store: a
	// child of the span in ctx, or else of TraceContextOf(ctx).
	StartEmit(ctx context.Context, storeID string, events int) EmitSpan
	// StartAttempt begins the span of an attempt of a delivery: a child of the
	// event's TraceContext, if it has one. What came of it is not in a yet.
	StartAttempt(e *Event, p *Pending, a *Attempt) AttemptSpan
}

// An EmitSpan is the span of an emit.
type EmitSpan interface {
	// TraceContext is the span's own, which the events keep.
	TraceContext() TraceContext
	// End is told what was accepted, or why nothing was. Of a batch some may have
	// been refused; they are not there.
	End(accepted []Event, err error)
}

// An AttemptSpan is the span of an attempt.
type AttemptSpan interface {
	// TraceContext is the span's own, which a receiver may be sent.
	TraceContext() TraceContext
	// End is told what came of it; nil where it was called off, and nothing is known
	// of what it did.
	End(o *Outcome)
}

// startEmit begins the span of an emit, if anybody wants spans. What is emitted with
// the context that it returns belongs to it.
func (c *Client) startEmit(ctx context.Context, storeID string, events int) (context.Context, EmitSpan) {
	if c.config.Tracer == nil {
		return ctx, nil
	}
	span := c.config.Tracer.StartEmit(ctx, orDefaultStore(storeID), events)
	return WithTraceContext(ctx, span.TraceContext()), span
}

// endEmit ends the span of an emit of one event.
func endEmit(span EmitSpan, e Event, err error) {
	if err != nil {
		span.End(nil, err)
		return
	}
	span.End([]Event{e}, nil)
}

// endBatch ends the span of an emit of several.
func endBatch(span EmitSpan, results []EmitResult, err error) {
	var accepted []Event
	for i := range results {
		if results[i].Err == nil {
			accepted = append(accepted, results[i].Event)
		}
	}
	span.End(accepted, err)
}

// startAttempt begins the span of an attempt, if anybody wants spans. The context is
// what its receiver may be told: the span's, or else the event's as it came.
func (s *sender) startAttempt(e *Event, p *Pending, a *Attempt) (TraceContext, AttemptSpan) {
	if s.config.Tracer == nil {
		return e.TraceContext, nil
	}
	span := s.config.Tracer.StartAttempt(e, p, a)
	return span.TraceContext(), span
}
