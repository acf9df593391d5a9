package profile

import (
	"strings"
	"time"

	"github.com/billhook/billhook/sign"
)

// Signature is a platform's own signature header: HMAC-SHA256, by default of the body
// with the whole secret. The texts are those of sign.Layout.
type Signature struct {
	Header   string `json:"header"`   // spelled as in the platform's document
	Encoding string `json:"encoding"` // "hex", "upper-hex" or "base64"
	// Value is the header's value, such as "sha256={signature}" or
	// "t={timestamp},v1={signature}". Default: "{signature}".
	Value string `json:"value,omitempty"`
	// Signs is what is signed, such as "{timestamp}.{body}". Default: "{body}".
	Signs string `json:"signs,omitempty"`
	// Key is what of the secret is the key: "text", all of it, or "base64", the bytes
	// that stand behind whsec_ in base64. Default: "text".
	Key string `json:"key,omitempty"`
}

// Layout returns how the header signs.
func (s *Signature) Layout() sign.Layout {
	return sign.Layout{Encoding: s.Encoding, Value: s.Value, Signs: s.Signs, Key: s.Key}
}

// IsPlain says whether the header holds the lower-case hex HMAC-SHA256 of the body with
// the whole secret, and nothing else, as in the five platforms' documents.
func (s *Signature) IsPlain() bool {
	return s.Encoding == sign.EncodingHex && (s.Value == "" || s.Value == sign.PlaceSignature) &&
		(s.Signs == "" || s.Signs == sign.PlaceBody) && (s.Key == "" || s.Key == sign.KeyText)
}

// value is what the header says.
func (s *Signature) value(secret, id string, at time.Time, body []byte) string {
	if s.IsPlain() {
		return sign.Hex(secret, body)
	}
	return s.Layout().Sign(secret, id, at, body)
}

// Verify checks the profile's own header of a request, as sign.VerifyHex does where the
// signature is plain and sign.Layout.Verify where it is not. value gives a header of the
// request by its name, or "".
func (p *Profile) Verify(secrets []string, value func(name string) string, body []byte, now time.Time, tolerance time.Duration) (time.Time, error) {
	s := p.Signature
	if s.IsPlain() {
		return time.Time{}, sign.VerifyHex(secrets, body, value(s.Header))
	}
	l := s.Layout()
	by := sign.Signed{Value: value(s.Header)}
	if l.SignsID() {
		by.ID = value(p.headerOf(ValueEventID, sign.HeaderID))
	}
	if l.SignsTime() && !l.TellsTime() {
		by.Stamp = value(p.headerOf(ValueAttemptTime, sign.HeaderTimestamp))
	}
	return l.Verify(secrets, by, body, now, tolerance)
}

// headerOf is the name of the profile's own header with a value, or, where it has none,
// of the one that every delivery has.
func (p *Profile) headerOf(value, otherwise string) string {
	for _, h := range p.OwnHeaders {
		if h.Value == value {
			return h.Name
		}
	}
	return otherwise
}

// TimestampHeader is the header that holds when a delivery was signed, in unix seconds,
// and IDHeader the one with the event's id: the profile's own where it has one.
func (p *Profile) TimestampHeader() string { return p.headerOf(ValueAttemptTime, sign.HeaderTimestamp) }

// IDHeader: see TimestampHeader.
func (p *Profile) IDHeader() string { return p.headerOf(ValueEventID, sign.HeaderID) }

// HasHeader says whether a header of that name is the profile's to set, in any case.
func (p *Profile) HasHeader(name string) bool {
	if p.Signature != nil && strings.EqualFold(name, p.Signature.Header) {
		return true
	}
	for _, h := range p.OwnHeaders {
		if strings.EqualFold(name, h.Name) {
			return true
		}
	}
	return false
}

// under /signature: what of it will not do.
func (s *Signature) check() error {
	if err := under("/header", checkHeader(s.Header)); err != nil {
		return err
	}
	if member, err := s.Layout().Check(); err != nil {
		return bad("/"+member, "%s", err)
	}
	return nil
}
