package billhook

import "context"

// A Caller is who asks for something, as the audit log has it.
type Caller struct {
	Actor Reference
	// RequestID tells the request from others, in logs too; may be empty.
	RequestID string
}

type callerKey struct{}

// WithCaller is a context whose calls are made by the caller. What is called
// without one has no actor in the audit log.
func WithCaller(ctx context.Context, caller Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, caller)
}

func callerOf(ctx context.Context) Caller {
	caller, _ := ctx.Value(callerKey{}).(Caller)
	return caller
}
