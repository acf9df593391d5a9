package api

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
)

// A jwk is an Ed25519 public key as RFC 7517 and RFC 8037 write it.
type jwk struct {
	KeyType   string `json:"kty"`
	Curve     string `json:"crv"`
	X         string `json:"x"`
	KeyID     string `json:"kid"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
}

type jwkSet struct {
	Keys []jwk `json:"keys"`
}

func newJWK(key ed25519.PublicKey) jwk {
	x := base64.RawURLEncoding.EncodeToString(key)
	// Its thumbprint (RFC 7638), which tells nothing more than the key does.
	thumb := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + x + `"}`))
	return jwk{"OKP", "Ed25519", x, base64.RawURLEncoding.EncodeToString(thumb[:]), "sig", "EdDSA"}
}

var (
	headerJWKSet = []string{"application/jwk-set+json"}
	// A new key signs beside the old one, as long as a rotation overlaps, so a set
	// may be a few minutes old.
	headerPublic = []string{"public, max-age=300"}
)

// getPublicKeys answers everyone. Which webhooks there are, and whether there is
// the store at all, the set does not tell: the order is that of the thumbprints.
func (c *call) getPublicKeys() error {
	body, err := c.keySet(c.r.PathValue("id"))
	if err != nil {
		return err
	}
	c.sendWith(headerPublic, http.StatusOK, headerJWKSet, body)
	return nil
}

// A keySet is a set of public keys as it is answered. It is kept, since strangers
// may ask as often as they like.
type keySet struct {
	keys []ed25519.PublicKey
	body []byte
}

var noKeys = []byte(`{"keys":[]}`)

// keySet is the set of a store; the empty one is kept for none, whatever ids
// strangers make up.
func (s *server) keySet(storeID string) ([]byte, error) {
	keys := s.client.PublicKeys(storeID)
	if len(keys) == 0 {
		s.keySets.Delete(storeID)
		return noKeys, nil
	}
	if known, ok := s.keySets.Load(storeID); ok && sameKeys(known.(*keySet).keys, keys) {
		return known.(*keySet).body, nil
	}
	set := jwkSet{Keys: make([]jwk, len(keys))}
	for i, key := range keys {
		set.Keys[i] = newJWK(key)
	}
	slices.SortFunc(set.Keys, func(a, b jwk) int { return strings.Compare(a.KeyID, b.KeyID) })
	body, err := appendJSON(nil, set)
	if err == nil {
		s.keySets.Store(storeID, &keySet{keys, body})
	}
	return body, err
}

// sameKeys reports whether two are the same slice, as the Client gives for as long
// as nothing changes.
func sameKeys(a, b []ed25519.PublicKey) bool { return len(a) == len(b) && &a[0] == &b[0] }
