package billhook

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// A SealKey seals secrets where they are kept. It prints as its ID.
type SealKey struct {
	// ID names the key in all that it has sealed, so one is never used for
	// another key: 1 to 64 letters, digits, '.', '_' or '-'.
	ID string
	// Key is 32 random bytes.
	Key [32]byte
}

func (k SealKey) String() string   { return k.ID }
func (k SealKey) GoString() string { return k.ID }

// A Keyring has the keys that seal secrets: the first seals, all open. It is
// safe for concurrent use.
type Keyring struct {
	load func() ([]SealKey, error)
	// loading is held from before load to after, so that no older keys take the
	// place of newer ones.
	loading sync.Mutex

	mu      sync.RWMutex
	keys    []SealKey
	ciphers []cipher.AEAD
	// version counts how often the keys have become others.
	version int
	// loaded is when they were loaded last.
	loaded time.Time
}

// NewKeyring makes a Keyring of what load returns: at least one key, the one that
// seals first. A Client asks again while it runs, every second or so, and when it
// meets a key that it has not got: load is for reading a file.
func NewKeyring(load func() ([]SealKey, error)) (*Keyring, error) {
	k := &Keyring{load: load}
	if err := k.refresh(); err != nil {
		return nil, err
	}
	return k, nil
}

// refresh loads the keys anew. Where that fails, those from before stay.
func (k *Keyring) refresh() error {
	k.loading.Lock()
	defer k.loading.Unlock()
	at := time.Now()
	keys, err := k.load()
	if err != nil {
		return err
	}
	ciphers, err := ciphersOf(keys)
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.loaded = at
	if slices.Equal(keys, k.keys) {
		return nil
	}
	k.keys, k.ciphers = slices.Clone(keys), ciphers
	k.version++
	return nil
}

// freshen loads the keys anew, unless that has just been done: not every process
// keeps them. Those from before will do for a while.
func (k *Keyring) freshen() {
	if k != nil && k.age() >= keyPoll {
		_ = k.refresh()
	}
}

// fresh fails where the keys have not been loaded for so long that the first may
// not be wanted any more, and what it seals be lost with it.
func (k *Keyring) fresh() error {
	if k == nil || k.age() <= keysStale {
		return nil
	}
	return &Error{
		Code: CodeUnavailable, Message: "the keys that seal secrets cannot be loaded; nothing was changed",
		Hint: "the log of the service says why",
	}
}

func (k *Keyring) age() time.Duration {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return time.Since(k.loaded)
}

func ciphersOf(keys []SealKey) ([]cipher.AEAD, error) {
	if len(keys) == 0 {
		return nil, errors.New("there is no key to seal secrets with")
	}
	ciphers := make([]cipher.AEAD, len(keys))
	for i := range keys {
		if err := checkID(keys[i].ID, "", 64, '_'); err != nil {
			return nil, fmt.Errorf("the name of a key: %w", err)
		}
		if slices.ContainsFunc(keys[:i], func(k SealKey) bool { return k.ID == keys[i].ID }) {
			return nil, fmt.Errorf("there are two keys %s", quote(keys[i].ID))
		}
		block, err := aes.NewCipher(keys[i].Key[:])
		if err != nil {
			return nil, err
		}
		if ciphers[i], err = cipher.NewGCMWithRandomNonce(block); err != nil {
			return nil, err
		}
	}
	return ciphers, nil
}

// now is the key that seals now, and the version that it is of; nothing for a nil
// Keyring.
func (k *Keyring) now() (id string, version int) {
	if k == nil {
		return "", 0
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.keys[0].ID, k.version
}

// sealVersion is how a sealed value is written: v1, the key's id, and in base64
// nonce, ciphertext and tag of AES-256-GCM, apart by colons.
const sealVersion = "v1"

// seal seals a value under the first key. It opens again only as what it is, the
// value of that place.
func (k *Keyring) seal(value, place string) string {
	k.mu.RLock()
	defer k.mu.RUnlock()
	id := k.keys[0].ID
	sealed := k.ciphers[0].Seal(nil, nil, []byte(value), bound(id, place)) // #nosec G407 -- NewGCMWithRandomNonce draws the nonce
	return sealVersion + ":" + id + ":" + base64.StdEncoding.EncodeToString(sealed)
}

// unseal opens a sealed value. It fails with errNoSealKey where the key is missing.
func (k *Keyring) unseal(sealed, place string) (string, error) {
	version, rest, _ := strings.Cut(sealed, ":")
	id, text, ok := strings.Cut(rest, ":")
	if version != sealVersion || !ok {
		return "", errors.New("it is sealed in a way that this billhook does not know")
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return "", errors.New("what is kept of it is damaged")
	}
	aead := k.cipher(id)
	if aead == nil {
		return "", fmt.Errorf("%w: it is sealed with the key %s", errNoSealKey, quote(id))
	}
	value, err := aead.Open(nil, nil, raw, bound(id, place))
	if err != nil {
		return "", fmt.Errorf("what is kept of it is damaged, or another webhook's, or sealed with another key of the name %s", quote(id))
	}
	return string(value), nil
}

var errNoSealKey = errors.New("its key is missing here")

func (k *Keyring) cipher(id string) cipher.AEAD {
	if k == nil {
		return nil
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	for i := range k.keys {
		if k.keys[i].ID == id {
			return k.ciphers[i]
		}
	}
	return nil
}

// bound is the additional data of a sealed value: that it is one, of which key
// and place. None of the parts holds a NUL.
func bound(id, place string) []byte {
	return []byte("billhook secret " + sealVersion + "\x00" + id + "\x00" + place)
}

// sealedWith is the id of the key that a sealed value wants.
func sealedWith(sealed string) string {
	_, rest, _ := strings.Cut(sealed, ":")
	id, _, _ := strings.Cut(rest, ":")
	return id
}
