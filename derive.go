package billhook

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
)

// derive makes a key for a purpose of each key that seals, in their order. Who has
// one of them learns nothing of the key that it is made of, nor of those for other
// purposes.
func (k *Keyring) derive(purpose string) [][]byte {
	k.mu.RLock()
	defer k.mu.RUnlock()
	derived := make([][]byte, len(k.keys))
	for i := range k.keys {
		derived[i] = deriveKey(k.keys[i].Key[:], purpose)
	}
	return derived
}

// DeriveKeys makes keys of 32 bytes for a purpose, to sign what is handed out and
// comes back: the first signs, all verify. They are those of Config.Keyring, so that
// all nodes have the same, a restart changes nothing, and a rotation of its keys goes
// on as it does for secrets. Without a Keyring they last as long as the Client.
func (c *Client) DeriveKeys(purpose string) [][]byte {
	ring := c.config.Keyring
	if ring == nil {
		return [][]byte{deriveKey(c.ownKey[:], purpose)}
	}
	ring.freshen()
	return ring.derive(purpose)
}

func deriveKey(key []byte, purpose string) []byte {
	derived, err := hkdf.Key(sha256.New, key, nil, "billhook key for "+purpose, sha256.Size)
	if err != nil {
		panic(err) // only for lengths that this is not
	}
	return derived
}

func newOwnKey() (key [32]byte) {
	_, _ = rand.Read(key[:]) // never fails (crypto/rand)
	return key
}
