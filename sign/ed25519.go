package sign

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Prefixes of Ed25519 keys in Standard Webhooks. The sender keeps the private
// key; a receiver needs the public one only, and who steals that from it can
// sign nothing.
const (
	PrivateKeyPrefix = "whsk_"
	PublicKeyPrefix  = "whpk_"
)

// version of the asymmetric scheme of Standard Webhooks, Ed25519 (RFC 8032).
const versionEd25519 = "v1a,"

// ErrKey is wrapped by the errors of ParsePrivateKey and ParsePublicKey. Their
// texts do not repeat the key.
var ErrKey = errors.New("not an Ed25519 key")

// NewKeyPair returns a fresh key pair: whsk_ and the standard base64 of the 32
// byte seed, the form that the reference library reads, and whpk_ and that of
// the public key.
func NewKeyPair() (private, public string) {
	var seed [ed25519.SeedSize]byte
	rand.Read(seed[:]) // never fails: crypto/rand ends the program instead
	key := ed25519.NewKeyFromSeed(seed[:])
	return PrivateKeyPrefix + base64.StdEncoding.EncodeToString(seed[:]), FormatPublicKey(key)
}

// FormatPublicKey returns the public half of a private key, as receivers are
// given it.
func FormatPublicKey(key ed25519.PrivateKey) string {
	return PublicKeyPrefix + base64.StdEncoding.EncodeToString(key[ed25519.SeedSize:])
}

// ParsePrivateKey reads whsk_ and the base64 of either the 32 byte seed or, as
// some senders write it, seed and public key, 64 bytes. Halves that do not
// belong together are refused: signing with them gives the private key away.
func ParsePrivateKey(s string) (ed25519.PrivateKey, error) {
	raw, err := decodeKey(s, PrivateKeyPrefix)
	if err != nil {
		return nil, err
	}
	switch len(raw) {
	case ed25519.SeedSize:
		return ed25519.NewKeyFromSeed(raw), nil
	case ed25519.PrivateKeySize:
		key := ed25519.NewKeyFromSeed(raw[:ed25519.SeedSize])
		if !bytes.Equal(key, raw) {
			return nil, fmt.Errorf("%w: the public half is of another key", ErrKey)
		}
		return key, nil
	}
	return nil, fmt.Errorf("%w: want %d or %d bytes", ErrKey, ed25519.SeedSize, ed25519.PrivateKeySize)
}

// ParsePublicKey reads whpk_ and the base64 of 32 bytes.
func ParsePublicKey(s string) (ed25519.PublicKey, error) {
	raw, err := decodeKey(s, PublicKeyPrefix)
	if err != nil {
		return nil, err
	}
	if len(raw) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("%w: want %d bytes", ErrKey, ed25519.PublicKeySize)
	}
	return raw, nil
}

func decodeKey(s, prefix string) ([]byte, error) {
	text, ok := strings.CutPrefix(s, prefix)
	if !ok {
		return nil, fmt.Errorf("%w: want %s and base64", ErrKey, prefix)
	}
	// The decoder skips line breaks, which are no part of base64 here.
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") {
		return nil, fmt.Errorf("%w: what follows %s is not base64", ErrKey, prefix)
	}
	return raw, nil
}

// StandardEd25519 is Standard with private keys in place of shared secrets:
// one v1a signature a key, in the order given, separated by spaces. A header
// may hold both kinds.
func StandardEd25519(keys []ed25519.PrivateKey, id string, at time.Time, body []byte) string {
	message := append(appendHead(nil, id, at), body...)
	var out []byte
	for i, key := range keys {
		if i > 0 {
			out = append(out, ' ')
		}
		out = append(out, versionEd25519...)
		out = base64.StdEncoding.AppendEncode(out, ed25519.Sign(key, message))
	}
	return string(out)
}

// verifyEd25519 says whether the key made one of the signatures.
func verifyEd25519(key ed25519.PublicKey, head, body []byte, given [][ed25519.SignatureSize]byte) bool {
	if len(given) == 0 {
		return false
	}
	message, matched := slices.Concat(head, body), false
	for i := range given {
		matched = ed25519.Verify(key, message, given[i][:]) || matched
	}
	return matched
}
