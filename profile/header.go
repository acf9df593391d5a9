package profile

import (
	"strconv"
	"strings"
	"time"

	"github.com/billhook/billhook/sign"
)

// Header is one header of a delivery.
type Header struct{ Name, Value string }

// Headers returns the headers that sign a body: the profile's own, if it has
// one, made with the first secret, then the three of Standard Webhooks, made
// with all secrets. A platform's own header has room for one signature only,
// so while a secret rotates the order of secrets decides which one it is.
// at is the time of this attempt. There must be at least one secret.
func (p *Profile) Headers(secrets []string, eventID string, at time.Time, body []byte) []Header {
	headers := make([]Header, 0, 4)
	if p.Signature != nil {
		headers = append(headers, Header{p.Signature.Header, sign.Hex(secrets[0], body)})
	}
	return append(headers,
		Header{sign.HeaderID, eventID},
		Header{sign.HeaderTimestamp, strconv.FormatInt(at.Unix(), 10)},
		Header{sign.HeaderSignature, sign.Standard(secrets, eventID, at, body)},
	)
}

// reservedHeaders belong to HTTP or to the sender.
var reservedHeaders = map[string]bool{
	"accept-encoding": true, "authorization": true, "connection": true, "content-encoding": true,
	"content-length": true, "content-type": true, "cookie": true, "date": true, "expect": true,
	"host": true, "keep-alive": true, "te": true, "trailer": true, "transfer-encoding": true,
	"upgrade": true, "user-agent": true,
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
