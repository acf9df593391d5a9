package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
)

// comparedJSON tells what of a webhook's secrets somebody has named rightly. It is for
// those who keep configuration elsewhere and look at it often: revealing would be on
// record each time, and hide when somebody does it who wants to know.
type comparedJSON struct {
	// Secret is null where none was given.
	Secret  *bool           `json:"secret"`
	Headers map[string]bool `json:"headers"`
}

func (c *call) compareSecret() error {
	text, err := c.body(c.cfg.MaxBody)
	if err != nil {
		return err
	}
	var secret string
	var headers map[string]string
	err = readBody(text, func(rd *reader) error {
		return rd.object([]string{"secret", "headers"}, func(name string) (err error) {
			switch name {
			case "secret":
				secret, err = optional(rd, rd.comparedSecret)
			case "headers":
				headers, err = optional(rd, rd.texts)
			}
			return err
		})
	})
	if err != nil {
		return err
	}
	w, err := c.client.Get(c.r.Context(), c.storeID, c.r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := w.Unopened(); err != nil {
		return err
	}
	compared := comparedJSON{Headers: map[string]bool{}}
	if secret != "" {
		is := len(w.Secrets) > 0 && equalText(secret, w.Secrets[0].Value)
		compared.Secret = &is
	}
	for name, value := range headers {
		is := false
		for has, its := range w.Headers {
			is = is || strings.EqualFold(has, name) && equalText(value, its)
		}
		compared.Headers[name] = is
	}
	return c.answer(http.StatusOK, compared)
}

func (rd *reader) comparedSecret() (string, error) {
	s, err := rd.string()
	if err == nil && s == "" {
		err = rd.refuse("is empty; leave it out where there is none to compare")
	}
	return s, err
}

// equalText takes the same time wherever two texts differ, and whether or not they are of
// the same length.
func equalText(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
