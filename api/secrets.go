package api

import (
	"net/http"
	"time"

	"github.com/billhook/billhook"
)

// Bounds of rotate-secret's gracePeriodSeconds.
const (
	defaultGrace = 24 * time.Hour
	maxGrace     = 7 * 24 * time.Hour
)

// secretsJSON is the explicit reveal: the secret that receivers should verify
// with, those that still sign while a rotation overlaps, and the headers that
// deliveries carry.
type secretsJSON struct {
	Secret   string            `json:"secret"`
	Previous []expiringSecret  `json:"previous"`
	Headers  map[string]string `json:"headers"`
}

type expiringSecret struct {
	Secret    string  `json:"secret"`
	ExpiresAt instant `json:"expiresAt"`
}

func (c *call) revealSecret() error {
	w, err := c.client.Reveal(c.r.Context(), c.storeID, c.r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := w.Unopened(); err != nil {
		return err
	}
	shown := secretsJSON{Previous: []expiringSecret{}, Headers: w.Headers}
	now := time.Now()
	for i, s := range w.Secrets {
		switch {
		case i == 0:
			shown.Secret = s.Value
		case s.ExpiresAt.After(now):
			shown.Previous = append(shown.Previous, expiringSecret{s.Value, instant(s.ExpiresAt)})
		}
	}
	return c.answer(http.StatusOK, shown)
}

func (c *call) rotateSecret() error {
	text, err := c.body(c.cfg.MaxBody)
	if err != nil {
		return err
	}
	rotation := billhook.Rotation{GracePeriod: defaultGrace}
	if len(text) > 0 {
		if err := readBody(text, func(rd *reader) error { return readRotation(rd, &rotation) }); err != nil {
			return err
		}
	}
	w, err := c.client.RotateSecret(c.r.Context(), c.storeID, c.r.PathValue("id"), rotation)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, revealWebhook(&w))
}

func readRotation(rd *reader, rotation *billhook.Rotation) error {
	return rd.object([]string{"secret", "gracePeriodSeconds", "overlapSignature"}, func(name string) (err error) {
		switch name {
		case "secret":
			rotation.Secret, err = rd.secret()
		case "gracePeriodSeconds":
			if rd.isNull() {
				return nil
			}
			var seconds int64
			seconds, err = rd.integer()
			if err == nil && (seconds < 0 || seconds > int64(maxGrace/time.Second)) {
				return rd.refuse("must be from 0 to %d", int64(maxGrace/time.Second))
			}
			rotation.GracePeriod = time.Duration(seconds) * time.Second
		case "overlapSignature":
			rotation.OverlapSignature, err = optional(rd, rd.overlapSignature)
		}
		return err
	})
}
