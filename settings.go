package billhook

import "github.com/billhook/billhook/profile"

// WebhookSettings is what a webhook may choose of how its deliveries are made, and
// what Billhook keeps of it besides. A Database keeps it as one JSON object that it
// never looks into. The zero value leaves all to the store and the deployment.
type WebhookSettings struct {
	// InactiveReason says in words why Billhook made the webhook inactive; empty
	// where it is active, or somebody else did.
	InactiveReason string `json:"inactiveReason,omitempty"`
	// TLS is the webhook's own way to recognise its receiver, and to be recognised;
	// nil leaves it to what holds for all.
	TLS *WebhookTLS `json:"tls,omitempty"`
}

// StoreSettings is what a store may choose for all of its webhooks, kept as
// WebhookSettings is. The zero value leaves all to its profile and the deployment.
type StoreSettings struct {
	// RetryPolicy takes the place of the profile's; nil leaves it to that.
	RetryPolicy *profile.RetryPolicy `json:"retryPolicy,omitempty"`
	// Egress narrows where the store's webhooks may lead; nil leaves that to
	// Config.Egress.
	Egress *StoreEgress `json:"egress,omitempty"`
}
