package billhook

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/billhook/billhook/profile"
	"github.com/billhook/billhook/sign"
)

// A Registration is what a caller says of a new webhook.
type Registration struct {
	// StoreID defaults to DefaultStore.
	StoreID string
	// ID defaults to a new one.
	ID          string
	URL         string
	Events      []string
	Secret      string // default: a new one
	Name        string
	Description string
	// Inactive registers it without delivering to it yet.
	Inactive bool
	// RetryPolicy overrides the store's and the profile's; RetryOn and
	// BackoffMultiplier may be left to them, and MaxAttempts where there are Delays.
	RetryPolicy *profile.RetryPolicy
	Headers     map[string]string
	// OverlapSignature is as in Webhook.
	OverlapSignature string
	// Ed25519 has deliveries signed with a key pair too.
	Ed25519 bool
	// IdempotencyKey makes a repeat answer the webhook that the first one has made: at
	// most 255 printable ASCII characters. Default: none, and each makes another.
	IdempotencyKey string
	WebhookSettings
}

// Register adds a webhook to a store. Its first secret is in the result.
//
// A repeat with the same IdempotencyKey, or beside one with the same ID, answers the
// webhook that is there, if it is still as the repeat asks for it, and changes nothing.
// Where the secret is one that was made it is shown once more, and that is on record as
// Reveal is.
func (c *Client) Register(ctx context.Context, r Registration) (Webhook, error) {
	w, p, err := c.planWebhook(&r)
	if err != nil {
		return Webhook{}, err
	}
	if r.IdempotencyKey != "" {
		if there, err := c.Get(ctx, w.StoreID, w.ID); err == nil {
			return c.registeredAs(ctx, &r, w, there)
		}
	}
	if err := c.checkURL(ctx, w.URL, w.StoreID, p); err != nil {
		return Webhook{}, err
	}
	defer c.configuring.lock(w.StoreID)()
	if c.registry.count(w.StoreID) >= c.config.MaxWebhooks {
		return Webhook{}, tooMany("webhooks", c.config.MaxWebhooks)
	}
	made, err := c.writeWebhook(ctx, AuditWebhookCreate, nil, w)
	if r.IdempotencyKey == "" || ErrorCode(err) != CodeDuplicate {
		return made, err
	}
	// The first one came in between, here or on a node that this one has not heard of yet.
	if err := c.reload(ctx); err != nil {
		return Webhook{}, err
	}
	there, gone := c.Get(ctx, w.StoreID, w.ID)
	switch {
	case gone == nil:
		return c.registeredAs(ctx, &r, w, there)
	case r.ID == "":
		return Webhook{}, errRegistered(&r, w.ID, "which was deleted")
	}
	return Webhook{}, err
}

// planWebhook is the webhook that a registration makes, of a store with the profile,
// before it is looked at as a whole.
func (c *Client) planWebhook(r *Registration) (Webhook, *profile.Profile, error) {
	storeID := orDefaultStore(r.StoreID)
	_, p, err := c.registry.store(storeID)
	if err != nil {
		return Webhook{}, nil, err
	}
	if err := checkIdempotencyKey(r.IdempotencyKey); err != nil {
		return Webhook{}, nil, err
	}
	at := now()
	w := Webhook{
		StoreID: storeID, ID: r.ID, URL: r.URL, Events: slices.Clone(r.Events), Name: r.Name, Description: r.Description,
		IsActive: !r.Inactive, RetryPolicy: r.RetryPolicy, Headers: maps.Clone(r.Headers), OverlapSignature: r.OverlapSignature,
		WebhookSettings: r.WebhookSettings, CreatedAt: at, UpdatedAt: at,
	}
	w.InactiveReason, w.Release = "", nil // Billhook's alone to say; and nothing is held yet
	switch {
	case w.ID != "":
		if err := checkID(w.ID, "/id", maxID, '_'); err != nil {
			return Webhook{}, nil, err
		}
	case r.IdempotencyKey != "":
		w.ID = keyedID(p.IDs.Webhook, storeID, r.IdempotencyKey)
	default:
		w.ID = newID(p.IDs.Webhook, at)
	}
	secret := r.Secret
	if secret == "" {
		secret = sign.NewSecret()
	} else if err := checkSecret(secret); err != nil {
		return Webhook{}, nil, err
	}
	w.Secrets = []Secret{{Value: secret}}
	if r.Ed25519 {
		w.KeyPairs = []KeyPair{newKeyPair()}
	}
	return w, p, nil
}

// keyedID is the id of what is made with an idempotency key. The key makes all of it, the
// time in it too, so that a database which refuses a second webhook of an id refuses a
// second one of a key, whichever nodes are asked at the same time.
func keyedID(f profile.IDFormat, storeID, key string) string {
	sum := sha256.Sum256([]byte("webhook\n" + storeID + "\n" + key))
	at := time.UnixMilli(int64(binary.BigEndian.Uint64(sum[16:]) >> 16)) // #nosec G115 -- 48 bits
	return f.New(at, [10]byte(sum[:10]))
}

// registeredAs answers a repeat: the webhook that is there, if the registration would
// make it as it is.
func (c *Client) registeredAs(ctx context.Context, r *Registration, asked, there Webhook) (Webhook, error) {
	if err := there.Unopened(); err != nil {
		return Webhook{}, err
	}
	s, v, err := c.registry.emitting(there.StoreID)
	if err != nil {
		return Webhook{}, err
	}
	asked.RetryPolicy = completed(asked.RetryPolicy, nearest(v.profile, s.RetryPolicy))
	if err := asked.settleTLS(nil, now()); err != nil {
		return Webhook{}, err
	}
	if r.Secret == "" {
		asked.Secrets = there.Secrets
	}
	asked.FailingSince = there.FailingSince // which nobody asks for
	if others := differing(auditWebhook(&asked, &there), auditWebhook(&there, nil)); len(others) > 0 {
		return Webhook{}, errRegistered(r, there.ID, "other than asked for in "+strings.Join(others, ", "))
	}
	if r.Secret != "" { // who names it is shown nothing new
		return there, nil
	}
	return c.Reveal(ctx, there.StoreID, there.ID)
}

// errRegistered says that a key or an id stands for a webhook which is not the one asked
// for, and why not.
func errRegistered(r *Registration, id, why string) *Error {
	if r.ID != "" {
		return &Error{Code: CodeDuplicate, Pointer: "/id", Message: "the webhook " + quote(id) + " is there already, " + why, Hint: "choose another id, or change that webhook"}
	}
	return &Error{Code: CodeKeyReused, Message: "the idempotency key stands for the webhook " + quote(id) + ", " + why, Hint: "use a new key for a new webhook"}
}

// differing names the members that two values of the audit log do not share, in order.
func differing(a, b string) (names []string) {
	var x, y map[string]json.RawMessage
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		panic("a value of the audit log is no object")
	}
	all := maps.Clone(x)
	maps.Copy(all, y)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if kept(x[name]) != kept(y[name]) {
			names = append(names, name)
		}
	}
	return names
}

// kept is a member as it comes back from a database: what is empty may be gone.
func kept(value json.RawMessage) string {
	if text := string(value); text != "null" && text != "{}" && text != "[]" {
		return text
	}
	return ""
}
