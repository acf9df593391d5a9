package sign

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// DefaultTolerance is how far a webhook-timestamp may lie from the receiver's
// clock, either way, where the receiver does not say: five minutes, as in the
// Standard Webhooks reference libraries.
const DefaultTolerance = 5 * time.Minute

// Reasons for which a signature is refused. Errors of this package wrap
// exactly one of them; the text adds which header it is about, and never the
// signature that would have been right.
var (
	ErrMissing   = errors.New("signature header missing")
	ErrMalformed = errors.New("signature header malformed")
	ErrStale     = errors.New("webhook-timestamp too old")
	ErrFuture    = errors.New("webhook-timestamp in the future")
	ErrMismatch  = errors.New("signature does not match")
)

// lastSecond is the end of the year 9999. Later timestamps are malformed, and
// without them no arithmetic below can overflow.
const lastSecond = 253402300799

// maxSignatures bounds the work that a header full of signatures can cause.
const maxSignatures = 32

// VerifyHex checks a hex HMAC-SHA256 of body against the secrets, in constant
// time, and returns nil when one of them made it. Upper-case hex is accepted,
// as Buffer.from(signature, "hex") does in the platforms' documents. Errors
// wrap ErrMissing, ErrMalformed or ErrMismatch. This scheme signs no time, so
// it cannot tell a replay: prefer VerifyStandard where both are at hand.
func VerifyHex(secrets []string, body []byte, signature string) error {
	if signature == "" {
		return ErrMissing
	}
	if len(signature) != 2*sha256.Size {
		return fmt.Errorf("%w: want %d hex digits", ErrMalformed, 2*sha256.Size)
	}
	given, err := hex.DecodeString(signature)
	if err != nil {
		return fmt.Errorf("%w: not hex", ErrMalformed)
	}
	for _, secret := range secrets {
		want := hexMAC(secret, body)
		if hmac.Equal(given, want[:]) {
			return nil
		}
	}
	return ErrMismatch
}

// VerifyStandard checks the three Standard Webhooks headers of a request
// against the secrets, in constant time, and returns nil when one of the
// header's v1 signatures was made with one of them. Signatures of other
// versions are passed over. The timestamp may lie tolerance before or after
// now; a tolerance of zero or less means DefaultTolerance. Errors wrap
// ErrMissing, ErrMalformed, ErrStale, ErrFuture or ErrMismatch.
func VerifyStandard(secrets []string, header http.Header, body []byte, now time.Time, tolerance time.Duration) error {
	id, stamp, list := header.Get(HeaderID), header.Get(HeaderTimestamp), header.Get(HeaderSignature)
	switch {
	case id == "":
		return fmt.Errorf("%w: %s", ErrMissing, HeaderID)
	case stamp == "":
		return fmt.Errorf("%w: %s", ErrMissing, HeaderTimestamp)
	case list == "":
		return fmt.Errorf("%w: %s", ErrMissing, HeaderSignature)
	}
	at, err := parseTimestamp(stamp)
	if err != nil {
		return err
	}
	given, err := parseSignatures(list)
	if err != nil {
		return err
	}
	if tolerance <= 0 {
		tolerance = DefaultTolerance
	}
	if at.Before(now.Add(-tolerance)) {
		return ErrStale
	}
	if at.After(now.Add(tolerance)) {
		return ErrFuture
	}

	head := []byte(id + "." + stamp + ".")
	for _, secret := range secrets {
		want := standardMAC(secret, head, body)
		for i := range given {
			if hmac.Equal(given[i][:], want[:]) {
				return nil
			}
		}
	}
	return ErrMismatch
}

// parseTimestamp reads unix seconds: decimal digits and nothing else.
func parseTimestamp(s string) (time.Time, error) {
	seconds, err := strconv.ParseUint(s, 10, 63)
	if err != nil || seconds > lastSecond {
		return time.Time{}, fmt.Errorf("%w: %s is not in unix seconds", ErrMalformed, HeaderTimestamp)
	}
	return time.Unix(int64(seconds), 0), nil
}

// parseSignatures reads the v1 entries of a webhook-signature header. A header
// with none is malformed; one broken entry does not spoil the others.
func parseSignatures(list string) ([][sha256.Size]byte, error) {
	var given [][sha256.Size]byte
	for entry := range strings.SplitSeq(list, " ") {
		text, ok := strings.CutPrefix(entry, version)
		if !ok {
			continue
		}
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(raw) != sha256.Size {
			continue
		}
		if len(given) == maxSignatures {
			return nil, fmt.Errorf("%w: %s holds more than %d signatures", ErrMalformed, HeaderSignature, maxSignatures)
		}
		given = append(given, [sha256.Size]byte(raw))
	}
	if len(given) == 0 {
		return nil, fmt.Errorf("%w: %s holds no v1 signature", ErrMalformed, HeaderSignature)
	}
	return given, nil
}
