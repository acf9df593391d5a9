package billhook

import (
	"time"

	"github.com/billhook/billhook/profile"
)

// WebhookSettings is what a webhook may choose of how its deliveries are made, and
// what Billhook keeps of it besides. A Database keeps it as one JSON object that it
// never looks into. The zero value leaves all to the store and the deployment.
type WebhookSettings struct {
	// InactiveReason says in words why Billhook made the webhook inactive; empty
	// where it is active, or somebody else did.
	InactiveReason string `json:"inactiveReason,omitempty"`
	// Limits bound what is sent to the webhook.
	Limits Limits `json:"limits,omitzero"`
	// DeactivateAfterSeconds is for how long, in seconds, nothing but failures make
	// the webhook inactive: 600 to 31,536,000 (a year), or 0 for never. Default: the
	// store's.
	DeactivateAfterSeconds *int64 `json:"deactivateAfterSeconds,omitempty"`
	// FailingSince is when it began to fail, once it has done so for a while; zero
	// where the last that any node has seen was a success.
	FailingSince time.Time `json:"failingSince,omitzero"`
}

// StoreSettings is what a store may choose for all of its webhooks, kept as
// WebhookSettings is. The zero value leaves all to its profile and the deployment.
type StoreSettings struct {
	// RetryPolicy takes the place of the profile's, for webhooks that have none of
	// their own; nil leaves it to that.
	RetryPolicy *profile.RetryPolicy `json:"retryPolicy,omitempty"`
	// Limits bound what is sent to all webhooks of the store together.
	Limits Limits `json:"limits,omitzero"`
	// DeactivateAfterSeconds is for its webhooks that choose none. Default: never.
	DeactivateAfterSeconds *int64 `json:"deactivateAfterSeconds,omitempty"`
}
