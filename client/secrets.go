package client

import (
	"context"
	"net/http"
	"time"
)

// Secrets are what signs a webhook's deliveries, and what goes with them.
type Secrets struct {
	// Secret is the newest: receivers should verify with it.
	Secret string `json:"secret"`
	// Previous sign too until they expire.
	Previous []PreviousSecret `json:"previous"`
	// Headers are the static headers of every delivery, with their values.
	Headers map[string]string `json:"headers"`
}

// A PreviousSecret was replaced by a rotation.
type PreviousSecret struct {
	Secret    string    `json:"secret"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// A Rotation replaces a webhook's secret.
type Rotation struct {
	// Secret is the new one. Default: one that nobody knows yet.
	Secret string `json:"secret,omitempty"`
	// GracePeriodSeconds is how long the old one signs too. Default: 86,400, a day.
	GracePeriodSeconds *int `json:"gracePeriodSeconds,omitempty"`
	// OverlapSignature changes the webhook's: new, once the receiver has the new secret.
	OverlapSignature string `json:"overlapSignature,omitempty"`
}

// Secrets reveals a webhook's secrets and the values of its headers. That it was done is
// in the audit log.
func (w Webhooks) Secrets(ctx context.Context, id string) (*Secrets, error) {
	return get[Secrets](ctx, w.c, nil, "webhooks", id, "secret")
}

// SecretsToCompare are what a webhook may have.
type SecretsToCompare struct {
	Secret  string            `json:"secret,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
}

// ComparedSecrets tell what of it it has.
type ComparedSecrets struct {
	// Secret is nil where none was given.
	Secret  *bool           `json:"secret"`
	Headers map[string]bool `json:"headers"`
}

// CompareSecret tells whether a webhook has a secret and headers, and reveals nothing.
func (w Webhooks) CompareSecret(ctx context.Context, id string, with SecretsToCompare) (*ComparedSecrets, error) {
	return change[ComparedSecrets](ctx, w.c, http.MethodPost, with, "webhooks", id, "compare-secret")
}

// RotateSecret gives a webhook a new secret, beside which the old one signs for a while.
func (w Webhooks) RotateSecret(ctx context.Context, id string, r Rotation) (*WebhookWithSecret, error) {
	return change[WebhookWithSecret](ctx, w.c, http.MethodPost, r, "webhooks", id, "rotate-secret")
}
