package billhook

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"maps"
	"slices"
	"sync"
)

// A keyTable holds the API keys in memory, as the registry holds the rest of the
// configuration. Those that are revoked are not on it.
type keyTable struct {
	mu       sync.RWMutex
	byPrefix map[string]*APIKey            // never changed but replaced
	byStore  map[string]map[string]*APIKey // by store, then by id
	// nobody is compared with where no key has the prefix, so that the time it
	// takes does not tell which prefixes there are. No secret has its hash.
	nobody *APIKey
	// equal is subtle.ConstantTimeCompare, and in tests that and a count.
	equal func(x, y []byte) int
}

func newKeyTable() *keyTable {
	nobody := &APIKey{Salt: make([]byte, saltSize), Hash: make([]byte, sha256.Size)}
	_, _ = rand.Read(nobody.Salt) // never fails (crypto/rand)
	_, _ = rand.Read(nobody.Hash)
	return &keyTable{
		byPrefix: map[string]*APIKey{}, byStore: map[string]map[string]*APIKey{},
		nobody: nobody, equal: subtle.ConstantTimeCompare,
	}
}

// put takes in a new or changed key, and drops one that is revoked.
func (r *keyTable) put(k APIKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !k.RevokedAt.IsZero() {
		delete(r.byPrefix, k.Prefix)
		delete(r.byStore[k.StoreID], k.ID)
		return
	}
	if r.byStore[k.StoreID] == nil {
		r.byStore[k.StoreID] = map[string]*APIKey{}
	}
	r.byPrefix[k.Prefix], r.byStore[k.StoreID][k.ID] = &k, &k
}

// find finds a key that is not revoked.
func (r *keyTable) find(storeID, id string) (APIKey, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	k := r.byStore[storeID][id]
	if k == nil {
		return APIKey{}, false
	}
	return *k, true
}

// after lists a store's keys by id.
func (r *keyTable) after(storeID, after string, limit int) []APIKey {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var found []APIKey
	for _, id := range slices.Sorted(maps.Keys(r.byStore[storeID])) {
		if id > after && len(found) < limit {
			found = append(found, r.byStore[storeID][id].shown())
		}
	}
	return found
}

// count is how many keys a store has, or with "" how many are for all stores.
func (r *keyTable) count(storeID string) int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.byStore[storeID])
}

// match finds the key that has the secret. Every secret, of whatever form, is
// hashed and compared once.
func (r *keyTable) match(secret string) (APIKey, bool) {
	r.mu.RLock()
	k, known := r.byPrefix[prefixOf(secret)]
	r.mu.RUnlock()
	if !known {
		k = r.nobody
	}
	same := r.equal(hashSecret(k.Salt, secret), k.Hash) == 1
	return *k, same && known
}
