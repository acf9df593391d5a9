package billhook

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/billhook/billhook/profile"
)

// A Webhook is a registered endpoint of a store.
type Webhook struct {
	StoreID string
	ID      string
	URL     string
	// Events are the event types that the webhook wants: names of the store's
	// catalogue, "prefix.*" for all types that begin with "prefix.", or "*"
	// for all.
	Events      []string
	Name        string
	Description string
	// IsActive: an inactive webhook is sent nothing. Its waiting deliveries are
	// held, and WhenInactive says whether it gets new ones.
	IsActive bool
	// RetryPolicy overrides the store's and the profile's; nil leaves it to the
	// nearest of them that there is.
	RetryPolicy *profile.RetryPolicy
	// Headers are sent with every delivery. They cannot replace what Billhook
	// itself sets. As a database keeps them under Config.Keyring their values are
	// sealed.
	Headers map[string]string
	// Secrets are the valid signing secrets, newest first. More than one is
	// there only while a rotation overlaps.
	Secrets []Secret
	// KeyPairs are the valid Ed25519 keys, newest first; none where the webhook
	// does not want their signatures.
	KeyPairs []KeyPair
	// OverlapSignature says which secret signs the header of the store's profile
	// while a rotation overlaps, since that has room for one: SignOld or SignNew.
	// Default: SignOld, which the receiver has, whatever else it has yet.
	OverlapSignature string
	WebhookSettings

	CreatedAt time.Time
	UpdatedAt time.Time
	// DeletedAt is set once the webhook has been deleted: it is then kept for
	// its history alone and answers no call.
	DeletedAt time.Time
}

// A WebhookChange says what Update changes; nil leaves a member as it is.
type WebhookChange struct {
	URL         *string
	Events      *[]string
	Name        *string
	Description *string
	IsActive    *bool
	// RetryPolicy: a pointer to nil goes back to the store's or the profile's policy.
	RetryPolicy **profile.RetryPolicy
	// Headers: the value HeaderKept stands for what the header has.
	Headers *map[string]string
	// TLS: a pointer to nil goes back to what holds for all.
	TLS **WebhookTLS
	// OverlapSignature: "" goes back to the default.
	OverlapSignature *string
	// Ed25519: true makes a key pair where there is none, false does away with
	// those that there are.
	Ed25519 *bool
	// Limits take the place of all that there are.
	Limits *Limits
	// DeactivateAfterSeconds: a pointer to nil goes back to the store's.
	DeactivateAfterSeconds **int64
	// Filter: "" does away with it.
	Filter *string
	// EventVersions: an empty map pins nothing.
	EventVersions *map[string]int
	TraceContext  *bool
	// Order and Coalesce hold for events that are accepted from then on.
	Order    *string
	Coalesce *Coalesce
	// Batch takes the place of all that there is of it.
	Batch *Batching
	// WhenInactive: "" goes back to the default.
	WhenInactive *string
	// Held: a pointer to nil goes back to the defaults.
	Held **HeldLimits
	// HeldDeliveries says what becomes of what is held, for a change that makes the
	// webhook active, or while a release is under way. Default: it is delivered, as
	// fast as the receiver takes it.
	HeldDeliveries *Release
}

// HeaderKept stands for the value of a header where it is not shown. No header can
// have it as its value.
const HeaderKept = masked

// keepHeaders puts what the webhook's headers have in place of HeaderKept. Where
// there is none of the name it stays, to be refused.
func (w *Webhook) keepHeaders(headers map[string]string) map[string]string {
	kept := maps.Clone(headers)
	for name, value := range headers {
		if value != HeaderKept {
			continue
		}
		for old, value := range w.Headers {
			if strings.EqualFold(name, old) {
				kept[name] = value
			}
		}
	}
	return kept
}

// clone is a copy that its holder may change.
func (w *Webhook) clone() Webhook {
	c := *w
	c.Events = slices.Clone(w.Events)
	c.EventVersions = maps.Clone(w.EventVersions)
	c.Coalesce.Latest = slices.Clone(w.Coalesce.Latest)
	c.ownSecrets()
	c.RetryPolicy = clonedPolicy(w.RetryPolicy)
	if w.DeactivateAfterSeconds != nil {
		seconds := *w.DeactivateAfterSeconds
		c.DeactivateAfterSeconds = &seconds
	}
	if w.Held != nil {
		held := *w.Held
		c.Held = &held
	}
	if w.Release != nil {
		release := *w.Release
		c.Release = &release
	}
	return c
}
