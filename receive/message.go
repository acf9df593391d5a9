package receive

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/billhook/billhook/profile"
)

// A Message is a delivery that was verified. All of it is signed.
type Message struct {
	// ID is the event's, the same whenever it is delivered.
	ID string
	// Type is the event's type, such as "order.paid".
	Type string
	// Timestamp is when this delivery was signed, in seconds. Zero with a
	// ProfileHeader that signs no time.
	Timestamp time.Time
	// Time is when the event happened. Zero where the envelope does not say.
	Time time.Time
	// Data is the event's data, out of the envelope; where the profile wraps it
	// (etail-depot's data.object), what is inside.
	Data json.RawMessage
	// Body is the whole body as it came.
	Body []byte
}

// layout says where an envelope has what a Message needs.
type layout struct{ id, eventType, time, data place }

// place is a member of the body: the names on the way to it, and how its value
// is written.
type place struct {
	path         []string
	format, wrap string
}

func layoutOf(envelope []profile.Member) (l layout) {
	l.add(envelope, nil)
	return l
}

func (l *layout) add(members []profile.Member, path []string) {
	for _, m := range members {
		at := place{append(path[:len(path):len(path)], m.Name), m.Format, m.Wrap}
		switch m.Value {
		case "":
			l.add(m.Members, at.path)
		case profile.ValueEventID:
			l.id = at
		case profile.ValueEventType:
			l.eventType = at
		case profile.ValueEventTime:
			l.time = at
		case profile.ValueEventData:
			l.data = at
		}
	}
}

// read takes an envelope apart. With an error, which wraps ErrEnvelope, the
// Message has what was found all the same.
func (l *layout) read(body []byte) (Message, error) {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return Message{}, fmt.Errorf("%w: not a JSON object", ErrEnvelope)
	}
	var m Message
	var lacks []string
	want := func(at place, read func(value json.RawMessage) bool) {
		if len(at.path) == 0 { // the profile has no such member
			return
		}
		if value, ok := at.in(members); !ok || !read(value) {
			lacks = append(lacks, at.path[len(at.path)-1])
		}
	}
	want(l.id, text(&m.ID))
	want(l.eventType, text(&m.Type))
	want(l.time, func(value json.RawMessage) (ok bool) {
		m.Time, ok = parseTime(value, l.time.format)
		return ok
	})
	want(l.data, func(value json.RawMessage) (ok bool) {
		m.Data, ok = unwrap(value, l.data.wrap)
		return ok
	})
	if len(lacks) > 0 {
		return m, fmt.Errorf("%w: no usable %q", ErrEnvelope, lacks)
	}
	return m, nil
}

// in returns the value at the place.
func (p place) in(members map[string]json.RawMessage) (json.RawMessage, bool) {
	for _, name := range p.path[:len(p.path)-1] {
		var inner map[string]json.RawMessage
		if json.Unmarshal(members[name], &inner) != nil {
			return nil, false
		}
		members = inner
	}
	value, ok := members[p.path[len(p.path)-1]]
	return value, ok
}

// text reads a string that is not empty.
func text(to *string) func(json.RawMessage) bool {
	return func(value json.RawMessage) bool {
		return value[0] == '"' && json.Unmarshal(value, to) == nil && *to != ""
	}
}

func parseTime(value json.RawMessage, format string) (time.Time, bool) {
	if format == profile.FormatUnix || format == profile.FormatUnixms {
		n, err := strconv.ParseInt(string(value), 10, 64)
		switch {
		case err != nil:
			return time.Time{}, false
		case format == profile.FormatUnixms:
			return time.UnixMilli(n), true
		}
		return time.Unix(n, 0), true
	}
	var s string
	if json.Unmarshal(value, &s) != nil {
		return time.Time{}, false
	}
	at, err := time.Parse(time.RFC3339, s)
	return at, err == nil
}

// unwrap returns what is inside {"name": …}.
func unwrap(value json.RawMessage, name string) (json.RawMessage, bool) {
	if name == "" {
		return value, true
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(value, &members) != nil {
		return nil, false
	}
	inner, ok := members[name]
	return inner, ok
}
