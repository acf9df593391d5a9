package billhook

import "github.com/billhook/billhook/profile"

// WebhookSettings is what a webhook may choose of how its deliveries are made, and
// what Billhook keeps of it besides. A Database keeps it as one JSON object that it
// never looks into. The zero value leaves all to the store and the deployment.
type WebhookSettings struct {
	// InactiveReason says in words why Billhook made the webhook inactive; empty
	// where it is active, or somebody else did.
	InactiveReason string `json:"inactiveReason,omitempty"`
	// WhenInactive says what becomes of events while the webhook is not active:
	// InactiveSkip or InactiveHold. Empty: they are held where Billhook itself made
	// it inactive, and else skipped.
	WhenInactive string `json:"whenInactive,omitempty"`
	// Held bounds what is held; nil for the defaults.
	Held *HeldLimits `json:"held,omitempty"`
	// Release is what is being done with what was held, since the webhook is active
	// again; nil when that is through, or needs nothing.
	Release *Release `json:"release,omitempty"`
}

// StoreSettings is what a store may choose for all of its webhooks, kept as
// WebhookSettings is. The zero value leaves all to its profile and the deployment.
type StoreSettings struct {
	// RetryPolicy takes the place of the profile's; nil leaves it to that.
	RetryPolicy *profile.RetryPolicy `json:"retryPolicy,omitempty"`
}
