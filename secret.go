package billhook

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/billhook/billhook/sign"
)

// A Secret signs deliveries until it expires. It does not print.
type Secret struct {
	Value string `json:"value,omitempty"`
	// Sealed is the value as a database keeps it under Config.Keyring. There it
	// stands in place of Value, and in memory beside it; alone it is a secret
	// that cannot be opened, and nothing to sign with.
	Sealed string `json:"sealed,omitempty"`
	// ExpiresAt is when it stops signing; zero means never.
	ExpiresAt time.Time `json:"expiresAt,omitzero"`
}

func (Secret) String() string   { return "[secret]" }
func (Secret) GoString() string { return "[secret]" }

// A KeyPair signs deliveries with Ed25519 until it expires. Receivers verify with
// the public key, which is no secret.
type KeyPair struct {
	// Public is whpk_ and base64.
	Public string `json:"public"`
	// Secret is the private key, whsk_ and base64.
	Secret
}

func newKeyPair() KeyPair {
	private, public := sign.NewKeyPair()
	return KeyPair{Public: public, Secret: Secret{Value: private}}
}

// Which secret signs the header of a profile while a rotation overlaps.
const (
	SignOld = "old" // the oldest that has not expired
	SignNew = "new"
)

// expired reports whether the secret's time is over.
func (s *Secret) expired(now time.Time) bool {
	return !s.ExpiresAt.IsZero() && !now.Before(s.ExpiresAt)
}

// signs reports whether the secret signs at the given time.
func (s *Secret) signs(now time.Time) bool { return s.Value != "" && !s.expired(now) }

// expire has the secret sign until the grace period is over, if not shorter, and
// reports whether that is any longer.
func (s *Secret) expire(now time.Time, grace time.Duration) bool {
	if s.ExpiresAt.IsZero() || now.Add(grace).Before(s.ExpiresAt) {
		s.ExpiresAt = now.Add(grace)
	}
	return s.ExpiresAt.After(now)
}

// signingSecrets are the values that sign at the given time, newest first.
func (w *Webhook) signingSecrets(now time.Time) []string {
	valid := make([]string, 0, len(w.Secrets))
	for i := range w.Secrets {
		if w.Secrets[i].signs(now) {
			valid = append(valid, w.Secrets[i].Value)
		}
	}
	return valid
}

// eachSecret calls f with all that is sealed of a webhook, and with the place
// that the sealed value is bound to. Of the value of a header f gets a copy.
func (w *Webhook) eachSecret(f func(s *Secret, place string)) {
	for i := range w.Secrets {
		f(&w.Secrets[i], w.place("secret"))
	}
	for i := range w.KeyPairs {
		f(&w.KeyPairs[i].Secret, w.place(w.KeyPairs[i].Public))
	}
	if w.TLS != nil && w.TLS.ClientCertificate != "" {
		f(&w.TLS.ClientKey, w.place("clientKey"))
	}
	for name, value := range w.Headers {
		if s := headerSecret(value); value != "" {
			f(&s, w.headerPlace(name))
		}
	}
}

// place binds a sealed value to what it is of the webhook.
func (w *Webhook) place(what string) string { return w.StoreID + "\x00" + w.ID + "\x00" + what }

// ownSecrets gives the webhook secrets that it shares with no other copy.
func (w *Webhook) ownSecrets() {
	w.Secrets, w.KeyPairs = slices.Clone(w.Secrets), slices.Clone(w.KeyPairs)
	w.TLS, w.Headers = w.TLS.clone(), maps.Clone(w.Headers)
}

// dropSecrets lets go of all of a webhook that is deleted.
func (w *Webhook) dropSecrets() { w.Secrets, w.KeyPairs, w.TLS, w.Headers = nil, nil, nil, nil }

// hasSecrets reports whether there is any of that.
func (w *Webhook) hasSecrets() bool {
	return len(w.Secrets)+len(w.KeyPairs)+len(w.Headers) > 0 || w.TLS != nil
}

// sealed is the webhook with its secrets sealed under the first key; with none
// sealed for a nil Keyring. What is sealed under that key already stays, and so
// does what could not be opened. Values of headers are sealed at rest alone.
func (k *Keyring) sealed(w Webhook) Webhook {
	first, _ := k.now()
	w.ownSecrets()
	w.eachSecret(func(s *Secret, place string) {
		switch {
		case s.Value == "":
		case k == nil:
			s.Sealed = ""
		case s.Sealed == "" || sealedWith(s.Sealed) != first:
			s.Sealed = k.seal(s.Value, place)
		}
	})
	return w
}

// atRest is a sealed webhook as the database gets it: a secret is there sealed, or,
// if it is not sealed at all, as it is.
func (k *Keyring) atRest(w Webhook) Webhook {
	w.ownSecrets()
	w.eachSecret(func(s *Secret, _ string) {
		if s.Sealed != "" {
			s.Value = ""
		}
	})
	k.sealHeaders(&w)
	return w
}

// open opens the secrets of a webhook that was read from the database. What
// cannot be opened and would sign no more is let go of; the error is about what
// should sign.
func (k *Keyring) open(w *Webhook, now time.Time) (failure error) {
	w.eachSecret(func(s *Secret, place string) {
		if s.Sealed == "" {
			return
		}
		value, err := k.unseal(s.Sealed, place)
		if err != nil && !s.expired(now) {
			failure = err
		}
		s.Value = value
	})
	failure = cmp.Or(k.openHeaders(w), failure)
	w.Secrets = slices.DeleteFunc(w.Secrets, func(s Secret) bool { return s.Value == "" && s.expired(now) })
	w.KeyPairs = slices.DeleteFunc(w.KeyPairs, func(p KeyPair) bool { return p.Value == "" && p.expired(now) })
	return failure
}

// Opens says why a secret of a webhook, as it was read from a database, cannot be
// opened that signs or is sent now; nil where each can. Of a Keyring that is nil only
// those open that are not sealed.
func (k *Keyring) Opens(w Webhook) error {
	w.ownSecrets()
	return k.open(&w, now())
}

// sealedShut reports whether a secret of the webhook could not be opened. Its
// deliveries wait then: signed without it, a receiver would refuse them.
func (w *Webhook) sealedShut() bool {
	shut := false
	w.eachSecret(func(s *Secret, _ string) { shut = shut || s.Value == "" && s.Sealed != "" })
	return shut
}

// Unopened is an error that tells why a secret of the webhook is not there, and
// what to do; nil where they all are.
func (w *Webhook) Unopened() error {
	var failure error
	w.eachSecret(func(s *Secret, _ string) {
		if s.Value == "" && s.Sealed != "" {
			failure = &Error{
				Code:    CodeConflict,
				Message: "a secret of the webhook is sealed with the key " + quote(sealedWith(s.Sealed)) + ", and cannot be opened with the keys that are here; its deliveries wait",
				Hint:    "put that key back into the key file; or, if it is lost, rotate with gracePeriodSeconds 0, and give values of headers and tls anew",
			}
		}
	})
	return failure
}

// SealKeys are the ids of the keys that the webhook's secrets are sealed with, as
// they were read from a database.
func (w *Webhook) SealKeys() []string {
	var ids []string
	w.eachSecret(func(s *Secret, _ string) {
		if id := sealedWith(s.Sealed); s.Sealed != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	})
	return ids
}
