package billhook

import "github.com/billhook/billhook/profile"

// WebhookSettings is what a webhook may choose of how its deliveries are made, and
// what Billhook keeps of it besides. A Database keeps it as one JSON object that it
// never looks into. The zero value leaves all to the store and the deployment.
type WebhookSettings struct {
	// InactiveReason says in words why Billhook made the webhook inactive; empty
	// where it is active, or somebody else did.
	InactiveReason string `json:"inactiveReason,omitempty"`
}

// StoreSettings is what a store may choose for all of its webhooks, kept as
// WebhookSettings is. The zero value leaves all to its profile and the deployment.
type StoreSettings struct {
	// RetryPolicy takes the place of the profile's; nil leaves it to that.
	RetryPolicy *profile.RetryPolicy `json:"retryPolicy,omitempty"`
	// Retention takes the place of Config.Retention, member by member; nil leaves all
	// to that.
	Retention *Retention `json:"retention,omitempty"`
}
