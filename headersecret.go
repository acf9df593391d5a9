package billhook

import "strings"

// sealedHeader begins what stands in place of a header's value where that is sealed.
// No value can: it holds a control character.
const sealedHeader = "\x1fsealed "

// headerSecret is the value of a header, which may be a receiver's password, as a
// secret.
func headerSecret(value string) Secret {
	if sealed, ok := strings.CutPrefix(value, sealedHeader); ok {
		return Secret{Sealed: sealed}
	}
	return Secret{Value: value}
}

// headerPlace is that of a header's value, however its name is written.
func (w *Webhook) headerPlace(name string) string { return w.place("header:" + strings.ToLower(name)) }

// sealHeaders seals the values of the webhook's headers, which must be its own copy.
func (k *Keyring) sealHeaders(w *Webhook) {
	for name, value := range w.Headers {
		if s := headerSecret(value); k != nil && s.Value != "" {
			w.Headers[name] = sealedHeader + k.seal(s.Value, w.headerPlace(name))
		}
	}
}

// openHeaders opens those that are sealed. What cannot be opened stays, and the
// error says why.
func (k *Keyring) openHeaders(w *Webhook) (failure error) {
	for name, value := range w.Headers {
		s := headerSecret(value)
		if s.Sealed == "" {
			continue
		}
		opened, err := k.unseal(s.Sealed, w.headerPlace(name))
		if err != nil {
			failure = err
			continue
		}
		w.Headers[name] = opened
	}
	return failure
}

// keptShut reports whether the value is what the header has that cannot be opened.
func keptShut(before map[string]string, name, value string) bool {
	if headerSecret(value).Sealed == "" {
		return false
	}
	for old, was := range before {
		if strings.EqualFold(name, old) && was == value {
			return true
		}
	}
	return false
}
