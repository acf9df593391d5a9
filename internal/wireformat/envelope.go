package wireformat

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/billhook/billhook/internal/recording"
	"github.com/billhook/billhook/profile"
	"github.com/billhook/billhook/sign"
)

// field is a member of a body, in the body's order.
type field struct {
	name  string
	value json.RawMessage
}

// Names that platforms give to the parts of an envelope, the likeliest first.
var usualNames = map[string][]string{
	profile.ValueEventID:   {"id", "event_id", "eventid", "webhook_id", "message_id", "uuid"},
	profile.ValueEventType: {"type", "event", "event_type", "eventtype", "topic", "event_name", "name", "action"},
	profile.ValueEventTime: {"timestamp", "created", "created_at", "createdat", "occurred_at", "occurredat", "time", "date", "sentat", "sent_at", "event_time"},
	profile.ValueEventData: {"data", "payload", "resource", "body", "content", "object", "attributes"},
}

// envelope finds what each member of the body holds.
func (l *learner) envelope() error {
	canonical, err := profile.Canonical(l.body, profile.Options{})
	if err != nil {
		return fmt.Errorf("the body is no JSON, and profiles send JSON alone: %w", err)
	}
	if d, differ := recording.Differ(l.body, canonical); differ {
		l.lack("The body is not in the form in which Billhook sends, which is that of JSON.stringify without white space: %s. Receivers that verify the bytes as they come do not mind.", d)
	}
	if canonical[0] != '{' {
		return errors.New("the body is no JSON object, and profiles send objects alone")
	}
	fields, err := fieldsOf(canonical)
	if err != nil {
		return err
	}
	roles, err := l.roles(fields)
	if err != nil {
		return err
	}
	if roles == nil {
		return l.bare(canonical)
	}
	l.id, l.kind = text(fields[roles[profile.ValueEventID]].value), text(fields[roles[profile.ValueEventType]].value)
	for i, f := range fields {
		l.draft.Envelope = append(l.draft.Envelope, l.member(f, i, roles))
	}
	l.note("The body has %s.", l.describe())
	l.example(fields[roles[profile.ValueEventData]].value)
	return nil
}

// roles says which member holds what; nil where the body has no envelope.
func (l *learner) roles(fields []field) (map[string]int, error) {
	roles, names := map[string]int{}, []string{}
	for _, f := range fields {
		names = append(names, f.name)
	}
	if err := l.named(fields, names, roles); err != nil {
		return nil, err
	}
	l.known(fields, roles)
	for _, value := range []string{profile.ValueEventID, profile.ValueEventType, profile.ValueEventData, profile.ValueEventTime} {
		if _, known := roles[value]; known {
			continue
		}
		for _, usual := range usualNames[value] {
			i := slices.IndexFunc(fields, func(f field) bool { return strings.EqualFold(f.name, usual) && fits(value, f.value) })
			if i >= 0 && !taken(roles, i) {
				roles[value] = i
				break
			}
		}
	}
	_, hasData := roles[profile.ValueEventData]
	_, hasType := roles[profile.ValueEventType]
	if l.typeHeader() != "" && (!hasData || !hasType) && len(l.Members) == 0 {
		return nil, nil
	}
	for _, value := range []string{profile.ValueEventType, profile.ValueEventID, profile.ValueEventData} {
		if _, ok := roles[value]; !ok {
			return nil, &Unclear{value, names}
		}
	}
	return roles, nil
}

// named takes over what was said of the members beforehand.
func (l *learner) named(fields []field, names []string, roles map[string]int) error {
	for _, value := range slices.Sorted(maps.Keys(l.Members)) {
		name := l.Members[value]
		i := slices.Index(names, name)
		switch {
		case usualNames[value] == nil:
			return fmt.Errorf("%q is nothing that a member can be named as: there are %s", value, strings.Join(slices.Sorted(maps.Keys(usualNames)), ", "))
		case i < 0:
			return &Unclear{value, names}
		case taken(roles, i):
			return fmt.Errorf("the member %q was named twice: a member holds one of %s", name, strings.Join(slices.Sorted(maps.Keys(usualNames)), ", "))
		case (value == profile.ValueEventID || value == profile.ValueEventType) && text(fields[i].value) == "":
			return fmt.Errorf("the member %q holds %s, and profiles write the %s as text that is not empty", name, short(fields[i].value), strings.ReplaceAll(value, ".", "'s "))
		}
		roles[value] = i
	}
	return nil
}

// short is a value for a message.
func short(value []byte) string {
	if len(value) > 60 {
		value = append(bytes.ToValidUTF8(value[:60], nil), "…"...)
	}
	return string(value)
}

// known takes for the id what a header has as such.
func (l *learner) known(fields []field, roles map[string]int) {
	if _, given := roles[profile.ValueEventID]; given {
		return
	}
	for _, id := range []string{l.Request.Get(sign.HeaderID), l.signed.id} {
		i := slices.IndexFunc(fields, func(f field) bool { return id != "" && text(f.value) == id })
		if i >= 0 && !taken(roles, i) {
			roles[profile.ValueEventID] = i
			return
		}
	}
}

func taken(roles map[string]int, i int) bool {
	for _, at := range roles {
		if at == i {
			return true
		}
	}
	return false
}

// fits says whether a value can be what a name promises.
func fits(role string, value json.RawMessage) bool {
	switch role {
	case profile.ValueEventData:
		return value[0] == '{' || value[0] == '['
	case profile.ValueEventTime:
		_, ok := timeFormat(value)
		return ok || value[0] == '"' && timeLike.Match(value)
	default:
		return text(value) != ""
	}
}

var timeLike = regexp.MustCompile(`^"\d{4}-\d\d-\d\d[T ]\d\d:\d\d`)

// member is what the profile says of a field.
func (l *learner) member(f field, i int, roles map[string]int) profile.Member {
	m := profile.Member{Name: f.name}
	for value, at := range roles {
		if at != i {
			continue
		}
		m.Value = value
		switch value {
		case profile.ValueEventTime:
			format, ok := timeFormat(f.value)
			if !ok {
				l.lack("The time in %q is %s; profiles write unix seconds or milliseconds, or RFC 3339 in UTC with Z, to the second or millisecond.", f.name, f.value)
				format = profile.FormatRFC3339
			}
			m.Format = format
		case profile.ValueEventData:
			m.Wrap = wrapOf(f.value)
		}
		return m
	}
	return l.other(m, f)
}

// other is a member that none of the four is.
func (l *learner) other(m profile.Member, f field) profile.Member {
	value := text(f.value)
	switch {
	case value != "" && value == l.id:
		m.Value = profile.ValueEventID
	case value != "" && value == l.kind:
		m.Value = profile.ValueEventType
	case value != "" && strings.HasPrefix(value, "req_") && strings.TrimPrefix(value, "req_") == strings.TrimPrefix(l.id, idPrefix.FindString(l.id)):
		m.Value = profile.ValueRequestID
	case strings.Contains(strings.ReplaceAll(strings.ToLower(f.name), "_", ""), "idempotencykey"):
		m.Value = profile.ValueIdempotencyKey
	case f.value[0] == '{' && len(f.value) > 2:
		inner, err := fieldsOf(f.value)
		if err != nil {
			m.Constant = f.value
			return m
		}
		for _, below := range inner {
			m.Members = append(m.Members, l.other(profile.Member{Name: below.name}, below))
		}
	default:
		m.Constant = f.value
		if unique(string(f.value)) {
			l.lack("The member %q holds %s, which looks as if each delivery had another. A profile has the event's id, type, time and data, the request's id and idempotency key, and what is always the same: name the member if it is one of the first four.", f.name, f.value)
		} else {
			l.assume("The member %q is always %s.", f.name, f.value)
		}
	}
	return m
}

// typeHeader is the header that names the event type where the body does not.
func (l *learner) typeHeader() string {
	for _, f := range l.Request.Fields {
		name := strings.ToLower(f.Name)
		if (strings.Contains(name, "topic") || strings.Contains(name, "event") || strings.HasSuffix(name, "-type") && name != "content-type") &&
			!strings.HasSuffix(name, "id") && f.Value != "" && !unique(f.Value) {
			return f.Name
		}
	}
	return ""
}

// bare is a body that is the event's data alone.
func (l *learner) bare(body []byte) error {
	name := l.typeHeader()
	l.kind = l.Request.Get(name)
	l.draft.Headers = append(l.draft.Headers, profile.OwnHeader{Name: name, Value: profile.ValueEventType})
	for _, f := range l.Request.Fields {
		lower := strings.ToLower(f.Name)
		if l.id == "" && (lower == sign.HeaderID || !onTheWay(lower) && unique(f.Value) && (strings.Contains(lower, "id") || strings.Contains(lower, "delivery"))) {
			l.id = f.Value
			l.note("%s holds the event's id.", f.Name)
		}
	}
	if l.id == "" {
		l.id = "evt_01jh9s1a0k0000000000000000"
		l.assume("No header holds the event's id; new ones are made as evt_ and 26 characters, and sent as %s.", sign.HeaderID)
	}
	l.draft.Envelope = []profile.Member{{Value: profile.ValueEventData}}
	l.note("The body is the event's data alone, and %s names the event type.", name)
	l.example(body)
	return nil
}

// example puts the recorded event into the catalogue, if it can be said what it is about.
func (l *learner) example(data json.RawMessage) {
	if wrap := wrapOf(data); wrap != "" {
		fields, _ := fieldsOf(data)
		data = fields[0].value
	}
	fields, err := fieldsOf(data)
	if err != nil {
		return
	}
	for _, want := range []func(field) bool{
		func(f field) bool { return f.name == "id" },
		func(f field) bool { return strings.HasSuffix(strings.ToLower(f.name), "id") },
		func(field) bool { return true },
	} {
		for _, f := range fields {
			if scalar := f.value[0] == '"' && len(f.value) > 2 || f.value[0] >= '0' && f.value[0] <= '9'; scalar && want(f) {
				entity, _, _ := strings.Cut(strings.ToLower(strings.NewReplacer("/", ".", "_", ".", "-", ".").Replace(l.kind)), ".")
				l.draft.EventTypes = []profile.EventType{{Name: l.kind, Description: "As recorded.", Entity: profile.Entity{Type: entity, ID: "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(f.name)}, Example: data}}
				return
			}
		}
	}
}

func (l *learner) describe() string {
	var parts []string
	for _, m := range l.draft.Envelope {
		switch {
		case m.Value != "":
			part := m.Name + " (" + strings.ReplaceAll(m.Value, ".", "'s ")
			if m.Format != "" {
				part += ", " + m.Format
			}
			if m.Wrap != "" {
				part += ", within " + m.Wrap
			}
			parts = append(parts, part+")")
		case len(m.Members) > 0:
			parts = append(parts, m.Name+" (an object)")
		default:
			parts = append(parts, m.Name+" (always the same)")
		}
	}
	return strings.Join(parts, ", ")
}

// wrapOf is the one member that data is put into, if its name says so.
func wrapOf(data json.RawMessage) string {
	fields, err := fieldsOf(data)
	if err == nil && len(fields) == 1 && fields[0].value[0] == '{' && slices.Contains([]string{"object", "resource", "attributes"}, fields[0].name) {
		return fields[0].name
	}
	return ""
}

var (
	secondsForm = regexp.MustCompile(`^"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"$`)
	millisForm  = regexp.MustCompile(`^"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"$`)
	unixForm    = regexp.MustCompile(`^[1-9]\d{8,10}$`)
	unixmsForm  = regexp.MustCompile(`^[1-9]\d{11,13}$`)
)

func timeFormat(value json.RawMessage) (string, bool) {
	for _, form := range []struct {
		pattern *regexp.Regexp
		format  string
	}{{unixForm, profile.FormatUnix}, {unixmsForm, profile.FormatUnixms}, {secondsForm, profile.FormatRFC3339}, {millisForm, profile.FormatRFC3339ms}} {
		if form.pattern.Match(value) {
			return form.format, true
		}
	}
	return "", false
}

// text is a JSON string's, or "".
func text(value json.RawMessage) (s string) {
	if len(value) == 0 || value[0] != '"' || json.Unmarshal(value, &s) != nil {
		return ""
	}
	return s
}

// fieldsOf takes an object apart, in its order.
func fieldsOf(object []byte) ([]field, error) {
	if len(object) == 0 || object[0] != '{' {
		return nil, errors.New("no object")
	}
	d := json.NewDecoder(bytes.NewReader(object))
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	var fields []field
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		fields = append(fields, field{name.(string), value})
	}
	return fields, nil
}
