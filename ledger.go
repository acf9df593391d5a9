package billhook

import (
	"context"
	"strings"
	"time"
)

// Why deliveries are skipped, as the ledger counts them. The words that a skipped
// delivery has as its reason stand for one of these (see SkipReason).
const (
	SkipInactive     = "inactive"     // the webhook was not active and does not hold: there is no delivery
	SkipFiltered     = "filtered"     // its filter does not match: there is no delivery
	SkipFilterFailed = "filterFailed" // its filter has no value for the event: there is no delivery
	SkipVersion      = "version"      // it is pinned to another version of the type: there is no delivery
	SkipSuperseded   = "superseded"   // a newer event of the entity was sent in its place
	SkipHeldCount    = "heldCount"    // more was held than may be
	SkipHeldAge      = "heldAge"      // it was held for longer than may be
	SkipDropped      = "dropped"      // the webhook was made active again without what was held
	SkipOther        = "other"        // none that this version knows
)

// The words of those, as sentences has them; an event's id follows the last.
const (
	skippedHeldCount  = "the webhook was not active, and more was held for it than may be"
	skippedHeldAge    = "the webhook was not active, and this was held for as long as may be"
	skippedDropped    = "the webhook was made active again, without what had been held for it"
	skippedSuperseded = "superseded by "
)

// SkipReason is what the ledger counts a skipped delivery as that has these words.
func SkipReason(words string) string {
	if strings.HasPrefix(words, skippedSuperseded) {
		return SkipSuperseded
	}
	switch words {
	case skippedHeldCount:
		return SkipHeldCount
	case skippedHeldAge:
		return SkipHeldAge
	case skippedDropped:
		return SkipDropped
	}
	return SkipOther
}

// withoutDelivery reports whether what is skipped for the reason is on record in
// the ledger alone.
func withoutDelivery(reason string) bool {
	switch reason {
	case SkipInactive, SkipFiltered, SkipFilterFailed, SkipVersion:
		return true
	}
	return false
}

// DayOf is the beginning of a time's day in UTC.
func DayOf(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// A LedgerDay accounts for a webhook's deliveries of one day, by when they were
// made: Matched is the sum of all that follows it.
type LedgerDay struct {
	StoreID   string
	WebhookID string
	// Day is its beginning, in UTC.
	Day time.Time
	// Matched counts the events that the webhook wanted.
	Matched int64
	Pending int64
	// Held are those that wait since the webhook is not active; a Database counts
	// them in Pending.
	Held      int64
	Delivered int64
	Dead      int64
	Cancelled int64
	// Skipped is by reason, SkipInactive and its like; nil for none.
	Skipped map[string]int64
	// Forgotten: deliveries of the day are gone although its time has not come. They
	// were replays of older events, and went with those.
	Forgotten bool
	// Changes counts the transitions of these deliveries. It never goes back.
	Changes int64
}

// Sum is what Matched should be.
func (d *LedgerDay) Sum() int64 {
	sum := d.Pending + d.Held + d.Delivered + d.Dead + d.Cancelled
	for _, n := range d.Skipped {
		sum += n
	}
	return sum
}

// A LedgerFilter selects days of one webhook.
type LedgerFilter struct {
	StoreID   string
	WebhookID string
	// From and To bound the days: From <= Day < To. Zero bounds nothing.
	From, To time.Time
}

// A Counted is a delivery in the form in which the ledger's counters are checked.
type Counted struct {
	ID        string
	WebhookID string
	Status    Status
	// Reason is that of a skipped one, else it may be left out.
	Reason    string
	CreatedAt time.Time
}

// Accounts are what the ledger is read from and checked with. Each transaction
// counts what it changes.
type Accounts interface {
	// Ledger reads a webhook's days on which there was anything, the latest first.
	Ledger(ctx context.Context, f LedgerFilter) ([]LedgerDay, error)
	// LedgerSince is the first day of a store of which all is counted; zero where
	// that is so of all.
	LedgerSince(ctx context.Context, storeID string) (time.Time, error)
	// Forgotten is up to when the deliveries of a store's events may be gone, since
	// they were kept for long enough; zero where all are there.
	Forgotten(ctx context.Context, storeID string) (time.Time, error)
	// Counted reads a store's deliveries, pending and over, that come after the id,
	// by id, at most limit.
	Counted(ctx context.Context, storeID, after string, limit int) ([]Counted, error)
}

// MaxLedgerDays is the most days that Ledger answers at once.
const MaxLedgerDays = 366

// A Ledger is a webhook's account.
type Ledger struct {
	// Days are those on which there was anything, the latest first.
	Days []LedgerDay
	// Since is the first day that is in the account; zero where all are.
	Since time.Time
}

// Ledger accounts for a webhook's deliveries, by the day in UTC on which they were
// made: from the day of f.From to before f.To. Without From these are the 30 days
// before To, and without To all days since From.
func (c *Client) Ledger(ctx context.Context, f LedgerFilter) (Ledger, error) {
	f.StoreID = orDefaultStore(f.StoreID)
	w, err := c.Get(ctx, f.StoreID, f.WebhookID)
	if err != nil {
		return Ledger{}, err
	}
	if f.To.IsZero() {
		f.To = DayOf(now()).AddDate(0, 0, 1)
	}
	if f.From.IsZero() {
		f.From = f.To.AddDate(0, 0, -30)
	}
	if f.From = DayOf(f.From); f.To.Sub(f.From) > MaxLedgerDays*24*time.Hour {
		return Ledger{}, invalid("/from", "is more than %d days before the end", MaxLedgerDays)
	}
	since, err := c.db.LedgerSince(ctx, f.StoreID)
	if err != nil {
		return Ledger{}, err
	}
	if f.From.Before(since) {
		f.From = since
	}
	days, err := list(ctx, &c.turns, f.StoreID, f, "ask for fewer days", c.db.Ledger)
	if err != nil {
		return Ledger{}, err
	}
	for i := range days {
		if !w.IsActive {
			days[i].Held, days[i].Pending = days[i].Pending, 0
		}
	}
	return Ledger{Days: days, Since: since}, nil
}
