package sign

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/subtle"
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

// maxSignatures and maxEd25519 bound the work that a header full of signatures
// can cause. Ed25519 costs some fifty times as much.
const (
	maxSignatures = 32
	maxEd25519    = 8
)

// VerifyHex checks a hex HMAC-SHA256 of body against the secrets, in constant
// time, and returns nil when one of them made it. Upper-case hex is accepted,
// as Buffer.from(signature, "hex") does in the platforms' documents. Errors
// wrap ErrMissing, ErrMalformed or ErrMismatch. This scheme signs no time, so
// it cannot tell a replay: prefer VerifyStandard where both are at hand.
//
// Every secret is tried, whichever matches. Empty secrets and public keys
// match nothing, since anyone could sign with them.
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
	matched := 0
	for _, secret := range secrets {
		if secret == "" || strings.HasPrefix(secret, PublicKeyPrefix) {
			continue
		}
		want := hexMAC(secret, body)
		matched |= subtle.ConstantTimeCompare(given, want[:])
	}
	if matched == 0 {
		return ErrMismatch
	}
	return nil
}

// VerifyStandard checks the three Standard Webhooks headers of a request
// against the secrets, in constant time, and returns nil when one of the
// header's signatures was made with one of them: a v1 signature with a shared
// secret, or a v1a signature with the private key of a public key (whpk_…).
// Signatures of other versions are passed over. The timestamp may lie
// tolerance before or after now; a tolerance of zero or less means
// DefaultTolerance. Errors wrap ErrMissing, ErrMalformed, ErrStale, ErrFuture
// or ErrMismatch.
//
// Every secret is tried with every signature, whichever match. Empty secrets
// match nothing, and public keys no v1 signature: anyone could make it.
func VerifyStandard(secrets []string, header http.Header, body []byte, now time.Time, tolerance time.Duration) error {
	var values [3]string
	for i, name := range [...]string{HeaderID, HeaderTimestamp, HeaderSignature} {
		switch sent := header.Values(name); {
		case len(sent) > 1: // which one did the programs on the way look at?
			return fmt.Errorf("%w: %s is there twice", ErrMalformed, name)
		case len(sent) == 0 || sent[0] == "":
			return fmt.Errorf("%w: %s", ErrMissing, name)
		default:
			values[i] = sent[0] // #nosec G602 -- there are three of both
		}
	}
	id, stamp := values[0], values[1]
	at, err := parseTimestamp(stamp)
	if err != nil {
		return err
	}
	given, err := parseSignatures(values[2])
	if err != nil {
		return err
	}
	if err := checkTime(at, now, tolerance); err != nil {
		return err
	}

	head := []byte(id + "." + stamp + ".")
	matched := 0
	for _, secret := range secrets {
		switch {
		case secret == "":
		case strings.HasPrefix(secret, PublicKeyPrefix):
			if key, err := ParsePublicKey(secret); err == nil && verifyEd25519(key, head, body, given.ed25519) {
				matched = 1
			}
		default:
			want := standardMAC(secret, head, body)
			for i := range given.macs {
				matched |= subtle.ConstantTimeCompare(given.macs[i][:], want[:])
			}
		}
	}
	if matched == 0 {
		return ErrMismatch
	}
	return nil
}

// checkTime says whether a signature is of now, give or take the tolerance.
func checkTime(at, now time.Time, tolerance time.Duration) error {
	if tolerance <= 0 {
		tolerance = DefaultTolerance
	}
	switch {
	case at.Before(now.Add(-tolerance)):
		return fmt.Errorf("%w: by %s, where %s is let through", ErrStale, now.Sub(at), tolerance)
	case at.After(now.Add(tolerance)):
		return fmt.Errorf("%w: by %s, where %s is let through", ErrFuture, at.Sub(now), tolerance)
	}
	return nil
}

// parseTimestamp reads unix seconds: decimal digits and nothing else.
func parseTimestamp(s string) (time.Time, error) {
	seconds, err := strconv.ParseUint(s, 10, 63)
	if err != nil || seconds > lastSecond {
		return time.Time{}, fmt.Errorf("%w: %s is not in unix seconds", ErrMalformed, HeaderTimestamp)
	}
	return time.Unix(int64(seconds), 0), nil
}

// signatures are what a webhook-signature header holds, decoded.
type signatures struct {
	macs    [][sha256.Size]byte           // v1
	ed25519 [][ed25519.SignatureSize]byte // v1a
}

// parseSignatures reads the entries of a webhook-signature header. A header
// with none of a known version is malformed; one broken entry does not spoil
// the others.
func parseSignatures(list string) (given signatures, err error) {
	for entry := range strings.SplitSeq(list, " ") {
		version, text, _ := strings.Cut(entry, ",")
		version += ","
		if version != versionHMAC && version != versionEd25519 {
			continue
		}
		raw, err := base64.StdEncoding.Strict().DecodeString(text)
		switch {
		case err != nil:
		case version == versionHMAC && len(raw) == sha256.Size:
			given.macs = append(given.macs, [sha256.Size]byte(raw))
		case version == versionEd25519 && len(raw) == ed25519.SignatureSize:
			given.ed25519 = append(given.ed25519, [ed25519.SignatureSize]byte(raw))
		}
		if len(given.macs) > maxSignatures || len(given.ed25519) > maxEd25519 {
			return signatures{}, fmt.Errorf("%w: %s holds more than %d v1 or %d v1a signatures", ErrMalformed, HeaderSignature, maxSignatures, maxEd25519)
		}
	}
	if len(given.macs)+len(given.ed25519) == 0 {
		return signatures{}, fmt.Errorf("%w: %s holds no v1 and no v1a signature", ErrMalformed, HeaderSignature)
	}
	return given, nil
}
