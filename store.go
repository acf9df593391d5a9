package billhook

import (
	"time"

	"github.com/billhook/billhook/profile"
)

// DefaultStore is the store that a request means when it names none.
const DefaultStore = "default"

// A Store is a tenant: one merchant's shop. Its webhooks, events and
// deliveries are its own; nothing of it is seen or shared by another store.
type Store struct {
	// ID is chosen by the platform: 1 to 64 letters, digits, '.', '_' or '-'.
	ID string
	// Name is for people. Default: the ID.
	Name string
	// Profile names the wire profile of the store's deliveries.
	// Default: Config.Profile.
	Profile string
	StoreSettings

	CreatedAt time.Time
	UpdatedAt time.Time
	// DeletedAt is set once the store has been deleted: it is then kept for
	// its history alone, answers no call, and its ID is not given again.
	DeletedAt time.Time
}

// A StoreChange says what UpdateStore changes; nil leaves a member as it is.
type StoreChange struct {
	Name    *string
	Profile *string
	// RetryPolicy: a pointer to nil goes back to the profile's policy.
	RetryPolicy **profile.RetryPolicy
	// Limits take the place of all that there are.
	Limits *Limits
	// DeactivateAfterSeconds: a pointer to nil goes back to never.
	DeactivateAfterSeconds **int64
	// Validation: "" goes back to the default.
	Validation *string
	// Egress: a pointer to nil does away with it.
	Egress **StoreEgress
	// Retention is nil in it to leave all to the deployment.
	Retention **Retention
}

// clone is a copy that its holder may change.
func (s *Store) clone() Store {
	c := *s
	c.RetryPolicy = clonedPolicy(s.RetryPolicy)
	return c
}
