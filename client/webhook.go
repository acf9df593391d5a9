package client

import "time"

// A Webhook is a registered endpoint of a store.
type Webhook struct {
	ID      string `json:"id"`
	StoreID string `json:"storeId"`
	URL     string `json:"url"`
	// Events are event types, prefix.* or *.
	Events      []string `json:"events"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	IsActive    bool     `json:"isActive"`
	// InactiveReason is why Billhook has made it inactive; nil where it did not.
	InactiveReason *string `json:"inactiveReason"`
	// RetryPolicy is nil where the store's, or else the profile's, is followed.
	RetryPolicy *RetryPolicy `json:"retryPolicy"`
	// Headers has *** in place of each value: [Webhooks.Secrets] has the values.
	Headers map[string]string `json:"headers"`
	// OverlapSignature is which secret signs the profile's own header while a rotation
	// overlaps: old or new.
	OverlapSignature string `json:"overlapSignature"`
	// Order is entity where what is about one entity is sent in its order, or none.
	Order    string   `json:"order"`
	Coalesce Coalesce `json:"coalesce"`
	// Batch is nil where each delivery is sent by itself.
	Batch *Batching `json:"batch"`
	// WhenInactive is skip, hold, or nil: held where Billhook made it inactive, else skipped.
	WhenInactive *string `json:"whenInactive"`
	Held         Held    `json:"held"`
	// HeldDeliveries is what is being done with what was held; nil when that is through.
	HeldDeliveries *HeldDeliveries `json:"heldDeliveries"`
	// PublicKey verifies the Ed25519 signatures; nil where there are none.
	PublicKey *string `json:"publicKey"`
	Limits    Limits  `json:"limits"`
	// DeactivateAfterSeconds is for how long nothing but failures make it inactive; 0 for
	// never, nil for the store's.
	DeactivateAfterSeconds *int `json:"deactivateAfterSeconds"`
	// Filter is an expression (CEL) over an event; nil for none.
	Filter *string `json:"filter"`
	// EventVersions are event types that are pinned to a version, by name.
	EventVersions map[string]int `json:"eventVersions"`
	// TLS is the webhook's own; nil for what holds for all.
	TLS *TLS `json:"tls"`
	// TraceContext tells the receiver its place in the event's trace.
	TraceContext bool      `json:"traceContext"`
	CreatedAt    time.Time `json:"createdAt"`
	UpdatedAt    time.Time `json:"updatedAt"`
}

// A WebhookWithSecret is a webhook whose secret is new.
type WebhookWithSecret struct {
	Webhook
	Secret string `json:"secret"`
}

// Coalesce names event types of which only the newest waiting delivery about an entity
// is sent.
type Coalesce struct {
	Latest []string `json:"latest"`
}

// Batching is how deliveries are sent together.
type Batching struct {
	MaxEvents int `json:"maxEvents"`
	MaxWaitMs int `json:"maxWaitMs"`
	MaxBytes  int `json:"maxBytes"`
}

// A NewBatching is how deliveries are to be sent together; all of it is replaced.
type NewBatching struct {
	// MaxEvents is from 2 to 100; 0 for no batches.
	MaxEvents int `json:"maxEvents,omitempty"`
	// MaxWaitMs is how long the first that is due waits for others. Default: 0.
	MaxWaitMs int `json:"maxWaitMs,omitempty"`
	// MaxBytes is how long a body may be. Default: 262,144.
	MaxBytes int `json:"maxBytes,omitempty"`
}

// Held is how many deliveries are held at most, and for how long.
type Held struct {
	MaxCount      int `json:"maxCount"`
	MaxAgeSeconds int `json:"maxAgeSeconds"`
}

// A NewHeld is what Held is to be; 0 for the default.
type NewHeld struct {
	MaxCount      int `json:"maxCount,omitempty"`
	MaxAgeSeconds int `json:"maxAgeSeconds,omitempty"`
}

// HeldDeliveries is what is being done with what was held.
type HeldDeliveries struct {
	// Action is deliver or drop.
	Action        string    `json:"action"`
	RatePerSecond *float64  `json:"ratePerSecond"`
	StartedAt     time.Time `json:"startedAt"`
}

// A NewHeldDeliveries is what is to be done with what was held.
type NewHeldDeliveries struct {
	// Action is deliver or drop. Default: deliver.
	Action        string   `json:"action,omitempty"`
	RatePerSecond *float64 `json:"ratePerSecond,omitempty"`
}

// TLS is how a receiver is recognised, and who shows themselves to it, in PEM. Of a key
// there is only *** in answers.
type TLS struct {
	CACertificates    string `json:"caCertificates,omitempty"`
	ClientCertificate string `json:"clientCertificate,omitempty"`
	ClientKey         string `json:"clientKey,omitempty"`
}

// A NewWebhook is what a webhook is made of. What is left out is as the store has it.
type NewWebhook struct {
	URL    string   `json:"url"`
	Events []string `json:"events"`
	// ID is the caller's own. Default: a new one.
	ID string `json:"id,omitempty"`
	// Secret is printable ASCII of at least 10 bytes. Default: a new one.
	Secret                 string            `json:"secret,omitempty"`
	Name                   string            `json:"name,omitempty"`
	Description            string            `json:"description,omitempty"`
	IsActive               *bool             `json:"isActive,omitempty"`
	RetryPolicy            *NewRetryPolicy   `json:"retryPolicy,omitempty"`
	Limits                 *Limits           `json:"limits,omitempty"`
	DeactivateAfterSeconds *int              `json:"deactivateAfterSeconds,omitempty"`
	Headers                map[string]string `json:"headers,omitempty"`
	OverlapSignature       string            `json:"overlapSignature,omitempty"`
	WhenInactive           string            `json:"whenInactive,omitempty"`
	Held                   *NewHeld          `json:"held,omitempty"`
	Ed25519                bool              `json:"ed25519,omitempty"`
	Filter                 string            `json:"filter,omitempty"`
	EventVersions          map[string]int    `json:"eventVersions,omitempty"`
	Order                  string            `json:"order,omitempty"`
	Coalesce               *Coalesce         `json:"coalesce,omitempty"`
	Batch                  *NewBatching      `json:"batch,omitempty"`
	TLS                    *TLS              `json:"tls,omitempty"`
	TraceContext           bool              `json:"traceContext,omitempty"`
	// IdempotencyKey stands for this webhook: a second Create with it answers the same one.
	// Default: one that is new with each call.
	IdempotencyKey string `json:"-"`
}

// A WebhookChange changes what it names.
type WebhookChange struct {
	URL                    Change[string]            `json:"url,omitzero"`
	Events                 Change[[]string]          `json:"events,omitzero"`
	Name                   Change[string]            `json:"name,omitzero"`
	Description            Change[string]            `json:"description,omitzero"`
	IsActive               Change[bool]              `json:"isActive,omitzero"`
	RetryPolicy            Change[NewRetryPolicy]    `json:"retryPolicy,omitzero"`
	Limits                 Change[Limits]            `json:"limits,omitzero"`
	DeactivateAfterSeconds Change[int]               `json:"deactivateAfterSeconds,omitzero"`
	Headers                Change[map[string]string] `json:"headers,omitzero"`
	OverlapSignature       Change[string]            `json:"overlapSignature,omitzero"`
	WhenInactive           Change[string]            `json:"whenInactive,omitzero"`
	Held                   Change[NewHeld]           `json:"held,omitzero"`
	// HeldDeliveries goes with IsActive true.
	HeldDeliveries Change[NewHeldDeliveries] `json:"heldDeliveries,omitzero"`
	Ed25519        Change[bool]              `json:"ed25519,omitzero"`
	Filter         Change[string]            `json:"filter,omitzero"`
	EventVersions  Change[map[string]int]    `json:"eventVersions,omitzero"`
	Order          Change[string]            `json:"order,omitzero"`
	Coalesce       Change[Coalesce]          `json:"coalesce,omitzero"`
	Batch          Change[NewBatching]       `json:"batch,omitzero"`
	TLS            Change[TLS]               `json:"tls,omitzero"`
	TraceContext   Change[bool]              `json:"traceContext,omitzero"`
}
