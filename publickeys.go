package billhook

import (
	"crypto/ed25519"
	"sync"
	"time"

	"github.com/billhook/billhook/sign"
)

// PublicKeys verify what a store's webhooks sign with Ed25519 now, in no order. A
// store that is not there has none. It costs little, since strangers may ask: it is
// the same slice for as long as nothing changes, and not the caller's to change.
func (c *Client) PublicKeys(storeID string) []ed25519.PublicKey {
	return c.registry.publicKeys(storeID, now())
}

// publicKeys are those of a store's webhooks, found when someone asks first.
type publicKeys struct {
	mu    sync.Mutex
	known bool
	keys  []ed25519.PublicKey
	until time.Time // when the first of them expires; zero for never
}

// publicKeys are those that sign for a store's webhooks at the given time.
func (r *registry) publicKeys(storeID string, now time.Time) []ed25519.PublicKey {
	r.mu.RLock()
	defer r.mu.RUnlock()
	t := r.stores[storeID]
	if t == nil || !t.store.DeletedAt.IsZero() {
		return nil
	}
	p := t.public
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.known || !p.until.IsZero() && !now.Before(p.until) {
		p.find(t.webhooks, now)
	}
	return p.keys
}

func (p *publicKeys) find(webhooks map[string]*endpoint, now time.Time) {
	p.known, p.keys, p.until = true, nil, time.Time{}
	for _, e := range webhooks {
		for _, pair := range e.webhook.KeyPairs {
			// One that cannot be opened here may sign on another node.
			key, err := sign.ParsePublicKey(pair.Public)
			if err != nil || pair.expired(now) {
				continue
			}
			p.keys = append(p.keys, key)
			if ends := pair.ExpiresAt; !ends.IsZero() && (p.until.IsZero() || ends.Before(p.until)) {
				p.until = ends
			}
		}
	}
}
