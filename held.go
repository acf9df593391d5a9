package billhook

import (
	"cmp"
	"slices"
	"time"
)

// What becomes of events while a webhook is not active.
const (
	InactiveSkip = "skip" // it does not get them; the ledger counts them
	InactiveHold = "hold" // it gets them when it is active again
)

// What becomes of what was held.
const (
	ReleaseDeliver = "deliver"
	ReleaseDrop    = "drop"
)

const (
	defaultHeldCount = 1_000_000
	maxHeldCount     = 10_000_000
	defaultHeldAge   = 30 * 24 * time.Hour
	maxHeldAge       = 365 * 24 * time.Hour
	maxReleaseRate   = 10_000
)

// HeldLimits bound what is held for a webhook that is not active. Beyond them the
// oldest are skipped.
type HeldLimits struct {
	// MaxCount is how many: 1 to 10,000,000. Default: 1,000,000.
	MaxCount int `json:"maxCount,omitempty"`
	// MaxAgeSeconds is how long after a delivery was due: 1 s to 365 days.
	// Default: 30 days.
	MaxAgeSeconds int `json:"maxAgeSeconds,omitempty"`
}

// A Release is what becomes of what was held for a webhook, once it is active.
type Release struct {
	// Action is ReleaseDeliver or ReleaseDrop. Default: ReleaseDeliver.
	Action string `json:"action"`
	// RatePerSecond bounds how many are sent a second, of all nodes together: up to
	// 10,000. Default: 0, no bound.
	RatePerSecond float64 `json:"ratePerSecond,omitempty"`
	// Before is when the webhook was made active: what was made later was not held.
	Before time.Time `json:"before,omitzero"`
}

// takes reports whether the webhook gets deliveries, if only to be held.
func (w *Webhook) takes() bool {
	if w.IsActive || w.WhenInactive == InactiveHold {
		return true
	}
	return w.WhenInactive == "" && w.InactiveReason != ""
}

// HeldBounds are how many deliveries are held for the webhook at most, and for how
// long, with the defaults for what it leaves open.
func (w *Webhook) HeldBounds() (count int, age time.Duration) {
	count, age = defaultHeldCount, defaultHeldAge
	if w.Held != nil {
		count = cmp.Or(w.Held.MaxCount, count)
		age = cmp.Or(time.Duration(w.Held.MaxAgeSeconds)*time.Second, age)
	}
	return count, age
}

// applyHeld makes the part of a change that is about what is held: the webhook has
// the rest of it already. What is to be done takes a while, so that the webhook
// keeps it until it is through; a crash only delays it.
func (ch *WebhookChange) applyHeld(was, w *Webhook) error {
	if ch.WhenInactive != nil {
		w.WhenInactive = *ch.WhenInactive
	}
	if ch.Held != nil {
		w.Held = *ch.Held
	}
	if !w.IsActive {
		if ch.HeldDeliveries != nil {
			return &Error{Code: CodeInvalid, Pointer: "/heldDeliveries", Message: "is for a webhook that is made active", Hint: "set isActive to true with it"}
		}
		return nil
	}
	if ch.HeldDeliveries == nil {
		return nil
	}
	if was.IsActive && was.Release == nil {
		return &Error{Code: CodeConflict, Pointer: "/heldDeliveries", Message: "the webhook is active, and nothing is held for it", Hint: "leave heldDeliveries out"}
	}
	release := *ch.HeldDeliveries
	release.Action = cmp.Or(release.Action, ReleaseDeliver)
	if err := release.check(); err != nil {
		return err
	}
	if release.Before = now(); was.Release != nil {
		release.Before = was.Release.Before
	}
	if w.Release = &release; release.Action == ReleaseDeliver && release.RatePerSecond == 0 {
		w.Release = nil // nothing is to be remembered
	}
	return nil
}

func (r *Release) check() error {
	switch {
	case r.Action != ReleaseDeliver && r.Action != ReleaseDrop:
		return invalid("/heldDeliveries/action", "%s is neither deliver nor drop", quote(r.Action))
	case r.RatePerSecond != 0 && (r.RatePerSecond < 0.001 || r.RatePerSecond > maxReleaseRate):
		return invalid("/heldDeliveries/ratePerSecond", "is not between 0.001 and %d", maxReleaseRate)
	case r.Action == ReleaseDrop && r.RatePerSecond != 0:
		return invalid("/heldDeliveries/ratePerSecond", "is for what is delivered")
	}
	return nil
}

// checkHeld refuses settings that cannot be.
func checkHeld(w *Webhook) error {
	switch w.WhenInactive {
	case "", InactiveSkip, InactiveHold:
	default:
		return invalid("/whenInactive", "%s is neither skip nor hold", quote(w.WhenInactive))
	}
	if h := w.Held; h != nil {
		if h.MaxCount < 0 || h.MaxCount > maxHeldCount {
			return invalid("/held/maxCount", "is not between 1 and %d", maxHeldCount)
		}
		if h.MaxAgeSeconds < 0 || int64(h.MaxAgeSeconds) > int64(maxHeldAge/time.Second) {
			return invalid("/held/maxAgeSeconds", "is not between 1 and %d", int64(maxHeldAge/time.Second))
		}
	}
	return nil
}

// show gives a delivery the status that it has for people, and the reason why it waits
// where that is its receiver's breaker.
func (c *Client) show(d *Delivery) {
	if d.Status != StatusPending {
		return
	}
	key := Lane{StoreID: d.StoreID, WebhookID: d.WebhookID}
	e := c.registry.endpoint(key)
	switch {
	case e == nil:
	case !e.webhook.IsActive:
		d.Status = StatusHeld
	default:
		if until := c.scheduler.keptUntil(key, d); !until.IsZero() {
			d.Reason = waits(d.Reason, until, time.Now())
		}
	}
}

// splitPending says of which webhooks pending deliveries are held, and of which they
// wait: a database has them as one. False where there can be none.
func (c *Client) splitPending(f *DeliveryFilter) bool {
	if f.Status != StatusPending && f.Status != StatusHeld {
		return true
	}
	held := f.Status == StatusHeld
	f.Status = StatusPending
	active, inactive := c.registry.byActivity(f.StoreID)
	switch {
	case f.WebhookID != "":
		return slices.Contains(inactive, f.WebhookID) == held
	case held && len(inactive) == 1:
		f.WebhookID = inactive[0]
	case held:
		f.Among = inactive
		return len(inactive) > 0
	case len(inactive) > 0:
		f.Among = active
		return len(active) > 0
	}
	return true
}
