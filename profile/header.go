package profile

import (
	"crypto/ed25519"
	"strconv"
	"strings"
	"time"

	"github.com/billhook/billhook/sign"
)

// Header is one header of a delivery.
type Header struct{ Name, Value string }

// Signers are what a delivery is signed with.
type Signers struct {
	// Own is the secret of the profile's own header, which has room for one
	// signature only: while a secret rotates someone has to choose.
	Own string
	// Shared are the secrets of Standard Webhooks, of which there is at least
	// one, and Keys the Ed25519 keys. Each is a signature.
	Shared []string
	Keys   []ed25519.PrivateKey
}

// SignedHeaders returns the headers that sign a body: the profile's own, if it
// has one, then the three of Standard Webhooks. at is the time of this attempt.
func (p *Profile) SignedHeaders(by Signers, eventID string, at time.Time, body []byte) []Header {
	headers := make([]Header, 0, 4)
	if p.Signature != nil {
		headers = append(headers, Header{p.Signature.Header, p.Signature.value(by.Own, eventID, at, body)})
	}
	signatures := sign.Standard(by.Shared, eventID, at, body)
	if len(by.Keys) > 0 {
		signatures += " " + sign.StandardEd25519(by.Keys, eventID, at, body)
	}
	return append(headers,
		Header{sign.HeaderID, eventID},
		Header{sign.HeaderTimestamp, strconv.FormatInt(at.Unix(), 10)},
		Header{sign.HeaderSignature, signatures},
	)
}

// Headers is SignedHeaders with secrets alone, of which the first signs the
// profile's own header. There must be at least one.
func (p *Profile) Headers(secrets []string, eventID string, at time.Time, body []byte) []Header {
	return p.SignedHeaders(Signers{Own: secrets[0], Shared: secrets}, eventID, at, body)
}

// OwnHeader is a header that a profile's deliveries have beside the signature: a value
// taken from the event, or the same text always.
type OwnHeader struct {
	Name string `json:"name"`
	// Value is what it holds: ValueEventID, ValueEventType or ValueAttemptTime.
	// Empty where Constant is set.
	Value    string `json:"value,omitempty"`
	Constant string `json:"constant,omitempty"`
}

// ValueAttemptTime is the time at which an attempt was signed, in unix seconds. It is a
// value of OwnHeader only: a body is the same on every attempt.
const ValueAttemptTime = "attempt.time"

// EventHeaders returns the profile's own headers, the signature's left out. They are
// in no signature, but for what Signature.Signs names. A batch, which has no one type,
// gives "" for it, and goes without that header.
func (p *Profile) EventHeaders(eventID, eventType string, at time.Time) []Header {
	if len(p.OwnHeaders) == 0 {
		return nil
	}
	headers := make([]Header, 0, len(p.OwnHeaders))
	for _, own := range p.OwnHeaders {
		value := own.Constant
		switch own.Value {
		case ValueEventID:
			value = eventID
		case ValueEventType:
			value = eventType
		case ValueAttemptTime:
			value = strconv.FormatInt(at.Unix(), 10)
		}
		if isVisible(value) {
			headers = append(headers, Header{own.Name, value})
		}
	}
	return headers
}

// checkOwnHeaders looks at the headers beside the signature.
func (p *Profile) checkOwnHeaders() error {
	seen := map[string]bool{}
	if p.Signature != nil {
		seen[strings.ToLower(p.Signature.Header)] = true
	}
	for i, h := range p.OwnHeaders {
		at := "/headers/" + strconv.Itoa(i)
		if err := under(at+"/name", checkHeader(h.Name)); err != nil {
			return err
		}
		switch {
		case seen[strings.ToLower(h.Name)]:
			return bad(at+"/name", "%q is there twice", h.Name)
		case (h.Value == "") == (h.Constant == ""):
			return bad(at, "must have either a value or a constant")
		case h.Value != "" && h.Value != ValueEventID && h.Value != ValueEventType && h.Value != ValueAttemptTime:
			return bad(at+"/value", "must be %q, %q or %q", ValueEventID, ValueEventType, ValueAttemptTime)
		case h.Constant != "" && !isVisible(h.Constant):
			return bad(at+"/constant", "must be 1 to 256 printable ASCII characters, without spaces at the ends")
		}
		seen[strings.ToLower(h.Name)] = true
	}
	return nil
}

// reservedHeaders belong to HTTP or to the sender.
var reservedHeaders = map[string]bool{
	"accept-encoding": true, "authorization": true, "connection": true, "content-encoding": true,
	"content-length": true, "content-type": true, "cookie": true, "date": true, "expect": true,
	"host": true, "keep-alive": true, "te": true, "trailer": true, "transfer-encoding": true,
	"traceparent": true, "tracestate": true, "upgrade": true, "user-agent": true,
}

// checkHeader says whether a profile may sign in a header of that name.
func checkHeader(name string) error {
	for i := range len(name) {
		if b := name[i]; !(isLetter(b) || isDigit(b) || b == '-' || b == '_') {
			return bad("", "header %q may hold letters, digits, hyphens and underscores only", name)
		}
	}
	lower := strings.ToLower(name)
	switch {
	case name == "" || len(name) > 64:
		return bad("", "must be a header name of 1 to 64 characters")
	case reservedHeaders[lower], strings.HasPrefix(lower, "webhook-"), strings.HasPrefix(lower, "proxy-"):
		return bad("", "header %q is reserved", name)
	}
	return nil
}

func isLetter(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }
