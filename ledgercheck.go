package billhook

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"time"
)

const (
	// checkStep is how many deliveries are counted in one read.
	checkStep = 2000
	// checkPause is the rest between two reads, so that a check takes little of
	// the database from others.
	checkPause = 20 * time.Millisecond
	// checkEvery is how often a node checks all stores.
	checkEvery = 24 * time.Hour
)

// A LedgerDifference is a day whose account is wrong.
type LedgerDifference struct {
	// Ledger is what was counted as it happened, and Found what there is.
	Ledger, Found LedgerDay
}

func (d LedgerDifference) String() string {
	return fmt.Sprintf("store %q, webhook %q, %s: the ledger has %s, and there is %s",
		d.Ledger.StoreID, d.Ledger.WebhookID, d.Ledger.Day.Format(time.DateOnly), d.Ledger.counts(), d.Found.counts())
}

func (d *LedgerDay) counts() string {
	return fmt.Sprintf("%d matched, %d pending, %d delivered, %d dead, %d cancelled, skipped %v",
		d.Matched, d.Pending, d.Delivered, d.Dead, d.Cancelled, d.Skipped)
}

// same reports whether two accounts of a day are the same, as a Database counts.
func (d *LedgerDay) same(e *LedgerDay) bool {
	return d.Matched == e.Matched && d.Pending == e.Pending && d.Delivered == e.Delivered && d.Dead == e.Dead &&
		d.Cancelled == e.Cancelled && maps.Equal(d.Skipped, e.Skipped)
}

// count adds a delivery.
func (d *LedgerDay) count(c *Counted) {
	d.Matched++
	switch c.Status {
	case StatusPending:
		d.Pending++
	case StatusDelivered:
		d.Delivered++
	case StatusDead:
		d.Dead++
	case StatusCancelled:
		d.Cancelled++
	case StatusSkipped:
		d.skip(SkipReason(c.Reason), 1)
	}
}

func (d *LedgerDay) skip(reason string, n int64) {
	if d.Skipped == nil {
		d.Skipped = map[string]int64{}
	}
	d.Skipped[reason] += n
}

// A webhookDay names one.
type webhookDay struct {
	webhookID string
	day       time.Time
}

// A LedgerCheck is what CheckLedger has found.
type LedgerCheck struct {
	// Days counts those that were compared, and Moving those that were not, since
	// something happened to their deliveries meanwhile.
	Days, Moving int
	// Deliveries counts those that were read.
	Deliveries  int
	Differences []LedgerDifference
}

// CheckLedger compares what a store's ledger has with the deliveries that there
// are. It reads the counters, then all deliveries in small steps with a rest
// between, then the counters again: a day for which nothing has changed meanwhile
// must agree, whatever happened to the others, and unless it is LedgerDay.Forgotten.
// webhooks are all that the store ever
// had. It changes nothing.
func CheckLedger(ctx context.Context, db Accounts, storeID string, webhooks []string, rest time.Duration) (check LedgerCheck, err error) {
	since, err := checkedSince(ctx, db, storeID)
	if err != nil {
		return check, err
	}
	before, err := counters(ctx, db, storeID, webhooks, since)
	if err != nil {
		return check, err
	}
	found := map[webhookDay]*LedgerDay{}
	for after := ""; ; {
		rows, err := db.Counted(ctx, storeID, after, checkStep)
		if err != nil {
			return check, err
		}
		for i := range rows {
			r := &rows[i]
			day := webhookDay{r.WebhookID, DayOf(r.CreatedAt)}
			if found[day] == nil {
				found[day] = &LedgerDay{StoreID: storeID, WebhookID: r.WebhookID, Day: day.day}
			}
			found[day].count(r)
		}
		check.Deliveries += len(rows)
		if len(rows) < checkStep {
			break
		}
		after = rows[len(rows)-1].ID
		if wait(ctx, rest); ctx.Err() != nil {
			return check, ctx.Err()
		}
	}
	// Once more: deliveries may have been forgotten meanwhile.
	if since, err = checkedSince(ctx, db, storeID); err != nil {
		return check, err
	}
	maps.DeleteFunc(found, func(of webhookDay, _ *LedgerDay) bool { return of.day.Before(since) })
	ledger, err := counters(ctx, db, storeID, webhooks, since)
	if err != nil {
		return check, err
	}
	check.compare(storeID, before, ledger, found)
	return check, nil
}

// checkedSince is the first day of a store of which all is counted and all is there.
func checkedSince(ctx context.Context, db Accounts, storeID string) (time.Time, error) {
	since, err := db.LedgerSince(ctx, storeID)
	if err != nil {
		return since, err
	}
	forgotten, err := db.Forgotten(ctx, storeID)
	if err != nil || forgotten.IsZero() {
		return since, err
	}
	return later(since, DayOf(forgotten).AddDate(0, 0, 1)), nil
}

// counters are a store's, of all its webhooks.
func counters(ctx context.Context, db Accounts, storeID string, webhooks []string, since time.Time) (map[webhookDay]*LedgerDay, error) {
	all := map[webhookDay]*LedgerDay{}
	for _, id := range webhooks {
		days, err := db.Ledger(ctx, LedgerFilter{StoreID: storeID, WebhookID: id, From: since})
		if err != nil {
			return nil, err
		}
		for i := range days {
			all[webhookDay{id, days[i].Day}] = &days[i]
		}
	}
	return all, nil
}

func (k *LedgerCheck) compare(storeID string, before, ledger, found map[webhookDay]*LedgerDay) {
	days := maps.Clone(ledger)
	maps.Copy(days, found)
	for day := range days {
		none := &LedgerDay{StoreID: storeID, WebhookID: day.webhookID, Day: day.day}
		was, is, there := orElse(before[day], none), orElse(ledger[day], none), orElse(found[day], none)
		if was.Changes != is.Changes {
			k.Moving++
			continue
		}
		if is.Forgotten {
			continue
		}
		k.Days++
		for reason, n := range is.Skipped {
			if withoutDelivery(reason) {
				there.skip(reason, n)
				there.Matched += n
			}
		}
		if !is.same(there) || is.Matched != is.Sum() {
			k.Differences = append(k.Differences, LedgerDifference{*is, *there})
		}
	}
}

func orElse(d, none *LedgerDay) *LedgerDay {
	if d == nil {
		copied := *none
		return &copied
	}
	return d
}

// CheckLedger compares a store's ledger with the deliveries that there are.
func (c *Client) CheckLedger(ctx context.Context, storeID string) (LedgerCheck, error) {
	if _, ok := c.registry.stored(storeID); !ok {
		return LedgerCheck{}, notFound("store", storeID)
	}
	return CheckLedger(ctx, c.db, storeID, c.registry.everyWebhook(storeID), checkPause)
}

// checkLedgers checks all stores now and then, until ctx ends, one after the other.
// What is wrong is told and left as it is: a ledger that mends itself proves
// nothing. Each node does so, at times of their own; a check reads and locks
// nothing.
func (c *Client) checkLedgers(ctx context.Context) {
	for ctx.Err() == nil {
		// #nosec G404 -- spreads the nodes' checks, guards nothing
		if wait(ctx, checkEvery/2+rand.N(checkEvery)); ctx.Err() != nil {
			return
		}
		for _, s := range c.registry.storesAfter("", maxInt) {
			check, err := c.CheckLedger(ctx, s.ID)
			switch {
			case ctx.Err() != nil:
				return
			case err != nil:
				c.config.Logger.Error("cannot check a store's ledger", "store", s.ID, "err", err)
			default:
				c.told(s.ID, check)
			}
		}
	}
}

func (c *Client) told(storeID string, check LedgerCheck) {
	if c.config.LedgerChecked != nil {
		c.config.LedgerChecked(storeID, check)
	}
	for _, d := range check.Differences {
		c.config.Logger.Error("the ledger does not agree with the deliveries that there are", "store", storeID, "webhook", d.Ledger.WebhookID,
			"day", d.Ledger.Day.Format(time.DateOnly), "ledger", d.Ledger.counts(), "found", d.Found.counts())
	}
}
