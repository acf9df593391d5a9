package billhook

import "time"

const (
	// keysStale is how long something may still be sealed with keys that cannot be
	// loaded anew. Who takes one away waits for longer than that.
	keysStale = 2 * time.Minute
	// KeysSettle is how long after the keys of a Keyring have changed nothing is
	// written any more that is sealed with a key which they no longer have first.
	// What seals was loaded at most keysStale before the transaction began that
	// writes it; the rest is for that transaction, which a database bounds.
	KeysSettle = 5 * time.Minute
)

// A sealing seals what one write brings, and not before its transaction begins: it
// may have waited, and the keys have changed meanwhile.
type sealing struct {
	client *Client
	// under is the key that sealed.
	under string
	// err says why nothing may be sealed.
	err error
}

func (c *Client) newSealing() *sealing {
	c.config.Keyring.freshen()
	return &sealing{client: c}
}

// seal is the webhook as memory and as the database gets it.
func (s *sealing) seal(w Webhook) (open, kept Webhook) {
	ring := s.client.config.Keyring
	if s.err == nil && w.hasSecrets() {
		s.err = ring.fresh()
	}
	s.under, _ = ring.now()
	w = ring.sealed(w)
	return w, ring.atRest(w)
}

// written has it sealed anew where the keys have changed during the transaction.
func (s *sealing) written() {
	if first, _ := s.client.config.Keyring.now(); first != s.under {
		s.client.sealedLate.Store(true)
	}
}
