// Package sign signs and verifies webhook bodies: the lower-case hex
// HMAC-SHA256 that commerce platforms put in a header of their own, and the
// three headers of Standard Webhooks (standardwebhooks.com), with HMAC-SHA256
// or Ed25519.
//
// It knows secrets, bytes and times. It must not know stores, profiles,
// deliveries or HTTP clients, and imports nothing of Billhook, so that a
// receiver can link it alone.
package sign

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"time"
)

// Headers of Standard Webhooks, as that specification spells them. Header
// names are case-insensitive on the wire.
const (
	HeaderID        = "webhook-id"        // the event's id, the same on every attempt
	HeaderTimestamp = "webhook-timestamp" // when this attempt was signed, unix seconds
	HeaderSignature = "webhook-signature" // space separated list of "v1," or "v1a," + base64
)

// versionHMAC is the symmetric scheme of Standard Webhooks, HMAC-SHA256.
const versionHMAC = "v1,"

// Hex returns the lower-case hex HMAC-SHA256 of body. The key is the whole
// secret as it was handed to the receiver, a whsec_ prefix included: that is
// what crypto.createHmac("sha256", secret) does in the platforms' documents.
func Hex(secret string, body []byte) string {
	sum := hexMAC(secret, body)
	var text [2 * sha256.Size]byte
	hex.Encode(text[:], sum[:])
	return string(text[:])
}

// Standard returns the value of the webhook-signature header for an event
// id, the time of signing (unix seconds are signed, fractions dropped) and a
// body: one signature a secret, in the order given, separated by spaces. With
// several secrets a receiver may verify with any one of them, which is how
// secrets rotate without a lost delivery.
func Standard(secrets []string, id string, at time.Time, body []byte) string {
	var headRoom [128]byte
	head := appendHead(headRoom[:0], id, at)

	var outRoom [128]byte
	out := outRoom[:0]
	for i, secret := range secrets {
		if i > 0 {
			out = append(out, ' ')
		}
		sum := standardMAC(secret, head, body)
		out = append(out, versionHMAC...)
		out = base64.StdEncoding.AppendEncode(out, sum[:])
	}
	return string(out)
}

// appendHead appends what is signed before the body: "id.timestamp.".
func appendHead(dst []byte, id string, at time.Time) []byte {
	dst = append(dst, id...)
	dst = append(dst, '.')
	dst = strconv.AppendInt(dst, at.Unix(), 10)
	return append(dst, '.')
}
