package sign

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
)

// SecretPrefix marks a signing secret, so that scanners find leaked ones.
const SecretPrefix = "whsec_"

// MinSecret and MaxSecret bound the secrets that CheckSecret lets through, in
// bytes. The prefix whsec_ does not count for the minimum, which the shortest
// example in the platforms' documents just reaches.
const (
	MinSecret = 10
	MaxSecret = 256
)

// Reasons for which CheckSecret refuses a secret.
var (
	ErrSecretEmpty   = errors.New("secret is empty")
	ErrSecretShort   = errors.New("secret is shorter than 10 bytes, whsec_ not counted; 32 random bytes are good")
	ErrSecretLong    = errors.New("secret is longer than 256 bytes")
	ErrSecretKey     = errors.New("secret is an Ed25519 key, where one is wanted that sender and receiver share")
	ErrSecretCharset = errors.New("secret may hold printable ASCII only")
	ErrSecretSpace   = errors.New("secret begins or ends with a space")
)

// NewSecret returns a fresh secret: whsec_ and the standard base64 of 32
// random bytes, the form that Standard Webhooks libraries read.
func NewSecret() string {
	var key [32]byte
	rand.Read(key[:]) // never fails: crypto/rand ends the program instead
	return SecretPrefix + base64.StdEncoding.EncodeToString(key[:])
}

// CheckSecret says whether a secret that a user brought along can be used. It
// wants printable ASCII without a space at either end, because such secrets
// pass through headers, environment variables and forms unchanged. Beside a
// length that can be guessed it does not judge strength: platforms move here
// with the secrets that they have.
func CheckSecret(s string) error {
	if s == "" {
		return ErrSecretEmpty
	}
	if len(s) > MaxSecret {
		return ErrSecretLong
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return ErrSecretCharset
		}
	}
	if s[0] == ' ' || s[len(s)-1] == ' ' {
		return ErrSecretSpace
	}
	if strings.HasPrefix(s, PrivateKeyPrefix) || strings.HasPrefix(s, PublicKeyPrefix) {
		return ErrSecretKey
	}
	if len(strings.TrimPrefix(s, SecretPrefix)) < MinSecret {
		return ErrSecretShort
	}
	return nil
}
