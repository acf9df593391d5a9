package explain

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"

	"github.com/billhook/billhook/sign"
)

// A reading is one way to take something that was given: its bytes, and the mistake that
// it supposes; nil for none.
type reading struct {
	bytes []byte
	fault *Fault
	label string // for what was ruled out
	given int    // which secret, from 0
	// describe gives the fault where it takes work to tell; fault is then any.
	describe func() Fault
}

// mistake is what the reading supposes, told in full.
func (r *reading) mistake() Fault {
	if r.describe != nil {
		return r.describe()
	}
	return *r.fault
}

// secretReadings are the keys that a secret may have been meant as, the right one first.
func secretReadings(secret string, key string, given int) []reading {
	var all []reading
	add := func(bytes []byte, label string, f *Fault) {
		for _, r := range all {
			if string(r.bytes) == string(bytes) {
				return
			}
		}
		if len(bytes) > 0 {
			all = append(all, reading{bytes: bytes, fault: f, label: label, given: given})
		}
	}
	one := func(code, what, do string) *Fault { return &Fault{code, what, do} }
	text, decoded := []byte(secret), standardKey(secret)
	asText := one(CodeSecretAsText, "The key that signed is the text of the secret, where it should be what the secret says in base64.",
		"The one who signs must take whsec_ off and decode the rest from base64; verifying needs the same bytes.")
	asBytes := one(CodeSecretDecoded, "The key that signed is what the secret says in base64, where it should be the text of the whole secret.",
		"Use the whole secret as it stands, whsec_ included, as the key: createHmac(\"sha256\", secret).")
	if key == sign.KeyBase64 {
		add(decoded, "as it should be", nil)
		add(text, "as text", asText)
	} else {
		add(text, "as it should be", nil)
		add(decoded, "decoded from base64", asBytes)
	}
	rest := strings.TrimPrefix(secret, sign.SecretPrefix)
	prefix := one(CodeSecretPrefix, "The secret that signed is the one given, but for the prefix whsec_.",
		"Give the secret exactly as the sender shows it, whsec_ included.")
	wrap := func(s string) []byte {
		if key == sign.KeyBase64 {
			return standardKey(s)
		}
		return []byte(s)
	}
	add(wrap(rest), "without whsec_", prefix)
	add(wrap(sign.SecretPrefix+secret), "with whsec_", prefix)
	padded := one(CodeSecretPadded, "The secret that was given has quotes, white space or a line break around it that do not belong to it.",
		"Trim it: variables in .env files keep their quotes in some shells and in docker --env-file, and files end with a line break.")
	bare := strings.Trim(secret, " \t\r\n\"'`\u00a0\ufeff\u200b")
	if bare != secret {
		add(wrap(bare), "trimmed", padded)
	}
	for _, around := range []string{secret + "\n", secret + "\r\n", secret + " ", " " + secret, `"` + secret + `"`, "'" + secret + "'"} {
		add(wrap(around), "with white space or quotes around it", one(CodeSecretPadded,
			"The sender signed with the secret and "+describeAround(secret, around)+" around it.",
			"Set the secret at the sender again, without what does not belong to it."))
	}
	if unescaped, err := url.QueryUnescape(secret); err == nil && unescaped != secret {
		add(wrap(unescaped), "unescaped as in a URL", one(CodeSecretEscaped, "The secret that was given is escaped as in a URL (%2B for +).", "Unescape it before you use it."))
	}
	if raw, err := hex.DecodeString(rest); err == nil {
		add(raw, "decoded from hex", one(CodeSecretHex, "The key that signed is what the secret says in hex.", "Use the same bytes as the key on both sides."))
	}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		if raw, err := encoding.DecodeString(rest); err == nil {
			add(raw, "decoded from base64", asBytes)
		}
	}
	return all
}

func describeAround(secret, around string) string {
	if strings.ContainsAny(strings.Replace(around, secret, "", 1), "\r\n") {
		return "a line break"
	}
	if strings.ContainsAny(strings.Replace(around, secret, "", 1), `"'`) {
		return "quotes"
	}
	return "a space"
}

// standardKey is the key of a secret in Standard Webhooks, as package sign takes it.
func standardKey(secret string) []byte {
	text := strings.TrimPrefix(secret, sign.SecretPrefix)
	if text != "" && !strings.ContainsAny(text, "\r\n") {
		if key, err := base64.StdEncoding.DecodeString(text); err == nil {
			return key
		}
	}
	return []byte(secret)
}
