package profile

import (
	"errors"
	"strconv"
	"time"
)

// maxTimeout bounds Profile.Timeout.
const maxTimeout = 5 * time.Minute

// check looks at everything but the event types.
func (p *Profile) check() error {
	switch {
	case !isName(p.Name):
		return bad("/name", "must be 1 to 64 lower-case letters, digits and hyphens, the first a letter")
	case p.Title == "":
		return bad("/title", "must not be empty")
	case p.Secret.Bytes < 16 || p.Secret.Bytes > 128:
		return bad("/secret/bytes", "must be from 16 to 128")
	case !isToken(p.Secret.Prefix, 32):
		return bad("/secret/prefix", "may hold at most 32 letters, digits, hyphens and underscores")
	case !isVisible(p.UserAgent):
		return bad("/userAgent", "must be 1 to 256 printable ASCII characters, without spaces at the ends")
	case p.Catalogue != Closed && p.Catalogue != Open:
		return bad("/catalogue", "must be %q or %q", Closed, Open)
	case p.Timeout < 100*time.Millisecond || p.Timeout > maxTimeout:
		return bad("/timeout", "must be from 100 to %d (ms)", maxTimeout.Milliseconds())
	case p.Success != "2xx":
		return bad("/success", `must be "2xx"`)
	case p.Catalogue == Closed && len(p.EventTypes) == 0:
		return bad("/eventTypes", "must not be empty where the catalogue is closed")
	}
	if p.Signature != nil {
		if err := under("/signature", p.Signature.check()); err != nil {
			return err
		}
	}
	if err := p.checkOwnHeaders(); err != nil {
		return err
	}
	for _, id := range []struct {
		pointer string
		format  IDFormat
	}{
		{"/ids/event", p.IDs.Event}, {"/ids/webhook", p.IDs.Webhook}, {"/ids/delivery", p.IDs.Delivery},
	} {
		if err := under(id.pointer, id.format.check()); err != nil {
			return err
		}
	}
	if err := under("/retryPolicy", p.RetryPolicy.Check()); err != nil {
		return err
	}
	if p.bare() {
		if p.headerOf(ValueEventType, "") == "" {
			return bad("/headers", "has none with the value %q, and neither has the body", ValueEventType)
		}
		return nil
	}
	return checkEnvelope(p.Envelope)
}

// bare says whether the body is the event's data alone: an envelope of one member
// without a name.
func (p *Profile) bare() bool {
	return len(p.Envelope) == 1 && p.Envelope[0].Value == ValueEventData && p.Envelope[0].Name == "" &&
		p.Envelope[0].Format == "" && p.Envelope[0].Wrap == "" && p.Envelope[0].Constant == nil && len(p.Envelope[0].Members) == 0
}

// under puts the error's place under pointer.
func under(pointer string, err error) error {
	var member *MemberError
	if errors.As(err, &member) {
		return bad(pointer+member.Pointer, "%s", member.Message)
	}
	return err
}

func (f IDFormat) check() error {
	if !isToken(f.Prefix, 32) {
		return bad("/prefix", "may hold at most 32 letters, digits, hyphens and underscores")
	}
	switch f.Style {
	case StyleULIDLower, StyleULIDUpper, StyleUUID:
		return nil
	}
	return bad("/style", "must be %q, %q or %q", StyleULIDLower, StyleULIDUpper, StyleUUID)
}

// checkEnvelope wants the id, the type and the data of the event in it.
func checkEnvelope(members []Member) error {
	seen := map[string]bool{}
	if err := checkEnvelopeMembers(members, "/envelope", seen); err != nil {
		return err
	}
	for _, value := range []string{ValueEventID, ValueEventType, ValueEventData} {
		if !seen[value] {
			return bad("/envelope", "has no member with the value %q", value)
		}
	}
	return nil
}

// checkEnvelopeMembers also refuses names that ECMAScript would move or merge
// when it prints the body again. It notes the values in seen.
func checkEnvelopeMembers(members []Member, pointer string, seen map[string]bool) error {
	names := map[string]bool{}
	for i, m := range members {
		at := pointer + "/" + strconv.Itoa(i)
		switch {
		case m.Name == "":
			return bad(at+"/name", "must not be empty")
		case names[m.Name]:
			return bad(at+"/name", "%q is there twice", m.Name)
		case arrayIndex([]byte(m.Name)) != notIndex:
			return bad(at+"/name", "%q is an array index, which JavaScript moves to the front", m.Name)
		case !oneOf(m.Value != "", len(m.Members) > 0, m.Constant != nil):
			return bad(at, "must have either a value, members or a constant")
		case m.Format != "" && m.Value != ValueEventTime:
			return bad(at+"/format", "is for %q only", ValueEventTime)
		case m.Wrap != "" && m.Value != ValueEventData:
			return bad(at+"/wrap", "is for %q only", ValueEventData)
		case m.Value == ValueEventData && seen[ValueEventData]:
			return bad(at+"/value", "%q is there twice", ValueEventData)
		}
		names[m.Name] = true
		seen[m.Value] = true
		if err := checkValue(m, at); err != nil {
			return err
		}
		if err := checkEnvelopeMembers(m.Members, at+"/members", seen); err != nil {
			return err
		}
	}
	return nil
}

// oneOf says whether exactly one holds.
func oneOf(conditions ...bool) bool {
	held := 0
	for _, c := range conditions {
		if c {
			held++
		}
	}
	return held == 1
}

func checkValue(m Member, at string) error {
	switch m.Value {
	case "", ValueEventID, ValueEventType, ValueEventData, ValueRequestID, ValueIdempotencyKey:
		return nil
	case ValueEventTime:
		switch m.Format {
		case FormatUnix, FormatUnixms, FormatRFC3339, FormatRFC3339ms:
			return nil
		}
		return bad(at+"/format", "must be %q, %q, %q or %q", FormatUnix, FormatUnixms, FormatRFC3339, FormatRFC3339ms)
	}
	return bad(at+"/value", "%q is unknown", m.Value)
}

// addType checks the catalogue's i-th entry and puts it in the index.
func (p *Profile) addType(i int) error {
	t, at := p.EventTypes[i], "/eventTypes/"+strconv.Itoa(i)
	_, twice := p.types[t.Name]
	switch {
	case t.Name == "*" || !isVisible(t.Name):
		return bad(at+"/name", `must be 1 to 256 printable ASCII characters, and not "*"`)
	case twice:
		return bad(at+"/name", "%q is there twice", t.Name)
	case t.Description == "":
		return bad(at+"/description", "must not be empty")
	case t.Entity.Type == "":
		return bad(at+"/entity/type", "must not be empty")
	case t.Example[0] != '{':
		return bad(at+"/example", "must be an object")
	}
	p.types[t.Name] = i
	if _, _, ok := p.EntityOf(t.Name, t.Example); !ok {
		return bad(at+"/entity/id", "points at no string or number in the example")
	}
	return nil
}

// isName says whether s can name a profile.
func isName(s string) bool {
	for i := range len(s) {
		if b := s[i]; !('a' <= b && b <= 'z' || i > 0 && (isDigit(b) || b == '-')) {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

// isToken says whether s, which may be empty, goes into ids and secrets.
func isToken(s string, longest int) bool {
	for i := range len(s) {
		if b := s[i]; !(isLetter(b) || isDigit(b) || b == '-' || b == '_') {
			return false
		}
	}
	return len(s) <= longest
}

// isVisible says whether s can be a header's value, and is not empty.
func isVisible(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return s != "" && len(s) <= 256 && s[0] != ' ' && s[len(s)-1] != ' '
}
