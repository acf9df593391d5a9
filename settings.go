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
	// Filter is an expression over an event (docs/CATALOGUE.md): the webhook gets
	// those alone of which it is true. Default: none, and it gets all.
	Filter string `json:"filter,omitempty"`
	// EventVersions pins event types, by name, to a version that the store's catalogue
	// has of them: of such a type the webhook gets events of that version, and of
	// later ones up to the next breaking change. Default: the current versions.
	EventVersions map[string]int `json:"eventVersions,omitempty"`
	// Order is OrderNone or OrderEntity. Default: OrderNone.
	Order string `json:"order,omitempty"`
	// Coalesce names what only the newest is sent of. Default: nothing.
	Coalesce Coalesce `json:"coalesce,omitzero"`
	// WhenInactive says what becomes of events while the webhook is not active:
	// InactiveSkip or InactiveHold. Empty: they are held where Billhook itself made
	// it inactive, and else skipped.
	WhenInactive string `json:"whenInactive,omitempty"`
	// Held bounds what is held; nil for the defaults.
	Held *HeldLimits `json:"held,omitempty"`
	// Release is what is being done with what was held, since the webhook is active
	// again; nil when that is through, or needs nothing.
	Release *Release `json:"release,omitempty"`
	// Batch has deliveries sent together. Default: each by itself.
	Batch Batching `json:"batch,omitzero"`
	// TraceContext has each delivery tell the receiver its place in the trace of the
	// event, in a header traceparent (W3C Trace Context). Default: false.
	TraceContext bool `json:"traceContext,omitempty"`
	// TLS is the webhook's own way to recognise its receiver, and to be recognised;
	// nil leaves it to what holds for all.
	TLS *WebhookTLS `json:"tls,omitempty"`
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
	// Validation says what comes of an event whose data is not as its type's schema
	// wants it: one of the constants below. Default: ValidationOff.
	Validation string `json:"validation,omitempty"`
	// Egress narrows where the store's webhooks may lead; nil leaves that to
	// Config.Egress.
	Egress *StoreEgress `json:"egress,omitempty"`
	// Retention takes the place of Config.Retention, member by member; nil leaves all
	// to that.
	Retention *Retention `json:"retention,omitempty"`
}

// Values of StoreSettings.Validation.
const (
	ValidationOff     = "off"     // nobody looks
	ValidationWarn    = "warn"    // it is accepted, counted and logged
	ValidationEnforce = "enforce" // it is refused
)
