package sign

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// mac is HMAC-SHA256 over head and body, without joining them.
func mac(key, head, body []byte) (sum [sha256.Size]byte) {
	h := hmac.New(sha256.New, key)
	h.Write(head)
	h.Write(body)
	h.Sum(sum[:0])
	return sum
}

// hexMAC is what Hex prints.
func hexMAC(secret string, body []byte) [sha256.Size]byte {
	var room [MaxSecret]byte
	return mac(append(room[:0], secret...), nil, body)
}

// standardMAC is what one signature of Standard prints. head is
// "id.timestamp.".
func standardMAC(secret string, head, body []byte) [sha256.Size]byte {
	var room [MaxSecret]byte
	return mac(appendStandardKey(room[:0], secret), head, body)
}

// appendStandardKey appends the HMAC key of a secret in Standard Webhooks.
//
// That specification writes a secret as whsec_ and base64, and the key is the
// decoded bytes. A secret that a platform brings along need not be base64
// ("order-secret-123"); its key is then the bytes of the whole secret, prefix
// included, which Standard Webhooks libraries call the raw format.
func appendStandardKey(dst []byte, secret string) []byte {
	text := strings.TrimPrefix(secret, SecretPrefix)
	// The decoder skips line breaks, which are no part of base64 here.
	if text != "" && !strings.ContainsAny(text, "\r\n") {
		var room [MaxSecret]byte
		if key, err := base64.StdEncoding.AppendDecode(dst, append(room[:0], text...)); err == nil {
			return key
		}
	}
	return append(dst, secret...)
}
