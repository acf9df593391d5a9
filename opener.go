package billhook

import (
	"errors"
	"log/slog"
	"time"
)

// An opener opens the secrets of webhooks that are read from the database, and
// tells of those that it cannot.
type opener struct {
	ring   *Keyring
	logger *slog.Logger
	now    time.Time
	// asked: the keys were looked for anew, which is done once.
	asked bool
	// shut are the webhooks that are new among those that cannot be opened, by
	// what is wrong.
	shut map[string][]*Webhook
}

func (c *Client) opener() *opener {
	return &opener{ring: c.config.Keyring, logger: c.config.Logger, now: now(), shut: map[string][]*Webhook{}}
}

// open opens the secrets of a webhook; those of a key that is missing stay
// sealed, and so do damaged ones, and the error says so.
func (o *opener) open(w *Webhook) error {
	err := o.ring.open(w, o.now)
	if errors.Is(err, errNoSealKey) && o.ring != nil && !o.asked {
		o.asked = true
		_ = o.ring.refresh() // what fails is told of by who keeps the keys
		err = o.ring.open(w, o.now)
	}
	return err
}

// resealed is a webhook as it was read with its secrets sealed under the first
// key, and without any if it is gone. It reports false where that is so already,
// or cannot be.
func (o *opener) resealed(read *Webhook, gone bool) (w Webhook, ok bool) {
	w = read.clone()
	if gone {
		w.dropSecrets()
		return w, read.hasSecrets()
	}
	first, _ := o.ring.now()
	stale := false
	w.eachSecret(func(s *Secret, _ string) { stale = stale || sealedWith(s.Sealed) != first })
	if !stale || o.open(&w) != nil {
		return w, false
	}
	return o.ring.sealed(w), true
}

// note remembers a webhook that could not be opened, to tell of it.
func (o *opener) note(w *Webhook, err error) {
	o.shut[err.Error()] = append(o.shut[err.Error()], w)
}

// report tells of what could not be opened, once for each reason.
func (o *opener) report() {
	for reason, hooks := range o.shut {
		o.logger.Error("secrets of webhooks cannot be opened; their deliveries wait until the key is back in the key file",
			"reason", reason, "webhooks", len(hooks), "store", hooks[0].StoreID, "webhook", hooks[0].ID)
	}
}
