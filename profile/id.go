package profile

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// Values of IDFormat.Style. All of them begin with the time in milliseconds,
// so that ids made later sort later, as text too.
const (
	StyleULIDLower = "ulid-lower" // 26 characters of Crockford's base 32
	StyleULIDUpper = "ulid-upper" // the same in upper case
	StyleUUID      = "uuid"       // version 7 (RFC 9562), 36 characters
)

// IDs holds the formats of the ids that receivers and merchants see.
type IDs struct {
	Event    IDFormat `json:"event"`
	Webhook  IDFormat `json:"webhook"`
	Delivery IDFormat `json:"delivery"`
}

// IDFormat says how an id looks.
type IDFormat struct {
	Prefix string `json:"prefix"`
	Style  string `json:"style"`
}

// New returns the id for a time and ten random bytes. It is a pure function of
// both. Within one millisecond, ids sort as the random bytes do, read as one
// big-endian number; a UUID has room for the lower 74 of their 80 bits. So a
// caller that counts the random bytes up keeps the order of its ids.
func (f IDFormat) New(at time.Time, random [10]byte) string {
	var room [64]byte
	dst := append(room[:0], f.Prefix...)
	ms := uint64(max(at.UnixMilli(), 0)) & (1<<48 - 1)
	switch f.Style {
	case StyleUUID:
		dst = appendUUID(dst, ms, random)
	case StyleULIDUpper:
		dst = appendULID(dst, ms, random, "0123456789ABCDEFGHJKMNPQRSTVWXYZ")
	default:
		dst = appendULID(dst, ms, random, "0123456789abcdefghjkmnpqrstvwxyz")
	}
	return string(dst)
}

// Time is when an id of the format was made, to the millisecond; false for an id of
// another format.
func (f IDFormat) Time(id string) (at time.Time, ok bool) {
	rest, ok := strings.CutPrefix(id, f.Prefix)
	ms := int64(0)
	if f.Style == StyleUUID {
		if !ok || len(rest) != 36 || rest[14] != '7' {
			return time.Time{}, false
		}
		high, err := strconv.ParseInt(rest[:8]+rest[9:13], 16, 64)
		if err != nil {
			return time.Time{}, false
		}
		ms = high
	} else {
		digits := "0123456789abcdefghjkmnpqrstvwxyz"
		if f.Style == StyleULIDUpper {
			digits = strings.ToUpper(digits)
		}
		if !ok || len(rest) != 26 {
			return time.Time{}, false
		}
		for _, c := range rest[:10] {
			digit := strings.IndexRune(digits, c)
			if digit < 0 {
				return time.Time{}, false
			}
			ms = ms<<5 | int64(digit)
		}
	}
	at = time.UnixMilli(ms).UTC()
	// Letters of the other case, and numbers that are too large, make another id.
	same := f.New(at, [10]byte{})
	return at, strings.HasPrefix(id, same[:len(f.Prefix)+10])
}

// appendULID writes 48 bits of time as ten digits and 80 random bits as 16.
func appendULID(dst []byte, ms uint64, random [10]byte, digits string) []byte {
	for shift := 45; shift >= 0; shift -= 5 {
		dst = append(dst, digits[ms>>shift&31])
	}
	for half := range 2 {
		var bits uint64
		for _, b := range random[5*half : 5*half+5] {
			bits = bits<<8 | uint64(b)
		}
		for shift := 35; shift >= 0; shift -= 5 {
			dst = append(dst, digits[bits>>shift&31])
		}
	}
	return dst
}

// appendUUID lays out version 7: 48 bits of time, the version, twelve bits,
// the variant, 62 bits.
func appendUUID(dst []byte, ms uint64, random [10]byte) []byte {
	high := uint64(random[0])<<8 | uint64(random[1])
	var low uint64
	for _, b := range random[2:] {
		low = low<<8 | uint64(b)
	}
	first := ms<<16 | 7<<12 | (high<<2|low>>62)&0xfff
	second := 1<<63 | low&(1<<62-1)

	var raw [16]byte
	for i := range 8 {
		raw[i] = byte(first >> (56 - 8*i))
		raw[8+i] = byte(second >> (56 - 8*i))
	}
	for i, group := range [][]byte{raw[:4], raw[4:6], raw[6:8], raw[8:10], raw[10:]} {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, group)
	}
	return dst
}

// SecretFormat says how new signing secrets look.
type SecretFormat struct {
	Prefix string `json:"prefix"`
	// Bytes is how many random bytes follow the prefix, in standard base64.
	Bytes int `json:"bytes"`
}

// New returns a fresh secret.
func (f SecretFormat) New() string {
	key := make([]byte, f.Bytes)
	rand.Read(key) // never fails: crypto/rand ends the program instead
	return f.Prefix + base64.StdEncoding.EncodeToString(key)
}
