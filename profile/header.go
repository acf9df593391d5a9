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
		headers = append(headers, Header{p.Signature.Header, sign.Hex(by.Own, body)})
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
