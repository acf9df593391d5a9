package profile

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Member is one member of the envelope: a value taken from the event, a constant, or
// an object of further members. An envelope of one member that has no name, and whose
// value is ValueEventData, means that the body is the data alone.
type Member struct {
	Name string `json:"name"`
	// Value is what the member holds, one of the Value constants. Empty where
	// Members is set.
	Value string `json:"value,omitempty"`
	// Format is how ValueEventTime is written, one of the Format constants.
	Format string `json:"format,omitempty"`
	// Wrap puts ValueEventData into an object with this one member: "object"
	// makes {"object":data}. Data that is already such an object, with one
	// member of that name whose value is an object, is not wrapped again.
	Wrap    string   `json:"wrap,omitempty"`
	Members []Member `json:"members,omitempty"`
	// Constant is what the member always holds, any JSON, in place of a value.
	Constant json.RawMessage `json:"constant,omitempty"`
}

// Values of Member.Value.
const (
	ValueEventID        = "event.id"
	ValueEventType      = "event.type"
	ValueEventTime      = "event.time"
	ValueEventData      = "event.data"
	ValueRequestID      = "request.id"             // "req_" and the event id without its prefix
	ValueIdempotencyKey = "request.idempotencyKey" // null if there is none
)

// Values of Member.Format.
const (
	FormatUnix      = "unix"      // 1736611200, fractions dropped
	FormatUnixms    = "unixms"    // 1736611200123, the rest dropped
	FormatRFC3339   = "rfc3339"   // "2024-01-15T10:30:00Z", fractions dropped
	FormatRFC3339ms = "rfc3339ms" // "2026-03-15T10:30:00.000Z", the rest dropped
)

// requestPrefix begins ids that ValueRequestID makes up.
const requestPrefix = "req_"

// Event is what an envelope is made of.
type Event struct {
	ID   string
	Type string
	// Time is when it happened. Same event, same time: it is part of the body.
	Time time.Time
	// Data comes from Canonical, with the profile's Options. Empty means null.
	Data []byte
	// IdempotencyKey is that of the request which emitted the event, if any.
	IdempotencyKey string
}

// part is a piece of the compiled envelope: literal bytes, then one value.
type part struct {
	literal []byte
	value   string // a Value constant, or "" after the last
	format  string
	wrap    wrapper
}

// AppendBody appends the body that is sent for the event. It is a pure
// function of event and profile: every attempt sends the same bytes, and they
// are what ECMAScript prints for the same value.
func (p *Profile) AppendBody(dst []byte, e Event) []byte {
	for i := range p.parts {
		part := &p.parts[i]
		dst = append(dst, part.literal...)
		switch part.value {
		case ValueEventID:
			dst = AppendString(dst, e.ID)
		case ValueEventType:
			dst = AppendString(dst, e.Type)
		case ValueEventTime:
			dst = appendTime(dst, e.Time, part.format)
		case ValueEventData:
			dst = part.wrap.append(dst, e.Data)
		case ValueRequestID:
			dst = append(dst, '"')
			dst = append(dst, requestPrefix...)
			dst = appendText(dst, strings.TrimPrefix(e.ID, p.IDs.Event.Prefix))
			dst = append(dst, '"')
		case ValueIdempotencyKey:
			if e.IdempotencyKey == "" {
				dst = append(dst, "null"...)
			} else {
				dst = AppendString(dst, e.IdempotencyKey)
			}
		}
	}
	return dst
}

func appendTime(dst []byte, at time.Time, format string) []byte {
	switch format {
	case FormatUnix:
		return strconv.AppendInt(dst, at.Unix(), 10)
	case FormatUnixms:
		return strconv.AppendInt(dst, at.UnixMilli(), 10)
	case FormatRFC3339:
		return at.UTC().AppendFormat(dst, `"2006-01-02T15:04:05Z"`)
	default:
		return at.UTC().AppendFormat(dst, `"2006-01-02T15:04:05.000Z"`)
	}
}

// compile turns the envelope into parts.
func compile(members []Member) []part {
	if len(members) == 1 && members[0].Name == "" { // the body is the data alone
		return []part{{value: members[0].Value}, {}}
	}
	return appendParts([]part{{}}, members)
}

// appendParts adds an object to the parts; the last part has no value yet.
func appendParts(parts []part, members []Member) []part {
	last := &parts[len(parts)-1]
	last.literal = append(last.literal, '{')
	for i, m := range members {
		last = &parts[len(parts)-1]
		if i > 0 {
			last.literal = append(last.literal, ',')
		}
		last.literal = append(AppendString(last.literal, m.Name), ':')
		if len(m.Members) > 0 {
			parts = appendParts(parts, m.Members)
			continue
		}
		if m.Constant != nil {
			last.literal = append(last.literal, m.Constant...) // canonical, as decode leaves it
			continue
		}
		last.value, last.format, last.wrap = m.Value, m.Format, newWrapper(m.Wrap)
		parts = append(parts, part{})
	}
	last = &parts[len(parts)-1]
	last.literal = append(last.literal, '}')
	return parts
}

// wrapper puts data into an object of one member: {"name":data}. The zero
// wrapper leaves data as it is.
type wrapper struct {
	open []byte // {"name":
}

func newWrapper(name string) wrapper {
	if name == "" {
		return wrapper{}
	}
	return wrapper{open: append(AppendString([]byte{'{'}, name), ':')}
}

func (w wrapper) append(dst, data []byte) []byte {
	if len(data) == 0 {
		data = []byte("null")
	}
	if w.open == nil || w.match(data) {
		return append(dst, data...)
	}
	dst = append(dst, w.open...)
	dst = append(dst, data...)
	return append(dst, '}')
}

// match says whether canonical data is already wrapped: an object with exactly
// this one member, whose value is an object.
func (w wrapper) match(data []byte) bool {
	if w.open == nil || !bytes.HasPrefix(data, w.open) {
		return false
	}
	rest := data[len(w.open):]
	return rest[0] == '{' && valueLen(rest) == len(rest)-1
}

// inner returns what is wrapped; data must match.
func (w wrapper) inner(data []byte) []byte { return data[len(w.open) : len(data)-1] }
