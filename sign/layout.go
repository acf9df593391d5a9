package sign

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Places in the texts of a Layout.
const (
	PlaceSignature = "{signature}" // Layout.Value: the signature, encoded
	PlaceTimestamp = "{timestamp}" // both: when this attempt was signed, unix seconds
	PlaceID        = "{id}"        // Layout.Signs: the event's id
	PlaceBody      = "{body}"      // Layout.Signs: the body's bytes
)

// Values of Layout.Encoding.
const (
	EncodingHex      = "hex"
	EncodingUpperHex = "upper-hex"
	EncodingBase64   = "base64"
)

// Values of Layout.Key.
const (
	KeyText   = "text"   // the bytes of the whole secret
	KeyBase64 = "base64" // what it says in base64 behind whsec_, as in Standard Webhooks
)

// A Layout is how a platform signs in a header of its own, with HMAC-SHA256: over what,
// by which key, and what the header says. {Encoding: "hex"} is Hex.
type Layout struct {
	Encoding string
	// Value is the header's value: PlaceSignature once, PlaceTimestamp where the
	// header tells the time, and text around them. Default: "{signature}".
	Value string
	// Signs is what is signed: PlaceBody once, PlaceTimestamp and PlaceID, and text
	// around them. Default: "{body}".
	Signs string
	// Key is what of the secret is the key. Default: "text".
	Key string
}

// Reasons for which Layout.Check refuses one. Each names the member it is about.
var (
	ErrLayoutEncoding = errors.New(`must be "hex", "upper-hex" or "base64"`)
	ErrLayoutValue    = errors.New("must be printable ASCII of at most 128 characters, with {signature} once, {timestamp} once at most, and something between them")
	ErrLayoutSigns    = errors.New("must be printable ASCII of at most 128 characters, with {body} once, and {timestamp} and {id} once at most")
	ErrLayoutKey      = errors.New(`must be "text" or "base64"`)
)

// Check says which member will not do, if one does not.
func (l Layout) Check() (member string, err error) {
	switch l.Encoding {
	case EncodingHex, EncodingUpperHex, EncodingBase64:
	default:
		return "encoding", ErrLayoutEncoding
	}
	if l.Value != "" && (!places(l.Value, PlaceSignature, PlaceTimestamp) || strings.Contains(l.Value, "}{")) {
		return "value", ErrLayoutValue
	}
	if l.Signs != "" && !places(l.Signs, PlaceBody, PlaceTimestamp, PlaceID) {
		return "signs", ErrLayoutSigns
	}
	if l.Key != "" && l.Key != KeyText && l.Key != KeyBase64 {
		return "key", ErrLayoutKey
	}
	return "", nil
}

// places says whether a text has the first place once, the others once at most, and
// no other brace.
func places(text string, must string, may ...string) bool {
	if len(text) > 128 || strings.TrimSpace(text) != text || strings.Count(text, must) != 1 {
		return false
	}
	text = strings.Replace(text, must, "", 1)
	for _, place := range may {
		text = strings.Replace(text, place, "", 1)
	}
	for i := range len(text) {
		if b := text[i]; b < ' ' || b > '~' || b == '{' || b == '}' {
			return false
		}
	}
	return true
}

// SignsTime says whether a signature is of its time, so that an old one is refused.
func (l Layout) SignsTime() bool { return strings.Contains(l.Signs, PlaceTimestamp) }

// SignsID says whether the event's id is signed beside the body.
func (l Layout) SignsID() bool { return strings.Contains(l.Signs, PlaceID) }

// TellsTime says whether the header itself holds the timestamp.
func (l Layout) TellsTime() bool { return strings.Contains(l.Value, PlaceTimestamp) }

// Sign returns the header's value.
func (l Layout) Sign(secret, id string, at time.Time, body []byte) string {
	stamp := strconv.FormatInt(at.Unix(), 10)
	sum := l.mac(secret, id, stamp, body)
	if l.Value == "" {
		return l.encode(sum)
	}
	return strings.NewReplacer(PlaceSignature, l.encode(sum), PlaceTimestamp, stamp).Replace(l.Value)
}

// mac is the HMAC of what Signs says.
func (l Layout) mac(secret, id, stamp string, body []byte) (sum [sha256.Size]byte) {
	if l.Signs == "" && l.Key != KeyBase64 {
		return hexMAC(secret, body)
	}
	key := []byte(secret)
	if l.Key == KeyBase64 {
		key = appendStandardKey(nil, secret)
	}
	before, after, _ := strings.Cut(l.Signs, PlaceBody)
	fill := strings.NewReplacer(PlaceTimestamp, stamp, PlaceID, id)
	h := hmac.New(sha256.New, key)
	h.Write([]byte(fill.Replace(before)))
	h.Write(body)
	h.Write([]byte(fill.Replace(after)))
	h.Sum(sum[:0])
	return sum
}

func (l Layout) encode(sum [sha256.Size]byte) string {
	switch l.Encoding {
	case EncodingBase64:
		return base64.StdEncoding.EncodeToString(sum[:])
	case EncodingUpperHex:
		return strings.ToUpper(hex.EncodeToString(sum[:]))
	default:
		return hex.EncodeToString(sum[:])
	}
}

// A Signed is what a request says of its signature, for Layout.Verify.
type Signed struct {
	Value string // of the header
	ID    string // the event's, where it is signed
	Stamp string // the timestamp's header, where Value does not tell it
}

// Verify checks a request against the secrets, in constant time, and returns when it
// was signed: zero where that is not signed. Hex may be in either case. The timestamp
// may lie tolerance before or after now, as in VerifyStandard. Errors wrap ErrMissing,
// ErrMalformed, ErrStale, ErrFuture or ErrMismatch.
//
// Every secret is tried, whichever matches. Empty secrets and public keys match
// nothing, since anyone could sign with them.
func (l Layout) Verify(secrets []string, by Signed, body []byte, now time.Time, tolerance time.Duration) (at time.Time, err error) {
	if by.Value == "" {
		return time.Time{}, ErrMissing
	}
	given, told, err := l.read(by.Value)
	if err != nil {
		return time.Time{}, err
	}
	if told != "" {
		by.Stamp = told
	}
	if l.SignsTime() {
		if by.Stamp == "" {
			return time.Time{}, fmt.Errorf("%w: the timestamp's", ErrMissing)
		}
		if at, err = parseTimestamp(by.Stamp); err != nil {
			return time.Time{}, fmt.Errorf("%w: the timestamp is not in unix seconds", ErrMalformed)
		}
		if err := checkTime(at, now, tolerance); err != nil {
			return time.Time{}, err
		}
	}
	if l.SignsID() && by.ID == "" {
		return time.Time{}, fmt.Errorf("%w: the id's", ErrMissing)
	}
	matched := 0
	for _, secret := range secrets {
		if secret == "" || strings.HasPrefix(secret, PublicKeyPrefix) {
			continue
		}
		want := l.mac(secret, by.ID, by.Stamp, body)
		matched |= subtle.ConstantTimeCompare(given, want[:])
	}
	if matched == 0 {
		return time.Time{}, ErrMismatch
	}
	return at, nil
}

// read takes a header's value apart: the 32 bytes, and the timestamp if it tells one.
func (l Layout) read(value string) (sum []byte, stamp string, err error) {
	text, pattern := value, l.Value
	if pattern == "" {
		pattern = PlaceSignature
	}
	var signature string
	for pattern != "" {
		place, rest := "", ""
		if pattern[0] == '{' {
			place, rest, _ = strings.Cut(pattern, "}")
			next, _, _ := strings.Cut(rest, "{") // never empty but at the end
			end := len(text)
			if next != "" {
				if end = strings.Index(text, next); end < 0 {
					return nil, "", l.malformed()
				}
			}
			if place+"}" == PlaceSignature {
				signature = text[:end]
			} else {
				stamp = text[:end]
			}
			text, pattern = text[end:], rest
			continue
		}
		literal := pattern
		if i := strings.IndexByte(pattern, '{'); i >= 0 {
			literal = pattern[:i]
		}
		var ok bool
		if text, ok = strings.CutPrefix(text, literal); !ok {
			return nil, "", l.malformed()
		}
		pattern = pattern[len(literal):]
	}
	if text != "" {
		return nil, "", l.malformed()
	}
	if l.Encoding == EncodingBase64 {
		sum, err = base64.StdEncoding.Strict().DecodeString(signature)
	} else {
		sum, err = hex.DecodeString(signature)
	}
	if err != nil || len(sum) != sha256.Size || strings.ContainsAny(signature, "\r\n") {
		return nil, "", l.malformed()
	}
	return sum, stamp, nil
}

func (l Layout) malformed() error {
	form := l.Value
	if form == "" {
		form = PlaceSignature
	}
	return fmt.Errorf("%w: want %s, with 32 bytes in %s", ErrMalformed, form, l.Encoding)
}
