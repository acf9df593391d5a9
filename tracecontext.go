package billhook

import (
	"context"
	"strings"
)

// A TraceContext is a place in a trace, as W3C Trace Context writes it into the
// headers traceparent and tracestate. The zero value is none. An Event keeps one.
type TraceContext struct{ text string }

const (
	// lenTraceparent is the length of a traceparent of version 00, the one that is
	// written here.
	lenTraceparent = 55
	// maxTracestate is how much of a tracestate is kept, in bytes, and
	// maxStateMembers how many members one may have (W3C Trace Context, 3.3).
	maxTracestate   = 512
	maxStateMembers = 32
	// largeMember is from where on a member is the first to go where there are too many.
	largeMember = 128
	// knownFlags are "sampled" and "random-trace-id"; others are not passed on.
	knownFlags = 0x03
)

// ParseTraceContext reads the two headers as W3C Trace Context has them: a
// traceparent that is not one gives none, and a tracestate that is not one is left
// out. Members of it that make it longer than 512 bytes are left out too, those over
// 128 bytes first and then the last.
func ParseTraceContext(traceparent, tracestate string) TraceContext {
	if !isTraceparent(traceparent) {
		return TraceContext{}
	}
	// Of a later version what this one has is taken, and passed on as this one.
	text := "00" + traceparent[2:lenTraceparent-2]
	const digits = "0123456789abcdef"
	flags := knownFlags & hexValue(traceparent[lenTraceparent-1])
	if text += "0" + digits[flags:flags+1]; text == traceparent {
		text = traceparent
	}
	if state := cleanTracestate(tracestate); state != "" {
		text += " " + state
	}
	return TraceContext{text}
}

// ReadTraceContext reads what String has written; anything else gives none.
func ReadTraceContext(text string) TraceContext {
	if text == "" {
		return TraceContext{}
	}
	traceparent, tracestate, _ := strings.Cut(text, " ")
	return ParseTraceContext(traceparent, tracestate)
}

// IsZero reports whether there is none.
func (t TraceContext) IsZero() bool { return t.text == "" }

// String has all of it, for a Database to keep; "" for none.
func (t TraceContext) String() string { return t.text }

// Traceparent is the header's value; "" for none.
func (t TraceContext) Traceparent() string { return t.text[:min(len(t.text), lenTraceparent)] }

// Tracestate is the header's value; may be "".
func (t TraceContext) Tracestate() string {
	return t.text[min(len(t.text), lenTraceparent+1):]
}

// TraceID is the trace's, 32 hexadecimal digits; "" for none.
func (t TraceContext) TraceID() string {
	if t.IsZero() {
		return ""
	}
	return t.text[3:35]
}

type traceKey struct{}

// WithTraceContext is a context in which what is emitted belongs to the trace. Where
// Config.Tracer finds a span in the context, that one counts.
func WithTraceContext(ctx context.Context, t TraceContext) context.Context {
	return context.WithValue(ctx, traceKey{}, t)
}

// TraceContextOf is what WithTraceContext has put into the context; the zero value
// for nothing.
func TraceContextOf(ctx context.Context) TraceContext {
	t, _ := ctx.Value(traceKey{}).(TraceContext)
	return t
}

// isTraceparent follows the grammar of W3C Trace Context, 3.2.2: 2 digits of
// version, 32 of trace, 16 of parent, 2 of flags. A later version may have more.
func isTraceparent(s string) bool {
	if len(s) < lenTraceparent || s[2] != '-' || s[35] != '-' || s[52] != '-' {
		return false
	}
	version, trace, parent, flags := s[:2], s[3:35], s[36:52], s[53:lenTraceparent]
	switch {
	case !isHex(version), !isHex(trace), !isHex(parent), !isHex(flags), version == "ff":
		return false
	case strings.Trim(trace, "0") == "", strings.Trim(parent, "0") == "":
		return false
	case version == "00":
		return len(s) == lenTraceparent
	}
	return len(s) == lenTraceparent || s[lenTraceparent] == '-'
}

// isHex: hexadecimal digits are lower-case.
func isHex(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) && !('a' <= s[i] && s[i] <= 'f') {
			return false
		}
	}
	return true
}

func hexValue(digit byte) byte {
	if isDigit(digit) {
		return digit - '0'
	}
	return digit - 'a' + 10
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

func isLower(b byte) bool { return 'a' <= b && b <= 'z' }

// cleanTracestate is the list without white space around its members and without
// empty ones, at most maxTracestate bytes of it; "" for what is no list.
func cleanTracestate(s string) string {
	if s == "" {
		return ""
	}
	var members []string
	length := -1 // with the commas between them
	seen := map[string]bool{}
	for member := range strings.SplitSeq(s, ",") {
		member = strings.Trim(member, " \t")
		if member == "" {
			continue
		}
		key, value, ok := strings.Cut(member, "=")
		if !ok || seen[key] || !isStateKey(key) || !isStateValue(value) || len(members) == maxStateMembers {
			return ""
		}
		seen[key] = true
		members, length = append(members, member), length+1+len(member)
	}
	for smallest := largeMember + 1; length > maxTracestate; smallest = 0 {
		for i := len(members) - 1; i >= 0 && length > maxTracestate; i-- {
			if len(members[i]) >= smallest {
				length -= 1 + len(members[i])
				members = append(members[:i], members[i+1:]...)
			}
		}
	}
	return strings.Join(members, ",")
}

// isStateKey follows W3C Trace Context, 3.3.1.3.1: "key", or "tenant@system".
func isStateKey(key string) bool {
	tenant, system, several := strings.Cut(key, "@")
	if !several {
		return len(key) >= 1 && len(key) <= 256 && isLower(key[0]) && isStateName(key)
	}
	return len(tenant) >= 1 && len(tenant) <= 241 && (isLower(tenant[0]) || isDigit(tenant[0])) && isStateName(tenant) &&
		len(system) >= 1 && len(system) <= 14 && isLower(system[0]) && isStateName(system)
}

func isStateName(s string) bool {
	for i := range len(s) {
		if b := s[i]; !isLower(b) && !isDigit(b) && b != '_' && b != '-' && b != '*' && b != '/' {
			return false
		}
	}
	return true
}

// isStateValue follows W3C Trace Context, 3.3.1.3.2; spaces at its end were cut.
func isStateValue(value string) bool {
	if len(value) < 1 || len(value) > 256 {
		return false
	}
	for i := range len(value) {
		if b := value[i]; b < ' ' || b > '~' || b == '=' {
			return false
		}
	}
	return true
}
